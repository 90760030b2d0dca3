"""Persistent sets: threads that the others cannot meet before one of them has moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab.explorer.traces.dependence import Touch, dependent
from lab.explorer.traces.events import Next

__all__ = ["choose"]


def choose(steps: Sequence[Next], may: Sequence[Touch], awake: Sequence[int]) -> tuple[int, ...]:
    """Return threads, ascending, of which one moves first in some order of every run from a state that ends.

    Parameters
    ----------
    steps : sequence of Next
        Each thread's step in that state.
    may : sequence of Touch
        What each thread may still touch, that step included.
    awake : sequence of int
        How many results of each step do not sleep.

    Notes
    -----
    A set of threads is closed when it holds, with each enabled member, every thread that may ever touch what the
    member's step touches, and with each member that waits, every thread that may ever change what it waits for. As
    long as no member moves, no other thread does anything dependent on an enabled member's step, and none enables a
    waiting member. So in a run that ends, the first member to move is an enabled one, and it could have moved first.
    Of the closed sets around each enabled thread the one with the fewest awake results is taken, the first of several.
    """
    pulls: list[int | None] = [None] * len(steps)

    def pull(thread: int) -> int:
        found = pulls[thread]
        if found is None:
            step = steps[thread]
            found = 0
            for other, touch in enumerate(may):
                if dependent(touch, step.touch) if step.happenings else touch.changed & step.awaited:
                    found |= 1 << other
            pulls[thread] = found
        return found

    best, fewest = 0, -1
    for seed, step in enumerate(steps):
        if step.happenings:
            members = _closure(1 << seed, pull)
            count = sum(awake[thread] for thread in _members(members))
            if fewest < 0 or count < fewest:
                best, fewest = members, count
            if fewest <= 1:
                break
    return tuple(thread for thread in _members(best) if steps[thread].happenings)


def _closure(members: int, pull: Callable[[int], int]) -> int:
    done = 0
    while members & ~done:
        left = members & ~done
        thread = (left & -left).bit_length() - 1
        done |= 1 << thread
        members |= pull(thread)
    return members


def _members(members: int) -> list[int]:
    return [thread for thread in range(members.bit_length()) if members >> thread & 1]
