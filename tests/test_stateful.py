"""Machines that run calls concurrently: what they collect, what they find, what they show."""

from __future__ import annotations

from threading import Lock
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from lab.errors import UsageError
from lab.interleaving import ScheduleError
from lab.stateful import ConcurrentMachine, concurrent_machine

SETTINGS = settings(
    max_examples=5,
    stateful_step_count=3,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.generate, Phase.shrink),
)


class Counter:
    """A count without a lock."""

    def __init__(self) -> None:
        self.value = 0

    def add(self, by: int) -> None:
        self.value += by

    def get(self) -> int:
        return self.value


class LockedCounter(Counter):
    """The same count behind a lock."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()

    def add(self, by: int) -> None:
        with self.lock:
            super().add(by)


class Stale:
    """A register whose reads never see what is written; reads and writes touch different places."""

    def __init__(self) -> None:
        self.seen = self.written = 0

    def read(self) -> int:
        return self.seen

    def write(self, value: int) -> None:
        self.written = value


class Register:
    """What `Stale` should be."""

    def __init__(self) -> None:
        self.value = 0

    def read(self) -> int:
        return self.value

    def write(self, value: int) -> None:
        self.value = value


class Stack:
    """A stack whose `pop` looks before it takes."""

    def __init__(self) -> None:
        self.items: list[int] = []

    def push(self, item: int) -> None:
        self.items.append(item)

    def pop(self) -> int | None:
        return self.items.pop() if self.items else None


COUNTING = {"add": [st.integers(1, 3)], "get": []}


def program(machine: type[ConcurrentMachine], *calls: tuple[int, str, tuple[Any, ...]]) -> ConcurrentMachine:
    made = machine()
    for skip, operation, arguments in calls:
        made.add_call(skip, operation, arguments)
    return made


def test_a_lost_update_is_found_and_made_small() -> None:
    """Two calls of `add` are the smallest program; two runs of four lose one, and the last `get` shows it."""
    machine = concurrent_machine(Counter, COUNTING, observe=["get"])
    with pytest.raises(ScheduleError) as caught:
        run_state_machine_as_test(machine, settings=SETTINGS)
    said = str(caught.value)
    assert "No order of these calls explains what they gave:" in said
    assert "After T1.add(1), T2.add(1), main.get() gives 2 in the model." in said
    assert "The schedule, with 1 preemption:" in said
    assert sum(note.count("call_add") for note in caught.value.__notes__) == 2


def test_a_locked_counter_is_linearizable() -> None:
    run_state_machine_as_test(concurrent_machine(LockedCounter, COUNTING, observe=["get"]), settings=SETTINGS)


def test_the_order_of_an_end_and_a_beginning_is_explored() -> None:
    """T1 reads and T2 writes, and they touch nothing in common; only with the write over before the read is 0 wrong."""
    machine = concurrent_machine(Stale, {"read": [], "write": [st.just(1)]}, model=Register)
    with pytest.raises(ScheduleError, match=r"After T2.write\(1\), T1.read\(\) gives 1 in the model"):
        program(machine, (0, "read", ()), (0, "write", (1,))).teardown()


def test_calls_before_the_threads_and_exceptions_are_part_of_the_history() -> None:
    """One item is pushed before; two threads look, and then both pop: one of them ends its call by IndexError."""
    machine = concurrent_machine(Stack, {"push": [st.integers()], "pop": []})
    with pytest.raises(ScheduleError) as caught:
        program(machine, (2, "push", (7,)), (0, "pop", ()), (0, "pop", ())).teardown()
    said = str(caught.value)
    assert "main  push(7)  -> None" in said
    assert "raises IndexError" in said


def test_one_thread_alone_is_not_explored() -> None:
    """Neither is nothing; the calls of a single thread are no concurrent program."""
    machine = concurrent_machine(Counter, COUNTING)
    program(machine).teardown()
    program(machine, (0, "add", (1,))).teardown()


def test_calls_go_round_the_threads() -> None:
    """With 0 to the next thread in turn, with the number of threads to the beginning, and past what is full."""
    machine = concurrent_machine(Counter, COUNTING, calls=2, before=1)
    made = program(machine, *[(0, "add", (number,)) for number in range(4)])
    assert [[arguments[0] for _, arguments in calls] for calls in made.program] == [[0, 2], [1, 3], []]
    assert made.has_room()
    made.add_call(0, "get", ())
    assert made.program[-1] == [("get", ())]
    assert not made.has_room()
    other = program(machine, (2, "add", (0,)), (2, "add", (1,)), (1, "add", (2,)))
    assert [[arguments[0] for _, arguments in calls] for calls in other.program] == [[1, 2], [], [0]]


def test_options_reach_the_exploration() -> None:
    """Without a preemption no update is lost."""
    machine = concurrent_machine(Counter, COUNTING, observe=["get"], bound=0)
    program(machine, (0, "add", (1,)), (0, "add", (1,))).teardown()


@pytest.mark.parametrize("wrong", [{"threads": 1}, {"calls": 0}, {"before": -1}, {"operations": {}}])
def test_a_machine_that_cannot_be_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="needs an operation, two threads and a call of each"):
        concurrent_machine(Counter, **{"operations": COUNTING, **wrong})
