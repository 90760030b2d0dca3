"""Where everything of a swim-lane figure stands: boxes along the lanes, systems under each other, state tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lab.draw.canvas import Frame
from lab.draw.words import changes, family, listing, parts, short_names

if TYPE_CHECKING:
    from lab.model.trace import Event, Trace

__all__ = ["Item", "Layout", "fit", "tracks_of", "waits_of"]


@dataclass(frozen=True)
class Item:
    """One box: its thread, what it says, its width, and the lane-wise order (a wait stands in no order)."""

    thread: int
    lines: tuple[str, ...]
    width: float
    waits: bool = False


@dataclass(frozen=True)
class Layout:
    """Where lanes, boxes and state tracks stand; a long trace is broken into systems, as music is."""

    items: tuple[Item, ...]
    places: tuple[tuple[int, float], ...]
    ends: tuple[float, ...]
    label: float
    box_height: float
    lane: float
    track: float
    lanes: int
    tracks: tuple[str, ...]
    gap: float

    @property
    def systems(self) -> int:
        """How many systems there are."""
        return len(self.ends)

    @property
    def system(self) -> float:
        """The height of one system."""
        return self.lane * self.lanes + self.track * len(self.tracks)

    @property
    def height(self) -> float:
        """The height of all systems."""
        return self.systems * (self.system + self.gap) - self.gap

    def top(self, system: int) -> float:
        """Return how far below the first system's top a system begins."""
        return system * (self.system + self.gap)

    def centre(self, index: int) -> tuple[float, float]:
        """Return the middle of a box, from the left margin and from the first system's top."""
        system, x = self.places[index]
        return x, self.top(system) + (self.items[index].thread + 0.5) * self.lane


def _lines(trace: Trace, event: Event) -> list[str]:
    """Return what a step's box says, one word group a line; a place is named where the verb has several."""
    verb, touched, value = parts(event)
    same = {parts(one)[1] for one in trace.events if family(parts(one)[0]) == family(verb)}
    said = [verb] + [touched] * (bool(touched) and len(same) > 1) + [value] * bool(value)
    return [*said, event.error.partition(":")[0]] if event.error else said


def waits_of(trace: Trace) -> dict[str, list[str]]:
    """Return what is said of each thread that a deadlock leaves waiting."""
    if trace.status != "deadlock":
        return {}
    return {
        thread: ["waits for", str(why["for"]), *([f"held by {listing(why['held_by'])}"] if why["held_by"] else [])]
        for thread, why in trace.waiting.items()
    }


def tracks_of(trace: Trace) -> tuple[str, ...]:
    """Name the shared variables that change, in the order of the file; at most six."""
    before: Mapping[str, Any] = trace.initial
    changed: set[str] = set()
    for event in trace.events:
        changed |= set(changes(before, event.shared))
        before = event.shared
    return tuple(name for name in trace.initial if name in changed)[:6]


def fit(frame: Frame, trace: Trace, head: float) -> Layout:
    """Arrange a trace in a frame below a head of the given height."""
    unit = frame.size.small
    said = [(trace.threads.index(event.thread), _lines(trace, event), False) for event in trace.events]
    said += [(trace.threads.index(thread), lines, True) for thread, lines in waits_of(trace).items()]
    items = tuple(
        Item(
            thread,
            tuple(lines),
            max(unit * 3.4, max(frame.text_width(line, bold=True) for line in lines) + unit * 0.8),
            waits,
        )
        for thread, lines, waits in said
    )
    tracks = tracks_of(trace)
    chips = max(frame.text_width(name, bold=True) for name in short_names(trace.threads)) + unit * 0.8
    label = chips + unit * 0.8
    places, ends = _placed(items, frame.room - label, unit)
    box_height = unit * (1.28 * max(len(item.lines) for item in items) + 0.6)
    track, gap, lane = unit * 3.3, unit * 1.8, box_height + unit * 2.2
    if frame.height is not None:
        systems = len(ends)
        spare = (frame.height - head - frame.size.margin + gap) / systems - gap - len(tracks) * track
        lane = min(box_height + unit * 6.5, max(lane, spare / len(trace.threads)))
    places = tuple((system, label + x) for system, x in places)
    return Layout(
        items, places, tuple(label + x for x in ends), label, box_height, lane, track, len(trace.threads), tracks, gap
    )


def _placed(items: Sequence[Item], room: float, unit: float) -> tuple[tuple[tuple[int, float], ...], tuple[float, ...]]:
    """Return the system and the middle of each box, and where each system ends.

    A box stands right of the one before it in time, and clear of the one before it in its own lane.
    """
    systems: list[list[tuple[Item, float]]] = [[]]
    for item in items:
        x = _next(systems[-1], item, unit)
        if systems[-1] and x + item.width / 2 > room and not item.waits:
            systems.append([])
            x = _next([], item, unit)
        systems[-1].append((item, x))
    wide = max(max(x + item.width / 2 for item, x in system) for system in systems)
    stretch = max(1.0, min(room / wide, 2.6)) if wide <= room else 1.0
    places = tuple((number, x * stretch) for number, system in enumerate(systems) for _, x in system)
    return places, tuple(max(x * stretch + item.width / 2 for item, x in system) + unit * 0.5 for system in systems)


def _next(system: Sequence[tuple[Item, float]], item: Item, unit: float) -> float:
    x = item.width / 2
    for other, at in system:
        if other.thread == item.thread:
            x = max(x, at + (other.width + item.width) / 2 + unit * 0.7)
        elif not (item.waits and other.waits):
            x = max(x, at + unit * 2.8)
        else:
            x = max(x, at)
    return x
