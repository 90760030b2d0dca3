"""The GIL as CPython implements it, in the versions there have been, and its absence."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from lab.gil.clock import Doing
from lab.gil.settings import Settings
from lab.gil.system import System, Task, nanoseconds

__all__ = ["Lock", "NewGil", "NoGil", "OldGil"]


class Lock(Protocol):
    """What threads of one interpreter do with its GIL."""

    def take(self, task: Task) -> Doing:
        """Hold the GIL, after waiting for it if need be; the task has a core before and after."""

    def drop(self, task: Task, why: str) -> Doing:
        """Release the GIL."""

    def run(self, task: Task, work: int) -> Doing:
        """Compute in Python for `work` nanoseconds, holding the GIL at the beginning and at the end."""

    def poll(self, task: Task) -> Doing:
        """Pass the GIL on if it is time to, as between two instructions of Python."""


class NewGil:
    """The GIL since Python 3.2, step by step.

    Parameters
    ----------
    system : System
        Where its threads run.
    settings : Settings
        Of these, the switch interval.

    References
    ----------
    CPython, Python/ceval_gil.c: `take_gil`, `drop_gil`. Deviations: the condition's waiters are woken in the order
    in which they began their present wait, where POSIX promises no order (glibc does it so within a group of
    waiters); a request is seen at once by Python code, where CPython sees it at the next call or backward jump.
    """

    def __init__(self, system: System, settings: Settings) -> None:
        self.system = system
        self.interval = nanoseconds(settings.interval)
        self.locked = False
        self.last: Task | None = None
        self.switches = 0
        self.requested = False
        self.waiters: deque[Task] = deque()
        self.switched: deque[Task] = deque()

    def take(self, task: Task) -> Doing:
        """Wait on the condition, at most one interval at a time, and ask when one passed without a switch."""
        system = self.system
        if self.locked:
            system.record(task, "wait")
        while self.locked:
            seen = self.switches
            signalled = yield from system.wait(task, self.waiters, self.interval)
            if signalled:
                if self.locked:
                    system.record(task, "failed")
            elif self.locked:
                system.record(task, "timeout", "ask" if self.switches == seen else "switched")
                if self.switches == seen:
                    self._request(task)
        self.locked = True
        if self.last is not task:
            self.last = task
            self.switches += 1
        self.requested = task.asked = False
        system.record(task, "take")
        system.signal(self.switched)

    def _request(self, task: Task) -> None:
        self.requested = True
        self.system.record(task, "request")
        if self.last is not None:
            self.system.ask(self.last)

    def drop(self, task: Task, why: str) -> Doing:
        """Release, wake one waiter; if somebody has asked, wait until another thread has taken it."""
        self.locked = False
        self.system.record(task, "drop", why)
        self.system.signal(self.waiters)
        if self.requested and self.last is task:
            self.requested = task.asked = False
            self.system.record(task, "forced")
            yield from self.system.wait(task, self.switched)

    def run(self, task: Task, work: int) -> Doing:
        """Compute, and pass the GIL on whenever somebody has asked for it."""
        while work > 0:
            yield from self.poll(task)
            work = yield from self.system.compute(task, work, polls=True)

    def poll(self, task: Task) -> Doing:
        """Drop the GIL and take it again if somebody has asked for it."""
        if self.requested:
            yield from self.drop(task, "request")
            yield from self.take(task)


class OldGil:
    """The GIL until Python 3.1: a plain lock that its holder releases and takes again every 100 ticks.

    Parameters
    ----------
    system : System
        Where its threads run.
    settings : Settings
        Of these, what 100 ticks take, what waking costs, and the probability of a hand-over.

    Notes
    -----
    With an idle core, the releaser is still running and takes the lock again at once; the waiter that it woke comes
    too late by its wake-up latency, unless chance (`handover`) decides otherwise. Without an idle core, the woken
    waiter can only run in the releaser's place: it does when the releaser's time slice is over, and then gets the
    lock with the core. Before that, it would wake in vain, and that is left out. A release that nobody waits
    for is left out.
    """

    def __init__(self, system: System, settings: Settings) -> None:
        self.system = system
        self.ticks = nanoseconds(settings.ticks)
        self.cost = nanoseconds(settings.signal)
        self.handover = settings.handover
        self.locked = False
        self.holder: Task | None = None
        self.waiters: deque[Task] = deque()

    def take(self, task: Task) -> Doing:
        """Wait until the lock is found free on waking up; nobody is promised it."""
        if self.locked:
            self.system.record(task, "wait")
        while self.locked:
            if self.holder is not None:
                self.system.ask(self.holder)
            yield from self.system.wait(task, self.waiters)
            if self.locked:
                self.system.record(task, "failed")
        self.locked = True
        self.holder = task
        task.asked = False
        self.system.record(task, "take")

    def drop(self, task: Task, why: str) -> Doing:
        """Release, and wake one waiter; never waits itself."""
        self.locked = False
        self.system.record(task, "drop", why)
        self.system.signal(self.waiters)
        yield from ()

    def run(self, task: Task, work: int) -> Doing:
        """Compute; while others wait, up to the end of each 100 ticks."""
        done = 0
        while done < work:
            if self.waiters:
                piece = min(work - done, self.ticks - done % self.ticks)
                yield from self.system.compute(task, piece)
                done += piece
                if not done % self.ticks:
                    yield from self.poll(task)
            else:
                task.asked = False
                left = yield from self.system.compute(task, work - done, polls=True)
                done = work - left

    def poll(self, task: Task) -> Doing:
        """Release and take again, as every 100 ticks, if somebody waits."""
        system = self.system
        idle = system.idle()
        over = system.now - task.since >= system.slice
        if not self.waiters or not (idle or over):
            return
        given = not idle or (self.handover > 0 and system.random.random() < self.handover)
        yield from self.drop(task, "tick")
        if given:
            system.record(task, "wait")
            yield from system.wait(task, self.waiters)
        else:
            yield from system.compute(task, self.cost)
        yield from self.take(task)


class NoGil:
    """No GIL: taking it and dropping it does nothing, and threads compute side by side.

    Parameters
    ----------
    system : System
        Where its threads run.
    factor : float
        How much longer Python code takes than with a GIL.
    """

    def __init__(self, system: System, factor: float) -> None:
        self.system = system
        self.factor = factor

    def take(self, task: Task) -> Doing:
        """Return at once."""
        self.system.record(task, "take")
        yield from ()

    def drop(self, task: Task, why: str) -> Doing:
        """Return at once."""
        self.system.record(task, "drop", why)
        yield from ()

    def run(self, task: Task, work: int) -> Doing:
        """Compute."""
        yield from self.system.compute(task, round(work * self.factor))

    def poll(self, task: Task) -> Doing:
        """Return at once."""
        yield from self.system.compute(task, 0)
