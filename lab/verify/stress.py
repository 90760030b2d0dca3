"""The model against free runs: what a scenario does on real interpreters, beside what the policy of each allows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lab.errors import UsageError
from lab.explorer import explore
from lab.explorer.result import Outcome, Result
from lab.model.interpreters import INTERPRETERS
from lab.model.policies import POLICIES
from lab.model.program import Program
from lab.model.relation import Relation
from lab.verify import stress_run
from lab.verify.children import answer
from lab.verify.interpreters import Interpreter

__all__ = ["Seen", "StressReport", "comparable", "explored", "matched", "policy_for", "stress"]

MODELLED = ("Record",)
"""Classes that stand for what an interpreter does in C, and that really run as Python: runs may show more."""

MOST_STATES = 200_000
"""States that the comparison explores at most."""

LONG_PATIENCE = 10.0
"""Seconds after which a run counts as stuck where none is in the model: a slow machine must not look like a fault."""

SLACK = 60
"""Seconds that an interpreter may take beyond those that it was asked to run for."""


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
    interpreter : Interpreter
        Where the runs were made.
    runs : int
        How many runs were made.
    stuck : int
        How many of them were given up because a thread did not end.
    interrupted : bool
        Whether Ctrl-C ended the runs early.
    result : Result
        The exploration.
    seen : tuple of Seen
        First the model's outcomes, then what it excludes.
    comparable : bool
        Whether the file means the same in real runs: not where it uses what stands for an interpreter's own C code.
    """

    interpreter: Interpreter
    runs: int
    stuck: int
    interrupted: bool
    result: Result
    seen: tuple[Seen, ...]
    comparable: bool

    @property
    def compared(self) -> bool:
        """Whether the runs are judged by the model: it is complete, and the file means the same in real runs."""
        return self.comparable and self.result.complete

    @property
    def excluded(self) -> tuple[Seen, ...]:
        """What runs showed and the policy excludes, where the two are compared."""
        return tuple(one for one in self.seen if one.outcome is None) if self.compared else ()

    @property
    def holds(self) -> bool:
        """Whether the model allows everything that was seen."""
        return not self.excluded


def stress(
    program: Program,
    path: str,
    settings: Mapping[str, Any],
    interpreter: Interpreter,
    *,
    seconds: float = 2.0,
    interval: float = stress_run.INTERVAL,
    result: Result | None = None,
) -> StressReport:
    """Run a scenario freely for some seconds on an interpreter, and compare with its policy.

    Parameters
    ----------
    program, path, settings : Program, str, Mapping
        The scenario as read, its file, and the parameters it was read with.
    interpreter : Interpreter
        Where to run it.
    seconds, interval : float
        How long to run; after how many seconds a waiting thread asks for the GIL.
    result : Result or None
        The exploration under the policy of that interpreter, where it is known already.

    Raises
    ------
    UsageError
        The lab has no policy for that interpreter, or the file does not run there.
    ScenarioError
        As `explore`.
    """
    result = result or explored(program, policy_for(program, interpreter))
    may_be_stuck = not result.complete or any(one.status != "finished" for one in result.outcomes)
    patience = stress_run.PATIENCE if may_be_stuck else LONG_PATIENCE
    arguments = [
        path,
        str(seconds),
        str(interval),
        str(patience),
        *(f"{name}={value!r}" for name, value in settings.items()),
    ]
    measured = answer(interpreter.path, stress_run.__file__, arguments, limit=seconds + SLACK)
    stuck = sum(runs for real, runs in measured["outcomes"] if real["status"] == "unfinished")
    seen = tuple(matched(result, measured["outcomes"]))
    interrupted = measured["interrupted"] or result.stopped == "interrupted"
    return StressReport(interpreter, measured["runs"], stuck, interrupted, result, seen, comparable(program))


def explored(program: Program, policy: str) -> Result:
    """Return the exploration that real runs are compared with."""
    return explore(Relation(program, POLICIES[policy]), max_states=MOST_STATES)


def policy_for(program: Program, interpreter: Interpreter) -> str:
    """Return the policy that says what free runs of the program may show on that interpreter.

    Tasks alone go on in the order of the loop's queue, whatever the version.

    Raises
    ------
    UsageError
        The lab has none.
    """
    if len(program.tasks) == len(program.threads):
        return "asyncio-fifo"
    if interpreter.policy is None:
        known = ", ".join(one.version for one in INTERPRETERS if one.version != "2.7")
        what = f"{interpreter.implementation} {interpreter.release}"
        raise UsageError(f"there is no policy for {interpreter.path}, {what}; there are policies of CPython {known}")
    return interpreter.policy


def comparable(program: Program) -> bool:
    """Whether a file means the same in real runs: not where it uses what stands for an interpreter's own C code."""
    return not any(one.ref.kind in MODELLED for one in program.heap)


def matched(result: Result, measured: list[list[Any]]) -> Iterator[Seen]:
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
