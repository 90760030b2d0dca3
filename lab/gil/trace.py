"""What happened in a simulation: events in the order of time, and what can be read from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from lab.gil.settings import Settings
from lab.gil.workload import Workload

__all__ = ["Activity", "Event", "Kind", "Record", "Run", "Span", "holders", "spans"]

Kind = Literal[
    "start",  # the thread exists
    "core",  # it got a core: detail is its number
    "off",  # it left its core: "slice" (its time slice ended), "priority" or "blocked"
    "wait",  # it waits for the GIL
    "take",  # it holds the GIL
    "drop",  # it released the GIL: "request", "block" (it is about to block), "tick" or "end"
    "timeout",  # its wait for the GIL timed out: "ask" if it may now ask, "switched" if somebody else got the GIL
    "request",  # it asked for the GIL
    "forced",  # it dropped the GIL on request, and waits until somebody else has taken it
    "failed",  # it was woken for the GIL, and found it taken
    "io",  # it waits for an operation that somebody else finishes
    "done",  # that operation, or a C function that it called without the GIL, is over
    "call",  # it computes in C without the GIL
    "locked",  # it waits for a lock, a queue or the end of a thread: detail is its name
    "poll",  # the event loop has nothing to run, and waits
    "polled",  # the event loop has something to run
    "mark",  # it noted the time: detail is the name
    "end",  # it has ended
]

Activity = Literal["run", "ready", "gil", "io", "call", "locked", "poll"]
"""What a thread does during a span: it runs Python; wants a core; waits for the GIL; waits for an operation; runs in C
without the GIL; waits for another thread; polls, as an event loop."""


class Event(NamedTuple):
    """One thing that happened: when (nanoseconds), what, to which thread, and what more there is to say."""

    time: int
    kind: Kind
    thread: str
    detail: str = ""


Record = tuple[int, Kind, str, str]
"""An event as it is recorded: plain tuples are made faster, and the garbage collector need not look after them."""


class Span(NamedTuple):
    """A thread did one thing from `start` to `end`, in nanoseconds; `start` < `end`."""

    thread: str
    activity: Activity
    start: int
    end: int


@dataclass(frozen=True)
class Run:
    """A finished simulation.

    Attributes
    ----------
    workload, settings
        What was simulated.
    records : tuple of Record
        Everything that happened, in order; the same workload and settings give the same records. `events` has names.
    time : int
        Nanoseconds from the start until the last thread that is not in the background ended.
    """

    workload: Workload
    settings: Settings
    records: tuple[Record, ...]
    time: int

    @cached_property
    def events(self) -> tuple[Event, ...]:
        """The records as events."""
        return tuple(map(Event._make, self.records))

    @property
    def seconds(self) -> float:
        """The simulated time that the workload took."""
        return self.time / 1e9

    def count(self, kind: Kind, detail: str | None = None) -> int:
        """Return how many events of a kind there are; with `detail`, only those that say so."""
        return sum(found == kind and (detail is None or said == detail) for _, found, _, said in self.records)

    def marks(self, name: str) -> list[float]:
        """Return the times of the marks of a name, in seconds."""
        return [time / 1e9 for time, kind, _, detail in self.records if kind == "mark" and detail == name]


AFTER: dict[Kind, Activity] = {
    "wait": "gil",
    "forced": "gil",
    "take": "run",
    "io": "io",
    "call": "call",
    "done": "run",
    "locked": "locked",
    "poll": "poll",
}
"""What a thread does after an event that changes it; every other kind leaves it as it is."""


def spans(events: Sequence[Event], end: int | None = None) -> list[Span]:
    """Return what each thread did when, by thread in the order of their start, then by time.

    Parameters
    ----------
    events : Sequence[Event]
        Events of one run, in order.
    end : int or None
        Where spans that are still open end, in nanoseconds; by default with the last event.
    """
    last = (events[-1].time if events else 0) if end is None else end
    found: dict[str, list[Span]] = {}
    now: dict[str, tuple[Activity, int]] = {}
    busy: dict[str, Activity] = {}
    cores: set[str] = set()
    for event in events:
        name = event.thread
        if event.kind == "start":
            found[name] = []
            busy[name] = "run"
        elif event.kind == "core":
            cores.add(name)
        elif event.kind == "off":
            cores.discard(name)
        busy[name] = AFTER.get(event.kind, busy[name])
        shown = busy[name] if name in cores or busy[name] not in ("run", "call") else "ready"
        before = now.get(name)
        over = event.kind in ("end", "polled")
        if before is not None and (before[0] != shown or over):
            _close(found[name], name, before, event.time)
        if over:
            now.pop(name, None)
        elif before is None or before[0] != shown:
            now[name] = (shown, event.time)
    for name, before in now.items():
        _close(found[name], name, before, last)
    return [span for listed in found.values() for span in listed]


def _close(spans: list[Span], thread: str, open_: tuple[Activity, int], end: int) -> None:
    if open_[1] < end:
        spans.append(Span(thread, open_[0], open_[1], end))


def holders(events: Sequence[Event], end: int) -> list[tuple[str, int, int]]:
    """Return who held the one GIL from when to when, in nanoseconds; `end` is where a hold that is still on ends."""
    found: list[tuple[str, int, int]] = []
    holder: Event | None = None
    for event in events:
        if event.kind == "take":
            holder = event
        elif event.kind == "drop" and holder is not None:
            found.append((holder.thread, holder.time, event.time))
            holder = None
    if holder is not None:
        found.append((holder.thread, holder.time, end))
    return [one for one in found if one[1] < one[2]]
