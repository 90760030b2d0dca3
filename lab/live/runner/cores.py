"""All threads of a run on one core: only one of them works at a time, and waking one on another core takes far longer.

References
----------
sched(7): threads of `SCHED_BATCH` do not interrupt the one that wakes them, which could only wait for the GIL.
"""

from __future__ import annotations

import os
from _thread import get_native_id
from contextlib import suppress
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Optional

__all__ = ["OneCore", "allowed"]

PACE = 64
"""Runs between two looks at whether the core is shared."""

PERIOD = 0.05
"""Seconds that are judged at once."""

ENOUGH = 0.8
"""Share of the time that this process has to get, else it moves to another core."""

_real: Any = getattr(os, "sched_getaffinity", None)
_THREADS = "/proc/self/task"
_NORMAL, _BATCH = getattr(os, "SCHED_OTHER", 0), getattr(os, "SCHED_BATCH", 3)


class OneCore:
    """A context in which this thread, and those that it starts, stay on one core, as long as no one else needs it.

    Where the system cannot do that, or has one core only, nothing happens. Afterwards they may be anywhere again.
    """

    def __init__(self) -> None:
        self.before: set[int] = set()
        self.own: set[int] = set()
        self.others: frozenset[int] = frozenset()
        self.batch = False
        self.runs = 0
        self.begun = self.busy = 0.0

    def __enter__(self) -> OneCore:
        try:
            self.begin()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def begin(self) -> None:
        """Stay on this core."""
        if _real is not None:
            with suppress(OSError, ValueError, IndexError):
                self._bind()

    def _bind(self) -> None:
        self.before = _real(0)
        if len(self.before) < 2:
            return
        core = _last[0] if _last else _current()
        self.others = frozenset(_threads()) - {get_native_id()}
        _pinned.append(self)
        self.own = {core if core in self.before else min(self.before)}
        _last[:] = self.own
        os.sched_setaffinity(0, self.own)
        self.batch = os.sched_getscheduler(0) == _NORMAL
        if self.batch:
            os.sched_setscheduler(0, _BATCH, os.sched_param(0))
        self._begin()

    def end(self) -> None:
        """Let every thread go; Ctrl-C waits until that is done."""
        interrupted: Optional[KeyboardInterrupt] = None
        while self in _pinned:
            try:
                if self.own:
                    self._move(self.before, batch=False)
                _pinned.remove(self)
                break  # not at the loop's end, where Ctrl-C could come in
            except KeyboardInterrupt as error:  # it waits until every thread is as before
                interrupted = error
        if interrupted is not None:
            raise interrupted

    def look(self) -> None:
        """Go to another core now and then, when other processes are at work on this one."""
        self.runs += 1
        if self.runs % PACE or not self.own:
            return
        passed = perf_counter() - self.begun
        if passed > PERIOD:
            if process_time() - self.busy < ENOUGH * passed:
                cores = sorted(self.before)
                self._move({cores[(cores.index(min(self.own)) + 1) % len(cores)]}, batch=self.batch)
                _last[:] = self.own
            self._begin()

    def _begin(self) -> None:
        self.begun, self.busy = perf_counter(), process_time()

    def _move(self, cores: set[int], *, batch: bool) -> None:
        """Move the threads that are where this one is, but for those that were there before."""
        with suppress(OSError):
            for thread in _threads():
                with suppress(OSError):  # it has ended
                    if thread not in self.others and _real(thread) == self.own:
                        if self.batch and not batch and os.sched_getscheduler(thread) == _BATCH:
                            os.sched_setscheduler(thread, _NORMAL, os.sched_param(0))
                        os.sched_setaffinity(thread, cores)  # last: by where it is, a second try finds it
        self.own = cores


_pinned: list[OneCore] = []
"""Who has bound this process's threads at the moment."""


_last: list[int] = []
"""Where the exploration before ran; at first nothing."""


def _threads() -> list[int]:
    return [int(name) for name in os.listdir(_THREADS)]  # noqa: PTH208 - twice as fast as with paths


def _current() -> int:
    """Return the core that this thread runs on."""
    return int(Path("/proc/thread-self/stat").read_text("ascii", "replace").rpartition(")")[2].split()[36])


def allowed(pid: int) -> Any:
    """Return the cores that a process may run on; of this one, those it may after the exploration."""
    found = _real(pid)
    for one in reversed(_pinned):
        if found == one.own:
            found = one.before
    return set(found)
