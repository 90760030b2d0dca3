"""Swim lanes: one schedule, time from left to right, with happens-before arrows and the shared state underneath."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.lanes_layout import Layout, fit, values_of, waits_of
from lab.draw.runs import lost_updates, touches_freed
from lab.draw.style import MUTED, PALE, PAPER, RAIL, SizeName, ink_on, thread_colour
from lab.draw.words import capital, count_word, listing, pairs, parts, phrase, short_names, value_text, who
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.model.trace import Trace

__all__ = ["swim_lanes"]


def swim_lanes(
    trace: Trace, *, wrong: bool = True, broken: str = "", ax: Axes | None = None, size: SizeName = "page"
) -> Drawing:
    """Draw one trace: a lane per thread, a box per step, arrows for happens-before, racing pairs joined.

    Solid arrows say that the first step happens before the second; a heavy broken line joins two accesses that
    conflict and that nothing orders. Order within a lane is understood.

    Parameters
    ----------
    trace : Trace
        At least one step.
    wrong : bool
        Whether a lost update in this trace is a fault, so that it is marked; a program may be right all the same.
    broken : str
        The name of a property that the end of the trace violates, for the title.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.

    Raises
    ------
    UsageError
        When the trace has no step, or there is no room for it.
    """
    if not trace.events:
        raise UsageError("the trace has no step to draw")
    frame = Frame.of(size, ax)
    lost = lost_updates(trace) if wrong else ()
    title = _title(trace, lost, broken.replace("_", " "))
    note = f"{trace.scenario} · policy {trace.policy} · exact, one schedule"
    note += " · arrow: happens before" * bool(trace.order) + " · broken line: a data race" * bool(trace.races)
    note += who(trace.threads)
    layout = fit(frame, trace, frame.head_height(title, note))
    height = frame.head_height(title, note) + layout.height + frame.size.margin
    canvas = Canvas(frame, frame.tall(height, "this trace"))
    corner = (frame.left, canvas.head(title, note))
    for system in range(layout.systems):
        _system(canvas, layout, trace, system, corner)
    losing = {later for _, later in lost}
    for index, item in enumerate(layout.items):
        hurts = item.waits or index in losing or bool(trace.events[index].error)
        _box(canvas, layout, index, corner, hurts)
    _joins(canvas, layout, trace, corner, frozenset(lost))
    return canvas.finish(title, note, _alt(title, trace), _table(trace))


def _title(trace: Trace, lost: Sequence[tuple[int, int]], broken: str = "") -> str:
    if trace.status == "deadlock":
        waits = [f"{thread} waits for {why['for']}" for thread, why in trace.waiting.items()]
        return f"Nobody can move: {listing(waits)}"
    if touching := touches_freed(trace):
        return f"Freed memory is used: {trace.events[touching[0]].thread} comes too late"
    if failed := [event for event in trace.events if event.error]:
        return f"{failed[0].thread} ends by {failed[0].error}"
    if lost:
        victim, thief = (trace.events[index] for index in lost[0])
        return f"An update is lost: {thief.thread} overwrites what {victim.thread} wrote"
    if broken:
        number = len(trace.events)
        return f"After {count_word(number)} step{'s' * (number != 1)} {broken!r} does not hold"
    if trace.races:
        one, other = (trace.events[index] for index in trace.races[0])
        amount = "two accesses" if len(trace.races) == 1 else f"{count_word(len(trace.races))} pairs of accesses"
        return f"Nothing orders {one.thread} and {other.thread}: {amount} race"
    if trace.order:
        locks = [
            access.location for event in trace.events for access in event.accesses if access.operation == "acquire"
        ]
        subject = {0: "Happens-before orders", 1: "The lock orders"}.get(len(set(locks)), "The locks order")
        return f"{subject} every conflicting pair of accesses"
    return f"The threads never touch the same place in these {count_word(len(trace.events))} steps"


def _system(canvas: Canvas, layout: Layout, trace: Trace, system: int, corner: tuple[float, float]) -> None:
    """Draw the lanes and the state tracks of one system."""
    unit, left = canvas.size.small, corner[0]
    y = corner[1] + layout.top(system)
    chip = layout.label - unit * 0.8
    for thread, name in enumerate(short_names(trace.threads)):
        middle = y + (thread + 0.5) * layout.lane
        gid = f"lane-{system + 1}-{thread + 1}"
        canvas.line([(left + chip, middle), (left + layout.ends[system], middle)], colour=RAIL, gid=gid)
        canvas.chip(left, middle, chip, unit * 1.4, name, thread_colour(thread))
    for number, name in enumerate(layout.tracks):
        middle = y + layout.lanes * layout.lane + number * layout.track + unit * 2.1
        _track(canvas, layout, values_of(trace), name, system, (left, middle))


def _box(canvas: Canvas, layout: Layout, index: int, corner: tuple[float, float], wrong: bool) -> None:
    """Draw one step, or one wait; a heavy broken outline and a cross where something goes wrong."""
    unit, item = canvas.size.small, layout.items[index]
    x, y = (start + offset for start, offset in zip(corner, layout.centre(index), strict=True))
    fill = PAPER if item.waits else thread_colour(item.thread)
    gid = f"waits-{item.thread + 1}" if item.waits else f"step-{index + 1}"
    canvas.box(
        x - item.width / 2, y - layout.box_height / 2, item.width, layout.box_height, fill=fill, gid=gid,
        stroke=2.4 if wrong else 0.8, dashed=wrong, order=4,
    )  # fmt: skip
    if wrong:
        canvas.disc(x + item.width / 2, y - layout.box_height / 2, unit * 0.62, edge=PAPER, order=6.5)
        canvas.cross(x + item.width / 2, y - layout.box_height / 2, unit * 0.36, gid=f"{gid}-wrong")
    start = y - (len(item.lines) - 1) * unit * 0.64
    for number, line in enumerate(item.lines):
        canvas.text(x, start + number * unit * 1.28, line, align="center", bold=True, colour=ink_on(fill), ground=fill)


def _track(
    canvas: Canvas, layout: Layout, states: Sequence[Mapping[str, Any]], name: str, system: int, at: tuple[float, float]
) -> None:
    """Write a shared variable's value where it changes, on a line that says how long it stays."""
    unit, (left, y) = canvas.size.small, at
    steps = [index for index, (number, _) in enumerate(layout.places) if number == system and index < len(states) - 1]
    before = states[steps[0] if steps else -1][name]
    value = value_text(before)
    canvas.text(left, y - unit * 1.35, name, mono=True, colour=MUTED)
    canvas.text(left, y, value, mono=True)
    begin = left + canvas.frame.text_width(value, mono=True) + unit * 0.3
    canvas.line([(begin, y), (left + layout.ends[system], y)], colour=RAIL, stroke=0.8)
    for index in steps:
        if states[index + 1][name] != states[index][name]:
            x, text = left + layout.places[index][1], value_text(states[index + 1][name])
            width = canvas.frame.text_width(text, mono=True, bold=True) + unit * 0.8
            gid = f"value-{name}-{index + 1}"
            canvas.box(x - width / 2, y - unit * 0.75, width, unit * 1.5, fill=PALE, stroke=0.8, gid=gid)
            canvas.text(x, y, text, align="center", mono=True, bold=True, ground=PALE)


