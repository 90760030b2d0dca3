"""Where each policy may switch between threads, operation by operation of a scenario's text."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lab.model.instructions import Branch, Mark, Operate, Span
from lab.model.marks import completed
from lab.model.objects.synchronisers import WRITTEN_IN_PYTHON
from lab.model.policies import Policy, policies_for
from lab.model.relation import Relation
from lab.model.values import identity

if TYPE_CHECKING:
    from lab.model.program import Program

__all__ = ["Operation", "SwitchPoints", "switch_points"]

MOST_STATES = 3_000
"""States looked at to see which operations are steps; enough for every program that fits a page."""

FINEST = "access"
"""The policy under which every shared access is a step of its own."""

ALWAYS_SHOWN = ("access", "statement")
"""The policies that stand for themselves even if another one switches at the same places."""


@dataclass
class Operation:
    """One operation of a line.

    Attributes
    ----------
    text : str
        What it does.
    step : bool
        Whether it was seen to be a step.
    policies : set of str
        The policies that may switch before it.
    places : set of (int, int)
        The threads that have it in their code, each with its position there.
    """

    text: str
    step: bool
    policies: set[str]
    places: set[tuple[int, int]] = field(default_factory=set)


@dataclass(frozen=True)
class SwitchPoints:
    """Where a program's policies may switch.

    Attributes
    ----------
    lines : Mapping[int, list of Operation]
        The operations of each line in the order of the code; steps alone where `complete`.
    alike : Mapping[str, list of str]
        Policies that stand for themselves, each with those that switch at the same places.
    complete : bool
        Whether all states were looked at; if not, an operation may be a step all the same.
    most : int
        The number of states at which looking ends.
    """

    lines: Mapping[int, list[Operation]]
    alike: Mapping[str, list[str]]
    complete: bool
    most: int


def switch_points(program: Program) -> SwitchPoints:
    """Return where each policy may switch.

    Notes
    -----
    Which operations are steps is seen from the states themselves, of which MOST_STATES are looked at.
    """
    reached = _reached_by_policy(program)
    return SwitchPoints(_operations(program, reached), _alike(reached), reached[FINEST].complete, MOST_STATES)


def _alike(reached: Mapping[str, _Reached]) -> dict[str, list[str]]:
    """Return the policies that have a column, each with those that switch at the same places and have none."""
    columns: dict[str, list[str]] = {}
    for name, found in reached.items():
        same = next((one for one in columns if reached[one] == found), None)
        if same is None or name in ALWAYS_SHOWN:
            columns[name] = []
        else:
            columns[same].append(name)
    return columns


@dataclass(frozen=True)
class _Reached:
    """Where threads stand in the states looked at: positions by thread; `complete` when those are all states."""

    positions: tuple[frozenset[int], ...]
    complete: bool


def _reached_by_policy(program: Program) -> dict[str, _Reached]:
    """Return where threads stand under each policy; policies that treat the program's marks alike are walked once."""
    marks = _marks(program)
    walked: dict[tuple[bool, ...], _Reached] = {}
    reached = {}
    for name, policy in policies_for(tasks=bool(program.tasks)).items():
        key = (policy.whole_calls, policy.switches(frozenset()), *(policy.switches({mark}) for mark in marks))
        if program.tasks or key not in walked:
            walked[key] = _reached(program, policy)
        reached[name] = walked[key]
    return reached


def _marks(program: Program) -> list[str]:
    """Return the marks that a thread of the program can pass; those about methods, for every class there may be."""
    classes = {"str", *(one.ref.kind for one in program.heap), *program.makers}
    found: set[str | None] = set()
    for thread in program.threads:
        for instruction in thread.code.instructions:
            if isinstance(instruction, Mark):
                kind = instruction.kind
                found |= (
                    {kind}
                    if instruction.receiver is None
                    else {completed(kind, one, in_python=one in WRITTEN_IN_PYTHON) for one in classes}
                )
            elif isinstance(instruction, Branch):
                found.add(instruction.jumped)
    return sorted(mark for mark in found if mark)


def _reached(program: Program, policy: Policy) -> _Reached:
    """Walk the states breadth first, MOST_STATES at most, and note where each thread stands."""
    relation = Relation(program, policy)
    positions: list[set[int]] = [set() for _ in program.threads]
    start = relation.initial()
    seen, queue = {identity(start)}, deque([start])
    while queue:
        state = queue.popleft()
        for thread, local in enumerate(state.locals):
            if not local.ended:
                positions[thread].add(local.position)
            for _, after in relation.steps(state, thread):
                if len(seen) < MOST_STATES and (key := identity(after)) not in seen:
                    seen.add(key)
                    queue.append(after)
    return _Reached(tuple(map(frozenset, positions)), len(seen) < MOST_STATES)


def _operations(program: Program, reached: Mapping[str, _Reached]) -> dict[int, list[Operation]]:
    """Return the steps of each line in the order of the code.

    A line has several copies in the code when it stands in a helper, a `finally` or a function of several threads;
    copies with the same text at the same place are one.
    """
    complete = reached[FINEST].complete
    lines: dict[int, dict[tuple[Span, str], Operation]] = defaultdict(dict)
    for number, thread in enumerate(program.threads):
        for position, instruction in enumerate(thread.code.instructions):
            if not isinstance(instruction, Operate):
                continue
            text, span = instruction.operation.describe(), instruction.place.span
            shown = lines[span.line].setdefault((span, text), Operation(text, False, set()))
            shown.places.add((number, position))
            shown.policies |= {name for name, found in reached.items() if position in found.positions[number]}
            shown.step |= position in reached[FINEST].positions[number]
    if not complete:
        return {line: list(steps.values()) for line, steps in lines.items()}
    return {line: [shown for shown in steps.values() if shown.step] for line, steps in lines.items()}
