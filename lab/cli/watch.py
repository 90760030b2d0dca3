"""Shows how far long work has come, and stops an exploration or a sample at a time limit or at Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
import time
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self

    from lab.explorer.bounds import Progress
    from lab.explorer.result import Result

__all__ = ["ProgressLine", "Watch"]

PATIENCE = 1.0
"""Seconds before the first line of progress."""

PERIOD = 0.2
"""Seconds between two lines of progress."""


class ProgressLine:
    """A line on standard error that says how far work has come, wiped away at the end of a `with` block.

    It is for people: nothing is shown when standard error is no terminal, nor in the first second.

    Parameters
    ----------
    quiet : bool
        Whether to show nothing on a terminal either.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._start = self._shown = time.monotonic()
        self._on_terminal = not quiet and sys.stderr.isatty()
        self._dirty = False

    def __enter__(self) -> Self:
        self._start = self._shown = time.monotonic()
        return self

    def __exit__(self, *details: object) -> None:
        if self._dirty:
            self._write("")

    def figure(self, name: str, number: int, wanted: int) -> None:
        """Show which figure is being drawn; each is shown, since one may take long."""
        if self._on_terminal and self._elapsed() >= PATIENCE:
            self._write(f"figure {number} of {wanted}: {name}")

    def _due(self) -> bool:
        moment = time.monotonic()
        if not self._on_terminal or moment - self._start < PATIENCE or moment - self._shown < PERIOD:
            return False
        self._shown = moment
        return True

    def _write(self, text: str) -> None:
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
        self._dirty = True

    def _elapsed(self) -> float:
        return time.monotonic() - self._start


class Watch(ProgressLine):
    """A time limit, Ctrl-C and progress for one exploration, in force inside a `with` block.

    The first Ctrl-C asks the exploration to stop and keep what it has; the second ends the command.

    Parameters
    ----------
    max_seconds : float or None
        Wall-clock seconds from the beginning of the block; None is no limit.
    quiet : bool
        Whether to show no progress on a terminal either.
    """

    def __init__(self, max_seconds: float | None = None, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self.max_seconds = max_seconds
        self.interrupted = False
        self._previous: Any = None

    def __enter__(self) -> Self:
        super().__enter__()
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._stop)
        return self

    def __exit__(self, *details: object) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
        super().__exit__(*details)

    def reached(self) -> bool:
        """Whether the exploration should stop now; explorers ask this often."""
        return self.interrupted or (self.max_seconds is not None and self._elapsed() >= self.max_seconds)

    def progress(self, now: Progress) -> None:
        """Show how far the exploration has come: on a terminal, after a second, a few times a second."""
        if self._due():
            from lab.explorer.memory import resident

            rate, memory = now.states / self._elapsed(), resident() / (1 << 20)
            self._write(f"{now.states:,} states, {rate:,.0f} states/s, depth {now.depth:,}, {memory:,.0f} MB")

    def drawn(self, runs: int, wanted: int) -> None:
        """Show how many runs have been drawn, on a terminal and as often as `progress`."""
        if self._due():
            self._write(f"{runs:,} of {wanted:,} runs, {runs / self._elapsed():,.0f} runs/s")

    def explained(self, result: Result) -> Result:
        """Return the result with the true reason why it stopped: only this class tells Ctrl-C from the time limit."""
        return replace(result, stopped="interrupted") if self.interrupted and not result.complete else result

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        if self.interrupted:
            raise KeyboardInterrupt
        self.interrupted = True
