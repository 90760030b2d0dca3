"""Runs SPIN on a model."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

needs_spin = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("spin", "gcc")), reason="SPIN and gcc are not installed"
)


@dataclass(frozen=True)
class Found:
    """What SPIN says: transitions count the one into the initial state, as SPIN does."""

    states: int
    transitions: int
    deadlocks: int
    violated: bool


def verify(model: str, folder: Path) -> Found:
    """Explore the whole model with SPIN, going on after errors: once for deadlocks, once for assertions."""
    (folder / "model.pml").write_text(model, encoding="utf-8")
    _run(folder, "spin", "-a", "model.pml")
    _run(folder, "gcc", "-O0", "-w", "-DSAFETY", "-DNOREDUCE", "-o", "pan", "pan.c")
    states, transitions, deadlocks = _counts(_run(folder, "./pan", "-A", "-c0", "-m100000"))
    again = _counts(_run(folder, "./pan", "-E", "-c0", "-m100000"))
    assert again[:2] == (states, transitions)
    return Found(states, transitions, deadlocks, again[2] > 0)


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stdout[-1000:], done.stderr[-1000:])
    assert "Error" not in done.stdout
    return done.stdout


def _counts(report: str) -> tuple[int, int, int]:
    assert "too small" not in report
    patterns = (r"(\d+) states, stored", r"(\d+) transitions", r"errors: (\d+)")
    assert all(re.search(pattern, report) for pattern in patterns), report
    states, transitions, errors = (re.search(pattern, report) for pattern in patterns)
    return int(states[1]), int(transitions[1]), int(errors[1])
