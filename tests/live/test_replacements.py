"""What threads wait with behaves as the real thing does, whatever one thread alone can do to it."""

import queue
import threading
import typing
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.live import explore
from lab.live.runner import first_enabled, run

pytest.importorskip("bytecode")


def lock():
    one = threading.Lock()
    first = (one.acquire(), one.locked(), one.acquire(False), one.acquire(timeout=0.001))
    one.release()
    with one:
        second = one.locked()
    return first, second, one.locked()


def rlock():
    one = threading.RLock()
    with one, one:
        inside = one._is_owned()
    return inside, one._is_owned(), one.acquire(False), one.release()


def condition():
    one = threading.Condition()
    with one:
        waited = one.wait(0.001)
        one.notify()
        one.notify_all()
        return waited, one.wait_for(lambda: 7, 1), one.wait_for(lambda: 0, 0.001)


def event():
    one = threading.Event()
    before = (one.is_set(), one.wait(0.001))
    one.set()
    after = (one.is_set(), one.wait())
    one.clear()
    return before, after, one.is_set()


def semaphore():
    one = threading.Semaphore(2)
    with one:
        found = (one.acquire(), one.acquire(False), one.acquire(timeout=0.001))
    one.release(2)
    return found, one.acquire(False)


def barrier():
    seen = []
    one = threading.Barrier(1, lambda: seen.append(1))
    return one.wait(), one.wait(), seen, one.parties, one.n_waiting, one.broken


def broken_barrier():
    one = threading.Barrier(2)
    try:
        one.wait(0.001)
    except threading.BrokenBarrierError:
        return one.broken, one.n_waiting
    return None


def queues():
    found = []
    for make in (queue.Queue, queue.LifoQueue, queue.PriorityQueue):
        one = make(2)
        one.put(2)
        one.put_nowait(1)
        found.append((one.full(), one.qsize(), one.get(), one.get_nowait(), one.empty()))
        one.task_done()
        one.task_done()
        one.join()
    return found


def simple_queue():
    one = queue.SimpleQueue()
    one.put(1)
    return one.get(), one.empty(), one.qsize()


def local():
    one = threading.local()
    one.x = 1
    seen = []
    other = threading.Thread(target=lambda: seen.append(hasattr(one, "x")))
    other.start()
    other.join()
    del one.x
    return seen, hasattr(one, "x"), other.is_alive()


def pool():
    with ThreadPoolExecutor(1) as some:
        future = some.submit(pow, 2, 5)
        return future.result(), list(some.map(len, ["a", "bc"])), future.done()


def timer():
    seen = []
    one = threading.Timer(0.001, seen.append, [1])
    one.start()
    one.join()
    return seen


MISTAKES = [
    lambda: threading.Lock().release(),
    lambda: threading.RLock().release(),
    lambda: threading.Lock().acquire(False, 1),
    lambda: threading.Lock().acquire(timeout=-2),
    lambda: threading.Condition().wait(),
    lambda: threading.Condition().notify(),
    lambda: threading.Condition().notify_all(),
    lambda: threading.Semaphore(-1),
    lambda: threading.Semaphore(1).acquire(False, 1),
    lambda: threading.Semaphore(1).release(0),
    lambda: threading.BoundedSemaphore(1).release(),
    lambda: threading.BoundedSemaphore(1).release(0),
    lambda: queue.Queue().get_nowait(),
    lambda: queue.Queue().get(timeout=-1),
    lambda: queue.Queue(1).put(1, timeout=-1),
    lambda: queue.Queue().task_done(),
    lambda: queue.SimpleQueue().get_nowait(),
    lambda: (lambda one: (one.put(1), one.put(1, timeout=0.001)))(queue.Queue(1)),
]


@pytest.mark.parametrize(
    "use",
    [lock, rlock, condition, event, semaphore, barrier, broken_barrier, queues, simple_queue, local, pool, timer],
    ids=lambda use: use.__name__,
)
def test_one_thread_sees_no_difference(use):
    found = run([use], first_enabled)
    assert found.errors == {}
    assert found.returned["T1"] == use()


