"""The threads and tasks that a scenario makes itself when it really runs: named, recorded, left behind at its end.

Standard library only, Python 3.9 and later, as `free_run` is.
"""

from __future__ import annotations

import ctypes
import sys
import threading
import time
import types
from typing import TYPE_CHECKING, Any

from lab.scenario import ThreadSpec

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from lab.scenario import Registry

__all__ = ["MadeTasks", "MadeThreads", "add_named"]

_LOOKS, _PAUSE = 4, 0.0005
"""How often, and after how many seconds, a run looks whether its daemons have ended."""


class MadeThreads:
    """Stands in for `threading.Thread` in one module.

    Every thread gets the name that it has in an exploration. All are daemons for the interpreter, so that a run that
    is stuck holds nobody up; what the program asks and says of `daemon` is kept apart.

    Parameters
    ----------
    namespace : mutable mapping
        The module's; `threading` and `Thread` are replaced in it.
    declared : Registry
        Takes the threads, in the order in which they are made.
    record : callable
        Given a thread's name, its function and its arguments: calls it, and keeps its value or exception.
    """

    def __init__(self, namespace: MutableMapping[str, Any], declared: Registry, record: Callable[..., None]) -> None:
        self.made: list[Any] = []
        self._guard = threading.Lock()
        self._declared, self._record = declared, record
        kind = _class_for(self)
        for name, value in list(namespace.items()):
            if value is threading:
                namespace[name] = _Threading(kind)
            elif value is threading.Thread:
                namespace[name] = kind

    def add(self, thread: Any, base: str, function: Callable[..., Any]) -> str:
        """Take a new thread, and return its name."""
        with self._guard:
            self.made.append(thread)
            return add_named(self._declared, base, function)

    def record(self, name: str, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> None:
        """Run what a thread runs."""
        self._record(name, function, *arguments, **named)

    def join(self, deadline: float) -> None:
        """Wait until every thread has ended that was started and is no daemon, or the deadline of the clock."""
        for thread in self.made:  # grows while it is read
            if thread.ident is not None and not thread.daemon:
                thread.join(max(0.0, deadline - time.monotonic()))

    def going(self) -> set[str]:
        """Return the names of the threads that go on and are no daemons."""
        return {thread.name for thread in self.made if thread.is_alive() and not thread.daemon}

    def leave_behind(self) -> None:
        """End the daemons that go on and on in the scenario's own code; those that wait somewhere are left there."""
        file = self._declared.threads[0].function.__code__.co_filename
        for _ in range(_LOOKS):
            daemons = [thread for thread in self.made if thread.is_alive() and thread.daemon]
            frames = sys._current_frames()  # noqa: SLF001 - CPython's way to see the others
            for thread in daemons:
                frame = frames.get(thread.ident)
                if frame is not None and frame.f_code.co_filename == file:  # so it holds no lock of the interpreter's
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(
                        ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit)
                    )
            if not daemons:
                return
            time.sleep(_PAUSE)


def add_named(declared: Registry, base: str, function: Callable[..., Any]) -> str:
    """Add a thread or task to the declared ones, and return its name: with a number from the second on."""
    taken, name, number = {spec.name for spec in declared.threads}, base, 1
    while name in taken:
        number += 1
        name = f"{base}[{number}]"
    declared.threads.append(ThreadSpec(name, function))
    return name


class MadeTasks:
    """The tasks that tasks make, named as in an exploration.

    Parameters
    ----------
    declared : Registry
        Takes the tasks, in the order in which they are made.
    """

    def __init__(self, declared: Registry) -> None:
        import asyncio  # a file without tasks does not need it

        made: list[Any] = []
        self._made = made
        self._cancelled = asyncio.CancelledError

        class Task(asyncio.Task):  # type: ignore[type-arg]  # its parameter is of no use here
            label = ""

            def set_name(self, value: object) -> None:
                """Give the task the name that it has in an exploration; asyncio calls this right after making it."""
                if value is None:  # so do some versions for a task without a name
                    return
                if self.label:
                    declared.threads.pop()
                self.label = add_named(declared, str(value), made.append)
                super().set_name(self.label)

        self._kind = Task

    def factory(self, loop: Any, coroutine: Any, *, name: str | None = None, **more: Any) -> Any:
        """Make a task, as an event loop's task factory does."""
        task = self._kind(coroutine, loop=loop, **more)
        task.set_name(name or coroutine.__name__)
        self._made.append(task)
        return task

    def results(self) -> dict[str, Any]:
        """Return what every task that has ended returned, or the exception that it raised, by name."""
        found = {}
        for task in self._made:
            if task.done():
                try:
                    found[task.label] = task.result()
                except (Exception, self._cancelled) as error:  # noqa: BLE001 - whatever it raised
                    found[task.label] = error
        return found


class _Threading(types.ModuleType):
    """The module `threading` with another `Thread`."""

    def __init__(self, kind: type[threading.Thread]) -> None:
        super().__init__("threading")
        self.Thread = kind

    def __getattr__(self, name: str) -> Any:
        return getattr(threading, name)


def _class_for(owner: MadeThreads) -> type[threading.Thread]:
    """Return the class that a module gets for `threading.Thread`."""

    class Thread(threading.Thread):
        def __init__(
            self, target: Any, args: Any = (), kwargs: Any = None, name: str | None = None, daemon: bool | None = None
        ) -> None:
            around = threading.current_thread()
            self._wanted = bool(getattr(around, "_wanted", False)) if daemon is None else bool(daemon)
            super().__init__(target=target, args=args, kwargs=kwargs, daemon=True)
            base = name or str(getattr(target, "__name__", "thread")).strip("<>")
            self.name = owner.add(self, base, target)
            self._work = target, tuple(args), dict(kwargs or {})

        def run(self) -> None:
            target, arguments, named = self._work
            owner.record(self.name, target, *arguments, **named)

        @property
        def daemon(self) -> bool:
            return self._wanted or sys._getframe(1).f_globals is vars(threading)  # noqa: SLF001 - who asks?

        @daemon.setter
        def daemon(self, value: bool) -> None:
            if self.ident is not None:
                raise RuntimeError("cannot set daemon status of active thread")
            self._wanted = bool(value)

    return Thread
