"""How the number of interleavings grows, and how slowly the states that the lab looks at do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import MUTED, PAPER, RAIL, SizeName, stroke_colour
from lab.errors import UsageError
from lab.explorer.result import Result

__all__ = ["growth_plot"]

POWERS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class _Point:
    """One result: the parameter's value, its schedules and its states."""

    x: int
    schedules: int
    states: int


def growth_plot(
    results: Sequence[Result], parameter: str, *, ax: Axes | None = None, size: SizeName = "column"
) -> Drawing:  # fmt: skip
    """Draw the numbers of schedules and of states against a parameter, on a logarithmic scale.

    Parameters
    ----------
    results : sequence of Result
        Complete explorations of one scenario under one policy with several values of the parameter.
    parameter : str
        The parameter's name; its values are whole numbers.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        There are fewer than two values, schedules without end, or there is no room.
    """
    points = _points(results, parameter)
    first, last = results[0], points[-1]
    frame = Frame.of(size, ax)
    unit = frame.size.small
    title = (
        f"With {parameter} = {last.x} there are {_amount(last.schedules)} orders; {last.states:,} states hold them all"
    )
    note = f"{first.scenario} · policy {first.policy} · exact: every order counted, every state visited"
    head = frame.head_height(title, note)
    height = frame.tall(head + unit * (24 if frame.height is None else 14) + frame.size.margin, "this plot")
    canvas = Canvas(frame, height)
    top = canvas.head(title, note)
    plot = _Plot(canvas, points, (frame.left + unit * 3.4, frame.right - unit * 5.2), (top, height - frame.size.margin))
    plot.axes(parameter)
    plot.series("orders", [point.schedules for point in points], 0)
    plot.series("states", [point.states for point in points], 1)
    table = [(parameter, "schedules", "states")]
    table += [(str(one.x), str(one.schedules), str(one.states)) for one in points]
    said = [f"{one.x}: {one.schedules:,} orders, {one.states:,} states" for one in points]
    return canvas.finish(title, note, f"{title}. By {parameter}: {'; '.join(said)}.", table)


def _points(results: Sequence[Result], parameter: str) -> list[_Point]:
    found = []
    for one in results:
        value = one.parameters.get(parameter)
        if not one.complete or not isinstance(one.schedules, int) or not isinstance(value, int):
            raise UsageError(f"{one.scenario} has no known number of schedules for a whole {parameter}")
        found.append(_Point(value, one.schedules, one.states))
    if len({point.x for point in found}) < 2:
        raise UsageError(f"a growth has at least two values of {parameter}")
    return sorted(found, key=lambda point: point.x)


def _amount(number: int) -> str:
    """Write a number in full up to a million, in words above.

    Examples
    --------
    >>> _amount(34650), _amount(601080390), _amount(10**17)
    ('34,650', '601 million', '100,000,000 billion')
    """
    if number < 10**6:
        return f"{number:,}"
    scale, word = (10**9, "billion") if number >= 10**9 else (10**6, "million")
    part = number / scale
    return f"{part:.3g} {word}" if part < 1000 else f"{round(part):,} {word}"


class _Plot:
    """Values on a logarithmic scale upwards against whole numbers to the right."""

    def __init__(
        self, canvas: Canvas, points: Sequence[_Point], sides: tuple[float, float], reach: tuple[float, float]
    ) -> None:
        self.canvas, self.points, self.unit = canvas, points, canvas.size.small
        self.left, self.right = sides
        self.top, self.bottom = reach[0] + self.unit * 0.8, reach[1] - self.unit * 3.0
        self.decades = max(1, ceil(log10(max(point.schedules for point in points)) - 1e-9))

    def x(self, value: int) -> float:
        """Return where a value of the parameter is."""
        first, last = self.points[0].x, self.points[-1].x
        inner = self.left + self.unit
        return inner + (self.right - inner) * (value - first) / (last - first)

    def y(self, value: int) -> float:
        """Return where a number is."""
        return self.bottom - (self.bottom - self.top) * log10(value) / self.decades

    def axes(self, parameter: str) -> None:
        """Draw both axes with their numbers."""
        unit, canvas = self.unit, self.canvas
        step = ceil(self.decades * unit * 1.8 / (self.bottom - self.top))
        for power in range(0, self.decades + 1, step):
            y = self.y(10**power)
            label = f"{10**power:,}" if power < 4 else f"10{str(power).translate(POWERS)}"
            canvas.line([(self.left, y), (self.right + unit, y)], colour=RAIL, stroke=0.4, style=(0, (0.8, 2.4)))
            canvas.text(self.left - unit * 0.5, y, label, align="right", colour=MUTED)
        canvas.line([(self.left, self.bottom), (self.right + unit, self.bottom)], colour=RAIL)
        for point in self.points:
            x = self.x(point.x)
            canvas.line([(x, self.bottom), (x, self.bottom + unit * 0.4)], colour=RAIL)
            canvas.text(x, self.bottom + unit * 1.2, str(point.x), align="center", colour=MUTED)
        canvas.text((self.left + self.right) / 2, self.bottom + unit * 2.5, parameter, align="center", mono=True)

    def series(self, name: str, values: Sequence[int], number: int) -> None:
        """Draw a series with its name at its end: discs on a full line, or squares on a broken one."""
        unit, canvas, colour = self.unit, self.canvas, stroke_colour(number)
        line = [(self.x(point.x), self.y(value)) for point, value in zip(self.points, values, strict=True)]
        canvas.line(line, colour=colour, stroke=1.6, style=(0, (3, 1.6)) if number else "solid", gid=f"line-{name}")
        side = unit * 0.32
        for place, (x, y) in enumerate(line, 1):
            if number:
                canvas.box(
                    x - side, y - side, 2 * side, 2 * side, fill=colour, edge=PAPER, stroke=0.8, round_by=0,
                    gid=f"{name}-{place}", order=5,
                )  # fmt: skip
            else:
                canvas.disc(x, y, unit * 0.38, fill=colour, edge=PAPER, stroke=0.8, gid=f"{name}-{place}", order=5)
        x, y = line[-1]
        canvas.text(x + unit * 0.9, y, name, bold=True)
