"""`lab gil`, as a user meets it."""

from __future__ import annotations

import json
import re
import sys

import pytest

from lab.verify.interpreters import Interpreter


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
        (("tick-battle", "--measure", "--model", "asyncio"), "lab: tick-battle has nothing that can be measured"),
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
    assert "median and interquartile range of one attempt" in shown


def test_without_a_gil_threads_are_simulated_without_one(command, monkeypatch) -> None:
    """Beside such an interpreter, at the speed that it was calibrated to; a model that is named stays."""
    none = Interpreter(sys.executable, "CPython", "3.13.5", "3.13", gil=False)
    monkeypatch.setattr("lab.verify.interpreters.examined", lambda _: none)
    small = ("--set", "intervals=(0.005,)", "--set", "threads=(1,)", "--set", "requests=5")
    arguments = ("gil", "convoy", "--measure", "--repeat", 1, *small, "--json")
    found = json.loads(command(*arguments).out)
    assert (found["model"], found["parameters"]["price"]) == ("free-threaded", 0)
    assert found["rows"][0]["simulated_ms"] < 1
    assert found["measured_on"].startswith("CPython 3.13.5t")
    assert json.loads(command(*arguments, "--model", "new").out)["rows"][0]["simulated_ms"] > 5


def test_calibration_is_printed_kept_and_used(command, tmp_path) -> None:
    """Nothing is stored unless --save says where."""
    path = tmp_path / "machine.json"
    assert "process_start, ms" in command("gil", "calibrate").out
    assert list(tmp_path.iterdir()) == []
    command("gil", "calibrate", "--save", path, "--json")
    data = json.loads(command("gil", "io-bound", "--calibration", path, "--json").out)
    assert data["parameters"]["process_start"] == json.loads(path.read_text())["settings"]["process_start"]
    work = tmp_path / "two.gil"
    work.write_text("wake 3 us\n" + WORK)
    parameters = json.loads(command("gil", work, "--calibration", path, "--json").out)["parameters"]
    assert parameters["process_start"] == data["parameters"]["process_start"]
    assert parameters["wake"] == pytest.approx(3e-6)


def test_save_belongs_to_calibrate(command, tmp_path) -> None:
    """One sentence each."""
    path = tmp_path / "machine.json"
    assert "--save does not apply" in command("gil", "convoy", "--save", path).err
    several = command("gil", "calibrate", "--save", path, "--python", sys.executable, "--python", sys.executable)
    assert "one interpreter" in several.err
    assert several.status == 2


WORK = """\
# Two threads
thread T1
    3 times
        cpu 3 ms
        io 1 ms
thread T2 in the background
    cpu 1 s
"""


def test_a_workload_file_is_simulated(command, tmp_path) -> None:
    """What each thread did as a table and as JSON; --model, --set and --seed say otherwise than the file."""
    path = tmp_path / "two.gil"
    path.write_text(WORK)
    done = command("gil", path)
    assert "Two threads (simulated, model new, 2 cores, seed 1)" in done.out
    assert "waits for the GIL, s" in done.out
    data = json.loads(command("gil", path, "--json", "--model", "free-threaded", "--set", "cores=1", "--seed", 4).out)
    assert (data["model"], data["parameters"]["cores"], data["parameters"]["seed"]) == ("free-threaded", 1, 4)
    assert [row["thread"] for row in data["rows"]] == ["T1", "T2"]
    assert data["simulated_s"] == pytest.approx(data["rows"][0]["end_s"])


def test_a_workload_file_under_every_model(command, tmp_path) -> None:
    """A row for each model, and the time without a GIL is shorter than with one."""
    path = tmp_path / "two.gil"
    path.write_text(WORK)
    rows = {
        row["model"]: row["simulated_s"]
        for row in json.loads(command("gil", path, "--model", "all", "--json").out)["rows"]
    }
    assert len(rows) == 6
    assert rows["free-threaded"] < rows["new"]
    assert "every model" in command("gil", path, "--model", "all").out


