"""Writing a drawing: every file is whole before it gets its name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from lab.draw.drawing import Drawing, pdf_bytes, png_bytes, svg_text

__all__ = ["FORMATS", "save"]

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
