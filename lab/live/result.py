"""What an exploration of real code found, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.errors import LabError

__all__ = ["Failure", "Incomplete", "LiveResult", "Outcome", "PropertyFails", "Step"]


class Incomplete(LabError):
    """Not everything was explored, so that nothing is known to hold."""


class PropertyFails(LabError, AssertionError):
    """A schedule was found on which the code fails.

    Attributes
    ----------
    failure : Failure
        Which.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


@dataclass(frozen=True)
class Step:
    """One step of a run.

    Attributes
    ----------
    thread : str
        Whose.
    file, line, function : str, int, str
        Where.
    kind, name : str
        "read", "write", "delete", "call", or an operation such as "acquire"; of what.
    object : int or None
        The number of the object in this run, None where the step touches none.
    """

    thread: str
    file: str
    line: int
    function: str
    kind: str
    name: str
    object: int | None


@dataclass(frozen=True)
class Outcome:
    """What can be observed at the end of some runs.

    Attributes
    ----------
    status : str
        "finished", "deadlock", "endless" (more steps than allowed) or "stuck" (blocked where the lab cannot see it).
    state : Any
        What `setup` returned, as plain data; None without it.
    returned : Mapping[str, Any]
        What each thread returned, as plain data.
    errors : Mapping[str, str]
        By what exception a thread ended.
    executions : int
        How many of the runs ended so.
    token : str
        One of their schedules.
    """

    status: str
    state: Any
    returned: Mapping[str, Any]
    errors: Mapping[str, str]
    executions: int
    token: str


@dataclass(frozen=True)
class Failure:
    """A run on which the code fails.

    Attributes
    ----------
    kind : str
        "check", "exception", "deadlock", "endless", "stuck" or "nondeterministic".
    message : str
        What happened, in a sentence.
    schedule : tuple of str
        The thread of each step.
    steps : tuple of Step
        What they did.
    token : str
        The schedule, to replay it.
    preemptions : int
        How often a thread was switched away from that could have gone on.
    stacks : Mapping[str, tuple of str]
        By thread: where it failed or waits, outermost call first.
    executions : int
        How many of the runs failed so.
    """

    kind: str
    message: str
    schedule: tuple[str, ...]
    steps: tuple[Step, ...]
    token: str
    preemptions: int
    stacks: Mapping[str, tuple[str, ...]]
    executions: int = 1

    def __str__(self) -> str:
        lines = [self.message, "", *self.table(), "", f"replay with the token {self.token}"]
        for thread, stack in self.stacks.items():
            lines += ["", f"{thread}:", *stack]
        return "\n".join(lines)

    def table(self) -> list[str]:
        """Return the steps as lines, one column for each thread."""
        threads = list(dict.fromkeys(self.schedule))
        cells = [f"{step.kind} {step.name} (line {step.line})" for step in self.steps]
        widths = {
            name: max(
                [len(name), *(len(cell) for cell, step in zip(cells, self.steps, strict=True) if step.thread == name)]
            )
            for name in threads
        }
        rows = ["  ".join(name.ljust(widths[name]) for name in threads).rstrip()]
        for cell, step in zip(cells, self.steps, strict=True):
            parts = [(cell if name == step.thread else "").ljust(widths[name]) for name in threads]
            rows.append("  ".join(parts).rstrip())
        return rows


@dataclass(frozen=True)
class LiveResult:
    """What was found on all runs.

    Attributes
    ----------
    executions : int
        Runs that were completed.
    blocked : int
        Runs that were cut short because what follows was seen in others.
    exhausted : bool
        Whether the strategy made all its runs.
    proves : bool
        Whether these cover everything that can happen: never with a bound, nor with runs drawn at random.
    covered : str
        What was covered, in words.
    outcomes : tuple of Outcome
        What can be observed, in the order it was first seen.
    failures : tuple of Failure
        One for each kind of failure and place, the shortest and then the one with the fewest preemptions.
    strategy : str
        How it was explored.
    seconds : float
        How long it took.
    notes : tuple of str
        What limits the result, in sentences.
    """

    executions: int
    blocked: int
    exhausted: bool
    proves: bool
    covered: str
    outcomes: tuple[Outcome, ...]
    failures: tuple[Failure, ...]
    strategy: str
    seconds: float = 0.0
    notes: tuple[str, ...] = field(default=())

    @property
    def holds(self) -> bool | None:
        """True when nothing fails and everything was covered, False when something fails, else None."""
        if self.failures:
            return False
        return True if self.exhausted and self.proves else None

    def assert_holds(self, *, accept_bound: bool = False) -> None:
        """Return when nothing fails on any schedule.

        Parameters
        ----------
        accept_bound : bool
            Whether what the strategy covers is enough, such as all schedules with two preemptions.

        Raises
        ------
        PropertyFails
            Something fails; the message has the schedule.
        Incomplete
            Nothing failed, but not every schedule was covered.
        """
        if self.failures:
            raise PropertyFails(self.failures[0])
        if not self.exhausted:
            raise Incomplete(f"the search is not complete: {self.covered}, in {self.executions} executions")
        if not self.proves and not accept_bound:
            raise Incomplete(
                f"nothing fails, but only this was covered: {self.covered}; accept it with accept_bound=True"
            )
