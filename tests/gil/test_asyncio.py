"""asyncio's own loop, traced, and the demonstrations with what they really print."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from lab.errors import IncompleteError, UsageError
from lab.gil.demonstration import NAMES, demonstrate, demonstrations
from lab.gil.event_loop import spend, trace_loop
from lab.gil.loop_example import example_life


async def _sleep(seconds: float) -> None:
    spend(0.001)
    await asyncio.sleep(seconds)
    spend(0.001)


async def _two() -> None:
    await asyncio.gather(
        asyncio.create_task(_sleep(0.005), name="long"), asyncio.create_task(_sleep(0.002), name="short")
    )


def test_the_ready_queue_is_served_in_turn() -> None:
    """main makes two tasks; long runs 0-1 ms with short behind it, short 1-2; its timer is due at 4, the other at 6."""
    life = trace_loop(_two)
    tasks = [(turn.name, round(turn.start * 1e3, 6), turn.ready) for turn in life.turns if turn.kind == "task"]
    assert tasks == [
        ("main", 0, ()), ("long", 0, ("short",)), ("short", 1, ()), ("short", 4, ()), ("long", 6, ()), ("main", 7, ()),
    ]  # fmt: skip
    assert [(timer.name, timer.set, round(timer.due, 9)) for timer in life.timers] == [
        ("long", 0.001, 0.006),
        ("short", 0.002, 0.004),
    ]
    waits = [(poll.start, round(poll.end, 9), poll.found) for poll in life.polls if poll.end > poll.start + 1e-9]
    assert waits == [(0.002, 0.004, 0), (0.005, 0.006, 0)]


def test_a_turn_knows_how_many_timers_wait() -> None:
    """When short runs first, long's timer is set; when long resumes, none is left."""
    turns = [turn for turn in trace_loop(_two).turns if turn.kind == "task"]
    assert [(turn.name, turn.timers) for turn in turns][1:5] == [("long", 0), ("short", 1), ("short", 1), ("long", 0)]


def test_the_same_program_has_the_same_life() -> None:
    """A simulated clock stands still while nobody spends time, so nothing depends on the machine."""
    assert example_life() == example_life()


def test_io_comes_through_the_selector() -> None:
    """The request and the reply are each found by one poll, and each makes one I/O callback."""
    life = example_life()
    assert sum(poll.found for poll in life.polls) == 2
    assert sum(turn.kind == "io" for turn in life.turns) == 2
    assert [turn.name for turn in life.turns if turn.kind == "timer"] == [
        "timer of sleeper", "timer of client", "timer of sleeper",
    ]  # fmt: skip


def test_a_measured_life_takes_real_time() -> None:
    """Timers of 4, 2 and 5 ms, and 6 ms of computing: the sleeper alone needs 10."""
    life = example_life(simulated=False)
    assert life.clock == "measured"
    assert life.end >= 0.0099
    assert any(poll.end - poll.start > 0.0005 for poll in life.polls)


def test_a_cancelled_timer_does_not_run() -> None:
    """`wait_for` sets a timer and cancels it; a callback that was cancelled while ready is passed over."""

    async def main() -> None:
        await asyncio.wait_for(asyncio.sleep(0.001), 1)
        asyncio.get_running_loop().call_soon(print, "never").cancel()
        await asyncio.sleep(0)

    life = trace_loop(main)
    assert len(life.timers) == 2
    assert sum(turn.kind == "timer" for turn in life.turns) == 1
    assert "print" not in {turn.name for turn in life.turns}


def test_another_thread_may_wake_the_loop() -> None:
    """With nothing to do and no timer the loop really waits, also under a simulated clock."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        thread = threading.Timer(0.05, loop.call_soon_threadsafe, (done.set_result, 1))
        thread.start()
        await done
        thread.join()

    assert any(poll.limit is None for poll in trace_loop(main).polls)


def test_an_exception_ends_the_trace_and_leaves_nothing_open() -> None:
    """It comes out as it was raised."""

    async def main() -> None:
        task = asyncio.create_task(asyncio.sleep(1))
        await asyncio.sleep(0)
        raise ValueError(task.get_name())

    with pytest.raises(ValueError, match="Task-"):
        trace_loop(main)


def test_a_loop_that_never_rests_is_stopped(monkeypatch) -> None:
    """The trace has a bound."""
    monkeypatch.setattr("lab.gil.event_loop.MOST_TURNS", 50)

    async def main() -> None:
        while True:
            await asyncio.sleep(0)

    with pytest.raises(IncompleteError, match="stopped after 50 callbacks"):
        trace_loop(main)


def test_demonstrations_print_what_they_say() -> None:
    """One line of each, on this Python."""
    expected = {
        "routine": "routine() gave 'hello, routine'",
        "coroutine": "coroutine() gave an object of type coroutine",
        "forgotten-await": "RuntimeWarning: coroutine 'greet' was never awaited",
        "await-outside": "SyntaxError: 'await' outside async function",
        "nested-run": "RuntimeError: asyncio.run() cannot be called from a running event loop",
        "blocked-loop": "hello, routine - did the ticker tick meanwhile? False",
    }
    assert tuple(expected) == NAMES
    for name, one in demonstrations().items():
        shown = demonstrate(one)
        assert expected[name] in shown.output
        assert shown.python == ".".join(map(str, sys.version_info[:3]))
        assert "/" not in shown.output
        assert one.title.endswith(".")
        assert one.explanation.endswith(".")
        assert not one.source.startswith('"""')


def test_a_coroutine_runs_when_it_is_awaited() -> None:
    """The print inside comes after the object was made."""
    output = demonstrate(demonstrations()["coroutine"]).output
    assert "inspect.iscoroutine(coroutine): False" in output
    assert output.index("CORO_CREATED") < output.index("The coroutine sleeps") < output.index("CORO_CLOSED")


def test_an_interpreter_that_is_none(tmp_path) -> None:
    """No such file, and one that is no Python."""
    one = demonstrations()["routine"]
    with pytest.raises(UsageError, match="cannot be run"):
        demonstrate(one, str(tmp_path / "none"))
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    with pytest.raises(UsageError, match="is it a Python"):
        demonstrate(one, str(broken))
