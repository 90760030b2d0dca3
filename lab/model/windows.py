"""The windows of a scenario: from where a thread reads something shared to where it writes it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.model.policies import POLICIES
from lab.model.relation import Relation

if TYPE_CHECKING:
    from lab.model.program import Program

__all__ = ["Window", "lines_of", "windows"]

MOST_STEPS = 500
"""Steps of a thread that are followed."""


@dataclass(frozen=True)
class Window:
    """One thread's way from a read of a location to its write.

    Attributes
    ----------
    thread : int
        Whose it is.
    location : str
        What is read and then written.
    lines : tuple of int
        The lines of the read and of the write.
    positions : tuple of int
        Where the thread stands before the read and before each step after it, the write included. A switch in front
        of any but the first is one inside the window.
    """

    thread: int
    location: str
    lines: tuple[int, int]
    positions: tuple[int, ...]


def windows(program: Program) -> tuple[Window, ...]:
    """Return each thread's windows, in the order of their writes.

    Notes
    -----
    Each thread is followed alone from the start, by the first result of each of its steps; what it does only after
    another thread has moved is not seen. Operations that synchronise open no window.
    """
    relation = Relation(program, POLICIES["access"])
    found: list[Window] = []
    for thread in range(len(program.threads)):
        state, opened, walked = relation.initial(), dict[str, tuple[int, int]](), list[int]()
        for _ in range(MOST_STEPS):
            steps = relation.steps(state, thread)
            if not steps:
                break
            walked.append(state.locals[thread].position)
            step, state = steps[0]
            for access in step.accesses:
                if access.atomic:
                    continue
                if not access.writes:
                    opened[access.location] = access.line, len(walked) - 1
                elif access.location in opened:
                    line, first = opened.pop(access.location)
                    found.append(Window(thread, access.location, (line, access.line), tuple(walked[first:])))
    return tuple(found)


def lines_of(program: Program) -> dict[int, list[str]]:
    """Return for each line the locations whose windows it is part of, in the order of their writes."""
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for window in windows(program):
        for line in range(window.lines[0], window.lines[1] + 1):
            found[line][window.location] = None
    return {line: list(locations) for line, locations in found.items()}
