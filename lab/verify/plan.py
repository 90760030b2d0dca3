"""What the model says step for step, in a form in which real threads can be led along it.

A place is where in the text a thread stands, and what it does next there. A step of a plan is a thread, and where it
stands when it has gone on; beside it what is shared then. Who leads threads can switch between any two opcodes, so the
model is asked under the policy that says just that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from lab.model.instructions import Operate, Operation, Span
from lab.model.objects.threads import NEW
from lab.model.objects.waiting import Condition
from lab.model.operations import LeaveRegion, Load, Store
from lab.model.policies import POLICIES
from lab.model.program import Program
from lab.model.relation import Relation
from lab.model.starting import RUNS, Exit
from lab.model.state import Local, State, Step

__all__ = ["BETWEEN_OPCODES", "ENDED", "PARKED", "UNBORN", "Edge", "Move", "Path", "Place", "Plan", "Planner"]

BETWEEN_OPCODES = "cpython-2.7"
"""The policy under which another thread may run after any opcode, and inside none."""

ENDED, PARKED, UNBORN = -1, -2, -3
"""Places of a thread that has ended; that waits inside of an operation that takes two steps; that has to be started."""

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
_WITHOUT_PLACE = {"__resume__": PARKED, "__started__": UNBORN}
_UNTIMELY = ("time out", "wake by itself")
_OF_THREADS = ("end", RUNS)
_ASKS = ("find alive", "find ended")


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
        Who runs, and where it stands afterwards: a number of a place, `ENDED`, `PARKED` or `UNBORN`.
    shared : int
        The number of the text that says what is shared afterwards.
    choice, results : int
        Which of the results of the step this is, and how many there are.
    woken : tuple of int
        The threads that are notified at a condition.
    begins : int
        Where a thread that takes its first step since it was started performs it; `UNBORN` in every other step.
    """

    thread: int
    place: int
    shared: int
    choice: int
    results: int
    woken: tuple[int, ...]
    begins: int


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
    beyond : int
        How many runs more there would have to be.
    untimely : int
        How many runs were left out because they need a moment that nobody can choose: a time-out, or to ask whether a
        thread is alive when it has taken its last step.
    """

    kind: str
    threads: tuple[str, ...]
    start: tuple[int, ...]
    places: tuple[Place, ...]
    shared: tuple[str, ...]
    ends: tuple[Mapping[str, Any], ...]
    paths: tuple[Path, ...]
    beyond: int
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


class Edge(NamedTuple):
    """A transition: one result of a thread's step, and how many results it has."""

    thread: int
    step: Step
    target: State
    choice: int
    results: int


class Planner:
    """Walks through the states of a program, and writes runs down."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.relation = Relation(program, POLICIES[BETWEEN_OPCODES])
        self.finest = self.relation.finest()
        self.places, self.shared, self.ends = _Numbers(), _Numbers(), _Numbers()
        self.conditions = tuple(one for one in program.heap if isinstance(one, Condition))
        self._edges: dict[State, tuple[Edge, ...]] = {}
        self._shown: dict[State, int] = {}

    def edges(self, state: State) -> tuple[Edge, ...]:
        """Return every step that is possible in a state."""
        found = self._edges.get(state)
        if found is None:
            found = self._edges[state] = tuple(
                Edge(thread, step, target, choice, len(steps))
                for thread in range(len(self.program.threads))
                for steps in [self.relation.steps(state, thread)]
                for choice, (step, target) in enumerate(steps)
            )
        return found

    def path(self, edges: Iterable[Edge]) -> Path | None:
        """Return a run as moves; None when it needs a time-out, or the moment in which a thread has all but ended."""
        state = self.relation.initial()
        moves = []
        for edge in edges:
            if _is_untimely(edge):
                return None
            if not self._is_no_deed(edge, state):
                place = self.place(edge.thread, edge.target)
                moves.append(
                    Move(
                        edge.thread,
                        place,
                        self._shared(edge.target),
                        edge.choice,
                        edge.results,
                        self._woken(state, edge.target),
                        self._begins(edge.thread, state),
                    )
                )
            state = edge.target
        return Path(tuple(moves), None if self.edges(state) else self._end(state))

    def _is_no_deed(self, edge: Edge, state: State) -> bool:
        """Whether a real thread does nothing in that step: it leaves a region, or its function has returned."""
        operation = self._operation(edge.thread, state.locals[edge.thread])
        leaves = isinstance(operation, LeaveRegion)
        return isinstance(operation, Exit) or (
            leaves and all(access.operation in _OF_THREADS for access in edge.step.accesses)
        )

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
        if operation is None or isinstance(operation, Exit):
            return ENDED
        name = getattr(operation, "name", None)
        if name in _WITHOUT_PLACE:
            return _WITHOUT_PLACE[name]
        return self.places.of(Place(self.relation.place(thread, local).span, *_kinds(operation)))

    def _begins(self, thread: int, state: State) -> int:
        """Return the place of a thread's first access, if its next step is its first one."""
        if getattr(self._operation(thread, state.locals[thread]), "name", None) != "__started__":
            return UNBORN
        first = self.relation.first_access(state, thread)
        if first is None or isinstance(first.operation, LeaveRegion):
            return UNBORN
        return self.places.of(Place(first.place.span, *_kinds(first.operation)))

    def _woken(self, before: State, after: State) -> tuple[int, ...]:
        woken: set[int] = set()
        for one in self.conditions:
            woken |= one.notified(after.shared.__getitem__) - one.notified(before.shared.__getitem__)
        return tuple(sorted(woken))

    def _shared(self, state: State) -> int:
        number = self._shown.get(state)
        if number is None:
            text = json.dumps(self.relation.observe(state).shared, sort_keys=True)
            number = self._shown[state] = self.shared.of(text)
        return number

    def _end(self, state: State) -> int:
        seen = self.relation.observe(state)
        finished = self.relation.finished(state)
        going = [
            thread.name
            for number, thread in enumerate(self.program.threads)
            if self.place(number, state) != ENDED and (thread.gate is None or state.shared[thread.gate].status != NEW)
        ]
        end = {
            "status": "finished" if finished else "deadlock",
            "shared": seen.shared,
            "returned": seen.returned,
            "errors": seen.errors,
            "output": list(seen.output or ()),
            "going": going,
        }
        return self.ends.of(json.dumps(end, sort_keys=True))


def _is_untimely(edge: Edge) -> bool:
    operations = [access.operation for access in edge.step.accesses]
    return any(one in _UNTIMELY for one in operations) or (edge.results > 1 and any(one in _ASKS for one in operations))


def _kinds(operation: Operation) -> tuple[tuple[str, ...], str | None]:
    """Return what kinds of opcodes may perform an operation, the likeliest first, and the name that these have."""
    if isinstance(operation, Load | Store):
        return ("load" if isinstance(operation, Load) else "store",), operation.name
    method = getattr(operation, "name", "")
    kind = _METHODS.get(method) or _OTHERS.get(type(operation).__name__)
    likeliest = (kind, *_IN_CELLS.get(kind, ())) if kind else ()
    return (*likeliest, "call", *(["wait"] if method == "wait" else [])), None
