"""The refcount ladder: an object with its count after each step, who changes it, when it dies, who touches it then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from typing import Any

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.runs import Run, lost_updates, touches_freed
from lab.draw.style import MUTED, PALE, PAPER, RAIL, SizeName, balanced, stroke_colour, thread_colour
from lab.draw.words import capital, count_word, listing, order_phrase, parts, phrase, place, short_names, who
from lab.errors import UsageError

__all__ = ["distinct", "refcount_ladder"]


@dataclass(frozen=True)
class _Rung:
    """One step: who, what, the count after it, whether the object is freed, whether the step fails."""

    thread: int
    action: str
    count: int
    freed: bool
    changes: bool
    fails: bool


@dataclass(frozen=True)
class _Ladder:
    """One run of the figure."""

    heading: str
    start: int
    rungs: tuple[_Rung, ...]
    fate: str
    bad: bool


def refcount_ladder(
    runs: Sequence[Run],
    *,
    name: str | None = None,
    total: int | None = None,
    ax: Axes | None = None,
    size: SizeName = "column",
) -> Drawing:
    """Draw some runs side by side, each as a ladder of steps with the object's reference count in the middle.

    Parameters
    ----------
    runs : sequence of Run
        One to six runs of one scenario, in the order to be shown.
    name : str, optional
        The shared variable that counts: a `Record`, or an integer. It may be left out when there is only one.
    total : int, optional
        How many interleavings the scenario has, for the note.

    Raises
    ------
    UsageError
        When there is no run, nothing that counts, or no room.
    """
    if not runs:
        raise UsageError("no runs to draw")
    counter = _counter(runs[0].trace.initial, name)
    if len(runs[0].trace.threads) != 2:
        raise UsageError("a refcount ladder has a thread on either side: it is drawn for two threads")
    ladders = [_ladder(run, counter) for run in runs]
    frame = Frame.of(size, ax)
    title = _title(ladders)
    trace = runs[0].trace
    exact = f"exact, {len(runs)} of the {total:,} schedules" if total and total > len(runs) else "exact"
    if total == len(runs):
        exact = f"exact, all {total:,} schedules"
    note = f"{trace.scenario} · policy {trace.policy} · {exact} · the count of {counter} after each step"
    note += who(trace.threads)
    head = frame.head_height(title, note)
    layout = _arrange(frame, ladders, head)
    canvas = Canvas(frame, frame.tall(head + layout.height + frame.size.margin, "this ladder"))
    top = canvas.head(title, note)
    for number, (ladder, (across, down, height)) in enumerate(zip(ladders, layout.places, strict=True), 1):
        area = (frame.left + across, top + down, layout.width, height)
        _draw(canvas, ladder, trace.threads, area, layout, number)
    return canvas.finish(title, note, _alt(title, runs, ladders), _table(runs, ladders, counter))


def _counter(initial: Mapping[str, Any], name: str | None) -> str:
    records = [key for key, value in initial.items() if isinstance(value, Mapping) and "refs" in value]
    numbers = [key for key, value in initial.items() if isinstance(value, int) and not isinstance(value, bool)]
    if name is None:
        for some in (records, numbers):
            if len(some) == 1:
                return some[0]
        raise UsageError("no single reference count among the shared variables: name one")
    if name not in (*records, *numbers):
        raise UsageError(f"{name} is no reference count: choose {listing([*records, *numbers], 'or')}")
    return name


def _state(shared: Mapping[str, Any], counter: str) -> tuple[int, bool]:
    value = shared[counter]
    return (value["refs"], bool(value["freed"])) if isinstance(value, Mapping) else (value, False)


def _ladder(run: Run, counter: str) -> _Ladder:
    trace = run.trace
    start, _ = _state(trace.initial, counter)
    rungs = []
    for event in trace.events:
        count, freed = _state(event.shared, counter)
        touched = any(place(access.location) == counter for access in event.accesses)
        verb, _, value = parts(event)
        action = f"{verb} {value}".strip() if touched else phrase(event)
        if event.error:
            action = action.removesuffix(value).strip() if value else action
        writes = touched and not event.error and any(access.writes for access in event.accesses)
        rungs.append(_Rung(trace.threads.index(event.thread), action, count, freed, writes, bool(event.error)))
    fate, bad = _fate(run, rungs, start)
    return _Ladder(order_phrase(event.thread for event in trace.events), start, tuple(rungs), fate, bad)


def _fate(run: Run, rungs: Sequence[_Rung], start: int) -> tuple[str, bool]:
    """Say what becomes of the object, and whether that is wrong."""
    trace = run.trace
    touching = touches_freed(trace)
    if touching:
        return f"{trace.events[touching[0]].thread} touches freed memory", True
    counts = [start, *(rung.count for rung in rungs)]
    freed = next((rung for rung in rungs if rung.freed), None)
    revived = any(before == 0 and after > 0 for before, after in pairwise(counts))
    if freed and freed.count > 0:
        return f"freed with the count at {freed.count}: a zombie", True
    if freed and lost_updates(trace):
        return "freed although an update was lost", bool(run.faults)
    if freed:
        return "freed with the count at 0", bool(run.faults)
    if revived:
        return f"revived: ends with the count at {counts[-1]}", bool(run.faults)
    return f"{'lives' if counts[-1] > 0 else 'ends'} with the count at {counts[-1]}", bool(run.faults)


def distinct(runs: Sequence[Run], name: str | None = None) -> list[Run]:
    """Return the first run of each fate: what a ladder has to tell apart."""
    counter = _counter(runs[0].trace.initial, name)
    return list({_ladder(run, counter).fate: run for run in reversed(runs)}.values())[::-1]


def _title(ladders: Sequence[_Ladder]) -> str:
    endings = {
        "touches freed memory": "is used after it is freed",
        "zombie": "comes back as a zombie",
        "update was lost": "is freed too early",
        "lives": "lives",
        "count at 0": "is freed",
        "revived": "is revived",
    }
    found = list(dict.fromkeys(
        next((short for part, short in endings.items() if part in ladder.fate), ladder.fate) for ladder in ladders
    ))  # fmt: skip
    if len(found) == 1:
        return f"The object {found[0]}" + (f" in all {count_word(len(ladders))} orders" if len(ladders) > 1 else "")
    return f"The order alone decides whether the object {listing(found, 'or')}"


@dataclass(frozen=True)
class _Layout:
    """How the ladders stand: their width, where each begins and how high it is, the distance of rungs, fate lines."""

    width: float
    places: tuple[tuple[float, float, float], ...]
    pitch: float
    lines: int
    height: float


def _arrange(frame: Frame, ladders: Sequence[_Ladder], head: float) -> _Layout:
    unit = frame.size.small
    gap = unit * 1.2
    action = max(frame.text_width(_said(rung), bold=True) for ladder in ladders for rung in ladder.rungs)
    heading = max(frame.text_width(f"9  {ladder.heading}", "body", bold=True) for ladder in ladders)
    needed = max(2 * (unit * 2.9 + action), heading)
    columns = max(1, int((frame.room + gap) // (needed + gap)))
    columns = ceil(len(ladders) / ceil(len(ladders) / columns))
    width = (frame.room - gap * (columns - 1)) / columns
    rows = ceil(len(ladders) / columns)
    fates = max(len(balanced(capital(ladder.fate), width - unit * 2.3, unit, bold=True)) for ladder in ladders)
    longest = max(len(ladder.rungs) for ladder in ladders) + 1
    fixed = unit * (4.1 + 1.35 * fates)
    pitch = unit * 2.05
    if frame.height is not None:
        room = (frame.height - head - frame.size.margin + gap * 0.7) / rows - gap * 0.7
        pitch = min(unit * 3.4, max(unit * 1.75, (room - fixed) / longest))
    places: list[tuple[float, float, float]] = []
    top = 0.0
    for row in range(rows):
        some = ladders[row * columns : (row + 1) * columns]
        height = fixed + pitch * (max(len(ladder.rungs) for ladder in some) + 1)
        places += [(column * (width + gap), top, height) for column in range(len(some))]
        top += height + gap * 0.7
    return _Layout(width, tuple(places), pitch, fates, top - gap * 0.7)


def _draw(
    canvas: Canvas, ladder: _Ladder, threads: tuple[str, ...], area: tuple[float, float, float, float],
    layout: _Layout, number: int,
) -> None:  # fmt: skip
    """Draw one ladder: names above, the count as a chain of discs, a rung to the thread that moves."""
    x, y, width, height = area
    unit, pitch, lines = canvas.size.small, layout.pitch, layout.lines
    middle = x + width / 2
    radius = min(unit * 0.82, pitch * 0.4)
    canvas.text(x, y + unit * 0.6, f"{number}  {ladder.heading}", "body", bold=True)
    names = short_names(threads)
    chip = max(canvas.frame.text_width(name, bold=True) for name in names) + unit * 0.8
    reach = min(width / 2, unit * 9.5)
    lane = min(reach - chip, unit * 4.6)
    for thread, edge in ((0, middle - lane - chip / 2), (1, middle + lane - chip / 2)):
        canvas.chip(edge, y + unit * 2.2, chip, unit * 1.3, names[thread], thread_colour(thread))
    first = y + unit * 3.1 + pitch / 2
    lives = [ladder.start, *(rung.count for rung in ladder.rungs)]
    freed = [False, *(rung.freed for rung in ladder.rungs)]
    alive = first + pitch * (freed.index(True) if True in freed else len(lives) - 1)
    canvas.line([(middle, first), (middle, alive)], stroke=2.4, colour=RAIL, gid=f"ladder-{number}-life")
    if True in freed and freed.index(True) < len(lives) - 1:
        canvas.line([(middle, alive), (middle, first + pitch * (len(lives) - 1))], style=(0, (1.5, 1.5)), colour=MUTED)
    for step, (count, gone) in enumerate(zip(lives, freed, strict=True)):
        at = first + step * pitch
        rung = ladder.rungs[step - 1] if step else None
        _count(canvas, (middle, at), radius, count, gone, rung is None or rung.changes, f"ladder-{number}-count-{step}")
        if rung is not None:
            _rung(canvas, rung, (middle, at), radius, f"ladder-{number}-step-{step}")
    bottom = y + height - unit * (0.2 + 1.35 * lines)
    _write_fate(canvas, ladder, x, bottom, width, lines, number)


def _count(
    canvas: Canvas, at: tuple[float, float], radius: float, count: int, freed: bool, changed: bool, gid: str
) -> None:
    """Draw the object: a disc with its count, pale where nothing changed, a broken square once it is freed."""
    x, y = at
    if freed:
        radius *= 1.0 if changed else 0.86
        canvas.box(
            x - radius, y - radius, 2 * radius, 2 * radius, fill=PALE, stroke=1.8, dashed=True, round_by=0, gid=gid
        )
    else:
        canvas.disc(x, y, radius, stroke=1.8 if changed else 0.8, edge="#1A1A1A" if changed else "#767676", gid=gid)
    colour = "#1A1A1A" if changed else MUTED
    canvas.text(x, y, str(count), "body", align="center", mono=True, bold=changed, colour=colour,
                ground=PALE if freed else PAPER)  # fmt: skip


def _rung(canvas: Canvas, rung: _Rung, at: tuple[float, float], radius: float, gid: str) -> None:
    """Draw a step on its thread's side: an arrow into the count for a write, out of it for a read."""
    x, y = at
    unit = canvas.size.small
    way = -1 if rung.thread == 0 else 1
    colour = stroke_colour(rung.thread)
    near, far = x + way * (radius + unit * 0.15), x + way * (radius + unit * 1.8)
    ends = ((far, y), (near, y)) if rung.changes or rung.fails else ((near, y), (far, y))
    canvas.arrow(*ends, colour=colour, stroke=2.2 if rung.changes else 1.4, gid=gid,
                 style="solid" if rung.changes else (0, (2.5, 1.5)))  # fmt: skip
    label = x + way * (radius + unit * 2.15)
    if rung.fails:
        canvas.cross(x + way * (radius + unit * 1.2), y, unit * 0.42, gid=f"{gid}-wrong")
    canvas.text(label, y, _said(rung), align="right" if way < 0 else "left", bold=rung.changes or rung.fails)


