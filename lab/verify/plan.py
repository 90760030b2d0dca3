"""What the model says step for step, in a form in which real threads can be led along it.

A place is where in the text a thread stands, and what it does next there. A step of a plan is a thread, and where it
stands when it has gone on; beside it what is shared then. Who leads threads can switch between any two opcodes, so the
model is asked under the policy that says just that.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lab.errors import UsageError
from lab.explorer import explore
from lab.model.instructions import Operate, Operation, Span
from lab.model.objects.waiting import Condition
from lab.model.operations import LeaveRegion, Load, Store
from lab.model.policies import POLICIES
from lab.model.program import Program
from lab.model.relation import Relation
from lab.model.state import Local, State, Step

__all__ = ["BETWEEN_OPCODES", "ENDED", "PARKED", "Plan", "planned"]

BETWEEN_OPCODES = "cpython-2.7"
"""The policy under which another thread may run after any opcode, and inside none."""

ENDED, PARKED = -1, -2
"""Places of a thread that has ended; that waits inside of an operation that takes two steps."""

MOST_STATES = 20_000
"""States that are looked at, at most."""

_METHODS = {
    "__getattr__": "get attribute",
    "__setattr__": "set attribute",
    "__delattr__": "delete attribute",
    "__getitem__": "get item",
    "__setitem__": "set item",
    "__delitem__": "delete item",
    "__next__": "next",
    "__enter__": "enter",
    "__exit__": "exit",
    "__bool__": "test",
    "__contains__": "compare",
}
_IN_CELLS = {"get attribute": ("load",), "set attribute": ("store",)}
_OTHERS = {"Compare": "compare", "Arithmetic": "operate", "ExtendOrAdd": "operate", "Text": "text", "Format": "text"}
_UNTIMELY = ("time out", "wake by itself")


class Place(NamedTuple):
    """Where a thread stands: the stretch of text, what kinds of opcodes do its next access, and on which name."""

    span: Span
    kinds: tuple[str, ...]
    name: str | None


class Move(NamedTuple):
    """One step of a run.

    Attributes
    ----------
    thread, place : int
        Who runs, and where it stands afterwards: a number of a place, `ENDED` or `PARKED`.
    shared : int
        The number of the text that says what is shared afterwards.
    choice, results : int
        Which of the results of the step this is, and how many there are.
    woken : tuple of int
        The threads that are notified at a condition.
    """

    thread: int
    place: int
    shared: int
    choice: int
    results: int
    woken: tuple[int, ...]


class Path(NamedTuple):
    """One run: its moves, and the number of what can be observed at its end, None where it stops before an end."""

    moves: tuple[Move, ...]
    end: int | None


@dataclass(frozen=True)
class Plan:
    """Runs of a program, as the model says they go.

    Attributes
    ----------
    kind : str
        Which runs these are: "schedules" (all of them), "traces" (one of each that are truly different) or "steps" (so
        many that each step of each state is taken).
    threads, start : tuple
        The names of the threads, and where they stand at first.
    places, shared, ends : tuple
        What the numbers in the paths stand for; what is shared is written as JSON, keys sorted.
    paths : tuple of Path
        The runs.
    untimely : int
        How many runs were left out because they need a time-out at a moment that only a schedule can choose.
    """

    kind: str
    threads: tuple[str, ...]
    start: tuple[int, ...]
    places: tuple[Place, ...]
    shared: tuple[str, ...]
    ends: tuple[Mapping[str, Any], ...]
    paths: tuple[Path, ...]
    untimely: int

    def as_plain(self) -> dict[str, Any]:
        """Return what the program that leads the threads reads."""
        shared = [json.loads(text) for text in self.shared]
        return {
            "threads": self.threads,
            "start": self.start,
            "places": self.places,
            "shared": shared,
            "ends": self.ends,
            "paths": self.paths,
        }


@dataclass
class _Numbers:
    """Numbers things in the order in which they come."""

    known: dict[Any, int] = field(default_factory=dict)

    def of(self, thing: Any) -> int:
        return self.known.setdefault(thing, len(self.known))


class _Edge(NamedTuple):
    thread: int
    step: Step
    target: State
    choice: int
    results: int


class _Planner:
    """Walks through the states of a program, and writes runs down."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.relation = Relation(program, POLICIES[BETWEEN_OPCODES])
        self.finest = self.relation.finest()
        self.places, self.shared, self.ends = _Numbers(), _Numbers(), _Numbers()
        self.conditions = tuple(one for one in program.heap if isinstance(one, Condition))
        self._edges: dict[State, tuple[_Edge, ...]] = {}
        self._shown: dict[State, int] = {}

    def edges(self, state: State) -> tuple[_Edge, ...]:
        """Return every step that is possible in a state."""
        found = self._edges.get(state)
        if found is None:
            found = self._edges[state] = tuple(
                _Edge(thread, step, target, choice, len(steps))
                for thread in range(len(self.program.threads))
                for steps in [self.relation.steps(state, thread)]
                for choice, (step, target) in enumerate(steps)
            )
        return found

    def path(self, edges: Iterable[_Edge]) -> Path | None:
        """Return a run as moves; None when it needs a time-out."""
        state = self.relation.initial()
        moves = []
        for edge in edges:
            if any(access.operation in _UNTIMELY for access in edge.step.accesses):
                return None
            if not self._leaves_a_region(edge, state):
                place = self.place(edge.thread, edge.target)
                moves.append(
                    Move(
                        edge.thread,
                        place,
                        self._shared(edge.target),
                        edge.choice,
                        edge.results,
                        self._woken(state, edge.target),
                    )
                )
            state = edge.target
        return Path(tuple(moves), None if self.edges(state) else self._end(state))

    def _leaves_a_region(self, edge: _Edge, state: State) -> bool:
        local = state.locals[edge.thread]
        return isinstance(self._operation(edge.thread, local), LeaveRegion) and not edge.step.accesses

    def _operation(self, thread: int, local: Local) -> Operation | None:
        if local.ended:
            return None
        instruction = self.program.threads[thread].code.instructions[local.position]
        assert isinstance(instruction, Operate)
        return instruction.operation

    def place(self, thread: int, state: State) -> int:
        """Return where a thread stands: in front of its next access, which leaving a region is not."""
        local = state.locals[thread]
        while isinstance(operation := self._operation(thread, local), LeaveRegion):
            [step] = self.finest.step(thread, local, state.shared.__getitem__)
            local = step.local
        if operation is None:
            return ENDED
        name = getattr(operation, "name", None)
        if name == "__resume__":
            return PARKED
        return self.places.of(Place(self.relation.place(thread, local).span, *_kinds(operation)))

    def _woken(self, before: State, after: State) -> tuple[int, ...]:
        woken: set[int] = set()
        for one in self.conditions:
            woken.update(set(after.shared[one.component][1]) - set(before.shared[one.component][1]))
        return tuple(sorted(woken))

    def _shared(self, state: State) -> int:
        number = self._shown.get(state)
        if number is None:
            text = json.dumps(self.relation.observe(state).shared, sort_keys=True)
            number = self._shown[state] = self.shared.of(text)
        return number

    def _end(self, state: State) -> int:
        seen = self.relation.observe(state)
        finished = all(local.ended for local in state.locals)
        end = {
            "status": "finished" if finished else "deadlock",
            "shared": seen.shared,
            "returned": seen.returned,
            "errors": seen.errors,
            "output": list(seen.output or ()),
            "waiting": [self.program.threads[t].name for t, local in enumerate(state.locals) if not local.ended],
        }
        return self.ends.of(json.dumps(end, sort_keys=True))


