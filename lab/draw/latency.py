"""Round trips of the convoy against the switch interval, and against computing threads.

Open marks and broken lines are simulated, full ones measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import MUTED, RAIL, SizeName, thread_colour
from lab.errors import UsageError

__all__ = ["latency_plot"]

Row = Mapping[str, Any]
WIDE = 600.0
"""Points: on a wider sheet two plots stand side by side."""


@dataclass(frozen=True)
class _Point:
    """One row of the convoy: where it stands, its two values in milliseconds, and the measurement's spread."""

    x: float
    simulated: float
    measured: float | None
    spread: float


def latency_plot(
    rows: Sequence[Row], note: str, *, ax: Axes | None = None, size: SizeName = "column"
) -> Drawing:  # fmt: skip
    """Draw the convoy's round trips against the interval with one computing thread, and against computing threads.

    Parameters
    ----------
    rows : Sequence[Row]
        Rows of the experiment `convoy`: `interval_s`, `computing_threads`, `simulated_ms`, perhaps `measured_ms` and
        `measured_spread_ms`.
    note : str
        Where the values come from.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        The rows say neither how the round trip depends on the interval nor on the threads, or there is no room.
    """
    intervals = _points([row for row in rows if row["computing_threads"] == 1], "interval_s", 1e3)
    usual = _usual(rows)
    threads = _points([row for row in rows if row["interval_s"] == usual], "computing_threads", 1)
    panels = [
        panel
        for panel in (("switch interval, ms", intervals, True), ("computing threads", threads, False))
        if len(panel[1]) > 1
    ]
    if not panels:
        raise UsageError("there is nothing to plot: give several intervals, or several numbers of threads")
    frame = Frame.of(size, ax)
    unit = frame.size.small
    title = _latency_title(intervals, threads)
    head = frame.head_height(title, note)
    wide = frame.width > WIDE and len(panels) > 1
    least = unit * (15.5 if frame.height is None else 13)
    rows_of = 1 if wide else len(panels)
    height = frame.tall(head + least * rows_of + unit * 2 + frame.size.margin, "this plot")
    canvas = Canvas(frame, height)
    top = canvas.head(title, note)
    gap = unit * 2.5
    width = (frame.room - gap) / 2 if wide else frame.room
    high = (height - top - unit * 2 - frame.size.margin) / rows_of
    values = [value for _, points, _ in panels for one in points for value in (one.simulated, one.measured) if value]
    for number, (name, points, log) in enumerate(panels):
        left = frame.left + number * (width + gap) * wide
        plot = _Plot(canvas, (left, top + number * high * (not wide)), (width, high - unit), f"plot-{number + 1}")
        plot.draw(name, points, (min(values), max(values)), log=log)
    measured = any(one.measured for _, points, _ in panels for one in points)
    _marks_key(canvas, frame.left, height - frame.size.margin - unit * 0.7, measured=measured)
    table: list[tuple[str, ...]] = [("against", "x", "simulated_ms", "measured_ms", "measured_spread_ms")]
    table += [(name, f"{one.x:g}", f"{one.simulated:.4f}", *_said(one)) for name, points, _ in panels for one in points]
    return canvas.finish(title, note, _latency_alt(title, panels), table)


def _said(one: _Point) -> tuple[str, str]:
    return ("", "") if one.measured is None else (f"{one.measured:.4f}", f"{one.spread:.4f}")


def _usual(rows: Sequence[Row]) -> float:
    """Return the interval at which the number of threads varies."""
    varied: dict[float, set[int]] = {}
    for row in rows:
        varied.setdefault(row["interval_s"], set()).add(row["computing_threads"])
    return max(varied, key=lambda interval: len(varied[interval]), default=0.0)


def _points(rows: Sequence[Row], name: str, scale: float) -> list[_Point]:
    found = [
        _Point(row[name] * scale, row["simulated_ms"], row.get("measured_ms"), row.get("measured_spread_ms") or 0.0)
        for row in rows
    ]
    return sorted(found, key=lambda one: one.x)


def _latency_title(intervals: Sequence[_Point], threads: Sequence[_Point]) -> str:
    if len(intervals) > 1:
        low, high = intervals[0], intervals[-1]
        return (
            f"A round trip beside a computing thread takes {low.simulated:.2g} ms at an interval of {low.x:g} ms, "
            f"{high.simulated:.3g} ms at {high.x:g} ms"
        )
    first, last = threads[0], threads[-1]
    return (
        f"A round trip takes {first.simulated:.2g} ms beside {first.x:g} computing threads, "
        f"{last.simulated:.3g} ms beside {last.x:g}"
    )


def _latency_alt(title: str, panels: Sequence[tuple[str, Sequence[_Point], bool]]) -> str:
    said = []
    for name, points, _ in panels:
        pairs = [
            f"{one.x:g}: simulated {one.simulated:.3g} ms"
            + (f", measured {one.measured:.3g} ms" if one.measured is not None else "")
            for one in points
        ]
        said.append(f"Against {name}: {'; '.join(pairs)}.")
    return f"{title}. {' '.join(said)}"


