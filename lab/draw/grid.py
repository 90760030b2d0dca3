"""The progress grid: two threads' progress as axes, so that every interleaving is a staircase to the right and up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.grid_plan import Node, Plan, Spot, alt_text, plan_of, table_of, title_of
from lab.draw.style import BAD, INK, MUTED, PALE, PAPER, RAIL, SizeName, stroke_colour, thread_colour, wrap
from lab.draw.words import short_names, who
from lab.errors import UsageError
from lab.explorer.graph import Schedule, StateGraph

__all__ = ["progress_grid"]

REACH = 0.25
"""How far from the middle of a cell states of one spot may stand, in cells."""
RIM = 0.36
"""How much of a cell there is outside the outermost nodes."""


def progress_grid(
    graph: StateGraph, *, path: Schedule | None = None, ax: Axes | None = None, size: SizeName = "column"
) -> Drawing:
    """Draw the state graph of two threads on the grid of their progress.

    Hatched spots are reached by no run; dotted ones have no way back from going wrong. Several states at one spot
    (the same progress, other values) stand beside each other. A bar in front of a state says: blocked.

    Parameters
    ----------
    graph : StateGraph
        Of two threads, without a cycle, with at most 16 steps each.
    path : schedule, optional
        The run to trace with a heavy line; the shortest that goes wrong if not given, none if none goes wrong.

    Raises
    ------
    UsageError
        When the graph is none of these, or there is no room.
    """
    if len(graph.threads) != 2:
        raise UsageError(f"a progress grid has two axes, and {graph.scenario} has {len(graph.threads)} threads")
    if graph.order is None:
        raise UsageError(f"{graph.scenario} has a cycle, so that progress has no end: draw its levels instead")
    plan = plan_of(graph, graph.bad_schedule() if path is None else path)
    frame = Frame.of(size, ax)
    title = title_of(graph, plan)
    note = f"{graph.scenario} · policy {graph.policy} · exact, all {graph.schedules:,} schedules{who(graph.threads)}"
    head = frame.head_height(title, note)
    layout = _fit(frame, plan, graph, head)
    canvas = Canvas(frame, frame.tall(head + layout.height + frame.size.margin, "this grid"))
    top = canvas.head(title, note)
    _ground(canvas, layout, plan, top)
    _axes(canvas, layout, plan, graph, top)
    _edges(canvas, layout, plan, graph, top)
    _nodes(canvas, layout, plan, graph, top)
    _key(canvas, layout, plan, graph, top)
    return canvas.finish(title, note, alt_text(title, graph, plan), table_of(graph, plan))


@dataclass(frozen=True)
class _Layout:
    """The lattice in points: where its lower left node is, how far nodes are apart, how labels are set."""

    left: float
    cell: tuple[float, float]
    size: Spot
    above: float
    below: float
    turned: bool
    lines: tuple[tuple[tuple[str, ...], ...], tuple[tuple[str, ...], ...]]
    key: float
    height: float

    def point(self, spot: Spot, top: float) -> tuple[float, float]:
        return (
            self.left + (spot[0] + RIM) * self.cell[0],
            top + self.above + (self.size[1] - spot[1] + RIM) * self.cell[1],
        )

    def around(self, spot: Spot, top: float) -> tuple[float, float, float, float]:
        """Return the left, upper, right and lower edge of the cell about a spot."""
        x, y = self.point(spot, top)
        w, h = self.cell
        rims = [
            0.5 if inner else RIM
            for inner in (spot[0] > 0, spot[1] < self.size[1], spot[0] < self.size[0], spot[1] > 0)
        ]
        return x - w * rims[0], y - h * rims[1], x + w * rims[2], y + h * rims[3]


def _fit(frame: Frame, plan: Plan, graph: StateGraph, head: float) -> _Layout:
    unit = frame.size.small
    columns, rows = plan.size[0] + 2 * RIM, plan.size[1] + 2 * RIM
    narrow = frame.size.name == "column" and max(plan.size) > 3
    upright = tuple(tuple(wrap(label, unit * (5.5 if narrow else 11), unit)) for label in plan.labels[1])
    chip = max(frame.text_width(name, bold=True) for name in short_names(graph.threads)) + unit * 0.8
    margin = max([frame.text_width(line) for lines in upright for line in lines] + [chip / 2]) + unit * 0.7 + chip / 2
    crowd = max(len(plan.at(node.spot)) for node in plan.nodes)
    wanted = max(unit * 2.2, unit * 1.25 * max((len(lines) for lines in upright), default=1) + unit * 0.5)
    wanted = max(wanted, (crowd - 1) * unit * 1.7 if frame.height is None else 0)
    room = frame.room - margin
    width = min(room / columns, (room - chip - unit * 0.5) / (columns - RIM), unit * 15)
    key, above = _key_height(frame, plan, graph), unit * 1.9
    level = tuple(tuple(wrap(label, width * 0.96, unit)) for label in plan.labels[0])
    turned = any(frame.text_width(line) > width * 0.97 for lines in level for line in lines)
    if turned:
        level = tuple((label,) for label in plan.labels[0])
        below = max(frame.text_width(label) for label in plan.labels[0]) + unit * 0.8
    else:
        below = max((len(lines) for lines in level), default=1) * unit * 1.25 + unit * 0.6
    below += unit * 1.9
    height = max(wanted, min(width, unit * 6.5))
    if frame.height is not None:
        height = max(wanted, (frame.height - head - above - below - key - frame.size.margin) / rows)
    return _Layout(
        frame.left + margin, (width, height), plan.size, above, below, turned, (level, upright), key,
        above + height * rows + below + key,
    )  # fmt: skip


def _ground(canvas: Canvas, layout: _Layout, plan: Plan, top: float) -> None:
    """Shade the spots that no run reaches and those without a way back, each kind with its outline."""
    for kind, spots in (("unreachable", plan.unreachable), ("hopeless", plan.hopeless)):
        for spot in sorted(spots):
            west, north, east, south = layout.around(spot, top)
            _shade(canvas, kind, (west, north, east - west, south - north), f"{kind}-{spot[0]}-{spot[1]}")
            for (i, j), line in {
                (-1, 0): [(west, north), (west, south)],
                (1, 0): [(east, north), (east, south)],
                (0, -1): [(west, south), (east, south)],
                (0, 1): [(west, north), (east, north)],
            }.items():
                if (spot[0] + i, spot[1] + j) not in spots:
                    broken = kind == "hopeless"
                    canvas.line(line, colour=INK if broken else "#767676", stroke=1.6 if broken else 0.8, order=1.5,
                                style=(0, (2.2, 1.3)) if broken else "solid")  # fmt: skip


def _shade(canvas: Canvas, kind: str, area: tuple[float, float, float, float], gid: str | None) -> None:
    x, y, width, height = area
    if kind == "unreachable":
        canvas.box(x, y, width, height, fill=PALE, edge=RAIL, stroke=0, hatch="////", round_by=0, gid=gid, order=1)
    else:
        canvas.box(
            x, y, width, height, fill="#FBE7C0", edge="#8A5A00", stroke=0, hatch="..", round_by=0, gid=gid, order=1
        )


def _axes(canvas: Canvas, layout: _Layout, plan: Plan, graph: StateGraph, top: float) -> None:
    """Name the steps along both axes, and the threads at their ends."""
    unit = canvas.size.small
    names = short_names(graph.threads)
    chip = max(canvas.frame.text_width(name, bold=True) for name in names) + unit * 0.8
    edge = layout.around((0, 0), top)[3]
    for number, lines in enumerate(layout.lines[0]):
        x = layout.point((number, 0), top)[0] + layout.cell[0] / 2
        if layout.turned:
            canvas.text(x, edge + unit * 0.3, lines[0], rotate=90, align="right")
            continue
        for place, line in enumerate(lines):
            canvas.text(x, edge + unit * (0.9 + 1.25 * place), line, align="center")
    for number, lines in enumerate(layout.lines[1]):
        y = layout.point((0, number), top)[1] - layout.cell[1] / 2
        for place, line in enumerate(lines):
            height = y + (place - (len(lines) - 1) / 2) * unit * 1.25
            canvas.text(layout.left - unit * 0.5 - chip / 2, height, line, align="right")
    low = top + layout.height - layout.key - unit * 1.0
    (start, bottom), (right, upper) = layout.point((0, 0), top), layout.point(plan.size, top)
    canvas.arrow((start, low), (right, low), colour=stroke_colour(0), stroke=1.6)
    canvas.chip(right + unit * 0.4, low, chip, unit * 1.4, names[0], thread_colour(0))
    axis = layout.left - unit * 0.2 - chip / 2
    canvas.arrow((axis, bottom), (axis, upper), colour=stroke_colour(1), stroke=1.6)
    canvas.chip(axis - chip / 2, upper - unit * 1.2, chip, unit * 1.4, names[1], thread_colour(1))


def _spots(layout: _Layout, plan: Plan, graph: StateGraph, top: float) -> dict[Node, tuple[float, float]]:
    """Return where each node stands: states of one spot side by side on the falling diagonal.

    Right ends that share a spot with wrong ones stand outside of them: runs that go right pass round those that cannot.
    """
    places: dict[Node, tuple[float, float]] = {}
    reach = min(layout.cell) * REACH
    for node in plan.nodes:
        mates = plan.at(node.spot)
        outer = [mate for mate in mates if mate.state in graph.ends and mate.state not in graph.faults]
        apart = 0 < len(outer) < len(mates)
        if apart:
            mates = outer if node in outer else [mate for mate in mates if mate not in outer]
        x, y = layout.point(node.spot, top)
        shift = 0.0
        if len(mates) > 1:
            shift = (mates.index(node) / (len(mates) - 1) - 0.5) * reach * (1 if apart else 2)
        out = reach * (apart and node in outer)
        places[node] = (x + shift + out, y + shift - out)
    return places


def _name(node: Node) -> str:
    return f"{node.state}at{node.spot[0]}.{node.spot[1]}"


def _way(start: tuple[float, float], end: tuple[float, float], thread: int) -> list[tuple[float, float]]:
    """Return the way of a step: along its thread's axis, and slantwise only where it ends beside it."""
    (x, y), (u, v) = start, end
    turn = (max(x, u - abs(v - y)), y) if thread == 0 else (x, min(y, v + abs(u - x)))
    return [start, end] if turn in (start, end) else [start, turn, end]


