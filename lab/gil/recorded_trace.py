"""Traces of real programs, as VizTracer and others write them: read to be drawn with the same lanes as a simulation."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.errors import UsageError
from lab.gil.perfetto import NAMES
from lab.gil.trace import Activity, Span

__all__ = ["RecordedTrace", "read_trace"]

LARGEST = 200_000_000
"""Bytes of a file."""

WAITS: dict[str, Activity] = {
    "sleep": "io", "select": "poll", "poll": "poll", "recv": "io", "recv_into": "io", "send": "io", "sendall": "io",
    "accept": "io", "connect": "io", "read": "io", "readline": "io", "write": "io", "getaddrinfo": "io",
    "recvfrom": "io", "recvmsg": "io", "sendto": "io", "do_handshake": "io", "fsync": "io", "control": "poll",
    "wait": "locked", "acquire": "locked", "__enter__": "locked", "join": "locked", "waitpid": "io",
}  # fmt: skip
"""What a call waits for, by the last part of its name; only calls into C are looked up."""

_Lane = tuple[Any, Any]
"""A process and a thread, by their numbers."""

OURS: dict[str, Activity] = {said: activity for activity, said in NAMES.items()}


@dataclass(frozen=True)
class RecordedTrace:
    """What threads did, read from a file.

    Attributes
    ----------
    source : str
        What wrote the file: "VizTracer", "lab gil", or "a trace".
    spans : tuple of Span
        By thread, then by time; nanoseconds from the first event on.
    held : tuple of (thread, start, end)
        Who held the GIL, where the trace says so.
    end : int
        When the last event ended.
    """

    source: str
    spans: tuple[Span, ...]
    held: tuple[tuple[str, int, int], ...]
    end: int


def read_trace(path: Path) -> RecordedTrace:
    """Read a file in the Trace Event Format, as `viztracer -o trace.json` or `lab gil --trace` writes it.

    A thread runs while a call is under way, unless the innermost one is into C and waits by its name: `time.sleep`,
    `lock.acquire`, `socket.recv`. VizTracer records calls, not the GIL: whether a thread that runs has the GIL or waits
    for it cannot be told from such a trace.

    Raises
    ------
    UsageError
        The file cannot be read, or holds something else.
    """
    data = _loaded(path)
    events = data.get("traceEvents") if isinstance(data, dict) else data
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise UsageError(f"{path} holds no traceEvents: is it a trace of VizTracer, or of `lab gil --trace`?")
    calls = [event for event in events if event.get("ph") == "X"]
    if not calls:
        raise UsageError(f"{path} has no complete events (ph: X), and so nothing to draw")
    try:
        return _read(data, events, calls)
    except (KeyError, TypeError, ValueError):
        raise UsageError(f"{path} has an event without a time or a thread") from None


def _loaded(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than 200 megabytes; trace less of the program")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{path} is no JSON") from None


def _read(data: Any, events: Iterable[Mapping[str, Any]], calls: list[dict[str, Any]]) -> RecordedTrace:
    begun = min(float(call["ts"]) for call in calls)
    lanes: dict[_Lane, list[tuple[int, int, str]]] = {}
    for call in calls:
        start = float(call["ts"]) - begun
        key = (call["pid"], call["tid"])
        lanes.setdefault(key, []).append(
            (round(start * 1e3), round((start + float(call["dur"])) * 1e3), str(call["name"]))
        )
    found: list[Span] = []
    held: list[tuple[str, int, int]] = []
    ordered = sorted(lanes.items(), key=lambda lane: min(lane[1]))
    names = _names([key for key, _ in ordered], events)
    for key, listed in ordered:
        name = names[key]
        if name == "GIL":
            held += sorted(((who, start, end) for start, end, who in listed), key=lambda one: one[1])
        else:
            found += _spans(name, sorted(listed, key=lambda one: (one[0], -one[1])))
    end = max([span.end for span in found] + [end for _, _, end in held])
    return RecordedTrace(_source(data, held), tuple(found), tuple(held), end)


def _names(lanes: Sequence[_Lane], events: Iterable[Mapping[str, Any]]) -> dict[_Lane, str]:
    """Return a name for each lane, no two alike: the thread's, with its process where there are several."""
    said: dict[tuple[str, Any, Any], str] = {
        (event["name"], event["pid"], None if event["name"] == "process_name" else event["tid"]): event["args"]["name"]
        for event in events
        if event.get("ph") == "M" and event.get("name") in ("process_name", "thread_name")
    }
    several = len({pid for pid, _ in lanes}) > 1
    found: dict[_Lane, str] = {}
    for pid, tid in lanes:
        name = said.get(("thread_name", pid, tid), "MainThread" if tid == pid else f"thread {tid}")
        name = "main" if name == "MainThread" else str(name)
        if several:
            process = str(said.get(("process_name", pid, None), f"process {pid}"))
            name = process if name == "main" else f"{process}, {name}"
        again = (f"{name} {count}" for count in itertools.count(2))
        found[pid, tid] = next(one for one in itertools.chain([name], again) if one not in found.values())
    return found


def _source(data: Any, held: object) -> str:
    if isinstance(data, dict) and "viztracer_metadata" in data:
        return "VizTracer"
    return "lab gil" if held else "a trace"


def _spans(thread: str, calls: list[tuple[int, int, str]]) -> list[Span]:
    """Return what a thread does, from nested calls in the order of their start: the innermost one decides."""
    found: list[Span] = []
    stack: list[tuple[int, Activity]] = []
    now = calls[0][0]

    def advance(time: int) -> None:
        nonlocal now
        while stack and now < time:
            until = min(time, stack[-1][0])
            _add(found, Span(thread, stack[-1][1], now, until))
            now = max(now, until)
            if stack[-1][0] <= now:
                stack.pop()
        now = max(now, time)

    for start, end, name in calls:
        advance(start)
        while stack and stack[-1][0] <= start:
            stack.pop()
        stack.append((min(end, stack[-1][0]) if stack else end, _activity(name)))
    advance(max(end for _, end, _ in calls))
    return found


def _add(found: list[Span], span: Span) -> None:
    """Add a span, as a part of the one before it where that does the same."""
    if span.start >= span.end:
        return
    before = found[-1] if found else None
    if before is not None and (before.activity, before.end) == (span.activity, span.start):
        found[-1] = before._replace(end=span.end)
    else:
        found.append(span)


def _activity(name: str) -> Activity:
    """Return what a call does: VizTracer writes `time.sleep` for C and `function (file.py:12)` for Python."""
    if name in OURS:
        return OURS[name]
    if " (" in name and name.endswith(")"):
        return "run"
    return "locked" if name.endswith("SimpleQueue.get") else WAITS.get(name.rpartition(".")[2], "run")
