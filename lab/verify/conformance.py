"""The same file three ways: explored, led along schedules on real threads, and run freely.

A program conforms when each run that was led agrees with the model step for step, and no free run ends in a way that
the policy of its interpreter excludes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.errors import UsageError
from lab.explorer.result import Result
from lab.model.program import Program
from lab.verify import driven_run
from lab.verify.children import answer
from lab.verify.chosen_runs import planned
from lab.verify.interpreters import Interpreter
from lab.verify.plan import Plan
from lab.verify.stress import SLACK, StressReport, explored, policy_for, stress

__all__ = ["Checked", "Comparison", "Conformance", "Difference", "Led", "compared", "led", "prepared"]

LED_SECONDS = 120.0
"""How long the runs that are led may take on one interpreter."""


@dataclass(frozen=True)
class Difference:
    """A run that was led and did not go as the model says.

    Attributes
    ----------
    schedule : tuple of str
        The threads that took a step, up to the one that did not go as planned.
    what : str
        What the real run does, and what the model has.
    """

    schedule: tuple[str, ...]
    what: str


@dataclass(frozen=True)
class Led:
    """What came of leading real threads along the runs of a plan.

    Attributes
    ----------
    runs, steps : int
        How many runs were made, and how many steps in them agreed.
    differences : tuple of Difference
        What did not; after some of them no more runs are made.
    complete : bool
        Whether every run was made that is needed.
    """

    runs: int
    steps: int
    differences: tuple[Difference, ...]
    complete: bool


@dataclass(frozen=True)
class Checked:
    """What one interpreter showed: runs that were led, and free ones.

    Attributes
    ----------
    led : Led or None
        None where no threads were led; then `why` says the reason.
    free : StressReport
        The free runs.
    tasks : bool
        Whether the file has tasks, which are not led: their loop decides.
    """

    led: Led | None
    why: str
    free: StressReport
    tasks: bool

    @property
    def interpreter(self) -> Interpreter:
        """The interpreter."""
        return self.free.interpreter

    @property
    def conforms(self) -> bool:
        """Whether nothing was seen that the model does not have."""
        return self.free.holds and not (self.led and self.led.differences)

    @property
    def complete(self) -> bool:
        """Whether all was checked that can be: every run of the plan, and free runs that are judged."""
        judged = not self.free.comparable or self.free.result.complete
        followed = self.led.complete if self.led else self.tasks
        return judged and followed and not self.free.interrupted


@dataclass(frozen=True)
class Comparison:
    """What the model says of a program, in the form in which real runs are compared with it.

    Attributes
    ----------
    program, path, settings : Program, str, Mapping
        The scenario as read, its file, and the parameters it was read with.
    plan : Plan or None
        The runs along which threads are led; None where they cannot be, and `why` says the reason.
    results : Mapping[str, Result]
        The explorations by policy, `access` first.
    """

    program: Program
    path: str
    settings: Mapping[str, Any]
    plan: Plan | None
    why: str
    results: Mapping[str, Result]


@dataclass(frozen=True)
class Conformance:
    """The model of a program, and what each interpreter showed; `interrupted`: Ctrl-C left some of them out."""

    model: Comparison
    checked: tuple[Checked, ...]
    interrupted: bool

    @property
    def conforms(self) -> bool:
        """Whether nothing was seen that the model does not have."""
        return all(one.conforms for one in self.checked)

    @property
    def complete(self) -> bool:
        """Whether all was checked that can be."""
        return not self.interrupted and all(one.complete for one in self.checked)


def prepared(
    program: Program, path: str, settings: Mapping[str, Any], interpreters: Sequence[Interpreter], *, most: int
) -> Comparison:
    """Explore a program under the policies of some interpreters, and plan the runs that are led.

    Parameters
    ----------
    program, path, settings, interpreters
        The scenario as read, its file, the parameters it was read with, and where it is to run.
    most : int
        How many runs are led at most.

    Raises
    ------
    UsageError
        The lab has no policy for one of the interpreters.
    ScenarioError
        As `explore`.
    """
    policies = dict.fromkeys(["access", *(policy_for(program, one) for one in interpreters)])
    results = {policy: explored(program, policy) for policy in policies}
    if any(result.stopped == "interrupted" for result in results.values()):
        raise KeyboardInterrupt
    plan, why = None, ""
    if program.tasks:
        why = "tasks run in the order of their loop, and are not led"
    else:
        try:
            plan = planned(program, most)
        except UsageError as error:
            why = str(error)
    return Comparison(program, path, settings, plan, why, results)


def compared(
    model: Comparison, interpreters: Sequence[Interpreter], *, seconds: float, interval: float = 1e-6
) -> Iterator[Checked]:
    """Yield what each interpreter shows; the free runs on each take so many seconds."""
    for one in interpreters:
        yield _checked(model, one, seconds, interval)


def _checked(model: Comparison, interpreter: Interpreter, seconds: float, interval: float) -> Checked:
    found, why = None, model.why
    if model.plan is not None:
        found, why = led(model, model.plan, interpreter)
    result = model.results[policy_for(model.program, interpreter)]
    free = stress(
        model.program, model.path, model.settings, interpreter, seconds=seconds, interval=interval, result=result
    )
    return Checked(found, why, free, bool(model.program.tasks))


def led(model: Comparison, plan: Plan, interpreter: Interpreter) -> tuple[Led | None, str]:
    """Lead real threads along every run of a plan; return what came of it, or None and why they cannot be led.

    Raises
    ------
    UsageError
        The file does not run there.
    """
    settings = [f"{name}={value!r}" for name, value in model.settings.items()]
    arguments = [model.path, str(LED_SECONDS), *settings]
    given = json.dumps(plan.as_plain())
    found = answer(interpreter.path, driven_run.__file__, arguments, limit=LED_SECONDS + SLACK, given=given)
    differences = tuple(_difference(plan, one) for one in found["differences"])
    if found["interrupted"]:
        raise KeyboardInterrupt
    if found["why"]:
        return None, found["why"]
    return Led(found["runs"], found["steps"], differences, found["runs"] == len(plan.paths) and not plan.beyond), ""


def _difference(plan: Plan, found: Mapping[str, Any]) -> Difference:
    moves = plan.paths[found["run"]].moves[: found["step"] + 1]
    names = tuple(
        f"{plan.threads[move.thread]}:{move.choice}" if move.results > 1 else plan.threads[move.thread]
        for move in moves
    )
    return Difference(names, found["what"])