def _edges(canvas: Canvas, layout: _Layout, plan: Plan, graph: StateGraph, top: float) -> None:
    places, unit = _spots(layout, plan, graph, top), canvas.size.small
    for source, thread, target in plan.edges:
        gid = f"edge-{_name(source)}-{_name(target)}"
        way = _way(places[source], places[target], thread)
        canvas.line(way, colour=stroke_colour(thread), stroke=1.5, gid=gid, order=2)
    for before, after in pairwise(plan.path):
        way = _way(places[before], places[after], int(after.spot[1] > before.spot[1]))
        canvas.line(way, stroke=4.4, order=2.2, gid=f"path-{_name(before)}-{_name(after)}")
    for node in plan.nodes:
        for thread in graph.waiting.get(node.state, {}):
            x, y = places[node]
            if thread == 0:
                at, bar = x + unit * 0.95, unit * 0.5
                canvas.line([(x, y), (at, y)], colour=stroke_colour(0), stroke=1.5)
                canvas.line([(at, y - bar), (at, y + bar)], stroke=2.0, gid=f"blocked-{_name(node)}-1")
            else:
                up, bar = y - unit * 0.95, unit * 0.5
                canvas.line([(x, y), (x, up)], colour=stroke_colour(1), stroke=1.5)
                canvas.line([(x - bar, up), (x + bar, up)], stroke=2.0, gid=f"blocked-{_name(node)}-2")


