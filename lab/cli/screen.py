"""Standard output and standard error: tables in colour on a terminal, plain text anywhere else."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from lab.report.table import Table, Tone, plain, visible

__all__ = ["complain", "prepare", "say", "show", "write_json"]

STYLES: dict[Tone, str] = {
    "good": "green",
    "bad": "bold red",
    "unknown": "yellow",
    "quiet": "dim",
    "strong": "bold",
    "plain": "",
}
"""How a terminal shows a tone; the words say the same without it."""


def prepare() -> None:
    """Let every text be printed: what the encoding lacks is escaped, and a closed stream swallows everything."""
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def say(text: str = "") -> None:
    """Print a line, or several."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        _stop_printing()


def complain(sentence: str) -> None:
    """Print a line on standard error."""
    with contextlib.suppress(BrokenPipeError):  # nobody reads it, and the exit status tells the rest
        print(sentence, file=sys.stderr, flush=True)


def show(table: Table) -> None:
    """Print a table, and an empty line after it."""
    say(_coloured(table) if sys.stdout.isatty() else plain(table))
    say()


def write_json(values: Iterable[Any], *, single: bool) -> None:
    """Print one value if `single`, else an array; integers of any length are written out."""
    listed = list(values)
    if single and not listed:
        return
    limit = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        say(json.dumps(listed[0] if single else listed, indent=2))
    finally:
        sys.set_int_max_str_digits(limit)


def _coloured(table: Table) -> str:
    """Return a table with the terminal's colours; rich minds NO_COLOR, the terminal's width and its abilities."""
    from rich import box  # rich costs a tenth of a second, and only a terminal needs it
    from rich.console import Console
    from rich.table import Table as Grid
    from rich.text import Text

    grid = Grid(title=Text(table.title), title_justify="left", box=box.SIMPLE_HEAD, title_style="bold", pad_edge=False)
    for column in table.columns:
        grid.add_column(
            column.title, justify="right" if column.number else "left", no_wrap=column.number, overflow="fold"
        )
    for row in table.rows:
        grid.add_row(*(Text(visible(cell.text), style=STYLES[cell.tone]) for cell in row))
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(grid)
        for note in table.notes:
            console.print(Text(note, style=STYLES["quiet"]))
    return captured.get().rstrip("\n")


def _nowhere() -> TextIO:
    """Return a stream for a process that was started with a standard stream closed."""
    return Path(os.devnull).open("w", encoding="utf-8")  # it lives as long as the process


def _stop_printing() -> None:
    """Send all further output nowhere: its reader has left, and the work and its exit status go on."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
