"""Which code runs the inner loops: numpy, or the same loops compiled by numba where that is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lab.errors import UsageError

__all__ = ["ENGINES", "NUMPY", "Engine", "Kernels", "compiled_kernels"]

ENGINES = ("auto", "numpy", "compiled")

_WORTH_LOADING = 10_000_000
"""Transitions after which an exploration loads loops that are compiled already: numpy takes a second or two for them,
loading half a second, and from then on it takes half as long or less."""

_WORTH_COMPILING = 30_000_000
"""The same where they have to be compiled first: that takes about ten seconds, but only once."""

ROOM_FOR_LOADING = 400 << 20
"""Bytes that must be left when the compiler is loaded; it keeps about half of them."""


class Kernels(NamedTuple):
    """The compiled functions of `kernels`, `stride_kernel` and `graph_kernels`."""

    intern: Callable[..., int]
    locate: Callable[..., int]
    emit: Callable[..., int]
    absorb: Callable[..., int]
    place: Callable[..., None]
    stride: Callable[..., int]
    strong: Callable[..., int]
    among: Callable[..., int]
    around: Callable[..., int]
    survey: Callable[..., None]
    waves: Callable[..., int]
    closure: Callable[..., None]
    search: Callable[..., int]
    pass_on: Callable[..., None]


class Engine:
    """The code that one exploration runs.

    Parameters
    ----------
    name : str
        "numpy"; "compiled", which needs numba; or "auto": compiled where numba is installed and the exploration
        is large enough to make up for loading it.

    Attributes
    ----------
    kernels : Kernels or None
        None: numpy.

    Raises
    ------
    UsageError
        There is no such engine, or numba is not installed.

    Notes
    -----
    Results do not depend on it in any bit, so it may change in the middle of an exploration.
    """

    def __init__(self, name: str = "auto") -> None:
        if name not in ENGINES:
            raise UsageError(f"there is no engine {name!r}; the engines are {', '.join(ENGINES)}")
        self.kernels: Kernels | None = None
        self._undecided = name == "auto"
        if name == "compiled":
            self.kernels = compiled_kernels()
            if self.kernels is None:
                raise UsageError("the compiled engine needs numba; install it with `pip install gil-lab[fast]`")

    def consider(self, transitions: int, room: int | None = None) -> None:
        """Load the compiled kernels when an exploration of so many transitions is worth it, and the room suffices."""
        if room is not None and room < ROOM_FOR_LOADING:
            return
        if self._undecided and _worth_it(transitions):
            self._undecided = False
            self.kernels = compiled_kernels()


NUMPY = Engine("numpy")


def _worth_it(transitions: int) -> bool:
    if compiled_kernels.cache_info().currsize or transitions >= _WORTH_COMPILING:
        return True
    return transitions >= _WORTH_LOADING and _on_disk(Path(__file__).parent)


def _on_disk(folder: Path) -> bool:
    """Return whether numba has compiled this folder's loops since they were changed, and kept them beside it."""
    try:
        changed = (folder / "kernels.py").stat().st_mtime
        return max(_kept(folder), default=changed - 1) >= changed
    except OSError:
        return False


def _kept(folder: Path) -> list[float]:
    """Return when numba last kept what it compiled of this folder's loops for this version of Python."""
    python = f"py{sys.version_info[0]}{sys.version_info[1]}"
    return [file.stat().st_mtime for file in (folder / "__pycache__").glob(f"kernels.absorb-*.{python}.nbi")]


@cache
def compiled_kernels() -> Kernels | None:
    """Return the compiled kernels, from numba's cache on disk where it can be; None without a numba that will do."""
    if sys.platform == "emscripten":
        return None
    try:
        from lab.explorer.graphs import kernels as graph_kernels
        from lab.explorer.states import kernels
        from lab.explorer.walk import stride_kernel
    except (ImportError, KeyError):  # KeyError: numba lacks an option that they are compiled with
        return None
    functions = {**vars(kernels), **vars(stride_kernel), **vars(graph_kernels)}
    return Kernels(*(functions[name] for name in Kernels._fields))
