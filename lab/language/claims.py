"""What `expect(...)` and `question(...)` are written in: plain values, parameters to set, names of the file."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lab.language.source import Source
from lab.language.toplevel import Evaluator
from lab.model.policies import POLICIES
from lab.model.values import Ref, Value

__all__ = ["BUILT_IN", "check_names", "check_policy", "chosen_parameters", "literal"]

BUILT_IN = ("deadlock", "livelock", "exceptions")
"""What is judged in every scenario, beside the file's own properties."""


def check_policy(source: Source, node: ast.AST, policy: str) -> None:
    """Raise `ScenarioError` for a policy that does not exist."""
    if policy not in POLICIES:
        raise source.error(node, f"there is no policy '{policy}'", f"write one of {', '.join(POLICIES)}")


def chosen_parameters(source: Source, node: ast.AST, value: Any, parameters: Mapping[str, Value]) -> dict[str, Value]:
    """Return the parameters that `set` gives; raises `ScenarioError` for one that the file does not have."""
    if not isinstance(value, dict):
        raise source.error(node, "`set` is no dict", 'write `set={"N": 3}`')
    for name in value:
        if name not in parameters:
            raise source.error(
                node, f"there is no parameter '{name}'", f"the parameters are {', '.join(parameters) or 'none'}"
            )
    return value


def check_names(source: Source, node: ast.Call, named: Iterable[str], known: tuple[str, ...], what: str) -> None:
    """Raise `ScenarioError` for a name that the file does not have."""
    for name in named:
        if name not in known:
            raise source.error(node, f"there is no {what} '{name}'", f"write one of {', '.join(known) or 'nothing'}")


def literal(source: Source, evaluator: Evaluator, node: ast.expr) -> Any:
    """Return a claim's value as Python data."""
    match node:
        case ast.Dict(keys, values):
            pairs = zip(keys, values, strict=True)
            return _hashed(
                source,
                node,
                lambda: {literal(source, evaluator, k): literal(source, evaluator, v) for k, v in pairs if k},
            )
        case ast.Set(elts):
            return _hashed(source, node, lambda: {literal(source, evaluator, element) for element in elts})
        case ast.List(elts):
            return [literal(source, evaluator, element) for element in elts]
        case ast.Tuple(elts):
            return tuple(literal(source, evaluator, element) for element in elts)
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
