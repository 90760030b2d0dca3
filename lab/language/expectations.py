"""Reads `expect(...)`: what an exploration of the file must find."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lab.language.source import Source
from lab.language.toplevel import Evaluator
from lab.model.policies import POLICIES
from lab.model.program import Expectation
from lab.model.values import Ref, Value

__all__ = ["read_expectation"]

_BUILT_IN = ("deadlock", "livelock", "exceptions")
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
        value = _literal(source, evaluator, keyword.value)
        if keyword.arg == "set":
            chosen = _chosen(source, keyword.value, value, parameters)
        elif keyword.arg not in _CLAIMS:
            raise source.error(
                keyword.value, f"`expect` knows no claim '{keyword.arg}'", f"write one of {', '.join(_CLAIMS)}"
            )
        else:
            accepts, form = _CLAIMS[keyword.arg]
            if not accepts(value):
                raise source.error(keyword.value, f"the claim '{keyword.arg}' is not understood", f"give it {form}")
            claims[keyword.arg] = value
    _check_names(source, node, claims.get("verdicts", ()), (*properties, *_BUILT_IN), "property")
    _check_names(source, node, claims.get("outcomes", ()), tuple(observed), "shared variable")
    if policy not in POLICIES:
        raise source.error(where, f"there is no policy '{policy}'", f"write one of {', '.join(POLICIES)}")
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


def _chosen(source: Source, node: ast.AST, value: Any, parameters: Mapping[str, Value]) -> dict[str, Value]:
    if not isinstance(value, dict):
        raise source.error(node, "`set` is no dict", 'write `set={"N": 3}`')
    for name in value:
        if name not in parameters:
            raise source.error(
                node, f"there is no parameter '{name}'", f"the parameters are {', '.join(parameters) or 'none'}"
            )
    return value


def _check_names(source: Source, node: ast.Call, named: Iterable[str], known: tuple[str, ...], what: str) -> None:
    for name in named:
        if name not in known:
            raise source.error(node, f"there is no {what} '{name}'", f"write one of {', '.join(known) or 'nothing'}")


def _literal(source: Source, evaluator: Evaluator, node: ast.expr) -> Any:
    """Return a claim's value as Python data."""
    match node:
        case ast.Dict(keys, values):
            pairs = zip(keys, values, strict=True)
            return _hashed(
                source,
                node,
                lambda: {_literal(source, evaluator, k): _literal(source, evaluator, v) for k, v in pairs if k},
            )
        case ast.Set(elts):
            return _hashed(source, node, lambda: {_literal(source, evaluator, element) for element in elts})
        case ast.List(elts):
            return [_literal(source, evaluator, element) for element in elts]
        case ast.Tuple(elts):
            return tuple(_literal(source, evaluator, element) for element in elts)
        case ast.Call(ast.Name("set"), [], []):
            return set()
    value = evaluator.value(node)
    if isinstance(value, Ref):
        raise source.error(node, "a claim refers to an object", "write plain values")
    return value


def _hashed(source: Source, node: ast.AST, make: Callable[[], Any]) -> Any:
    try:
        return make()
    except TypeError:
        raise source.error(node, "a list, dict or set cannot be a key", "use tuples") from None
