"""Truly different runs as a table: by outcome, one schedule for each."""

from __future__ import annotations

from collections.abc import Iterator

from lab.explorer.result import Outcome, Representative, Result
from lab.report.table import Cell, Column, Table
from lab.report.words import amount, count, digits, end, exactness, schedule

__all__ = ["different_runs", "listed", "runs_that_end"]

MOST_ADDED_UP = 12
"""Runs whose schedules a note adds up."""


def different_runs(result: Result) -> Table:
    """Return the table of truly different runs; without rows where they were not asked for."""
    columns = (
        Column("outcome", wrap=60),
        Column("run", number=True),
        Column("schedules", number=True),
        Column("the first of them", wrap=60),
    )
    runs = result.representatives or ()
    rows = tuple(
        row
        for number, outcome in enumerate(result.outcomes)
        for row in _rows(outcome, [run for run in runs if run.outcome == number])
    )
    title = f"Truly different runs (policy {result.policy}; {exactness(result)})"
    return Table(title, columns, rows, tuple(_notes(result, runs)))


def runs_that_end(result: Result) -> int | None:
    """Return how many truly different runs end, in a deadlock or not; None where they are infinitely many."""
    counts = [outcome.traces for outcome in result.outcomes if outcome.status in ("finished", "deadlock")]
    finite = [number for number in counts if isinstance(number, int)]
    return sum(finite) if len(finite) == len(counts) else None


def listed(result: Result, most: int) -> bool:
    """Whether all truly different runs are listed, or as many as asked for."""
    total = runs_that_end(result)
    return len(result.representatives or ()) >= (most if total is None else min(most, total))


def _rows(outcome: Outcome, runs: list[Representative]) -> Iterator[tuple[Cell, ...]]:
    for number, run in enumerate(runs, 1):
        yield (
            Cell(end(outcome) if number == 1 else "", "bad" if outcome.faulty else "plain"),
            Cell(digits(number) + (f" of {digits(outcome.traces)}" if isinstance(outcome.traces, int) else "")),
            Cell("-" if run.interleavings is None else count(run.interleavings)),
            Cell(schedule(run.schedule), "quiet"),
        )


def _notes(result: Result, runs: tuple[Representative, ...]) -> Iterator[str]:
    total = runs_that_end(result)
    if total != len(runs):
        number = "infinitely many" if total is None else count(total)
        yield f"{count(len(runs))} of {number} runs are listed; --limit N lists more."
    elif len(runs) <= MOST_ADDED_UP and all(run.interleavings is not None for run in runs):
        parts = " + ".join(count(run.interleavings) for run in runs)
        schedules = amount(sum(run.interleavings or 0 for run in runs), "schedule", "schedules")
        yield f"{amount(len(runs), 'run stands', 'runs stand')} for {schedules}: {parts}."
    blocked = sum(result.outcomes[run.outcome].status == "deadlock" for run in runs)
    if blocked:
        yield f"Blocked in a deadlock, and not counted as finished: {count(blocked)}."
    if any(outcome.status in ("livelock", "endless") for outcome in result.outcomes):
        yield "Runs that never end are not listed."