def _kinds(operation: Operation) -> tuple[tuple[str, ...], str | None]:
    """Return what kinds of opcodes may perform an operation, the likeliest first, and the name that these have."""
    if isinstance(operation, Load | Store):
        return ("load" if isinstance(operation, Load) else "store",), operation.name
    method = getattr(operation, "name", "")
    kind = _METHODS.get(method) or _OTHERS.get(type(operation).__name__)
    likeliest = (kind, *_IN_CELLS.get(kind, ())) if kind else ()
    return (*likeliest, "call", *(["wait"] if method == "wait" else [])), None


def planned(program: Program, most: int) -> Plan:
    """Return runs of a program to lead real threads along.

    All schedules if there are at most so many; else one of each truly different kind; else so many that each step of
    each state is taken, in as few runs as a walk finds.

    Parameters
    ----------
    most : int
        How many runs there may be, >= 1.

    Raises
    ------
    UsageError
        The program has more states than are looked at, or more runs are needed.
    """
    planner = _Planner(program)
    order = _states(planner)
    number = _schedules(planner, order)
    if number is not None and number <= most:
        kind, runs = "schedules", list(_all(planner))
    else:
        traces = None if number is None else _representatives(planner, most)
        kind, runs = ("steps", list(_covering(planner, order))) if traces is None else ("traces", traces)
    paths = list(map(planner.path, runs))
    if len(runs) > most:
        raise UsageError(f"{program.name} needs {len(runs):,} runs, more than {most:,}")
    initial = planner.relation.initial()
    return Plan(
        kind,
        tuple(thread.name for thread in program.threads),
        tuple(planner.place(thread, initial) for thread in range(len(program.threads))),
        tuple(planner.places.known),
        tuple(planner.shared.known),
        tuple(json.loads(end) for end in planner.ends.known),
        tuple(path for path in paths if path is not None),
        paths.count(None),
    )


def _states(planner: _Planner) -> list[State]:
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


def _schedules(planner: _Planner, order: list[State]) -> int | None:
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


def _all(planner: _Planner) -> Iterator[list[_Edge]]:
    """Yield every schedule."""
    pending: list[tuple[State, list[_Edge]]] = [(planner.relation.initial(), [])]
    while pending:
        state, path = pending.pop()
        edges = planner.edges(state)
        if not edges:
            yield path
        pending.extend((edge.target, [*path, edge]) for edge in reversed(edges))


def _representatives(planner: _Planner, most: int) -> list[list[_Edge]] | None:
    """Return one schedule of each truly different kind; None when there are more than so many."""
    result = explore(planner.relation, representatives=most, traces=True)
    listed = result.representatives or ()
    if not isinstance(result.traces, int) or len(listed) < result.traces:
        return None
    names = [thread.name for thread in planner.program.threads]
    return [_along(planner, names, one.schedule) for one in listed]


def _along(planner: _Planner, names: list[str], schedule: Iterable[str]) -> list[_Edge]:
    state, path = planner.relation.initial(), []
    for entry in schedule:
        name, _, choice = (entry, "", "0") if entry in names else entry.rpartition(":")
        thread = names.index(name)
        edge = next(one for one in planner.edges(state) if (one.thread, one.choice) == (thread, int(choice)))
        path.append(edge)
        state = edge.target
    return path


def _covering(planner: _Planner, order: list[State]) -> Iterator[list[_Edge]]:
    """Yield runs that together take every step of every state.

    Each goes on the shortest way to a step that is missing, and on as long as it comes to others.
    """
    ways: dict[State, tuple[State, _Edge] | None] = {order[0]: None}
    for state in order:
        for edge in planner.edges(state):
            ways.setdefault(edge.target, (state, edge))
    left = {state: list(reversed(planner.edges(state))) for state in order}
    for source in order:
        while left[source]:
            path: list[_Edge] = []
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
