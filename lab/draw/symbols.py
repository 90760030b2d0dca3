"""Small pictures that several figures use: a processor's core, a padlock, a curved arrow."""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, radians, sin

from lab.draw.canvas import Canvas
from lab.draw.style import INK, PALE, PAPER, ink_on

__all__ = ["arc", "bent_arrow", "draw_core", "draw_padlock"]


def draw_core(
    canvas: Canvas, x: float, y: float, width: float, height: float, label: str, gid: str, *, fill: str = PALE,
    pin: float | None = None,
) -> None:  # fmt: skip
    """Draw a core as a chip with pins, from its top left corner, with its name inside."""
    unit = canvas.size.small
    reach = unit * 0.4 if pin is None else pin
    for number in range(4):
        along = x + width * (number + 0.5) / 4
        for edge, way in ((y, -1), (y + height, 1)):
            canvas.line([(along, edge), (along, edge + way * reach)], stroke=1.2)
    canvas.box(x, y, width, height, fill=fill, stroke=1.2, gid=gid)
    canvas.text(x + width / 2, y + height / 2, label, align="center", colour=ink_on(fill), ground=fill)


def draw_padlock(canvas: Canvas, x: float, y: float, reach: float, gid: str, *, fill: str = INK) -> None:
    """Draw a padlock centred on (x, y), about 2 `reach` high."""
    shackle = arc((x, y - reach * 0.15), reach * 0.5, 180, 360)
    canvas.line(
        [(x - reach * 0.5, y + reach * 0.2), *shackle, (x + reach * 0.5, y + reach * 0.2)], stroke=1.7, order=4.5
    )
    canvas.box(
        x - reach * 0.78, y - reach * 0.1, reach * 1.56, reach * 1.1, fill=fill, stroke=0.8, round_by=reach * 0.15,
        gid=gid, order=5,
    )  # fmt: skip
    canvas.disc(x, y + reach * 0.4, reach * 0.16, fill=PAPER, edge=PAPER, order=5.5)


def arc(
    centre: tuple[float, float], radius: float, begin: float, end: float, steps: int = 24
) -> list[tuple[float, float]]:
    """Return points of a circle from one angle to another, in degrees: 0 is to the right, 90 down."""
    angles = [radians(begin + (end - begin) * step / steps) for step in range(steps + 1)]
    return [(centre[0] + radius * cos(angle), centre[1] + radius * sin(angle)) for angle in angles]


def bent_arrow(canvas: Canvas, points: Sequence[tuple[float, float]], gid: str, *, stroke: float = 1.6) -> None:
    """Draw an arrow along some points; its head has the direction of the last piece."""
    canvas.line(points[:-1], stroke=stroke, order=2.5)
    canvas.arrow(points[-2], points[-1], stroke=stroke, gid=gid)
