"""Runs as paths of the graph of traces: found one by one, put in thread order, and their schedules counted."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import heappop, heappush
from typing import NamedTuple, TypeAlias

from lab.explorer.traces.dependence import dependent
from lab.explorer.traces.events import Events
from lab.explorer.traces.graph import TraceGraph

__all__ = ["Performed", "Run", "first_schedule", "interleavings", "shortest_paths"]

_IDEALS = 10_000
"""Beginnings of a run, up to swapping, from which on its schedules are not counted."""


class Performed(NamedTuple):
    """A step of a run: whose, which event, and as which of those results of the step that do the same."""

    thread: int
    event: int
    rank: int


Run = tuple[Performed, ...]

_Link: TypeAlias = "tuple[_Link, int, int] | None"
"""A path: the path before its last step, the node it leaves, the position in that node's plan."""


def shortest_paths(graph: TraceGraph, ends: Collection[int]) -> Iterator[Run]:
    """Yield a run for each path from the start to one of some end nodes, the shorter before the longer.

    Notes
    -----
    A search guided by the exact distance to the ends: every path under way is the beginning of one that will be
    yielded, so between two runs there are at most as many steps as the second is long, and cycles do no harm.
    """
    distance = _distances(graph, ends)
    pending: list[tuple[int, int, int, int, _Link]] = [(distance[0], distance[0], 0, 0, None)] if 0 in distance else []
    found, number = frozenset(ends), 0
    while pending:
        length, left, _, node, path = heappop(pending)  # of equally short ones the one that is nearest to an end
        if node in found:
            yield _run(graph, path)
        for place, target in enumerate(graph.targets[node]):
            if target in distance:
                number += 1
                further = distance[target]
                heappush(pending, (length - left + 1 + further, further, number, target, (path, node, place)))


def first_schedule(events: Events, run: Run) -> tuple[Run, tuple[str, ...]]:
    """Return the first in thread order of the schedules that a run stands for: its steps, and results by number.

    The second part has for each step the number of its result where there are several, and "" where there is one.
    """
    before = _before(events, run)
    order, done = list[int](), 0
    while len(order) < len(run):
        ready = [place for place in range(len(run)) if not done >> place & 1 and before[place] & ~done == 0]
        place = min(ready, key=lambda one: run[one].thread)
        order.append(place)
        done |= 1 << place
    first = tuple(run[place] for place in order)
    return first, _results(events, first)


def interleavings(events: Events, run: Run, most: int = _IDEALS) -> int | None:
    """Return how many schedules a run stands for; None where that takes more than `most` beginnings to count.

    Notes
    -----
    A beginning is a set of steps that holds all that its steps depend on; the orders of a set are those of the sets
    with one step less.
    """
    before = _before(events, run)
    own: dict[int, list[int]] = {}
    for place, step in enumerate(run):
        own.setdefault(step.thread, []).append(place)
    orders, looked = {0: 1}, 0
    for _ in run:
        longer: dict[int, int] = {}
        for done, count in orders.items():
            for places in own.values():
                for place in (place for place in places if not done >> place & 1):
                    if before[place] & ~done == 0:
                        after = done | 1 << place
                        longer[after] = longer.get(after, 0) + count
                    break  # what a thread does later depends on what it does next
        orders = longer
        looked += len(orders)
        if looked > most:
            return None
    return sum(orders.values())


def _before(events: Events, run: Run) -> list[int]:
    """Return for each step the earlier ones that it depends on, as a set of bits."""
    touches = [events.touch[step.event] for step in run]
    return [
        sum(1 << earlier for earlier in range(place) if dependent(touches[earlier], touch))
        for place, touch in enumerate(touches)
    ]


def _distances(graph: TraceGraph, ends: Collection[int]) -> dict[int, int]:
    """Return for each node from which some end can be reached the number of steps that takes."""
    sources: list[list[int]] = [[] for _ in graph.states]
    for source, targets in enumerate(graph.targets):
        for target in targets:
            sources[target].append(source)
    distance = dict.fromkeys(ends, 0)
    for node in (reached := list(ends)):
        for source in sources[node]:
            if source not in distance:
                distance[source] = distance[node] + 1
                reached.append(source)
    return distance


def _run(graph: TraceGraph, path: _Link) -> Run:
    steps = []
    while path is not None:
        path, node, place = path
        thread, result, _ = graph.plans[node][place]
        happened = graph.events.next(thread, graph.numbers(node)).events
        steps.append(Performed(thread, happened[result], happened[:result].count(happened[result])))
    return tuple(reversed(steps))


def _results(events: Events, run: Run) -> tuple[str, ...]:
    """Return the number of each step's result when the steps happen in that order."""
    numbers, found = list(events.initial()), []
    for thread, event, rank in run:
        step = events.next(thread, numbers)
        alike = [place for place, other in enumerate(step.events) if other == event]
        found.append(str(alike[rank]) if len(step.events) > 1 else "")
        for place, value in step.happenings[alike[rank]].sets:
            numbers[place] = value
    return tuple(found)
