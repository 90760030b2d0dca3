"""A scenario's text with the steps each line takes, and where each policy may switch between threads."""

from __future__ import annotations

import ast

from lab.model.policies import POLICIES
from lab.model.program import Program
from lab.model.switch_points import switch_points
from lab.model.windows import lines_of
from lab.report.table import Cell, Column, Table
from lab.report.words import lined

__all__ = ["listing", "telling"]


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
    Which operations are steps is seen from the states themselves. Where there are too many of them, an
    operation that was not reached stands in brackets.
    """
    points = switch_points(program)
    by_line, alike, shaded = points.lines, points.alike, lines_of(program)
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
        *(() if points.complete else (f"In brackets: not reached within the first {points.most:,} states.",)),
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
