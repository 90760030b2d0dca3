"""What the pictures of concurrency, of processes and GILs, of event loops and of measurements say."""

from __future__ import annotations

import asyncio

import pytest
from matplotlib.patches import Rectangle

from lab.draw import (
    Scene,
    architecture,
    concurrency_venn,
    core_turns,
    event_loop_ring,
    event_loop_timeline,
    execution_flows,
    latency_plot,
    queues_for_cores,
    speed_up_bars,
    time_bars,
)
from lab.draw.gil_pictures import CONCURRENCY, GIL, TASKS
from lab.draw.venn import kind_of
from lab.errors import UsageError
from lab.gil import Cpu, Io, Settings, Thread, Workload, simulate
from lab.gil.event_loop import spend, trace_loop
from lab.gil.library import computing, side_by_side, started_and_joined_in_one_loop
from tests.draw.samples import CONVOY, FREE, ONE_CORE, SPEEDS, TWO_CORES, drawing, marks, words


def test_flows_say_when_each_way_ends() -> None:
    """Two tasks of 6 ms: 12 ms on one core, 6 on two; on one core each waits while the other runs, in slices of 2."""
    made = drawing("picture of flows", "column")
    assert made.title == "The same two tasks take 12 ms concurrently and 6 ms in parallel"
    assert made.table[1:4] == (
        ("concurrent", "T1", "T1", "run", "0.000", "2.000"),
        ("concurrent", "T1", "T1", "ready", "2.000", "4.000"),
        ("concurrent", "T1", "T1", "run", "4.000", "6.000"),
    )
    assert len(marks(made, "panel-1-piece")) + len(marks(made, "panel-2-piece")) == len(made.table) - 1


def test_switches_are_counted() -> None:
    """Six turns of 2 ms on one core are five switches; with a core each there is none."""
    made = drawing("picture of turns", "column")
    assert made.title == "Two tasks switch on one core, five times; on two cores, never"
    assert len(marks(made, "panel-1-switch")) == 5
    assert not marks(made, "panel-2-switch")
    assert "T1 from 0 to 2, T2 from 2 to 4" in made.alt


def test_the_gallery_shows_three_ways_on_one_axis() -> None:
    """4 + 6 + 4, 6 + 4 + 2 and 8 ms: 34 in a row; 24 of computing keep one core busy; two cores need 14."""
    flows = next(picture for picture in CONCURRENCY if picture.name == "execution-flows").make("column")
    assert flows.title == "The same three tasks take 34 ms sequentially, 24 ms concurrently and 14 ms in parallel"


@pytest.mark.parametrize("make", [execution_flows, core_turns])
def test_flows_need_the_same_tasks(make) -> None:
    """Nothing, or runs of different tasks, are one sentence."""
    other = simulate(Workload((Thread("X", (Cpu(0.01),)),)))
    for runs in ({}, {"one": ONE_CORE, "other": other}):
        with pytest.raises(UsageError, match="several runs of the same tasks"):
            make(runs)


def test_what_a_run_is_decides_where_it_stands() -> None:
    """Turns on one core are concurrent, two cores parallel, one task after the other neither."""
    made = drawing("picture of sets", "column")
    assert dict(made.table[1:]) == {"one by one": "neither", "turns": "concurrent", "both": "parallel"}
    assert [len(marks(made, f"region-{kind}")) for kind in ("neither", "concurrent", "parallel")] == [1, 1, 1]
    assert kind_of(ONE_CORE) == "concurrent"


def test_one_thread_after_the_other_is_neither() -> None:
    """Threads that are joined before the next one starts never overlap."""
    run = simulate(started_and_joined_in_one_loop(computing(0.01, 2)), Settings(cores=1, **FREE))
    assert kind_of(run) == "neither"


def test_a_task_that_goes_on_is_no_switch() -> None:
    """On one core T1 T2 T3 T1 T2 T3 T2 T3 T3 T1 T2 T1: twelve turns, one of them after the same task."""
    made = core_turns({"one": simulate(side_by_side(TASKS), Settings(cores=1, slice=0.002, **FREE))})
    assert made.title == "Three tasks switch on one core, ten times"
    assert [row[2] for row in made.table[1:]] == [
        "T1",
        "T2",
        "T3",
        "T1",
        "T2",
        "T3",
        "T2",
        "T3",
        "T3",
        "T1",
        "T2",
        "T1",
    ]


