"""Speed-ups as bars: simulated ones as outlines, measured ones full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import INK, MUTED, PAPER, SizeName, thread_colour
from lab.errors import UsageError

__all__ = ["speed_up_bars"]

Row = Mapping[str, Any]


def speed_up_bars(
    rows: Sequence[Row], what: str, note: str, *, ax: Axes | None = None, size: SizeName = "column"
) -> Drawing:  # fmt: skip
    """Draw how many times as fast as one after the other each strategy is: simulated as outlines, measured full.

    Parameters
    ----------
    rows : Sequence[Row]
        Rows with `strategy`, `workers`, `simulated_speedup` and perhaps `measured_speedup`; the first is sequential.
    what : str
        What is done, such as "computing"; may be empty.
    note : str
        Where the values come from.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        The rows have no speed-ups, or there is no room.
    """
    shown = [row for row in rows if row.get("simulated_speedup")]
    if len(shown) < 2:
        raise UsageError("there are no speed-ups to draw")
    frame = Frame.of(size, ax)
    unit = frame.size.small
    title = _speed_title(shown, what)
    measured = any(row.get("measured_speedup") for row in shown)
    head = frame.head_height(title, note)
    gap = unit * 0.6
    breaks = [number > 1 and row["workers"] != before["workers"]
              for number, (before, row) in enumerate(zip([{}, *shown], shown, strict=False))]  # fmt: skip
    fixed = head + unit * 4.4 + frame.size.margin + gap * sum(breaks)
    least = unit * (1.9 if frame.height is None else 1.25)
    height = frame.tall(fixed + least * len(shown), "this chart of speed-ups")
    row_high = min((height - fixed) / len(shown), unit * 3.4)
    canvas = Canvas(frame, height)
    top = canvas.head(title, note) + unit * 0.4
    several = len({row["workers"] for row in shown[1:]}) > 1
    names = [
        f"{row['strategy']}, {row['workers']}" if several and number else str(row["strategy"])
        for number, row in enumerate(shown)
    ]
    left = frame.left + max(canvas.frame.text_width(name) for name in names) + unit
    longest = max(value for row in shown for value in (row["simulated_speedup"], row.get("measured_speedup") or 0))
    right = frame.right - unit * (5.4 if measured else 3.0)
    scale = (right - left) / max(longest, 1)
    for number, (name, row) in enumerate(zip(names, shown, strict=True)):
        y = top + row_high * (number + 0.5) + gap * breaks[: number + 1].count(True)
        _bar(canvas, row, name, left, y, scale, row_high, f"bar-{number + 1}")
    bottom = top + row_high * len(shown) + gap * sum(breaks)
    one = left + scale
    canvas.line([(one, top), (one, bottom)], colour=INK, stroke=1.0, style=(0, (3, 2)), order=6)
    canvas.text(
        one,
        bottom + unit * 0.8,
        "1 = one after the other",
        align="center" if one - left > unit * 6 else "left",
        colour=MUTED,
    )
    _bars_key(canvas, frame.left, bottom + unit * 2.7, measured=measured)
    table: list[tuple[str, ...]] = [("strategy", "workers", "simulated", "measured")]
    table += [
        (
            str(row["strategy"]),
            str(row["workers"]),
            f"{row['simulated_speedup']:.4f}",
            _number(row.get("measured_speedup")),
        )
        for row in shown
    ]
    said = [
        f"{name} {row['simulated_speedup']:.2f}"
        + (f" (measured {row['measured_speedup']:.2f})" if row.get("measured_speedup") else "")
        for name, row in zip(names, shown, strict=True)
    ]
    return canvas.finish(
        title, note, f"{title}. Times as fast as one after the other, simulated: {', '.join(said)}.", table
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _speed_title(rows: Sequence[Row], what: str) -> str:
    threads = next((row for row in rows if row["strategy"] == "threads"), None)
    best = max(rows[1:], key=lambda row: row["simulated_speedup"])
    if threads is not None and threads["simulated_speedup"] < 1.1 and best["simulated_speedup"] > 1.3:
        return f"Threads do not speed up {what or 'the work'}; {_fast(best)}"
    chosen = best if threads is None else threads
    said = f"{_fast(chosen)} as one after the other" + f" at {what}" * bool(what)
    return said[0].upper() + said[1:]


def _fast(row: Row) -> str:
    """Say how fast a strategy is, as a clause."""
    name = {"free-threaded": "threads without a GIL"}.get(row["strategy"], str(row["strategy"]))
    verb = "are" if name.split()[0].endswith("s") else "is"
    return f"{name} {verb} {row['simulated_speedup']:.2g} times as fast"


def _bar(canvas: Canvas, row: Row, name: str, left: float, y: float, scale: float, room: float, gid: str) -> None:
    """Draw a strategy: the simulated bar as an outline, the measured one full within it, and the numbers."""
    unit = canvas.size.small
    canvas.text(left - unit * 0.6, y, name, align="right")
    high = min(room * 0.78, unit * 2.2)
    simulated, measured = row["simulated_speedup"], row.get("measured_speedup")
    canvas.box(
        left, y - high / 2, simulated * scale, high, fill=PAPER, edge=thread_colour(0), stroke=1.5, round_by=0, gid=gid
    )
    end = simulated
    if measured:
        canvas.box(
            left, y - high * 0.26, measured * scale, high * 0.52, fill=thread_colour(1), stroke=0.6, round_by=0,
            gid=f"{gid}-measured", order=4,
        )  # fmt: skip
        end = max(end, measured)
    said = f"{simulated:.2f}"
    x = left + end * scale + unit * 0.5
    canvas.text(x, y, said, bold=True)
    if measured:
        canvas.text(x + canvas.frame.text_width(f"{said} ", bold=True), y, f"{measured:.2f}", colour=MUTED)


def _bars_key(canvas: Canvas, x: float, y: float, *, measured: bool) -> None:
    unit = canvas.size.small
    canvas.box(x, y - unit * 0.6, unit * 2.2, unit * 1.2, fill=PAPER, edge=thread_colour(0), stroke=1.5, round_by=0)
    canvas.text(x + unit * 2.8, y, "simulated", bold=True)
    if measured:
        x += unit * 4.2 + canvas.frame.text_width("simulated", bold=True)
        canvas.box(x, y - unit * 0.35, unit * 2.2, unit * 0.7, fill=thread_colour(1), stroke=0.6, round_by=0)
        canvas.text(x + unit * 2.8, y, "measured, median")
