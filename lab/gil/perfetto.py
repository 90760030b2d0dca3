"""A run in the Trace Event Format, which Perfetto and Chrome's tracing page open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab.gil.trace import Activity, Event, Run, holders, spans

__all__ = ["trace_events"]

NAMES: dict[Activity, str] = {
    "run": "runs Python",
    "ready": "wants a core",
    "gil": "waits for the GIL",
    "io": "waits for I/O",
    "call": "runs C without the GIL",
    "locked": "waits for a thread",
    "poll": "polls",
}
SHOWN = ("timeout", "request", "failed", "forced", "mark")


def trace_events(run: Run) -> dict[str, Any]:
    """Return a run as an object of the Trace Event Format: a lane for each thread, one for the GIL's holder, and marks.

    References
    ----------
    Trace Event Format, Google, 2016: complete events ("X"), instants ("i") and metadata ("M"); times are microseconds.
    """
    lanes = {event.thread: number for number, event in enumerate(_starts(run), start=1)}
    gil = len(lanes) + 1
    found: list[dict[str, Any]] = [
        {"ph": "M", "pid": 1, "ts": 0, "name": "process_name", "args": {"name": "lab gil, simulated"}}
    ]
    for name, lane in [*lanes.items(), *([("GIL", gil)] if run.settings.model in ("old", "new") else [])]:
        found.append({"ph": "M", "pid": 1, "tid": lane, "ts": 0, "name": "thread_name", "args": {"name": name}})
    found += [
        _complete(lanes[span.thread], NAMES[span.activity], span.start, span.end)
        for span in spans(run.events, run.time)
    ]
    if run.settings.model in ("old", "new"):
        found += [_complete(gil, name, start, end) for name, start, end in holders(run.events, run.time)]
    for event in run.events:
        if event.kind in SHOWN:
            name = event.detail if event.kind == "mark" else event.kind
            found.append(
                {
                    "ph": "i",
                    "s": "t",
                    "pid": 1,
                    "tid": lanes[event.thread],
                    "ts": event.time / 1e3,
                    "cat": "gil",
                    "name": name,
                }
            )
    return {"traceEvents": found, "displayTimeUnit": "ms"}


def _starts(run: Run) -> Sequence[Event]:
    return [event for event in run.events if event.kind == "start"]


def _complete(lane: int, name: str, start: int, end: int) -> dict[str, Any]:
    return {"ph": "X", "pid": 1, "tid": lane, "ts": start / 1e3, "dur": (end - start) / 1e3, "cat": "gil", "name": name}