def test_threads_of_one_gil_are_concurrent_and_not_parallel() -> None:
    """The gallery's diagram: threads and asyncio outside, what has several GILs or none inside."""
    venn = next(picture for picture in CONCURRENCY if picture.name == "concurrency-venn").make("column")
    assert dict(venn.table[1:]) == {
        "sequential": "neither",
        "threads": "concurrent",
        "asyncio": "concurrent",
        "processes": "parallel",
        "interpreters": "parallel",
        "threads without a GIL": "parallel",
    }


def test_a_diagram_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="no run to place"):
        concurrency_venn({})


def test_one_gil_lets_one_thread_run() -> None:
    """After 70 ms the second of two threads has its turn, and the second core is idle."""
    made = next(picture for picture in GIL if picture.name == "gil-variants").make("column")
    assert made.title == "With one GIL one thread runs; else both do"
    assert "Threads: one process, one interpreter and one GIL; T2 runs on core 1; T1 waits." in made.alt
    assert (
        "Free-threaded: one process, one interpreter and no GILs; T1 runs on core 1 and T2 runs on core 2." in made.alt
    )
    rows = [row for row in made.table if row[0] == "processes"]
    assert [(row[1], row[3], row[4], row[5]) for row in rows] == [("1", "yes", "T1", "1"), ("2", "yes", "T2", "2")]


def test_processes_have_a_gil_each() -> None:
    """Three processes, three padlocks, three arrows to three cores."""
    made = next(picture for picture in GIL if picture.name == "gil-processes").make("column")
    assert made.title == "Three GILs: three threads run at once"
    for prefix in ("picture-1-process", "picture-1-gil", "picture-1-runs", "picture-1-core"):
        assert len(marks(made, prefix)) == 3


@pytest.mark.parametrize(
    ("runs", "said"),
    [({}, "no run to draw"), ({"many": simulate(side_by_side(computing(0.1, 5)))}, "1 to 4 threads that compute")],
)
def test_machines_that_cannot_be_drawn(runs, said) -> None:
    with pytest.raises(UsageError, match=said):
        architecture(runs, 0.01)


def test_who_runs_without_a_rule_is_said_plainly() -> None:
    """Free-threaded alone: no GIL; a moment when both threads sleep: nobody."""
    run = simulate(Workload((Thread("T1", (Cpu(0.01), Io(0.1))), Thread("T2", (Cpu(0.01), Io(0.1))))))
    assert "nobody runs; T1 and T2 wait" in architecture({"all": run}, 0.05).alt
    assert architecture({"one": TWO_CORES}, 0.001).title == "No GIL: two threads run at once"
    assert architecture({"one": TWO_CORES, "two": TWO_CORES}, 0.001).title == "Who runs at this moment"


def test_scenes_have_one_core_or_one_for_each_task() -> None:
    """Two tasks on three cores are no picture of either."""
    made = drawing("picture of queues", "column")
    assert "Concurrency: core 1 does A, B, C, A, B, C." in made.alt
    with pytest.raises(UsageError, match="one core, or one for each task"):
        queues_for_cores([Scene("odd", "what", ("A", "B"), 3)])


async def _two() -> None:
    """Two tasks: one computes 1 ms and sleeps 2, the other computes 1 ms."""

    async def one() -> None:
        spend(0.001)
        await asyncio.sleep(0.002)

    async def two() -> None:
        spend(0.001)

    await asyncio.gather(asyncio.create_task(one(), name="one"), asyncio.create_task(two(), name="two"))


def test_a_loop_s_timeline_says_when_it_waits() -> None:
    """The timer is set at 1 ms and due at 3; the other task runs until 2: the loop waits for 1 of 3 ms."""
    made = event_loop_timeline(trace_loop(_two))
    assert made.title == "One thread runs three tasks, and waits for 1 ms of 3 ms"
    assert "two runs one time, from 1 ms on" in made.alt
    assert ("timer", "one", "1.0000", "3.0000", "", "") in made.table
    assert ("poll", "", "2.0000", "3.0000", "0", "") in made.table
    assert len(marks(made, "poll-")) == len(marks(made, "timer-")) == 1


def test_the_round_shows_what_is_ready_and_what_waits() -> None:
    """While `one` runs first, `two` is ready; then a timer waits, and a poll may take 1 ms."""
    life = trace_loop(_two)
    first = event_loop_ring(life)
    assert first.alt.endswith("At this moment one runs; ready: two; timers: none.")
    second = event_loop_ring(life, moment=2)
    assert second.table[1:] == (("running", "two", ""), ("timer", "one", "3.000"))
    assert "without waiting" in words(second)  # the end of `two` has made a callback ready
    assert "1 ms at most" in words(event_loop_ring(life, moment=3))
    with pytest.raises(UsageError, match="there is no callback 99"):
        event_loop_ring(life, moment=99)


