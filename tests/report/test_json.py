"""The JSON of a result has exactly the fields that docs/results.md describes."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

import lab
from lab.explorer.result import INFINITE, FewPreemptions
from lab.report.json import as_json
from tests.report.samples import DEADLOCK, RACE, STOPPED

DOCUMENT = Path(__file__).parents[2] / "docs" / "results.md"


def test_two_increments_are_written_field_by_field() -> None:
    """Six schedules: two give 2, four lose an update."""
    assert as_json(RACE) == {
        "scenario": "counter/race",
        "title": "Two threads add one without a lock.",
        "policy": "access",
        "parameters": {},
        "complete": True,
        "states": 12,
        "transitions": 14,
        "schedules": "6",
        "traces": None,
        "outcomes": [
            {
                "status": "finished",
                "shared": {"x": 2},
                "returned": {"T1": None, "T2": None},
                "errors": {},
                "waiting": {},
                "output": None,
                "schedules": "2",
                "traces": None,
                "share": "1/3",
                "probability": "1/2",
                "witness": ["T1", "T1", "T2", "T2"],
                "preemptions": 0,
                "fewest_preemptions": True,
            },
            {
                "status": "finished",
                "shared": {"x": 1},
                "returned": {"T1": None, "T2": None},
                "errors": {},
                "waiting": {},
                "output": None,
                "schedules": "4",
                "traces": None,
                "share": "2/3",
                "probability": "1/2",
                "witness": ["T1", "T2", "T2", "T1"],
                "preemptions": 1,
                "fewest_preemptions": False,
            },
        ],
        "properties": [
            {
                "name": "every_update_counted",
                "kind": "final",
                "verdict": "violated",
                "schedules": "4",
                "probability": "1/2",
                "witness": ["T1", "T2", "T2", "T1"],
                "preemptions": 1,
                "fewest_preemptions": True,
            }
        ],
        "deadlock": {"verdict": "holds", "states": 0, "schedules": "0", "probability": "0"},
        "livelock": {"verdict": "holds", "probability": "0"},
        "exceptions": {"verdict": "holds", "schedules": "0", "probability": "0"},
        "starvation": {"verdict": "none", "threads": {}},
        "races": [
            {
                "location": "x",
                "accesses": [
                    {"thread": "T1", "line": 9, "kind": "write", "locks": []},
                    {"thread": "T2", "line": 15, "kind": "read", "locks": ["lock"]},
                ],
            }
        ],
        "locksets": [
            {
                "location": "x",
                "accesses": [
                    {"thread": "T1", "line": 9, "kind": "write", "locks": []},
                    {"thread": "T2", "line": 15, "kind": "read", "locks": ["lock"]},
                ],
                "lock": "lock",
                "without": [{"thread": "T1", "line": 9, "kind": "write", "locks": []}],
                "advice": "x: T1 line 9 holds no lock; T2 line 15 holds lock; no lock is held by both. "
                "Hold lock in line 9, too.",
            }
        ],
        "expectations": [{"what": "schedules: 6", "met": True}, {"what": "states: 12", "met": True}],
        "seconds": 0.012346,
    }


def test_infinite_and_huge_counts_are_strings() -> None:
    """A count has every digit, however many; infinity is a word."""
    huge = 10**6000
    result = replace(DEADLOCK, schedules=huge)
    assert as_json(result)["schedules"] == "1" + 6000 * "0"
    assert as_json(DEADLOCK)["schedules"] == "infinite"
    assert as_json(DEADLOCK)["outcomes"][1]["schedules"] == str(10**30)
    tiny = replace(DEADLOCK.outcomes[0], probability=Fraction(1, huge))
    assert as_json(replace(DEADLOCK, outcomes=(tiny,)))["outcomes"][0]["probability"] == "1/1" + 6000 * "0"


def test_an_incomplete_exploration_has_null_counts() -> None:
    """What is not known is null, and a witness that was not found is null."""
    data = as_json(STOPPED)
    assert data["complete"] is False
    assert data["schedules"] is None
    assert data["properties"][0] == {
        "name": "every_update_counted",
        "kind": "final",
        "verdict": "unknown",
        "schedules": None,
        "probability": None,
        "witness": None,
        "preemptions": None,
        "fewest_preemptions": None,
    }
    assert data["expectations"] == [{"what": "schedules: 6", "met": None}]


def test_a_bound_on_preemptions_adds_a_field() -> None:
    """What was asked for, and how many schedules that is; without a bound there is no such field."""
    bounded = replace(STOPPED, stopped="preemptions", preemptions=FewPreemptions(1, INFINITE))
    assert as_json(bounded)["preemptions"] == {"bound": 1, "schedules": "infinite"}
    assert "preemptions" not in as_json(STOPPED)


def test_tuples_become_arrays_at_any_depth() -> None:
    """Plain data may arrive as tuples; JSON has arrays only."""
    end = replace(RACE.outcomes[0], shared={"pairs": [("a", (1, 2))]})
    data = as_json(replace(RACE, outcomes=(end,), parameters={"P": (1, 2)}))
    assert data["outcomes"][0]["shared"] == {"pairs": [["a", [1, 2]]]}
    assert data["parameters"] == {"P": [1, 2]}


@pytest.mark.parametrize("result", [RACE, DEADLOCK, STOPPED], ids=["race", "deadlock", "stopped"])
def test_it_is_json(result) -> None:
    """Nothing is left that json cannot write, and reading it back gives the same."""
    data = as_json(result)
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def _field_names(data: object) -> set[str]:
    if isinstance(data, dict):
        return set(data) | set().union(*map(_field_names, data.values()), set())
    if isinstance(data, list):
        return set().union(*map(_field_names, data), set())
    return set()


def test_every_field_is_documented() -> None:
    """docs/results.md names each field in code type; names of threads and variables are no fields."""
    text = DOCUMENT.read_text(encoding="utf-8")
    names = (_field_names(as_json(RACE)) | _field_names(as_json(DEADLOCK))) - {"T1", "T2", "x", "N", "names"}
    assert sorted(name for name in names if f"`{name}`" not in text) == []


def test_an_outcome_that_goes_on_for_ever_has_its_loop() -> None:
    """The witness leads into the livelock, and the loop is one round of it; other outcomes have no such field."""
    result = as_json(lab.explore("dekker/first"))
    [outcome] = result["outcomes"]
    assert outcome["status"] == "livelock"
    assert lab.replay("dekker/first", [*outcome["witness"], *outcome["loop"] * 3]).status == "running"
    assert "loop" not in as_json(lab.explore("refcount/race"))["outcomes"][0]
