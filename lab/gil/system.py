"""The operating system: cores with a run queue and time slices, and waiting with time-outs; nanoseconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from random import Random
from typing import Any

from lab.errors import IncompleteError
from lab.gil.clock import Clock, Doing, Happening, Pause
from lab.gil.settings import Settings
from lab.gil.trace import Kind, Record

__all__ = ["System", "Task", "nanoseconds"]

MOST_EVENTS = 3_000_000
"""Where a simulation is stopped: about a gigabyte."""


def nanoseconds(seconds: float) -> int:
    """Return a duration in whole nanoseconds.

    Examples
    --------
    >>> nanoseconds(0.005)
    5000000
    """
    return round(seconds * 1e9)


class Task:
    """A thread as the operating system sees it.

    Attributes
    ----------
    core : int or None
        Where it runs.
    since, begun : int
        When it got that core; when it last began to compute there.
    left : int
        Nanoseconds that it still has to compute; 0 when it does not compute.
    polls, asked : bool
        Whether it may be asked to stop computing; whether it has been.
    pause : Pause or None
        What it waits for right now.
    turn : int
        Counts what it waited for, so that a timer of something earlier is recognised.
    armed : int
        The `since` for which the end of its time slice is looked out for; -1 for none.
    """

    __slots__ = ("armed", "asked", "begun", "core", "left", "name", "pause", "polls", "priority", "since", "turn")

    def __init__(self, name: str, priority: int = 0) -> None:
        self.name = name
        self.priority = priority
        self.core: int | None = None
        self.since = self.begun = self.left = self.turn = 0
        self.armed = -1
        self.polls = self.asked = False
        self.pause: Pause | None = None


class System:
    """Cores, a run queue, and the record of what happens.

    Between two happenings a task that has a core computes; everything else it does takes no time. A core is taken only
    from a task that computes.

    Parameters
    ----------
    settings : Settings
        Cores, time slice, wake-up latency, seed.
    """

    def __init__(self, settings: Settings) -> None:
        self.clock = Clock()
        self.after = self.clock.after
        self.records: list[Record] = []
        self.random = Random(settings.seed)
        self.running: list[Task | None] = [None] * settings.cores
        self.queue: deque[Task] = deque()
        self.slice = nanoseconds(settings.slice)
        self.wake_up = nanoseconds(settings.wake)
        self.slack = nanoseconds(settings.slack)
        self.jitter = nanoseconds(settings.jitter)

    @property
    def now(self) -> int:
        """The simulated time in nanoseconds."""
        return self.clock.time

    def record(self, task: Task, kind: Kind, detail: str = "") -> None:
        """Note that something happened to a task."""
        records = self.records
        records.append((self.clock.time, kind, task.name, detail))
        if len(records) > MOST_EVENTS:
            raise IncompleteError(f"the simulation was stopped after {MOST_EVENTS:,} events; make the workload smaller")

    def latency(self) -> int:
        """Return how long one wake-up takes, in nanoseconds."""
        if not self.jitter:
            return self.wake_up
        return self.wake_up + round(self.random.expovariate(1 / self.jitter))

    # ------------------------------------------------------------------------------------------------------ the cores

    def enter(self, task: Task) -> Doing:
        """Get a core: an idle one, or after waiting in the run queue."""
        if None in self.running:
            self._place(task, self.running.index(None))
            return
        pause = self._pause(task)
        self._enqueue(task)
        yield pause

    def leave(self, task: Task, why: str = "blocked") -> None:
        """Give the core back; the first in the run queue gets it."""
        assert task.core is not None
        core, task.core = task.core, None
        self.running[core] = None
        self.record(task, "off", why)
        if self.queue:
            self._place(self.queue.popleft(), core)

    def compute(self, task: Task, work: int, *, polls: bool = False) -> Generator[Happening, Any, int]:
        """Compute for `work` nanoseconds of a core's time, and return how many of them are left.

        With `polls`, the task stops early when it is asked to; without, nothing is left.
        """
        if work <= 0 or (polls and task.asked):
            return work
        task.left, task.polls = work, polls
        pause = self._pause(task)
        self._begin(task)
        yield pause
        left, task.left = task.left, 0
        return left

    def ask(self, task: Task) -> None:
        """Ask a task to stop computing: now if it polls and has a core, else as soon as that is so."""
        task.asked = True
        if task.left and task.polls and task.core is not None and task.pause is not None:
            task.left -= self.now - task.begun
            self._resume(task, "asked")

    def idle(self) -> bool:
        """Return whether a core is free."""
        return None in self.running

    def pressed(self, task: Task) -> bool:
        """Return whether another task should have this one's core: by priority, or because its time slice is over."""
        if not self.queue:
            return False
        first = self.queue[0].priority
        return first > task.priority or (first == task.priority and self.now - task.since >= self.slice)

    def preempt(self, task: Task) -> None:
        """Take the core from a task that computes, and give it to the first in the run queue."""
        assert task.core is not None
        core, task.core = task.core, None
        task.left -= self.now - task.begun
        task.turn += 1
        waiting = self.queue.popleft()
        self.record(task, "off", "priority" if waiting.priority > task.priority else "slice")
        self._place(waiting, core)
        self._enqueue(task)

    def _begin(self, task: Task) -> None:
        """Go on computing, on a core."""
        task.begun = self.now
        if self.queue and self.pressed(task):
            self.preempt(task)
        else:
            self._timer(task, task.left, "done")

    def _place(self, task: Task, core: int) -> None:
        self.running[core] = task
        task.core = core
        task.since = self.now
        self.record(task, "core", str(core))
        if self.queue:
            self._arm(task)
        if not task.left:
            self._resume(task, "core")
        elif task.polls and task.asked:
            self._resume(task, "asked")
        else:
            self._begin(task)

    def _enqueue(self, task: Task) -> None:
        """Put a task into the run queue, behind those of its priority, and see to it that it gets a core."""
        place = sum(other.priority >= task.priority for other in self.queue)
        self.queue.insert(place, task)
        runners = [other for other in self.running if other is not None]
        for other in runners:
            self._arm(other)
        computing = [other for other in runners if other.left and other.pause is not None]
        lowest = min(computing, key=lambda other: (other.priority, other.since), default=None)
        if lowest is not None and lowest.priority < self.queue[0].priority:
            self.preempt(lowest)

    def _arm(self, task: Task) -> None:
        """Have a task leave its core when its time slice ends, if somebody still waits then."""
        since = task.since
        if task.armed == since:
            return
        task.armed = since

        def end(_: Happening) -> None:
            if task.armed == since:
                task.armed = -1
            computing = task.left and task.pause is not None and task.core is not None
            if computing and task.since == since and self.pressed(task):
                self.preempt(task)

        self.after(max(0, since + self.slice - self.now), end)

    # ----------------------------------------------------------------------------------------------- waiting and waking

    def wait(
        self, task: Task, waiters: deque[Task] | None = None, limit: int | None = None, awake: Kind | None = None
    ) -> Generator[Happening, Any, bool]:
        """Leave the core until somebody signals the waiters, or a time is up; return whether it was a signal.

        Parameters
        ----------
        waiters : deque of Task or None
            Where to wait, at the end; None waits for the time alone.
        limit : int or None
            Nanoseconds until the time is up; None waits for the signal alone.
        awake : Kind or None
            What to record when the task is awake and may still have to wait for a core.
        """
        pause = self._pause(task)
        self.leave(task)
        if waiters is not None:
            waiters.append(task)
        if limit is not None:
            turn = task.turn

            def expire(_: Happening) -> None:
                if task.turn != turn or (waiters is not None and task not in waiters):
                    return  # it was signalled before
                if waiters is not None:
                    waiters.remove(task)
                self._timer(task, self.latency() + self.slack, "timeout")

            self.after(limit, expire)
        why = yield pause
        if awake is not None:
            self.record(task, awake)
        yield from self.enter(task)
        return bool(why == "signal")

    def signal(self, waiters: deque[Task]) -> bool:
        """Wake the one that has waited longest; return whether there is one."""
        if not waiters:
            return False
        self._timer(waiters.popleft(), self.latency(), "signal")
        return True

    def _pause(self, task: Task) -> Pause:
        task.turn += 1
        task.pause = pause = Pause(self.clock)
        return pause

    def _timer(self, task: Task, delay: int, why: str) -> None:
        """End the task's present pause after a delay, unless something else has ended it before."""
        turn = task.turn

        def fire(_: Happening) -> None:
            pause = task.pause
            if task.turn == turn and pause is not None:
                if why == "done":
                    task.left = 0
                task.pause = None
                pause.end(why)

        self.after(delay, fire)

    def _resume(self, task: Task, why: str) -> None:
        if task.pause is not None:
            pause, task.pause = task.pause, None
            pause.succeed(why)
