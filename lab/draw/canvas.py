"""A sheet to draw on: one set of axes whose coordinates are points, from the top left corner downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Ellipse, FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from lab.draw.drawing import Drawing
from lab.draw.style import (
    INK,
    MUTED,
    PAPER,
    SIZES,
    Role,
    Size,
    SizeName,
    balanced,
    font,
    ink_on,
    size_named,
    width_of,
    wrap,
)
from lab.errors import UsageError

__all__ = ["Canvas", "Frame"]

Align = Literal["left", "center", "right"]
TALLEST = 842.0
"""Points: the height of A4 paper; what does not fit a page is no figure."""


@dataclass(frozen=True)
class Frame:
    """The space a drawing has: a size of type, a width, and a height when it is not free."""

    size: Size
    width: float
    height: float | None
    ax: Axes | None

    @classmethod
    def of(cls, size: SizeName, ax: Axes | None) -> Frame:
        """Return the frame of a size, or of the caller's axes with that size's type."""
        chosen = size_named(size)
        if ax is None:
            return cls(chosen, chosen.width, chosen.height, None)
        box = ax.get_window_extent()
        scale = 72 / ax.figure.dpi
        return cls(chosen, box.width * scale, box.height * scale, ax)

    @property
    def left(self) -> float:
        """The left edge of what is drawn."""
        return self.size.margin

    @property
    def right(self) -> float:
        """The right edge of what is drawn."""
        return self.width - self.size.margin

    @property
    def room(self) -> float:
        """The width between the margins."""
        return self.right - self.left

    def text_width(self, text: str, role: Role = "small", mono: bool = False, bold: bool = False) -> float:
        """Return the width of a line of text in a role."""
        return width_of(text, self.size.points(role), mono, bold)

    def head_lines(self, title: str, note: str) -> tuple[list[str], list[str]]:
        """Return the lines of the title and of the note."""
        heading = balanced(title, self.room, self.size.title, bold=True)
        return heading, wrap(note, self.room, self.size.small)

    def head_height(self, title: str, note: str) -> float:
        """Return how far below the top the picture proper begins."""
        heading, notes = self.head_lines(title, note)
        size = self.size
        return size.margin + len(heading) * size.title * 1.22 + len(notes) * size.line + size.small * 0.9

    def tall(self, needed: float, what: str) -> float:
        """Return the height of the sheet for a drawing that needs so much.

        Raises
        ------
        UsageError
            When it needs more than the height that is fixed, or more than a sheet of A4 paper.
        """
        limit = TALLEST if self.height is None else self.height
        if needed > limit + 0.5:
            raise UsageError(f"{what} needs {needed:.0f} points of height and has {limit:.0f}: draw less of it")
        return needed if self.height is None else self.height


class Canvas:
    """Marks on a frame. Every mark that stands for a piece of data carries its name in `gid`.

    Parameters
    ----------
    frame : Frame
        Width and type.
    height : float
        Points, as `Frame.tall` gave it.
    """

    def __init__(self, frame: Frame, height: float) -> None:
        self.frame, self.size, self.height = frame, frame.size, height
        if frame.ax is None:
            figure = Figure(figsize=(frame.width / 72, height / 72), dpi=72)
            FigureCanvasAgg(figure)
            self.axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        else:
            self.axes = frame.ax
        self.axes.set_axis_off()
        self.axes.set_xlim(0, frame.width)
        self.axes.set_ylim(height, 0)
        self.axes.set_autoscale_on(False)

    def finish(self, title: str, note: str, alt: str, table: Sequence[tuple[str, ...]]) -> Drawing:
        """Return the drawing with its words and its table."""
        return Drawing(self.axes.figure, self.axes, title, note, alt, tuple(table))

    def head(self, title: str, note: str) -> float:
        """Write the title and the note under it; return where the picture begins."""
        heading, notes = self.frame.head_lines(title, note)
        top = self.size.margin
        for line in heading:
            self.text(self.frame.left, top + self.size.title * 0.61, line, "title", bold=True)
            top += self.size.title * 1.22
        for line in notes:
            self.text(self.frame.left, top + self.size.line * 0.55, line, colour=MUTED)
            top += self.size.line
        return self.frame.head_height(title, note)

    def text(
        self, x: float, y: float, text: str, role: Role = "small", *,
        colour: str = INK, align: Align = "left", mono: bool = False, bold: bool = False, gid: str | None = None,
        ground: str = PAPER, rotate: float = 0, order: float = 6,
    ) -> None:  # fmt: skip
        """Write one line of text, its capitals centred on the height y; `ground` is what it stands on."""
        points = self.size.points(role)
        drop = 0.365 * points
        at = (x + drop, y) if rotate else (x, y + drop)
        made = self.axes.text(
            *at, text, color=colour, ha=align, va="baseline", zorder=order, rotation=rotate, parse_math=False,
            rotation_mode="anchor", fontproperties=font(points, mono, bold), clip_on=False,
        )  # fmt: skip
        made.set_gid(gid)
        made.set_label(f"_on {ground}")

    def box(
        self, x: float, y: float, width: float, height: float, *,
        fill: str = PAPER, edge: str = INK, stroke: float = 1.0, dashed: bool = False, hatch: str | None = None,
        round_by: float | None = None, gid: str | None = None, order: float = 3,
    ) -> None:  # fmt: skip
        """Draw a box whose top left corner is (x, y), with rounded corners; `stroke` counts ordinary lines.

        A hatch is as dense and as heavy beside the type on a slide as on paper.
        """
        radius = self.size.small * 0.25 if round_by is None else round_by
        style: dict[str, Any] = {
            "facecolor": fill, "edgecolor": edge, "linewidth": stroke * self.size.stroke, "zorder": order,
            "linestyle": (0, (2.2, 1.2)) if dashed else "solid", "capstyle": "butt",
            "hatch": hatch and hatch[: max(1, round(len(hatch) * SIZES["column"].small / self.size.small))],
        }  # fmt: skip
        patch: Rectangle | FancyBboxPatch
        if radius:
            patch = FancyBboxPatch(
                (x + radius, y + radius), width - 2 * radius, height - 2 * radius,
                boxstyle=f"round,pad={radius},rounding_size={radius}", **style,
            )  # fmt: skip
        else:
            patch = Rectangle((x, y), width, height, **style)
        patch.set_hatch_linewidth(0.6 * self.size.small / SIZES["column"].small)
        patch.set_gid(gid)
        self.axes.add_patch(patch)

    def disc(
        self, x: float, y: float, radius: float, *,
        fill: str = PAPER, edge: str = INK, stroke: float = 1.0, dashed: bool = False, gid: str | None = None,
        order: float = 4,
    ) -> None:  # fmt: skip
        """Draw a disc about (x, y)."""
        patch = Circle(
            (x, y), radius, facecolor=fill, edgecolor=edge, linewidth=stroke * self.size.stroke, zorder=order,
            linestyle=(0, (2.2, 1.2)) if dashed else "solid",
        )  # fmt: skip
        patch.set_gid(gid)
        self.axes.add_patch(patch)

    def ellipse(
        self, x: float, y: float, wide: float, high: float, *,
        fill: str = PAPER, edge: str = INK, stroke: float = 1.0, gid: str | None = None, order: float = 1,
    ) -> None:  # fmt: skip
        """Draw an ellipse about (x, y) that reaches so far to the sides, and up and down."""
        patch = Ellipse(
            (x, y), 2 * wide, 2 * high, facecolor=fill, edgecolor=edge, linewidth=stroke * self.size.stroke,
            zorder=order,
        )  # fmt: skip
        patch.set_gid(gid)
        self.axes.add_patch(patch)

    def line(
        self, points: Sequence[tuple[float, float]], *,
        colour: str = INK, stroke: float = 1.0, style: object = "solid", gid: str | None = None, order: float = 2,
    ) -> None:  # fmt: skip
        """Draw a line through some points."""
        xs, ys = zip(*points, strict=True)
        made = Line2D(
            # the stubs know no (offset, dashes) among the line styles
            xs, ys, color=colour, linewidth=stroke * self.size.stroke, linestyle=style,  # type: ignore[arg-type]
            solid_capstyle="round", dash_capstyle="butt", solid_joinstyle="round", zorder=order,
        )  # fmt: skip
        made.set_gid(gid)
        self.axes.add_line(made)

    def arrow(
        self, start: tuple[float, float], end: tuple[float, float], *,
        colour: str = INK, stroke: float = 1.0, style: object = "solid", gid: str | None = None, order: float = 2.5,
        head: float | None = None,
    ) -> None:  # fmt: skip
        """Draw a straight arrow with a filled head that touches `end`."""
        length = ((end[0] - start[0]) ** 2 + (end[1] - start[1]) ** 2) ** 0.5
        if not length:
            return
        along = ((end[0] - start[0]) / length, (end[1] - start[1]) / length)
        across = (-along[1], along[0])
        tip = self.size.small * 0.62 if head is None else head
        neck = (end[0] - along[0] * tip, end[1] - along[1] * tip)
        self.line((start, neck), colour=colour, stroke=stroke, style=style, gid=gid, order=order)
        wing = tip * 0.42
        sides = [(neck[0] + across[0] * wing * way, neck[1] + across[1] * wing * way) for way in (1, -1)]
        self.axes.add_patch(Polygon([end, *sides], closed=True, facecolor=colour, edgecolor="none", zorder=order))

    def cross(
        self, x: float, y: float, reach: float, *, gid: str | None = None, order: float = 7, colour: str = INK
    ) -> None:
        """Draw the cross that marks what goes wrong."""
        path = Path(
            [(x - reach, y - reach), (x + reach, y + reach), (x - reach, y + reach), (x + reach, y - reach)],
            [Path.MOVETO, Path.LINETO, Path.MOVETO, Path.LINETO],
        )
        patch = PathPatch(
            path, facecolor="none", edgecolor=colour, linewidth=2.2 * self.size.stroke, zorder=order, capstyle="round"
        )
        patch.set_gid(gid)
        self.axes.add_patch(patch)

    def tick(self, x: float, y: float, reach: float, *, gid: str | None = None, order: float = 7) -> None:
        """Draw the tick that marks what is right."""
        self.line(
            [(x - reach, y + 0.05 * reach), (x - 0.3 * reach, y + 0.75 * reach), (x + reach, y - 0.8 * reach)],
            stroke=1.8, gid=gid, order=order,
        )  # fmt: skip

    def chip(
        self, x: float, y: float, width: float, height: float, label: str, colour: str, gid: str | None = None
    ) -> None:
        """Draw a thread's mark: its colour with its name inside, centred on the height y."""
        self.box(x, y - height / 2, width, height, fill=colour, edge=INK, stroke=0.6, gid=gid, order=4)
        self.text(x + width / 2, y, label, align="center", bold=True, colour=ink_on(colour), ground=colour, order=6)