def _said(rung: _Rung) -> str:
    return "frees it" if rung.action == "frees" else rung.action


def _write_fate(canvas: Canvas, ladder: _Ladder, x: float, y: float, width: float, lines: int, number: int) -> None:
    """Write what becomes of the object, boxed: broken and crossed when it is wrong."""
    unit = canvas.size.small
    box = unit * (1.35 * lines + 0.3)
    canvas.box(x, y, width, box, dashed=ladder.bad, stroke=2.0 if ladder.bad else 0.9, gid=f"ladder-{number}-fate")
    if ladder.bad:
        canvas.cross(x + unit * 1.0, y + box / 2, unit * 0.32, gid=f"ladder-{number}-sign")
    else:
        canvas.tick(x + unit * 1.0, y + box / 2, unit * 0.32, gid=f"ladder-{number}-sign")
    written = balanced(capital(ladder.fate), width - unit * 2.3, unit, bold=True)
    start = y + box / 2 - (len(written) - 1) * unit * 0.66
    for line, text in enumerate(written):
        canvas.text(x + unit * 1.9, start + line * unit * 1.32, text, bold=ladder.bad)


def _alt(title: str, runs: Sequence[Run], ladders: Sequence[_Ladder]) -> str:
    told = []
    for number, (run, ladder) in enumerate(zip(runs, ladders, strict=True), 1):
        steps = ", ".join(
            f"{event.thread} {rung.action}{', count ' + str(rung.count) if rung.changes else ''}"
            for event, rung in zip(run.trace.events, ladder.rungs, strict=True)
        )
        told.append(f"{number}, {ladder.heading}: starts at {ladder.start}; {steps}; {ladder.fate}.")
    return f"{title}. {' '.join(told)}"


def _table(runs: Sequence[Run], ladders: Sequence[_Ladder], counter: str) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("ladder", "step", "thread", "action", counter, "freed", "fate")]
    for number, (run, ladder) in enumerate(zip(runs, ladders, strict=True), 1):
        rows.append((str(number), "0", "", "start", str(ladder.start), "no", ""))
        for step, (event, rung) in enumerate(zip(run.trace.events, ladder.rungs, strict=True), 1):
            fate = ladder.fate if step == len(ladder.rungs) else ""
            rows.append((
                str(number), str(step), event.thread, rung.action, str(rung.count), "yes" if rung.freed else "no", fate
            ))  # fmt: skip
    return rows
