"""Truly different runs: worked out by hand, against every schedule grouped by its dependence graph, and at size."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import assume, given

import lab
from lab.errors import LabError
from lab.explorer.result import INFINITE
from lab.explorer.traces.count import Traces, count_traces
from lab.language import parse
from tests.explorer.naive_traces import TooMany, different_runs
from tests.strategies import scenarios

HEAD = "from threading import Lock\nfrom lab.scenario import Atomic, choose, region, thread, wait_until\n"


def scenario(shared: str, *bodies: str) -> str:
    """Return a scenario of threads T1, T2, ...; a body's first line may be its `global` statement."""
    threads = [
        f"@thread\ndef T{number}():\n" + "".join(f"    {line}\n" for line in body.split("\n"))
        for number, body in enumerate(bodies, 1)
    ]
    return "\n\n".join([HEAD + shared + "\n", *threads])


def counted(text: str, policy: str = "access", **options: Any) -> Traces:
    """Return the count, which persistent sets must not change; of nodes there can be a few more with them."""
    relation = lab.relation(parse(text), policy)
    found = count_traces(relation, **options)
    plain = count_traces(relation, persistent=False, **options)
    assert found is not None
    assert plain is not None
    assert (found.finished, found.deadlocked, found.outcomes) == (plain.finished, plain.deadlocked, plain.outcomes)
    return found


def agrees(text: str, policy: str = "access", **bounds: int) -> Traces:
    """Return the count after comparing it with the number of classes of all schedules."""
    wanted = different_runs(lab.relation(parse(text), policy), **bounds)
    found = counted(text, policy)
    assert (found.finished, found.deadlocked) == (wanted["finished"], wanted["deadlock"])
    assert Counter(found.outcomes.values()) == wanted["ends"]
    return found


def test_two_increments_have_four_traces() -> None:
    """Of the six interleavings R W r w, R r W w, R r w W, r R W w, r R w W, r w R W, two reads swap in two pairs."""
    text = scenario("x = 0", "global x\nx += 1", "global x\nx += 1")
    assert agrees(text).finished == 4
    result = lab.explore(parse(text), traces=True)
    assert (result.traces, {outcome.shared["x"]: outcome.traces for outcome in result.outcomes}) == (4, {1: 2, 2: 2})


def test_traces_are_counted_only_when_asked_for() -> None:
    result = lab.explore("refcount/race")
    assert result.traces is None
    assert {outcome.traces for outcome in result.outcomes} == {None}


def test_an_expectation_about_traces_is_judged() -> None:
    """The shipped scenario expects 4."""
    result = lab.explore("refcount/race", traces=True)
    assert ("traces: 4", True) in [(claim.what, claim.met) for claim in result.expectations]


def test_two_reads_are_one_trace_and_a_write_between_makes_three() -> None:
    """Readers swap with each other, not with the writer: each reads before or after it."""
    assert agrees(scenario("x = [0]", "return x[0]", "return x[0]", "x[0] = 1")).finished == 4
    assert agrees(scenario("x = [0, 0]", "return x[0]", "return x[1]", "x[0] = 1")).finished == 2


def test_a_failed_compare_exchange_is_a_read() -> None:
    """One of three succeeds; the two that fail swap: 3 traces, and 6 where each attempt counts as a write."""
    attempt = "a.compare_exchange(0, {})"
    assert agrees(scenario("a = Atomic(0)", *(attempt.format(n) for n in (1, 2, 3)))).finished == 3
    assert agrees(scenario("a = Atomic(0)", *["a.add(1)"] * 3)).finished == 6


def test_a_write_of_the_same_value_is_a_write() -> None:
    """What counts is the kind of operation, not the value."""
    assert agrees(scenario("x = 0", *["global x\nx = 0"] * 2)).finished == 2


def test_two_operations_on_one_lock_are_dependent_even_if_both_only_look() -> None:
    """`locked()` twice: 2 orders, and 1 trace for two that look at different locks."""
    assert agrees(scenario("a = Lock()\nb = Lock()", "return a.locked()", "return a.locked()")).finished == 2
    assert agrees(scenario("a = Lock()\nb = Lock()", "return a.locked()", "return b.locked()")).finished == 1


