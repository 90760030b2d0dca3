"""Small runs, worked out by hand."""

from __future__ import annotations

import gc

import pytest

from lab.errors import UsageError
from lab.gil import (
    Acquire,
    Call,
    Cpu,
    Get,
    Io,
    Join,
    Mark,
    Put,
    Release,
    Settings,
    Start,
    Thread,
    Workload,
    simulate,
    spans,
)
from lab.gil.library import beside_a_call, producer_and_consumer, side_by_side, started_and_joined_in_one_loop
from tests.gil import workloads as draw

MS = 1_000_000


def _free(model: str = "new", **more: float) -> Settings:
    return Settings(model, **{**draw.FREE, **more})  # type: ignore[arg-type]


def _two(first: float, second: float) -> Workload:
    return Workload((Thread("T1", (Cpu(first),)), Thread("T2", (Cpu(second),))))


def test_a_waiter_asks_after_the_interval_and_the_holder_hands_over() -> None:
    """Two threads of 8 ms, interval 5 ms: T2 asks at 5, T1 at 10; T2 has 3 left, T1 runs 3 to 13, T2 to 16."""
    run = simulate(_two(0.008, 0.008), _free())
    takes = [(event.time // MS, event.thread) for event in run.events if event.kind == "take"]
    assert takes == [(0, "T1"), (5, "T2"), (10, "T1"), (13, "T2")]
    assert [(event.time // MS, event.thread) for event in run.events if event.kind == "request"] == [
        (5, "T2"),
        (10, "T1"),
    ]
    assert run.time == 16 * MS


def test_two_waiters_may_ask_at_the_same_moment() -> None:
    """T2 and T3 wait from 0 and both ask at 5 ms: T1 has used 5 of its 6 ms, and runs the last one later."""
    run = simulate(Workload((Thread("T1", (Cpu(0.006),)), Thread("T2", ()), Thread("T3", ()))), _free(cores=3))
    assert [(event.time // MS, event.thread) for event in run.events if event.kind == "request"] == [
        (5, "T2"),
        (5, "T3"),
    ]
    assert run.time == 6 * MS
    assert draw.check_cores(run.events, 3)["T1"] == 6 * MS


def test_a_simulation_leaves_the_garbage_collector_as_it_was() -> None:
    """It is off meanwhile; also when the workload never ends."""
    never = Workload((Thread("T", (Get("q"),)),))
    for wanted in (True, False):
        (gc.enable if wanted else gc.disable)()
        try:
            simulate(_two(0.01, 0.01), _free())
            with pytest.raises(UsageError):
                simulate(never, _free())
            assert gc.isenabled() == wanted
        finally:
            gc.enable()


def test_a_simulation_leaves_no_cycles_behind() -> None:
    """So nothing is lost by it: what 4,000 events used is freed without a collection."""
    gc.collect()
    run = simulate(_two(0.2, 0.2), _free(interval=0.0002))
    assert len(run.records) > 4000
    assert gc.collect() < 200


def test_one_thread_alone_never_switches() -> None:
    """The interval is a waiter's time-out: without a waiter there is no request, however long it computes."""
    run = simulate(Workload((Thread("T1", (Cpu(10.0),)),)), _free())
    assert run.count("drop") == 1
    assert not run.count("timeout")


def test_a_switch_during_the_wait_starts_a_new_interval() -> None:
    """T3 waits from 2 ms; T1 blocks at 4 and T2 takes over. T3's time-out at 7 sees the switch, and it asks at 12."""
    threads = (
        Thread("T1", (Cpu(0.004), Io(1.0))),
        Thread("T2", (Cpu(0.1),)),
        Thread("T3", (Io(0.002), Cpu(0.001))),
    )
    # T1 runs first; T2 waits from 0, T3 sleeps only after it had the GIL: give it the GIL before
    run = simulate(Workload((threads[2], threads[0], threads[1])), _free(cores=3))
    found = [
        (event.time // MS, event.detail) for event in run.events if event.kind == "timeout" and event.thread == "T3"
    ]
    assert found == [(7, "switched"), (12, "ask")]


def test_a_c_call_that_keeps_the_gil_delays_the_switch() -> None:
    """T2 asks at 5 ms, and T1 notices when its call returns after 30."""
    run = simulate(Workload((Thread("T1", (Call(0.03), Cpu(0.001))), Thread("T2", (Cpu(0.001),)))), _free())
    assert next(event.time for event in run.events if event.kind == "request") == 5 * MS
    assert next(event.time for event in run.events if event.kind == "take" and event.thread == "T2") == 30 * MS


def test_a_c_call_that_releases_the_gil_runs_beside_python() -> None:
    """30 ms of C and 30 ms of Python take 30 ms on two cores and 60 on one."""
    both = Workload((Thread("T1", (Call(0.03, keeps=False),)), Thread("T2", (Cpu(0.03),))))
    assert simulate(both, _free(cores=2)).time == 30 * MS
    assert simulate(both, _free(cores=1)).time == 60 * MS


@pytest.mark.parametrize(
    ("model", "cores", "expected"),
    [
        ("new", 2, 40),
        ("old", 2, 40),
        ("asyncio", 2, 40),
        ("per-interpreter", 2, 20),
        ("processes", 2, 20),
        ("free-threaded", 2, 20),
        ("free-threaded", 1, 40),
    ],
)
def test_two_threads_that_compute(model, cores, expected) -> None:
    """Twice 20 ms: 40 behind one GIL, 20 where each has its own or there is none, and two cores."""
    assert simulate(_two(0.02, 0.02), _free(model, cores=cores)).time == expected * MS


def test_three_threads_share_two_cores_by_time_slices() -> None:
    """Three processes of 8 ms on two cores, slices of 4 ms: T3 runs from 4 on T1's core; 24 ms of work end at 12."""
    three = Workload(tuple(Thread(name, (Cpu(0.008),)) for name in ("T1", "T2", "T3")))
    run = simulate(three, _free("processes", cores=2, slice=0.004))
    assert next(event.time for event in run.events if event.kind == "core" and event.thread == "T3") == 4 * MS
    assert run.time == 12 * MS


def test_the_run_queue_is_served_in_turn() -> None:
    """Three processes of 7 ms on one core, slices of 4 ms: each gets one slice before anyone gets the second."""
    three = Workload(tuple(Thread(name, (Cpu(0.007),)) for name in ("T1", "T2", "T3")))
    run = simulate(three, _free("processes", cores=1, slice=0.004))
    assert [event.thread for event in run.events if event.kind == "core"] == ["T1", "T2", "T3"] * 2


def test_a_thread_of_higher_priority_takes_the_core_at_once() -> None:
    """T2 wakes at 3 ms and runs until 5; T1 has waited for it in between."""
    threads = (Thread("T2", (Io(0.003), Cpu(0.002)), priority=1), Thread("T1", (Cpu(0.01),)))
    run = simulate(Workload(threads), _free("processes", cores=1))
    assert [(span.activity, span.start // MS, span.end // MS) for span in spans(run.events) if span.thread == "T1"] == [
        ("run", 0, 3),
        ("ready", 3, 5),
        ("run", 5, 12),
    ]


def test_the_price_and_the_efficiency_without_a_gil() -> None:
    """20 ms at a price of 10 % are 22; two at once at half speed are 44."""
    alone = Workload((Thread("T1", (Cpu(0.02),)),))
    settings = _free("free-threaded", price=0.1, efficiency=0.5)
    assert simulate(alone, settings).time == 22 * MS
    assert simulate(_two(0.02, 0.02), settings).time == 44 * MS


def test_cores_may_slow_each_other_down() -> None:
    """Twice 20 ms at 80 % of the speed take 25; one thread alone, or one core, takes what it takes."""
    for model in ("processes", "per-interpreter", "free-threaded"):
        assert simulate(_two(0.02, 0.02), _free(model, sharing=0.8)).time == 25 * MS
        assert simulate(Workload((Thread("T1", (Cpu(0.02),)),)), _free(model, sharing=0.8)).time == 20 * MS
        assert simulate(_two(0.02, 0.02), _free(model, sharing=0.8, cores=1)).time == 40 * MS


def test_the_old_gil_wakes_in_vain_on_two_cores() -> None:
    """A waiter needs 50 us to wake, the holder none to take the lock back: it never gets it while the other runs."""
    run = simulate(_two(0.01, 0.01), _free("old", cores=2, wake=50e-6, ticks=100e-6))
    takes = [event.thread for event in run.events if event.kind == "take"]
    assert takes == ["T1"] * takes.count("T1") + ["T2"] * takes.count("T2")
    assert run.count("failed") == 99  # after each of 100 releases but the last, when T1 has ended
    assert run.time == 20 * MS + 50_000


def test_the_old_gil_with_a_certain_handover_takes_turns() -> None:
    """With probability 1 every release gives the lock away: five turns of 1 ms each, and one to end."""
    run = simulate(_two(0.005, 0.005), _free("old", cores=2, handover=1.0, ticks=0.001))
    assert [event.thread for event in run.events if event.kind == "take"] == ["T1", "T2"] * 6


def test_starting_and_joining_in_one_loop_is_sequential() -> None:
    """1 s and 2 s of sleep: 3 s when each is joined before the next starts, 2 s when all start first."""
    pieces = [[Io(1.0)], [Io(2.0)]]
    assert simulate(started_and_joined_in_one_loop(pieces), _free()).seconds == 3
    assert simulate(side_by_side(pieces), _free()).seconds == 2


def test_a_lock_keeps_the_other_out_also_without_a_gil() -> None:
    """Two threads hold one lock for 10 ms each: 20 ms, even free-threaded."""
    does = (Acquire("L"), Cpu(0.01), Release("L"))
    run = simulate(Workload((Thread("T1", does), Thread("T2", does))), _free("free-threaded"))
    assert run.time == 20 * MS


def test_a_consumer_waits_for_each_item() -> None:
    """Three items of 2 ms each; the consumer uses the last one from 6 to 7 ms."""
    assert simulate(producer_and_consumer(3, 0.002, 0.001), _free()).time == 7 * MS
    assert simulate(producer_and_consumer(3, 0.002, 0.001), _free("processes", message=0.001)).time == 11 * MS


def test_a_call_that_blocks_the_loop_blocks_everybody() -> None:
    """Three coroutines sleep 10 ms together, and compute 10 ms each one after the other."""
    assert simulate(side_by_side([[Io(0.01)]] * 3), _free("asyncio")).time == 10 * MS
    assert simulate(side_by_side([[Call(0.01)]] * 3), _free("asyncio")).time == 30 * MS


def test_nothing_takes_the_loop_from_a_task() -> None:
    """T2 wants to go on at 3 ms, with a higher priority; T1 computes twice, two hours in all, and T2 follows."""
    threads = (Thread("T2", (Io(0.003), Mark("awake")), priority=1), Thread("T1", (Cpu(0.004), Cpu(7199.996))))
    assert simulate(Workload(threads), _free("asyncio")).marks("awake") == [7200]


def test_a_timer_that_is_due_while_the_loop_runs_costs_no_wake_up() -> None:
    """T2 sleeps 19.5 ms while T1 computes 20: it goes on at 20, and alone it would wake 1 ms late."""
    settings = _free("asyncio", wake=0.001)
    both = Workload((Thread("T2", (Io(0.0195), Mark("awake"))), Thread("T1", (Cpu(0.02),))))
    assert simulate(both, settings).marks("awake") == [0.02]
    assert simulate(Workload(both.threads[:1]), settings).marks("awake") == [0.0205]


def test_the_loop_polls_when_nothing_is_ready() -> None:
    """Two coroutines sleep: the loop polls once, and wakes for each."""
    run = simulate(side_by_side([[Io(0.01)], [Io(0.02)]]), _free("asyncio"))
    assert [event.time // MS for event in run.events if event.kind == "poll"] == [0, 10, 20]


def test_marks_note_the_time() -> None:
    """A mark takes no time."""
    run = simulate(Workload((Thread("T1", (Cpu(0.01), Mark("half"), Cpu(0.01))),)), _free())
    assert run.marks("half") == [0.01]


def test_a_sleeper_beside_a_call() -> None:
    """It sleeps 1 ms, and gets the GIL when the call of 30 ms returns."""
    run = simulate(beside_a_call(Call(0.03), 0.001, 2), _free())
    assert next(round(awake * 1e3) for awake in run.marks("awake")) == 30


@pytest.mark.parametrize(
    ("threads", "sentence"),
    [
        ((), "a workload needs a thread"),
        ((Thread("A", ()), Thread("A", ())), "two threads are called A"),
        ((Thread("A", (Start("B"),)),), "there is no thread B"),
        ((Thread("A", (Join("B"),)),), "there is no thread B"),
        ((Thread("A", (Start("B"), Start("B"))), Thread("B", ())), "thread B is started twice"),
        ((Thread("A", (Cpu(-1.0),)),), "is no duration"),
        ((Thread("A", (Io(float("nan")),)),), "is no duration"),
        ((Thread("A", (), background=True),), "a workload needs a thread"),
    ],
)
def test_a_workload_that_makes_no_sense(threads, sentence) -> None:
    """Each mistake is one sentence."""
    with pytest.raises(UsageError, match=sentence):
        Workload(threads)


@pytest.mark.parametrize(
    ("threads", "sentence"),
    [
        ((Thread("A", (Get("q"),)),), "never ends: A waits for queue q"),
        ((Thread("A", (Acquire("L"), Acquire("L"))),), "never ends: A waits for lock L"),
        (
            (Thread("A", (Join("B"),)), Thread("B", (Get("q"), Put("q")))),
            "A waits for the end of B, B waits for queue q",
        ),
        ((Thread("A", (Get("q"), Start("B"))), Thread("B", ())), "B is never started"),
        ((Thread("A", (Release("L"),)),), "releases lock L, which it does not hold"),
    ],
)
def test_a_workload_that_never_ends(threads, sentence) -> None:
    """The sentence says who waits for what."""
    with pytest.raises(UsageError, match=sentence):
        simulate(Workload(threads))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model": "newer"}, "there is no model 'newer'"),
        ({"cores": 0}, "cores is 0"),
        ({"cores": 1.5}, "cores has to be a whole number"),
        ({"interval": 0}, "interval is 0"),
        ({"handover": 2}, "handover is 2, and has to be from 0 to 1"),
        ({"wake": True}, "wake is True"),
    ],
)
def test_settings_that_make_no_sense(changes, sentence) -> None:
    """Each is out of its range, and the sentence says which range that is."""
    with pytest.raises(UsageError, match=sentence):
        Settings(**changes)
