"""Real threads under a scheduler: every order can be asked for, and the interpreter is clean afterwards."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

import pytest

from lab.live.runner import controlled, first_enabled, following, run
from lab.live.runner import locks as controlled_locks
from lab.live.runner.opcodes import Opcodes

HERE = sys.modules[__name__]
PROGRAM = Path(__file__).parent / "count_orders.py"
INTERPRETERS = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python"))

first_lock = threading.Lock()
second_lock = threading.Lock()


def forwards():
    with first_lock, second_lock:
        return "both"


def backwards():
    with second_lock, first_lock:
        return "both"


def test_threads_run_in_the_order_that_is_asked_for():
    """Acquire, acquire, release, release: four steps each."""
    found = run([forwards, backwards], following(["T1"] * 4), modules=[HERE])
    assert (found.status, found.returned) == ("finished", {"T1": "both", "T2": "both"})
    assert found.schedule == ["T1"] * 4 + ["T2"] * 4
    assert [step.site.kind for step in found.steps[:4]] == ["acquire", "acquire", "release", "release"]
    assert {step.site.file for step in found.steps} == {__file__}


def test_a_deadlock_says_who_waits_for_whom():
    found = run([forwards, backwards], following(["T1", "T2"]), modules=[HERE])
    assert found.status == "deadlock"
    assert found.waiting == {"T1": "acquire of a Lock held by T2", "T2": "acquire of a Lock held by T1"}
    assert "with first_lock, second_lock" in found.stacks["T1"][-1]


def test_a_schedule_that_cannot_be_followed_ends_the_run():
    assert run([forwards, backwards], following(["T2"] * 5), modules=[HERE]).status == "left"


def test_threads_that_a_thread_starts_belong_to_the_run():
    def parent():
        seen = []
        child = threading.Thread(target=lambda: seen.append(threading.current_thread() is child))
        child.start()
        child.join()
        with ThreadPoolExecutor(2) as pool:
            return seen, list(pool.map(abs, [-1, -2]))

    found = run([parent], first_enabled, modules=[HERE])
    assert found.returned["T1"] == ([True], [1, 2])
    assert {"T1.1", "T1.2"} <= set(found.returned)


def test_sleeping_takes_no_time():
    begun = time.perf_counter()
    found = run([lambda: (time.sleep(100), time.monotonic())], first_enabled)
    assert found.returned["T1"][1] == 100
    assert time.perf_counter() - begun < 5


def test_everything_is_put_back():
    """Names, module-level locks and threads are as before, also when the body fails."""
    before = (threading.Lock, threading.Thread, time.sleep, Lock, first_lock, threading.active_count())
    with pytest.raises(ZeroDivisionError), controlled([HERE]):
        assert type(threading.Lock()) is controlled_locks.Lock
        assert Lock is controlled_locks.Lock
        assert type(first_lock) is controlled_locks.Lock
        raise ZeroDivisionError
    after = (threading.Lock, threading.Thread, time.sleep, Lock, first_lock, threading.active_count())
    assert before == after


def test_a_thread_that_blocks_unseen_is_reported():
    """A real lock inside a closure is not replaced: the thread blocks in C, and the watchdog says where."""
    hidden = first_lock
    hidden.acquire()
    try:
        found = run([lambda: hidden.acquire(timeout=3)], first_enabled, watchdog=0.2)
    finally:
        hidden.release()
    assert found.status == "stuck"
    assert found.waiting == {"T1": "something outside of the lab's control"}
    assert "hidden.acquire" in found.stacks["T1"][-1]


def test_a_thread_that_computes_for_ever_is_interrupted():
    def spin():
        while True:
            pass

    threads = threading.active_count()
    assert run([spin], first_enabled, watchdog=0.2).status == "stuck"
    assert threading.active_count() == threads


def test_a_fault_of_the_chooser_ends_the_run():
    def broken(session, enabled):
        raise LookupError

    with pytest.raises(LookupError):
        run([forwards, backwards], broken, modules=[HERE])
    assert run([forwards], first_enabled, modules=[HERE]).status == "finished"


total = 0


def test_opcodes_are_switch_points():
    """One increment reads and writes: T1 reads, T2 does both, T1 overwrites."""
    global total

    def increment():
        global total
        total += 1

    total = 0
    with Opcodes([increment.__code__]) as seen, controlled() as control:
        found = control.run([increment] * 2, following(["T1", "T2", "T2", "T1"]), enter=seen.enter)
    assert (found.status, total) == ("finished", 1)
    assert [step.site.kind for step in found.steps] == ["read", "read", "write", "write"]
    assert {step.site.name for step in found.steps} == {"total"}


@pytest.mark.parametrize("python", INTERPRETERS or [None], ids=lambda path: path.parent.parent.name if path else "none")
def test_every_interpreter_finds_every_order(python):
    """Two threads of n increments: (4n)! / (2n)!**2 orders, 6 and 924; the sums 1 to 2 and 2 to 6."""
    if python is None:
        pytest.skip("no pyenv interpreters here")
    if tuple(map(int, python.parent.parent.name.split(".")[:2])) < (3, 9):
        pytest.skip("the runner needs Python 3.9")
    done = subprocess.run([python, "-I", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == "6 [1, 2]\n924 [2, 3, 4, 5, 6]\n"
