"""While threads are explored they share one core; nobody sees it, and nothing of it is left."""

import _thread
import os
import threading
import time
from unittest.mock import patch

import pytest

from lab.live import explore
from lab.live.runner import cores
from lab.live.runner.cores import OneCore

pytest.importorskip("bytecode")
pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="needs two cores"
)

before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
real = getattr(os, "sched_getaffinity", None)


@pytest.fixture(autouse=True)
def as_before():
    yield
    assert (real(0), os.sched_getscheduler(0)) == (before, os.SCHED_OTHER)


def test_threads_are_on_one_core_and_see_all():
    found = explore([lambda: (len(cores._real(0)), os.sched_getscheduler(0), os.sched_getaffinity(0) == before)] * 2)
    assert [dict(one.returned) for one in found.outcomes] == [
        {"T1": (1, os.SCHED_BATCH, True), "T2": (1, os.SCHED_BATCH, True)}
    ]


def test_who_stays_is_free_again():
    """A real thread that was started meanwhile lives on, and may be on any core."""
    reading, writing = os.pipe()
    ended, started = _thread.allocate_lock(), []

    def stays():
        started.append(_thread.get_native_id())
        os.read(reading, 1)
        ended.release()

    ended.acquire()
    with OneCore() as core:
        _thread.start_new_thread(stays, ())
        while not started:
            time.sleep(0.001)
        assert real(started[0]) == core.own
    assert (real(started[0]), os.sched_getscheduler(started[0])) == (before, os.SCHED_OTHER)
    os.write(writing, b".")
    ended.acquire()
    os.close(reading)
    os.close(writing)


def test_who_was_there_stays_where_it_is():
    """A thread that its owner has bound to the same core is left alone."""
    ended = threading.Event()
    other = threading.Thread(target=ended.wait)
    other.start()
    try:
        with OneCore() as core:
            os.sched_setaffinity(other.native_id, core.own)
            bound = set(core.own)
        assert real(other.native_id) == bound
    finally:
        ended.set()
        other.join()


def test_a_core_that_others_need_is_left():
    with OneCore() as core, patch.object(cores, "PACE", 1), patch.object(cores, "process_time", lambda: 0.0):
        where = [min(real(0))]
        for _ in before:
            time.sleep(2 * cores.PERIOD)
            core.look()
            where.append(min(real(0)))
    assert where[0] == where[-1]
    assert set(where) == before


def test_a_core_of_its_own_is_kept():
    with OneCore() as core, patch.object(cores, "PACE", 1):
        where, begun = real(0), time.perf_counter()
        with patch.object(cores, "process_time", time.perf_counter):
            while time.perf_counter() - begun < 3 * cores.PERIOD:
                core.look()
        assert real(0) == where


@pytest.mark.parametrize("step", ["sched_setaffinity", "sched_setscheduler"])
def test_control_c_while_threads_are_bound(step):
    function = getattr(os, step)

    def interrupted(*arguments):
        function(*arguments)
        setattr(os, step, function)
        raise KeyboardInterrupt

    with patch.object(os, step, interrupted), pytest.raises(KeyboardInterrupt), OneCore():
        pass


def test_control_c_while_threads_are_freed():
    with pytest.raises(KeyboardInterrupt), OneCore() as core:
        move = core._move

        def interrupted(*arguments, **more):
            core._move = move
            raise KeyboardInterrupt

        core._move = interrupted


def test_a_system_that_refuses():
    with patch.object(os, "sched_setaffinity", side_effect=PermissionError), OneCore() as core:
        assert real(0) == before
        core.look()
    with patch.object(cores, "_real", None), OneCore() as core:
        core.look()
        assert real(0) == before
