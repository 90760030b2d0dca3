"""Every shipped scenario is a golden test of itself, and a real program."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

import lab
from lab import catalogue
from lab.explorer.graph import state_graph
from lab.verify import free_run
from tests.verify.interpreters import VERSIONS, needed

if TYPE_CHECKING:
    from lab.explorer.result import Result

NAMES = catalogue.names()
DECLARED = [
    (entry.name, policy, verdict) for entry in catalogue.entries() for policy, verdict in entry.declared.items()
]


@cache
def explored(name: str, policy: str, parameters: tuple[tuple[str, Any], ...] = ()) -> Result:
    return lab.explore(name, policy, dict(parameters))


def _expectations() -> list[tuple[str, str, tuple[tuple[str, Any], ...]]]:
    found = [
        (name, expectation.policy, tuple(sorted(expectation.parameters.items())))
        for name in NAMES
        for expectation in lab.load(name).expectations
    ]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize(("name", "policy", "parameters"), _expectations())
def test_an_exploration_finds_what_the_file_expects(
    name: str, policy: str, parameters: tuple[tuple[str, Any], ...]
) -> None:
    result = explored(name, policy, parameters)
    assert result.complete
    assert result.expectations
    assert [claim.what for claim in result.expectations if claim.met is False] == []
    undecided = [claim.what for claim in result.expectations if claim.met is None]
    assert all(what.startswith("traces:") for what in undecided), "only traces are not counted unless asked for"


ASKING = [name for name in NAMES if lab.load(name).questions]


def test_twelve_scenarios_ask_questions() -> None:
    assert len(ASKING) >= 12


@pytest.mark.parametrize("name", ASKING)
def test_an_exploration_gives_the_answers_of_the_file(name: str) -> None:
    """What the file says is derived by hand, in a comment above its questions."""
    assert [(asked.question.line, asked.answer) for asked in lab.quiz(name) if asked.right is not True] == []


def faults(result: Result) -> list[str]:
    """Return the names of what is wrong: properties first, then what should never happen."""
    found = [prop.name for prop in result.properties if prop.verdict == "violated"]
    built_in = {"deadlock": result.deadlock, "livelock": result.livelock, "exceptions": result.exceptions}
    return found + [name for name, one in built_in.items() if one.verdict == "violated"]


@pytest.mark.parametrize(("name", "policy", "verdict"), DECLARED)
def test_a_faulty_scenario_shows_a_fault_and_a_sound_one_none(name: str, policy: str, verdict: str) -> None:
    """What the catalogue reads from the text is what an exploration finds."""
    found = faults(explored(name, policy))
    assert (found != []) == (verdict == "faulty"), found


@pytest.mark.parametrize(
    ("name", "policy"), [(name, policy) for name, policy, verdict in DECLARED if verdict == "faulty"]
)
def test_a_witness_replays_to_its_fault(name: str, policy: str) -> None:
    """Along each violated property's witness the state graph shows that very fault; a deadlock's witness deadlocks."""
    result = explored(name, policy)
    graph = state_graph(lab.relation(name, policy))
    for prop in result.properties:
        if prop.verdict == "violated" and prop.kind != "sometimes":  # there is no run that shows what never happens
            assert prop.witness is not None
            if prop.loop:
                assert graph.walk(prop.witness + prop.loop)[-1] == graph.walk(prop.witness)[-1]
            else:
                assert prop.name in graph.faults_of(prop.witness)
    for outcome in result.outcomes:
        if outcome.status == "deadlock":
            assert lab.replay(name, outcome.witness, policy).status == "deadlock"


@pytest.mark.parametrize("name", NAMES)
def test_every_lesson_fits_a_screen(name: str) -> None:
    """A title line, then one to four paragraphs."""
    program = lab.load(name)
    paragraphs = program.lesson.strip().split("\n\n")
    assert program.title.endswith(".")
    assert 1 <= len(paragraphs) <= 4
    assert len(program.lesson) < 1000


def may_stay(name: str) -> bool:
    """Whether some real run may never end, or end only by chance."""
    result = explored(name, "access")
    return "violated" in {result.deadlock.verdict, result.livelock.verdict}


@pytest.mark.parametrize("name", NAMES)
def test_a_free_run_gives_an_outcome_of_the_model(name: str) -> None:
    """The file runs as a real program, in a process with nothing installed, and ends as some schedule does."""
    if may_stay(name):
        pytest.skip("a real run may wait for ever")
    path, _ = catalogue.resolve(name)
    command = [sys.executable, "-S", "-W", "error", free_run.__file__, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    real = json.loads(done.stdout)
    assert real["status"] == "finished"
    ends = [
        json.loads(json.dumps([outcome.shared, outcome.returned, outcome.errors, outcome.output or ()]))
        for outcome in explored(name, "access").outcomes
    ]
    shared = {key: real["shared"][key] for key in ends[0][0]}
    assert [shared, real["returned"], real["errors"], real["output"]] in ends


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_every_interpreter_runs_every_scenario(version: str) -> None:
    """Each file that always ends is a real program on Python 3.9 to 3.14, warnings being errors."""
    python = needed(version)
    for name in NAMES:
        if not may_stay(name):
            command = [python, "-W", "error", free_run.__file__, str(catalogue.resolve(name)[0])]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
            assert json.loads(done.stdout)["status"] == "finished", name
