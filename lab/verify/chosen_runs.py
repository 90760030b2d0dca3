"""Which runs of a program real threads are led along: all, one of each kind, or so many that every step is taken."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator

from lab.errors import UsageError
from lab.explorer import explore
from lab.model.program import Program
from lab.model.state import State
from lab.verify.plan import BETWEEN_OPCODES, Edge, Plan, Planner

__all__ = ["planned"]

MOST_STATES = 20_000
"""States that are looked at, at most."""


def planned(program: Program, most: int) -> Plan:
    """Return runs of a program to lead real threads along.

    All schedules if there are at most so many; else one of each truly different kind; else so many that each step of
    each state is taken, as a walk finds them, and of these the first if there are more.

    Parameters
    ----------
    most : int
        How many runs there may be, >= 1.

    Raises
    ------
    UsageError
        The program has more states than are looked at.
    """
    planner = Planner(program)
    order = _states(planner)
    number = _schedules(planner, order)
    if number is not None and number <= most:
        kind, runs = "schedules", list(_all(planner))
    else:
        traces = None if number is None else _representatives(planner, most)
        kind, runs = ("steps", list(_covering(planner, order))) if traces is None else ("traces", traces)
    paths = list(map(planner.path, runs[:most]))
    initial = planner.relation.initial()
    return Plan(
        kind,
        tuple(thread.name for thread in program.threads),
        tuple(planner.place(thread, initial) for thread in range(len(program.threads))),
        tuple(planner.places.known),
        tuple(planner.shared.known),
        tuple(json.loads(end) for end in planner.ends.known),
        tuple(path for path in paths if path is not None),
        len(runs) - len(paths),
        paths.count(None),
    )


def _states(planner: Planner) -> list[State]:
    """Return every reachable state, the nearest first."""
    initial = planner.relation.initial()
    found, pending = {initial: None}, deque([initial])
    while pending:
        for edge in planner.edges(pending.popleft()):
            if edge.target not in found:
                if len(found) >= MOST_STATES:
                    raise UsageError(
                        f"{planner.program.name} has more than {MOST_STATES:,} states under {BETWEEN_OPCODES}"
                    )
                found[edge.target] = None
                pending.append(edge.target)
    return list(found)


def _schedules(planner: Planner, order: list[State]) -> int | None:
    """Return the number of schedules; None when there is no end to them."""
    left = dict.fromkeys(order, 0)
    for state in order:
        for edge in planner.edges(state):
            left[edge.target] += 1
    ways = dict.fromkeys(order, 0)
    ways[order[0]] = 1
    pending, done, total = [order[0]] if not left[order[0]] else [], 0, 0
    while pending:
        state = pending.pop()
        done += 1
        edges = planner.edges(state)
        total += 0 if edges else ways[state]
        for edge in edges:
            ways[edge.target] += ways[state]
            left[edge.target] -= 1
            if not left[edge.target]:
                pending.append(edge.target)
    return total if done == len(order) else None


def _all(planner: Planner) -> Iterator[list[Edge]]:
    """Yield every schedule."""
    pending: list[tuple[State, list[Edge]]] = [(planner.relation.initial(), [])]
    while pending:
        state, path = pending.pop()
        edges = planner.edges(state)
        if not edges:
            yield path
        pending.extend((edge.target, [*path, edge]) for edge in reversed(edges))


def _representatives(planner: Planner, most: int) -> list[list[Edge]] | None:
    """Return one schedule of each truly different kind; None when there are more than so many."""
    result = explore(planner.relation, representatives=most, traces=True)
    listed = result.representatives or ()
    if not isinstance(result.traces, int) or len(listed) < result.traces:
        return None
    names = [thread.name for thread in planner.program.threads]
    return [_along(planner, names, one.schedule) for one in listed]


def _along(planner: Planner, names: list[str], schedule: Iterable[str]) -> list[Edge]:
    state, path = planner.relation.initial(), []
    for entry in schedule:
        name, _, choice = (entry, "", "0") if entry in names else entry.rpartition(":")
        thread = names.index(name)
        edge = next(one for one in planner.edges(state) if (one.thread, one.choice) == (thread, int(choice)))
        path.append(edge)
        state = edge.target
    return path


def _covering(planner: Planner, order: list[State]) -> Iterator[list[Edge]]:
    """Yield runs that together take every step of every state.

    Each goes on the shortest way to a step that is missing, and on as long as it comes to others.
    """
    ways: dict[State, tuple[State, Edge] | None] = {order[0]: None}
    for state in order:
        for edge in planner.edges(state):
            ways.setdefault(edge.target, (state, edge))
    left = {state: list(reversed(planner.edges(state))) for state in order}
    for source in order:
        while left[source]:
            path: list[Edge] = []
            way = ways[source]
            while way is not None:
                path.append(way[1])
                way = ways[way[0]]
            path.reverse()
            state = source
            while left[state]:
                path.append(left[state].pop())
                state = path[-1].target
            yield path