def _joins(
    canvas: Canvas, layout: Layout, trace: Trace, corner: tuple[float, float], lost: frozenset[tuple[int, int]]
) -> None:  # fmt: skip
    """Draw what relates steps of different lanes: arrows, and broken lines for races, the one that does harm heavy."""
    joins = [("order", *pair) for pair in trace.order] + [("race", *pair) for pair in trace.races]
    far = [join for join in joins if layout.places[join[1]][0] != layout.places[join[2]][0]]
    for kind, source, target in joins:
        if (kind, source, target) not in far:
            heavy = not lost or (source, target) in lost
            _join(canvas, _path(layout, source, target, corner), kind, f"{kind}-{source + 1}-{target + 1}", heavy)
    for number, join in enumerate(far):
        letter = _LETTERS[number % 26] + (str(number // 26) if number >= 26 else "")
        _broken(canvas, layout, join, far, corner, letter)


_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _path(layout: Layout, source: int, target: int, corner: tuple[float, float]) -> list[tuple[float, float]]:
    """Return the way from one box to another: straight between neighbouring lanes, else curved round the others."""
    (x, y), (u, v) = (layout.centre(index) for index in (source, target))
    way = 1 if v > y else -1
    half = layout.box_height / 2
    one, other = layout.items[source], layout.items[target]
    if abs(one.thread - other.thread) == 1:
        points = [
            (x + min(one.width * 0.35, (u - x) / 2), y + half * way),
            (u - min(other.width * 0.35, (u - x) / 2), v - half * way),
        ]
    else:
        start, bend, end = (x + one.width / 2, y), (u, y), (u, v - half * way)
        weights = [((1 - t) ** 2, 2 * t * (1 - t), t**2) for t in (step / 12 for step in range(13))]
        points = [
            (a * start[0] + b * bend[0] + c * end[0], a * start[1] + b * bend[1] + c * end[1]) for a, b, c in weights
        ]
    return [(corner[0] + x, corner[1] + y) for x, y in points]


def _join(
    canvas: Canvas, points: Sequence[tuple[float, float]], kind: str, gid: str, heavy: bool = True
) -> None:  # fmt: skip
    if kind == "race":
        dashes = (0, (2.2, 1.3)) if heavy else (0, (3.4, 2.4))
        canvas.line(points, stroke=2.6 if heavy else 1.3, style=dashes, gid=gid, order=2.4)
        return
    if len(points) > 2:
        canvas.line(points[:-1], stroke=1.3)
    canvas.arrow(points[-2], points[-1], stroke=1.3, gid=gid)


def _broken(
    canvas: Canvas, layout: Layout, join: tuple[str, int, int], far: Sequence[tuple[str, int, int]],
    corner: tuple[float, float], letter: str,
) -> None:  # fmt: skip
    """Draw a join between two systems as two short pieces with the same letter."""
    unit = canvas.size.small
    for index, way, end in ((join[1], 1, 1), (join[2], -1, 2)):
        rivals = [other for other in far if other[end] == index]
        x, y = (start + offset for start, offset in zip(corner, layout.centre(index), strict=True))
        x += layout.items[index].width * ((rivals.index(join) + 0.5) / len(rivals) - 0.5)
        side = y + way * layout.box_height / 2
        points = [(x, side), (x, side + way * unit * 0.85)]
        _join(canvas, points[::way], join[0], f"{join[0]}-{join[1] + 1}-{join[2] + 1}-{'from' if way > 0 else 'to'}")
        canvas.text(x, side + way * unit * 1.45, letter, align="center", bold=True)


def _alt(title: str, trace: Trace) -> str:
    steps = ", ".join(
        f"{event.thread} {phrase(event)}" + (f" and ends by {event.error.partition(':')[0]}" if event.error else "")
        for event in trace.events
    )
    said = [f"{title}. In order: {steps}."]
    if trace.status == "deadlock":
        said.append(
            f"Then {listing([f'{thread} {chr(32).join(lines)}' for thread, lines in waits_of(trace).items()])}."
        )
    for kind, verb in ((trace.order, "happens before"), (trace.races, "races with")):
        if kind:
            told = [f"step {one + 1} {verb} step {other + 1}" for one, other in kind]
            said.append(capital(listing(told)) + ".")
    if last := values_of(trace)[-1]:
        said.append(f"At the end {listing(pairs(last))}.")
    return " ".join(said)


def _table(trace: Trace) -> list[tuple[str, ...]]:
    states = values_of(trace)
    rows: list[tuple[str, ...]] = [
        ("step", "thread", "line", "action", "location", "value", *states[0], "happens before", "races with")
    ]
    for event, after in zip(trace.events, states[1:], strict=True):
        later = [" ".join(str(b + 1) for a, b in some if a == event.index) for some in (trace.order, trace.races)]
        values = [value_text(value) for value in after.values()]
        rows.append((str(event.index + 1), event.thread, str(event.line), *parts(event), *values, *later))
    return rows
