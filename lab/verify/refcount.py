"""The refcount scenarios against reference counts of real objects.

Three checks. In each schedule of `refcount/race`, a real object's count is the locked model's, whatever the racy
model says. Two threads that both drop a reference kill an object exactly when the count reaches zero, in the model and
in reality. And a list's `append` and `del` change an object's count by one each.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.catalogue import resolve
from lab.errors import UsageError
from lab.explorer.graph import interleavings
from lab.language import load_program
from lab.model.policies import POLICIES
from lab.model.relation import Relation
from lab.model.trace import Trace, replay
from lab.verify import real_refcount

__all__ = ["DeathCheck", "PrintCheck", "RefcountReport", "ScheduleCheck", "judge", "measure", "verify_refcounts"]

SECONDS = 60
"""How long another interpreter may take to measure."""


@dataclass(frozen=True)
class ScheduleCheck:
    """One schedule of the racy scenario, and three counts: at the start and after each of its steps.

    Attributes
    ----------
    schedule : tuple of str
        Who runs: each thread's first step is its read, its second its write.
    racy, locked, real : tuple of int
        The racy model's count; the locked model's, which does a thread's whole update at the place of its write; a real
        object's, on which the thread does its real operation there, as a difference from the baseline.
    """

    schedule: tuple[str, ...]
    racy: tuple[int, ...]
    locked: tuple[int, ...]
    real: tuple[int, ...]

    @property
    def racy_differs(self) -> bool:
        """Whether the racy model ends with another count than the locked one."""
        return self.racy[-1] != self.locked[-1]

    @property
    def holds(self) -> bool:
        """Whether the real count is the locked model's after every step, the last included."""
        return self.real == self.locked


@dataclass(frozen=True)
class DeathCheck:
    """Two references, dropped by two threads in this order: counts and life before, between and after.

    Attributes
    ----------
    model, real : tuple of int
        The count before the first drop and after each; a freed or dead object counts 0.
    model_alive, real_alive : tuple of bool
        Whether the record is not freed; whether the weak reference still finds the object.
    died_in : str or None
        The thread in which the object died.
    gil : bool
        Whether the interpreter has a GIL. Without one, the thread that owns the object may be the one that buries it.
    """

    order: tuple[str, ...]
    model: tuple[int, ...]
    real: tuple[int, ...]
    model_alive: tuple[bool, ...]
    real_alive: tuple[bool, ...]
    died_in: str | None
    gil: bool = True

    @property
    def holds(self) -> bool:
        """Whether the object dies at count 0, not earlier and not later, in the model and in reality."""
        same = self.model == self.real and self.model_alive == self.real_alive
        exact = all(alive == (count > 0) for alive, count in zip(self.real_alive, self.real, strict=True))
        return same and exact and (not self.gil or self.died_in == self.order[-1])


@dataclass(frozen=True)
class PrintCheck:
    """One of the three prints: the counts of an object and a list, as differences from ones that are always alone.

    `shown` is what `sys.getrefcount` returned for the two in that interpreter.
    """

    after: str
    obj: int
    lst: int
    expected: int
    shown: tuple[int, int]

    @property
    def holds(self) -> bool:
        """Whether the object has as many references more as the list holds, and the list none."""
        return self.obj == self.expected and self.lst == 0


@dataclass(frozen=True)
class RefcountReport:
    """What one interpreter showed beside the models."""

    python: str
    gil: bool
    schedules: tuple[ScheduleCheck, ...]
    deaths: tuple[DeathCheck, ...]
    prints: tuple[PrintCheck, ...]

    @property
    def racy_differs(self) -> int:
        """In how many schedules the racy model ends with another count than the locked model."""
        return sum(check.racy_differs for check in self.schedules)

    @property
    def holds(self) -> bool:
        """Whether every check holds."""
        checks: Iterable[ScheduleCheck | DeathCheck | PrintCheck] = (*self.schedules, *self.deaths, *self.prints)
        return all(check.holds for check in checks)


