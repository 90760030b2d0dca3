"""Writing a drawing: SVG with real text and its own description, PNG, PDF, and the data as CSV."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from lab.draw.drawing import Drawing
from lab.draw.style import settings

__all__ = ["FORMATS", "pdf_bytes", "png_bytes", "save", "svg_text"]

FORMATS = ("svg", "png", "pdf", "csv")
"""What `save` writes, in this order."""


def save(drawing: Drawing, directory: str | Path, name: str) -> list[Path]:
    """Write `name.svg`, `.png`, `.pdf` and `.csv` into a directory, making it if need be.

    Every file is complete before it gets its name, so that nobody finds half a figure; the same drawing always gives
    the same bytes.

    Raises
    ------
    OSError
        When the directory cannot be written; no file of this drawing is then half-written.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    contents = {
        "svg": svg_text(drawing).encode(),
        "png": png_bytes(drawing),
        "pdf": pdf_bytes(drawing),
        "csv": drawing.csv().encode(),
    }
    return write_all(folder, {f"{name}.{kind}": contents[kind] for kind in FORMATS})


def write_all(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write files under temporary names, then give each its own."""
    waiting: list[tuple[str, Path]] = []
    try:
        for name, content in contents.items():
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            waiting.append((temporary, folder / name))
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(temporary).chmod(0o644)
        for temporary, path in waiting:
            Path(temporary).replace(path)
    finally:
        for temporary, _ in waiting:
            Path(temporary).unlink(missing_ok=True)
    return [path for _, path in waiting]


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
