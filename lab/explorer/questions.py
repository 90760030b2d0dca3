"""What an exploration answers to the questions of a scenario file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lab.explorer.findings.ends import plain_identity
from lab.explorer.result import INFINITE, Count, Outcome, PropertyResult, Race, Result
from lab.model.program import Question

__all__ = ["Answered", "answered", "races_for"]


@dataclass(frozen=True)
class Answered:
    """A question, the exploration that answers it, and the answer.

    Attributes
    ----------
    answer : bool or int or str or frozenset of int or None
        True or False; a number or "infinite"; the lines of a location's races; None when the exploration was stopped
        before it was decided.
    shown : Outcome or PropertyResult or None
        What a "yes" can be seen in: its witness replays to it.
    schedules : Count
        The number of schedules that do what is asked; None where that is no question, or not known.
    """

    question: Question
    result: Result
    answer: Any
    shown: Outcome | PropertyResult | None = None
    schedules: Count = None

    @property
    def right(self) -> bool | None:
        """Whether the file gives that answer; None when it is not known."""
        return None if self.answer is None else bool(self.answer == self.question.answer)


def answered(question: Question, result: Result) -> Answered:
    """Return what an exploration under the question's policy and parameters answers.

    Notes
    -----
    What is reachable may be known before everything is explored; that something is not, and any number, never.
    """
    return _ANSWERS[question.kind](question, result)


def _among(question: Question, result: Result, fits: Callable[[Outcome], bool]) -> Answered:
    """Return yes if some outcome fits, with the shortest way to one, else no, as far as that is known."""
    found = [outcome for outcome in result.outcomes if fits(outcome)]
    shown = min(found, key=lambda outcome: len(outcome.witness), default=None)
    known = True if found else False if result.complete else None
    return Answered(question, result, known, shown, _added(outcome.schedules for outcome in found))


def _added(counts: Iterable[Count]) -> Count:
    total = 0
    for count in counts:
        if not isinstance(count, int):
            return count
        total += count
    return total


def _outcome(question: Question, result: Result) -> Answered:
    wanted = {name: plain_identity(value) for name, value in question.about.items()}

    def fits(outcome: Outcome) -> bool:
        return all(plain_identity(outcome.shared[name]) == value for name, value in wanted.items())

    return _among(question, result, fits)


def _output(question: Question, result: Result) -> Answered:
    lines = tuple(question.about.split("\n") if isinstance(question.about, str) else question.about)
    return _among(question, result, lambda outcome: outcome.output is not None and tuple(outcome.output) == lines)


def _violated(question: Question, result: Result) -> Answered:
    shows: Mapping[str, Callable[[Outcome], bool]] = {
        "deadlock": lambda outcome: outcome.status == "deadlock",
        "livelock": lambda outcome: outcome.status == "livelock",
        "exceptions": lambda outcome: bool(outcome.errors),
    }
    if question.about in shows:
        return _among(question, result, shows[question.about])
    prop = next(prop for prop in result.properties if prop.name == question.about)
    known = {"violated": True, "holds": False, "unknown": None}[prop.verdict]
    return Answered(question, result, known, prop if known else None, prop.schedules)


def _count(question: Question, result: Result) -> Answered:
    if not result.complete:
        return Answered(question, result, None)
    number: Count = len(result.outcomes) if question.about == "outcomes" else getattr(result, question.about)
    return Answered(question, result, INFINITE.value if number is INFINITE else number)


def _races(question: Question, result: Result) -> Answered:
    lines = frozenset(side.line for race in races_for(question, result) for side in race.accesses)
    return Answered(question, result, lines if result.complete and result.races_complete else None)


def races_for(question: Question, result: Result) -> tuple[Race, ...]:
    """Return the races for a variable or for something in it: `x`, `x[0]`, `x.y`, `len(x)`."""
    word = re.compile(rf"\b{re.escape(question.about)}\b")
    return tuple(race for race in result.races if word.search(_QUOTED.sub("", race.location)))


_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")

_ANSWERS: dict[str, Callable[[Question, Result], Answered]] = {
    "outcome": _outcome,
    "output": _output,
    "violated": _violated,
    "count": _count,
    "races": _races,
}
