"""Where the opcodes of a plan's places are in a compiled file, and how threads notice that they come to one.

Standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from lab.verify.free_run import tree
from lab.verify.led_threads import passes
from lab.verify.opcodes import Opcode, functions, matching, numbered, opcodes

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["File", "NoOpcode", "Watch", "compiled_for", "watch_for"]

TOOL = 4
"""The number under which `sys.monitoring` knows this module; no well-known tool has it."""


class NoOpcode(Exception):  # noqa: N818 - an answer, not an error
    """What the model does at some place is no opcode of its own there."""


class File(NamedTuple):
    """A compiled scenario: its code, its functions, where the opcodes of each place are, and what kind each is of."""

    code: types.CodeType
    functions: tuple[types.CodeType, ...]
    targets: tuple[frozenset[object], ...]
    kinds: dict[object, str]


def compiled_for(path: str, parameters: Mapping[str, Any], places: list[Any]) -> File:
    """Compile a file, and find the opcodes of each place of a plan.

    Raises
    ------
    NoOpcode
        No opcode does what the model does at some place.
    ValueError
        A parameter is unknown.
    """
    source = Path(path).read_text(encoding="utf-8")
    parsed = tree(path, parameters)
    lines = None if sys.version_info >= (3, 11) else numbered(parsed)
    code = compile(parsed, path, "exec")
    inner = tuple(functions(code))
    known = [one for function in inner for one in opcodes(function, source, lines)]
    kinds: dict[object, str] = {(id(one.code), one.offset): one.kind for one in known}
    return File(code, inner, tuple(_targets(known, *place) for place in places), kinds)


def _targets(known: list[Opcode], span: list[int], kinds: list[str], name: str | None) -> frozenset[object]:
    found = matching(known, tuple(span), kinds, name)  # type: ignore[arg-type]
    if not found:
        raise NoOpcode(f"line {span[0]}: no opcode here does what the model calls {' or '.join(kinds)} {name or ''}")
    keys: list[object] = [(id(one.code), one.offset) for one in found]
    if "next" in kinds:
        keys += [(id(one.code), one.offset) for one in matching(known, tuple(span), ["begin"], None)]  # type: ignore[arg-type]
    if "wait" in kinds:
        keys.append("wait")
    if "test" in kinds and found[0].kind != "test":
        keys.append("answer")
    return frozenset(keys)


class Traced:
    """Opcodes are seen by `sys.settrace`, up to Python 3.11; while it is entered, those of one thread."""

    def __init__(self, file: File) -> None:
        self._kinds = file.kinds
        self._codes = frozenset(map(id, file.functions))

    def __enter__(self) -> None:
        sys.settrace(self._called)

    def __exit__(self, *_error: object) -> None:
        sys.settrace(None)

    def close(self) -> None:
        """Do nothing: no thread is left that is traced."""

    def _called(self, frame: types.FrameType, _event: str, _argument: Any) -> Any:
        if id(frame.f_code) not in self._codes:
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self._seen

    def _seen(self, frame: types.FrameType, event: str, _argument: Any) -> Any:
        if event == "opcode":
            here = id(frame.f_code), frame.f_lasti
            if here in self._kinds:
                passes(here, self._kinds[here])
                # Up to 3.10, what the frame's variables were before this call is written back after it, also to cells
                # that another thread has changed meanwhile (CPython issue 74929); asking anew brings that up to date.
                _ = frame.f_locals
        return self._seen


class Monitored:
    """Opcodes are seen by `sys.monitoring`, from Python 3.12 on; only those at which something can stop."""

    def __init__(self, file: File) -> None:
        monitoring: Any = sys.monitoring  # type: ignore[attr-defined]
        self._monitoring = monitoring
        self._every = frozenset().union(*file.targets)
        self._kinds = file.kinds
        monitoring.use_tool_id(TOOL, "gil-lab")
        monitoring.register_callback(TOOL, monitoring.events.INSTRUCTION, self._seen)
        for code in file.functions:
            monitoring.set_local_events(TOOL, code, monitoring.events.INSTRUCTION)
        self._functions = file.functions

    def __enter__(self) -> None:
        """Do nothing: all threads are seen."""

    def __exit__(self, *_error: object) -> None:
        """Do nothing: all threads are seen."""

    def close(self) -> None:
        """Take all of it back."""
        for code in self._functions:
            self._monitoring.set_local_events(TOOL, code, 0)
        self._monitoring.free_tool_id(TOOL)

    def _seen(self, code: types.CodeType, offset: int) -> Any:
        here = id(code), offset
        if here not in self._every:
            return self._monitoring.DISABLE
        passes(here, self._kinds[here])
        return None


Watch = Union[Traced, Monitored]  # noqa: UP007 - evaluated, by 3.9 too


def watch_for(file: File) -> Watch:
    """Return the way to see opcodes that this version has."""
    return Monitored(file) if sys.version_info >= (3, 12) else Traced(file)
