"""Real runs beside simulated ones: what is asked of an interpreter, and what its answer becomes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lab.errors import UsageError
from lab.gil import EXPERIMENTS, Settings, Workload, with_speed_ups
from lab.gil.experiment import Case
from lab.gil.measure import RUNNER, calibrate, interpreters_found, measured_rows, read_calibration
from lab.gil.runner import run

EMPTY = EXPERIMENTS["io-bound"].prepared(Settings(), {})[0].workload


def _answer(**job: object) -> dict:
    return json.loads(run.main(json.dumps({"repeat": 2, "for": 0.05, **job})))


@pytest.mark.parametrize("strategy", ["sequential", "threads", "start-join-loop", "start-all-join-all", "asyncio"])
def test_sleeps_last_as_long_as_they_must(strategy) -> None:
    """10 and 20 ms: at least their sum in a row, at least the longer one side by side."""
    found = _answer(kind="sleep", strategy=strategy, durations=[0.01, 0.02])["found"]
    least = 0.03 if strategy in ("sequential", "start-join-loop") else 0.02
    assert len(found) == 2
    assert all(seconds >= least for seconds in found)


@pytest.mark.parametrize("strategy", ["sequential", "threads", "asyncio"])
def test_computing_takes_some_time(strategy) -> None:
    """Every strategy returns a time for each repetition."""
    found = _answer(kind="compute", strategy=strategy, rounds=2000, workers=2)["found"]
    assert all(seconds > 0 for seconds in found)


def test_interpreters_need_a_python_that_has_them() -> None:
    """From 3.12 on they run; before, the answer says why not."""
    answer = _answer(kind="compute", strategy="interpreters", rounds=2000, workers=2)
    assert ("found" in answer) == (sys.version_info >= (3, 12))
    assert ("GIL before Python 3.12" in answer.get("missing", "")) == (sys.version_info < (3, 12))


@pytest.mark.parametrize(
    ("strategy", "least"), [("await one by one", 0.03), ("gather", 0.01), ("gather, time.sleep inside", 0.03)]
)
def test_coroutines_wait_together_or_not(strategy, least) -> None:
    """Three pauses of 10 ms."""
    found = _answer(kind="coroutines", strategy=strategy, pause=0.01, workers=3)["found"]
    assert all(seconds >= least for seconds in found)


@pytest.mark.parametrize("beside", ["Python code", "C, keeps the GIL", "C, releases it"])
def test_a_sleeper_beside_a_call(beside) -> None:
    """Eight naps of a millisecond at least."""
    found = _answer(kind="call", beside=beside, seconds=0.002, pause=0.001)["found"]
    assert len(found) == 8
    assert all(seconds >= 0.001 for seconds in found)


def test_the_runner_runs_by_its_path() -> None:
    """The echo and processes fork, so they run in a process of their own: 1 ms of answer is the least."""
    cases = [
        Case({}, EMPTY, Settings(), {"kind": "echo", "interval": 0.005, "threads": 1, "answer": 0.001}),
        Case({}, EMPTY, Settings(), {"kind": "sleep", "strategy": "processes", "durations": [0.001]}),
        Case({}, EMPTY, Settings(), None),
    ]
    echo, processes, none = measured_rows(cases, None, 1e6, "simulated_ms", repeat=1)
    assert echo["measured_ms"] >= 1
    assert processes["measured_ms"] >= 1
    assert none == {"measured_ms": None, "measured_spread_ms": None, "measured_others": None}


def test_calibration_goes_through_a_file(tmp_path) -> None:
    """What was estimated is positive, and comes back from the file as it was."""
    found = calibrate()
    assert found.rounds > 1000
    assert {"wake", "slack", "thread_start", "process_start"} <= found.settings.keys()
    assert all(value >= 0 for value in found.settings.values())
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(found.as_json()))
    assert read_calibration(path) == found


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"python": "3", "rounds_per_second": "x", "settings": {}}'])
def test_a_file_that_is_no_calibration(tmp_path, text) -> None:
    """One sentence, which says what writes one."""
    path = tmp_path / "machine.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="holds no calibration; `lab gil calibrate --save"):
        read_calibration(path)


def test_an_interpreter_that_cannot_be_run(tmp_path) -> None:
    """No such file; one that fails; one that is no Python."""
    with pytest.raises(UsageError, match="cannot be run"):
        calibrate(str(tmp_path / "none"))
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho nothing works >&2\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(UsageError, match="failed at calibrate: nothing works"):
        calibrate(str(broken))
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexit 0\n")
    silent.chmod(0o755)
    with pytest.raises(UsageError, match="gave no answer"):
        calibrate(str(silent))


def test_the_interpreters_found_run() -> None:
    """Each is the path of a file."""
    assert all(Path(path).exists() for path in interpreters_found())


def test_speed_ups_are_against_the_first_row() -> None:
    """3 s against 2 s: 1.5; what was not measured has none; other tables stay as they are."""
    rows = [
        {"strategy": "sequential", "simulated_s": 3.0, "measured_s": 3.3},
        {"strategy": "threads", "simulated_s": 2.0, "measured_s": None},
    ]
    assert [row["simulated_speedup"] for row in with_speed_ups(rows)] == [1, 1.5]
    assert [row["measured_speedup"] for row in with_speed_ups(rows)] == [1, None]
    assert with_speed_ups([{"beside": "x"}]) == [{"beside": "x"}]


def test_the_runner_needs_the_standard_library_alone() -> None:
    """It imports nothing else, so any interpreter can run it by its path."""
    lines = RUNNER.read_text(encoding="utf-8").splitlines()
    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)


def test_every_job_is_one_that_the_runner_knows() -> None:
    """All experiments' jobs name a kind, and a strategy where the kind has several."""
    for experiment in EXPERIMENTS.values():
        for case in experiment.prepared(Settings(experiment.model), {}):  # type: ignore[arg-type]
            assert isinstance(case.workload, Workload)
            if case.job is not None:
                assert case.job["kind"] in run.JOBS
                if case.job["kind"] in ("sleep", "compute"):
                    assert case.job["strategy"] in run.STRATEGIES
