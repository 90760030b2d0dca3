"""The state graph by levels: all states of a small scenario, one row per number of steps, time from top to bottom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from math import cos, pi, sin

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import BAD, INK, MUTED, PAPER, SizeName, stroke_colour, thread_colour
from lab.draw.words import act, capital, cells, count_word, listing, pairs, short_names, value_text, who
from lab.errors import UsageError
from lab.explorer.graph import Edge, StateGraph

__all__ = ["state_levels"]

MOST = 16
"""More states than this on one level cannot be told apart."""

STYLES: tuple[object, ...] = ("solid", (0, (4, 1.5)), (0, (1.2, 1.2)), (0, (5, 1.5, 1.2, 1.5)))
"""Each thread's kind of line, so that colour is not alone."""


def state_levels(graph: StateGraph, *, ax: Axes | None = None, size: SizeName = "column") -> Drawing:
    """Draw every state as a mark on the level of its shortest way, and every transition in its thread's colour.

    A level's rank is the least number of steps that leads there, so an edge goes down by one, or back. States that go
    wrong are crossed and broken; ends that are right have a tick; the shared values stand under the ends.

    Raises
    ------
    UsageError
        When a level has more than 16 states, or there is no room.
    """
    rows = _rows(graph)
    widest = max(len(row) for row in rows)
    if widest > MOST:
        raise UsageError(
            f"{graph.scenario} has up to {widest} states on a level; a figure of levels has room for {MOST}"
        )
    frame = Frame.of(size, ax)
    title = _title(graph)
    note = f"{graph.scenario} · policy {graph.policy} · exact, {_schedules(graph)}{who(graph.threads)}"
    head = frame.head_height(title, note)
    unit = frame.size.small
    radius = min(unit * 0.7, frame.room / (widest + 1) * 0.3)
    ends = _end_lines(graph, [state for state in range(len(graph.states)) if not graph.leaving[state]])
    foot = max((len(lines) for lines in ends.values()), default=0) * unit * 1.25
    pitch = unit * 3.1
    fixed = head + foot + unit * 4.2 + frame.size.margin
    if frame.height is not None:
        pitch = min(unit * 6, max(unit * 1.6, (frame.height - fixed) / max(1, len(rows) - 1)))
    canvas = Canvas(frame, frame.tall(fixed + pitch * (len(rows) - 1), "this state graph"))
    top = canvas.head(title, note) + unit * 0.9
    left = frame.left + unit * 3.2
    places = {
        state: (left + (frame.right - left) * (column + 0.5) / len(row), top + level * pitch)
        for level, row in enumerate(rows)
        for column, state in enumerate(row)
    }
    for level in range(len(rows)):
        canvas.text(frame.left, top + level * pitch, str(level), colour=MUTED)
    for edge in graph.edges:
        _edge(canvas, edge, places, radius)
    for state, at in places.items():
        _node(canvas, graph, state, at, radius)
    _write_ends(canvas, ends, places, radius, frame)
    _key(canvas, graph, top + (len(rows) - 1) * pitch + radius + foot + unit * 1.9)
    return canvas.finish(title, note, _alt(title, graph, rows), _table(graph))


def _schedules(graph: StateGraph) -> str:
    return "infinitely many schedules" if graph.schedules is None else f"all {graph.schedules:,} schedules"


