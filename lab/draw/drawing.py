"""A figure together with what it says in words and in numbers, and its bytes as SVG, PNG and PDF."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from lab.draw.style import settings

__all__ = ["Drawing", "pdf_bytes", "png_bytes", "svg_text"]


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
        return svg_text(self)


def _render(drawing: Drawing, kind: str, metadata: Mapping[str, str | None], dpi: float) -> bytes:
    file = io.BytesIO()
    with settings():
        root = drawing.axes.get_figure(root=True)
        assert root is not None
        more: dict[str, Any] = {"pil_kwargs": {"optimize": True}} if kind == "png" else {}
        root.savefig(file, format=kind, metadata=dict(metadata), dpi=dpi, **more)
    return file.getvalue()


def svg_text(drawing: Drawing) -> str:
    """Return the SVG: text as text, `<title>` and `<desc>` for screen readers, no date."""
    metadata = {"Title": drawing.title, "Creator": "gil-lab", "Date": None, "Format": None, "Type": None}
    text = _render(drawing, "svg", metadata, 72).decode()
    title = f"<title>{escape(drawing.title)}</title>"
    assert title in text
    described = f'<title id="title">{escape(drawing.title)}</title>\n <desc id="desc">{escape(drawing.alt)}</desc>'
    text = text.replace(title, described, 1)
    return text.replace("<svg ", f"<svg role={quoteattr('img')} aria-labelledby={quoteattr('title desc')} ", 1)


def png_bytes(drawing: Drawing) -> bytes:
    """Return the PNG: 220 dots an inch on paper, 1920 by 1080 for a slide."""
    root = drawing.axes.get_figure(root=True)
    assert root is not None
    dots = 144 if root.get_size_inches()[0] > 9 else 220
    metadata = {"Title": drawing.title, "Description": drawing.alt, "Software": None}
    return _render(drawing, "png", metadata, dots)


def pdf_bytes(drawing: Drawing) -> bytes:
    """Return the PDF with its fonts embedded, and no date."""
    metadata = {
        "Title": drawing.title, "Subject": drawing.alt, "Creator": "gil-lab", "Producer": None, "CreationDate": None,
    }  # fmt: skip
    return _render(drawing, "pdf", metadata, 72)
