"""Where everything of a swim-lane figure stands: boxes along the lanes, systems under each other, state tracks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lab.draw.canvas import Frame
from lab.draw.words import cells, changes, family, listing, needs_place, parts, short_names, value_text
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.model.trace import Event, Trace

__all__ = ["Item", "Layout", "fit", "values_of", "waits_of"]


MOST_TRACKS = 8
"""More state tracks than this hide the lanes."""


@dataclass(frozen=True)
class Item:
    """One box: its thread, what it says, its width, and the widths of the values it gives to state tracks."""

    thread: int
    lines: tuple[str, ...]
    width: float
    waits: bool = False
    values: Mapping[str, float] = field(default_factory=dict)


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
    said = [verb] + [touched] * (bool(touched) and (len(same) > 1 or needs_place(verb))) + [value] * bool(value)
    return [*said, event.error.partition(":")[0]] if event.error else said


def waits_of(trace: Trace) -> dict[str, list[str]]:
    """Return what is said of each thread that a deadlock leaves waiting; holders by the names of their lanes."""
    if trace.status != "deadlock":
        return {}
    lanes = dict(zip(trace.threads, short_names(trace.threads), strict=True))
    return {
        thread: [
            "waits for",
            str(why["for"]),
            *([f"held by {listing([lanes[name] for name in why['held_by']])}"] if why["held_by"] else []),
        ]
        for thread, why in trace.waiting.items()
    }


def values_of(trace: Trace) -> list[dict[str, Any]]:
    """Return the shared cells that change, at the start and after each step: one state track each."""
    states = cells([trace.initial, *(event.shared for event in trace.events)])
    kept = [name for name in states[0] if len({repr(state.get(name)) for state in states}) > 1]
    if len(kept) > MOST_TRACKS:
        raise UsageError(f"{len(kept)} shared values change in this trace: more than {MOST_TRACKS} state tracks")
    return [{name: state[name] for name in kept} for state in states]


def fit(frame: Frame, trace: Trace, head: float) -> Layout:
    """Arrange a trace in a frame below a head of the given height."""
    unit = frame.size.small
    states = values_of(trace)
    items = [
        _item(frame, trace.threads.index(event.thread), _lines(trace, event), changes(before, after))
        for event, before, after in zip(trace.events, states, states[1:], strict=False)
    ]
    for thread, lines in waits_of(trace).items():
        items.append(replace(_item(frame, trace.threads.index(thread), lines, {}), waits=True))
    tracks = tuple(states[0])
    chips = max(frame.text_width(name, bold=True) for name in short_names(trace.threads)) + unit * 0.8
    label = chips + unit * 0.8
    starts = {
        name: max(frame.text_width(value_text(state[name]), mono=True) for state in states) - label for name in tracks
    }
    places, ends = _placed(items, frame.room - label, unit, starts, 2.6 if frame.height is None else 4.5)
    box_height = unit * (1.28 * max(len(item.lines) for item in items) + 0.6)
    track, gap, lane = unit * 3.3, unit * 1.8, box_height + unit * 2.2
    if frame.height is not None:
        systems = len(ends)
        spare = (frame.height - head - frame.size.margin + gap) / systems - gap - len(tracks) * track
        lane = min(box_height + unit * 6.5, max(box_height + unit * 1.5, spare / len(trace.threads)))
    places = tuple((system, label + x) for system, x in places)
    return Layout(
        tuple(items),
        places,
        tuple(label + x for x in ends),
        label,
        box_height,
        lane,
        track,
        len(trace.threads),
        tracks,
        gap,
    )


def _item(frame: Frame, thread: int, lines: Sequence[str], new: Mapping[str, Any]) -> Item:
    unit = frame.size.small
    width = max(unit * 3.4, max(frame.text_width(line, bold=True) for line in lines) + unit * 0.8)
    values = {
        name: frame.text_width(value_text(value), mono=True, bold=True) + unit * 0.8 for name, value in new.items()
    }
    return Item(thread, tuple(lines), width, values=values)


def _placed(
    items: Sequence[Item], room: float, unit: float, starts: Mapping[str, float], most: float
) -> tuple[tuple[tuple[int, float], ...], tuple[float, ...]]:
    """Return the system and the middle of each box, and where each system ends.

    A box stands right of the one before it in time, clear of the one before it in its own lane, and far enough from
    the one before it that changed the same value. `starts` is how far each track's value at the start reaches, `most`
    how far all may be drawn apart to fill the room.
    """
    systems: list[list[tuple[Item, float]]] = [[]]
    for item in items:
        x = _next(systems[-1], item, unit, starts)
        if systems[-1] and x + _reach(item) > room and not item.waits:
            systems.append([])
            x = _next([], item, unit, starts)
        systems[-1].append((item, x))
    wide = max(x + _reach(item) for system in systems for item, x in system)
    if wide > room + 1:
        raise UsageError("the steps of this trace are too long for lanes of this size")
    stretch = max(1.0, min(*((room - _reach(item)) / x for system in systems for item, x in system if x), most))
    places = tuple((number, x * stretch) for number, system in enumerate(systems) for _, x in system)
    ends = (max(x * stretch + _reach(item) for item, x in system) for system in systems)
    return places, tuple(min(end + unit * 0.5, room) for end in ends)


def _reach(item: Item) -> float:
    return max(item.width, *item.values.values(), 0.0) / 2


def _next(system: Sequence[tuple[Item, float]], item: Item, unit: float, starts: Mapping[str, float]) -> float:
    x = item.width / 2
    for name, width in item.values.items():
        x = max(x, starts[name] + width / 2 + unit * 0.6)
    for other, at in system:
        if other.thread == item.thread:
            x = max(x, at + (other.width + item.width) / 2 + unit * 0.7)
        else:
            x = max(x, at if item.waits and other.waits else at + unit * 2.8)
        for name, width in item.values.items():
            if name in other.values:
                x = max(x, at + (other.values[name] + width) / 2 + unit * 0.5)
    return x
