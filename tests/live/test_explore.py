"""Real code in every order that matters: the counts are those worked out by hand and by brute force."""

import sys
import threading
import time
from math import comb, factorial

import pytest
from hypothesis import given
from hypothesis import strategies as some

import lab
import lab.live
from lab.errors import UsageError
from lab.live import Incomplete, PropertyFails, explore
from tests.live import naive_orders

pytest.importorskip("bytecode")


class Counter:
    def __init__(self):
        self.x = 0
        self.lock = threading.Lock()


def increments(times):
    def increment(state):
        for _ in range(times):
            state.x += 1

    return increment


def locked(state):
    with state.lock:
        state.x += 1


def read(state):
    return state.x


@pytest.mark.parametrize(("threads", "times", "traces"), [(2, 1, 4), (2, 2, 34), (2, 3, 328), (3, 1, 36), (4, 1, 576)])
def test_each_truly_different_run_is_made_once(threads, times, traces):
    """The model counts the same traces of the same programs; no run is cut short."""
    found = explore([increments(times)] * threads, setup=Counter)
    assert (found.executions, found.blocked, found.exhausted) == (traces, 0, True)
    assert found.holds
    model = "\n".join(
        [
            "from lab.scenario import thread",
            "x = 0",
            f"@thread(each=range({threads}))",
            "def increment(who):",
            "    global x",
            *["    x += 1"] * times,
        ]
    )
    from lab.explorer import explore as explore_model
    from lab.language import parse
    from lab.model.policies import POLICIES
    from lab.model.relation import Relation

    result = explore_model(Relation(parse(model, path="m.py", name="m"), POLICIES["access"]), traces=True)
    assert result.traces == traces
    sums = {outcome.shared["x"] for outcome in result.outcomes}
    assert {dict(outcome.state[1])["x"] for outcome in found.outcomes} == sums


@pytest.mark.parametrize("times", [1, 2, 3])
def test_every_order_is_made_once(times):
    """Two threads of 2n steps have (4n)! / (2n)!**2 orders: 6, 70, 924."""
    found = explore([increments(times)] * 2, setup=Counter, strategy="all")
    assert found.executions == comb(4 * times, 2 * times) == factorial(4 * times) // factorial(2 * times) ** 2
    assert found.holds


def test_readers_do_not_multiply_runs():
    assert explore([read] * 5, setup=Counter).executions == 1


def test_a_lock_orders_whole_sections():
    """Three sections in any order: 3! runs, and the sum is always 3."""
    found = explore([locked] * 3, setup=Counter, check=lambda state: state.x == 3)
    assert (found.executions, found.blocked) == (6, 0)
    found.assert_holds()


def test_a_rare_fault_is_found():
    """Of 184,756 orders of 2 x 5 increments 8 end at 2: each thread's last write follows the other's first."""
    found = explore([increments(5)] * 2, setup=Counter, check=lambda state: state.x != 2, first_failure=True)
    assert not found.exhausted
    with pytest.raises(PropertyFails) as caught:
        found.assert_holds()
    failure = caught.value.failure
    assert failure.preemptions <= 4
    again = explore(
        [increments(5)] * 2, setup=Counter, check=lambda state: state.x != 2, strategy="replay", token=failure.token
    )
    assert [one.message for one in again.failures] == [failure.message]


def test_a_search_that_is_not_complete_is_no_pass():
    found = explore([increments(3)] * 2, setup=Counter, max_executions=10)
    assert (found.executions, found.exhausted, found.holds) == (10, False, None)
    with pytest.raises(Incomplete):
        found.assert_holds(accept_bound=True)
    drawn = explore([increments(1)] * 2, setup=Counter, strategy="random", max_executions=20)
    with pytest.raises(Incomplete):
        drawn.assert_holds()
    drawn.assert_holds(accept_bound=True)


@pytest.mark.parametrize("bound", [0, 1, 2])
def test_a_bound_on_preemptions(bound):
    """Of two threads of two steps: 2 orders without a preemption, 2 with one (after one step), 2 with two."""
    found = explore([increments(1)] * 2, setup=Counter, bound=bound)
    assert found.executions == 2 * (bound + 1)
    assert found.covered == f"every order of steps with at most {bound} preemption{'' if bound == 1 else 's'}"
    with pytest.raises(Incomplete):
        found.assert_holds()
    found.assert_holds(accept_bound=True)


@pytest.mark.parametrize("strategy", ["random", "pct"])
def test_what_is_drawn_depends_on_the_seed_alone(strategy):
    def drawn(seed):
        found = explore([increments(2)] * 2, setup=Counter, strategy=strategy, max_executions=50, seed=seed)
        return [(one.state, one.executions, one.token) for one in found.outcomes]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


# ------------------------------------------------------------------------------------------------------- brute force

OPERATIONS = some.one_of(
    some.tuples(some.sampled_from(["read", "write"]), some.sampled_from(["a", "b"])),
    some.tuples(some.just("section"), some.sampled_from(["p", "q"])),
)
PROGRAMS = some.lists(some.lists(OPERATIONS, min_size=1, max_size=3), min_size=2, max_size=3)


