"""The folder of `--checkpoint`: a marker, and a numbered folder for each exploration of the command."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from lab.cli.screen import complain
from lab.errors import CheckpointError

if TYPE_CHECKING:
    from lab.explorer.checkpoint import Checkpoint
    from lab.explorer.result import Result

__all__ = ["Checkpoints"]

_MARKER = "unfinished"
"""A file that is there from the beginning of a command to its end."""

_GOES_ON = frozenset({"seconds", "memory", "interrupted"})
"""Why an exploration may have stopped that can go on later."""


class Checkpoints:
    """The checkpoints of all explorations of one command.

    Parameters
    ----------
    folder : Path or None
        None: there are none.
    every : float
        Seconds between two saves.
    resume : bool
        Whether to go on from what is there.

    Raises
    ------
    CheckpointError
        When there is nothing to resume, or something that would be lost.
    """

    def __init__(self, folder: Path | None, every: float, *, resume: bool) -> None:
        self._folder, self._every, self._resume, self._number = folder, every, resume, 0
        if folder is None:
            if resume:
                raise CheckpointError("--resume goes on from a checkpoint; say where it is with --checkpoint DIR")
            return
        unfinished = (folder / _MARKER).exists()
        if resume and not unfinished:
            raise CheckpointError(
                f"there is no checkpoint in {folder}: a finished run leaves none; start without --resume"
            )
        if unfinished and not resume:
            raise CheckpointError(
                f"{folder} has the checkpoint of an unfinished run; add --resume, or delete the folder"
            )
        if folder.exists() and not folder.is_dir():
            raise CheckpointError(f"{folder} is no folder; --checkpoint takes one")
        if not unfinished and folder.is_dir() and any(folder.iterdir()):
            raise CheckpointError(f"{folder} is not empty; give --checkpoint a folder of its own")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARKER).touch()

    def following(self) -> Checkpoint | None:
        """Return where the command's next exploration is kept."""
        if self._folder is None:
            return None
        import lab
        from lab.explorer.checkpoint import Checkpoint

        self._number += 1
        path, due = self._folder / str(self._number), _clock(self._every)
        return Checkpoint(path, due, _tell, resume=self._resume, version=lab.__version__)

    def end(self, results: Iterable[Result]) -> None:
        """Remove everything, unless an exploration can go on: then say how."""
        if self._folder is None:
            return
        if any(not result.complete and result.stopped in _GOES_ON for result in results):
            complain(f"lab: the same command with --resume goes on from the checkpoint in {self._folder}")
            return
        from lab.explorer.checkpoint import MANIFEST

        for number in range(1, self._number + 1):
            for manifest in self._folder.glob(f"{number}/*/{MANIFEST}"):
                manifest.unlink(missing_ok=True)  # first, so that a kill leaves no manifest of files that are gone
            shutil.rmtree(self._folder / str(number), ignore_errors=True)
        (self._folder / _MARKER).unlink(missing_ok=True)
        with suppress(OSError):  # somebody else's files
            self._folder.rmdir()


def _tell(sentence: str) -> None:
    complain(f"lab: {sentence}")


def _clock(every: float) -> Callable[[], bool]:
    """Return a function that says whether so many seconds have passed since it last said so."""
    last = [time.monotonic()]

    def due() -> bool:
        if time.monotonic() - last[0] < every:
            return False
        last[0] = time.monotonic()
        return True

    return due
