"""Truly different runs: Mazurkiewicz traces, counted without enumerating them.

Two runs are the same trace when one becomes the other by swapping neighbouring independent steps. A walk over pairs
of a state and a set of sleeping steps has exactly one path for each trace of a complete run, so the number of
paths is the number of traces. docs/traces.md says why.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from lab.explorer.bounds import Bounds, Stopped
from lab.explorer.findings.ends import outcome_key, waiting_of
from lab.explorer.memory import Memory
from lab.explorer.protocol import Explorable
from lab.explorer.result import INFINITE, Count, Outcome, Result
from lab.explorer.traces.events import Events
from lab.explorer.traces.futures import Futures
from lab.explorer.traces.graph import TraceGraph

__all__ = ["Traces", "count_traces", "key_of", "with_traces"]


@dataclass(frozen=True)
class Traces:
    """How many traces there are.

    Attributes
    ----------
    finished, deadlocked : Count
        Traces of the runs in which all threads end, and of those that end in a deadlock.
    outcomes : Mapping[Hashable, Count]
        By what can be observed at the end, as `outcome_key` gives it.
    nodes : int
        Pairs of a state and a sleep set that the count took.
    graph : TraceGraph
        These pairs.
    ends : Mapping[Hashable, list of int]
        By outcome, the pairs in which its runs end.
    """

    finished: Count
    deadlocked: Count
    outcomes: Mapping[Hashable, Count]
    nodes: int
    graph: TraceGraph = field(repr=False, compare=False)
    ends: Mapping[Hashable, list[int]] = field(repr=False, compare=False)


def count_traces(
    relation: Explorable,
    *,
    max_nodes: int | None = None,
    deadline: Callable[[], bool] | None = None,
    persistent: bool = True,
    memory: Memory | None = None,
) -> Traces | None:
    """Count the truly different runs of a program exactly.

    Parameters
    ----------
    relation : Relation
        The program under a policy.
    max_nodes : int, optional
        Pairs of state and sleep set to visit at most, >= 1.
    deadline : callable, optional
        Asked now and then; the count stops when it returns True.
    memory : Memory, optional
        The most memory to take.
    persistent : bool
        Whether to leave out threads that none of the chosen ones can meet; the count is the same without.

    Returns
    -------
    Traces or None
        None when a bound was reached, or at an interrupt from the keyboard.

    References
    ----------
    Mazurkiewicz, "Concurrent program schemes and their interpretations" (1977); Katz and Peled, "Defining conditional
    independence using collapses" (1992); Godefroid, "Partial-order methods for the verification of concurrent systems"
    (1996), of which we count the paths instead of walking them.
    """
    try:
        with _no_collections():
            events = Events(relation)
            graph = TraceGraph(events, Futures(events) if persistent else None)
            graph.grow(Bounds(max_nodes, deadline, memory=memory))
            return _summed(relation, graph)
    except (Stopped, KeyboardInterrupt, MemoryError):
        return None


@contextmanager
def _no_collections() -> Iterator[None]:
    """Keep Python from looking for cycles among millions of tuples of which none is in one: half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def with_traces(result: Result, traces: Traces | None) -> Result:
    """Return a complete result with the traces of each outcome and of all finished runs filled in."""
    if traces is None:
        return result
    outcomes = tuple(replace(outcome, traces=_of(outcome, traces)) for outcome in result.outcomes)
    return replace(result, traces=traces.finished, outcomes=outcomes)


def _of(outcome: Outcome, traces: Traces) -> Count:
    if outcome.status not in ("finished", "deadlock"):
        return INFINITE
    return traces.outcomes.get(key_of(outcome), 0)


def key_of(outcome: Outcome) -> Hashable:
    """Return an outcome's key in `Traces.outcomes` and `Traces.ends`."""
    return outcome_key(outcome.status, outcome, outcome.waiting)


def _summed(relation: Explorable, graph: TraceGraph) -> Traces:
    """Return the counts, by what can be observed of the ends."""
    paths = graph.paths()
    totals: dict[str, Count] = {"finished": 0, "deadlock": 0}
    outcomes: dict[Hashable, Count] = {}
    ends: dict[Hashable, list[int]] = {}
    for end in graph.ends:
        status, key = _end(relation, graph, end)
        ends.setdefault(key, []).append(end)
        outcomes[key] = _sum(outcomes.get(key, 0), paths[end])
        totals[status] = _sum(totals[status], paths[end])
    return Traces(totals["finished"], totals["deadlock"], outcomes, len(graph.states), graph, ends)


def _end(relation: Explorable, graph: TraceGraph, end: int) -> tuple[str, Hashable]:
    """Return how runs end that end in a node, and the key of their outcome."""
    state = graph.events.state(graph.numbers(end))
    finished = relation.finished(state)
    status = "finished" if finished else "deadlock"
    waiting = {} if finished else waiting_of(relation, state)
    return status, outcome_key(status, relation.observe(state), waiting)


def _sum(one: Count, other: Count) -> Count:
    return one + other if isinstance(one, int) and isinstance(other, int) else INFINITE
