"""Properties: when they hold, how many runs violate them, and the shortest run that does."""

# ruff: noqa: ARG001, ARG005 - a predicate takes what the protocol gives it

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from lab.explorer import explore
from lab.explorer.result import INFINITE, PropertyResult
from lab.model.values import Thrown
from tests.explorer import toys


def judged(kind: str, predicate: Any, toy: toys.Toy | None = None, inside: Any = None) -> PropertyResult:
    """Explore a toy, two increments unless said otherwise, with one property and return its result."""
    relation = toy or toys.counter(2, 1)
    relation.properties = {"p": (kind, predicate)}
    relation.inside = inside or relation.inside
    relation.__post_init__()
    return explore(relation).properties[0]


def test_a_final_property_is_violated_by_the_runs_that_end_badly() -> None:
    """4 of 6 orders lose an update, half of them by a coin; T1 T2 T2 T1 does with one preemption."""
    found = judged("final", lambda read, inside: read("x") == 2)
    assert found == PropertyResult(
        "p", "final", "violated", 4, Fraction(1, 2), ("T1", "T2", "T2", "T1"), witness_preemptions=1
    )


def test_an_always_property_counts_the_runs_through_a_violating_state() -> None:
    """x is 1 at some time in all six orders; the first state with x = 1 comes after T1 T1."""
    found = judged("always", lambda read, inside: read("x") != 1)
    assert found == PropertyResult("p", "always", "violated", 6, Fraction(1), ("T1", "T1"))


def test_runs_that_ended_before_the_first_violation_are_not_counted() -> None:
    """T2 T1 ends after two steps; only T1 T2 T2 T2 gets to a third place, far along."""
    found = judged("always", lambda read, inside: not inside("far"), toys.branches(), _far)
    assert found == PropertyResult("p", "always", "violated", 1, Fraction(1, 2), ("T1", "T2", "T2"))


def test_runs_that_deadlocked_before_the_first_violation_are_not_counted() -> None:
    """2 of 6 runs deadlock after two steps; the other 4 all come to a last release, after three."""
    found = judged("always", lambda read, inside: not inside("far"), toys.lock_order(), _releasing)
    assert found == PropertyResult("p", "always", "violated", 4, Fraction(1, 2), ("T1", "T1", "T1"))


def test_runs_through_a_violation_are_counted_beside_a_cycle_that_never_meets_it() -> None:
    """One choice leads to a loop that may end at any time, the other past a violation to the end: one run, 1/2."""

    def run(local: Any, read: toys.Read) -> Any:
        if local.position < 2:
            yield toys.at(1), {}
            yield (toys.at(2) if local.position == 0 else toys.done()), {}
        else:
            yield toys.done(), {}

    found = judged("always", lambda read, inside: not inside("far"), toys.Toy({"x": 0}, {"T1": run}), _far)
    assert found == PropertyResult("p", "always", "violated", 1, Fraction(1, 2), ("T1:1",))


def _releasing(local: Any) -> frozenset[str]:
    return frozenset({"far"} if local.position == 3 else ())


def _far(local: Any) -> frozenset[str]:
    return frozenset({"far"} if local.position == 2 else ())


def test_a_violation_in_the_first_state_has_the_empty_schedule() -> None:
    found = judged("always", lambda read, inside: False)
    assert (found.verdict, found.schedules, found.witness) == ("violated", 6, ())


def test_what_holds_has_no_schedules_and_no_witness() -> None:
    found = judged("always", lambda read, inside: read("x") < 3)
    assert found == PropertyResult("p", "always", "holds", 0, Fraction(0), None)


def test_a_sometimes_property_holds_when_one_run_gets_there() -> None:
    """2 of 6 orders reach x = 2; the other four never do."""
    found = judged("sometimes", lambda read, inside: read("x") == 2)
    assert found == PropertyResult("p", "sometimes", "holds", 4, Fraction(1, 2), None)


def test_a_sometimes_property_that_never_comes_true_is_violated_by_all() -> None:
    found = judged("sometimes", lambda read, inside: read("x") == 3)
    assert found == PropertyResult("p", "sometimes", "violated", 6, Fraction(1), None)


@pytest.mark.parametrize("kind", ["always", "final"])
def test_a_property_that_raises_is_violated_and_says_so(kind: str) -> None:
    def raising(read: toys.Read, inside: Any) -> Any:
        return Thrown("ZeroDivisionError", "division by zero") if read("x") == 2 else True

    found = judged(kind, raising)
    assert (found.verdict, found.reason) == ("violated", "ZeroDivisionError: division by zero")
    assert found.witness == ("T1", "T1", "T2", "T2")


def test_inside_lists_threads_in_thread_order() -> None:
    """Both philosophers beside each other never eat at once; all eat some time."""
    seen = set()

    def one(read: toys.Read, inside: Any) -> bool:
        seen.add(inside("eating"))
        return len(inside("eating")) <= 1

    assert judged("always", one, toys.philosophers(3)).verdict == "holds"
    assert seen == {(), ("P0",), ("P1",), ("P2",)}
    both = judged("always", one, toys.philosophers(4))
    assert (both.verdict, both.schedules, both.witness) == ("violated", INFINITE, ("P0", "P0", "P2", "P2"))
    assert ("P0", "P2") in seen


def test_a_property_is_judged_once_per_footprint() -> None:
    """x takes 10 values, the program has thousands of states."""
    calls = []

    def low(read: toys.Read, inside: Any) -> bool:
        calls.append(read("x"))
        return True

    judged("always", low, toys.counter(3, 3))
    assert len(calls) < 60


def test_a_footprint_may_grow_while_judging() -> None:
    """y matters only once x is 1: the verdict must not be taken from states seen before."""

    def lazily(read: toys.Read, inside: Any) -> bool:
        return read("c0") < 2 or read("c1") < 2

    found = judged("always", lazily, toys.wide(2, 3))
    assert (found.verdict, found.witness, found.schedules) == ("violated", ("T1", "T1", "T2", "T2"), 6)