@pytest.mark.parametrize("mistake", MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_raise_what_they_really_raise(mistake):
    with pytest.raises(Exception) as really:  # noqa: PT011 - whichever it is
        mistake()
    found = run([mistake], first_enabled).errors["T1"]
    assert type(found) is type(really.value)


# ---------------------------------------------------------------------------------------------------- between threads


class Shared:
    def __init__(self):
        self.lock = threading.Lock()
        self.condition = threading.Condition(self.lock)
        self.event = threading.Event()
        self.items = queue.Queue(1)
        self.barrier = threading.Barrier(2)
        self.semaphore = threading.Semaphore(1)
        self.full = False
        self.x = 0


def consumer(state):
    with state.condition:
        while not state.full:
            state.condition.wait()
        state.x += 1


def producer(state):
    with state.condition:
        state.full = True
        state.condition.notify()


def test_a_condition_is_never_missed():
    """The consumer comes first and waits, or comes second and does not: two runs."""
    found = explore([consumer, producer], setup=Shared, check=lambda state: state.x == 1)
    assert (found.executions, found.blocked) == (2, 0)
    found.assert_holds()


def test_a_lost_wake_up_is_a_deadlock():
    def waits(state):
        if not state.full:
            with state.condition:
                state.condition.wait()

    found = explore([waits, producer], setup=Shared)
    assert [one.kind for one in found.failures] == ["deadlock"]
    assert "T1 waits for wake of a Condition that nobody notifies" in found.failures[0].message


def test_an_event_orders():
    def first(state):
        state.x = 1
        state.event.set()

    def second(state):
        state.event.wait()
        return state.x

    found = explore([first, second], setup=Shared)
    assert (found.executions, found.blocked) == (1, 0)
    assert found.outcomes[0].returned == {"T1": None, "T2": 1}


def test_a_time_out_may_come_first():
    """The waiter finds the event set, or its time is up before: two runs."""
    found = explore([lambda state: state.event.set(), lambda state: state.event.wait(1)], setup=Shared)
    assert {one.returned["T2"] for one in found.outcomes} == {True, False}
    assert (found.executions, found.blocked) == (2, 0)


def test_a_full_queue_waits():
    """Three items through a queue for one come out in order, whoever runs first."""

    def puts(state):
        for item in range(3):
            state.items.put(item)

    def gets(state):
        return [state.items.get() for _ in range(3)]

    found = explore([puts, gets], setup=Shared)
    assert {one.returned["T2"] for one in found.outcomes} == {(0, 1, 2)}
    assert found.holds
    assert found.blocked == 0


def test_a_barrier_lets_all_go_on():
    found = explore([lambda state: state.barrier.wait()] * 2, setup=Shared)
    assert {tuple(one.returned.values()) for one in found.outcomes} == {(0, 1), (1, 0)}
    assert found.holds


def test_a_semaphore_admits_one():
    def enters(state):
        with state.semaphore:
            state.x += 1

    found = explore([enters] * 3, setup=Shared, check=lambda state: state.x == 3)
    assert (found.executions, found.blocked) == (6, 0)
    found.assert_holds()


def test_threads_that_a_thread_starts_race():
    """The parent's increment and the child's: 4 runs, as for two threads; what was written before stays before."""

    def parent(state):
        def child():
            state.x += 1

        state.x = 0
        one = threading.Thread(target=child)
        one.start()
        state.x += 1
        one.join()
        return state.x

    found = explore([parent], setup=Shared)
    assert {one.returned["T1"] for one in found.outcomes} == {1, 2}
    assert (found.executions, found.blocked) == (4, 0)


# ------------------------------------------------------------------------------------------------------- made before


class WithLock:
    lock = threading.Lock()
    condition = threading.Condition(lock)
    locks: typing.ClassVar = {"one": threading.RLock()}


class Holder:
    def __init__(self):
        self.inner = [threading.RLock()]


HOLDER = Holder()


def synchronised(function):
    guard = threading.Lock()

    def locked(state):
        with guard:
            function(state)

    return locked


def add(state):
    state.x += 1


def by_class(state):
    with WithLock.lock:
        add(state)


def by_condition_of_that_lock(state):
    with WithLock.condition:
        add(state)


def by_dict(state):
    with WithLock.locks["one"]:
        add(state)


def by_object(state):
    with HOLDER.inner[0]:
        add(state)


def by_default(state, lock=threading.Lock()):  # noqa: B008 - that it is made once is the point
    with lock:
        add(state)


@pytest.mark.parametrize(
    "threads",
    [
        [by_class, by_class],
        [by_class, by_condition_of_that_lock],
        [by_dict, by_dict],
        [by_object, by_object],
        [by_default, by_default],
        [synchronised(add)] * 2,
    ],
)
def test_locks_that_were_made_before(threads):
    """Wherever such a lock is kept, two sections have two orders; afterwards the real ones are there again."""
    before = (WithLock.lock, WithLock.condition, WithLock.locks["one"], HOLDER.inner[0], by_default.__defaults__[0])
    found = explore(threads, setup=Shared, check=lambda state: state.x == 2)
    assert (found.executions, found.holds) == (2, True)
    after = (WithLock.lock, WithLock.condition, WithLock.locks["one"], HOLDER.inner[0], by_default.__defaults__[0])
    assert all(one is other for one, other in zip(before, after, strict=True))


def test_a_lock_left_taken_is_free_in_the_next_run():
    """T1 never releases the lock of the class: T2 waits for ever, or came before; two runs, one deadlock."""

    def takes(state):
        WithLock.lock.acquire()
        state.x += 1

    found = explore([takes, by_class], setup=Shared)
    assert sorted(one.status for one in found.outcomes) == ["deadlock", "finished"]
    assert not WithLock.lock.locked()
