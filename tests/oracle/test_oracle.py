"""The oracle itself: its two ways of telling states apart agree, and so do the two definitions of a data race."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

import pytest

from tests.known_cases import programs
from tests.oracle.explore import AtomicBlockedError, Exploration, explore
from tests.oracle.program import read
from tests.oracle.races import enabled_together, unordered

HEAD = "from threading import Lock, RLock\nfrom lab.scenario import *\n"

ACYCLIC = {
    "counter": programs.counter(2, 2),
    "increments": programs.increments(3),
    "locked": programs.locked_increments(2),
    "last zero": programs.last_zero(2),
    "fibonacci": programs.fibonacci(1),
    "footman": programs.footman(2),
    "diners": programs.diners(3),
    "readers": programs.readers(3),
    "lock order": programs.lock_order(same=False),
    "take and drop": programs.take_and_drop(),
    "three hands": programs.three_hands(),
}


def summary(found: Exploration) -> object:
    """Return all that does not depend on what a state is."""
    return found.schedules, found.outcomes, found.properties, found.deadlock


@pytest.mark.parametrize("policy", ["access", "statement"])
@pytest.mark.parametrize("name", ACYCLIC)
def test_telling_threads_apart_by_history_or_by_position_gives_the_same_counts(
    name: str, policy: Literal["access", "statement"]
) -> None:
    """A thread is a function of its answers, so merging by them is right; merging by position must change no number."""
    by_history = explore(ACYCLIC[name], policy, merge="history")
    by_position = explore(ACYCLIC[name], policy, merge="position")
    assert summary(by_history) == summary(by_position)
    assert len(by_position.states) <= len(by_history.states)


@pytest.mark.parametrize("name", ACYCLIC)
def test_races_by_clocks_and_by_enabledness_agree(name: str) -> None:
    """Some run leaves two conflicting plain accesses unordered exactly when some state enables two together."""
    program = read(ACYCLIC[name])
    by_clocks = unordered(program)
    assert by_clocks is not None
    assert bool(by_clocks) == bool(enabled_together(explore(program)))


def test_the_documented_example_has_its_documented_numbers() -> None:
    """A count of 2, up and down: 13 states (three final values), 14 transitions, 6 interleavings, 4 lose an update."""
    text = HEAD + (
        "x = 2\n@thread\ndef T1():\n    global x\n    x += 1\n@thread\ndef T2():\n    global x\n    x -= 1\n"
        "@final\ndef every_update_counted():\n    return x == 2\n"
    )
    found = explore(text)
    assert (len(found.states), found.transitions, found.schedules) == (13, 14, 6)
    verdict = found.properties["every_update_counted"]
    assert (verdict.violated, verdict.schedules, verdict.probability) == (True, 4, Fraction(1, 2))


def test_steps_are_counted_as_the_contract_says() -> None:
    """One thread: `x = y + z` three, `with lock` two, `c[0] += 1` two, append, len and `in` one each, incref two."""
    body = {
        "x = y + z": 3,
        "with lock:\n        pass": 2,
        "c[0] += 1": 2,
        "c.append(1)": 1,
        "c.append(len(c))": 2,
        "return 1 in c or c.append(2)": 1,
        "for v in c:\n        c[0] = v": 7,
        "x, y, z = 1, 2, 3": 3,
        "y = sum(c)\n    c[1] = 4": 6,
        "return choose(1, 2)": 1,
        "with atomic():\n        x = y\n        y = z": 1,
        "with atomic():\n        pass": 0,
        "with region('r'):\n        pass": 1,
        "incref(r)\n    decref(r)": 4,
        "print('a', 1)": 1,
        "wait_until(lambda: x == 0 and y == 0)": 1,
        "return 1 < 2 and 3": 0,
    }
    for text, steps in body.items():
        scenario = HEAD + (
            "x = 0\ny = 0\nz = 0\nc = [1, 2, 3]\nlock = Lock()\nr = Record()\n"
            f"@thread\ndef T():\n    global x, y, z\n    {text}\n"
            "def never():\n    global x, y, z\n    x = y = z = 0\n    c[0] = 0\n"
        )
        lengths = {entry.shortest for entry in explore(scenario).outcomes.values()}
        assert lengths == {steps}, text


def test_constants_cost_no_step() -> None:
    """`limit` is never rebound and `table` never changed, so the loop over them costs only its three writes."""
    text = HEAD + (
        "limit = 3\ntable = [5, 6, 7]\nx = 0\n@thread\ndef T():\n    global x\n"
        "    for k in range(limit):\n        if len(table) > k:\n            x = table[k]\n"
    )
    (end,) = explore(text).outcomes.values()
    assert end.shortest == 3


def test_a_statement_is_one_step_under_policy_statement() -> None:
    """T: test, `x += y` and two advances make no, one and no step; with `with` the release is one more."""
    text = HEAD + (
        "x = 0\ny = 1\nlock = Lock()\ndef bump():\n    global x\n    x += y\n    x += y\n"
        "@thread\ndef T():\n    global x, y\n    y = 1\n    bump()\n    for _ in range(2):\n        x += y\n"
        "    with lock:\n        x = x + y\n"
    )
    (end,) = explore(text, "statement").outcomes.values()
    assert end.shortest == 7


def test_an_atomic_block_must_not_block_inside() -> None:
    """The first operation may wait, the second may not."""
    text = HEAD + (
        "a = Lock()\nb = Lock()\n@thread\ndef T1():\n    b.acquire()\n"
        "@thread\ndef T2():\n    with atomic():\n        a.acquire()\n        b.acquire()\n"
    )
    with pytest.raises(AtomicBlockedError):
        explore(text)


def test_busy_waiting_has_infinitely_many_schedules_and_finitely_many_states() -> None:
    """`while flag == 0: pass` against `flag = 1`: the loop comes back to the same state."""
    text = HEAD + (
        "flag = 0\n@thread\ndef waits():\n    while flag == 0:\n        pass\n"
        "@thread\ndef sets():\n    global flag\n    flag = 1\n"
    )
    found = explore(text)
    assert (found.schedules, len(found.states), found.never_ends) == ("infinite", 3, False)


def test_try_finally_runs_on_the_way_out() -> None:
    """The assertion fails, `finally` writes, the lock is released, and the exception ends the thread."""
    text = HEAD + (
        "x = 0\nlock = RLock()\n@thread\ndef T():\n    global x\n    with lock:\n        with lock:\n"
        "            try:\n                assert x == 1, 'no'\n            finally:\n                x = 5\n"
    )
    ((outcome, end),) = explore(text).outcomes.items()
    assert outcome[3] == (("T", "AssertionError: no"),)  # type: ignore[index]
    assert outcome[1] == (("x", ("int", 5)),)  # type: ignore[index]
    assert end.shortest == 6
