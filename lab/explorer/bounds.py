"""What ends an exploration early, and what it says while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab.explorer.memory import Memory

__all__ = ["Bounds", "Progress", "Stopped"]


@dataclass(frozen=True)
class Progress:
    """How far an exploration has come.

    Attributes
    ----------
    states, transitions : int
        Found so far.
    depth : int
        Steps from the start to the level at hand.
    """

    states: int
    transitions: int
    depth: int


class Stopped(Exception):  # noqa: N818 - not an error
    """A bound was reached; the argument is what the result says in `stopped`."""


@dataclass(frozen=True)
class Bounds:
    """The limits of one exploration.

    Attributes
    ----------
    max_states : int or None
        States to find at most, >= 1.
    deadline : callable or None
        Returns True when the time is up.
    progress : callable or None
        Told now and then how far the exploration has come.
    max_depth : int or None
        Steps from the start to the last level whose states are stepped, >= 0.
    memory : Memory or None
        The most memory to take.
    """

    max_states: int | None = None
    deadline: Callable[[], bool] | None = None
    progress: Callable[[Progress], None] | None = None
    max_depth: int | None = None
    memory: Memory | None = None

    def check(self, states: int, transitions: int, depth: int, growth: int = 0) -> None:
        """Report progress; raises `Stopped` when a bound is reached, or so many more bytes would reach it."""
        if self.progress is not None:
            self.progress(Progress(states, transitions, depth))
        if self.deadline is not None and self.deadline():
            raise Stopped("seconds")
        if self.max_depth is not None and depth > self.max_depth:
            raise Stopped("length")
        if self.memory is not None and self.memory.room() < growth:
            raise Stopped("memory")

    @property
    def room(self) -> int | None:
        """How many bytes may still be taken; None without a limit."""
        return None if self.memory is None else self.memory.room()

    @property
    def whole_levels(self) -> bool:
        """Whether no bound cuts a level in two, or ends the exploration after a certain one."""
        return self.max_states is None and self.max_depth is None

    def left(self, states: int) -> int | None:
        """Return how many states may still be found; None without a limit."""
        return None if self.max_states is None else max(0, self.max_states - states)
