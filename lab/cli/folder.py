"""The folder that figures go to."""

from __future__ import annotations

import errno
import os
from pathlib import Path

__all__ = ["check_writable"]


def check_writable(folder: Path) -> None:
    """Raise `OSError` when the folder cannot be made or written in; makes nothing, so wrong input leaves no trace."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
    if not os.access(place, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
