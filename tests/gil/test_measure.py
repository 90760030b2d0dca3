"""Real runs beside simulated ones: what is asked of an interpreter, and what its answer becomes."""

from __future__ import annotations

import io
import json
import sys

import pytest

from lab.errors import UsageError
from lab.gil import EXPERIMENTS, Settings, Workload, with_speed_ups
from lab.gil.experiment import Case
from lab.gil.measure import RUNNER, Calibration, calibrate, measured_rows, read_calibration
from lab.gil.recorded import recorded
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


@pytest.mark.parametrize(("strategy", "least"), [("sequential", 0.04), ("threads", 0.02), ("asyncio", 0.02)])
def test_tasks_that_sleep_and_compute(strategy, least) -> None:
    """Two of them sleep 20 ms each before they compute."""
    found = _answer(kind="both", strategy=strategy, io=0.02, rounds=2000, tasks=2)["found"]
    assert all(seconds >= least for seconds in found)


def test_hundreds_of_processes_are_not_started() -> None:
    """64 are; for one more the answer says why not."""
    answer = _answer(kind="both", strategy="processes", io=0.0, rounds=65, tasks=65)
    assert answer["missing"] == "at most 64 processes are started"


def test_a_job_may_be_kept_to_so_many_processors(monkeypatch) -> None:
    """To the first ones that are allowed; where there are too few, or no GIL, the answer says so."""
    chosen: list[object] = []
    monkeypatch.setattr(run.os, "sched_getaffinity", lambda _: {3, 5}, raising=False)
    monkeypatch.setattr(run.os, "sched_setaffinity", lambda _, which: chosen.append(which), raising=False)
    job = {"kind": "compute", "strategy": "threads", "rounds": 200, "workers": 1, "gil": True}
    assert "found" in _answer(**job, cores=1)
    assert chosen == [[3]]
    assert _answer(**job, cores=3)["missing"] == "there are 2 processors"
    monkeypatch.setattr(run, "without_gil", lambda: True)
    assert _answer(**job)["missing"] == "this Python has no GIL"


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
    assert {"wake", "slack", "thread_start", "process_start", "sharing"} <= found.settings.keys()
    assert 0 < found.settings["sharing"] <= 1
    assert all(value >= 0 for value in found.settings.values())
    path = tmp_path / "machine.json"
    path.write_text(json.dumps(found.as_json()))
    assert read_calibration(path) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"python": "3", "rounds_per_second": "x", "settings": {}}',
        '{"python": "3", "rounds_per_second": 1, "settings": {"colour": 1}}',
    ],
)
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


def test_speed_ups_are_against_the_first_row() -> None:
    """3 s against 2 s: 1.5; what was not measured has none; other tables stay as they are."""
    rows = [
        {"strategy": "sequential", "simulated_s": 3.0, "measured_s": 3.3},
        {"strategy": "threads", "simulated_s": 2.0, "measured_s": None},
    ]
    assert [row["simulated_speedup"] for row in with_speed_ups(rows)] == [1, 1.5]
    assert [row["measured_speedup"] for row in with_speed_ups(rows)] == [1, None]
    assert with_speed_ups([{"beside": "x"}]) == [{"beside": "x"}]


def test_disturbed_times_do_not_count_for_sharing(monkeypatch) -> None:
    """One takes 1 s alone and 1.25 s beside another: 0.8, although most times of two were three times as long."""
    times = iter([1.0, 3.0, 1.1, 3.5, 1.2, 1.25, 1.0, 4.0, 1.0, 3.0])
    monkeypatch.setattr(run, "_once", lambda _: next(times))
    assert run.sharing(1) == pytest.approx(0.8)


