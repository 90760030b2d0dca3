"""Switch points seen from outside: the interpreter itself says before which opcode it stands.

`sys.monitoring` on Python 3.12 and later, `sys.settrace` before. Neither tells the operands: the variable's name is
known, the object it belongs to only for globals. Calls of methods written in C are not seen.
"""

from __future__ import annotations

import dis
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Optional

from lab.live.runner.operations import OWN_FILES, Operation, Site
from lab.live.runner.session import working

__all__ = ["Opcodes", "code_objects", "sites_of"]

OWN_FILES.add(__file__)

MONITORING: Any = getattr(sys, "monitoring", None)
"""What Python 3.12 and later offer; None before."""

_KINDS = {
    "LOAD_GLOBAL": ("read", "global"),
    "LOAD_NAME": ("read", "global"),
    "STORE_GLOBAL": ("write", "global"),
    "DELETE_GLOBAL": ("delete", "global"),
    "LOAD_ATTR": ("read", "attribute"),
    "LOAD_METHOD": ("read", "attribute"),
    "STORE_ATTR": ("write", "attribute"),
    "DELETE_ATTR": ("delete", "attribute"),
    "LOAD_DEREF": ("read", "cell"),
    "LOAD_CLASSDEREF": ("read", "cell"),
    "STORE_DEREF": ("write", "cell"),
    "DELETE_DEREF": ("delete", "cell"),
    "BINARY_SUBSCR": ("read", "element"),
    "STORE_SUBSCR": ("write", "element"),
    "DELETE_SUBSCR": ("delete", "element"),
}
_STORES = {"STORE_GLOBAL", "DELETE_GLOBAL", "STORE_ATTR", "DELETE_ATTR", "STORE_DEREF", "DELETE_DEREF"}

Wanted = Callable[[str, str], bool]
"""Given "global", "attribute", "cell" or "element" and a name, whether its accesses are switch points."""


def code_objects(codes: Iterable[types.CodeType]) -> Iterator[types.CodeType]:
    """Yield the code objects and all that stand inside them: functions, lambdas, comprehensions, classes."""
    left = list(codes)
    while left:
        code = left.pop()
        yield code
        left += [one for one in code.co_consts if isinstance(one, types.CodeType)]


def written(codes: Iterable[types.CodeType]) -> Wanted:
    """Return what wants the names that some of the codes write, and every element."""
    names = set()
    for code in codes:
        for instruction in dis.get_instructions(code):
            if instruction.opname in _STORES:
                names.add((_KINDS[instruction.opname][1], instruction.argval))
    return lambda where, name: where == "element" or (where, name) in names


def sites_of(code: types.CodeType, wanted: Wanted) -> dict[int, tuple[Site, str]]:
    """Return the switch points of a code object, by the offset of their opcode, each with where its name stands."""
    found = {}
    line = code.co_firstlineno
    for instruction in dis.get_instructions(code):
        starts = getattr(instruction, "line_number", None) or (
            instruction.starts_line if not isinstance(instruction.starts_line, bool) else None
        )
        line = starts or line
        if instruction.opname in _KINDS:
            kind, where = _KINDS[instruction.opname]
            name = "[]" if where == "element" else instruction.argval
            if wanted(where, name):
                site = Site(code.co_filename, line, code.co_name, kind, name)
                found[instruction.offset] = (site, where)
    return found


class Opcodes:
    """Makes accesses in the given code switch points; a context manager whose `enter` each thread calls first.

    Parameters
    ----------
    codes : iterable of code objects
        With all that stand inside them.
    wanted : callable or None
        Which names are switch points; None for those that the codes write, and all elements.
    """

    def __init__(self, codes: Iterable[types.CodeType], wanted: Optional[Wanted] = None) -> None:
        self.codes = list(code_objects(codes))
        chosen = wanted or written(self.codes)
        self.sites = {code: sites_of(code, chosen) for code in self.codes}
        self.tool: Optional[int] = None

    def __enter__(self) -> Opcodes:
        if MONITORING is not None:
            self._monitor()
        return self

    def __exit__(self, *_: object) -> None:
        if self.tool is not None:
            monitoring = MONITORING
            for code in self.codes:
                monitoring.set_local_events(self.tool, code, 0)
            monitoring.register_callback(self.tool, monitoring.events.INSTRUCTION, None)
            monitoring.free_tool_id(self.tool)
            self.tool = None

    def enter(self) -> None:
        """Begin in the thread that runs."""
        if self.tool is None:
            sys.settrace(self._trace)

    def _monitor(self) -> None:
        monitoring = MONITORING
        self.tool = next(number for number in (4, 3, 2, 0) if monitoring.get_tool(number) is None)
        monitoring.use_tool_id(self.tool, "gil-lab")
        monitoring.register_callback(self.tool, monitoring.events.INSTRUCTION, self._instruction)
        for code in self.codes:
            if self.sites[code]:
                monitoring.set_local_events(self.tool, code, monitoring.events.INSTRUCTION)
        monitoring.restart_events()  # what was disabled before stays so otherwise

    def _instruction(self, code: types.CodeType, offset: int) -> Any:
        found = self.sites[code].get(offset)
        if found is None:
            return MONITORING.DISABLE
        session = working()
        if session is not None:
            self._switch(session, found, sys._getframe(1))
        return None

    def _trace(self, frame: types.FrameType, event: str, _: Any) -> Any:
        if event == "call":
            if not self.sites.get(frame.f_code):
                return None
            frame.f_trace_opcodes = True
            frame.f_trace_lines = False
        elif event == "opcode":
            found = self.sites[frame.f_code].get(frame.f_lasti)
            session = working()
            if found is not None and session is not None:
                self._switch(session, found, frame)
        return self._trace

    @staticmethod
    def _switch(session: Any, found: tuple[Site, str], frame: types.FrameType) -> None:
        site, where = found
        touches: tuple[Any, ...] = ()
        if where == "global":
            touches = ((session.number(frame.f_globals), site.name, site.kind != "read"),)
        session.switch(Operation(site, touches))
