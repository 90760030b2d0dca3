"""A figure together with what it says in words and in numbers."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

__all__ = ["Drawing"]


@dataclass(frozen=True)
class Drawing:
    """A finished figure that can also say itself in words and as a table.

    Attributes
    ----------
    figure : Figure
        What to show or to save; of the axes' own figure when the caller gave axes to draw in.
    axes : Axes
        The one set of axes that everything is drawn in; its data coordinates are points, y downwards.
    title, note : str
        The message as a sentence, and the policy and method under it.
    alt : str
        The figure in words, for those who cannot see it.
    table : tuple of rows
        The data drawn, the first row naming the columns.
    """

    figure: Figure | SubFigure
    axes: Axes
    title: str
    note: str
    alt: str
    table: tuple[tuple[str, ...], ...]

    def csv(self) -> str:
        """Return the table as comma-separated values with one line feed per row."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(self.table)
        return text.getvalue()

    def _repr_svg_(self) -> str:
        from lab.draw.files import svg_text

        return svg_text(self)
