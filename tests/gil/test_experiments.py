"""The experiments by name: every one runs, and shows what it says."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lab.errors import UsageError
from lab.gil import EXPERIMENTS, MODELS, Run, Settings, experiment_named, split_parameters, trace_events
from lab.gil.experiment import Row


def _rows(name: str, model: str | None = None, **parameters: object) -> list[Row]:
    experiment = experiment_named(name)
    settings, own = split_parameters(experiment, parameters, Settings(model or experiment.model))  # type: ignore[arg-type]
    return [row for row, _ in experiment.rows(experiment.prepared(settings, own))]


def _shown(name: str) -> Run:
    experiment = experiment_named(name)
    runs = [run for _, run in experiment.rows(experiment.prepared(Settings(experiment.model), {}))]  # type: ignore[arg-type]
    return runs[experiment.shown]


def _seconds(rows: list[Row], workers: int | None = None) -> dict[str, float]:
    return {row["strategy"]: row["simulated_s"] for row in rows if workers in (None, row["workers"])}


def test_threads_do_not_speed_up_computing() -> None:
    """Within 1 % of one after the other, while processes on two cores need 500 ms and their start of 50."""
    found = _seconds(_rows("cpu-bound"))
    two = _seconds(_rows("cpu-bound"), 2)
    assert found["sequential"] == pytest.approx(1, rel=1e-3)
    assert two["threads"] == pytest.approx(1, rel=0.01)
    assert two["processes"] == pytest.approx(0.55, rel=0.01)
    assert two["free-threaded"] == pytest.approx(0.5 * 1.06 / 0.95, rel=0.01)


def test_threads_and_asyncio_overlap_waiting() -> None:
    """1 s and 2 s are 3 s in a row and 2 s side by side."""
    found = _seconds(_rows("io-bound"))
    assert found["sequential"] == pytest.approx(3, rel=1e-3)
    for strategy in ("threads", "asyncio", "free-threaded"):
        assert found[strategy] == pytest.approx(2, rel=1e-3)


@pytest.mark.parametrize("name", ["start-join-loop", "start-all-join-all"])
def test_one_loop_is_as_slow_as_no_threads(name) -> None:
    """3 s, 3 s and 2 s."""
    assert list(_seconds(_rows(name)).values()) == pytest.approx([3, 3, 2], rel=1e-3)


def test_sleeps_add_up() -> None:
    """Each row is the sum of the sleeps up to it."""
    rows = _rows("sequential-sleep", routines=4)
    sums = [sum(row["sleep_s"] for row in rows[: number + 1]) for number in range(4)]
    assert [row["simulated_s"] for row in rows] == pytest.approx(sums, rel=1e-3)


def test_blocking_the_loop_makes_coroutines_sequential() -> None:
    """3 s, 1 s, and with `time.sleep` inside 3 s again."""
    assert list(_seconds(_rows("hello-asyncio")).values()) == pytest.approx([3, 1, 3], rel=1e-3)


def test_the_round_trip_is_the_interval_and_the_answer() -> None:
    """0.6 ms alone; with one computing thread the interval on top, and a little to wake up."""
    found = {(row["interval_s"], row["computing_threads"]): row["simulated_ms"] for row in _rows("convoy")}
    assert found[0.005, 0] == pytest.approx(0.6, rel=0.1)
    for interval in (0.02, 0.005, 0.001, 0.0001):
        assert found[interval, 1] == pytest.approx(0.6 + interval * 1e3 + 0.1, rel=0.1)
    assert found[0.005, 1] < found[0.005, 2] < found[0.005, 4]


def test_the_interval_can_be_chosen() -> None:
    """`--set interval=0.002` holds for every number of threads."""
    rows = _rows("convoy", interval=0.002, intervals=(0.002,), threads=(1,))
    assert [row["interval_s"] for row in rows] == [0.002]


def test_the_tick_battle_is_fought_on_two_cores_only() -> None:
    """The old GIL wakes in vain thousands of times on two cores; the new one does not."""
    found = {(row["model"], row["cores"], row["threads"]): row["woken_in_vain"] for row in _rows("tick-battle")}
    assert found["old", 2, 2] > 5_000
    assert sum(found.values()) == found["old", 2, 2]
    assert {row["model"] for row in _rows("tick-battle", "new")} == {"new"}


def test_a_call_that_keeps_the_gil_is_waited_for() -> None:
    """50 ms of C, 5 ms of interval, or nothing."""
    found = {row["beside"]: row["simulated_ms"] for row in _rows("c-call")}
    assert found["C, keeps the GIL"] == pytest.approx(50, rel=0.02)
    assert found["Python code"] == pytest.approx(6, rel=0.05)
    assert found["C, releases it"] == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ({}, "Use threads"),
        ({"tasks": 150}, "Use asyncio"),
        ({"tasks": 4, "cpu": 1.0, "io": 0.001}, "Use processes"),
        ({"tasks": 2, "cpu": 0.001, "io": 0.00001}, "Do it one by one"),
        ({"tasks": 120, "cpu": 0.01, "io": 0.3}, "threads are faster still"),
    ],
)
def test_the_advice_follows_the_numbers(numbers, said) -> None:
    """Waiting little: threads; much: asyncio; computing: processes; next to nothing: none of them."""
    experiment = experiment_named("advise")
    assert experiment.advise is not None
    assert said in experiment.advise(_rows("advise", **numbers))


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_trace_opens_in_perfetto(name) -> None:
    """Complete events of one lane do not overlap, every lane has a name, and times are in microseconds."""
    run = _shown(name)
    events = trace_events(run)["traceEvents"]
    named = {event["tid"] for event in events if event["name"] == "thread_name"}
    lanes: dict[int, list[tuple[float, float]]] = {}
    for event in events:
        assert event["ph"] in "MXi"
        assert event["pid"] == 1
        if event["ph"] == "X":
            lanes.setdefault(event["tid"], []).append((event["ts"], event["ts"] + event["dur"]))
    assert lanes.keys() <= named
    for spans in lanes.values():
        assert all(before[1] <= after[0] + 1e-6 for before, after in pairwise(spans))
    assert max(end for spans in lanes.values() for _, end in spans) == pytest.approx(run.time / 1e3)


def test_a_holder_at_the_end_has_a_span_to_the_end() -> None:
    """The convoy stops while a background thread holds the GIL or is about to."""
    run = _shown("convoy")
    events = trace_events(run)["traceEvents"]
    gil = next(one["tid"] for one in events if one["name"] == "thread_name" and one["args"]["name"] == "GIL")
    assert {one["name"] for one in events if one["ph"] == "X" and one["tid"] == gil} == {"echo", "C1"}


@pytest.mark.parametrize(("name", "parameters"), [("convoy", {"requests": 3}), ("c-call", {"naps": 3})])
def test_a_task_that_never_awaits_leaves_the_others_no_turn(name, parameters) -> None:
    """One loop: the asking task is never resumed while others compute for ever, and nothing is said of afterwards."""
    rows = _rows(name, "asyncio", **parameters)
    alone = [row["simulated_ms"] for row in rows if row.get("computing_threads") == 0]
    assert alone == pytest.approx([0.59] * len(alone), rel=0.05)
    assert {row["simulated_ms"] for row in rows if row.get("computing_threads") != 0} == {None}


def test_a_sleeper_may_sleep_more_often_than_two_thousand_times() -> None:
    """The call beside it goes on as long: each nap ends with a call of 1 ms, also the last ones."""
    found = {row["beside"]: row["simulated_ms"] for row in _rows("c-call", naps=4000, call=0.001, pause=0.0005)}
    assert found["C, keeps the GIL"] > 0.9


def test_one_loop_is_one_loop_under_every_model() -> None:
    """What is said of coroutines is not simulated with threads under that name."""
    with pytest.raises(UsageError, match="leave --model out"):
        _rows("hello-asyncio", "new")


@pytest.mark.parametrize("model", MODELS)
def test_every_experiment_runs_under_every_model(model) -> None:
    """Small ones of each kind; a model without a GIL makes nobody wait for it."""
    assert _rows("convoy", model, intervals=(0.005,), threads=(1,), requests=3)
    assert _rows("cpu-bound", model, workers=(2,), work=0.1)


@pytest.mark.parametrize(
    ("name", "parameters", "said"),
    [
        ("convoys", {}, "did you mean convoy?"),
        ("zzz", {}, "`lab gil` lists them"),
        ("convoy", {"colour": 1}, "convoy has no parameter 'colour'"),
        ("convoy", {"intervals": 1}, "intervals has to be several numbers"),
        ("convoy", {"requests": (1, 2)}, "requests has to be one number"),
        ("convoy", {"requests": 1.5}, "is not a whole number"),
        ("convoy", {"requests": 0}, "requests has to be more than nothing"),
        ("io-bound", {"sleeps": ()}, "sleeps has to be more than nothing"),
        ("io-bound", {"sleeps": (1, 0)}, "sleeps: 0 is not a number above 0 and up to a million"),
        ("cpu-bound", {"workers": (0,)}, "workers: 0 is not a whole number above 0 and up to a million"),
        ("convoy", {"threads": (-1,)}, "threads: -1 is not a whole number from 0 to a million"),
        ("io-bound", {"cores": "two"}, "cores has to be a number"),
        ("cpu-bound", {"workers": (9_999,)}, "10,000 threads are too many"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(name, parameters, said) -> None:
    """Names, types and ranges."""
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        _rows(name, **parameters)
