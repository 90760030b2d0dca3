"""A checkpoint on disk: arrays that mostly grow, and a manifest that says how much of them counts.

A save appends to the arrays' files what is new, or writes a new file where an array has changed, and then replaces the
manifest in one step. Whatever goes wrong before that leaves the old manifest, and all that it names is still there.
Nothing is ever unpickled: arrays are raw bytes, everything else is JSON.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.errors import CheckpointError

__all__ = ["FORMAT", "MANIFEST", "Checkpoint", "Folder", "Keeper", "differences"]

FORMAT = 1
"""Grows with every change of what a checkpoint holds."""

MANIFEST = "manifest.json"
"""What says how much of the other files counts; without it nothing does."""

_CHUNK = 1 << 22


class _File(NamedTuple):
    """What counts of one array's file: `size` bytes from the start, with that checksum (CRC-32)."""

    file: str
    version: int
    kind: str
    size: int
    checksum: int


class Folder:
    """One walk's checkpoint.

    Parameters
    ----------
    path : Path
        A folder, made when something is saved.
    identity : Mapping[str, Any]
        What the walk is of, by a word for people, as plain data: all that its result depends on.

    Attributes
    ----------
    data : dict
        What was saved last beside the arrays; empty when nothing was.

    Raises
    ------
    CheckpointError
        When what is there is damaged, or of something else.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        self._path = path
        self._identity = json.loads(json.dumps({"format": FORMAT, **identity}))
        self._files: dict[str, _File] = {}
        self._pending: dict[str, _File] = {}
        self._touched: set[str] = set()
        self._number = 0
        self.data: dict[str, Any] = {}
        if (path / MANIFEST).exists():
            self._read()

    def restart(self) -> None:
        """Begin anew with another walk; what was saved counts until the next commit."""
        self._pending, self.data = {}, {}

    def put(self, name: str, array: NDArray[Any]) -> None:
        """Keep an array of any numbers, shape (n,), in place of the one of that name."""
        self._write(name, [array], array.dtype.newbyteorder("<"), -1)

    def extend(self, name: str, pieces: Sequence[NDArray[Any]], kind: Any, version: int = 0) -> None:
        """Keep an array that grows, shape (n,), given in pieces; what is known of this version is not written again."""
        self._write(name, pieces, np.dtype(kind).newbyteorder("<"), version)

    def append(self, name: str, array: NDArray[Any]) -> None:
        """Keep what is new of an array that grows, shape (n,)."""
        self._write(name, [array], array.dtype.newbyteorder("<"), 0, whole=False)

    def get(self, name: str) -> NDArray[Any]:
        """Return an array that was saved."""
        entry = self._files[name]
        found = np.fromfile(self._path / entry.file, entry.kind, entry.size // np.dtype(entry.kind).itemsize)
        return found.astype(found.dtype.newbyteorder("="), copy=False)

    def commit(self, data: dict[str, Any]) -> None:
        """Make what was put and extended since the last time count, with what else there is to know."""
        self._pending = {name: entry for name, entry in self._pending.items() if name in self._touched}
        self._touched.clear()
        kept = {name: entry._asdict() for name, entry in self._pending.items()}
        text = json.dumps({"identity": self._identity, "number": self._number, "files": kept, "data": data})
        content = text.encode("ascii")
        temporary = self._path / f"{MANIFEST}.new"
        with temporary.open("wb") as file:
            file.write(sha256(content).hexdigest().encode("ascii") + b"\n" + content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path / MANIFEST)
        old, self._files, self.data = self._files, dict(self._pending), data
        self._sync()
        self._drop({entry.file for entry in old.values()} - {entry.file for entry in self._files.values()})

    def roll_back(self) -> None:
        """Forget what was put and extended since the last commit, and give its room back."""
        new = {entry.file for entry in self._pending.values()} - {entry.file for entry in self._files.values()}
        self._pending = dict(self._files)
        self._touched.clear()
        with suppress(OSError):
            (self._path / f"{MANIFEST}.new").unlink(missing_ok=True)
            self._drop(new)
            for entry in self._files.values():
                os.truncate(self._path / entry.file, entry.size)

    def _write(
        self, name: str, pieces: Sequence[NDArray[Any]], kind: np.dtype[Any], version: int, *, whole: bool = True
    ) -> None:
        """Write what a file lacks of an array: what stands behind its part of the `whole`, or all that is given."""
        self._path.mkdir(parents=True, exist_ok=True)
        entry = self._pending.get(name)
        if version < 0 or entry is None or (entry.version, entry.kind) != (version, kind.str):
            self._number += 1
            entry = _File(f"{name}.{self._number}", version, kind.str, 0, 0)
        self._pending[name] = entry  # known from now on, so that a roll-back finds it
        self._touched.add(name)
        size, checksum = entry.size, entry.checksum
        skipped = size // kind.itemsize if whole else 0
        with (self._path / entry.file).open("r+b" if size else "wb") as file:
            file.seek(size)
            file.truncate()
            for piece in _after(pieces, skipped):
                for start in range(0, piece.size, _CHUNK):
                    content = piece[start : start + _CHUNK].astype(kind, copy=False).tobytes()
                    checksum = zlib.crc32(content, checksum)
                    size += file.write(content)
            file.flush()
            os.fsync(file.fileno())
        self._pending[name] = entry._replace(size=size, checksum=checksum)

    def _sync(self) -> None:
        """Have the folder's entries written, where the system can do that."""
        with suppress(OSError):
            handle = os.open(self._path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def _drop(self, names: set[str]) -> None:
        for name in sorted(names):
            with suppress(OSError):
                (self._path / name).unlink(missing_ok=True)

    def _read(self) -> None:
        try:
            checksum, _, content = (self._path / MANIFEST).read_bytes().partition(b"\n")
            if sha256(content).hexdigest().encode("ascii") != checksum:
                raise ValueError
            manifest = json.loads(content)
        except ValueError:
            raise self._damaged(MANIFEST) from None
        found = differences(self._identity, manifest["identity"])
        if found:
            raise CheckpointError(f"the checkpoint in {self._path} is of another {found[0]}; it was left as it is")
        self._files = {name: _File(**entry) for name, entry in manifest["files"].items()}
        self._pending, self._number, self.data = dict(self._files), manifest["number"], manifest["data"]
        for entry in self._files.values():
            self._check(entry)

    def _check(self, entry: _File) -> None:
        left, checksum = entry.size, 0
        try:
            with (self._path / entry.file).open("rb") as file:
                while left and (content := file.read(min(left, _CHUNK))):
                    checksum, left = zlib.crc32(content, checksum), left - len(content)
        except FileNotFoundError:
            raise self._damaged(entry.file) from None
        if left or checksum != entry.checksum:
            raise self._damaged(entry.file)

    def _damaged(self, name: str) -> CheckpointError:
        return CheckpointError(
            f"the checkpoint in {self._path} is damaged: {name} is not what was written; it was left as it is"
        )


class Keeper:
    """Saves one walk when it is time.

    Parameters
    ----------
    due : callable
        Whether it is time; asked after every batch.
    tell : callable
        Told in a sentence what went wrong when nothing could be saved; the walk goes on.
    """

    def __init__(self, folder: Folder, due: Callable[[], bool], tell: Callable[[str], None]) -> None:
        self.folder, self._due, self._tell = folder, due, tell

    @property
    def kind(self) -> str | None:
        """What kind of walk is saved; None when none is."""
        return self.folder.data.get("kind")

    def save(self, saved: Callable[[Folder], dict[str, Any]], *, now: bool = False) -> None:
        """Save what `saved` puts into the folder and returns, if it is time or has to be `now`."""
        if not now and not self._due():
            return
        try:
            self.folder.commit(saved(self.folder))
        except OSError as error:
            self.folder.roll_back()
            self._tell(f"the checkpoint could not be written ({error.strerror or error}); the one before is kept")


class Checkpoint:
    """Where and when an exploration keeps its walks.

    Parameters
    ----------
    path : Path
        A folder for this exploration alone.
    due, tell : callable
        As for `Keeper`.
    resume : bool
        Whether to go on from what is there.
    version : str
        The version of the lab; a checkpoint of another one is refused.

    Raises
    ------
    CheckpointError
        There is something, and `resume` is false.
    """

    def __init__(
        self,
        path: Path,
        due: Callable[[], bool],
        tell: Callable[[str], None],
        *,
        resume: bool = False,
        version: str = "",
    ) -> None:
        self._path, self._due, self._tell, self._version = path, due, tell, version
        if not resume and any(path.glob(f"*/{MANIFEST}")):
            raise CheckpointError(f"{path} has a checkpoint; resume it, or name another folder")

    def keeper(self, stage: str, identity: Mapping[str, Any]) -> Keeper:
        """Return what keeps one walk of the exploration, given all that the walk depends on, by words for people."""
        folder = Folder(self._path / stage, {"version of the lab": self._version, **identity})
        return Keeper(folder, self._due, self._tell)


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the names under which two mappings hold different things, in the order of the first.

    Examples
    --------
    >>> differences({"policy": "access", "text": 1}, {"policy": "statement", "text": 1})
    ['policy']
    """
    return [
        name
        for name in [*one, *(set(other) - set(one))]
        if name not in one or name not in other or one[name] != other[name]
    ]


def _after(pieces: Sequence[NDArray[Any]], count: int) -> list[NDArray[Any]]:
    """Return what follows the first `count` numbers of an array that is given in pieces."""
    left = sum(piece.size for piece in pieces) - count
    found: list[NDArray[Any]] = []
    for piece in reversed(pieces):
        if left <= 0:
            break
        found.append(piece[max(0, piece.size - left) :])
        left -= piece.size
    return found[::-1]
