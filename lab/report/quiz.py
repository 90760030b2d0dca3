"""The questions of a scenario with their answers: in words, with the schedule that shows it, and as data."""

from __future__ import annotations

import re
from typing import Any

from lab.explorer.questions import Answered, races_for
from lab.explorer.result import Result
from lab.model.program import Question
from lab.report.explain import explain
from lab.report.replay import command
from lab.report.words import amount, digits, lined, value

__all__ = ["as_json", "explanation", "hint", "in_words", "read", "replay_command", "wrong_in_the_file"]

MOST_VALUES = 8
"""Values of a variable that an explanation lists."""

_YES = frozenset({"y", "yes", "true"})
_NO = frozenset({"n", "no", "false"})


def in_words(answer: Any) -> str:
    """Return an answer as a reader would give it.

    Examples
    --------
    >>> in_words(True), in_words(34650), in_words(frozenset({21, 15})), in_words(frozenset()), in_words(None)
    ('yes', '34,650', 'lines 15 and 21', 'none', 'not known')
    """
    if answer is None:
        return "not known"
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, int):
        return f"{answer:,}" if answer < 10**18 else digits(answer)
    if isinstance(answer, set | frozenset):
        return f"line{'s' * (len(answer) > 1)} {lined(map(str, sorted(answer)))}" if answer else "none"
    return str(answer)


def hint(question: Question) -> str:
    """Return how the question can be answered."""
    by_kind = {"count": "a number, or infinite", "races": "line numbers, or none"}
    return by_kind.get(question.kind, "y or n")


def read(question: Question, typed: str) -> Any:
    """Return the answer that somebody typed, None for what is none.

    Examples
    --------
    >>> ask = Question("How many?", "access", {}, "count", "schedules", 6, 1)
    >>> read(ask, " 34,650 "), read(ask, "infinite"), read(ask, "many")
    (34650, 'infinite', None)
    """
    text = typed.strip().lower()
    if question.kind == "count":
        number = text.replace(",", "").replace("_", "")
        return int(number) if re.fullmatch(r"[0-9]{1,1000}", number) else "infinite" if text.startswith("inf") else None
    if question.kind == "races":
        numbers = re.fullmatch(r"(?:lines? )?((?:[0-9]{1,9}(?:[\s,]+|\s+and\s+|$))+)", text)
        found = frozenset(map(int, re.findall("[0-9]+", text))) if numbers else None
        return frozenset() if text == "none" else found
    return True if text in _YES else False if text in _NO else None


def explanation(asked: Answered) -> str:
    """Return why the answer is what it is, in a few sentences that claim no more than was explored."""
    question, result = asked.question, asked.result
    if asked.answer is None:
        return "The exploration was stopped before this was decided."
    if question.kind == "races":
        return _why_races(asked)
    if question.kind == "count":
        return _why_so_many(result, question.about)
    if asked.shown is None:
        return _why_never(asked)
    return f"{_how_often(asked)} {explain(result, asked.shown)}"


def _how_often(asked: Answered) -> str:
    if not isinstance(asked.schedules, int) or not isinstance(asked.result.schedules, int):
        return "There is such a schedule."
    return f"So it is in {digits(asked.schedules)} of {amount(asked.result.schedules, 'schedule', 'schedules')}."


def _why_never(asked: Answered) -> str:
    result, question = asked.result, asked.question
    none = f"None of {amount(result.schedules, 'schedule', 'schedules')} does that"
    if not isinstance(result.schedules, int):
        none = "No schedule does that"
    if question.kind != "outcome":
        return f"{none}; all states were explored."
    return f"{none}: {'; '.join(_ends(result, name) for name in question.about)}."


def _ends(result: Result, name: str) -> str:
    values = list(dict.fromkeys(value(outcome.shared[name]) for outcome in result.outcomes))
    more = " and others" * (len(values) > MOST_VALUES)
    return f"{name} ends as {' or '.join(sorted(values)[:MOST_VALUES])}{more}"


def _why_so_many(result: Result, about: str) -> str:
    if about == "outcomes":
        return "Every end that some schedule reaches was found: `lab run` lists them."
    if about == "states":
        return f"The exploration found {amount(result.states, 'state', 'states')} and no others."
    if about == "traces":
        return "Schedules that only swap neighbouring independent steps count once."
    if not isinstance(result.schedules, int):
        return "A loop that waits can go round any number of times, and each number is another schedule."
    if len(result.outcomes) == 1:
        return "They all lead to the same outcome."
    return f"They lead to {amount(len(result.outcomes), 'outcome', 'different outcomes')}."


def _why_races(asked: Answered) -> str:
    pairs = {
        tuple(f"{side.kind} in line {side.line}" for side in sorted(race.accesses, key=lambda side: side.line))
        for race in races_for(asked.question, asked.result)
    }
    if not pairs:
        return f"In no state explored do two threads stand in front of conflicting accesses to {asked.question.about}."
    said = "; ".join(" beside ".join(pair) for pair in sorted(pairs))
    return f"Both threads can come next in one state: {said}."


def replay_command(asked: Answered, scenario: str) -> str:
    """Return the command that steps through what a "yes" can be seen in; empty where there is nothing to see."""
    if asked.shown is None or asked.shown.witness is None:
        return ""
    settings = [f"{name}={one!r}" for name, one in asked.question.parameters.items()]
    return command(scenario, asked.result.policy, settings, asked.shown.witness)


def wrong_in_the_file(asked: Answered, path: str) -> str:
    """Return the sentence about a question whose answer in the file is wrong."""
    said, found = in_words(asked.question.answer), in_words(asked.answer)
    return f"{path}:{asked.question.line}: the answer to this question is {found}, and the file says {said}"


def as_json(asked: Answered, scenario: str) -> dict[str, Any]:
    """Return a question and its answer as dictionaries, lists, strings and numbers, ready for `json.dumps`."""
    answer = asked.answer
    if isinstance(answer, int) and not isinstance(answer, bool):
        answer = digits(answer)
    witness = asked.shown.witness if asked.shown is not None else None
    return {
        "question": asked.question.text,
        "line": asked.question.line,
        "policy": asked.question.policy,
        "parameters": {
            name: list(one) if isinstance(one, tuple) else one for name, one in asked.question.parameters.items()
        },
        "kind": asked.question.kind,
        "answer": sorted(answer) if isinstance(answer, frozenset) else answer,
        "right": asked.right,
        "explanation": explanation(asked),
        "witness": None if witness is None else list(witness),
        "replay": replay_command(asked, scenario) or None,
    }
