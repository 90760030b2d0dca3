"""The same experiments on a real interpreter, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from lab.errors import UsageError
from lab.gil.experiment import Case, Job, Row

__all__ = ["Calibration", "calibrate", "measured_rows", "read_calibration"]

RUNNER = Path(__file__).parent / "runner" / "run.py"
LIMIT = 600
"""Seconds after which a job is given up."""

ESTIMATED = {"wake", "slack", "thread_start", "process_start", "interpreter_start", "sharing"}
"""The settings that a calibration may have."""

QUIET = 0.1
"""Processors that other programs may keep busy while something is measured."""

PATIENCE = 3
"""How many times as often as asked something is tried, in the hope of a quiet moment."""

REPEAT = 5
FOR = 0.4
"""How often a job is done; for how many seconds each time the echo is asked."""


@dataclass(frozen=True)
class Calibration:
    """What was estimated of a machine and an interpreter; all times are seconds.

    Attributes
    ----------
    python : str
        The interpreter's version.
    rounds : float
        Rounds of the computing loop in a second.
    settings : dict
        Fields of `Settings`: wake, slack, what starting costs, and how much two processes slow each other down.
    others : float
        How many processors other programs kept busy meanwhile.
    """

    python: str
    rounds: float
    settings: dict[str, float]
    others: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data, as `read_calibration` reads it."""
        return {
            "python": self.python,
            "rounds_per_second": self.rounds,
            "settings": self.settings,
            "others": self.others,
        }


def calibrate(python: str | None = None) -> Calibration:
    """Estimate this machine's latencies and an interpreter's speed; takes a few seconds.

    Beside other programs it is done again, up to `PATIENCE` times, and the quietest one counts.

    Raises
    ------
    UsageError
        The interpreter cannot be run.
    """
    made: list[Calibration] = []
    while not made or (made[-1].others > QUIET and len(made) < PATIENCE):
        answer = _run(python, {"kind": "calibrate"})
        found = dict(answer["found"])
        rounds = found.pop("rounds_per_second")
        made.append(Calibration(answer["python"], rounds, found, answer.get("others") or 0.0))
    return min(made, key=lambda one: one.others)


def read_calibration(path: Path) -> Calibration:
    """Return what `lab gil calibrate --save` wrote.

    Raises
    ------
    UsageError
        The file holds something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        settings = {str(name): float(value) for name, value in data["settings"].items()}
        if not settings.keys() <= ESTIMATED:
            raise ValueError(settings)
        others = float(data.get("others", 0.0))
        return Calibration(str(data["python"]), float(data["rounds_per_second"]), settings, others)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UsageError(f"{path} holds no calibration; `lab gil calibrate --save {path}` writes one") from None


@dataclass(frozen=True)
class _Attempt:
    """One try at a case: the times, in seconds, and how many processors other programs kept busy meanwhile."""

    times: tuple[float, ...]
    others: float


def measured_rows(
    cases: Sequence[Case], python: str | None, rounds: float, column: str, repeat: int = REPEAT
) -> list[Row]:
    """Do the cases' jobs and return the columns they add to their rows; None where there is nothing.

    All cases are done once, then all again: what disturbs the machine for a while disturbs them alike. Where the system
    tells how busy other programs kept it, an attempt beside them is made again, up to `PATIENCE` times as often as
    asked, and the quietest attempts count.

    Parameters
    ----------
    cases : Sequence[Case]
        What to do.
    python : str or None
        The interpreter; None is this one.
    rounds : float
        Rounds of the computing loop that take it a second.
    column : str
        "simulated_ms" or "simulated_s": which unit the rows have.
    repeat : int
        How many attempts count, >= 1.

    Returns
    -------
    list of dict
        `measured_...`, the median of all times; `measured_spread_...`, their interquartile range; `measured_others`,
        how many processors other programs kept busy during the attempts that count, at most.

    Raises
    ------
    UsageError
        The interpreter cannot be run, or fails.
    """
    unit = "ms" if column.endswith("_ms") else "s"
    attempts: list[list[_Attempt]] = [[] for _ in cases]
    for number in range(repeat * PATIENCE):
        for case, made in zip(cases, attempts, strict=True):
            impossible = case.job is None or (made and not made[-1].times)
            if impossible or (number >= repeat and sum(one.others <= QUIET for one in made) >= repeat):
                continue
            made.append(_attempt(case.job or {}, python, rounds))
    return [_columns(made, unit, repeat) for made in attempts]


def _attempt(job: Job, python: str | None, rounds: float) -> _Attempt:
    amount = job.get("seconds", 0) * rounds
    answer = _run(python, {"for": FOR, "rounds": amount, "rate": rounds, **job, "repeat": 1})
    return _Attempt(tuple(answer.get("found", ())), answer.get("others") or 0.0)


def _columns(made: Sequence[_Attempt], unit: str, repeat: int) -> Row:
    """Return what the quietest attempts say together."""
    counted = [one for one in sorted(made, key=lambda one: one.others)[:repeat] if one.times]
    scale = 1e3 if unit == "ms" else 1
    middle, spread = _spread([time * scale for one in counted for time in one.times])
    busy = max((one.others for one in counted), default=None)
    return {f"measured_{unit}": middle, f"measured_spread_{unit}": spread, "measured_others": busy}


def _spread(times: list[float]) -> tuple[float | None, float | None]:
    """Return the median and the interquartile range."""
    if not times:
        return None, None
    low, _, high = quantiles(times, n=4, method="inclusive") if len(times) > 1 else (times[0],) * 3
    return median(times), high - low


def _run(python: str | None, job: Job) -> dict[str, Any]:
    command: Sequence[str] = [python or sys.executable, str(RUNNER), json.dumps(job)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LIMIT)
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"{command[0]} was not done with {job['kind']} after {LIMIT} s") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UsageError(f"{command[0]} failed at {job['kind']}: {last}")
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise UsageError(f"{command[0]} gave no answer; is it a Python?") from None
    return answer