def test_results_of_a_choice_are_different_runs() -> None:
    """2 x 3 choices that nobody shares: 6 traces; equal values are still different results."""
    assert agrees(scenario("", "return choose(0, 1)", "return choose(0, 1, 2)")).finished == 6
    assert agrees(scenario("", "choose(0, 0)", "choose(0, 0)")).finished == 4


def test_a_result_that_sleeps_stays_asleep_when_others_multiply_before_it() -> None:
    """T1 chooses 1 and is done, or looks at y and chooses again if y is set: 2 results before T2, 3 after it.

    Choosing 1 is independent of T2: (1), (0, y not yet set), (0, 2), (0, 3) are 4 traces of one each.
    """
    text = scenario(
        "y = 0",
        "with atomic():\n    r = choose(0, 1)\n    if r == 0 and y == 1:\n        r = choose(2, 3)\nreturn r",
        "global y\ny = 1",
    ).replace("import Atomic", "import Atomic, atomic")
    found = agrees(text)
    assert found.finished == 4
    assert set(found.outcomes.values()) == {1}


def test_a_deadlock_is_counted_apart() -> None:
    """a, b against b, a: T1 first, T2 first, or both stuck."""
    found = agrees(
        scenario("a = Lock()\nb = Lock()", "with a:\n    with b:\n        pass", "with b:\n    with a:\n        pass")
    )
    assert (found.finished, found.deadlocked) == (2, 1)
    result = lab.explore("lock_order/inversion", traces=True)
    assert [(outcome.status, outcome.traces) for outcome in result.outcomes if outcome.status == "deadlock"] == [
        ("deadlock", 1)
    ]
    assert result.traces == sum(outcome.traces for outcome in result.outcomes if outcome.status == "finished")


def test_what_enables_a_step_is_dependent_on_it() -> None:
    """The first write alone opens the gate, and the second may come before or after: 2 traces, 1 if it is elsewhere."""
    gate = "wait_until(lambda: x > 0)"
    assert agrees(scenario("x = 0\ny = 0", "global x\nx = 1\nx = 2", gate)).finished == 2
    assert agrees(scenario("x = 0\ny = 0", "global x, y\nx = 1\ny = 2", gate)).finished == 1


def test_who_may_free_a_waiting_thread_is_not_left_out() -> None:
    """T1 and T2 write x in two orders, T2 and T3 hold the lock in two orders: 4 traces.

    T1 and T2 alone are no persistent set while T2 waits for the lock that T3 holds.
    """
    assert (
        agrees(
            scenario("x = 0\na = Lock()", "global x\nx = 1", "global x\nwith a:\n    x = 2", "with a:\n    pass")
        ).finished
        == 4
    )


def test_changes_of_different_elements_are_independent_in_a_list_that_may_grow() -> None:
    """The list is one component; its elements are locations of their own."""
    assert agrees(scenario("g = [0, 0]", "g[0] = 1", "g[1] = 1\nif False:\n    g.append(1)")).finished == 1


def test_leaving_a_region_is_independent_of_all() -> None:
    body = "with region('r'):\n    return x[0]"
    assert agrees(scenario("x = [0]", body, body, "x[0] = 1")).finished == 4


def test_an_attempt_within_a_longer_step_is_dependent_on_what_would_have_made_it_succeed() -> None:
    """T1's one statement takes a, then b if T2 has left it; T2 holds b first or last.

    Policy `statement`. T2: acquire b, release b. T1 may run before T2 takes b, while T2 holds it (a; then b once T2 has
    left), or after: 3 traces, although "takes a alone" and "leaves b" share no location.
    """
    text = scenario("a = Lock()\nb = Lock()", "with a, b:\n    pass", "b.acquire()\nb.release()")
    wanted = different_runs(lab.relation(parse(text), "statement"))
    assert wanted["finished"] == 3
    assert counted(text, "statement").finished == 3