def test_calibration_waits_for_a_quiet_moment(monkeypatch) -> None:
    """Estimated three times beside others: the second, quietest one counts; a quiet one is not made again."""
    answers = [
        {"python": "3", "found": {"rounds_per_second": number, "wake": 0.1}, "others": others}
        for number, others in enumerate((1.5, 0.5, 0.7, 0.05))
    ]
    monkeypatch.setattr("lab.gil.measure._run", lambda *_: answers.pop(0))
    assert calibrate() == Calibration("3", 1, {"wake": 0.1}, 0.5)
    assert calibrate() == Calibration("3", 3, {"wake": 0.1}, 0.05)
    assert not answers


@pytest.mark.parametrize("gil", [True, False])
def test_free_threads_are_measured_without_a_gil_only(monkeypatch, gil) -> None:
    """With a GIL the answer says what is missing; threads are measured in either."""
    monkeypatch.setattr(run, "without_gil", lambda: not gil)
    assert ("found" in _answer(kind="compute", strategy="free-threaded", rounds=2000, workers=2)) == (not gil)
    assert "found" in _answer(kind="compute", strategy="threads", rounds=2000, workers=2)


def test_what_an_interpreter_cannot_do_is_not_tried_again(monkeypatch) -> None:
    """The first answer says that it is missing: one attempt instead of three."""
    asked: list[object] = []

    def answer(_: object, job: object) -> dict:
        asked.append(job)
        return {"missing": "no", "others": 0.0}

    monkeypatch.setattr("lab.gil.measure._run", answer)
    assert measured_rows(SLEEP, None, 1e6, "simulated_s", repeat=3)[0]["measured_s"] is None
    assert len(asked) == 1


def test_the_runner_needs_the_standard_library_alone() -> None:
    """It imports nothing else, so any interpreter can run it by its path."""
    lines = RUNNER.read_text(encoding="utf-8").splitlines()
    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)


def _answers(monkeypatch: pytest.MonkeyPatch, *others: float | None) -> list[dict]:
    """Let jobs take 1, 2, 3, ... seconds while others keep so many processors busy; return the jobs that were asked."""
    asked: list[dict] = []

    def answer(_: object, job: dict) -> dict:
        asked.append(job)
        return {"found": [float(len(asked))], "others": others[min(len(asked), len(others)) - 1]}

    monkeypatch.setattr("lab.gil.measure._run", answer)
    return asked


SLEEP = [Case({}, EMPTY, Settings(), {"kind": "sleep", "strategy": "threads", "durations": [1]})]


def test_a_disturbed_attempt_is_made_again(monkeypatch) -> None:
    """Attempts of 1, 2, 3, 4 s, the second and third beside others: the first and the fourth count, median 2.5."""
    asked = _answers(monkeypatch, 0.0, 0.9, 0.5, 0.05)
    assert measured_rows(SLEEP, None, 1e6, "simulated_s", repeat=2) == [
        {"measured_s": 2.5, "measured_spread_s": 1.5, "measured_others": 0.05}
    ]
    assert len(asked) == 4


def test_patience_ends(monkeypatch) -> None:
    """On a machine that is never quiet the quietest of three times as many attempts count, and the rows say so."""
    asked = _answers(monkeypatch, 2.0, 1.0, 3.0)
    (row,) = measured_rows(SLEEP, None, 1e6, "simulated_s", repeat=1)
    assert (len(asked), row["measured_s"], row["measured_others"]) == (3, 2.0, 1.0)


def test_where_the_system_does_not_tell_everything_counts(monkeypatch) -> None:
    """Without /proc/stat nothing is known of others, and nothing is repeated."""
    asked = _answers(monkeypatch, None)
    assert measured_rows(SLEEP, None, 1e6, "simulated_s", repeat=2)[0]["measured_s"] == 1.5
    assert len(asked) == 2


def test_how_busy_others_keep_the_machine() -> None:
    """10 s of processors in 5 s, 4 of them one's own: others kept 1.2 busy; less than nothing is nothing."""
    assert run.others((100.0, 1.0), (110.0, 5.0), 5.0) == pytest.approx(1.2)
    assert run.others((100.0, 1.0), (101.0, 5.0), 5.0) == 0
    assert run.others(None, (1.0, 1.0), 5.0) is None
    assert run.others((1.0, 1.0), (1.0, 1.0), 0.0) is None