def test_a_loop_with_too_many_tasks_is_refused() -> None:
    """Nine tasks are more than can be told apart."""

    async def main() -> None:
        await asyncio.gather(*(asyncio.sleep(0.001) for _ in range(9)))

    with pytest.raises(UsageError, match="1 to 8 tasks, and this one has 10"):
        event_loop_timeline(trace_loop(main))


def test_measured_points_are_drawn_where_there_are_any() -> None:
    """Five rows: four of them against the interval or the threads have been measured, one has not."""
    made = drawing("picture of latency", "column")
    assert made.title.endswith("takes 0.8 ms at an interval of 0.1 ms, 20.7 ms at 20 ms")
    assert [len(marks(made, f"plot-{number}-simulated-")) for number in (1, 2)] == [3, 3]
    found = [len(row[3]) > 0 for row in made.table[1:]]
    assert found == [True, True, False, True, True, True]
    assert "measured: median, middle half" in words(made)
    unmeasured = [{**row, "measured_ms": None} for row in CONVOY]
    assert "measured: median, middle half" not in words(latency_plot(unmeasured, "simulated"))


def test_one_sweep_is_enough_for_a_plot() -> None:
    """Without several intervals the title speaks of threads; a single row is no plot."""
    rows = [row for row in CONVOY if row["interval_s"] == 0.005]
    assert latency_plot(rows, "simulated").title == (
        "A round trip takes 0.6 ms beside 0 computing threads, 11 ms beside 2"
    )
    with pytest.raises(UsageError, match="nothing to plot"):
        latency_plot(rows[:1], "simulated")


def test_speed_ups_stand_beside_each_other() -> None:
    """Two numbers where both are known; a sentence for the best, or for threads where they help."""
    made = drawing("picture of speed-ups", "column")
    assert made.title == "Threads do not speed up computing; processes are 1.9 times as fast"
    assert {"1.90", "2.00", "1.70"} <= set(words(made))
    assert len(marks(made, "bar-")) == 4 + 3
    helped = [SPEEDS[0], {"strategy": "threads", "workers": 2, "simulated_speedup": 1.5}]
    assert (
        speed_up_bars(helped, "waiting", "simulated").title
        == "Threads are 1.5 times as fast as one after the other at waiting"
    )
    with pytest.raises(UsageError, match="no speed-ups"):
        speed_up_bars([], "waiting", "simulated")


def test_times_stand_beside_each_other() -> None:
    """Numbers of both kinds, the spread as a line; a row without a measurement has one bar; no rows are no chart."""
    made = drawing("picture of times", "column")
    assert {"6.17", "6.90", "50.0", "61.5", "1.07", "measured"} <= set(words(made))
    assert len(marks(made, "bar-")) == 3 + 2 + 2
    spread = next(line for line in made.axes.lines if line.get_gid() == "bar-2-spread")
    bar = next(patch for patch in made.axes.patches if patch.get_gid() == "bar-2-measured")
    assert isinstance(bar, Rectangle)
    low, far = spread.get_xdata()
    assert (far - low) / bar.get_width() == pytest.approx(26 / 61.5)
    assert (low + far) / 2 == pytest.approx(bar.get_x() + bar.get_width())
    assert made.table[2] == ("C, keeps the GIL", "50.0000", "61.5000", "26.0000")
    assert "C, keeps the GIL 50.0 ms (measured 61.5)" in made.alt
    assert "measured" not in words(drawing("picture of simulated times", "column"))
    with pytest.raises(UsageError, match="no times"):
        time_bars("Nothing", [], "s", "simulated")


def test_time_outs_and_forced_switches_have_marks() -> None:
    """T1 and T2 take turns: forced at 5 and 10 ms. A third waits from 2 ms, and its time-out at 7 comes in vain."""
    from lab.draw import gil_timeline

    free = {"wake": 0.0, "slack": 0.0, "jitter": 0.0}
    two = Workload((Thread("T1", (Cpu(0.008),)), Thread("T2", (Cpu(0.008),))))
    made = gil_timeline(simulate(two, Settings(**free)))
    assert len(marks(made, "forced-")) == 2
    assert not marks(made, "vain-")
    three = Workload(
        (Thread("T3", (Io(0.002), Cpu(0.001))), Thread("T1", (Cpu(0.004), Io(1.0))), Thread("T2", (Cpu(0.02),)))
    )
    late = gil_timeline(simulate(three, Settings(cores=3, **free)), until=0.02)
    assert len(marks(late, "vain-")) == 1
    assert "times out, but the GIL changed hands" in words(late)
