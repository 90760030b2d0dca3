"""The folder that figures go to."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import click

from lab.errors import UsageError

__all__ = ["Folder", "check_writable"]


class Folder(click.Path):
    """A folder on the command line: as a path, an empty name would be the folder that one is in."""

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Return the path; raises `UsageError` for an empty name."""
        if value == "":
            raise UsageError("the name of the folder is empty; name one, or . for this one")
        return super().convert(value, param, ctx)


def check_writable(folder: Path) -> None:
    """Raise `OSError` when the folder cannot be made or written in; makes nothing, so wrong input leaves no trace."""
    place = folder.absolute()
    while not place.exists():
        place = place.parent
    if not place.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
    if not os.access(place, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(place))
