"""SPIN on the models in `models/`: the same steps as the scenario's, written as somebody who knows Promela would."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measured import RESOLUTION, Measured, run

__all__ = ["spin"]

_DEPTHS = (10_000, 1_000_000, 10_000_000)
"""How deep to search: SPIN's own limit, and more for a model that needs it, since room for depth is memory."""


def spin(model: Path, parameters: Mapping[str, int], *, deadlocks: bool, times: int) -> Measured | None:
    """Explore a model without reduction; returns the best of several searches, None when SPIN is not installed.

    Parameters
    ----------
    model : Path
    parameters : Mapping[str, int]
        Macros of the model.
    deadlocks : bool
        Whether the model has some; then SPIN is told not to stop there.
    times : int
        How often to search, >= 1. Compiling is not measured. Seconds are those that SPIN prints, or its processor time
        in user mode where that is less: on a busy machine.
    """
    if shutil.which("spin") is None or shutil.which("gcc") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        run(["spin", "-a", *(f"-D{name}={value}" for name, value in parameters.items()), str(model.resolve())], folder)
        run(["gcc", "-O2", "-w", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c"], folder)
        option = "-E" if deadlocks else "-n"
        depth = next(
            depth for depth in _DEPTHS if "too small" not in run(["./pan", f"-m{depth}", option], folder).printed
        )
        return min((_search(folder, option, depth) for _ in range(times)), key=lambda found: found.seconds)


def _search(folder: str, option: str, depth: int) -> Measured:
    report, peak, used = run(["./pan", f"-m{depth}", "-n", option], folder)
    states = re.search(r"(\d+) states, stored", report)
    seconds = re.search(r"elapsed time (\S+) seconds", report)
    if states is None or seconds is None or "errors: 0" not in report:
        raise SystemExit(f"SPIN did not explore everything:\n{report}")
    return Measured(int(states[1]), max(min(float(seconds[1]), used), RESOLUTION), peak)
