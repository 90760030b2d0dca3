"""A bound on the memory that the process has resident."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self

from lab.errors import UsageError

try:
    import resource as _resource
except ImportError:  # not on Windows
    resource: ModuleType | None = None
else:
    resource = _resource

__all__ = ["Memory", "resident"]

_PAGE: int = 4096 if resource is None else resource.getpagesize()
_STATM = Path("/proc/self/statm")
_STATUS = Path("/proc/self/status")

_LEAST = 32 << 20
"""Bytes that a process gets in any case, so that it can say that the bound is too low."""

_RESERVE = 20
"""A 20th of the bound is kept free for the rest of a batch; another is added when a stopped run is put together."""


class Memory:
    """A bound on the resident memory of this process, in force inside a `with` block.

    Parameters
    ----------
    limit : int
        Bytes, > 0. The process stays within a tenth more, unless it had as much before.

    Notes
    -----
    Explorations ask for `room` before they grow. What nobody foresees, such as counting or a library, the kernel
    refuses where it can (Linux: RLIMIT_DATA), which arrives as a `MemoryError`; memory that was reserved before the
    block and never touched is not counted.

    Raises
    ------
    UsageError
        The limit is not above 0.
    """

    def __init__(self, limit: int) -> None:
        if limit <= 0:
            raise UsageError("a bound on memory is a number of bytes, more than 0")
        self.limit = limit
        self._before: Any = None
        self._depth = 0

    def room(self) -> int:
        """Return how many bytes may still be taken; below 0 when the bound is passed."""
        return self.limit - self.limit // _RESERVE - resident()

    def relax(self) -> None:
        """Let the kernel give a little more, once an exploration has stopped and only its result is to be made."""
        if self._before is not None:
            self._bound(self.limit + self.limit // _RESERVE)

    def __enter__(self) -> Self:
        self._depth += 1
        if self._depth == 1 and resource is not None and (reserved := _reserved()) is not None:
            self._before = resource.getrlimit(resource.RLIMIT_DATA)
            self._untouched = reserved - resident()
            self._bound(self.limit)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._depth -= 1
        if self._depth == 0 and self._before is not None and resource is not None:
            resource.setrlimit(resource.RLIMIT_DATA, self._before)
            self._before = None

    def _bound(self, size: int) -> None:
        """Let the kernel refuse what would make more than so many bytes resident."""
        assert resource is not None
        soft, hard = self._before
        wanted = max(size, resident() + _LEAST) + self._untouched
        bounds = [bound for bound in (wanted, soft, hard) if bound != resource.RLIM_INFINITY]
        resource.setrlimit(resource.RLIMIT_DATA, (min(bounds), hard))


def resident() -> int:
    """Return the bytes of memory that this process has resident; where that cannot be told, the most it ever had."""
    try:
        pages = int(_STATM.read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        if resource is None:
            return 0
        most: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
    return pages * _PAGE


def _reserved() -> int | None:
    """Return the bytes that the kernel counts against RLIMIT_DATA; None where it does not tell."""
    with suppress(OSError, ValueError, IndexError):
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith("VmData:"):
                return int(line.split()[1]) * 1024
    return None
