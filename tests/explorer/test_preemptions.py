"""Explorations of the schedules with few preemptions: what they cover is exact, and they say what they cover."""

# ruff: noqa: ARG005 - a toy's functions take what the protocol gives them

from __future__ import annotations

import math
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given

from lab.explorer import explore
from lab.explorer.result import INFINITE, FewPreemptions, Result
from lab.explorer.states import packing
from lab.explorer.walk import preemptions, search
from tests.explorer import naive, random_toys, toys


def test_two_increments_by_hand() -> None:
    """Of the six orders the two serial ones preempt nobody, T1 T2 T2 T1 and T2 T1 T1 T2 once, the other two twice."""
    found = [explore(toys.counter(2, 1), max_preemptions=most) for most in range(4)]
    assert [result.preemptions for result in found] == [FewPreemptions(most, [2, 4, 6, 6][most]) for most in range(4)]
    assert [result.complete for result in found] == [False, False, True, True]
    assert [result.stopped for result in found] == ["preemptions", "preemptions", "", ""]


@pytest.mark.parametrize(("steps", "most"), [(3, 2), (5, 4), (6, 3)])
def test_switches_between_two_threads_are_compositions(steps: int, most: int) -> None:
    """Two threads of n steps: a run of b blocks cuts them into p and q pieces, in C(n - 1, p - 1) C(n - 1, q - 1) ways.

    The threads alternate, so p and q differ by at most one. All but the last block of each thread are left by a
    preemption, b - 2 of them.
    """

    def runs(blocks: int) -> int:
        first, second = (blocks + 1) // 2, blocks // 2
        return 2 * math.comb(steps - 1, first - 1) * math.comb(steps - 1, second - 1)

    result = explore(toys.wide(2, steps + 1), max_preemptions=most)
    assert result.preemptions == FewPreemptions(most, sum(runs(blocks) for blocks in range(2, most + 3)))


def test_a_switch_away_from_a_waiting_thread_is_free() -> None:
    """Without a preemption each philosopher would take both forks: only with one can they wait for each other."""
    never, once = (explore(toys.philosophers(4), max_preemptions=most) for most in (0, 1))
    assert (never.deadlock.verdict, once.deadlock.verdict) == ("unknown", "violated")
    assert once.outcomes[0].witness == ("P0", "P3", "P2", "P1")


def test_what_the_bound_cuts_off_is_unknown() -> None:
    kinds = {
        "low": ("always", lambda read, inside: read("x") < 3),
        "two": ("final", lambda read, inside: read("x") == 2),
    }
    result = explore(toys.counter(2, 1, properties=kinds), max_preemptions=1)
    assert [prop.verdict for prop in result.properties] == ["unknown", "violated"]
    assert (result.schedules, result.deadlock.verdict, result.livelock.verdict) == (None, "unknown", "unknown")
    assert all((end.schedules, end.share, end.probability) == (None, None, None) for end in result.outcomes)


def test_a_thread_that_spins_under_the_bound_is_no_livelock() -> None:
    """T1 spins for ever when it starts and may not be preempted: infinitely many schedules, and no fault."""
    result = explore(toys.busy_wait(), max_preemptions=0)
    assert (result.preemptions, result.livelock.verdict) == (FewPreemptions(0, INFINITE), "unknown")
    assert [outcome.status for outcome in result.outcomes] == ["finished"]


def test_other_bounds_come_first() -> None:
    result = explore(toys.counter(2, 2), max_preemptions=1, max_states=5)
    assert (result.stopped, result.preemptions) == ("states", FewPreemptions(1, None))


def compare(toy: toys.Toy, most: int, result: Result) -> None:
    """Compare a bounded exploration with all runs that keep the bound, one by one."""
    truth = naive.Naive(toy)
    runs = list(islice(truth.runs(most), 3000))
    assume(len(runs) < 3000)
    assert result.preemptions == FewPreemptions(most, len(runs))
    assert result.complete == (len(runs) == len(list(islice(truth.runs(1000), 3000))))
    passed, taken = {0}, set()
    for _, moves in runs:
        state = 0
        for move in moves:
            taken.add((state, move))
            state = next(target for target, *label, _ in truth.edges[state] if tuple(label) == move)
            passed.add(state)
    assert (result.states, result.transitions) == (len(passed), len(taken))
    ends = {end for end, _ in runs}
    stuck = {end for end in ends if not all(local.ended for local in truth.states[end].locals)}
    assert result.deadlock.states == len(stuck)
    for outcome in result.outcomes:
        alike = [
            end for end in ends - stuck if _looks(toy, truth, end) == (outcome.shared, outcome.returned, outcome.errors)
        ]
        if outcome.status == "finished":
            assert outcome.witness_preemptions == truth.preemptions(truth.witness(alike, most) or ())
            assert len(outcome.witness) == len(truth.witness(alike, most) or ())


def _looks(toy: toys.Toy, truth: naive.Naive, end: int) -> tuple[Any, Any, Any]:
    seen = toy.observe(truth.states[end])
    return seen.shared, seen.returned, seen.errors


@given(random_toys.toys(cyclic=False))
def test_random_programs_match_all_their_runs_with_few_preemptions(toy: toys.Toy) -> None:
    """Also when the words are so narrow that fields outgrow them, and batches small."""
    for most in range(3):
        wanted = explore(toy, max_preemptions=most)
        compare(toy, most, wanted)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(packing, "WORD_BITS", 6)
            patch.setattr(search, "_BATCH", 3)
            assert explore(toy, max_preemptions=most) == wanted


@given(random_toys.toys(cyclic=False))
def test_a_bound_that_cuts_nothing_off_changes_nothing(toy: toys.Toy) -> None:
    found = explore(toy, max_preemptions=100)
    assert found.preemptions == FewPreemptions(100, found.schedules)
    assert replace(found, preemptions=None) == explore(toy)


@given(random_toys.toys(cyclic=True))
def test_programs_with_cycles_are_bounded_like_any_other(toy: toys.Toy) -> None:
    """What a bounded exploration finds is there, and its witnesses keep the bound."""
    whole, found = explore(toy), explore(toy, max_preemptions=1)
    truth = naive.Naive(toy)
    assert found.states <= whole.states
    assert found.complete or found.stopped == "preemptions"
    assert {prop.name for prop in found.properties if prop.verdict == "violated" and prop.kind != "sometimes"} <= {
        prop.name for prop in whole.properties if prop.verdict == "violated"
    }
    if not found.complete:
        assert all(outcome.witness_preemptions <= 1 for outcome in found.outcomes)
        always, _, _ = found.properties
        bad = [n for n, state in enumerate(truth.states) if not _held(toy, state)]
        wanted = truth.witness(bad, 1)
        assert (always.witness is None) == (wanted is None)
        assert len(always.witness or ()) == len(wanted or ())
        assert always.witness_preemptions == truth.preemptions(wanted or ())


def _held(toy: toys.Toy, state: Any) -> bool:
    late = tuple(name for name, local in zip(toy.threads, state.locals, strict=True) if "late" in toy.inside(local))
    return bool(toy.judge(toy.program.properties[0], state.shared.__getitem__, lambda name: late))


def test_a_switch_counts_when_the_thread_before_it_could_go_on() -> None:
    """Thread 0 moved last in the first state and can go on, in the second it cannot; nobody moved before the third."""
    threads, rows = np.array([0, 1, 1, 2, 0, 1]), np.array([0, 0, 1, 1, 2, 2])
    found = preemptions.preempting(threads, np.array([0, 0, -1]), rows)
    assert found.tolist() == [False, True, False, False, False, False]
