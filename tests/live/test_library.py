"""The library's own ways to wait, within threads under test: executors, asyncio, clocks, derived threads."""

import asyncio
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

import pytest

from lab.live import explore

pytest.importorskip("bytecode")


class State:
    def __init__(self):
        self.x = 0
        self.event = threading.Event()


def add(state):
    state.x += 1


def sums(found):
    return {dict(one.state[1])["x"] for one in found.outcomes}


class Adds(threading.Thread):
    """Derived long before anything is explored."""

    def __init__(self, state):
        super().__init__()
        self.state = state

    def run(self):
        add(self.state)


def test_threads_of_a_derived_class():
    """Two increments have four traces, whoever is a thread; afterwards the class is as it was."""

    def starts(state):
        both = [Adds(state), Adds(state)]
        for one in both:
            one.start()
        for one in both:
            one.join()

    found = explore([starts], setup=State)
    assert (found.executions, found.blocked, sums(found)) == (4, 0, {1, 2})
    assert Adds.__bases__ == (threading.Thread,)


def by_results(pool, functions):
    for one in as_completed([pool.submit(function) for function in functions]):
        one.result()


def by_map(pool, functions):
    list(pool.map(lambda function: function(), functions))


@pytest.mark.parametrize("way", [by_results, by_map])
def test_the_same_schedule_does_the_same_in_a_pool(way):
    """Sets of threads and of futures are gone through in the same order each time."""

    def both(state):
        with ThreadPoolExecutor(2) as pool:
            way(pool, [lambda: add(state)] * 2)

    found = explore([both], setup=State, max_executions=200)
    assert found.failures == ()
    assert sums(found) == {1, 2}


def test_a_pool_that_nobody_shuts_down_is_no_deadlock():
    """Its thread waits for more work when all others have ended, as it does until the interpreter ends."""

    def submits(state):
        ThreadPoolExecutor(1).submit(add, state).result()

    found = explore([submits], setup=State)
    assert (found.failures, sums(found)) == ((), {1})


def test_a_daemon_may_wait_for_ever():
    def starts(state, daemon):
        threading.Thread(target=state.event.wait, daemon=daemon).start()

    assert explore([lambda state: starts(state, daemon=True)], setup=State).holds
    found = explore([lambda state: starts(state, daemon=False)], setup=State)
    assert [one.message for one in found.failures] == ["deadlock: T1.1 waits for wait of an Event that is not set"]


def test_a_deadlock_says_who_ended_before():
    def fails(state):
        raise LookupError("gone")

    found = explore([fails, lambda state: state.event.wait()], setup=State)
    assert found.failures[0].message == (
        "deadlock: T2 waits for wait of an Event that is not set; T1 ended by LookupError: gone"
    )


# ----------------------------------------------------------------------------------------------------------- asyncio


async def adds_slowly(state):
    before = state.x
    await asyncio.sleep(30)
    state.x = before + 1


def test_asyncio_in_a_thread():
    """Two tasks read before either writes: one is lost; the half minute takes no time."""

    async def both(state):
        await asyncio.gather(adds_slowly(state), adds_slowly(state))

    begun = time.perf_counter()
    found = explore([lambda state: asyncio.run(both(state))], setup=State)
    assert (found.failures, sums(found)) == ((), {1})
    assert time.perf_counter() - begun < 20


def test_asyncio_beside_a_thread():
    """The other thread adds before the read, after the write, or in between, where its update is lost."""
    found = explore([lambda state: asyncio.run(adds_slowly(state)), add], setup=State)
    assert (found.failures, found.exhausted, sums(found)) == ((), True, {1, 2})


def test_a_loop_that_another_thread_wakes():
    """T1's loop waits without a time-out for what T2 puts into it."""

    class Loops(State):
        def __init__(self):
            super().__init__()
            self.loop = None
            self.ready = threading.Event()

    async def waits(state):
        future = asyncio.get_running_loop().create_future()
        state.loop, state.future = asyncio.get_running_loop(), future
        state.ready.set()
        return await future

    def wakes(state):
        state.ready.wait()
        state.loop.call_soon_threadsafe(state.future.set_result, 7)

    found = explore([lambda state: asyncio.run(waits(state)), wakes], setup=Loops, max_executions=100)
    assert found.failures == ()
    assert {one.returned["T1"] for one in found.outcomes} == {7}


def test_a_process_that_asyncio_starts():
    """What comes from outside is waited for in real time; when it comes may differ, which is then said."""

    async def asks():
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(7)", stdout=asyncio.subprocess.PIPE)
        return (await process.communicate())[0]

    found = explore([lambda: asyncio.run(asks())], max_executions=1)
    assert {one.kind for one in found.failures} <= {"nondeterministic"}
    assert all(one.returned["T1"] == b"7\n" for one in found.outcomes)
    assert found.outcomes or found.failures


# ------------------------------------------------------------------------------------------------------------- clocks


@pytest.mark.parametrize("clock", [time.time, time.monotonic, time.perf_counter])
def test_clocks_show_what_was_slept(clock):
    name = clock.__name__

    def sleeps(_):
        begun = getattr(time, name)()
        nanoseconds = getattr(time, f"{name}_ns")()
        time.sleep(1000)
        return getattr(time, name)() - begun, getattr(time, f"{name}_ns")() - nanoseconds

    found = explore([sleeps], setup=State)
    assert found.outcomes[0].returned["T1"] == (1000.0, 1000 * 10**9)


def test_queues_and_events_that_were_derived():
    class Doubled(threading.Event):
        def set(self):
            super().set()
            self.twice = True

    class States(State):
        def __init__(self):
            super().__init__()
            self.doubled = Doubled()

    found = explore([lambda state: state.doubled.set(), lambda state: state.doubled.wait()], setup=States)
    assert (found.failures, found.exhausted) == ((), True)
