"""Conditions, events, barriers, queues and time-outs mean what they mean in Python."""

from __future__ import annotations

import re
import textwrap

import pytest

import lab
from lab.errors import ScenarioError
from lab.language import parse
from tests.language.test_meaning import check_meaning

TOP = """
import threading
from queue import Empty, Full, LifoQueue, PriorityQueue, Queue, SimpleQueue
from threading import Barrier, BoundedSemaphore, BrokenBarrierError, Condition, Event, Lock, RLock, Semaphore
from types import SimpleNamespace
from lab.scenario import Record, atomic, thread

x = 0
items = [1, 2]
lock = Lock()
again = RLock()
c = Condition()
on_lock = Condition(lock)
on_again = threading.Condition(again)
e = Event()
one = Barrier(1)
pair = Barrier(2)
q = Queue()
small = Queue(2)
stack = LifoQueue(maxsize=1)
simple = SimpleQueue()
ranked = PriorityQueue(3)
seats = Semaphore(1)
bounded = BoundedSemaphore(2)
record = Record(payload=1)
slots = [Event(), Event()]


def two():
    return len(items) == 2


def none():
    if items:
        return 0
    return True


"""

SNIPPETS = """
ranked.put(3)
ranked.put(1)
ranked.put(2)
try:
    ranked.put_nowait(0)
except Full:
    return ranked.get(), ranked.full(), ranked.qsize()

for pair_of in ((2, 'b'), (2, 'a'), (1, 'z')):
    ranked.put(pair_of)
ranked.get()
ranked.task_done()
return ranked.get(block=False)

ranked.get_nowait()

c.wait()

c.notify()

c.notify_all()

c.release()

with c:
    return c.wait(timeout=0.01)

with c:
    return c.wait(0)

with c:
    c.notify()
    c.notify(3)
    c.notify(n=2)
    c.notify_all()
    return c.acquire(), c.release()

on_lock.acquire()
held = lock.locked()
on_lock.release()
return held, lock.locked()

with lock:
    on_lock.notify()
    return on_lock.wait(0.01), lock.locked()

with again:
    with on_again:
        return on_again.wait(0.01), again.acquire(), again.release(), again.release(), again.release()

try:
    on_again.notify()
except RuntimeError as error:
    return str(error)

with c:
    return c.wait_for(lambda: len(items) == 2)

with c:
    return c.wait_for(lambda: items and items[0])

with c:
    return c.wait_for(lambda: len(items) == 3, timeout=0.01)

with c:
    return c.wait_for(lambda: [], 0.01)

with c:
    return c.wait_for(two), c.wait_for(none, timeout=0.01)

filled = lambda: len(items) > 1
with c:
    return c.wait_for(filled)

limit = 2
with c:
    return c.wait_for(lambda: len(items) == limit)

return c.wait_for(lambda: True)

c.wait_for(lambda: False)

return e.is_set(), e.wait(0.01), e.set(), e.is_set(), e.wait(), e.wait(1), e.clear(), e.is_set(), e.wait(timeout=0)

for slot in slots:
    slot.set()
return slots[0].is_set(), slots[1].wait()

return one.wait(), one.wait(), one.n_waiting, one.broken, one.parties

pair.wait(0.01)

try:
    pair.wait(timeout=0.01)
except BrokenBarrierError as error:
    return str(error), pair.broken, pair.n_waiting, isinstance(error, RuntimeError)

pair.abort()
try:
    pair.wait()
except threading.BrokenBarrierError:
    pair.reset()
return pair.broken, pair.n_waiting

pair.reset()
one.reset()
return pair.broken, one.wait()

one.abort()
one.wait()

pair.nothing

q.put(1)
q.put(2)
q.put_nowait(3)
return q.get(), q.get_nowait(), q.qsize(), q.empty(), q.full()

small.put('a')
small.put('b', timeout=0.01)
return small.full(), small.qsize(), small.get(), small.full()

small.put('a')
small.put('b')
small.put('c', False)

small.put('a')
small.put('b')
try:
    small.put('c', timeout=0.01)
except Full as error:
    return str(error), small.get(timeout=1)

try:
    q.get(block=False)
except Empty as error:
    return str(error)

q.get_nowait()

q.get(timeout=0.01)

q.get(True, 0.01)

q.get(timeout=-1)

q.get(block=False, timeout=-1)

small.put(1, timeout=-1)

q.put(1, timeout=-1)

stack.put(1)
stack.put_nowait(2)

roomy = stack.empty()
stack.put((1, 'a'))
return roomy, stack.full(), stack.get(), stack.empty()

q.put(1)
q.task_done()
q.join()
q.task_done()

q.put(1)
q.get()
q.task_done()
return q.join()

simple.put(1)
simple.put(2, False)
simple.put(3, timeout=-1)
return simple.get(), simple.get(False), simple.qsize(), simple.empty()

simple.get_nowait()

simple.get(timeout=0.01)

simple.get(True, -1)

simple.get(False)

q.put(items)
items.append(3)
return q.get()[2]

return seats.acquire(timeout=0.01), seats.acquire(timeout=0.01), seats.acquire(True, 0), seats.acquire(False)

seats.acquire(False, 1)

return lock.acquire(timeout=0.01), lock.acquire(timeout=0.01), lock.acquire(True, 0), lock.acquire(True, 0.5)

lock.acquire(False, 1)

lock.acquire(blocking=False, timeout=1)

return lock.acquire(timeout=-1), again.acquire(timeout=1), again.acquire(timeout=1), lock.locked()

seats.release(2)
seats.release(n=1)
return seats.acquire(), seats.acquire(), seats.acquire(), seats.acquire(), seats.acquire(False)

bounded.acquire()
bounded.release(2)

try:
    bounded.release()
except ValueError as error:
    return str(error)

with seats:
    return seats.acquire(timeout=0.01)

for item in (3, 1, 2):
    q.put(item)
total = 0
while not q.empty():
    total = total * 10 + q.get()
return total

for item in (3, 1, 2):
    try:
        small.put(item, block=False)
    except Full:
        small.get()
        small.put(item)
return small.get(), small.get()

with atomic():
    q.put(1)
    e.set()
    return q.get(), e.is_set()
""".strip().split("\n\n")