def test_figures_and_traces_of_a_file_are_written(command, tmp_path) -> None:
    """The trace that a file's run writes is drawn again with the same lanes."""
    path, trace = tmp_path / "two.gil", tmp_path / "trace.json"
    path.write_text(WORK)
    done = command("gil", path, "--trace", trace, "--figures", tmp_path / "drawn")
    assert (tmp_path / "drawn" / "two-new.svg").exists()
    assert "two-new: svg, png, pdf, csv" in done.out
    again = command("gil", trace, "--figures", tmp_path / "drawn", "--until", 0.005)
    assert "recorded by lab gil" in again.out
    assert (tmp_path / "drawn" / "trace.svg").exists()
    assert json.loads(command("gil", trace, "--json").out)["source"] == "lab gil"


def test_under_another_model_nothing_is_claimed_that_is_not_so(command) -> None:
    """The title and the lesson are about the experiment's own model; a task that keeps the loop has no time."""
    done = command("gil", "convoy", "--model", "asyncio", "--set", "requests=3")
    assert done.out.startswith("convoy (simulated, model asyncio")
    assert "the one that waits never goes on" in done.out
    assert done.out.splitlines()[-1].startswith("Under model new, which this is about: Each reply")
    rows = json.loads(command("gil", "convoy", "--model", "asyncio", "--set", "requests=3", "--json").out)["rows"]
    assert [row["simulated_ms"] is None for row in rows] == [True] * 4 + [False, True, True]


def test_figures_of_an_experiment(command, tmp_path) -> None:
    """The convoy has a timeline and a plot, io-bound a timeline and bars."""
    command("gil", "convoy", "--set", "requests=5", "--figures", tmp_path, "--until", 0.02)
    command("gil", "io-bound", "--figures", tmp_path)
    command("gil", "c-call", "--figures", tmp_path)
    assert {path.stem for path in tmp_path.glob("*.svg")} == {
        "convoy-timeline", "convoy-latency", "io-bound-timeline", "io-bound-speed-ups",
        "c-call-timeline", "c-call-times",
    }  # fmt: skip


def test_figures_of_many_threads_show_the_first(command, tmp_path) -> None:
    """`advise` has 21 threads: twelve lanes, no refusal."""
    assert command("gil", "advise", "--figures", tmp_path).status == 0
    assert "12 of 21 threads" in (tmp_path / "advise-timeline.svg").read_text(encoding="utf-8")


def test_two_interpreters_have_a_figure_each(command, tmp_path, monkeypatch) -> None:
    """Both are this one here, under two names: a measured bar in each, and how often it was measured."""
    ones = [Interpreter(sys.executable, "CPython", name, "3.13", gil=True) for name in ("3.13.1", "3.13.2")]
    monkeypatch.setattr("lab.verify.interpreters.found", lambda: (tuple(ones), ()))
    small = ("--set", "pause=0.01", "--repeat", 2, "--python", "all", "--figures", tmp_path)
    assert command("gil", "hello-asyncio", "--measure", *small).status == 0
    for name in ("3.13.1", "3.13.2"):
        drawn = (tmp_path / f"hello-asyncio-times-{name}.svg").read_text(encoding="utf-8")
        assert "bar-1-measured" in drawn
        said = " ".join(re.findall(r">([^<>]+)</text>", drawn))
        assert f"measured, CPython {name}, median and interquartile range of 2 attempts" in said


def test_a_demonstration_shows_its_source_its_output_and_why(command) -> None:
    """In this order, and as JSON with the same parts."""
    done = command("gil", "await-outside")
    parts = ("compile(SOURCE", "prints:\n\n    SyntaxError:", "has nothing to await with")
    places = [done.out.index(part) for part in parts]
    assert places == sorted(places)
    data = json.loads(command("gil", "await-outside", "--json").out)
    assert data["output"] == "SyntaxError: 'await' outside async function (routine.py, line 5)\n"
    assert data["demonstration"] == "await-outside"
    several = json.loads(
        command("gil", "routine", "--json", "--python", sys.executable, "--python", sys.executable).out
    )
    assert len(several) == 2