def verify_refcounts(python: str | None = None) -> RefcountReport:
    """Check the refcount scenarios against real objects.

    Parameters
    ----------
    python : str or None
        Another interpreter to measure in, 3.9 or later; None means this process.

    Raises
    ------
    UsageError
        If that interpreter cannot be run or cannot measure.
    """
    wanted = interleavings(_relation("refcount/race"))
    return judge(measure(wanted, python))


def measure(wanted: Sequence[Sequence[str]], python: str | None = None) -> dict[str, Any]:
    """Return what `real_refcount.measure` gives for those schedules, here or in another interpreter."""
    schedules = [list(schedule) for schedule in wanted]
    if python is None:
        return real_refcount.measure(schedules)
    script = str(Path(real_refcount.__file__))
    try:
        done = subprocess.run(
            [python, "-I", script, json.dumps(schedules)], capture_output=True, text=True, timeout=SECONDS, check=True
        )
        found: dict[str, Any] = json.loads(done.stdout)
    except OSError as error:
        raise UsageError(f"cannot run {python}: {error.strerror or error}") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"{python} did not finish within {SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        raise UsageError(f"{python} cannot measure reference counts (it must be Python 3.9 or later): {last}") from None
    except ValueError:
        raise UsageError(f"{python} answers with something else than a measurement; is it a Python?") from None
    return found


def judge(measured: Mapping[str, Any]) -> RefcountReport:
    """Put the models' counts beside measured ones, in the form that `real_refcount.measure` returns."""
    racy, locked = _relation("refcount/race"), _relation("refcount/locked")
    owned = _relation("refcount/from_one_owned")
    return RefcountReport(
        python=measured["python"],
        gil=measured["gil"],
        schedules=tuple(_schedule_check(racy, locked, row) for row in measured["schedules"]),
        deaths=tuple(_death_check(owned, row, measured["gil"]) for row in measured["deaths"]),
        prints=tuple(
            PrintCheck(row["after"], row["obj"], row["lst"], expected, (row["shown"][0], row["shown"][1]))
            for row, expected in zip(measured["prints"], (0, 1, 0), strict=True)
        ),
    )


def _relation(name: str) -> Relation:
    path, _ = resolve(name)
    return Relation(load_program(path), POLICIES["access"])


def _schedule_check(racy: Relation, locked: Relation, row: Mapping[str, Any]) -> ScheduleCheck:
    schedule = tuple(row["schedule"])
    trace = replay(racy, schedule)
    writers = [event.thread for event in trace.events if any(access.writes for access in event.accesses)]
    after_updates = _after_each(replay(locked, _one_by_one(locked, writers)), "refcount")
    done, counts = 0, [after_updates[0]]
    for event in trace.events:
        done += any(access.writes for access in event.accesses)
        counts.append(after_updates[done])
    every = (trace.initial["refcount"], *(event.shared["refcount"] for event in trace.events))
    return ScheduleCheck(schedule, every, tuple(counts), tuple(row["counts"]))


def _death_check(owned: Relation, row: Mapping[str, Any], gil: bool) -> DeathCheck:
    order = tuple(row["order"])
    seen = _after_each(replay(owned, _one_by_one(owned, order)), "obj")
    return DeathCheck(
        order,
        tuple(0 if record["freed"] else record["refs"] for record in seen),
        tuple(row["counts"]),
        tuple(not record["freed"] for record in seen),
        tuple(row["alive"]),
        row["died_in"],
        gil,
    )


def _one_by_one(relation: Relation, order: Sequence[str]) -> list[str]:
    """Return the schedule in which each thread of `order` runs to its end before the next begins."""
    names = [thread.name for thread in relation.program.threads]
    state, schedule = relation.initial(), []
    for name in order:
        while results := relation.steps(state, names.index(name)):
            state = results[0][1]
            schedule.append(name)
    return schedule


def _after_each(trace: Trace, variable: str) -> list[Any]:
    """Return a shared variable's value at the start and after the end of each thread."""
    return [trace.initial[variable], *(event.shared[variable] for event in trace.events if event.ended)]
