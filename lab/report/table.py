"""A table as data, and its plain text."""

from __future__ import annotations

import itertools
import textwrap
from dataclasses import dataclass
from typing import Literal

__all__ = ["Cell", "Column", "Table", "Tone", "plain", "visible"]

Tone = Literal["plain", "good", "bad", "unknown", "quiet", "strong"]
"""What a cell means; a terminal may colour it, and the text alone says the same."""


@dataclass(frozen=True)
class Cell:
    """One entry: its text and its tone."""

    text: str
    tone: Tone = "plain"


@dataclass(frozen=True)
class Column:
    """A column's heading, whether its entries are numbers, which stand right, and where long ones are wrapped."""

    title: str
    number: bool = False
    wrap: int | None = None


@dataclass(frozen=True)
class Table:
    """A titled table; `notes` stand below it, one a line.

    Every row has one cell per column.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()


_ESCAPED = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160))}


def visible(text: str) -> str:
    r"""Return a text on one line, control characters escaped: values and titles come from files.

    Examples
    --------
    >>> visible("two" + chr(10) + "lines")
    'two\\nlines'
    """
    return text.translate(_ESCAPED)


def _wrapped(cells: tuple[Cell, ...], columns: tuple[Column, ...]) -> list[tuple[str, ...]]:
    """Return the lines of one row: as many as its longest entry needs."""
    entries = [
        textwrap.wrap(visible(cell.text), column.wrap, break_long_words=False, break_on_hyphens=False) or [""]
        if column.wrap
        else [visible(cell.text)]
        for cell, column in zip(cells, columns, strict=True)
    ]
    return list(itertools.zip_longest(*entries, fillvalue=""))


def plain(table: Table) -> str:
    """Return the table as lines of text without colour, aligned by spaces.

    An entry with nothing to its right may be wider than its column.

    Examples
    --------
    >>> columns = (Column("outcome"), Column("schedules", number=True))
    >>> rows = ((Cell("x = 1"), Cell("4")), (Cell("x = 2"), Cell("2")))
    >>> print(plain(Table("Outcomes", columns, rows, ("Two of six.",))))
    Outcomes
      outcome  schedules
      -------  ---------
      x = 1            4
      x = 2            2
      Two of six.
    """
    last = len(table.columns) - 1
    titles = tuple(column.title for column in table.columns)
    body = [row for cells in table.rows for row in _wrapped(cells, table.columns)]
    widths = [
        max(len(row[number]) for row in (titles, *body) if row is titles or any(row[number + 1 :]) or number == last)
        for number in range(last + 1)
    ]
    rule = tuple("-" * width for width in widths)
    lines = [table.title] if table.title else []
    for row in (titles, rule, *body):
        padded = (
            text.rjust(width) if column.number else text.ljust(width)
            for text, width, column in zip(row, widths, table.columns, strict=True)
        )
        lines.append(("  " + "  ".join(padded)).rstrip())
    return "\n".join([*lines, *("  " + note for note in table.notes)])
