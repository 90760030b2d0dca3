"""One schedule for each truly different run: against all schedules, grouped by their dependence graphs."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from math import comb

import pytest
from hypothesis import assume, given

import lab
from lab.errors import LabError
from lab.explorer import explore
from lab.explorer.result import INFINITE, Representative, Result
from lab.explorer.traces.count import count_traces
from lab.explorer.traces.runs import interleavings, shortest_paths
from lab.language import parse
from tests.explorer.naive_traces import TooMany, different_runs
from tests.explorer.test_traces import scenario
from tests.known_cases import programs
from tests.strategies import scenarios

Moves = tuple[tuple[int, int], ...]


def moves(names: list[str], run: Representative) -> Moves:
    """Return a schedule as threads and results by number."""
    entries = [entry.partition(":") for entry in run.schedule]
    return tuple((names.index(name), int(number or 0)) for name, _, number in entries)


def agrees(text: str, policy: str = "access", **bounds: int) -> Result:
    """Return the result after comparing the runs it lists with the classes of all schedules."""
    relation = lab.relation(parse(text), policy)
    classes = different_runs(relation, **bounds)["schedules"]
    result = explore(relation, representatives=10_000)
    assert result.representatives is not None
    names = [thread.name for thread in relation.program.threads]
    found = {moves(names, run): run for run in result.representatives}
    assert len(found) == len(result.representatives)
    assert {first: run.interleavings for first, run in found.items()} == {alike[0]: len(alike) for alike in classes}
    assert sum(len(alike) for alike in classes) == result.schedules
    for number, outcome in enumerate(result.outcomes):
        own = [run for run in result.representatives if run.outcome == number]
        assert len(own) == outcome.traces
        assert sum(run.interleavings or 0 for run in own) == outcome.schedules
        assert len(own[0].schedule) == len(outcome.witness)
    keys = [(run.outcome, len(run.schedule), moves(names, run)) for run in result.representatives]
    assert all(one < other for one, other in pairwise(keys))
    return result


def test_two_increments_are_four_runs_of_six_schedules() -> None:
    """T1 T1 T2 T2 and T2 T2 T1 T1 stand alone; where both read first, the reads swap: 1 + 1 + 2 + 2."""
    result = agrees(scenario("x = 0", "global x\nx += 1", "global x\nx += 1"))
    assert result.representatives is not None
    assert [(" ".join(run.schedule), run.interleavings) for run in result.representatives] == [
        ("T1 T1 T2 T2", 1),
        ("T2 T2 T1 T1", 1),
        ("T1 T2 T1 T2", 2),
        ("T1 T2 T2 T1", 2),
    ]


def test_the_result_of_a_step_is_part_of_its_schedule() -> None:
    """Two equal choices are two runs; a result's number may depend on what happened before it."""
    agrees(scenario("", "choose(0, 0)", "choose(0, 0)"))
    choice = "with atomic():\n    r = choose(0, 1)\n    if r == 0 and y == 1:\n        r = choose(2, 3)\nreturn r"
    agrees(scenario("y = 0", choice, "global y\ny = 1").replace("import Atomic", "import Atomic, atomic"))


def test_a_deadlocked_run_is_listed_with_its_outcome() -> None:
    """a, b against b, a: T1 first, T2 first, or both stuck after one step each."""
    result = lab.explore("lock_order/inversion", representatives=20)
    assert result.representatives is not None
    assert [(result.outcomes[run.outcome].status, len(run.schedule)) for run in result.representatives] == [
        ("finished", 8),
        ("finished", 8),
        ("deadlock", 2),
    ]


def test_runs_behind_a_cycle_are_listed_by_length() -> None:
    """T1 looks at the flag n times before T2 sets it."""
    spinning = scenario("x = 0", "while x == 0:\n    pass", "global x\nx = 1")
    result = lab.explore(parse(spinning), representatives=3)
    assert result.representatives is not None
    assert [" ".join(run.schedule) for run in result.representatives] == ["T2 T1", "T1 T2 T1", "T1 T1 T2 T1"]


def test_every_outcome_has_its_share_of_the_limit() -> None:
    """readers(4) has 16 outcomes of one run each; 2 x 2 increments have three outcomes of more: 8 is 3 + 3 + 2."""
    result = lab.explore(parse(programs.readers(4)), representatives=5)
    assert result.representatives is not None
    assert [run.outcome for run in result.representatives] == [0, 1, 2, 3, 4]
    result = lab.explore(parse(programs.counter(2, 2)), representatives=8)
    assert result.representatives is not None
    assert Counter(run.outcome for run in result.representatives) == {0: 3, 1: 3, 2: 2}


def test_nothing_is_listed_unless_asked_for_or_known() -> None:
    assert lab.explore("refcount/race", traces=True).representatives is None
    assert lab.explore("refcount/race", max_states=5, representatives=3).representatives is None
    livelock = scenario("x = 0", "while x < 2:\n    pass", "global x\nx = 1")
    assert lab.explore(parse(livelock), representatives=3).representatives == ()


def test_the_list_ends_when_the_time_is_up() -> None:
    """Each run costs one look at the clock; those listed until then are kept."""
    looks = iter([False] * 40 + [True] * 1000)
    result = lab.explore(parse(programs.counter(2, 2)), representatives=100, deadline=lambda: next(looks))
    assert result.traces == 34
    assert result.representatives is not None
    assert 0 < len(result.representatives) < 34


def test_the_schedules_of_a_run_too_wide_are_not_counted() -> None:
    """Two threads of n private steps each: C(2n, n) schedules, and (n + 1)^2 - 1 beginnings to look at."""
    text = scenario("c = [0, 0]", *(f"for k in range(6):\n    c[{place}] = k" for place in (0, 1)))
    found = count_traces(lab.relation(parse(text)))
    assert found is not None
    (run,) = shortest_paths(found.graph, found.graph.ends)
    events = found.graph.events
    assert interleavings(events, run) == comb(12, 6)
    assert interleavings(events, run, most=48) == comb(12, 6)
    assert interleavings(events, run, most=47) is None


def test_an_outcome_without_end_has_infinitely_many_runs_and_lists_none() -> None:
    text = scenario("x = 0\na = Lock()", "a.acquire()\nif x == 1:\n    while x == 1:\n        pass", "global x\nx = 1")
    result = lab.explore(parse(text), representatives=9)
    assert result.representatives is not None
    assert [result.outcomes[run.outcome].status for run in result.representatives] == ["finished"]
    assert [outcome.traces for outcome in result.outcomes if outcome.status == "livelock"] == [INFINITE]


@pytest.mark.parametrize("policy", ["access", "statement", "cpython-3.9", "cpython-3.12"])
@given(text=scenarios())
def test_random_programs_list_the_first_schedule_of_every_class(policy: str, text: str) -> None:
    """No two alike, none missing, each with the size of its class."""
    try:
        agrees(text, policy, most=200, longest=14)
    except (LabError, TooMany):
        assume(False)
