"""Whatever code under test does, the run ends, says so, and leaves the interpreter clean."""

import _thread
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from unittest.mock import patch

import pytest

from lab.live import explore
from lab.live.runner import library, replacements

pytest.importorskip("bytecode")


class State:
    def __init__(self):
        self.x = 0
        self.lock = threading.Lock()


def add(state):
    state.x += 1


def tidy():
    """Return what must be as before."""
    found = [threading.Lock, threading.Thread, threading.current_thread, queue.Queue, time.sleep, os.fork, os._exit]
    return [
        *found,
        threading.active_count(),
        len(sys._current_frames()),
        sys.gettrace(),
        sys.getprofile(),
        add.__code__,
        sys.getrecursionlimit(),
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None,
        os.sched_getscheduler(0) if hasattr(os, "sched_getscheduler") else None,
    ]


@pytest.fixture(autouse=True)
def clean():
    before = tidy()
    yield
    assert tidy() == before


@pytest.fixture(autouse=True)
def interruptible():
    """Let Ctrl-C interrupt, also where whoever started the tests ignores it, as a shell does for background jobs."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def messages(found):
    return [one.message for one in found.failures]


def test_fork():
    found = explore([lambda state: os.fork(), add], setup=State)
    assert messages(found) == [
        "T1 ends by ForbiddenError: a thread under test forked: a run cannot go on in two processes"
    ]


def test_leaving_the_process():
    found = explore([lambda state: os._exit(3), add], setup=State)
    assert messages(found) == ["T1 ends by ForbiddenError: a thread under test called os._exit(3)"]


def test_a_process_is_started_with_fork():
    def starts(state):
        return subprocess.run([sys.executable, "-c", "print(7)"], capture_output=True, text=True, check=True).stdout

    found = explore([starts], setup=State)
    assert found.outcomes[0].returned == {"T1": "7\n"}


def test_code_that_patches_threading():
    """What a thread puts into `threading` is gone after the run that put it there, and after all runs."""

    def patches(state):
        threading.Lock = None
        state.x += 1

    assert explore([patches, add], setup=State).executions >= 4


def test_threading_that_was_patched_before(monkeypatch):
    """A wrapper of somebody else's stands there again afterwards."""

    def wrapper():
        return original()

    original = threading.Lock
    monkeypatch.setattr(threading, "Lock", wrapper)

    def locked(state):
        with state.lock:
            state.x += 1

    found = explore([locked] * 2, setup=State, check=lambda state: state.x == 2)
    found.assert_holds()
    assert threading.Lock is wrapper
    monkeypatch.undo()


def test_recursion_at_its_limit():
    """An access at every depth: the error is the user's, and the other thread is not disturbed."""

    def deep(state):
        state.x = 1
        deep(state)

    found = explore([deep, add], setup=State, max_executions=2, most_steps=100_000)
    assert [one.kind for one in found.failures] == ["exception"]
    assert "RecursionError" in found.failures[0].message


def test_a_thousand_threads():
    found = explore([add] * 1000, setup=State, max_executions=1)
    assert (found.executions, found.outcomes[0].status) == (1, "finished")


def test_a_thread_that_holds_on_to_its_end():
    """A thread of a deadlock catches what ends it, and takes the lock again and again."""

    def stubborn(state):
        state.lock.acquire()
        while True:
            try:
                state.lock.acquire()
            except BaseException:
                state.x += 1
            if state.x > 2000:
                return

    found = explore([stubborn], setup=State)
    assert [one.kind for one in found.failures] == ["deadlock"]


def test_clean_up_of_a_deadlock():
    """`finally` clauses run when the threads are ended, and release what they hold."""
    seen = []

    def waits(state):
        try:
            with state.lock:
                state.lock.acquire()
        finally:
            seen.append(state.lock.peek())

    found = explore([waits], setup=State)
    assert [one.kind for one in found.failures] == ["deadlock"]
    assert set(seen) == {False}


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an interval timer")
def test_control_c_in_the_middle():
    def stop(number, frame):
        raise KeyboardInterrupt

    def slowly(state):
        for _ in range(50):
            state.x += 1

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            explore([slowly] * 3, setup=State)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert explore([add], setup=State).holds


def test_setup_or_check_that_raises():
    def broken():
        raise LookupError("no state")

    with pytest.raises(LookupError):
        explore([add], setup=broken)
    with pytest.raises(KeyboardInterrupt):
        explore([add], setup=State, check=lambda state: signal.raise_signal(signal.SIGINT))


def test_an_exploration_within_one():
    found = explore([lambda state: explore([add], setup=State)], setup=State)
    assert messages(found)[0].startswith("T1 ends by UsageError: an exploration cannot be started")


def test_a_thread_that_blocks_where_nobody_sees_it():
    """It is said at once, no further run is made, and the thread is gone when what it waited for comes."""
    reading, writing = os.pipe()

    def reads(state):
        state.x += 1
        return os.read(reading, 1)

    def later():
        os.write(writing, b"x")

    explore([add], setup=State)  # what is looked at once in a process has been by now
    timer = threading.Timer(1.0, later)
    timer.start()
    try:
        found = explore([reads, add], setup=State, watchdog=0.2)
    finally:
        timer.join()
        os.close(reading)
        os.close(writing)
    assert [one.kind for one in found.failures] == ["stuck"]
    assert (found.executions, found.exhausted, found.holds) == (1, False, False)
    assert "T1 waits for something outside of the lab's control" in found.failures[0].message
    assert "os.read" in found.failures[0].stacks["T1"][-1]


def test_a_stuck_thread_that_another_one_sets_free():
    """T2 waits in C for a real lock that T1 holds, where the lab does not look; once T1 is ended, both are gone."""
    real = _thread.allocate_lock

    def locks(state):
        with state.hidden:
            state.x += 1

    class Hiding(State):
        def __init__(self):
            super().__init__()
            self.hidden = real()

    found = explore([locks, locks], setup=Hiding, watchdog=0.2)
    assert [one.kind for one in found.failures] == ["stuck"]
    assert found.failures[0].message.endswith("T2 waits for something outside of the lab's control")


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs an interval timer")
def test_control_c_at_hundreds_of_moments():
    """In a process of its own: coverage that is interrupted when it has just taken its lock waits for it for ever."""
    command = [sys.executable, "-m", "tests.live.interrupts"]
    ended = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=120, check=False
    )
    assert (ended.returncode, ended.stdout) == (0, "clean after 210 interrupts\n"), ended.stderr


def test_control_c_while_names_are_replaced():
    with patch.object(library, "selector_kinds", side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        explore([add], setup=State)


def test_control_c_while_everything_is_put_back():
    """It waits: the step that it interrupts is made again, and then those that are left."""
    real, held, calls = replacements.exchange, threading.Lock(), []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(*arguments)

    with patch.object(replacements, "exchange", interrupted), pytest.raises(KeyboardInterrupt):
        explore([lambda state: held.locked()], setup=State)
    assert len(calls) >= 3
    assert type(held) is type(threading.Lock())
