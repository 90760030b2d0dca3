"""A result as HTML, for notebooks."""

from __future__ import annotations

from html import escape

from lab.explorer.result import Result
from lab.report.table import Cell, Column, Table
from lab.report.text import conclusion, headline, tables

__all__ = ["as_html"]

STYLES = {
    "good": "color: #00694b",
    "bad": "color: #a33f00; font-weight: bold",
    "unknown": "font-style: italic",
    "quiet": "opacity: 0.75",
    "strong": "font-weight: bold",
}
"""Green and vermilion of the figures, darkened until text reads on white; the words say the same without colour."""


def as_html(result: Result) -> str:
    """Return the tables of `lab run` as HTML; Jupyter shows it in place of the result."""
    title, explored = headline(result).split("\n")
    parts = [f"<p><b>{escape(title)}</b><br>{escape(explored)}</p>"]
    parts += [_table(table) for table in tables(result)]
    parts.append(f"<p>{escape(conclusion(result))}</p>")
    return f'<div class="gil-lab">{"".join(parts)}</div>'


def _table(table: Table) -> str:
    heads = "".join(f'<th scope="col"{_side(column)}>{escape(column.title)}</th>' for column in table.columns)
    body = "".join(
        "<tr>" + "".join(_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)) + "</tr>"
        for row in table.rows
    )
    notes = "".join(f"<p>{escape(note)}</p>" for note in table.notes)
    caption = f'<caption style="text-align: left">{escape(table.title)}</caption>'
    return f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>{notes}"


def _cell(cell: Cell, column: Column) -> str:
    styles = ["text-align: right" if column.number else "text-align: left"]
    styles += [STYLES[cell.tone]] if cell.tone in STYLES else []
    return f'<td style="{"; ".join(styles)}">{escape(cell.text)}</td>'


def _side(column: Column) -> str:
    return f' style="text-align: {"right" if column.number else "left"}"'
