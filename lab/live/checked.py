"""Two checks that do not trust the injection: every instruction that has to has a hook, and known orders are found."""

from __future__ import annotations

import dis
import functools
import sys
import types
from collections.abc import Callable, Iterator
from typing import Any

from lab.errors import UsageError
from lab.live import hooks
from lab.live.injection import Names
from lab.live.runner.operations import Site

__all__ = ["check_counts", "unhooked"]

_HOOKS = frozenset(id(getattr(hooks, name)) for name in hooks.__all__ if name.startswith("on_"))
_ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR"}
_GLOBALS = {"LOAD_GLOBAL", "STORE_GLOBAL", "DELETE_GLOBAL"}
_CELLS = {"LOAD_DEREF", "STORE_DEREF", "DELETE_DEREF"}
_ALWAYS = {
    "BINARY_SUBSCR", "STORE_SUBSCR", "DELETE_SUBSCR", "BINARY_SLICE", "STORE_SLICE", "CONTAINS_OP", "COMPARE_OP",
    "GET_ITER", "FOR_ITER", "UNPACK_SEQUENCE", "CALL", "CALL_KW", "CALL_FUNCTION_EX", "MATCH_CLASS",
}  # fmt: skip
_BETWEEN = {"CACHE", "EXTENDED_ARG", "PRECALL", "KW_NAMES"}
"""What may stand between a hook and its instruction."""


def unhooked(code: types.CodeType, names: Names, fixed: frozenset[str]) -> Iterator[Site]:
    """Yield the accesses in injected code that have no hook, as `dis` and not the injection sees them.

    Parameters
    ----------
    code : code object
        With its hooks.
    names : Names
        The names that are written anywhere.
    fixed : frozenset of str
        Variables of enclosing functions that need no hook.
    """
    line, within, hooked = code.co_firstlineno, False, False
    for one in dis.get_instructions(code):
        line = getattr(one.positions, "lineno", None) or line
        if one.opname == "LOAD_CONST" and id(one.argval) in _HOOKS:
            within = True
        elif within:
            within = one.opname != "POP_TOP"
            hooked = not within
        elif one.opname not in _BETWEEN:
            if not hooked and _needs_hook(one, names, fixed):
                yield Site(code.co_filename, line, code.co_name, one.opname, str(one.argval))
            hooked = False


def _needs_hook(one: dis.Instruction, names: Names, fixed: frozenset[str]) -> bool:
    if one.opname in _ATTRIBUTES:
        return names.dynamic or one.argval in names.attributes or one.argval in names.variables
    if one.opname in _GLOBALS:
        return one.argval in names.variables
    if one.opname in _CELLS:
        return one.argval not in fixed and one.argval != "__class__"
    return one.opname in _ALWAYS


PROGRAM = """
class State:
    def __init__(self):
        self.x = 0

def add(state):
    state.x += 1
"""


@functools.cache
def check_counts(explore: Callable[..., Any]) -> None:
    """Explore two threads of one increment, whose four accesses have six orders in every version of Python.

    Raises
    ------
    UsageError
        Other orders were found: this interpreter's bytecode is not what the lab knows.
    """
    space: dict[str, Any] = {"__name__": "gil_lab_known_counts"}
    exec(compile(PROGRAM, "<known counts>", "exec"), space)
    found = explore([space["add"]] * 2, setup=space["State"], strategy="all", checked=False)
    sums = sorted(dict(one.state[1])["x"] for one in found.outcomes)
    if (found.executions, sums, found.notes) != (6, [1, 2], ()):
        raise UsageError(
            f"live exploration finds {found.executions} of the 6 orders of two increments on Python"
            f" {sys.version.split()[0]}; it does not know the bytecode of this interpreter"
        )
