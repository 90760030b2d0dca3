"""A scenario's text with the steps each line takes, and where each policy may switch between threads."""

from __future__ import annotations

import ast
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass

from lab.model.instructions import Branch, Mark, Operate, Span
from lab.model.marks import completed
from lab.model.policies import POLICIES, Policy, policies_for
from lab.model.program import Program
from lab.model.relation import Relation
from lab.model.values import identity
from lab.report.table import Cell, Column, Table
from lab.report.windows import windows
from lab.report.words import lined

__all__ = ["listing", "telling"]

MOST_STATES = 3_000
"""States looked at to see which operations are steps; enough for every program that fits a page."""

FINEST = "access"
"""The policy under which every shared access is a step of its own."""

ALWAYS_SHOWN = ("access", "statement")
"""The policies that have a column of their own even if another one switches at the same places."""


def listing(program: Program, *, answers: bool = True) -> Table:
    """Return the numbered source; beside each line its steps, and the steps in front of which a policy may switch.

    Parameters
    ----------
    program : Program
        A scenario.
    answers : bool
        False leaves out what gives away the answers to the scenario's questions: see `telling`.

    Notes
    -----
    Which operations are steps is seen from the states themselves. Where there are more than MOST_STATES of them, an
    operation that was not reached stands in brackets.
    """
    reached = _reached_by_policy(program)
    by_line = _steps_by_line(program, reached)
    alike = _alike(reached)
    shaded = windows(program)
    columns = (Column("line", number=True), Column("source"), Column("steps"), *map(Column, alike))
    columns += (Column("window"),) if shaded else ()
    hidden = frozenset() if answers else telling(program)
    rows = []
    for number, text in enumerate(program.lines, start=1):
        if number in hidden:
            continue
        steps = by_line.get(number, [])
        ranks = [str(rank) for rank in range(1, len(steps) + 1)]
        described = "; ".join(
            f"{rank} {step.text if step.step else f'({step.text})'}" for rank, step in zip(ranks, steps, strict=True)
        )
        margins = (
            " ".join(rank for rank, step in zip(ranks, steps, strict=True) if name in step.policies) for name in alike
        )
        row = (Cell(str(number), "quiet"), Cell(text), Cell(described, "strong"), *map(Cell, margins))
        within = (Cell("| " + ", ".join(shaded[number]) if number in shaded else "", "bad"),) if shaded else ()
        rows.append((*row, *within))
    names = lined(thread.name for thread in program.threads)
    notes = (
        f"Threads: {names}.",
        "Under a policy's name: the steps of that line in front of which it may switch to another thread.",
        *(f"As under {name}: {lined(others)}." for name, others in alike.items() if others),
        *(("Window: from a thread's read of what is named there to its write.",) if shaded else ()),
        *(f"Policy {name}: {POLICIES[name].lesson}." for name in alike),
        *(() if reached[FINEST].complete else (f"In brackets: not reached within the first {MOST_STATES:,} states.",)),
        *(
            (f"Left out: what the file expects, and its questions; lab quiz {program.name} asks them.",)
            if hidden
            else ()
        ),
    )
    return Table(f"{program.name}: {program.title}", columns, tuple(rows), notes)


def telling(program: Program) -> frozenset[int]:
    """Return the lines that give answers away: expectations and questions, and the comments in front of them.

    A scenario without questions has none. Blank lines between what is left out are left out, too.
    """
    hidden: set[int] = set()
    if not program.questions:
        return frozenset(hidden)
    for node in ast.parse(program.source).body:
        match node:
            case ast.Expr(ast.Call(ast.Name("expect" | "question"))):
                hidden |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    for number, text in reversed([*enumerate(program.lines, 1)]):
        if number + 1 in hidden and (text.startswith("#") or not text.strip()):
            hidden.add(number)
    return frozenset(hidden)


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
                found |= {kind} if instruction.receiver is None else {completed(kind, one) for one in classes}
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


@dataclass
class _Shown:
    """One operation of a line: its description, whether it is a step, and the policies that may switch before it."""

    text: str
    step: bool
    policies: set[str]


def _steps_by_line(program: Program, reached: Mapping[str, _Reached]) -> dict[int, list[_Shown]]:
    """Return the steps of each line in the order of the code.

    A line has several copies in the code when it stands in a helper, a `finally` or a function of several threads;
    copies with the same text at the same place are one.
    """
    complete = reached[FINEST].complete
    lines: dict[int, dict[tuple[Span, str], _Shown]] = defaultdict(dict)
    for number, thread in enumerate(program.threads):
        for position, instruction in enumerate(thread.code.instructions):
            if not isinstance(instruction, Operate):
                continue
            text, span = instruction.operation.describe(), instruction.place.span
            shown = lines[span.line].setdefault((span, text), _Shown(text, False, set()))
            shown.policies |= {name for name, found in reached.items() if position in found.positions[number]}
            shown.step |= position in reached[FINEST].positions[number]
    if not complete:
        return {line: list(steps.values()) for line, steps in lines.items()}
    return {line: [shown for shown in steps.values() if shown.step] for line, steps in lines.items()}
