"""Truly different runs: Mazurkiewicz traces, counted without enumerating them.

Two runs are the same trace when one becomes the other by swapping neighbouring independent steps. A walk over pairs
of a state and a set of sleeping steps has exactly one path for each trace of a complete run, so the number of
paths is the number of traces. docs/traces.md says why.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from lab.explorer.bounds import Bounds, Stopped
from lab.explorer.dependence import dependent
from lab.explorer.ends import outcome_key, waiting_of
from lab.explorer.events import Events, Next
from lab.explorer.futures import Futures
from lab.explorer.persistent import choose
from lab.explorer.protocol import Explorable
from lab.explorer.result import INFINITE, Count, Outcome, Result

__all__ = ["Traces", "count_traces", "with_traces"]

_Node = tuple[tuple[int, ...], frozenset[int]]
"""A state's numbers, and the events asleep there."""

_BATCH = 256
"""Nodes between two looks at the clock."""


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
    """

    finished: Count
    deadlocked: Count
    outcomes: Mapping[Hashable, Count]
    nodes: int


def count_traces(
    relation: Explorable,
    *,
    max_nodes: int | None = None,
    deadline: Callable[[], bool] | None = None,
    persistent: bool = True,
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
    walk = _Walk(relation, persistent)
    try:
        walk.run(Bounds(max_nodes, deadline))
    except (Stopped, KeyboardInterrupt):
        return None
    return walk.result()


def with_traces(result: Result, traces: Traces | None) -> Result:
    """Return a complete result with the traces of each outcome and of all finished runs filled in."""
    if traces is None:
        return result
    outcomes = tuple(replace(outcome, traces=_of(outcome, traces)) for outcome in result.outcomes)
    return replace(result, traces=traces.finished, outcomes=outcomes)


def _of(outcome: Outcome, traces: Traces) -> Count:
    if outcome.status not in ("finished", "deadlock"):
        return INFINITE
    return traces.outcomes.get(outcome_key(outcome.status, outcome, outcome.waiting), 0)


@dataclass
class _Walk:
    """The graph of nodes: `targets[k]` are the nodes that node k leads to, once for each event."""

    relation: Explorable
    persistent: bool = True
    nodes: list[_Node] = field(default_factory=list)
    targets: list[list[int]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events = Events(self.relation)
        self.futures = Futures(self.events) if self.persistent else None
        self._numbers: dict[_Node, int] = {}

    def run(self, bounds: Bounds) -> None:
        """Find all nodes; raises `Stopped` at a bound."""
        self._number((self.events.initial(), frozenset()))
        for number, (state, sleep) in enumerate(self.nodes):
            if number % _BATCH == 0:
                bounds.check(len(self.nodes), 0, 0)
            steps = [self.events.next(thread, state) for thread in range(self.events.threads)]
            if not any(step.happenings for step in steps):
                self.ends.append(number)
            taken = range(len(steps)) if self.futures is None else choose(self.futures, state, steps, sleep)
            self.targets.append([self._number(node) for node in self._after(state, sleep, steps, taken)])
            if bounds.max_states is not None and len(self.nodes) > bounds.max_states:
                raise Stopped("states")

    def _after(
        self, state: tuple[int, ...], sleep: frozenset[int], steps: list[Next], taken: range | tuple[int, ...]
    ) -> Iterator[_Node]:
        """Yield the nodes that follow: what was taken before sleeps until something dependent on it happens."""
        touch, asleep = self.events.touch, set(sleep)
        here = {happening.event for step in steps for happening in step.happenings}
        if not sleep <= here:
            raise AssertionError("a step that slept has changed, although only independent ones came in between")
        for thread in taken:
            for event, sets in steps[thread].happenings:
                if event in sleep:
                    continue
                after = list(state)
                for place, value in sets:
                    after[place] = value
                own = touch[event]
                yield tuple(after), frozenset([other for other in asleep if not dependent(touch[other], own)])
                asleep.add(event)

    def _number(self, node: _Node) -> int:
        number = self._numbers.setdefault(node, len(self.nodes))
        if number == len(self.nodes):
            self.nodes.append(node)
        return number

    def paths(self) -> list[Count]:
        """Return for each node the number of paths from the start; INFINITE behind a cycle."""
        paths, waiting = [0] * len(self.nodes), [0] * len(self.nodes)
        for targets in self.targets:
            for target in targets:
                waiting[target] += 1
        paths[0] = 1
        released = [] if waiting[0] else [0]
        for number in released:
            for target in self.targets[number]:
                paths[target] += paths[number]
                waiting[target] -= 1
                if not waiting[target]:
                    released.append(target)
        return [INFINITE if left else count for count, left in zip(paths, waiting, strict=True)]

    def result(self) -> Traces:
        """Return the counts, by what can be observed of the ends."""
        paths, sums = self.paths(), dict.fromkeys(("finished", "deadlock"), 0)
        totals: dict[str, Count] = {**sums}
        outcomes: dict[Hashable, Count] = {}
        for end in self.ends:
            state = self.events.state(self.nodes[end][0])
            finished = all(local.ended for local in state.locals)
            status = "finished" if finished else "deadlock"
            waiting = {} if finished else waiting_of(self.relation, state)
            key = outcome_key(status, self.relation.observe(state), waiting)
            outcomes[key] = _sum(outcomes.get(key, 0), paths[end])
            totals[status] = _sum(totals[status], paths[end])
        return Traces(totals["finished"], totals["deadlock"], outcomes, len(self.nodes))


def _sum(one: Count, other: Count) -> Count:
    return one + other if isinstance(one, int) and isinstance(other, int) else INFINITE
