"""What every explorer is asked for, and programs run with their peak memory and processor time."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from typing import NamedTuple

__all__ = ["RESOLUTION", "Measured", "Ran", "megabytes", "run"]

RESOLUTION = 0.005
"""Seconds that stand for a printed 0.00: half of the smallest time that the peers print."""


class Ran(NamedTuple):
    """What a program printed, its peak memory in MB, and its seconds in user mode."""

    printed: str
    megabytes: float
    seconds: float


class Measured(NamedTuple):
    """States found, seconds of searching, the process's peak memory in MB, and how much it had before it searched."""

    states: int
    seconds: float
    megabytes: float
    before: float = 0

    @property
    def rate(self) -> float:
        """Million states a second."""
        return self.states / self.seconds / 1e6


def megabytes(maximum: int) -> float:
    """Return a resident set as `getrusage` gives it in MB: it counts in KB, but on macOS in bytes."""
    return maximum / (1 << 10 if sys.platform != "darwin" else 1 << 20)


def run(command: Sequence[str], folder: str) -> Ran:
    """Run a program; `SystemExit` when it fails."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{printed}")
    return Ran(printed, megabytes(usage.ru_maxrss), usage.ru_utime)
