"""The functions inside functions, and lambdas that are values: which variables around them they use."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lab.language.effects import own_nodes, scope_of

__all__ = ["Inner", "captured", "find_inner"]

_AT_ONCE = ("key", "wait_until", "wait_for")


@dataclass(frozen=True)
class Inner:
    """A function inside a function, or a lambda that is a value.

    Attributes
    ----------
    number : int
        Tells the file's inner functions apart.
    function : ast.FunctionDef
        The function; a lambda is one that returns its expression.
    free : tuple of str
        The variables of the functions around it that it, or a function inside of it, uses.
    """

    number: int
    function: ast.FunctionDef
    free: tuple[str, ...]

    @property
    def label(self) -> str:
        """What errors call it."""
        return f"{self.function.name} of line {self.function.lineno}"


def find_inner(functions: Iterable[ast.FunctionDef]) -> dict[ast.AST, Inner]:
    """Return the inner functions of some functions, by the node of their text."""
    found: dict[ast.AST, Inner] = {}
    for function in functions:
        _search(function, frozenset(), found)
    return found


def _search(function: ast.FunctionDef, around: frozenset[str], found: dict[ast.AST, Inner]) -> frozenset[str]:
    """Add the functions inside a function; return the variables around it that it and they use."""
    own = scope_of(function)
    visible = (around | own.locals) - own.globals
    used = {node.id for node in own_nodes(function) if isinstance(node, ast.Name)}
    for node, inner in _inside(function):
        free = _search(inner, visible, found)
        found[node] = Inner(len(found), inner, tuple(sorted(free)))
        used |= free
    return frozenset((used - own.locals - own.inner) & around)


def _inside(function: ast.FunctionDef) -> Iterator[tuple[ast.AST, ast.FunctionDef]]:
    at_once = {id(node) for call in own_nodes(function) if isinstance(call, ast.Call) for node in _called_at_once(call)}
    for node in own_nodes(function):
        if isinstance(node, ast.FunctionDef) and node is not function:
            yield node, node
        elif isinstance(node, ast.Lambda) and id(node) not in at_once:
            result = ast.copy_location(ast.Return(node.body), node.body)
            inner = ast.FunctionDef("lambda", node.args, [result], [])
            yield node, ast.copy_location(inner, node)


def _called_at_once(call: ast.Call) -> Iterator[ast.AST]:
    """Yield the lambdas that a call takes for its own use."""
    yield call.func
    if isinstance(call.func, ast.Name | ast.Attribute):
        name = call.func.id if isinstance(call.func, ast.Name) else call.func.attr
        if name in _AT_ONCE:
            yield from call.args
    yield from (keyword.value for keyword in call.keywords if keyword.arg in _AT_ONCE)


def captured(function: ast.FunctionDef, inner: Mapping[ast.AST, Inner]) -> tuple[str, ...]:
    """Return the variables of a function that functions inside of it use."""
    names = {name for node in own_nodes(function) if node in inner for name in inner[node].free}
    return tuple(sorted(names & scope_of(function).locals))
