"""One file that a command writes: checked before the work, and written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from lab.cli.folder import check_writable
from lab.errors import UsageError

__all__ = ["check_target", "write_whole"]


def check_target(output: Path) -> None:
    """Raise `UsageError` or `OSError` before the work when the file cannot be written."""
    if output.is_dir():
        raise UsageError(f"{output} is a directory; name a file in it")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no directory {output.parent}; make it first")
    check_writable(output.absolute().parent)


def write_whole(output: Path, text: str) -> None:
    """Write the file under another name first, so that nobody finds half of it."""
    handle, temporary = tempfile.mkstemp(dir=output.absolute().parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(output)
    finally:
        Path(temporary).unlink(missing_ok=True)
