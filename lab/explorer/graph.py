"""The state graph of a small scenario, spelled out state by state, for figures and for reading.

This is a plain breadth-first search over the transition relation. It keeps every state and every edge, so it is meant
for scenarios of some thousand states; `lab.explorer.explore` answers questions about large ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lab.errors import UsageError
from lab.model.state import FAILED, Access, State, Waiting
from lab.model.values import Thrown, Value

if TYPE_CHECKING:
    from lab.model.program import Property
    from lab.model.relation import Relation

__all__ = ["Edge", "Schedule", "StateGraph", "interleavings", "state_graph"]

Schedule = tuple[str, ...]


@dataclass(frozen=True)
class Edge:
    """One transition: from state `source` one thread's step, with one of its results, leads to state `target`.

    `entry` is the schedule entry that takes it; it names the result only where the step has several.
    """

    source: int
    thread: int
    result: int
    target: int
    entry: str
    accesses: tuple[Access, ...]


@dataclass(frozen=True)
class StateGraph:
    """Every reachable state, numbered in breadth-first order from the initial one, and every transition.

    Attributes
    ----------
    levels : tuple of int
        The number of steps on the shortest way to each state.
    ends, deadlocks, failed : frozenset of int
        States in which every thread has ended; in which some have not and none can move; ends with an exception.
    faults : Mapping[int, tuple of str]
        What is wrong in a state: each `@always` property it violates, and at an end each `@final` one, the
        exceptions, "deadlock". States without a fault are left out.
    waiting : Mapping[int, Mapping[int, Waiting]]
        The threads that are blocked in a state, and on what.
    shared : tuple of Mapping
        The observed shared values of each state.
    """

    scenario: str
    title: str
    policy: str
    threads: tuple[str, ...]
    states: tuple[State, ...]
    edges: tuple[Edge, ...]
    levels: tuple[int, ...]
    ends: frozenset[int]
    deadlocks: frozenset[int]
    failed: frozenset[int]
    faults: Mapping[int, tuple[str, ...]]
    waiting: Mapping[int, Mapping[int, Waiting]]
    shared: tuple[Mapping[str, Any], ...]

    @cached_property
    def leaving(self) -> tuple[tuple[Edge, ...], ...]:
        """The edges that leave each state, in thread order, then by result."""
        edges: list[list[Edge]] = [[] for _ in self.states]
        for edge in self.edges:
            edges[edge.source].append(edge)
        return tuple(tuple(some) for some in edges)

    @cached_property
    def order(self) -> tuple[int, ...] | None:
        """The states in topological order, None when the graph has a cycle."""
        entering = [0] * len(self.states)
        for edge in self.edges:
            entering[edge.target] += 1
        ready = deque([0]) if not entering[0] else deque()
        order: list[int] = []
        while ready:
            state = ready.popleft()
            order.append(state)
            for edge in self.leaving[state]:
                entering[edge.target] -= 1
                if not entering[edge.target]:
                    ready.append(edge.target)
        return tuple(order) if len(order) == len(self.states) else None

    @cached_property
    def schedules(self) -> int | None:
        """The number of maximal runs, deadlocked ones included; None when it is infinite."""
        if self.order is None:
            return None
        runs = [0] * len(self.states)
        for state in reversed(self.order):
            runs[state] = sum(runs[edge.target] for edge in self.leaving[state]) if self.leaving[state] else 1
        return runs[0]

    @cached_property
    def doomed(self) -> frozenset[int]:
        """The states from which every run goes wrong: into a faulty end, or through a faulty state.

        In a graph with cycles a run may also stay away from every end; such a state is not doomed.
        """
        doomed = set(self.faults)
        changed = True
        while changed:
            changed = False
            for state in range(len(self.states) - 1, -1, -1):
                edges = self.leaving[state]
                if state not in doomed and edges and all(edge.target in doomed for edge in edges):
                    doomed.add(state)
                    changed = True
        return frozenset(doomed)

    def walk(self, schedule: Schedule) -> tuple[int, ...]:
        """Return the states that a schedule passes, from the initial one on.

        Raises
        ------
        UsageError
            When an entry is not possible where it stands.
        """
        states = [0]
        for position, entry in enumerate(schedule, 1):
            for edge in self.leaving[states[-1]]:
                if entry == edge.entry or (entry == self.threads[edge.thread] and edge.result == 0):
                    states.append(edge.target)
                    break
            else:
                raise UsageError(f"entry {position} of the schedule, {entry}, is not possible there")
        return tuple(states)

    def faults_of(self, schedule: Schedule) -> tuple[str, ...]:
        """Return everything that goes wrong on a schedule, in the order in which it happens, each once."""
        found = [fault for state in self.walk(schedule) for fault in self.faults.get(state, ())]
        return tuple(dict.fromkeys(found))

    def bad_schedule(self) -> Schedule | None:
        """Return the shortest schedule to a fault, the first in thread order; None when nothing goes wrong."""
        before: dict[int, Edge] = {}
        ready = deque([0])
        seen = {0}
        while ready:
            state = ready.popleft()
            if state in self.faults:
                entries: list[str] = []
                while state:
                    entries.append(before[state].entry)
                    state = before[state].source
                return tuple(reversed(entries))
            for edge in self.leaving[state]:
                if edge.target not in seen:
                    seen.add(edge.target)
                    before[edge.target] = edge
                    ready.append(edge.target)
        return None


def state_graph(relation: Relation, limit: int = 10_000) -> StateGraph:
    """Explore every reachable state of a small scenario.

    Parameters
    ----------
    relation : Relation
        The scenario under a policy.
    limit : int
        The largest number of states; >= 1.

    Raises
    ------
    UsageError
        When there are more states than `limit`.
    """
    names = tuple(thread.name for thread in relation.program.threads)
    first = relation.initial()
    numbers = {first: 0}
    states, levels = [first], [0]
    edges: list[Edge] = []
    for source, state in enumerate(states):  # grows while it is read
        for thread, name in enumerate(names):
            results = relation.steps(state, thread)
            for result, (step, after) in enumerate(results):
                if after not in numbers:
                    if len(states) >= limit:
                        raise UsageError(f"{relation.program.name} has more than {limit:,} states: too many to draw")
                    numbers[after] = len(states)
                    states.append(after)
                    levels.append(levels[source] + 1)
                entry = f"{name}:{result}" if len(results) > 1 else name
                edges.append(Edge(source, thread, result, numbers[after], entry, step.accesses))
    return _judged(relation, names, tuple(states), tuple(edges), tuple(levels))


def _judged(
    relation: Relation,
    names: tuple[str, ...],
    states: tuple[State, ...],
    edges: tuple[Edge, ...],
    levels: tuple[int, ...],
) -> StateGraph:
    moving = {edge.source for edge in edges}
    seen = tuple(relation.observe(state) for state in states)
    ends = frozenset(n for n, state in enumerate(states) if relation.finished(state))
    deadlocks = frozenset(n for n in range(len(states)) if n not in moving and n not in ends)
    failed = frozenset(n for n in ends if any(local.position == FAILED for local in states[n].locals))
    faults: dict[int, tuple[str, ...]] = {}
    waiting: dict[int, Mapping[int, Waiting]] = {}
    for number, state in enumerate(states):
        found = list(_violated(relation, state, number in ends))
        if number not in moving:
            found += [f"{name}: {error}" for name, error in seen[number].errors.items()]
        found += ["deadlock"] * (number in deadlocks)
        if found:
            faults[number] = tuple(found)
        blocked = ((thread, relation.waiting(state, thread)) for thread in range(len(names)))
        if some := {thread: why for thread, why in blocked if why is not None}:
            waiting[number] = some
    program = relation.program
    return StateGraph(
        program.name, program.title, relation.policy.name, names, states, edges, levels,
        ends, deadlocks, failed, faults, waiting, tuple(some.shared for some in seen),
    )  # fmt: skip


def _violated(relation: Relation, state: State, at_end: bool) -> tuple[str, ...]:
    """Name the properties that a state violates; one that raises is violated."""

    def inside(region: str) -> tuple[str, ...]:
        threads = relation.program.threads
        return tuple(
            thread.name
            for number, thread in enumerate(threads)
            if region in relation.regions(number, state.locals[number])
        )

    def holds(prop: Property, read: Callable[[int], Value]) -> bool:
        value = relation.judge(prop, read, inside)
        return not isinstance(value, Thrown) and bool(value)

    kinds = ("always", "final") if at_end else ("always",)
    return tuple(
        prop.name
        for prop in relation.program.properties
        if prop.kind in kinds and not holds(prop, state.shared.__getitem__)
    )


def interleavings(relation: Relation, limit: int = 1_000) -> tuple[Schedule, ...]:
    """List every complete schedule of a small scenario, deadlocked ones included, in thread order.

    Raises
    ------
    UsageError
        When there are more than `limit`, or infinitely many.
    """
    graph = state_graph(relation)
    count = graph.schedules
    if count is None:
        raise UsageError(f"{graph.scenario} has infinitely many interleavings: a thread can repeat a step for ever")
    if count > limit:
        raise UsageError(f"{graph.scenario} has {count:,} interleavings, more than the {limit:,} that can be listed")
    found: list[Schedule] = []
    stack: list[tuple[int, Schedule]] = [(0, ())]
    while stack:
        state, schedule = stack.pop()
        if not graph.leaving[state]:
            found.append(schedule)
        stack += [(edge.target, (*schedule, edge.entry)) for edge in reversed(graph.leaving[state])]
    return tuple(found)