def test_a_run_that_a_cycle_delays_has_infinitely_many_traces() -> None:
    """Each more look at the flag before it is set is another trace; the deadlock beside it has one."""
    spinning = scenario("x = 0", "while x == 0:\n    pass", "global x\nx = 1")
    assert counted(spinning).finished is INFINITE
    assert lab.explore(parse(spinning), traces=True).traces is INFINITE
    apart = scenario("x = 0\na = Lock()", "a.acquire()\nif x == 1:\n    while x == 1:\n        pass", "global x\nx = 1")
    result = lab.explore(parse(apart), traces=True)
    assert result.traces == 1
    assert {outcome.status: outcome.traces for outcome in result.outcomes} == {"finished": 1, "livelock": INFINITE}


def test_a_cycle_beside_a_finite_run_leaves_its_count_finite() -> None:
    """Persistent sets need no proviso: every run that ends is finite, wherever other runs go round."""
    text = scenario(
        "x = 0\ny = 0\nz = [0, 0]",
        "global x\nx = 1\nif y == 1:\n    while True:\n        z[0] = 1",
        "global y\ny = 1\nz[1] = 1",
        "z[1] = 2",
    )
    assert counted(text).finished == 2


def test_threads_that_never_meet_are_one_trace_and_few_nodes() -> None:
    """Eight threads of three writes each: one path of 24 steps, where there are 4^8 states."""
    body = "for step in range(3):\n    cells[{n}] = step"
    found = count_traces(lab.relation(parse(scenario(f"cells = {[0] * 8}", *(body.format(n=n) for n in range(8))))))
    assert found is not None
    assert (found.finished, found.nodes) == (1, 25)


def test_a_bound_leaves_the_traces_unknown() -> None:
    """The graph of states fits, the count of traces does not."""
    text = scenario("x = 0", "global x\nx += 1", "global x\nx += 1")
    nodes = counted(text).nodes
    relation = lab.relation(parse(text))
    assert count_traces(relation, max_nodes=nodes - 1) is None
    assert count_traces(relation, max_nodes=nodes) is not None
    assert count_traces(relation, deadline=lambda: True) is None


def test_an_incomplete_exploration_may_count_no_traces() -> None:
    result = lab.explore("refcount/race", max_states=5, traces=True)
    assert not result.complete
    assert result.traces is None


def test_traces_are_counted_where_the_states_are_too_many() -> None:
    """Three writes each to a variable of one's own: 16 states, and one path of seven pairs, which is one trace."""
    variables = "".join(
        f"\n\n@thread\ndef T{k}():\n    global {k}\n    for v in range(3):\n        {k} = v\n" for k in "xy"
    )
    text = (
        f"from lab.scenario import expect, thread\nx = 9\ny = 9{variables}\n\nexpect('access', traces=1, states=16)\n"
    )
    result = lab.explore(parse(text), max_states=8, traces=True, representatives=3)
    assert (result.complete, result.traces, result.representatives) == (False, 1, None)
    assert {claim.what: claim.met for claim in result.expectations} == {"traces: 1": True, "states: 16": None}


def test_an_error_that_no_run_meets_is_none() -> None:
    """A bound on what a thread may touch looks at values that never come together; they must not end the count."""
    text = scenario(
        "x = 0\ny = 0",
        "global x, y\nx = 1\nx = 0\ny = 1",
        "if x == 1:\n    if y == 1:\n        k = 0\n        while y == y or k == 0:\n            y[0]",
    )
    assert counted(text).finished > 1


@pytest.mark.parametrize("policy", ["access", "statement", "cpython-3.9", "cpython-3.12"])
@given(text=scenarios())
def test_random_programs_have_as_many_traces_as_their_schedules_have_dependence_graphs(policy: str, text: str) -> None:
    """With and without persistent sets, by outcome, under policies of every kind."""
    try:
        agrees(text, policy, most=200, longest=14)
    except (LabError, TooMany):
        assume(False)