def scenario(body: str) -> str:
    """Return a file of one thread with that body."""
    return f"{TOP}@thread\ndef T():\n{textwrap.indent(body, '    ')}\n"


@pytest.mark.parametrize("body", SNIPPETS)
def test_the_model_does_what_python_does(body: str) -> None:
    """One thread has one schedule, whose outcome is what Python computes: value, exception with text, shared state."""
    check_meaning(scenario(body))


@pytest.mark.parametrize(
    ("body", "expected", "why"),
    [
        ("with c:\n    c.notify()", 3, "acquire, notify, release"),
        ("with c:\n    c.wait(1)", 5, "acquire; release and wait, time out, acquire again; release"),
        ("with c:\n    c.wait_for(lambda: len(items) == 2)", 2, "no list changes, so f is local: acquire and release"),
        ("with c:\n    c.wait_for(lambda: x == 0, 1)\n    set_x()", 4, "acquire, x, write, release"),
        ("with c:\n    c.wait_for(lambda: x == 1, 1)\n    set_x()", 8, "x is asked, three steps of waiting, x again"),
        ("e.set()\ne.wait()\ne.wait(1)\na = e.is_set()\ne.clear()", 5, "one each"),
        ("one.wait()", 1, "the last to arrive goes through"),
        ("try:\n    pair.wait(1)\nexcept BrokenBarrierError:\n    pass", 2, "arrive; time out and leave"),
        ("a = pair.parties", 0, "the number of parties never changes"),
        ("a = pair.broken, pair.n_waiting", 2, "one each"),
        ("q.put(1)\na = q.get(), q.qsize(), q.empty()\nq.task_done()\nq.join()", 6, "one each"),
        ("lock.acquire()\nlock.acquire(timeout=1)", 2, "a time-out is a result of the step"),
    ],
)
def test_a_text_has_so_many_steps(body: str, expected: int, why: str) -> None:
    """The number of transitions of a single thread, as `why` counts it."""
    text = scenario(body).replace("@thread", "def set_x():\n    global x\n    x = 0\n\n\n@thread")
    assert lab.explore(parse(text)).transitions == expected, why


