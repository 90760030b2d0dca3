"""Reads `question(...)`: what a learner is asked about the file, and the answer that the file gives."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from lab.language.claims import BUILT_IN, check_names, check_policy, chosen_parameters, literal
from lab.language.source import Source
from lab.language.toplevel import Evaluator
from lab.model.program import COUNTED, Question, QuestionKind
from lab.model.values import Value

__all__ = ["read_question"]


def _truth(value: Any) -> bool:
    return isinstance(value, bool)


def _number(value: Any) -> bool:
    return (type(value) is int and value >= 0) or value == "infinite"


def _lines(value: Any) -> bool:
    return isinstance(value, set) and all(type(line) is int for line in value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


_YES_NO = (_truth, "True or False")

_KINDS: dict[QuestionKind, tuple[Callable[[Any], bool], str, Callable[[Any], bool], str]] = {
    "outcome": (lambda v: isinstance(v, dict) and bool(v), 'a dict such as {"x": 1}', *_YES_NO),
    "output": (
        lambda v: isinstance(v, str) or (isinstance(v, list | tuple) and all(map(_text, v))),
        "a text, or a tuple of lines",
        *_YES_NO,
    ),
    "violated": (_text, "the name of a property", *_YES_NO),
    "count": (lambda v: v in COUNTED, f"one of {', '.join(COUNTED)}", _number, 'a number, or "infinite"'),
    "races": (_text, "the name of a shared variable", _lines, "a set of line numbers, such as {12, 20} or set()"),
}
"""By what is asked: what the file may ask about, in words too, and what may be the answer, in words too."""


def read_question(
    source: Source,
    evaluator: Evaluator,
    node: ast.Call,
    *,
    properties: list[str],
    observed: Mapping[str, Any],
    parameters: Mapping[str, Value],
) -> Question:
    """Return what a `question(...)` asks; raises `ScenarioError` for one that no exploration could answer."""
    if len(node.args) != 1 or not isinstance(node.args[0], ast.Constant) or not isinstance(node.args[0].value, str):
        raise source.error(node, "a question has no text", 'write `question("Can x end as 1?", ...)`')
    given = _keywords(source, evaluator, node)
    policy = given.pop("policy", "access")
    check_policy(source, node, policy)
    chosen = chosen_parameters(source, node, given.pop("set", {}), parameters)
    if "answer" not in given:
        raise source.error(node, "a question has no answer", "write `answer=True`, or what it is")
    answer = given.pop("answer")
    kind, about = _subject(source, node, given)
    _, _, fits, form = _KINDS[kind]
    if not fits(answer):
        raise source.error(node, f"the answer to a question about '{kind}' is not understood", f"give it {form}")
    variables = about if kind == "outcome" else [about] if kind == "races" else ()
    check_names(source, node, variables, tuple(observed), "shared variable")
    check_names(source, node, [about] if kind == "violated" else (), (*properties, *BUILT_IN), "property")
    return Question(node.args[0].value, policy, chosen, kind, about, answer, node.lineno)


def _keywords(source: Source, evaluator: Evaluator, node: ast.Call) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for keyword in node.keywords:
        if keyword.arg is None:
            raise source.error(keyword.value, "arguments are unpacked with **", "write them out")
        if keyword.arg not in (*_KINDS, "policy", "set", "answer"):
            known = f"write one of {', '.join(_KINDS)}, and `answer`"
            raise source.error(keyword.value, f"`question` knows no '{keyword.arg}'", known)
        given[keyword.arg] = literal(source, evaluator, keyword.value)
    return given


def _subject(source: Source, node: ast.Call, given: Mapping[str, Any]) -> tuple[QuestionKind, Any]:
    """Return the one thing that is asked about."""
    asked = [(kind, given[kind]) for kind in _KINDS if kind in given]
    if len(asked) != 1:
        raise source.error(node, f"a question asks about {len(asked)} things", f"give one of {', '.join(_KINDS)}")
    [(kind, about)] = asked
    accepts, form, _, _ = _KINDS[kind]
    if not accepts(about):
        raise source.error(node, f"what is asked about '{kind}' is not understood", f"give it {form}")
    return kind, about