class Cells:
    def __init__(self):
        self.a = self.b = 0
        self.p = threading.Lock()
        self.q = threading.Lock()


def perform(state, operations):
    """Do the operations; a section takes its lock and does the rest of the list inside."""
    for position, (kind, name) in enumerate(operations):
        if kind == "read":
            state.a if name == "a" else state.b  # noqa: B018 - the access is what counts
        elif kind == "write" and name == "a":
            state.a = position
        elif kind == "write":
            state.b = position
        else:
            with state.p if name == "p" else state.q:
                perform(state, operations[position + 1 :])
            return


def flattened(operations):
    """Return the same operations with acquires and releases."""
    steps, ends = [], []
    for kind, name in operations:
        if kind == "section":
            steps.append(("acquire", name))
            ends.insert(0, ("release", name))
        else:
            steps.append((kind, name))
    return steps + ends


@given(PROGRAMS)
def test_random_programs_have_as_many_runs_as_traces(program):
    """Threads that take a lock twice wait for themselves: those deadlocks are counted, too."""
    flat = [flattened(one) for one in program]
    steps = sum(map(len, flat))
    if steps > 10:
        return
    wanted = naive_orders.traces(flat)
    fixed = [tuple(one) for one in program]
    threads = [lambda state, operations=one: perform(state, operations) for one in fixed]
    found = explore(threads, setup=Cells)
    assert (found.executions, found.exhausted) == (len(wanted), True)
    deadlocks = {naive_orders.trace(flat, order) for order, stuck in naive_orders.orders(flat) if stuck}
    assert sum(one.executions for one in found.outcomes if one.status == "deadlock") == len(deadlocks)


def test_who_waits_in_a_deadlock_could_have_come_first():
    """T1 takes its lock twice. T2 waits for ever, or had its section before: two runs, both deadlocks."""
    program = [(("section", "q"), ("section", "q")), (("section", "q"),)]
    found = explore([lambda state, of=one: perform(state, of) for one in program], setup=Cells)
    assert len(naive_orders.traces([flattened(one) for one in program])) == 2
    assert (found.executions, found.blocked) == (2, 0)
    assert sorted(len(one.returned) for one in found.outcomes) == [0, 1]


# ------------------------------------------------------------------------------------------------ what can go wrong


def test_a_deadlock_is_found_and_shown():
    class Locks:
        def __init__(self):
            self.first, self.second = threading.Lock(), threading.Lock()

    def there(state):
        with state.first, state.second:
            pass

    def back(state):
        with state.second, state.first:
            pass

    found = explore([there, back], setup=Locks)
    assert [one.kind for one in found.failures] == ["deadlock"]
    failure = found.failures[0]
    assert "T1 waits for acquire of a Lock held by T2" in failure.message
    assert failure.token == "T1*3,T2*3"
    assert "with state.first, state.second" in failure.stacks["T1"][-1]


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, ValueError])
def test_a_thread_that_raises_fails_its_run_alone(error):
    def raises(state):
        state.x += 1
        raise error("text")

    found = explore([raises, increments(1)], setup=Counter)
    assert found.executions == 4
    assert [one.message for one in found.failures] == [f"T1 ends by {error.__name__}: text"]


def test_a_thread_that_never_ends_is_no_hang():
    def spin(state):
        while True:
            state.x += 1

    found = explore([spin], setup=Counter, most_steps=50)
    assert [one.kind for one in found.failures] == ["endless"]
    assert not found.exhausted


def test_different_behaviour_on_the_same_schedule_is_reported():
    times = []

    def moody(state):
        times.append(1)
        if len(times) % 2:
            state.x += 1
        state.lock.acquire()

    found = explore([moody, increments(1)], setup=Counter)
    assert [one.kind for one in found.failures] == ["nondeterministic"]
    assert not found.exhausted


def test_everything_is_as_before():
    before = (threading.Lock, locked.__code__, threading.active_count(), sys.gettrace(), time.sleep)
    explore([locked] * 2, setup=Counter)
    assert (threading.Lock, locked.__code__, threading.active_count(), sys.gettrace(), time.sleep) == before


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"threads": []}, "at least one thread"),
        ({"strategy": "wild"}, "no strategy 'wild'"),
        ({"strategy": "preemptions"}, "needs a bound"),
        ({"strategy": "all", "bound": 1}, "makes no sense"),
        ({"strategy": "pct", "bound": 0}, "depth of at least 1"),
        ({"strategy": "replay"}, "token is needed"),
        ({"strategy": "replay", "token": "T1**"}, "no part of a token"),
        ({"strategy": "replay", "token": "T9"}, "cannot take step 1"),
        ({"max_executions": 0}, "at least 1"),
        ({"most_steps": 0}, "at least 1"),
        ({"names": ["a", "a"]}, "name of its own"),
    ],
)
def test_requests_that_make_no_sense(request_, words):
    with pytest.raises(UsageError, match=words.replace("*", r"\*")):
        explore(**{"threads": [increments(1)] * 2, "setup": Counter, **request_})


def test_the_public_face_is_lazy():
    with pytest.raises(AttributeError):
        _ = lab.live.nothing