PAIR = """
from queue import Queue
from threading import Barrier, Condition, Event, Lock
from lab.scenario import thread, final, always

x = 0
ready = False
lock = Lock()
c = Condition()
on_lock = Condition(lock)
e = Event()
pair = Barrier(2)
q = Queue(1)


"""


def threads(*bodies: str) -> str:
    """Return a file of threads T1, T2, ... with those bodies."""
    return PAIR + "\n\n".join(
        f"@thread\ndef T{n}():\n{textwrap.indent(body, '    ')}\n" for n, body in enumerate(bodies, 1)
    )


def ends(text: str, policy: str = "access", *, spurious: bool = False) -> list[tuple[object, ...]]:
    """Return each outcome's status, what its threads returned, who waits for what, and its schedules."""
    result = lab.explore(parse(text), policy, spurious=spurious)
    return [
        (end.status, *end.returned.values(), {name: why["for"] for name, why in end.waiting.items()}, end.schedules)
        for end in result.outcomes
    ]


WAIT, NOTIFY = "with c:\n    c.wait()", "with c:\n    c.notify()"


def test_a_notification_before_the_wait_is_lost() -> None:
    """T1's whole block comes before T2's or after: two runs; in the second T2 waits for ever."""
    assert ends(threads(WAIT, NOTIFY)) == [
        ("finished", None, None, {}, 1),
        ("deadlock", None, None, {"T1": "c"}, 1),
    ]


def test_who_is_woken_is_a_result_of_the_step_in_thread_order() -> None:
    """Both wait, in one order or the other, then one is notified: 2 x 2 runs; each waiter is left behind in two.

    With no notification before both wait: T3 can also come first, or between: then one waiter or both are left.
    """
    text = threads(WAIT, WAIT, f"global ready\n{NOTIFY}")
    trace = lab.replay(parse(text), ["T1", "T1", "T2", "T2", "T3", "T3:1"])
    assert trace.waiting["T1"]["for"] == "c"
    line = [number for number, written in enumerate(text.splitlines(), 1) if "c.wait()" in written][1]
    assert trace.waiting["T2"] == {"for": "c", "held_by": ["T3"], "line": line}
    both = lab.explore(parse(text))
    assert both.schedules == 2 * (2 + 2 + 1)
    assert {tuple(end.waiting): end.schedules for end in both.outcomes} == {("T1",): 4, ("T2",): 4, ("T1", "T2"): 2}


def test_notify_all_wakes_both_who_then_take_the_lock_one_after_the_other() -> None:
    """As above, and when both wait nobody is left: two orders to begin, two to go on."""
    result = lab.explore(parse(threads(WAIT, WAIT, "with c:\n    c.notify_all()")))
    assert {tuple(end.waiting): end.schedules for end in result.outcomes} == {
        (): 4, ("T1",): 2, ("T2",): 2, ("T1", "T2"): 2
    }  # fmt: skip


def test_a_waiter_gives_the_lock_back_however_often_it_holds_it() -> None:
    """The default lock is an RLock: T1 holds it twice while it waits, T2 gets it all the same."""
    assert ends(threads("with c:\n    with c:\n        c.wait()", NOTIFY))[0][0] == "finished"


def test_without_spurious_wake_ups_only_a_notification_wakes() -> None:
    """Nobody notifies: T1 waits for ever; with spurious wake-ups it goes on."""
    assert ends(threads("with c:\n    return c.wait()")) == [("deadlock", None, {"T1": "c"}, 1)]
    assert ends(threads("with c:\n    return c.wait()"), spurious=True) == [("finished", True, {}, 1)]


