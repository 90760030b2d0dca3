"""Times as bars: simulated ones as outlines, measured ones full, with half their spread to both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import INK, MUTED, PAPER, SizeName, thread_colour
from lab.errors import UsageError

__all__ = ["Timed", "time_bars"]


@dataclass(frozen=True)
class Timed:
    """One row: what it is called, its simulated time, and its measured median with the interquartile range."""

    name: str
    simulated: float
    measured: float | None = None
    spread: float | None = None


def time_bars(
    title: str, rows: Sequence[Timed], unit: str, note: str, *, ax: Axes | None = None, size: SizeName = "column"
) -> Drawing:  # fmt: skip
    """Draw how long each row takes.

    Parameters
    ----------
    title : str
        What the rows show, as a sentence.
    rows : Sequence[Timed]
        The rows, all in one unit.
    unit : str
        Such as "ms".
    note : str
        Where the values come from.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        There are no rows, or there is no room for them.
    """
    if not rows:
        raise UsageError("there are no times to draw")
    frame = Frame.of(size, ax)
    small = frame.size.small
    fixed = frame.head_height(title, note) + small * 3.4 + frame.size.margin
    least = small * (1.9 if frame.height is None else 1.25)
    height = frame.tall(fixed + least * len(rows), "this chart of times")
    high = min((height - fixed) / len(rows), small * 3.4)
    canvas = Canvas(frame, height)
    top = canvas.head(title, note) + small * 0.4
    measured = any(row.measured is not None for row in rows)
    left = frame.left + max(frame.text_width(row.name) for row in rows) + small
    longest = max(max(row.simulated, (row.measured or 0) + (row.spread or 0) / 2) for row in rows)
    said = max(frame.text_width(f"{_shown(row.simulated)} ", bold=True) + small * 4 * measured for row in rows)
    scale = (frame.right - said - small * 1.5 - left) / (longest or 1)
    for number, row in enumerate(rows):
        _bar(canvas, row, left, top + high * (number + 0.5), scale, high, f"bar-{number + 1}")
    _key(canvas, frame.left, top + high * len(rows) + small * 1.6, unit, measured=measured)
    table: list[tuple[str, ...]] = [("name", f"simulated_{unit}", f"measured_{unit}", f"measured_spread_{unit}")]
    table += [(row.name, f"{row.simulated:.4f}", _cell(row.measured), _cell(row.spread)) for row in rows]
    return canvas.finish(title, note, _alt(title, rows, unit), table)


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _shown(value: float) -> str:
    return f"{value:#.3g}" if value < 100 else f"{value:.0f}"


def _alt(title: str, rows: Sequence[Timed], unit: str) -> str:
    said = [
        f"{row.name} {_shown(row.simulated)} {unit}"
        + (f" (measured {_shown(row.measured)})" if row.measured is not None else "")
        for row in rows
    ]
    return f"{title}. Simulated: {'; '.join(said)}."


def _bar(canvas: Canvas, row: Timed, left: float, y: float, scale: float, room: float, gid: str) -> None:
    """Draw the simulated bar as an outline, the measured one full within it, and the numbers behind them."""
    small = canvas.size.small
    canvas.text(left - small * 0.6, y, row.name, align="right")
    high = min(room * 0.78, small * 2.2)
    canvas.box(
        left, y - high / 2, row.simulated * scale, high, fill=PAPER, edge=thread_colour(0), stroke=1.5, round_by=0,
        gid=gid,
    )  # fmt: skip
    end = row.simulated
    if row.measured is not None:
        canvas.box(
            left, y - high * 0.26, row.measured * scale, high * 0.52, fill=thread_colour(1), stroke=0.6, round_by=0,
            gid=f"{gid}-measured", order=4,
        )  # fmt: skip
        half = (row.spread or 0) / 2
        low, far = max(row.measured - half, 0), row.measured + half
        canvas.line(
            [(left + low * scale, y), (left + far * scale, y)], colour=INK, stroke=1.4, gid=f"{gid}-spread", order=5
        )
        end = max(end, far)
    x = left + end * scale + small * 0.5
    canvas.text(x, y, _shown(row.simulated), bold=True)
    if row.measured is not None:
        x += canvas.frame.text_width(f"{_shown(row.simulated)} ", bold=True)
        canvas.text(x, y, _shown(row.measured), colour=MUTED)


def _key(canvas: Canvas, x: float, y: float, unit: str, *, measured: bool) -> None:
    """Say which bars are simulated and which measured."""
    small = canvas.size.small
    canvas.box(x, y - small * 0.6, small * 2.2, small * 1.2, fill=PAPER, edge=thread_colour(0), stroke=1.5, round_by=0)
    said = f"simulated, {unit}"
    canvas.text(x + small * 2.8, y, said, bold=True)
    if measured:
        x += small * 4.2 + canvas.frame.text_width(said, bold=True)
        canvas.box(x, y - small * 0.35, small * 2.2, small * 0.7, fill=thread_colour(1), stroke=0.6, round_by=0)
        canvas.text(x + small * 2.8, y, "measured")
