"""Truly different runs, one by one: a schedule for each, and how many schedules it stands for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from itertools import islice

from lab.explorer.bounds import Bounds, Stopped
from lab.explorer.protocol import Explorable
from lab.explorer.result import Count, Representative, Result
from lab.explorer.traces.count import Traces, key_of
from lab.explorer.traces.events import Events
from lab.explorer.traces.runs import Run, first_schedule, interleavings, shortest_paths

__all__ = ["with_representatives"]


def with_representatives(
    result: Result, relation: Explorable, traces: Traces, most: int, deadline: Callable[[], bool] | None = None
) -> Result:
    """Return a result with at most so many truly different runs, shared out evenly among the outcomes.

    Those of an outcome are its shortest ones. There are fewer where time or memory is up, or at an interrupt.
    """
    shares = _shared_out(most, [traces.outcomes.get(key_of(outcome), 0) for outcome in result.outcomes])
    names = [thread.name for thread in relation.program.threads]
    found: list[Representative] = []
    with suppress(Stopped, KeyboardInterrupt, MemoryError):
        for number, (outcome, share) in enumerate(zip(result.outcomes, shares, strict=True)):
            for run in islice(shortest_paths(traces.graph, traces.ends.get(key_of(outcome), ())), share):
                Bounds(deadline=deadline).check(0, 0, 0)
                found.append(_representative(traces.graph.events, names, number, run))
    places = {name: place for place, name in enumerate(names)}

    def order(one: Representative) -> tuple[int, int, list[tuple[int, int]]]:
        entries = [entry.partition(":") for entry in one.schedule]
        return one.outcome, len(entries), [(places[name], int(result or 0)) for name, _, result in entries]

    return replace(result, representatives=tuple(sorted(found, key=order)))


def _representative(events: Events, names: list[str], outcome: int, run: Run) -> Representative:
    first, results = first_schedule(events, run)
    schedule = (
        f"{names[step.thread]}:{number}" if number else names[step.thread]
        for step, number in zip(first, results, strict=True)
    )
    return Representative(outcome, tuple(schedule), interleavings(events, run))


def _shared_out(most: int, counts: list[Count]) -> list[int]:
    """Return how many of each to take: as evenly as the counts allow, the earlier ones first.

    Examples
    --------
    >>> from lab.explorer.result import INFINITE
    >>> _shared_out(7, [1, 10, 10]), _shared_out(100, [1, 2]), _shared_out(3, [INFINITE, 0])
    ([1, 3, 3], [1, 2], [3, 0])
    """
    shares = [0] * len(counts)
    room = [count if isinstance(count, int) else most for count in counts]
    wanting = [place for place, count in enumerate(room) if count]
    while most and wanting:
        each = max(1, most // len(wanting))
        for place in wanting[:most]:
            more = min(each, room[place] - shares[place])
            shares[place] += more
            most -= more
        wanting = [place for place in wanting if shares[place] < room[place]]
    return shares
