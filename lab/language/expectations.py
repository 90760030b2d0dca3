"""Reads `expect(...)`: what an exploration of the file must find."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from lab.language.claims import BUILT_IN, check_names, check_policy, chosen_parameters, literal
from lab.language.source import Source
from lab.language.toplevel import Evaluator
from lab.model.program import Expectation
from lab.model.values import Value

__all__ = ["read_expectation"]

_VERDICTS = ("holds", "violated")


def _number(value: Any) -> bool:
    return (type(value) is int and value >= 0) or value == "infinite"


def _collection(value: Any) -> bool:
    return isinstance(value, dict | set | list | tuple | frozenset)


_CLAIMS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "schedules": (_number, 'a number, or "infinite"'),
    "traces": (_number, 'a number, or "infinite"'),
    "states": (_number, "a number"),
    "outcomes": (
        lambda v: isinstance(v, dict) and all(isinstance(values, dict | set | list | tuple) for values in v.values()),
        'a dict such as {"x": {1: 4, 2: 2}} or {"x": {1, 2}}',
    ),
    "outputs": (_collection, "a set or dict of outputs"),
    "verdicts": (
        lambda v: isinstance(v, dict) and all(verdict in _VERDICTS for verdict in v.values()),
        'a dict such as {"name": "holds"} or {"name": "violated"}',
    ),
    "deadlock": (lambda v: isinstance(v, bool) or v in _VERDICTS, '"holds" or "violated"'),
    "errors": (lambda v: v in _VERDICTS or _collection(v), '"holds", "violated", or a set such as {"UseAfterFree"}'),
    "races": (
        lambda v: isinstance(v, bool) or _number(v) or _collection(v),
        "a number, True, False, or a set of locations",
    ),
}


def read_expectation(
    source: Source,
    evaluator: Evaluator,
    node: ast.Call,
    *,
    properties: list[str],
    observed: Mapping[str, Any],
    parameters: Mapping[str, Value],
) -> Expectation:
    """Return what an `expect(...)` claims; raises `ScenarioError` for a claim that no exploration could meet."""
    policy, where = _policy(source, node)
    claims: dict[str, Any] = {}
    chosen: dict[str, Value] = {}
    for keyword in node.keywords:
        if keyword.arg == "policy":
            continue
        if keyword.arg is None:
            raise source.error(keyword.value, "arguments are unpacked with **", "write the claims out")
        value = literal(source, evaluator, keyword.value)
        if keyword.arg == "set":
            chosen = chosen_parameters(source, keyword.value, value, parameters)
        elif keyword.arg not in _CLAIMS:
            raise source.error(
                keyword.value, f"`expect` knows no claim '{keyword.arg}'", f"write one of {', '.join(_CLAIMS)}"
            )
        else:
            accepts, form = _CLAIMS[keyword.arg]
            if not accepts(value):
                raise source.error(keyword.value, f"the claim '{keyword.arg}' is not understood", f"give it {form}")
            claims[keyword.arg] = value
    check_names(source, node, claims.get("verdicts", ()), (*properties, *BUILT_IN), "property")
    check_names(source, node, claims.get("outcomes", ()), tuple(observed), "shared variable")
    check_policy(source, where, policy)
    return Expectation(policy, chosen, claims, node.lineno)


def _policy(source: Source, node: ast.Call) -> tuple[str, ast.AST]:
    where: list[ast.expr] = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg == "policy")]
    if len(where) > 1:
        raise source.error(where[1], "`expect` takes one policy", 'write `expect("access", schedules=6)`')
    if not where:
        return "access", node
    if not isinstance(where[0], ast.Constant) or not isinstance(where[0].value, str):
        raise source.error(
            where[0], "the policy is not written out", 'write it in quotes, as in `expect("access", ...)`'
        )
    return where[0].value, where[0]
