"""One run of a sample, and what can be observed at its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from lab.explorer.protocol import Observed
from lab.explorer.result import Status

__all__ = ["Ending", "Run"]


@dataclass(eq=False)
class Ending:
    """What can be observed at some ends: one object per outcome, so that identity is equality."""

    status: Status
    observed: Observed
    waiting: Mapping[str, Mapping[str, Any]]
    faulty: bool


class Run(NamedTuple):
    """One run.

    Attributes
    ----------
    ending : Ending or None
        None when the run was cut off.
    noted : int
        Bit i: the run violated property i, or satisfied it if it is a `@sometimes` property. The bit after the last
        property: a thread ended by an exception.
    length, preemptions : int
        Steps, and switches away from a thread that could go on.
    moves : callable
        Gives the thread and the number of the result of each step; to be called before the next run is drawn.
    """

    ending: Ending | None
    noted: int
    length: int
    preemptions: int
    moves: Callable[[], list[tuple[int, int]]]