def test_the_event_loop_s_life(command, tmp_path) -> None:
    """As a table, as JSON, as two figures; with --measure by the real clock."""
    done = command("gil", "event-loop", "--figures", tmp_path)
    assert "waits for data, 2.000 ms at most" in done.out
    assert {path.stem for path in tmp_path.glob("*.svg")} == {"event-loop", "event-loop-ring"}
    data = json.loads(command("gil", "event-loop", "--json").out)
    assert data["clock"] == "simulated"
    assert data["turns"][1]["ready"] == ["server", "sleeper"]
    assert json.loads(command("gil", "event-loop", "--json", "--measure").out)["clock"] == "measured"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("none.gil",), "lab: none.gil cannot be read"),
        (("none.json",), "lab: none.json cannot be read"),
        (("none.gil", "--measure"), "lab: a workload file is simulated: --measure does not apply, only --model"),
        (("none.json", "--model", "new"), "lab: a recorded trace is shown as it is"),
        (("routine", "--set", "cores=2"), "lab: a demonstration is a program that is run: --set does not apply"),
        (("routine", "--seed", 0), "lab: a demonstration is a program that is run: --seed does not apply"),
        (("calibrate", "--measure"), "lab: `lab gil calibrate` measures this machine: --measure does not apply"),
        (("--json",), "lab: `lab gil` alone lists what there is: --json does not apply, nor does any"),
        (("event-loop", "--until", 1, "--figures", "."), "lab: event-loop runs asyncio's own loop here: --until does"),
        (("convoy", "--python", "python3"), "lab: --python belongs to --measure"),
        (("convoy", "--repeat", 3), "lab: --repeat belongs to --measure"),
        (("convoy", "--until", 3), "lab: --until belongs to --figures"),
        (("convoy", "--measure", "--python", "/none"), "lab: /none cannot be run: No such file or directory"),
        (("event-loop", "--model", "new"), "lab: event-loop runs asyncio's own loop here"),
    ],
)
def test_options_that_do_not_apply_are_refused(command, arguments, said) -> None:
    """One sentence, status 2."""
    done = command("gil", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith(said)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--set", "colour=1"), "there is no setting 'colour'"),
        (("--set", "cores='two'"), "cores has to be a number"),
        (("--model", "newest"), "there is no model 'newest'"),
        (("--set", "cores=0"), "cores is 0"),
    ],
)
def test_what_a_file_s_settings_cannot_be(command, tmp_path, options, said) -> None:
    """Checked as those of an experiment."""
    path = tmp_path / "two.gil"
    path.write_text(WORK)
    done = command("gil", path, *options)
    assert done.status == 2
    assert said in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cores 0\n" + WORK, "bad.gil:1: cores is 0, and has to be from 1 to 1024"),
        ("thread T\n    get Q\n", "bad.gil: the workload never ends: T waits for queue Q"),
    ],
)
def test_a_mistake_in_a_file_names_the_file(command, tmp_path, text, said) -> None:
    """Also one that shows when the file is simulated."""
    path = tmp_path / "bad.gil"
    path.write_text(text)
    done = command("gil", path)
    assert done.err == f"lab: {tmp_path / said}\n"
    assert done.status == 2


def test_threads_that_do_nothing_have_a_row(command, tmp_path) -> None:
    """One that has no segments, and one that is over before the other begins: a table, not an error."""
    path = tmp_path / "idle.gil"
    path.write_text("thread T\n    start U\nthread U in the background\n    cpu 1 s\n")
    assert command("gil", path).status == 0
    rows = json.loads(command("gil", path, "--json").out)["rows"]
    assert [(row["thread"], row["end_s"]) for row in rows] == [("T", 0), ("U", 0)]
