"""Persistent sets: threads that the others cannot meet before one of them has moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lab.explorer.dependence import dependent
from lab.explorer.events import Next
from lab.explorer.futures import Futures

__all__ = ["choose"]


def choose(futures: Futures, state: Sequence[int], steps: Sequence[Next], sleep: frozenset[int]) -> tuple[int, ...]:
    """Return threads, ascending, of which one moves first in some order of every run from that state that ends.

    Parameters
    ----------
    futures : Futures
        What each thread may still touch.
    state : sequence of int
        The numbers of the state.
    steps : sequence of Next
        Each thread's step there.
    sleep : frozenset of int
        The events that need not be taken.

    Notes
    -----
    A set of threads is closed when it holds, with each enabled member, every thread that may ever touch what the
    member's step touches, and with each member that waits, every thread that may ever change what it waits for. As
    long as no member moves, no other thread does anything dependent on an enabled member's step, and none enables a
    waiting member. So in a run that ends, the first member to move is an enabled one, and it could have moved first.
    Of the closed sets around each enabled thread the one with the fewest awake results is taken, the first of several.
    """
    may = [futures.of(thread, state[thread]) for thread in range(len(steps))]
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
            awake = sum(
                happening.event not in sleep for thread in _members(members) for happening in steps[thread].happenings
            )
            if fewest < 0 or awake < fewest:
                best, fewest = members, awake
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
