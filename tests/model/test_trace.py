"""Replaying schedules: what each event says, happens-before, races, and impossible schedules."""

from __future__ import annotations

import itertools

import pytest

import lab
from lab.language import parse
from lab.model.program import Program
from lab.model.trace import Trace

TOP = """from threading import Lock
from lab.scenario import Atomic, choose, thread, wait_until

x = 0
lock = Lock()
cell = Atomic(0)


"""


def program(*bodies: str) -> Program:
    """Return a program with one thread per body, each of which may assign x."""
    threads = [
        f"@thread\ndef T{number}():\n    global x\n" + "".join(f"    {line}\n" for line in body.splitlines())
        for number, body in enumerate(bodies, 1)
    ]
    return parse(TOP + "\n\n".join(threads))


def test_events_say_who_did_what_and_where() -> None:
    """T1 reads 0, T2 writes 5, T1 writes 1 over it."""
    trace = lab.replay(program("x += 1", "x = 5"), ["T1", "T2", "T1"])
    assert [(event.thread, event.text, [access.operation for access in event.accesses]) for event in trace.events] == [
        ("T1", "x += 1", ["read"]),
        ("T2", "x = 5", ["write"]),
        ("T1", "x += 1", ["write"]),
    ]
    assert [event.shared["x"] for event in trace.events] == [0, 5, 1]
    assert [event.ended for event in trace.events] == [False, True, True]
    assert trace.status == "finished"


def test_a_schedule_that_stops_early_is_running() -> None:
    """After one of two steps nothing has ended."""
    assert lab.replay(program("x += 1"), ["T1"]).status == "running"


def test_a_release_happens_before_the_next_acquire() -> None:
    """T1's release (step 3) orders T2's acquire (step 4); nothing races."""
    body = "with lock:\n    x = 1"
    trace = lab.replay(program(body, body), ["T1"] * 3 + ["T2"] * 3)
    assert trace.order == ((2, 3),)
    assert trace.races == ()


def test_two_locked_writes_after_each_other_do_not_race_but_unlocked_ones_do() -> None:
    """One lock on one side orders nothing."""
    trace = lab.replay(program("with lock:\n    x = 1", "x = 2"), ["T1", "T1", "T1", "T2"])
    assert trace.races == ((1, 3),)


def test_an_atomic_store_is_ordered_before_the_load_that_follows() -> None:
    """T1 writes x and then the Atomic; T2 loads the Atomic and then reads x: ordered, no race."""
    trace = lab.replay(program("x = 1\ncell.store(1)", "a = cell.load()\nb = x"), ["T1", "T1", "T2", "T2"])
    assert (trace.order, trace.races) == (((1, 2),), ())


def test_a_load_before_the_store_orders_nothing() -> None:
    """The other way round the reads race with the write."""
    trace = lab.replay(program("x = 1\ncell.store(1)", "a = cell.load()\nb = x"), ["T2", "T1", "T2", "T1"])
    assert (trace.order, trace.races) == ((), ((1, 2),))


def test_wait_until_is_ordered_after_the_write_it_saw() -> None:
    """T1 sets x, T2 waits for it and writes: the wait never races, and orders T2's write."""
    trace = lab.replay(program("x = 1", "wait_until(lambda: x == 1)\nx = 2"), ["T1", "T2", "T2"])
    assert (trace.order, trace.races) == (((0, 1),), ())


def test_a_step_with_several_results_takes_its_number() -> None:
    """`T1:2` is the third value; `T1` alone is the first."""
    chosen = program("x = choose('a', 'b', 'c')")
    assert lab.replay(chosen, ["T1:2", "T1"]).events[-1].shared["x"] == "c"
    trace = lab.replay(chosen, ["T1", "T1"])
    assert (trace.events[0].entry, trace.events[-1].shared["x"]) == ("T1:0", "a")


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (["T3"], "names no thread"),
        (["T1:x"], "names no thread"),
        (["T1", "T1"], "has ended"),
        (["T1:4"], "1 result, numbered from 0"),
        (["T2", "T1"], "entry 2 of the schedule"),
    ],
)
def test_an_impossible_entry_says_why(schedule: list[str], words: str) -> None:
    """The message names the entry and the reason."""
    bodies = ("lock.acquire()", "lock.acquire()")
    with pytest.raises(lab.UsageError, match=words):
        lab.replay(program(*bodies), schedule)


def test_a_blocked_thread_is_named_with_its_holder() -> None:
    """T2 has the lock for ever."""
    trace = lab.replay(program("lock.acquire()", "lock.acquire()"), ["T2"])
    assert trace.waiting == {"T1": {"for": "lock", "held_by": ["T2"], "line": 12}}
    assert trace.status == "deadlock"


def races_by_enabledness(source: Program) -> set[str]:
    return {race.location for race in lab.explore(source).races}


def races_by_happens_before(source: Program, length: int) -> set[str]:
    names = [thread.name for thread in source.threads]
    found: set[str] = set()
    for schedule in itertools.product(names, repeat=length):
        try:
            trace = lab.replay(source, schedule)
        except lab.UsageError:
            continue
        found |= {location for pair in trace.races for location in _locations(trace, *pair)}
    return found


def _locations(trace: Trace, first: int, second: int) -> set[str]:
    return {
        a.location
        for a in trace.events[first].accesses
        for b in trace.events[second].accesses
        if a.location == b.location and (a.writes or b.writes)
    }


@pytest.mark.parametrize(
    ("first", "second", "length"),
    [
        ("x += 1", "x += 1", 4),
        ("a = x", "b = x", 2),
        ("with lock:\n    x = 1", "with lock:\n    x = 2", 6),
        ("with lock:\n    x = 1", "x = 2", 4),
        ("x = 1\ncell.store(1)", "if cell.load():\n    x = 2", 4),
        ("x = 1\ncell.store(1)", "if cell.load():\n    x = 2", 3),
        ("x = 1\ncell.store(1)", "a = cell.load()\nx = 2", 4),
        ("x = 1", "wait_until(lambda: x == 1)\nx = 2", 3),
    ],
)
def test_the_two_definitions_of_a_data_race_agree(first: str, second: str, length: int) -> None:
    """Two accesses enabled in one state race exactly when some run leaves them unordered (on complete runs)."""
    source = program(first, second)
    by_order = races_by_happens_before(source, length)
    assert by_order <= races_by_enabledness(source)
    longest = max(len(outcome.witness) for outcome in lab.explore(source).outcomes)
    if length >= longest:
        assert by_order == races_by_enabledness(source)
