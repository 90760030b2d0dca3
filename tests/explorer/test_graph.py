"""The state graph spelled out: counts made by hand, faults, schedules, limits."""

from __future__ import annotations

import pytest

from lab.errors import UsageError
from lab.explorer.graph import StateGraph, interleavings, state_graph
from lab.language import parse
from lab.model.policies import policy_named
from lab.model.relation import Relation

HEAD = "from lab.scenario import always, choose, final, thread\nimport threading\n"
COUNTER = """
x = 0
@thread
def T1():
    global x
    x += 1
@thread
def T2():
    global x
    x += 1
@final
def both_counted():
    return x == 2
"""
INVERSION = """
a = threading.Lock()
b = threading.Lock()
@thread
def T1():
    with a, b:
        pass
@thread
def T2():
    with b, a:
        pass
"""
SPIN = """
go = False
@thread
def T1():
    while not go:
        pass
@thread
def T2():
    global go
    go = True
"""
CHOICE = """
x = 0
@thread
def T1():
    global x
    x = choose(1, 2)
@always
def never_two():
    return x != 2
"""
RAISING = """
x = 0
@thread
def T1():
    assert x == 1
@thread
def T2():
    global x
    x = 1
"""


def relation(text: str, policy: str = "access") -> Relation:
    """Return the relation of a scenario's text."""
    return Relation(parse(HEAD + text, name="sample"), policy_named(policy))


def graph(text: str, policy: str = "access") -> StateGraph:
    """Return its state graph."""
    return state_graph(relation(text, policy))


def test_two_increments_have_twelve_states_fourteen_transitions_and_six_schedules() -> None:
    """Progress (0,0) (1,0) (0,1) (1,1) (2,0) (0,2); two states each at (2,1), (1,2) and (2,2): 12."""
    found = graph(COUNTER)
    assert (len(found.states), len(found.edges), found.schedules) == (12, 14, 6)
    assert [found.levels.count(level) for level in range(5)] == [1, 2, 3, 4, 2]
    assert found.order is not None
    assert len(found.ends) == 2
    assert not found.deadlocks


def test_interleavings_come_in_thread_order() -> None:
    """All six orders of T1 T1 T2 T2, T1 first wherever it may."""
    assert ["".join(entry[1] for entry in one) for one in interleavings(relation(COUNTER))] == [
        "1122", "1212", "1221", "2112", "2121", "2211",
    ]  # fmt: skip


def test_the_end_with_one_is_faulty_and_four_schedules_reach_it() -> None:
    """Whoever reads before the other writes loses an update."""
    found = graph(COUNTER)
    faults = {found.shared[state]["x"]: names for state, names in found.faults.items()}
    assert faults == {1: ("both_counted",)}
    bad = [one for one in interleavings(relation(COUNTER)) if found.faults_of(one)]
    assert len(bad) == 4
    assert found.bad_schedule() == ("T1", "T2", "T1", "T2")


def test_after_both_have_read_every_run_is_doomed() -> None:
    """The state after T1, T2 is doomed; the start and the serial states are not."""
    found = graph(COUNTER)
    assert found.walk(("T1", "T2"))[-1] in found.doomed
    assert found.walk(("T1", "T1", "T2"))[-1] not in found.doomed
    assert 0 not in found.doomed


def test_lock_order_inversion_has_one_deadlock_that_both_threads_wait_in() -> None:
    """19 states, 6 schedules, one deadlock: T1 waits for b, T2 for a."""
    found = graph(INVERSION)
    assert (len(found.states), found.schedules, len(found.deadlocks)) == (19, 6, 1)
    (deadlock,) = found.deadlocks
    assert found.faults[deadlock] == ("deadlock",)
    assert {thread: why.name for thread, why in found.waiting[deadlock].items()} == {0: "b", 1: "a"}
    assert found.bad_schedule() == ("T1", "T2")


def test_a_busy_wait_makes_a_cycle_and_infinitely_many_schedules() -> None:
    """The waiter reads False again and again."""
    found = graph(SPIN)
    assert found.order is None
    assert found.schedules is None
    assert found.bad_schedule() is None
    with pytest.raises(UsageError, match="infinitely many"):
        interleavings(relation(SPIN))


def test_a_choice_has_two_entries_and_result_nought_may_be_left_out() -> None:
    """Two results are two schedules; `T1` means the first."""
    found = graph(CHOICE)
    assert interleavings(relation(CHOICE)) == (("T1:0", "T1"), ("T1:1", "T1"))
    assert found.walk(("T1", "T1")) == found.walk(("T1:0", "T1"))
    assert found.faults_of(("T1:1", "T1")) == ("never_two",)
    assert found.faults_of(("T1:0", "T1")) == ()


def test_an_exception_is_a_fault_of_the_end() -> None:
    """T1 first: the assertion fails; T2 first: it holds."""
    found = graph(RAISING)
    assert len(found.failed) == 1
    (names,) = found.faults.values()
    assert names == ("T1: AssertionError",)


def test_the_statement_policy_leaves_two_schedules() -> None:
    """One statement each: two orders, and nothing is lost."""
    found = graph(COUNTER, "statement")
    assert found.schedules == 2
    assert not found.faults


def test_an_impossible_schedule_is_refused() -> None:
    """T1 has two steps, not three."""
    with pytest.raises(UsageError, match="entry 3 of the schedule, T1, is not possible"):
        graph(COUNTER).walk(("T1", "T1", "T1"))


def test_limits_are_said_in_a_sentence() -> None:
    """Too many states, too many schedules."""
    with pytest.raises(UsageError, match="more than 5 states"):
        state_graph(relation(COUNTER), limit=5)
    with pytest.raises(UsageError, match="6 interleavings, more than the 5"):
        interleavings(relation(COUNTER), limit=5)
