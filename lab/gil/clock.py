"""Simulated time: SimPy's environment, with whole nanoseconds and the shortest way from one happening to the next."""

from __future__ import annotations

from collections.abc import Callable, Generator
from heapq import heappop, heappush
from typing import Any, cast

from simpy import Environment
from simpy import Event as Happening
from simpy.core import EmptySchedule
from simpy.events import NORMAL

__all__ = ["Alarm", "Clock", "Doing", "EmptySchedule", "Happening", "Pause"]

Doing = Generator[Happening, Any, None]
"""What a task does: a generator of the happenings it waits for."""


class Alarm(Happening):
    """A happening that only does something when its time has come; nobody can wait for it.

    Parameters
    ----------
    clock : Clock
        Where it is set.
    action : callable
        What it does; it is given the alarm.
    """

    _ok = True
    _value: Any = None

    def __init__(self, clock: Clock, action: Callable[[Happening], None]) -> None:
        self.env = clock
        self.callbacks = [action]


class Pause(Happening):
    """A happening that a task waits for, and that others end."""

    def end(self, why: str) -> None:
        """Let the task go on at once, before anything else that happens now.

        `succeed` lets it go on after what has been scheduled for now. That is for those who are in the midst of
        something; an alarm is not, and saves the way through the queue.
        """
        self._ok, self._value = True, why
        waiting, self.callbacks = self.callbacks, None  # type: ignore[assignment]  # so SimPy marks what is over
        for action in waiting:
            action(self)


class Clock(Environment):
    """SimPy's environment for whole nanoseconds.

    Attributes
    ----------
    time : int
        The simulated time in nanoseconds; the same as `now`, without a call.
    """

    def __init__(self) -> None:
        super().__init__(initial_time=0)
        self.time = 0

    def after(self, delay: int, action: Callable[[Happening], None]) -> None:
        """Do something after some nanoseconds."""
        heappush(self._queue, (self.time + delay, NORMAL, next(self._eid), Alarm(self, action)))  # as `schedule` does

    def step(self) -> None:
        """Let the next thing happen.

        Raises
        ------
        EmptySchedule
            Nothing is going to happen any more.
        """
        if not self._queue:
            raise EmptySchedule
        time, _, _, happening = heappop(self._queue)
        self._now = self.time = time  # type: ignore[assignment]  # every delay is a whole number
        actions, happening.callbacks = happening.callbacks, None  # type: ignore[assignment]  # as SimPy does
        for action in actions:
            action(happening)
        if not happening.ok:
            raise cast("BaseException", happening.value)
