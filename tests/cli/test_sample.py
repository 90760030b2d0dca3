"""`lab sample`: output, JSON, exit statuses, wrong input."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import BUSY, RACE, SOUND


def test_a_fault_that_was_drawn_is_1(command) -> None:
    """Whatever the file expects: a sample judges itself alone."""
    done = command("sample", "refcount/race", "-n", "200", "--uniform")
    assert done.status == 1
    assert "200 runs, drawn uniformly from all 6 schedules, seed 1." in done.out
    assert "Found in 200 runs: every_update_counted is violated in" in done.out
    assert done.err == ""


def test_no_fault_is_0_and_proves_nothing(command, files) -> None:
    """No "holds" anywhere."""
    done = command("sample", files("sound.py", SOUND), "-n", "50")
    assert done.status == 0
    assert "No fault was seen in 50 runs; this proves nothing." in done.out
    assert "holds" not in done.out


def test_a_schedule_that_is_shown_replays(command, files) -> None:
    """`lab replay` ends where the sample says."""
    path = files("race.py", RACE)
    data = json.loads(command("sample", path, "--pct", "2", "-n", "50", "--json").out)
    lost = next(outcome for outcome in data["outcomes"] if outcome["shared"] == {"x": 1})
    assert "x = 1" in command("replay", path, *lost["schedule"]).out


@pytest.mark.parametrize("way", [(), ("--uniform",), ("--pct", "2")], ids=["choice", "uniform", "pct"])
def test_the_same_seed_gives_the_same_bytes(process, way) -> None:
    """Whatever the seed of Python's hashes."""
    first, second = (
        process("sample", "check_then_act/race", "-n", "60", "--json", *way, PYTHONHASHSEED=seed) for seed in "12"
    )
    assert first.out == second.out
    assert json.loads(first.out)["runs"] == 60


def test_large_programs_are_drawn_from_until_the_time_is_up(command, files) -> None:
    """61 million states: nothing is explored; a sample that was stopped keeps its runs and is 3."""
    path = files("busy.py", BUSY)
    done = command("sample", path, "-n", "1000000", "--max-seconds", "0.3")
    assert done.status == 3
    assert "incomplete: 1,000,000 were asked for" in done.out


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        (("-n", "0"), "0 is not in the range", 2),
        (("--seed", "x"), "'x' is not a valid integer", 2),
        (("--seed", "-1"), "-1 is not in the range", 2),
        (("--pct", "0"), "0 is not in the range", 2),
        (("--max-length", "0"), "0 is not in the range", 2),
        (("--uniform", "--pct", "2"), "--uniform and --pct exclude each other", 2),
        (("--max-states", "5"), "--max-states bounds the exploration before --uniform", 2),
        (("--uniform", "--max-length", "2"), "no run ends within 2 steps", 2),
        (("--policy", "all"), "there is no policy 'all'", 2),
        (("--set", "N=3"), "no parameter 'N'", 2),
        (("--uniform", "--max-states", "5"), "the bound on states was reached", 3),
        (("--uniform", "--max-seconds", "0.000001"), "the time was up", 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_wrong_input_is_one_sentence(command, arguments, words, status) -> None:
    """Nothing is printed but that."""
    done = command("sample", "refcount/race", *arguments)
    assert (done.status, done.out) == (status, "")
    assert words in done.err


def test_infinitely_many_runs_need_a_bound(command) -> None:
    """The sentence says what to write, and writing it works."""
    done = command("sample", "peterson/peterson", "--uniform")
    assert (done.status, done.out) == (2, "")
    assert "write --max-length 100" in done.err
    done = command("sample", "peterson/peterson", "--uniform", "--max-length", "100")
    assert done.status == 0
    assert "Runs of more than 100 steps exist and were not drawn." in done.out


def test_an_unknown_scenario(command) -> None:
    """Near names are suggested."""
    done = command("sample", "refcount/rase")
    assert done.status == 2
    assert "did you mean refcount/race" in done.err
