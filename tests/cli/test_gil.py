"""`lab gil`, as a user meets it."""

from __future__ import annotations

import json
import sys

import pytest


def test_without_a_name_the_experiments_are_listed(command) -> None:
    """Each with what it shows."""
    done = command("gil")
    assert done.status == 0
    assert "start-join-loop     Starting and joining in one loop runs threads one after the other" in done.out


def test_the_json_of_the_convoy(command) -> None:
    """Every row has an interval, a number of threads and a time; nothing but the seconds differs between runs."""
    arguments = ("gil", "convoy", "--json", "--seed", 3, "--set", "threads=(0, 2)", "--set", "requests=10")
    first, second = (json.loads(command(*arguments).out) for _ in range(2))
    assert first["seconds"] > 0
    assert {**first, "seconds": 0} == {**second, "seconds": 0}
    assert (first["experiment"], first["model"]) == ("convoy", "new")
    assert (first["parameters"]["requests"], first["parameters"]["seed"], first["parameters"]["cores"]) == (10, 3, 2)
    assert [(row["interval_s"], row["computing_threads"]) for row in first["rows"]] == [
        (0.02, 1), (0.005, 1), (0.001, 1), (0.0001, 1), (0.005, 0), (0.005, 2),
    ]  # fmt: skip
    assert all(row["simulated_ms"] > 0.5 for row in first["rows"])


@pytest.mark.parametrize("name", ["cpu-bound", "io-bound"])
def test_the_json_of_strategies(command, name) -> None:
    """A row for each strategy and number of workers, with the simulated seconds."""
    rows = json.loads(command("gil", name, "--json").out)["rows"]
    assert {row["strategy"] for row in rows} == {
        "sequential", "threads", "processes", "interpreters", "asyncio", "free-threaded",
    }  # fmt: skip
    assert all(row["simulated_s"] > 0 and row["workers"] >= 1 for row in rows)


def test_a_trace_is_written_and_named(command, tmp_path) -> None:
    """The same bytes for the same seed, and the screen says which run it is."""
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    done = command("gil", "io-bound", "--trace", one)
    command("gil", "io-bound", "--trace", two, "--json")
    assert f"Trace: {one}, of strategy threads, workers 2" in done.out
    assert one.read_bytes() == two.read_bytes()
    assert json.loads(one.read_text())["traceEvents"]


def test_advice_depends_on_the_numbers(command) -> None:
    """The last line says what to use."""
    done = command("gil", "advise", "--set", "tasks=4", "--set", "cpu=1.0", "--set", "io=0.001")
    assert done.out.splitlines()[-1].startswith("Use processes")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("convoi",), "lab: there is no experiment 'convoi'; did you mean convoy?"),
        (("convoy", "--model", "newest"), "lab: there is no model 'newest'; choose one of old, new"),
        (("convoy", "--set", "cores=0"), "lab: cores is 0, and has to be from 1 to 1024"),
        (("tick-battle", "--measure"), "lab: tick-battle has nothing that can be measured"),
        (("convoy", "--trace", "nowhere/at/all.json"), "lab: there is no directory nowhere/at; make it first"),
    ],
)
def test_wrong_input_is_one_sentence(command, arguments, said) -> None:
    """Status 2, and nothing on the screen but the sentence."""
    done = command("gil", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(said)
    assert done.err.count("\n") == 1


def test_measured_values_stand_beside_simulated_ones(command) -> None:
    """In the table with their interpreter, and in the JSON as `measured_ms` and its spread."""
    arguments = ("gil", "convoy", "--measure", "--repeat", 1, "--set", "intervals=(0.005,)", "--set", "threads=(0,)")
    rows = json.loads(command(*arguments, "--json").out)["rows"]
    assert all(row["measured_ms"] > 0.5 and row["measured_spread_ms"] >= 0 for row in rows)
    shown = command(*arguments, "--python", sys.executable).out
    assert "measured, ms" in shown
    assert f"CPython {sys.version_info.major}.{sys.version_info.minor}" in shown


def test_calibration_is_printed_kept_and_used(command, tmp_path) -> None:
    """Nothing is stored unless --save says where."""
    path = tmp_path / "machine.json"
    assert "process_start, ms" in command("gil", "calibrate").out
    assert list(tmp_path.iterdir()) == []
    command("gil", "calibrate", "--save", path, "--json")
    data = json.loads(command("gil", "io-bound", "--calibration", path, "--json").out)
    assert data["parameters"]["process_start"] == json.loads(path.read_text())["settings"]["process_start"]


def test_save_belongs_to_calibrate(command, tmp_path) -> None:
    """One sentence each."""
    path = tmp_path / "machine.json"
    assert "--save belongs to `lab gil calibrate`" in command("gil", "convoy", "--save", path).err
    several = command("gil", "calibrate", "--save", path, "--python", sys.executable, "--python", sys.executable)
    assert "one interpreter" in several.err
    assert several.status == 2