def _rows(graph: StateGraph) -> list[list[int]]:
    """Return the states of each level, ordered by the mean place of where they come from."""
    rows: list[list[int]] = [[] for _ in range(max(graph.levels) + 1)]
    for state, level in enumerate(graph.levels):
        rows[level].append(state)
    before: dict[int, list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        if graph.levels[edge.target] == graph.levels[edge.source] + 1:
            before[edge.target].append(edge)
    place = {0: 0.5}
    for row in rows[1:]:
        pull = {
            state: sum(place[edge.source] + (edge.thread - 0.5) * 0.02 for edge in before[state]) / len(before[state])
            for state in row
        }
        row.sort(key=lambda state: (pull[state], state))
        place.update({state: (column + 0.5) / len(row) for column, state in enumerate(row)})
    return rows


def _title(graph: StateGraph) -> str:
    states = f"{count_word(len(graph.states))} states"
    bad = [state for state in graph.faults if not graph.leaving[state]]
    ends = [state for state in range(len(graph.states)) if not graph.leaving[state]]
    if not graph.faults and not ends:
        return capital(f"{states}, and none of them is an end")
    if not graph.faults:
        return capital(f"{states}, and none of them is wrong")
    if bad:
        kind = "deadlocks" if all(state in graph.deadlocks for state in bad) else "wrong"
        if len(bad) == 1:
            kind = "a deadlock" if kind == "deadlocks" else kind
        verb = "is" if len(bad) == 1 else "are"
        return capital(f"{states}: {count_word(len(bad))} of the {count_word(len(ends))} ends {verb} {kind}")
    return capital(f"{states}, {count_word(len(graph.faults))} of them wrong")


def _end_lines(graph: StateGraph, ends: Sequence[int]) -> dict[int, list[str]]:
    """Return what tells the ends apart: "deadlock", or the shared cells that differ between them."""
    states = dict(zip(ends, cells([graph.shared[state] for state in ends]), strict=True))
    first = next(iter(states.values()), {})
    shown = [name for name in first if len({repr(state.get(name)) for state in states.values()}) > 1]
    lines: dict[int, list[str]] = {}
    for state, values in states.items():
        found = [f"{name} = {value_text(values[name], 10)}" for name in shown if name in values]
        lines[state] = ["deadlock"] if state in graph.deadlocks else found[:3]
    return lines


def _edge(canvas: Canvas, edge: Edge, places: dict[int, tuple[float, float]], radius: float) -> None:
    (x, y), (u, v) = places[edge.source], places[edge.target]
    gid = f"edge-{edge.source}-{edge.thread + 1}-{edge.target}-{edge.result}"
    style = STYLES[edge.thread % len(STYLES)]
    colour = stroke_colour(edge.thread)
    if edge.source == edge.target:
        canvas.line(_loop(x, y, radius, edge.thread), colour=colour, stroke=1.5, style=style, gid=gid)
        return
    if v <= y:
        points = _bow((x, y), (u, v), canvas.size.small * 1.6 * (1 if u >= x else -1))
        canvas.line(points[:-1], colour=colour, stroke=1.2, style=style, gid=gid)
        canvas.arrow(points[-3], points[-2], colour=colour, stroke=1.2)
        return
    length = ((u - x) ** 2 + (v - y) ** 2) ** 0.5
    cut = radius * 1.15 / length
    canvas.arrow(
        (x, y), (u - (u - x) * cut, v - (v - y) * cut), colour=colour, stroke=1.5, style=style, gid=gid,
        head=canvas.size.small * 0.6,
    )  # fmt: skip


def _loop(x: float, y: float, radius: float, thread: int) -> list[tuple[float, float]]:
    """Return a small circle beside a state: a step that changes nothing, right for even threads, left for odd ones."""
    reach = radius * 0.9
    middle = x + (radius * 0.5 + reach) * (1 if thread % 2 == 0 else -1)
    turns = [step * pi / 8 for step in range(17)]
    return [(middle + reach * cos(turn), y + reach * sin(turn)) for turn in turns]


def _bow(start: tuple[float, float], end: tuple[float, float], bend: float) -> list[tuple[float, float]]:
    """Return a curve from one state back to another, bent to the side."""
    (x, y), (u, v) = start, end
    middle = ((x + u) / 2 + bend, (y + v) / 2)
    weights = [((1 - t) ** 2, 2 * t * (1 - t), t**2) for t in (step / 12 for step in range(13))]
    return [(a * x + b * middle[0] + c * u, a * y + b * middle[1] + c * v) for a, b, c in weights]


def _node(canvas: Canvas, graph: StateGraph, state: int, at: tuple[float, float], radius: float) -> None:
    gid = f"state-{state}"
    if state in graph.faults:
        canvas.disc(*at, radius, fill=BAD, stroke=1.8, dashed=True, gid=gid)
        canvas.cross(*at, radius * 0.45, gid=f"{gid}-wrong")
    elif state in graph.ends:
        canvas.disc(*at, radius, fill=PAPER, stroke=1.4, gid=gid)
        canvas.tick(*at, radius * 0.5, gid=f"{gid}-right")
    else:
        canvas.disc(*at, radius * 0.55, fill=INK, stroke=0.5, gid=gid)


def _write_ends(
    canvas: Canvas, ends: dict[int, list[str]], places: dict[int, tuple[float, float]], radius: float, frame: Frame
) -> None:
    """Write the shared values under each end, where they have room; of a single one with a long name the value."""
    unit = frame.size.small
    columns = sorted(places[state][0] for state in ends)
    gaps = [after - before for before, after in pairwise(columns)]
    room = min([gap for gap in gaps if gap > 0], default=frame.room)
    for state, lines in ends.items():
        if len(lines) == 1 and frame.text_width(lines[0], mono=True) > room:
            lines = [lines[0].rpartition(" = ")[2]]
        if any(frame.text_width(line, mono=True) > room for line in lines):
            continue
        x, y = places[state]
        for number, line in enumerate(lines):
            below, wide = y + radius + unit * (0.85 + 1.25 * number), frame.text_width(line, mono=True)
            canvas.box(x - wide / 2, below - unit * 0.55, wide, unit * 1.1, fill=PAPER, stroke=0, round_by=0)
            canvas.text(x, below, line, align="center", mono=True)


def _key(canvas: Canvas, graph: StateGraph, y: float) -> None:
    """Say which line is which thread's."""
    unit, x = canvas.size.small, canvas.frame.left
    names = short_names(graph.threads)
    chip = max(canvas.frame.text_width(name, bold=True) for name in names) + unit * 0.8
    for thread, name in enumerate(names):
        colour = stroke_colour(thread)
        canvas.chip(x, y, chip, unit * 1.4, name, thread_colour(thread))
        canvas.arrow((x + chip + unit * 0.3, y), (x + chip + unit * 3, y), colour=colour, stroke=1.5,
                     style=STYLES[thread % len(STYLES)])  # fmt: skip
        x += chip + unit * 4
    canvas.text(x, y, "left: steps made", colour=MUTED)


def _alt(title: str, graph: StateGraph, rows: list[list[int]]) -> str:
    said = [f"{title}. By steps from the start: {', '.join(str(len(row)) for row in rows)} states."]
    said += [f"{len(graph.edges)} transitions of {listing(graph.threads)}."]
    for state in range(len(graph.states)):
        if not graph.leaving[state]:
            what = "; ".join(graph.faults.get(state, ())) or "right"
            said.append(f"End {', '.join(pairs(graph.shared[state]) or ['without shared values'])}: {what}.")
    return " ".join(said)


def _table(graph: StateGraph) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("from", "thread", "action", "to", "level", "shared after", "faults after")]
    rows += [
        (
            str(edge.source),
            graph.threads[edge.thread],
            " ".join(part for part in act(edge.accesses) if part),
            str(edge.target),
            str(graph.levels[edge.target]),
            "; ".join(pairs(graph.shared[edge.target])),
            "; ".join(graph.faults.get(edge.target, ())),
        )
        for edge in graph.edges
    ]
    return rows
