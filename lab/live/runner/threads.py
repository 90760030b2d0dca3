"""Threads that threads under test start, timers, and values of a thread of its own."""

from __future__ import annotations

import concurrent.futures.thread as pool
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Optional

from lab.live.runner.operations import OWN_FILES, WHOLE, Operation, caller_site
from lab.live.runner.performing import perform
from lab.live.runner.session import working
from lab.live.runner.worker import Worker

__all__ = ["Local", "Thread", "Timer", "clock", "clock_of", "current_thread", "get_ident", "made_in_order", "sleep"]

OWN_FILES.add(__file__)

_real_current, _real_ident, _real_monotonic = threading.current_thread, threading.get_ident, time.monotonic
_RealThread = threading.Thread


def made_in_order() -> int:
    """Return a number that is the same in each run with the same beginning: the order of sets depends on it."""
    session = working()
    if session is None:
        return next(_outside)
    session.made += 1
    return session.made


_outside = itertools.count(-2, -1)


class Thread(_RealThread):
    """A thread of the run when one of its threads starts it, else a real one; `threading.Thread`."""

    label = "Thread"

    def __init__(
        self,
        group: None = None,
        target: Optional[Callable[..., Any]] = None,
        name: Optional[str] = None,
        args: Iterable[Any] = (),
        kwargs: Optional[Mapping[str, Any]] = None,
        *,
        daemon: Optional[bool] = None,
    ) -> None:
        self._made = made_in_order()  # the real one puts itself into a set
        super().__init__(group, target, name or "Thread", args, kwargs, daemon=bool(daemon))
        self._worker: Optional[Worker] = None

    def __hash__(self) -> int:
        return self._made

    def peek(self) -> bool:
        """Return whether it has ended."""
        return self._worker is not None and self._worker.ended

    def describe(self) -> str:
        """Return the thread in words."""
        return "a thread" if self._worker is None else f"thread {self._worker.name}"

    def start(self) -> None:
        """Start it."""
        session = working()
        if session is None or session.aborting:
            if session is None:
                super().start()
            return
        if self._worker is not None:
            raise RuntimeError("threads can only be started once")
        session.switch(Operation(caller_site("start", "Thread"), ((session.number(self), WHOLE, True),)))
        session.spawn(self.run, self._known, daemon=self.daemon or getattr(self, "_target", None) is pool._worker)

    def _known(self, worker: Worker) -> None:
        self._worker = worker
        worker.public = self

    def join(self, timeout: Optional[float] = None) -> None:
        """Wait until it has ended."""
        if self._worker is None:
            super().join(timeout)
            return
        worker = self._worker
        if worker.ended and working() is None:
            return
        perform(
            "join",
            self,
            bool,
            timed=timeout is not None,
            writes=False,
            causes=lambda: (worker.last,),
            seconds=timeout or 0.0,
        )

    def is_alive(self) -> bool:
        """Whether it has begun and not ended."""
        if self._worker is None:
            return super().is_alive()
        perform("is_alive", self, writes=False)
        return not self._worker.ended

    @property
    def ident(self) -> Optional[int]:
        """A number of its own."""
        return id(self._worker) if self._worker is not None else super().ident


class Timer(Thread):
    """A call that is made later, at any time unless it is cancelled before; `threading.Timer`."""

    label = "Timer"

    def __init__(
        self,
        interval: float,
        function: Callable[..., Any],
        args: Optional[Iterable[Any]] = None,
        kwargs: Optional[Mapping[str, Any]] = None,
    ) -> None:
        from lab.live.runner.conditions import Event

        super().__init__()
        self.interval = interval
        self.function = function
        self.args = list(args or ())
        self.kwargs = dict(kwargs or {})
        self.finished: Any = Event()

    def cancel(self) -> None:
        """Make no call, if it has not been made."""
        self.finished.set()

    def run(self) -> None:
        """Wait, and make the call."""
        if not self.finished.wait(self.interval):
            self.function(*self.args, **self.kwargs)
        self.finished.set()


class Local:
    """Values of a thread of its own; `threading.local`."""

    def __new__(cls, *arguments: Any, **named: Any) -> Local:  # noqa: D102 - as the real one
        made = super().__new__(cls)
        object.__setattr__(made, "_begin", (arguments, named))
        object.__setattr__(made, "_spaces", {id(_who()): {}})
        return made

    def __getattribute__(self, name: str) -> Any:
        _enter(self)
        return object.__getattribute__(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        _enter(self)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        _enter(self)
        object.__delattr__(self, name)


def _who() -> Any:
    session = working()
    return session.running if session is not None else _real_current()


def _enter(local: Local) -> None:
    """Make the attributes those of the thread that runs."""
    spaces = object.__getattribute__(local, "_spaces")
    begin = object.__getattribute__(local, "_begin")
    who = _who()
    found = spaces.get(id(who))
    new = found is None
    if found is None:
        found = spaces[id(who)] = {"_who": who}
    found["_spaces"], found["_begin"] = spaces, begin
    object.__setattr__(local, "__dict__", found)
    if new and type(local).__init__ is not object.__init__:
        type(local).__init__(local, *begin[0], **begin[1])


def current_thread() -> Any:
    """Return the thread that runs; one of the run has its name."""
    session = working()
    if session is None:
        return _real_current()
    worker = session.running
    assert worker is not None
    if worker.public is None:
        worker.public = Thread(name=worker.name)
        worker.public._worker = worker
    return worker.public


def get_ident() -> int:
    """Return a number of the thread that runs."""
    session = working()
    return _real_ident() if session is None else id(session.running)


class _Clock:
    """What threads that sleep let others do: everything."""

    label = "sleep"

    def peek(self) -> bool:
        return True

    def describe(self) -> str:
        return "time"


def sleep(seconds: float) -> None:
    """Let virtual time pass: no real time does, and the others may do anything meanwhile."""
    session = working()
    if session is None:
        _real_sleep(seconds)
        return
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    if not session.aborting:
        session.switch(Operation(caller_site("sleep", "time"), ()))
    assert session.running is not None
    session.running.clock += seconds


_real_sleep = time.sleep


def clock() -> float:
    """Return the time of the thread that runs: what it has slept and waited."""
    session = working()
    if session is None:
        return _real_monotonic()
    assert session.running is not None
    return session.running.clock


def clock_of(name: str) -> Callable[[], Any]:
    """Return a controlled clock: `time.time`, for instance; in a thread it begins where the real one stands now."""
    real = getattr(time, name)
    begins = real() if name.startswith("time") else 0
    unit = 1_000_000_000 if name.endswith("_ns") else 1

    def controlled() -> Any:
        session = working()
        if session is None:
            return real()
        assert session.running is not None
        passed = session.running.clock * unit
        return begins + (round(passed) if unit > 1 else passed)

    return controlled
