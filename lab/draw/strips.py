"""Interleaving strips: every order of a small scenario, one strip each, time from top to bottom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from matplotlib.axes import Axes

from lab.draw.canvas import TALLEST, Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.runs import Run, lost_updates, summary
from lab.draw.style import MUTED, PALE, RAIL, SizeName, thread_colour
from lab.draw.words import cells, changes, clipped, pairs, parts, phrase, place, short_names, value_text, who
from lab.errors import UsageError

__all__ = ["interleaving_strips"]

MOST = 40
"""More strips than this are not a figure; the first so many are drawn, and the note says so."""


@dataclass(frozen=True)
class _Strip:
    """What one strip says: the start, one (thread, action, value after) per step, the end, and the steps that hurt."""

    start: list[str]
    steps: list[tuple[int, str, str]]
    end: list[str]
    faulty: bool
    hurting: frozenset[int]


def interleaving_strips(
    runs: Sequence[Run], *, total: int | None = None, ax: Axes | None = None, size: SizeName = "column"
) -> Drawing:
    """Draw each run as a strip: who moves at each step, what it does, the shared value after it, and the outcome.

    Parameters
    ----------
    runs : sequence of Run
        At least one, all of one scenario under one policy; `lab.draw.runs_of(relation)` gives every one.
    total : int, optional
        How many interleavings the scenario has, when `runs` are only some of them.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.

    Raises
    ------
    UsageError
        When there is no run, or none that takes a step, or the space given cannot hold one strip.
    """
    if not any(run.trace.events for run in runs):
        raise UsageError("no runs to draw, or none that takes a step")
    frame = Frame.of(size, ax)
    every = len(runs) if total is None else total
    strips = [_strip(run, states) for run, states in zip(runs, _states(runs), strict=True)]
    title = summary(runs, every)
    grid = _Grid.fit(frame, strips[:MOST], runs[0].trace.threads)
    note = _note(runs[0], len(runs), every)
    head = frame.head_height(title, note)
    grid = grid.within(frame, head)
    drawn = strips[: grid.count]
    if len(drawn) < len(runs):
        note = f"{note} · the first {len(drawn)} shown"
        head = frame.head_height(title, note)
    canvas = Canvas(frame, frame.tall(head + grid.height + frame.size.margin, "this table of strips"))
    top = canvas.head(title, note)
    for number, strip in enumerate(drawn):
        x = frame.left + (number % grid.columns) * (grid.width + grid.gap)
        y = top + (number // grid.columns) * (grid.strip_height + grid.gap)
        _draw(canvas, grid, strip, x, y, number + 1, runs[0].trace.threads)
    return canvas.finish(title, note, _alt(title, runs, drawn), _table(runs))


def _note(run: Run, shown: int, every: int) -> str:
    amount = f"all {every:,}" if shown == every else f"{shown:,} of the {every:,}"
    return f"{run.trace.scenario} · policy {run.trace.policy} · exact, {amount} schedules{who(run.trace.threads)}"


def _states(runs: Sequence[Run]) -> list[list[dict[str, Any]]]:
    """Return, for each run, the shared cells at the start and after each step: only those that change in some run."""
    flat = cells([shared for run in runs for shared in (run.trace.initial, *(one.shared for one in run.trace.events))])
    kept = [name for name in flat[0] if len({repr(state.get(name)) for state in flat}) > 1]
    states = iter([{name: state[name] for name in kept if name in state} for state in flat])
    return [[next(states) for _ in range(len(run.trace.events) + 1)] for run in runs]


def _strip(run: Run, states: Sequence[Mapping[str, Any]]) -> _Strip:
    trace, shown = run.trace, tuple(states[0])
    alone = len({access.location for event in trace.events for access in event.accesses}) == 1
    alone = alone or len({place(access.location) for event in trace.events for access in event.accesses}) == 1
    steps = []
    for event, before, after in zip(trace.events, states, states[1:], strict=False):
        new = changes(before, after)
        value = value_text(after[shown[0]], 12) if len(shown) == 1 else ", ".join(_terse(new))
        text = clipped(phrase(event, location=not alone), 34)
        steps.append((trace.threads.index(event.thread), f"{text} ✗" if event.error else text, clipped(value, 22)))
    end = pairs(states[-1], 14) if len(shown) <= 3 else []
    end += [f"{event.thread}: {event.error.partition(':')[0]}" for event in trace.events if event.error]
    end += ["deadlock"] * (trace.status == "deadlock")
    end += [fault.replace("_", " ") for fault in run.faults if not end or (len(shown) > 3 and ":" not in fault)]
    hurting = frozenset(later for _, later in lost_updates(trace)) if run.faults else frozenset()
    hurting |= {event.index for event in trace.events if event.error}
    start = pairs(states[0], 14) if len(shown) <= 3 else []
    return _Strip(start, steps, list(dict.fromkeys(end)) or ["finished"], bool(run.faults), hurting)


def _terse(new: Mapping[str, Any]) -> list[str]:
    return [f"{name}={value_text(value, 8)}" for name, value in new.items()]


@dataclass(frozen=True)
class _Grid:
    """Where the strips stand: how wide and high each is, how many side by side."""

    count: int
    columns: int
    width: float
    gap: float
    chip: float
    pitch: float
    rows: tuple[int, int, int]
    strip_height: float

    @property
    def height(self) -> float:
        return ceil(self.count / self.columns) * (self.strip_height + self.gap) - self.gap

    @classmethod
    def fit(cls, frame: Frame, strips: Sequence[_Strip], threads: tuple[str, ...]) -> _Grid:
        """Choose the widest even arrangement in which every text has room."""
        unit = frame.size.small
        chip = max(frame.text_width(name, bold=True) for name in short_names(threads)) + unit * 0.6
        action = max(frame.text_width(text, bold=True) for strip in strips for _, text, _ in strip.steps)
        value = max(frame.text_width(text, mono=True, bold=True) for strip in strips for _, _, text in strip.steps)
        edge = unit * 0.35
        count = frame.text_width(str(len(strips)), bold=True)
        width = edge + chip + unit * 0.4 + action + unit * 0.5 + value + edge
        ends = [text for strip in strips for text in strip.end]
        starts = [text for strip in strips for text in strip.start]
        width = max(width, max(frame.text_width(text, mono=True, bold=True) for text in ends) + unit * 2.0)
        width = max(width, max((frame.text_width(text, mono=True) for text in starts), default=0) + unit * 1.2 + count)
        needed, gap = width, unit * 0.9
        if needed > frame.room:
            raise UsageError("the steps of this scenario are too long for strips of this size")
        columns = max(1, int((frame.room + gap) // (width + gap)))
        columns = ceil(len(strips) / ceil(len(strips) / columns))
        width = (frame.room - gap * (columns - 1)) / columns
        width = min(width, max(needed, unit * 20))
        rows = (
            max(1, *(len(strip.start) for strip in strips)),
            max(len(strip.steps) for strip in strips),
            max(len(strip.end) for strip in strips),
        )
        pitch = unit * 1.62
        return cls(len(strips), columns, width, gap, chip, pitch, rows, _strip_height(rows, pitch, unit))

    def within(self, frame: Frame, head: float) -> _Grid:
        """Return the grid that fills a fixed height, with fewer strips if they do not all fit."""
        unit = frame.size.small
        room = (frame.height or TALLEST) - head - frame.size.margin
        lines = ceil(self.count / self.columns)
        fixed = frame.height is not None
        least = _strip_height(self.rows, unit * 1.45, unit) if fixed else self.strip_height
        while lines > 1 and lines * (least + self.gap) - self.gap > room:
            lines -= 1
        count = min(self.count, lines * self.columns)
        if not fixed:
            return replace(self, count=count)
        spare = (room + self.gap) / lines - self.gap - _strip_height(self.rows, 0, unit)
        pitch = min(unit * 2.6, max(unit * 1.45, spare / self.rows[1]))
        return replace(self, count=count, pitch=pitch, strip_height=_strip_height(self.rows, pitch, unit))


def _strip_height(rows: tuple[int, int, int], pitch: float, unit: float) -> float:
    return rows[0] * unit * 1.5 + rows[1] * pitch + rows[2] * unit * 1.3 + unit * 1.5


def _draw(
    canvas: Canvas, grid: _Grid, strip: _Strip, x: float, y: float, number: int, threads: tuple[str, ...]
) -> None:
    unit = canvas.size.small
    edge = unit * 0.35
    names = short_names(threads)
    canvas.box(x, y, grid.width, grid.strip_height, fill="none", edge=RAIL, stroke=0.6, gid=f"strip-{number}")
    top = y + unit * 0.2
    canvas.text(x + edge + unit * 0.2, top + unit * 0.75, str(number), bold=True, colour=MUTED)
    after = x + edge + unit * 0.7 + canvas.frame.text_width(str(number), bold=True)
    for line, text in enumerate(strip.start):
        canvas.text(after, top + unit * (0.75 + 1.5 * line), text, mono=True)
    top += grid.rows[0] * unit * 1.5
    right = x + grid.width - edge
    for step, (thread, action, value) in enumerate(strip.steps):
        middle = top + grid.pitch / 2
        gid = f"strip-{number}-step-{step + 1}"
        hurts = step in strip.hurting
        if hurts:
            canvas.box(x + edge * 0.5, middle - unit * 0.8, grid.width - edge, unit * 1.6,
                       fill=PALE, stroke=1.2, dashed=True, gid=f"{gid}-wrong", order=1)  # fmt: skip
        canvas.chip(x + edge, middle, grid.chip, unit * 1.32, names[thread], thread_colour(thread), gid)
        ground = PALE if hurts else "#FFFFFF"
        canvas.text(x + edge + grid.chip + unit * 0.4, middle, action, bold=hurts, ground=ground)
        canvas.text(right, middle, value, align="right", mono=True, bold=hurts, ground=ground)
        top += grid.pitch
    _end(canvas, grid, strip, x, y, number)


def _end(canvas: Canvas, grid: _Grid, strip: _Strip, x: float, y: float, number: int) -> None:
    """Write the outcome at the foot of a strip, with a tick, or with a cross and a heavy broken outline."""
    unit = canvas.size.small
    height = grid.rows[2] * unit * 1.3 + unit * 0.7
    top = y + grid.strip_height - height - unit * 0.1
    gid = f"strip-{number}-outcome"
    inset = unit * 0.18
    canvas.box(x + inset, top, grid.width - 2 * inset, height - inset, gid=gid, dashed=strip.faulty,
               stroke=2.0 if strip.faulty else 0.9)  # fmt: skip
    sign = canvas.cross if strip.faulty else canvas.tick
    middle = top + (height - inset) / 2
    sign(x + unit * 0.85, middle, unit * 0.3, gid=f"{gid}-sign")
    first = middle - (len(strip.end) - 1) * unit * 0.65
    for line, text in enumerate(strip.end):
        canvas.text(x + unit * 1.6, first + line * unit * 1.3, text, mono=True, bold=strip.faulty)


def _alt(title: str, runs: Sequence[Run], strips: Sequence[_Strip]) -> str:
    told = []
    for number, (run, strip) in enumerate(zip(runs, strips, strict=False), 1):
        steps = ", ".join(f"{event.thread} {phrase(event)}" for event in run.trace.events)
        told.append(f"{number}: {steps}; ends with {', '.join(strip.end)}{' (wrong)' if run.faults else ''}.")
    return f"{title}. {' '.join(told)}"


def _table(runs: Sequence[Run]) -> list[tuple[str, ...]]:
    every = _states(runs)
    shown = tuple(every[0][0])
    rows: list[tuple[str, ...]] = [("order", "step", "thread", "action", "location", "value", *shown, "faults")]
    for number, (run, states) in enumerate(zip(runs, every, strict=True), 1):
        for event, after in zip(run.trace.events, states[1:], strict=True):
            faults = "; ".join(run.faults) if event is run.trace.events[-1] else ""
            values = [value_text(after[name]) for name in shown]
            rows.append((str(number), str(event.index + 1), event.thread, *parts(event), *values, faults))
    return rows
