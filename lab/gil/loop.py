"""An event loop: one thread that resumes one task after the other."""

from __future__ import annotations

from dataclasses import replace

from lab.gil.clock import Doing
from lab.gil.settings import Settings
from lab.gil.system import System, Task, nanoseconds

__all__ = ["LOOP", "LoopSystem"]

LOOP = "loop"
"""What the trace calls the loop itself, which only polls."""


class LoopSystem(System):
    """An event loop as a system of its own.

    A loop is to its tasks what an operating system is to its threads, with one core and without time slices: a task
    that is resumed keeps the loop until it awaits something, and its ready queue is the run queue. A timer or data
    that is due while the loop runs a task costs no wake-up, and is seen when the task awaits; only an idle loop has
    to be woken.

    Parameters
    ----------
    settings : Settings
        Wake-up latency, the price of resuming a task, seed.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(replace(settings, cores=1))
        self.price = nanoseconds(settings.callback)
        self.itself = Task(LOOP)
        self.polls: int | None = None
        self.record(self.itself, "start")
        self.record(self.itself, "polled")

    def latency(self) -> int:
        """Return how long it takes until the loop is awake, in nanoseconds."""
        return super().latency() if self.idle() else 0

    def enter(self, task: Task) -> Doing:
        """Wait in the ready queue, and be resumed."""
        if self.polls is not None:
            self._end_poll(self.polls)
        yield from super().enter(task)
        yield from self.compute(task, self.price)

    def pressed(self, _: Task) -> bool:
        """Return False: nobody takes the loop from a task, however long it runs and whatever its priority."""
        return False

    def _enqueue(self, task: Task) -> None:
        """Put a task at the end of the ready queue."""
        self.queue.append(task)

    def _arm(self, task: Task) -> None:
        """Do nothing: there are no time slices."""

    def leave(self, task: Task, why: str = "blocked") -> None:
        """Await something; the loop polls when nothing is ready."""
        super().leave(task, why)
        if self.idle():
            self.polls = len(self.records)
            self.record(self.itself, "poll")

    def _end_poll(self, number: int) -> None:
        """Record that the loop has something to run; a poll that lasted no time was none, and is forgotten."""
        self.polls = None
        if self.records[number][0] == self.now:
            del self.records[number]
        else:
            self.record(self.itself, "polled")
