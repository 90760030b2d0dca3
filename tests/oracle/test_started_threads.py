"""Random scenarios whose threads start together, against the same threads started and joined by a `@main` function.

Starting is a step of the main thread that comes before all steps of the thread, joining one that comes after them. So
each truly different run of the one program is one of the other, with the same end; and the oracle judges the first.
"""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from hypothesis import assume, given, settings

import lab
from lab.errors import ScenarioError
from lab.explorer.result import Outcome, Result
from lab.language import parse
from tests.strategies import scenarios

_THREAD = re.compile(r"^@thread(?:\(each=(?P<each>.*)\))?\ndef (?P<name>\w+)\(", re.MULTILINE)


def started(text: str, *, joined: bool) -> str:
    """Return the same scenario with a `@main` function that starts its threads, in the order of the file."""
    makes = []
    for found in _THREAD.finditer(text):
        name = found["name"]
        if found["each"]:
            values = [ast.literal_eval(f"({part},)")[0] for part in _values(found["each"])]
            makes += [f"Thread(target={name}, args=({value!r},), name={f'{name}[{value!r}]'!r})" for value in values]
        else:
            makes.append(f"Thread(target={name})")
    lines = [f"t{number} = threading.{made}" for number, made in enumerate(makes)]  # no list: it could be any list
    lines += [f"t{number}.start()" for number in range(len(makes))]
    lines += [f"t{number}.join()" for number in range(len(makes)) if joined]
    body = "@main\ndef the_program():\n" + "".join(f"    {line}\n" for line in lines)
    imports = "import threading\nfrom lab.scenario import main\n"
    return imports + _THREAD.sub(lambda found: f"def {found['name']}(", text) + "\n\n" + body


def _values(each: str) -> list[str]:
    found = re.fullmatch(r"range\((\d+)\)", each)
    return [str(number) for number in range(int(found[1]))] if found else each.strip("()[], ").split(",")


def seen(outcome: Outcome) -> tuple[Any, ...]:
    """Return what an outcome shows of everybody but `main`."""
    returned = {name: value for name, value in outcome.returned.items() if name != "main"}
    waiting = sorted(name for name in outcome.waiting if name != "main")
    return outcome.status, repr(outcome.shared), repr(returned), repr(outcome.errors), repr(waiting), outcome.output


def explored(text: str) -> Result | None:
    """Explore a scenario; None if it leaves the language, or is too large."""
    try:
        found = lab.explore(parse(text), traces=True, max_states=3_000)
    except ScenarioError:
        return None
    return found if found.complete else None


def compare(text: str, *, joined: bool) -> None:
    """Assert that both ways of starting give the same ends, truly different runs and races."""
    together = explored(text)
    assume(together is not None and together.states < 400)
    assert together is not None
    by_main = explored(started(text, joined=joined))
    assume(by_main is not None)
    assert by_main is not None
    ends, others = ({seen(end): end.traces for end in found.outcomes} for found in (together, by_main))
    assert set(ends) == set(others)
    assert {key: count for key, count in ends.items() if key[0] == "finished"} == {
        key: count for key, count in others.items() if key[0] == "finished"
    }
    assert together.traces == by_main.traces
    assert {race.location for race in together.races} == {race.location for race in by_main.races}


@settings(max_examples=8)
@given(scenarios())
def test_starting_threads_one_by_one_changes_no_end(text: str) -> None:
    """The main thread starts them all and ends."""
    compare(text, joined=False)


@settings(max_examples=8)
@given(scenarios())
def test_joining_threads_changes_no_end(text: str) -> None:
    """The main thread starts them all and joins them all, and waits with them if they wait for ever."""
    compare(text, joined=True)


@pytest.mark.slow
@pytest.mark.parametrize("joined", [False, True])
def test_many_programs_of_both_kinds_have_the_same_ends(joined: bool) -> None:
    """New ones each time."""

    @settings(max_examples=300, derandomize=False)
    @given(scenarios())
    def same(text: str) -> None:
        compare(text, joined=joined)

    same()