def test_the_machine_s_own_counters(monkeypatch) -> None:
    """user, nice, system, irq, softirq and steal count, idle and iowait do not: 1 + 2 + 3 + 6 + 7 + 8 = 27 ticks."""
    monkeypatch.setattr("builtins.open", lambda *_, **__: io.StringIO("cpu  1 2 3 400 500 6 7 8 9 10\ncpu0 ..."))
    monkeypatch.setattr(run.os, "sysconf", lambda _: 100)
    assert run.busy()[0] == pytest.approx(0.27)
    monkeypatch.setattr("builtins.open", lambda *_, **__: io.StringIO("nonsense"))
    assert run.busy() is None


def test_times_of_computing_are_scaled_to_the_calibrated_rate(monkeypatch) -> None:
    """Twice as fast as when calibrated: a second now would have been two."""
    monkeypatch.setattr(run, "pace", lambda: 2e6)
    monkeypatch.setattr(run, "timed", lambda _, pieces: [float(len(pieces))])
    job = {"kind": "compute", "rounds": 10, "workers": 1}
    assert run.computing({**job, "rate": 1e6}) == [2.0]
    assert run.computing(job) == [1.0]


def test_a_round_costs_the_same_however_many_there_are() -> None:
    """No number grows beyond two bytes, so a piece of half the rounds is half the work."""
    assert run.compute(1_000) == sum(number & 255 for number in range(1_000)) & 65535
    assert run.compute(300_000) < 65536


def test_recordings_stand_beside_what_is_simulated_now() -> None:
    """The convoy's rows have measured values from the recording; what was not recorded has none."""
    found = recorded("convoy")
    assert [row["interval_s"] for row in found.rows[:4]] == [0.02, 0.005, 0.001, 0.0001]
    assert all(row["measured_ms"] > 0.5 for row in found.rows)
    assert "measured, CPython 3.13.0" in found.note
    none = recorded("advise")
    assert "measured" not in none.note
    assert none.rows[0]["simulated_speedup"] == 1


@pytest.mark.parametrize("row", recorded("convoy").rows[:4], ids=lambda row: f"{row['interval_s'] * 1e3:g} ms")
def test_the_recorded_convoy_is_as_the_model_says(row) -> None:
    """With one computing thread simulated and measured round trips differ by less than a quarter."""
    assert row["simulated_ms"] == pytest.approx(row["measured_ms"], rel=0.25)


def test_recorded_round_trips_beside_several_threads_are_within_a_factor_of_two() -> None:
    """Two and four computing threads at 5 ms: the run queue decides, and chance."""
    for row in recorded("convoy").rows:
        if row["computing_threads"] > 1:
            assert 0.5 <= row["simulated_ms"] / row["measured_ms"] <= 2


@pytest.mark.parametrize("name", ["io-bound", "cpu-bound"])
def test_recorded_speed_ups_are_as_the_model_says(name) -> None:
    """Threads, processes, interpreters, asyncio: within 15 %; a GIL there was in every recording."""
    rows = [row for row in recorded(name).rows if row["strategy"] != "free-threaded"]
    for row in rows:
        assert row["simulated_speedup"] == pytest.approx(row["measured_speedup"], rel=0.15), row["strategy"]


def test_every_job_is_one_that_the_runner_knows() -> None:
    """All experiments' jobs name a kind, and a strategy where the kind has several."""
    for experiment in EXPERIMENTS.values():
        for case in experiment.prepared(Settings(experiment.model), {}):  # type: ignore[arg-type]
            assert isinstance(case.workload, Workload)
            if case.job is not None:
                assert case.job["kind"] in run.JOBS
                if case.job["kind"] in ("sleep", "compute", "both"):
                    assert case.job["strategy"] in run.STRATEGIES
