"""User code with hooks, for as long as it is explored."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

from lab.errors import UsageError
from lab.live.cells import fixed_cells, fixed_variables
from lab.live.checked import unhooked
from lab.live.discovery import functions_in, in_lab, is_user_file, namespaces_of, worked_out_names
from lab.live.foreign import is_foreign, set_controlled
from lab.live.injection import MOST_KEPT, SUPPORTED, Names, inject, names_written
from lab.live.runner.opcodes import code_objects
from lab.live.runner.operations import OWN_FILES, Site
from lab.live.runner.session import working

__all__ = ["Instrumented"]

_Kept = tuple[types.CodeType, dict[str, Any], tuple[Site, ...]]

_cache: dict[tuple[types.CodeType, int, Names], _Kept] = {}
"""What has been injected, and where a hook is missing; the variables are kept so that their identity stays theirs."""


class _Hooked:
    """What becomes of some functions' code: found out once for as long as they, and what others change, stay the same.

    Attributes
    ----------
    key
        Identities of their code and variables, which are kept here so that they stay theirs.
    made : list of code objects
        With hooks.
    known : dict
        By identity, all code objects with hooks.
    read : frozenset of str
        Names of what is read and never written.
    unhooked : dict
        The accesses that should have got a hook, and have none.
    """

    def __init__(
        self, key: Any, pairs: list[tuple[types.CodeType, dict[str, Any]]], functions: Iterable[types.FunctionType]
    ) -> None:
        self.key = key
        self.kept = pairs
        codes = {code for code, _ in pairs}
        inside = list(code_objects(codes))
        names = names_written(inside, key[1])
        fixed = fixed_variables(codes)
        self.read = frozenset(name for code in inside for name in code.co_names) - names.attributes
        self.made: list[types.CodeType] = []
        self.known: dict[int, types.CodeType] = {}
        self.unhooked: dict[Site, None] = {}
        for function in functions:
            code = function.__code__
            known = (code, id(function.__globals__), names)
            if known not in _cache:
                if len(_cache) >= MOST_KEPT:
                    _cache.clear()
                _cache[known] = _injected(function, names, fixed.get(code, frozenset()))
            self.unhooked.update(dict.fromkeys(_cache[known][2]))
            self.made.append(_cache[known][0])
        self.known.update((id(one), one) for one in code_objects(self.made))


_last: list[_Hooked] = []
"""At most one: of the functions that had hooks the last time."""


def _injected(function: types.FunctionType, names: Names, fixed: frozenset[str]) -> _Kept:
    code = inject(function.__code__, function.__globals__, names, fixed)
    without: list[Site] = []
    left = [(function.__code__, code, fixed)]
    while left:
        before, after, outer = left.pop()
        inside = fixed_cells(before, outer)
        without += unhooked(after, names, inside)
        pairs = zip(_inner(before), _inner(after), strict=True)
        left += [(one, other, inside) for one, other in pairs]
    return code, function.__globals__, tuple(without)


class Instrumented:
    """A context in which user code calls a hook before each access; afterwards it is as it was.

    Parameters
    ----------
    roots : sequence of callables
        Where to begin to look: the threads, what sets up and what checks.
    modules : iterable of str
        Names of installed modules whose code is to be controlled, too.
    further : iterable of namespaces
        Of modules that were missed before.
    changed : iterable of str
        Names of attributes that other code than the user's changes.

    Attributes
    ----------
    missed : dict
        Code objects of user code that ran in a thread without hooks, each with the variables of its module.
    unhooked : dict
        The accesses that should have got a hook, and have none.
    foreign : dict
        Those of other code that ran in a thread.
    """

    def __init__(
        self,
        roots: Sequence[Callable[..., Any]],
        modules: Iterable[str] = (),
        further: Iterable[dict[str, Any]] = (),
        changed: Iterable[str] = (),
    ) -> None:
        if sys.version_info[:2] not in SUPPORTED:
            known = ", ".join(".".join(map(str, one)) for one in SUPPORTED)
            raise UsageError(f"live exploration needs Python {known}; this is {sys.version.split()[0]}")
        self.modules = tuple(modules)
        self.namespaces = namespaces_of(roots, modules)
        self.namespaces += [one for one in further if all(one is not other for other in self.namespaces)]
        self.functions, kinds = functions_in(self.namespaces, roots)
        self.changed = frozenset(changed) | worked_out_names(kinds)
        self.before: list[tuple[types.FunctionType, types.CodeType]] = []
        self.known: Mapping[int, types.CodeType] = {}
        self.missed: dict[types.CodeType, dict[str, Any]] = {}
        self.foreign: dict[types.CodeType, None] = {}
        self.unhooked: Iterable[Site] = ()
        self.looked_at = 0
        self.read: frozenset[str] = frozenset()
        self.found: frozenset[str] = frozenset()
        self.tool: int | None = None

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Put the hooks in."""
        set_controlled(self.modules)
        pairs = [(function.__code__, function.__globals__) for function in self.functions]
        key = (tuple([(id(code), id(space)) for code, space in pairs]), self.changed)
        if not _last or _last[-1].key != key:
            _last[:] = [_Hooked(key, pairs, self.functions)]
        hooked = _last[-1]
        self.read = hooked.read
        self.known = hooked.known
        self.unhooked = hooked.unhooked
        try:
            for function, (before, _), after in zip(self.functions, pairs, hooked.made, strict=True):
                self.before.append((function, before))
                function.__code__ = after
            self._watch()
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Take them out; Ctrl-C waits until that is done."""
        interrupted: KeyboardInterrupt | None = None
        left: list[Callable[[], None]] = [self._put_back, lambda: set_controlled(()), self._unwatch]
        while left:
            try:
                while left:
                    left[-1]()
                    left.pop()
            except KeyboardInterrupt as error:  # it waits until everything is as before
                interrupted = error
        if interrupted is not None:
            raise interrupted

    def _put_back(self) -> None:
        while self.before:
            function, code = self.before[-1]
            function.__code__ = code
            self.before.pop()

    # ------------------------------------------------------------------------------------------- the independent check

    def _watch(self) -> None:
        monitoring = getattr(sys, "monitoring", None)
        if monitoring is None:
            return
        self.tool = next((number for number in (4, 3, 2, 5, 0) if monitoring.get_tool(number) is None), None)
        if self.tool is None:
            raise UsageError("every tool of sys.monitoring is in use; end a debugger, a profiler or coverage")
        events = monitoring.events
        monitoring.use_tool_id(self.tool, "gil-lab")
        for event in (events.PY_START, events.PY_RESUME):
            monitoring.register_callback(self.tool, event, self._began)
        monitoring.set_events(self.tool, events.PY_START | events.PY_RESUME)
        monitoring.restart_events()

    def _unwatch(self) -> None:
        monitoring = getattr(sys, "monitoring", None)
        if monitoring is not None and self.tool is not None:
            monitoring.set_events(self.tool, 0)
            for event in (monitoring.events.PY_START, monitoring.events.PY_RESUME):
                monitoring.register_callback(self.tool, event, None)
            tool, self.tool = self.tool, None  # first: nothing may come in between
            monitoring.free_tool_id(tool)

    def _began(self, code: types.CodeType, _: int) -> Any:
        if id(code) not in self.known and not _is_own(code.co_filename):
            if working() is None:
                return None  # outside of the threads it may run without hooks
            self._ran(code, sys._getframe(1).f_globals)
        return sys.monitoring.DISABLE  # type: ignore[attr-defined]  # Python 3.12 and later

    def _ran(self, code: types.CodeType, space: dict[str, Any]) -> None:
        """Note code without hooks that ran in a thread: the user's was missed; what other code writes is noted."""
        module = str(space.get("__name__"))
        made = code.co_filename.startswith("<")  # by `exec`, for instance for a named tuple
        if made and (module.startswith("namedtuple_") or not is_user_file(str(space.get("__file__") or ""))):
            return
        if is_user_file(code.co_filename):
            if code.co_names or code.co_freevars or code.co_cellvars:
                self.missed.setdefault(code, space)
        elif is_foreign(code.co_filename, module):
            self.foreign[code] = None

    def news(self) -> frozenset[str]:
        """Return the names of attributes that user code reads and that code without hooks was seen to change."""
        if len(self.foreign) != self.looked_at:
            self.looked_at = len(self.foreign)
            written = names_written(self.foreign).attributes | {code.co_name for code in self.foreign}
            self.found = written & self.read
        return self.found

    def begin_to_watch(self) -> None:
        """Begin to look for such code in the thread that runs, before Python 3.12.

        As a profiler, not as a tracer: coverage and debuggers trace, and go on doing so.
        """
        sys.setprofile(self.profile)

    def profile(self, frame: types.FrameType, event: str, _: Any) -> None:
        """Note code without hooks; for `sys.setprofile` in a thread."""
        code = frame.f_code
        if event == "call" and id(code) not in self.known and not _is_own(code.co_filename):
            self._ran(code, frame.f_globals)


def _is_own(path: str) -> bool:
    return path in OWN_FILES or in_lab(path)


def _inner(code: types.CodeType) -> list[types.CodeType]:
    return [one for one in code.co_consts if isinstance(one, types.CodeType)]