class _Plot:
    """One plot: values on a logarithmic scale upwards, the same scale in every plot of a figure."""

    def __init__(self, canvas: Canvas, at: tuple[float, float], extent: tuple[float, float], gid: str) -> None:
        self.canvas, self.gid = canvas, gid
        self.unit = canvas.size.small
        self.at, self.extent = at, extent
        self.left = at[0] + self.unit * 3.2
        self.right = at[0] + extent[0] - self.unit * 1.5
        self.top = at[1] + self.unit * 2.4
        self.bottom = at[1] + extent[1] - self.unit * 3.2

    def draw(self, said: str, points: Sequence[_Point], limits: tuple[float, float], *, log: bool) -> None:
        """Draw the axes, `said` below, the simulated values and their line, the measured ones and their spread."""
        unit, canvas = self.unit, self.canvas
        canvas.text(self.at[0], self.at[1] + unit * 0.8, "round trip, ms", bold=True)
        canvas.text((self.left + self.right + unit) / 2, self.bottom + unit * 2.6, said, align="center", bold=True)
        low, high = floor(log10(limits[0]) + 1e-9), ceil(log10(limits[1]) - 1e-9)
        self.scale = (low, max(high, low + 1))
        for power in range(self.scale[0], self.scale[1] + 1):
            y = self.y(10.0**power)
            canvas.line([(self.left, y), (self.right + unit, y)], colour=RAIL, stroke=0.4, style=(0, (0.8, 2.4)))
            canvas.text(self.left - unit * 0.6, y, f"{10.0**power:g}", align="right", colour=MUTED)
        canvas.line([(self.left, self.bottom), (self.right + unit, self.bottom)], colour=RAIL)
        for number, one in enumerate(points):
            x = self.x(points, number, log=log)
            canvas.line([(x, self.bottom), (x, self.bottom + unit * 0.4)], colour=RAIL)
            canvas.text(x, self.bottom + unit * 1.3, f"{one.x:g}", align="center", colour=MUTED)
        line = [(self.x(points, number, log=log), self.y(one.simulated)) for number, one in enumerate(points)]
        canvas.line(line, stroke=1.2, style=(0, (3, 1.6)), gid=f"{self.gid}-simulated", colour=thread_colour(0))
        for number, ((x, y), one) in enumerate(zip(line, points, strict=True)):
            canvas.disc(
                x, y, unit * 0.6, edge=thread_colour(0), stroke=1.6, gid=f"{self.gid}-simulated-{number + 1}", order=5
            )
            if one.measured is not None:
                self.measured(x, one, f"{self.gid}-measured-{number + 1}")

    def measured(self, x: float, one: _Point, gid: str) -> None:
        """Draw a measured median, and half its interquartile range to both sides."""
        assert one.measured is not None
        low, high = max(one.measured - one.spread / 2, 10.0 ** self.scale[0]), one.measured + one.spread / 2
        side = self.unit * 0.3
        self.canvas.line([(x, self.y(low)), (x, self.y(high))], stroke=1.4, gid=f"{gid}-spread", order=5.5)
        y = self.y(one.measured)
        self.canvas.box(
            x - side, y - side, 2 * side, 2 * side, fill=thread_colour(1), stroke=0.7, round_by=0, gid=gid, order=6
        )

    def x(self, points: Sequence[_Point], number: int, *, log: bool) -> float:
        """Return where a point is: by the logarithm of its value, or by its value."""
        values = [log10(one.x) if log else one.x for one in points]
        return (
            self.left
            + self.unit
            + (self.right - self.left - self.unit) * ((values[number] - values[0]) / (values[-1] - values[0]))
        )

    def y(self, value: float) -> float:
        """Return where a value is."""
        low, high = self.scale
        return self.bottom - (self.bottom - self.top) * (log10(value) - low) / (high - low)


def _marks_key(canvas: Canvas, x: float, y: float, *, measured: bool) -> None:
    """Say which marks are simulated and which measured."""
    unit = canvas.size.small
    canvas.line([(x, y), (x + unit * 2.4, y)], stroke=1.2, style=(0, (3, 1.6)), colour=thread_colour(0))
    canvas.disc(x + unit * 1.2, y, unit * 0.6, edge=thread_colour(0), stroke=1.6, order=5)
    canvas.text(x + unit * 3, y, "simulated")
    if measured:
        x += unit * 4.4 + canvas.frame.text_width("simulated")
        side = unit * 0.3
        canvas.line([(x + unit * 0.6, y - unit * 0.8), (x + unit * 0.6, y + unit * 0.8)], stroke=1.4)
        canvas.box(x + unit * 0.6 - side, y - side, 2 * side, 2 * side, fill=thread_colour(1), stroke=0.7, round_by=0)
        canvas.text(x + unit * 1.6, y, "measured: median, middle half")
