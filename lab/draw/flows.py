"""Execution flows: the same tasks one after the other, taking turns on one core, and side by side, on one time axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import INK, MUTED, PALE, PAPER, RAIL, SizeName, ink_on, thread_colour
from lab.draw.time_axis import draw_axis, shown_time
from lab.draw.words import capital, count_word, listing
from lab.errors import UsageError
from lab.gil import Run, spans

__all__ = ["core_turns", "execution_flows"]

WAITS = {"io": "waits", "ready": "has no core"}
"""What a lane of a task shows beside running."""

ADVERBS = {"sequential": "sequentially", "concurrent": "concurrently", "parallel": "in parallel"}
"""How a title says the names of ways that are adjectives."""

WIDE = 600.0
"""Points: on a wider sheet the headings stand beside the lanes, not above them."""


@dataclass(frozen=True)
class _Piece:
    """What one lane shows for a while: a task that runs there, or why it does not; nanoseconds."""

    lane: int
    task: int
    kind: str
    start: int
    end: int
    text: str = ""


@dataclass(frozen=True)
class _Panel:
    """One run: its heading and how many cores it has, its lanes, what they show, and when it ends."""

    name: str
    cores: str
    lanes: tuple[str, ...]
    pieces: tuple[_Piece, ...]
    end: int


def execution_flows(runs: Mapping[str, Run], *, ax: Axes | None = None, size: SizeName = "page") -> Drawing:
    """Draw how the same tasks are done in several ways: a lane for each task, and where each way ends.

    Parameters
    ----------
    runs : Mapping[str, Run]
        Each way's name with a run of it; tasks that compute have the same names in all of them.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        There is nothing to draw, the tasks differ, or there is no room.
    """
    tasks = _tasks(runs)
    panels = [_by_task(name, run, tasks) for name, run in runs.items()]
    said = [f"{shown_time(panel.end)} {ADVERBS.get(panel.name, panel.name)}" for panel in panels]
    title = capital(f"the same {count_word(len(tasks))} tasks take {listing(said)}")
    return _draw(title, panels, tasks, _note(runs), Frame.of(size, ax), colour_lanes=True)


def core_turns(runs: Mapping[str, Run], *, ax: Axes | None = None, size: SizeName = "page") -> Drawing:
    """Draw which task each core runs: a lane for each core, and a tick at each switch.

    Parameters
    ----------
    runs : Mapping[str, Run]
        Each panel's name with its run; tasks that compute have the same names in all of them.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        There is nothing to draw, the tasks differ, or there is no room.
    """
    tasks = _tasks(runs)
    panels = [_by_core(name, run, tasks) for name, run in runs.items()]
    said = [f"on {panel.cores}, {_times(len(_switches(panel)))}" for panel in panels]
    title = capital(f"{count_word(len(tasks))} tasks switch {'; '.join(said)}")
    return _draw(title, panels, tasks, _note(runs), Frame.of(size, ax), colour_lanes=False)


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{count_word(number)} times")


def _note(runs: Mapping[str, Run]) -> str:
    found = next(iter(runs.values())).settings
    model = "no GIL" if found.model == "free-threaded" else f"model {found.model}"
    return f"simulated, {model}, time slice {found.slice * 1e3:g} ms, seed {found.seed}"


def _tasks(runs: Mapping[str, Run]) -> tuple[str, ...]:
    """Return the names of the tasks that compute, which all runs share."""
    found = [
        tuple(sorted({span.thread for span in spans(run.events, run.time) if span.activity == "run"}))
        for run in runs.values()
    ]
    if not found or not found[0] or len(set(found)) > 1:
        raise UsageError("flows are drawn of several runs of the same tasks")
    return found[0]


def _by_task(name: str, run: Run, tasks: Sequence[str]) -> _Panel:
    """Return a panel with a lane for each task."""
    pieces: list[_Piece] = []
    cores = {(event.time, event.thread): event.detail for event in run.events if event.kind == "core"}
    for span in spans(run.events, run.time):
        if span.thread in tasks:
            lane = tasks.index(span.thread)
            kind = span.activity if span.activity in ("run", "ready") else "io"
            core = cores.get((span.start, span.thread)) if kind == "run" and run.settings.cores > 1 else None
            text = f"{int(core) + 1}" if core is not None else ""
            before = pieces[-1] if pieces else None
            if before and (before.lane, before.kind, before.text, before.end) == (lane, kind, text, span.start):
                pieces[-1] = replace(before, end=span.end)
            else:
                pieces.append(_Piece(lane, lane, kind, span.start, span.end, text))
    return _Panel(name, _cores(run), tuple(tasks), tuple(pieces), run.time)


def _by_core(name: str, run: Run, tasks: Sequence[str]) -> _Panel:
    """Return a panel with a lane for each core; turns of one task that follow each other are one."""
    pieces: list[_Piece] = []
    where: dict[str, tuple[int, int]] = {}
    for event in run.events:
        if event.kind == "core" and event.thread in tasks:
            where[event.thread] = (int(event.detail), event.time)
        elif event.kind == "off" and event.thread in where:
            core, since = where.pop(event.thread)
            if event.time > since:
                pieces.append(
                    _Piece(core, tasks.index(event.thread), "run", since, event.time, event.thread)
                )  # fmt: skip
    lanes = tuple(f"core {number + 1}" for number in range(run.settings.cores))
    return _Panel(name, _cores(run), lanes, tuple(pieces), run.time)


def _cores(run: Run) -> str:
    cores = run.settings.cores
    return f"{count_word(cores)} core{'s' * (cores != 1)}"


def _switches(panel: _Panel) -> list[tuple[int, int]]:
    """Return where a lane goes over from one task to another: the lane and the time."""
    return [
        (lane, later.start)
        for lane in range(len(panel.lanes))
        for before, later in pairwise(sorted((p for p in panel.pieces if p.lane == lane), key=lambda p: p.start))
        if before.task != later.task
    ]


def _draw(
    title: str, panels: Sequence[_Panel], tasks: Sequence[str], note: str, frame: Frame, *, colour_lanes: bool
) -> Drawing:  # fmt: skip
    unit = frame.size.small
    waits = [kind for kind in WAITS if any(piece.kind == kind for panel in panels for piece in panel.pieces)]
    wide = frame.width > WIDE
    lanes = sum(len(panel.lanes) for panel in panels)
    gaps = (0.9 if wide else 2.4 if colour_lanes else 2.9) * len(panels)
    fixed = (
        frame.head_height(title, note) + unit * (gaps + 2.4 + 2.0 * bool(waits or not colour_lanes)) + frame.size.margin
    )
    least = unit * (1.35 if wide else 1.9)
    height = frame.tall(fixed + lanes * least, "this picture of flows")
    canvas = Canvas(frame, height)
    sheet = _Sheet(canvas, panels, min((height - fixed) / lanes, least * 3.6), wide=wide, colour_lanes=colour_lanes)
    top = canvas.head(title, note)
    for number, panel in enumerate(panels):
        top = sheet.panel(panel, top, f"panel-{number + 1}")
    draw_axis(canvas, top + unit * 0.6, sheet.left, sheet.right, sheet.end)
    on_cores = any(piece.text for panel in panels for piece in panel.pieces)
    sheet.keys(waits, top + unit * 3.6, cores=on_cores and colour_lanes)
    rows = [("panel", "lane", "task", "does", "start_ms", "end_ms")]
    rows += [
        (panel.name, panel.lanes[one.lane], tasks[one.task], one.kind, f"{one.start / 1e6:.3f}", f"{one.end / 1e6:.3f}")
        for panel in panels
        for one in panel.pieces
    ]
    return canvas.finish(title, note, _alt(title, panels, tasks), rows)


def _alt(title: str, panels: Sequence[_Panel], tasks: Sequence[str]) -> str:
    said = []
    for panel in panels:
        runs = sorted((one for one in panel.pieces if one.kind == "run"), key=lambda one: (one.start, one.lane))
        order = [f"{tasks[one.task]} from {one.start / 1e6:g} to {one.end / 1e6:g}" for one in runs]
        said.append(f"{capital(panel.name)}, {shown_time(panel.end)}: {', '.join(order)}.")
    return f"{title}. {' '.join(said)}"


class _Sheet:
    """Panels below each other on one axis of time."""

    def __init__(
        self, canvas: Canvas, panels: Sequence[_Panel], lane: float, *, wide: bool, colour_lanes: bool
    ) -> None:  # fmt: skip
        self.canvas, self.lane, self.wide, self.colour_lanes = canvas, lane, wide, colour_lanes
        self.unit = canvas.size.small
        self.end = max(panel.end for panel in panels)
        self.label = max(canvas.frame.text_width(name, bold=True) for panel in panels for name in panel.lanes)
        self.label += self.unit * 1.1
        self.names = canvas.frame.left
        self.right = canvas.frame.right - self.unit
        if wide:  # the headings stand at the left, the times at the right
            self.names += max(canvas.frame.text_width(capital(panel.name), "body", bold=True) for panel in panels)
            self.names += self.unit * 1.2
            self.right -= max(canvas.frame.text_width(shown_time(panel.end), bold=True) for panel in panels)
        self.left = self.names + self.label + self.unit * 0.7

    def x(self, time: int) -> float:
        """Return where a time is."""
        return self.left + (self.right - self.left) * time / self.end

    def panel(self, panel: _Panel, top: float, gid: str) -> float:
        """Draw one run below `top`; return where it ends."""
        canvas, unit = self.canvas, self.unit
        first = top + unit * (0.5 if self.wide else 2.2 if self.colour_lanes else 2.7)
        bottom = first + self.lane * len(panel.lanes)
        heading = (first + bottom) / 2 - unit * 0.7 if self.wide else top + unit * 1.1
        canvas.text(canvas.frame.left, heading, capital(panel.name), "body", bold=True)
        beside = 0.0 if self.wide else canvas.frame.text_width(f"{capital(panel.name)}  ", "body", bold=True)
        below = unit * 1.4 if self.wide else 0.0
        canvas.text(canvas.frame.left + beside, heading + below, panel.cores, colour=MUTED)
        for number, name in enumerate(panel.lanes):
            y = first + self.lane * (number + 0.5)
            canvas.line([(self.left, y), (self.x(panel.end), y)], colour=RAIL, stroke=0.5, style=(0, (0.8, 2.4)))
            if self.colour_lanes:
                high = min(self.lane * 0.9, unit * 1.45)
                canvas.chip(self.names, y, self.label, high, name, thread_colour(number), f"{gid}-{name}")
            else:
                canvas.text(self.names, y, name, bold=True)
        for number, piece in enumerate(panel.pieces):
            self.piece(piece, first + self.lane * (piece.lane + 0.5), f"{gid}-piece-{number + 1}")
        if not self.colour_lanes:
            for number, (lane, time) in enumerate(_switches(panel)):
                self.switch(self.x(time), first + self.lane * lane, f"{gid}-switch-{number + 1}")
        self.finish(panel, first, bottom, gid)
        return bottom + unit * (0.4 if self.wide else 0.2)

    def piece(self, piece: _Piece, y: float, gid: str) -> None:
        """Draw what a lane shows for a while."""
        start, end = self.x(piece.start), self.x(piece.end)
        high = min(self.lane * 0.72, self.unit * 3.6)
        if piece.kind == "run":
            colour = thread_colour(piece.task)
            self.canvas.box(
                start, y - high / 2, end - start, high, fill=colour, stroke=0.6, round_by=0, gid=gid, order=4
            )
            if piece.text and self.canvas.frame.text_width(piece.text, bold=True) + 1 < end - start:
                self.canvas.text(
                    (start + end) / 2, y, piece.text, align="center", bold=True, colour=ink_on(colour), ground=colour
                )
        else:
            self.rest(piece.kind, start, end, y, gid)

    def rest(self, kind: str, start: float, end: float, y: float, gid: str | None = None) -> None:
        """Draw that a task does not run: a pale box where it could, a dotted line where it waits."""
        if kind == "ready":
            high = min(self.lane * 0.36, self.unit * 1.3)
            self.canvas.box(start, y - high / 2, end - start, high, fill=PALE, stroke=0.5, round_by=0, gid=gid)
        else:
            self.canvas.line([(start, y), (end, y)], colour=INK, stroke=1.5, style=(0, (1, 1.6)), gid=gid)

    def switch(self, x: float, top: float, gid: str) -> None:
        """Mark a switch with a small arrow from above."""
        reach = self.unit * 0.55
        inset = (self.lane - min(self.lane * 0.72, self.unit * 3.6)) / 2
        y = top + inset - self.unit * 0.05
        self.canvas.arrow((x, y - reach * 1.5), (x, y), stroke=1.0, head=reach, gid=gid, order=6)

    def finish(self, panel: _Panel, top: float, bottom: float, gid: str) -> None:
        """Mark where the last task ends, and say when."""
        x, unit, said = self.x(panel.end), self.unit, shown_time(panel.end)
        self.canvas.line([(x, top - unit * 0.3), (x, bottom)], stroke=1.8, gid=f"{gid}-end")
        if self.wide:
            self.canvas.text(x + unit * 0.5, (top + bottom) / 2, said, bold=True)
        elif x + self.canvas.frame.text_width(said, bold=True) / 2 > self.canvas.frame.right:
            self.canvas.text(self.canvas.frame.right, top - unit * 1.1, said, align="right", bold=True)
        else:
            self.canvas.text(x, top - unit * 1.1, said, align="center", bold=True)

    def keys(self, waits: Sequence[str], y: float, *, cores: bool) -> None:
        """Say what the marks mean."""
        x, unit = self.canvas.frame.left, self.unit
        if (waits or cores) and self.colour_lanes:
            said = "runs, on that core" if cores else "runs"
            self.canvas.box(x, y - unit * 0.65, unit * 2.2, unit * 1.3, fill=MUTED, stroke=0.6, round_by=0)
            if cores:
                self.canvas.text(x + unit * 1.1, y, "1", align="center", bold=True, colour=PAPER, ground=MUTED)
            self.canvas.text(x + unit * 2.8, y, said)
            x += unit * 3.8 + self.canvas.frame.text_width(said)
        if not self.colour_lanes:
            self.canvas.arrow((x + unit * 0.5, y - unit * 0.6), (x + unit * 0.5, y + unit * 0.6), stroke=1.0)
            self.canvas.text(x + unit * 1.4, y, "a switch: the core goes on with another task")
        for kind in waits:
            self.rest(kind, x, x + unit * 2.2, y)
            self.canvas.text(x + unit * 2.8, y, WAITS[kind])
            x += unit * 3.8 + self.canvas.frame.text_width(WAITS[kind])
