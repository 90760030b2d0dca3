"""A scenario's text with the steps each line takes, and where each policy may switch between threads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from lab.model.instructions import Branch, Code, Const, Jump, Mark, Operate, Raise, Return
from lab.model.operations import Store
from lab.model.policies import ATOMIC, POLICIES, Policy
from lab.model.program import Program, Span
from lab.model.values import Ref
from lab.report.table import Cell, Column, Table
from lab.report.words import lined

__all__ = ["listing", "switch_points"]


def listing(program: Program) -> Table:
    """Return the numbered source; beside each line its steps, and the steps in front of which a policy may switch.

    Notes
    -----
    The text alone does not always tell which object an expression reaches. An operation that is a step only if it
    reaches something shared and changing stands in brackets.
    """
    by_line = _steps_by_line(program)
    columns = (Column("line", number=True), Column("source"), Column("steps"), *map(Column, POLICIES))
    rows = []
    for number, text in enumerate(program.lines, start=1):
        steps = by_line.get(number, [])
        ranks = [str(rank) for rank in range(1, len(steps) + 1)]
        described = "; ".join(f"{rank} {step.text}" for rank, step in zip(ranks, steps, strict=True))
        margins = (
            " ".join(rank for rank, step in zip(ranks, steps, strict=True) if name in step.policies)
            for name in POLICIES
        )
        rows.append((Cell(str(number), "quiet"), Cell(text), Cell(described, "strong"), *map(Cell, margins)))
    names = lined(thread.name for thread in program.threads)
    notes = (
        f"Threads: {names}.",
        "Under a policy's name: the steps of that line in front of which it may switch to another thread.",
        *(f"Policy {policy.name}: {policy.lesson}." for policy in POLICIES.values()),
    )
    return Table(f"{program.name}: {program.title}", columns, tuple(rows), notes)


def switch_points(code: Code, policy: Policy) -> frozenset[int]:
    """Return the positions of the operations in front of which the policy may switch, on some path through the code.

    A thread's first operation is one: another thread may always run first.
    """
    found = set()
    pending: list[tuple[int, frozenset[str], bool]] = [(0, frozenset(), True)]
    seen = set(pending)
    while pending:
        position, marks, first = pending.pop()
        instruction = code.instructions[position]
        if isinstance(instruction, Operate):
            inside = instruction.place.atomic and ATOMIC not in marks
            if first or (not inside and policy.switches(marks)):
                found.add(position)
            marks, first = frozenset(), False
        elif isinstance(instruction, Mark):
            marks |= {instruction.kind}
        for successor in _successors(code, position):
            entry = (successor, marks, first)
            if entry not in seen:
                seen.add(entry)
                pending.append(entry)
    return frozenset(found)


def _successors(code: Code, position: int) -> Iterator[int]:
    instruction = code.instructions[position]
    if isinstance(instruction, Jump | Branch):
        yield instruction.position
    if not isinstance(instruction, Jump | Return | Raise):
        yield position + 1
    if instruction.place.handler is not None:
        yield instruction.place.handler.position


@dataclass
class _Shown:
    """One step of a line: its description, and the policies that may switch in front of it."""

    text: str
    policies: set[str]


def _steps_by_line(program: Program) -> dict[int, list[_Shown]]:
    """Return the steps of each line in the order of the code.

    A line has several copies in the code when it stands in a helper, a `finally` or a function of several threads;
    copies with the same text at the same place are one.
    """
    lines: dict[int, dict[tuple[Span, str], _Shown]] = defaultdict(dict)
    for code in {id(thread.code): thread.code for thread in program.threads}.values():
        switches = {name: switch_points(code, policy) for name, policy in POLICIES.items()}
        for position, instruction in enumerate(code.instructions):
            if isinstance(instruction, Operate) and (text := _described(program, instruction)):
                span = instruction.place.span
                shown = lines[span.line].setdefault((span, text), _Shown(text, set()))
                shown.policies |= {name for name, found in switches.items() if position in found}
    return {line: list(steps.values()) for line, steps in lines.items()}


def _described(program: Program, instruction: Operate) -> str:
    """Return what the operation does; nothing if it is certainly no step, in brackets if the text does not tell."""
    operation = instruction.operation
    if all(isinstance(argument, Const) for argument in instruction.arguments):
        known = tuple(argument.value for argument in instruction.arguments if isinstance(argument, Const))
        return operation.describe() if operation.touches(program.heap, known) else ""
    receiver = instruction.arguments[0]
    certain = isinstance(operation, Store) or (isinstance(receiver, Const) and isinstance(receiver.value, Ref))
    return operation.describe() if certain else f"({operation.describe()})"
