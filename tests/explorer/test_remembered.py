"""A relation that remembers answers as the one it asks would, and asks it for little."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import assume, given

import lab
from lab.errors import ScenarioError
from lab.explorer import explore
from lab.explorer.states.remembered import Remembered
from lab.language import parse
from lab.model.relation import Relation
from lab.model.state import State, Step
from tests.strategies import scenarios

EVERYTHING = """
from threading import Barrier, Condition, Lock, RLock, Semaphore
from queue import Queue
from lab.scenario import choose, thread
a = Lock()
b = RLock()
c = Condition()
s = Semaphore(1)
q = Queue()
gate = Barrier(2)
x = 0
n = [0, 0]
class Node:
    def __init__(self, value):
        self.value = value
head = None
@thread(each=range(2))
def T(i):
    global x, head
    BODY
"""

BODIES = (
    "with a: x += 1",
    "with b:\n        with b: x = x * 2 + 1",
    "b.release()",
    "if a.acquire(blocking=False): x += 1",
    "c.acquire()\n    x += 1\n    if x < 2: c.wait(1)\n    c.notify()\n    c.release()",
    "s.acquire()\n    x = choose(x, x + 1)\n    s.release()",
    "q.put(x)\n    x = q.get() + 1",
    "gate.wait()\n    x += 1",
    "head = Node(x)\n    x = head.value + 1",
    "n[i] = x\n    x = n[1 - i] + 1",
    "x += 1\n    private = RLock()\n    with private: x += 1",
)


def asked(relation: Any, state: State, thread: int) -> tuple[tuple[Step, ...], set[int]]:
    """Return what a thread does next in a state, and the components read for that."""
    read: set[int] = set()

    def reading(component: int) -> Any:
        read.add(component)
        return state.shared[component]

    return relation.step(thread, state.locals[thread], reading), read


def states(relation: Relation, most: int) -> Iterator[State]:
    """Yield the reachable states, the first `most` of them."""
    seen = [relation.initial()]
    known = set(map(repr, seen))
    for state in seen:
        yield state
        for thread in range(len(relation.program.threads)):
            for _, after in relation.steps(state, thread):
                if len(seen) < most and repr(after) not in known:
                    known.add(repr(after))
                    seen.append(after)


def agree(text: str, policy: str) -> None:
    """Assert that what is remembered is what is, twice, and that it depends on the same components."""
    relation = lab.relation(parse(text), policy)
    remembered = Remembered(relation)
    every = list(states(relation, 300))
    for state in [*every, *every]:
        for thread in range(len(relation.program.threads)):
            assert asked(remembered, state, thread) == asked(relation, state, thread)


@pytest.mark.parametrize("policy", ["access", "statement"])
@pytest.mark.parametrize("body", BODIES)
def test_threads_of_one_each_do_what_they_do(body: str, policy: str) -> None:
    """Who holds a lock, who waits, whose element, whose object: what one thread did is no answer for another."""
    agree(EVERYTHING.replace("BODY", body), policy)


@given(scenarios())
def test_random_programs_do_what_they_do(text: str) -> None:
    try:
        agree(text, "access")
    except ScenarioError:
        assume(False)


class Counting(Relation):
    """Counts the questions."""

    asked = 0

    def step(self, *arguments: Any) -> tuple[Step, ...]:
        self.asked += 1
        return super().step(*arguments)


def test_threads_of_the_same_code_are_asked_once() -> None:
    """x is 0 or 1 when it is read, and 1 or 2 is written: four questions for both; and what each does at its end."""
    text = "from lab.scenario import thread\nx = 0\n@thread(each=range(2))\ndef T(i):\n    global x\n    x += 1\n"
    plain = lab.relation(parse(text))
    counting = Counting(plain.program, plain.policy)
    assert explore(counting, symmetry=False) == explore(plain)
    assert counting.asked == 6


def test_what_is_not_kept_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the answers there is room for one."""
    monkeypatch.setattr("lab.explorer.states.remembered._MOST", 1)
    agree(EVERYTHING.replace("BODY", "with a: x += 1"), "access")
