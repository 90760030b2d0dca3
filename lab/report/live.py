"""What `lab live` shows: outcomes of real code, and the schedules on which it fails."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from lab.live.result import Failure, LiveResult, Outcome
from lab.report.table import Cell, Column, Table

__all__ = ["failure_text", "live_as_json", "summary", "table"]


def table(name: str, result: LiveResult) -> Table:
    """Return the outcomes."""
    columns = (Column("outcome", wrap=80), Column("executions", number=True), Column("one schedule", wrap=40))
    rows = tuple((_cell(one), Cell(f"{one.executions:,}"), Cell(one.token)) for one in result.outcomes)
    return Table(f"{name}: {result.executions:,} executions ({result.covered})", columns, rows, result.notes)


def summary(name: str, result: LiveResult) -> str:
    """Return the verdict in one sentence."""
    if result.failures:
        kinds = ", ".join(dict.fromkeys(one.kind for one in result.failures))
        return f"{name} fails ({kinds})"
    if result.holds:
        return f"{name} holds: {result.covered}"
    if result.exhausted:
        return f"{name} did not fail; covered: {result.covered}"
    return f"{name} is not known to hold, the search is not complete: {result.covered}"


def failure_text(failure: Failure) -> str:
    """Return a failure with its schedule as a table, its stacks and its token."""
    return str(failure)


def live_as_json(name: str, result: LiveResult) -> dict[str, Any]:
    """Return a result as plain data: the fields of docs/live.md."""
    return {
        "name": name,
        "strategy": result.strategy,
        "executions": result.executions,
        "blocked": result.blocked,
        "exhausted": result.exhausted,
        "proves": result.proves,
        "holds": result.holds,
        "covered": result.covered,
        "outcomes": [_outcome_as_json(one) for one in result.outcomes],
        "failures": [asdict(one) for one in result.failures],
        "notes": list(result.notes),
        "seconds": result.seconds,
    }


def _outcome_as_json(one: Outcome) -> dict[str, Any]:
    returned = {name: repr(value) for name, value in one.returned.items()}
    return {**asdict(one), "state": repr(one.state), "returned": returned}


def _cell(one: Outcome) -> Cell:
    return Cell(_shown(one), "plain" if one.status == "finished" and not one.errors else "bad")


def _shown(one: Outcome) -> str:
    parts = [] if one.status == "finished" else [one.status]
    if isinstance(one.state, tuple) and len(one.state) == 2 and isinstance(one.state[0], str):
        parts += [f"{name} = {value!r}" for name, value in one.state[1]]
    elif one.state is not None:
        parts.append(repr(one.state))
    parts += [f"{name} returned {value!r}" for name, value in one.returned.items() if value is not None]
    parts += [f"{name} raised {text}" for name, text in one.errors.items()]
    return ", ".join(parts) or "finished"
