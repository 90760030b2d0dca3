"""The model against free runs: what a scenario does on real interpreters, beside what the policy of each allows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.errors import UsageError
from lab.explorer import explore
from lab.explorer.result import Outcome, Result
from lab.model.interpreters import INTERPRETERS
from lab.model.policies import POLICIES
from lab.model.program import Program
from lab.model.relation import Relation
from lab.verify import stress_run

__all__ = ["Seen", "StressReport", "found_interpreters", "stress"]

MODELLED = ("Record",)
"""Classes that stand for what an interpreter does in C, and that really run as Python: runs may show more."""

MOST_STATES = 200_000
"""States that the comparison explores at most."""

_VERSION = "import sys; print('%d.%d' % sys.version_info[:2], getattr(sys, '_is_gil_enabled', lambda: True)())"


@dataclass(frozen=True)
class Seen:
    """An outcome of the model, of real runs, or of both.

    Attributes
    ----------
    outcome : Outcome or None
        The model's; None when the policy excludes what was seen.
    real : Mapping or None
        What a run showed, as `free_run` describes it; None when no run did.
    runs : int
        How many runs ended so.
    """

    outcome: Outcome | None
    real: Mapping[str, Any] | None
    runs: int


@dataclass(frozen=True)
class StressReport:
    """What free runs on one interpreter showed, beside the exploration under its policy.

    Attributes
    ----------
    python : str
        The interpreter's version.
    gil : bool
        Whether it has a GIL.
    runs : int
        How many runs were made.
    result : Result
        The exploration.
    seen : tuple of Seen
        First the model's outcomes, then what it excludes.
    comparable : bool
        Whether the file means the same in real runs: not where it uses what stands for an interpreter's own C code.
    """

    python: str
    gil: bool
    runs: int
    result: Result
    seen: tuple[Seen, ...]
    comparable: bool

    @property
    def holds(self) -> bool:
        """Whether the model allows everything that was seen."""
        return not self.comparable or not self.result.complete or all(one.outcome is not None for one in self.seen)


def stress(
    program: Program, path: str, settings: Mapping[str, Any], python: str | None = None, *, seconds: float = 2.0
) -> StressReport:
    """Run a scenario freely for some seconds on an interpreter, and compare with its policy.

    Parameters
    ----------
    program, path, settings : Program, str, Mapping
        The scenario as read, its file, and the parameters it was read with.
    python : str or None
        The interpreter, 3.9 or later with nothing installed; None for this one.

    Raises
    ------
    UsageError
        There is no such interpreter, or it is older than 3.9.
    ScenarioError
        As `explore`.
    """
    executable = python or sys.executable
    version, gil = _version(executable)
    policy = f"cpython-{version}" if gil else "free-threaded"
    if policy not in POLICIES:
        known = ", ".join(one.version for one in INTERPRETERS if one.version != "2.7")
        raise UsageError(f"there is no policy for {executable}, Python {version}; stress one of {known}")
    result = explore(Relation(program, POLICIES[policy]), max_states=MOST_STATES)
    arguments = [f"{name}={value!r}" for name, value in settings.items()]
    command = [executable, stress_run.__file__, path, str(seconds), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UsageError(f"{executable} cannot run {path}: {last}")
    measured = json.loads(done.stdout)
    comparable = not any(one.ref.kind in MODELLED for one in program.heap)
    seen = tuple(_matched(result, measured["outcomes"]))
    return StressReport(measured["python"], measured["gil"], measured["runs"], result, seen, comparable)


def _version(executable: str) -> tuple[str, bool]:
    """Return an interpreter's version, such as "3.12", and whether it has a GIL."""
    try:
        done = subprocess.run([executable, "-c", _VERSION], capture_output=True, text=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        raise UsageError(f"{executable} cannot be run; name a Python interpreter") from None
    words = done.stdout.split()
    if done.returncode or len(words) != 2:
        raise UsageError(f"{executable} is no Python interpreter")
    return words[0], words[1] == "True"


def _matched(result: Result, measured: list[list[Any]]) -> Iterator[Seen]:
    """Yield the model's outcomes with the runs that ended so, then what was seen besides."""
    left = [(real, runs) for real, runs in measured]
    for outcome in result.outcomes:
        same = [(real, runs) for real, runs in left if _agree(outcome, real)]
        left = [one for one in left if one not in same]
        yield Seen(outcome, same[0][0] if same else None, sum(runs for _, runs in same))
    for real, runs in left:
        yield Seen(None, real, runs)


def _agree(outcome: Outcome, real: Mapping[str, Any]) -> bool:
    """Whether a real run ended as an outcome of the model; one way to get stuck is as good as another."""
    if real["status"] == "unfinished":
        return outcome.status != "finished"
    if outcome.status != "finished":
        return False
    modelled = json.loads(json.dumps([outcome.shared, outcome.returned, outcome.errors, outcome.output or ()]))
    shared = {name: real["shared"].get(name) for name in outcome.shared}
    return bool(modelled == [shared, real["returned"], real["errors"], real["output"]])


def found_interpreters() -> list[str]:
    """Return an interpreter of each version that has a policy and is installed here, the oldest first."""
    found = []
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for version in [one.version for one in INTERPRETERS if one.version != "2.7"]:
        installed = [str(path) for path in sorted(root.glob(f"versions/{version}.*/bin/python"))]
        for candidate in filter(None, [*installed, shutil.which(f"python{version}")]):
            try:
                if _version(candidate)[0] == version:
                    found.append(candidate)
                    break
            except UsageError:
                continue  # a launcher without its interpreter
    return found