def _nodes(canvas: Canvas, layout: _Layout, plan: Plan, graph: StateGraph, top: float) -> None:
    places, unit = _spots(layout, plan, graph, top), canvas.size.small
    crowd = max(len(plan.at(node.spot)) for node in plan.nodes)
    crowded = min(layout.cell) * 2 * REACH / max(1, crowd - 1) * 0.5
    for node in plan.nodes:
        x, y = places[node]
        gid = f"state-{_name(node)}"
        radius = min(unit * 0.62, crowded)
        if node.state in graph.faults:
            canvas.disc(x, y, radius * 1.2, fill=BAD, stroke=1.8, dashed=True, gid=gid)
            canvas.cross(x, y, radius * 0.55, gid=f"{gid}-wrong")
        elif node.state in graph.ends:
            canvas.disc(x, y, radius * 1.2, fill=PAPER, stroke=1.4, gid=gid)
            canvas.tick(x, y, radius * 0.6, gid=f"{gid}-right")
        else:
            canvas.disc(x, y, radius * 0.5, fill=INK, stroke=0.5, gid=gid)


def _key_items(plan: Plan, graph: StateGraph) -> list[tuple[str, str]]:
    kinds = [("unreachable", "no run gets here")] if plan.unreachable else []
    if plan.hopeless:
        kinds.append(("hopeless", "no way back"))
    wrong = {fault for faults in graph.faults.values() for fault in faults}
    if wrong:
        kinds.append(("wrong", "deadlock" if wrong == {"deadlock"} else "goes wrong"))
    if any(state not in graph.faults for state in graph.ends):
        kinds.append(("right", "ends well"))
    if graph.waiting:
        kinds.append(("blocked", "blocked"))
    if len(plan.path) > 1:
        kinds.append(("path", "a bad path" if graph.faults else "a path"))
    return kinds


