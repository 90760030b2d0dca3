"""A schedule of real code as a table: a column for each thread, a row for each line that runs without a switch."""

from __future__ import annotations

import linecache
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Protocol

__all__ = ["Step", "schedule_table"]

_WIDTH = 118
"""Characters a table may take; with more threads than fit, each row begins with the thread's name instead."""

_NARROW = 24


class Step(Protocol):
    """One step of a run."""

    @property
    def thread(self) -> str:
        """Whose."""

    @property
    def file(self) -> str:
        """The path of the source file; empty where the step stands in none."""

    @property
    def line(self) -> int:
        """The line, from 1."""

    @property
    def kind(self) -> str:
        """What was done: "read", "write", "acquire"."""

    @property
    def name(self) -> str:
        """To what: an attribute, a variable, an element."""


@dataclass(frozen=True, slots=True)
class _Row:
    thread: str
    place: str
    source: str
    did: str

    def text(self, width: int) -> str:
        """Return the row in at most so many characters; the source is cut first, since what is done counts most."""
        if not self.place:
            return _cut(self.did, width)
        rest = width - len(self.place) - len(self.did) - 5
        return _cut(f"{self.place} {_cut(self.source, max(rest, 1))}".strip() + f"  ({self.did})", width)


def schedule_table(steps: Sequence[Step], *, width: int = _WIDTH) -> str:
    """Return the steps in their order as lines of text, neighbouring ones of a thread on one line as one row.

    Parameters
    ----------
    steps : sequence of Step
        What ran.
    width : int
        Characters that a line may take, >= 40; longer texts are cut, and the cut shows.
    """
    rows = [_row(list(group)) for _, group in groupby(steps, key=lambda step: (step.thread, step.file, step.line))]
    threads = sorted({row.thread for row in rows}, key=lambda name: (len(name), name))
    number = len(str(len(rows)))
    column = (width - number - 2) // max(len(threads), 1) - 2
    if column < _NARROW:
        return "\n".join(_listed(rows, threads, number, width))
    texts = [row.text(column) for row in rows]
    widths = {
        thread: max([len(thread), *(len(text) for row, text in zip(rows, texts, strict=True) if row.thread == thread)])
        for thread in threads
    }
    lines = [" " * (number + 2) + "  ".join(thread.ljust(widths[thread]) for thread in threads)]
    for position, (row, text) in enumerate(zip(rows, texts, strict=True), start=1):
        cells = ((text if thread == row.thread else "").ljust(widths[thread]) for thread in threads)
        lines.append(f"{position:>{number}}  {'  '.join(cells)}")
    return "\n".join(line.rstrip() for line in lines)


def _listed(rows: Sequence[_Row], threads: Sequence[str], number: int, width: int) -> list[str]:
    name = max(map(len, threads))
    rest = width - number - name - 4
    return [
        f"{position:>{number}}  {row.thread:<{name}}  {row.text(rest)}" for position, row in enumerate(rows, start=1)
    ]


def _row(group: Sequence[Step]) -> _Row:
    first = group[0]
    did = dict.fromkeys(f"{step.kind} {step.name}".strip() for step in group)
    place = f"{Path(first.file).name}:{first.line}" if first.file else ""
    return _Row(first.thread, place, linecache.getline(first.file, first.line).strip(), ", ".join(did))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