def test_a_spurious_wake_up_comes_before_the_time_out() -> None:
    """One step with two results: woken (True), or the time is up (False)."""
    text = threads("with c:\n    return c.wait(1)")
    assert ends(text, spurious=True) == [("finished", True, {}, 1), ("finished", False, {}, 1)]
    assert lab.replay(parse(text), ["T1", "T1", "T1:1", "T1", "T1"], spurious=True).returned == {"T1": False}


def test_a_spurious_wake_up_breaks_an_if_and_no_while() -> None:
    """With `if` the waiter goes on although nothing is ready; with `while` it asks again."""
    body = "with c:\n    {} not ready:\n        c.wait()\n    assert ready"
    other = "global ready\nwith c:\n    ready = True\n    c.notify()"
    for word, errors in (("if", {"T1": "AssertionError"}), ("while", {})):
        result = lab.explore(parse(threads(body.format(word), other)), spurious=True)
        assert {name: error for end in result.outcomes for name, error in end.errors.items()} == errors
        assert lab.explore(parse(threads(body.format(word), other))).exceptions.verdict == "holds"


def test_a_time_out_is_up_only_while_the_thread_would_have_to_wait() -> None:
    """T2 tries for T1's lock: before T1 has it, between, or after; only between does the time pass."""
    text = threads("with lock:\n    pass", "return lock.acquire(timeout=1)")
    assert ends(text) == [
        ("finished", None, True, {}, 1),
        ("finished", None, False, {}, 1),
        ("deadlock", None, True, {"T1": "lock"}, 1),
    ]


@pytest.mark.parametrize("policy", ["access", "statement"])
def test_a_time_out_lets_the_others_run_first(policy: str) -> None:
    """T1 begins to wait and T2 may notify it before its time is up, also where the call is one statement."""
    text = threads("with c:\n    return c.wait(1)", NOTIFY)
    assert {returned for _, returned, *_ in ends(text, policy)} == {True, False}


def test_a_blocked_put_names_the_queue() -> None:
    """The second put finds no room, and nobody gets."""
    assert ends(threads("q.put(1)\nq.put(2)")) == [("deadlock", None, {"T1": "q"}, 1)]


def test_waiting_for_a_barrier_names_it() -> None:
    """Of two parties only one comes."""
    assert ends(threads("pair.wait()")) == [("deadlock", None, {"T1": "pair"}, 1)]


def test_a_barrier_numbers_who_arrives_and_the_next_round_waits_until_all_have_left() -> None:
    """Two rounds of two threads: the first to arrive gets 0. Who has not left holds up who comes again.

    A round has two beginnings (who arrives first), each of three steps: arrive, open, leave. A thread that opened and
    comes again before the other left is not enabled. So a round is 2 runs, and so is the next: 4.
    """
    body = "a = pair.wait()\nb = pair.wait()\nreturn a, b"
    result = lab.explore(parse(threads(body, body)))
    assert result.schedules == 4
    assert {tuple(map(tuple, end.returned.values())): end.schedules for end in result.outcomes} == {
        ((0, 0), (1, 1)): 1, ((0, 1), (1, 0)): 1, ((1, 0), (0, 1)): 1, ((1, 1), (0, 0)): 1
    }  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("global x\nx = 1\ne.set()", "e.wait()\nreturn x"),
        ("global x\nx = 1\nq.put(1)", "q.get()\nreturn x"),
        ("global x\nq.put(1)\nq.put(2)\nx = 1", "a = x\nq.get()"),
        ("global x\nx = 1\npair.wait()", "pair.wait()\nreturn x"),
        ("global x\nwith c:\n    x = 1\n    c.notify()", "with c:\n    c.wait()\nreturn x"),
        ("global x\nx = 1\nq.put(1)\nq.join()", "q.get()\na = x\nq.task_done()"),
    ],
)
def test_what_synchronises_orders_accesses(first: str, second: str) -> None:
    """One thread writes x, the other reads it, and the objects between them leave no race: in no state, in no trace."""
    program = parse(threads(first, second))
    result = lab.explore(program)
    assert not result.races
    assert not any(lab.replay(program, end.witness).races for end in result.outcomes)


