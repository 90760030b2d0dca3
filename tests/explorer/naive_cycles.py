"""Fairness by brute force: every set of states that a run can stay in for ever is tried, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from tests.explorer.naive import Naive

MOST_LOOPING = 9
"""States on cycles whose subsets are all tried."""


def looping(truth: Naive) -> list[int]:
    """Return the states that can be come back to."""
    return [number for number, after in enumerate(truth.after) if number in after]


def fair_sets(truth: Naive, among: Sequence[int], without: int | None = None) -> Iterator[tuple[set[int], set[int]]]:
    """Give every set of states that a weakly fair run can visit for ever, and the threads that move on all ways in it.

    With `without`, that thread takes no step there.
    """
    threads = range(len(truth.states[0].locals))
    for size in range(1, len(among) + 1):
        for chosen in combinations(among, size):
            inside = set(chosen)
            ways = {
                (source, target, thread)
                for source in chosen
                for target, thread, *_ in truth.edges[source]
                if target in inside and thread != without
            }
            moving = {thread for _, _, thread in ways}
            able = [{thread for _, thread, *_ in truth.edges[number]} for number in chosen]
            if all(_reached(start, ways) == inside for start in chosen) and all(
                thread in moving or any(thread not in some for some in able) for thread in threads
            ):
                yield inside, moving


def _reached(start: int, ways: set[tuple[int, int, int]]) -> set[int]:
    seen: set[int] = set()
    fresh = {start}
    while fresh:
        fresh = {target for source, target, _ in ways if source in fresh} - seen
        seen |= fresh
    return seen


def missed(truth: Naive, held: Sequence[bool]) -> bool:
    """Return whether a finite run, or a weakly fair one without end, comes to no state in which a property is true."""
    if held[0]:
        return False
    seen, fresh = {0}, {0}
    while fresh:
        fresh = {edge[0] for number in fresh for edge in truth.edges[number] if not held[edge[0]]} - seen
        seen |= fresh
    return any(end in seen for end in truth.ends) or any(
        True for _ in fair_sets(truth, [number for number in looping(truth) if number in seen])
    )
