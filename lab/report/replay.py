"""One schedule, step by step: what each step touches, the shared state after it, what is ordered and what races."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lab.report.explain import overwritten_unread
from lab.report.table import Cell, Column, Table
from lab.report.words import lined, value, waiting

if TYPE_CHECKING:
    from lab.model.state import Access
    from lab.model.trace import Event, Trace

__all__ = ["command", "steps", "where_it_ends"]


def steps(trace: Trace) -> Table:
    """Return the table of `lab replay`: one row per step, the first row is the start."""
    columns = (
        Column("step", number=True),
        Column("thread"),
        Column("line", number=True),
        Column("statement"),
        Column("accesses"),
        Column("state after it"),
        Column("notes"),
    )
    start = (*(Cell("") for _ in range(5)), Cell(_state(trace.initial)), Cell("start", "quiet"))
    unread = overwritten_unread(trace)
    rows = (start, *(_row(trace, position, unread) for position in range(len(trace.events))))
    return Table(f"{trace.scenario}, one schedule (policy {trace.policy}; exact)", columns, rows, _explained(trace))


def command(scenario: str, policy: str, settings: Iterable[str], schedule: Iterable[str]) -> str:
    """Return the command that steps through a schedule, for a shell.

    Examples
    --------
    >>> command("refcount/race", "statement", ["N=2"], ["T1", "T[0]"])
    "lab replay refcount/race --policy statement --set N=2 T1 'T[0]'"
    """
    under = [] if policy == "access" else ["--policy", policy]
    given = [part for setting in settings for part in ("--set", setting)]
    return shlex.join(["lab", "replay", scenario, *under, *given, *schedule])


def where_it_ends(trace: Trace) -> str:
    """Return in one sentence where the schedule leads."""
    if trace.status == "finished":
        return "Every thread has ended."
    if trace.status == "deadlock":
        return f"Deadlock: {waiting(trace.waiting)}."
    ended = {event.thread for event in trace.events if event.ended}
    going = [name for name in trace.threads if name not in ended and name not in trace.waiting]
    blocked = f" Now {waiting(trace.waiting)}." if trace.waiting else ""
    return f"The schedule stops before the end: {lined(going)} could go on.{blocked}"


def _row(trace: Trace, position: int, unread: Mapping[int, int]) -> tuple[Cell, ...]:
    event = trace.events[position]
    racing = any(position in pair for pair in trace.races) or position in unread
    return (
        Cell(str(position + 1)),
        Cell(event.entry, "strong"),
        Cell(str(event.line), "quiet"),
        Cell(event.text),
        Cell("; ".join(_access(access) for access in event.accesses)),
        Cell(_state(event.shared)),
        Cell("; ".join(_notes(trace, event, position, unread)), "bad" if racing or event.error else "quiet"),
    )


def _notes(trace: Trace, event: Event, position: int, unread: Mapping[int, int]) -> list[str]:
    notes = []
    before = [str(one + 1) for one, other in trace.order if other == position]
    if before:
        notes.append(f"after {_numbered(before)}")
    racing = [str(sum(pair) - position + 1) for pair in trace.races if position in pair]
    if racing:
        notes.append(f"races with {_numbered(racing)}")
    if position in unread:
        notes.append(f"overwrites step {unread[position] + 1} unread")
    if event.locks:
        notes.append(f"holds {lined(event.locks)}")
    if event.error:
        notes.append(f"ends by {event.error}")
    elif event.ended:
        notes.append("ends")
    return notes


def _numbered(steps: list[str]) -> str:
    return f"step{'s' if len(steps) > 1 else ''} {lined(steps)}"


def _access(access: Access) -> str:
    text = f"{access.operation} {access.location}"
    shown = access.value
    if isinstance(shown, bool | int | float | str) and access.operation in ("read", "write"):
        text += f" = {value(shown)}"
    return text


def _state(shared: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value(data)}" for name, data in shared.items()) or "-"


def _explained(trace: Trace) -> tuple[str, ...]:
    notes = []
    if trace.order:
        notes.append(
            '"after step n": step n happens before this one, because a lock, an Atomic or the like orders the threads.'
        )
    if overwritten_unread(trace):
        notes.append('"overwrites step n unread": the thread read the location before step n wrote it, and not after.')
    if trace.races:
        notes.append('"races with step n": both touch one location, one of them writes, and nothing orders them.')
    return tuple(notes)
