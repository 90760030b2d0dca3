"""`lab live`."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("bytecode")

COUNTER = """\
import threading

from lab.live import Experiment


class Counter:
    def __init__(self):
        self.count = 0
        self.lock = threading.Lock()


def add(counter):
    counter.count += 1


def add_locked(counter):
    with counter.lock:
        counter.count += 1


def both(counter):
    return counter.count == 2


race = Experiment([add, add], Counter, both)
locked = Experiment([add_locked, add_locked], Counter, both)
"""


def test_a_race_is_found_and_shown(command, files) -> None:
    """Two increments: 4 runs that differ, the shortest failing schedule switches twice."""
    done = command("live", f"{files('counter.py', COUNTER)}::race")
    assert done.status == 1
    assert "race: 4 executions (every order of steps that matters)" in done.out
    assert "the check returns False" in done.out
    assert "replay with the token T1,T2*2,T1" in done.out
    assert done.out.rstrip().endswith("race fails (check)")


def test_what_holds_holds(command, files) -> None:
    done = command("live", f"{files('counter.py', COUNTER)}::locked")
    assert done.status == 0
    assert "locked holds: every order of steps that matters" in done.out


def test_all_experiments_of_a_file(command, files) -> None:
    done = command("live", files("counter.py", COUNTER), "--json")
    assert done.status == 1
    race, locked = json.loads(done.out)
    assert (race["name"], race["executions"], race["blocked"], race["holds"]) == ("race", 4, 0, False)
    assert (locked["executions"], locked["holds"], locked["failures"]) == (2, True, [])
    assert race["failures"][0]["token"] == "T1,T2*2,T1"


def test_a_token_replays_the_failure(command, files) -> None:
    done = command("live", f"{files('counter.py', COUNTER)}::race", "--replay", "T1,T2*2,T1")
    assert done.status == 1
    assert "race: 1 executions (one schedule)" in done.out


def test_a_search_that_is_not_complete_is_no_pass(command, files) -> None:
    done = command("live", f"{files('counter.py', COUNTER)}::locked", "--max-executions", "1")
    assert done.status == 3
    assert "not known to hold" in done.out


@pytest.mark.parametrize(
    ("target", "arguments", "words"),
    [
        ("counter.py::nothing", (), "has no lab.live.Experiment called 'nothing'; there are race, locked"),
        ("counter.py::race", ("--strategy", "wild"), "there is no strategy 'wild'"),
        ("counter.py::race", ("--replay", "T1*"), "is no part of a token"),
        ("broken.py", (), "broken.py cannot be run: ZeroDivisionError"),
        ("empty.py", (), "has no lab.live.Experiment at its top level"),
        ("missing.py", (), "there is no file"),
    ],
)
def test_wrong_input_is_one_sentence(command, files, target, arguments, words) -> None:
    folder = files("counter.py", COUNTER).parent
    files("broken.py", "1 / 0\n")
    files("empty.py", "")
    done = command("live", f"{folder}/{target}", *arguments)
    assert done.status == 2
    assert words in done.err
    assert done.err.count("\n") == 1
    assert done.out == ""
