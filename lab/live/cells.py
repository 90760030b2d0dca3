"""Which variables of enclosing functions somebody may change while others see them."""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Iterable

__all__ = ["fixed_cells", "fixed_variables"]

_STORES = {"STORE_DEREF", "DELETE_DEREF"}


def fixed_variables(codes: Iterable[types.CodeType]) -> dict[types.CodeType, frozenset[str]]:
    """Return for all code inside the codes which variables of enclosing functions are fixed."""
    found: dict[types.CodeType, frozenset[str]] = {}

    def visit(code: types.CodeType, outer: frozenset[str]) -> None:
        inside = fixed_cells(code, outer)
        for inner in code.co_consts:
            if isinstance(inner, types.CodeType):
                found[inner] = inside & set(inner.co_freevars)
                visit(inner, found[inner])

    for code in codes:
        if not code.co_freevars:
            visit(code, frozenset())
    return found


@functools.lru_cache(20_000)
def fixed_cells(code: types.CodeType, outer: frozenset[str]) -> frozenset[str]:
    """Return the variables in cells of a function that nobody changes once others can see them.

    One is fixed when no inner function assigns it and the function itself does so once, outside of any loop.
    """
    stores: dict[str, int] = {}
    loops = False
    for one in dis.get_instructions(code):
        loops = loops or "BACKWARD" in one.opname
        if one.opname in _STORES:
            stores[one.argval] = stores.get(one.argval, 0) + 1
    inner = _assigned_inside(code)
    arguments = set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + 2])
    own = {
        name
        for name in code.co_cellvars
        if name not in inner and stores.get(name, 0) + (name in arguments) <= 1 and (not loops or not stores.get(name))
    }
    return frozenset(own | (outer & set(code.co_freevars)))


def _assigned_inside(code: types.CodeType) -> set[str]:
    found: set[str] = set()
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            for one in dis.get_instructions(inner):
                if one.opname in _STORES and one.argval in inner.co_freevars:
                    found.add(one.argval)
            found |= _assigned_inside(inner) & set(inner.co_freevars)
    return found
