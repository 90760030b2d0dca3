"""Harmony (van Renesse, Cornell University) on the models in `models/`, where it is installed."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measured import RESOLUTION, Measured, run

__all__ = ["harmony"]


def harmony(model: Path, parameters: Mapping[str, int]) -> Measured | None:
    """Explore a model on one core; None when Harmony is not installed. Seconds are those that it prints."""
    if shutil.which("harmony") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        constants = [text for name, value in parameters.items() for text in ("-c", f"{name}={value}")]
        copy = str(shutil.copy(model, folder))  # it writes beside its model
        report, peak, _ = run(["harmony", "--noweb", "--quick", "-R", "-W", "-w", "1", *constants, copy], folder)
    found = re.search(r"(\d+) states \(time ([\d.]+)s", report)
    if found is None:
        raise SystemExit(f"Harmony did not explore everything:\n{report}")
    return Measured(int(found[1]), max(float(found[2]), RESOLUTION), peak)