def _key_rows(frame: Frame, plan: Plan, graph: StateGraph) -> list[list[tuple[str, str, float]]]:
    unit = frame.size.small
    rows: list[list[tuple[str, str, float]]] = [[]]
    x = 0.0
    for kind, text in _key_items(plan, graph):
        width = unit * 2.6 + frame.text_width(text) + unit * 1.2
        if rows[-1] and x + width - unit * 1.2 > frame.room:
            rows.append([])
            x = 0.0
        rows[-1].append((kind, text, x))
        x += width
    return rows


def _key_height(frame: Frame, plan: Plan, graph: StateGraph) -> float:
    return len(_key_rows(frame, plan, graph)) * frame.size.small * 1.7 + frame.size.small * 0.5


def _key(canvas: Canvas, layout: _Layout, plan: Plan, graph: StateGraph, top: float) -> None:
    """Say under the grid what its marks mean."""
    unit, y = canvas.size.small, top + layout.height - layout.key + canvas.size.small * 1.3
    for row in _key_rows(canvas.frame, plan, graph):
        for kind, text, offset in row:
            x = canvas.frame.left + offset
            middle = x + unit
            if kind in ("unreachable", "hopeless"):
                _shade(canvas, kind, (x, y - unit * 0.6, unit * 2, unit * 1.2), None)
            elif kind in ("wrong", "right"):
                canvas.disc(
                    middle, y, unit * 0.62, fill=BAD if kind == "wrong" else PAPER, dashed=kind == "wrong", stroke=1.4
                )
                (canvas.cross if kind == "wrong" else canvas.tick)(middle, y, unit * 0.3)
            elif kind == "blocked":
                canvas.line([(x + unit * 0.3, y), (middle + unit * 0.2, y)], stroke=1.5, colour=MUTED)
                canvas.line([(middle + unit * 0.2, y - unit * 0.5), (middle + unit * 0.2, y + unit * 0.5)], stroke=2.0)
            else:
                canvas.line([(x + unit * 0.3, y), (x + unit * 1.8, y)], stroke=4.4)
            canvas.text(x + unit * 2.6, y, text)
        y += unit * 1.7
