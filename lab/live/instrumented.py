"""User code with hooks, for as long as it is explored."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from lab.errors import UsageError
from lab.live.cells import fixed_variables
from lab.live.discovery import functions_in, is_user_file, namespaces_of
from lab.live.injection import MOST_KEPT, SUPPORTED, Names, inject, names_written
from lab.live.runner.opcodes import code_objects
from lab.live.runner.session import working

__all__ = ["Instrumented"]

_cache: dict[tuple[types.CodeType, int, Names], tuple[types.CodeType, dict[str, Any]]] = {}
"""What has been injected; the variables are kept so that their identity stays theirs."""


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

    Attributes
    ----------
    missed : dict
        Code objects of user code that ran in a thread without hooks, each with the variables of its module.
    """

    def __init__(
        self, roots: Sequence[Callable[..., Any]], modules: Iterable[str] = (), further: Iterable[dict[str, Any]] = ()
    ) -> None:
        if sys.version_info[:2] not in SUPPORTED:
            known = ", ".join(".".join(map(str, one)) for one in SUPPORTED)
            raise UsageError(f"live exploration needs Python {known}; this is {sys.version.split()[0]}")
        self.modules = tuple(modules)
        self.namespaces = namespaces_of(roots, modules)
        self.namespaces += [one for one in further if all(one is not other for other in self.namespaces)]
        self.functions = functions_in(self.namespaces, roots)
        self.before: list[tuple[types.FunctionType, types.CodeType]] = []
        self.known: dict[int, types.CodeType] = {}
        self.missed: dict[types.CodeType, dict[str, Any]] = {}
        self.tool: int | None = None

    def __enter__(self) -> Self:
        codes = {function.__code__ for function in self.functions}
        names = names_written(list(code_objects(codes)))
        fixed = fixed_variables(codes)
        try:
            for function in self.functions:
                code = function.__code__
                key = (code, id(function.__globals__), names)
                if key not in _cache:
                    if len(_cache) >= MOST_KEPT:
                        _cache.clear()
                    _cache[key] = (
                        inject(code, function.__globals__, names, fixed.get(code, frozenset())),
                        function.__globals__,
                    )
                self.before.append((function, code))
                function.__code__ = _cache[key][0]
                self.known.update((id(one), one) for one in code_objects([function.__code__]))
            self._watch()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._unwatch()
        while self.before:
            function, code = self.before.pop()
            function.__code__ = code

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
            monitoring.free_tool_id(self.tool)
            self.tool = None

    def _began(self, code: types.CodeType, _: int) -> Any:
        if id(code) not in self.known and self._is_users(code):
            if working() is None:
                return None  # outside of the threads it may run without hooks
            self._miss(code, sys._getframe(1).f_globals)
        return sys.monitoring.DISABLE  # type: ignore[attr-defined]  # Python 3.12 and later

    def _is_users(self, code: types.CodeType) -> bool:
        return is_user_file(code.co_filename) and bool(code.co_names or code.co_freevars or code.co_cellvars)

    def _miss(self, code: types.CodeType, space: dict[str, Any]) -> None:
        self.missed.setdefault(code, space)

    def begin_to_trace(self) -> None:
        """Begin to look for such code in the thread that runs."""
        sys.settrace(self.trace)

    def trace(self, frame: types.FrameType, event: str, _: Any) -> None:
        """Note user code without hooks; for `sys.settrace` in a thread, before Python 3.12."""
        code = frame.f_code
        if event == "call" and id(code) not in self.known and self._is_users(code):
            self._miss(code, frame.f_globals)
