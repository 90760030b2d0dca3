"""Workload files, traces, event loops and demonstrations as tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lab.gil import Activity, Run, Settings, Span, spans
from lab.gil.demonstration import Demonstration, Shown, demonstrations
from lab.gil.event_loop import Life
from lab.gil.recorded_trace import RecordedTrace
from lab.report.table import Cell, Column, Table

__all__ = [
    "demonstration_as_json",
    "demonstration_list",
    "life_as_json",
    "life_table",
    "model_rows",
    "run_as_json",
    "run_rows",
    "threads_table",
    "trace_rows",
]

ACTIVITIES: dict[Activity, str] = {
    "run": "runs, s",
    "gil": "waits for the GIL, s",
    "io": "waits for I/O, s",
    "call": "in C, s",
    "locked": "waits for a thread, s",
    "ready": "wants a core, s",
    "poll": "polls, s",
}
Row = dict[str, Any]


def _totals(found: Sequence[Span], threads: Iterable[str] = ()) -> list[Row]:
    """Return a row for each thread: when it was last seen, and how long it did what; `threads` have one anyway."""
    names = dict.fromkeys([*(span.thread for span in found), *threads])
    rows: dict[str, Row] = {
        name: {"thread": name, "end_s": 0.0} | {f"{one}_s": 0.0 for one in ACTIVITIES} for name in names
    }
    for span in found:
        row = rows[span.thread]
        row["end_s"] = max(row["end_s"], span.end / 1e9)
        row[f"{span.activity}_s"] += (span.end - span.start) / 1e9
    return list(rows.values())


def run_rows(run: Run) -> list[Row]:
    """Return what each thread of a run did, also of those that do nothing or are never started."""
    return _totals(spans(run.events, run.time), (thread.name for thread in run.workload.threads))


def trace_rows(trace: RecordedTrace) -> list[Row]:
    """Return what each thread of a recorded trace did."""
    return _totals(trace.spans)


def model_rows(runs: Mapping[str, Run]) -> list[Row]:
    """Return how long a workload takes under each model."""
    return [{"model": model, "simulated_s": run.seconds} for model, run in runs.items()]


def threads_table(title: str, rows: Sequence[Row], note: str) -> Table:
    """Return rows as a table; activities that nobody has are left out."""
    names = [name for name in rows[0] if isinstance(rows[0][name], str) or any(row[name] for row in rows)]
    said = {f"{one}_s": text for one, text in ACTIVITIES.items()}
    titles = {**said, "end_s": "ends, s", "simulated_s": "simulated, s"}
    columns = tuple(Column(titles.get(name, name), not isinstance(rows[0][name], str)) for name in names)
    cells = tuple(
        tuple(Cell(row[name] if isinstance(row[name], str) else f"{row[name]:.4f}") for name in names) for row in rows
    )
    return Table(f"{title} ({note})", columns, cells)


def run_as_json(name: str, settings: Settings, rows: Sequence[Row], simulated: float | None, seconds: float) -> Row:
    """Return a simulated workload as plain data; `simulated` is None where the rows are models."""
    chosen = asdict(settings)
    model = chosen.pop("model")
    found = {"workload": name, "model": model if simulated is not None else "all", "parameters": chosen}
    return found | {"simulated_s": simulated} | {"rows": list(rows), "seconds": seconds}


def demonstration_list() -> Table:
    """Return the demonstrations there are."""
    rows = [(Cell(one.name, "strong"), Cell(one.title)) for one in demonstrations().values()]
    rows.append((Cell("event-loop", "strong"), Cell("The life of a real event loop: ready queue, timers, I/O.")))
    notes = ("Each runs on a real interpreter, and shows what it really prints; --python EXE chooses another.",)
    return Table("Demonstrations of asyncio", (Column("name"), Column("what it shows")), tuple(rows), notes)


def demonstration_as_json(one: Demonstration, shown: Shown) -> Row:
    """Return a demonstration as plain data."""
    return {
        "demonstration": one.name,
        "title": one.title,
        "python": shown.python,
        "source": one.source,
        "output": shown.output,
        "explanation": one.explanation,
    }


def life_table(life: Life) -> Table:
    """Return what a loop did, line by line: callbacks, and the polls in which it waited."""
    rows = [
        (turn.start, Cell(f"{turn.start * 1e3:.3f}"), Cell(f"runs {turn.name}"),
         Cell(f"{(turn.end - turn.start) * 1e3:.3f}"), Cell(" ".join(turn.ready)), Cell(str(turn.timers)))
        for turn in life.turns
    ]  # fmt: skip
    rows += [
        (poll.start, Cell(f"{poll.start * 1e3:.3f}"), Cell(_waited(poll.limit), "quiet"),
         Cell(f"{(poll.end - poll.start) * 1e3:.3f}"), Cell(""), Cell(""))
        for poll in life.polls
        if poll.end - poll.start > 1e-6
    ]  # fmt: skip
    rows.sort(key=lambda row: row[0])
    columns = (
        Column("at, ms", True),
        Column("the loop"),
        Column("for, ms", True),
        Column("ready behind it"),
        Column("timers", True),
    )
    return Table(
        f"The life of an event loop (asyncio's own, clock {life.clock})", columns, tuple(row[1:] for row in rows)
    )


def _waited(limit: float | None) -> str:
    return "waits for data" if limit is None else f"waits for data, {limit * 1e3:.3f} ms at most"


def life_as_json(life: Life) -> Row:
    """Return a loop's life as plain data; times are seconds."""
    return {
        "loop": "asyncio",
        "clock": life.clock,
        "turns": [turn._asdict() for turn in life.turns],
        "polls": [poll._asdict() for poll in life.polls],
        "timers": [timer._asdict() for timer in life.timers],
    }