def test_a_time_out_orders_nothing() -> None:
    """T2 gives up waiting for the event and reads x: nothing says that T1 has written it."""
    program = parse(threads("global x\nx = 1\ne.set()", "e.wait(1)\nreturn x"))
    assert [race.location for race in lab.explore(program).races] == ["x"]
    assert lab.replay(program, ["T2", "T1", "T2"]).races
    assert not lab.replay(program, ["T1", "T1", "T2", "T2"]).races


def test_two_operations_on_one_object_are_never_independent() -> None:
    """Two looks at an event's flag commute, and count as dependent all the same: two traces."""
    result = lab.explore(parse(threads("e.is_set()", "e.is_set()")), traces=True)
    assert (result.schedules, result.traces) == (2, 2)


def test_a_result_says_that_spurious_wake_ups_were_explored() -> None:
    """Its expectations, which are about Python's own conditions, do not apply."""
    text = "from lab.scenario import expect\n" + threads(WAIT) + '\n\nexpect(deadlock="violated")\n'
    assert [claim.met for claim in lab.explore(parse(text)).expectations] == [True]
    result = lab.explore(parse(text), spurious=True)
    assert result.spurious
    assert not result.expectations


def test_a_property_may_look_at_objects_and_takes_nothing() -> None:
    """`qsize`, `is_set` and `broken` are read at no step; `get` is refused."""
    text = (
        threads("q.put(1)\ne.set()") + "\n\n@final\ndef p():\n    return q.{} == 1 and e.is_set() and not pair.broken\n"
    )
    result = lab.explore(parse(text.format("qsize()")))
    assert (result.transitions, result.properties[0].verdict) == (2, "holds")
    with pytest.raises(ScenarioError, match="a property takes from a queue"):
        lab.explore(parse(text.format("get()")))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("lock.acquire(timeout=-2)", "a lock's time-out is no number from 0"),
        ("e.wait('long')", "a time-out is no number"),
        ("with c:\n    c.notify(1.5)", "`notify` is called with something that is no number"),
        ("e.wait(1, 2)", "'wait' is called with 2 arguments"),
        ("q.get(True, 1, 2)", "'get' is called with 3 arguments"),
        ("e.notify(3)", "'Event' object has no attribute 'notify'"),
        ("lock.release(3)", "is called with arguments that a Lock does not take"),
        (
            "with atomic():\n    q.put(1)\n    q.put(2, timeout=1)",
            "an atomic\\(\\) block blocks after its first operation",
        ),
    ],
)
def test_misuse_that_only_a_run_shows(body: str, words: str) -> None:
    """One sentence says what is wrong, or the thread ends as it would in Python."""
    text = "from lab.scenario import atomic\n" + threads(body)
    try:
        said = str(lab.explore(parse(text)).outcomes[0].errors)
    except ScenarioError as error:
        said = str(error)
    assert re.search(words, said)


@pytest.mark.parametrize(
    "body",
    [
        "got[i] = pair.wait()",
        "if not e.wait(timeout=1):\n    e.set()",
        "try:\n    got[i] = pair.wait(timeout=1) + 1\nexcept RuntimeError:\n    pair.reset()",
        "with c:\n    c.notify()\n    got[i] = 1",
    ],
)
def test_alike_threads_folded_into_one_change_no_number(body: str) -> None:
    """Three threads made by one `each`: counts and outcomes are those of the whole graph."""
    text = PAIR + f"got = [0, 0, 0]\n\n\n@thread(each=range(3))\ndef T(i):\n{textwrap.indent(body, '    ')}\n"
    folded, whole = (lab.explore(parse(text), symmetry=symmetry) for symmetry in (True, False))
    assert (folded.states, folded.transitions, folded.schedules) == (whole.states, whole.transitions, whole.schedules)
    assert [(end.shared, end.waiting, end.schedules) for end in folded.outcomes] == [
        (end.shared, end.waiting, end.schedules) for end in whole.outcomes
    ]
