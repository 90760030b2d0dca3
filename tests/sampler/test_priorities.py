"""Probabilistic concurrency testing: its promise, its drops, and threads that wait busily."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from random import Random
from typing import Any

import pytest

import lab
from lab.sampler.priorities import Priorities
from lab.sampler.result import wilson
from lab.sampler.simulate import simulate
from lab.sampler.space import Space
from tests.explorer import toys


def _runs(relation: Any, depth: int, steps: int, number: int, limit: int = 1_000) -> tuple[list[Any], Priorities]:
    space, random = Space(relation), Random(1)
    priorities = Priorities(len(relation.program.threads), depth, steps, random)
    return [simulate(space, priorities, random, limit) for _ in range(number)], priorities


def test_without_drops_threads_run_one_after_the_other() -> None:
    """Depth 1: six orders of three threads, none preempted, each about equally often."""
    runs, _ = _runs(toys.counter(3, 2), 1, 1, 6_000)
    orders = [tuple(dict.fromkeys(thread for thread, _ in run.moves())) for run in runs]
    assert all(run.preemptions == 0 for run in runs)
    counts = [orders.count(order) for order in sorted(set(orders))]
    assert len(counts) == 6
    assert all(low < Fraction(1, 6) < high for low, high in (wilson(count, 6_000) for count in counts))


def test_one_drop_gives_the_runs_worked_out_by_hand() -> None:
    """Two threads of two steps, depth 2, k = 4.

    The first thread drops after step 1: the other runs whole, then it goes on; after step 2 it has ended. A drop after
    step 3 or 4 drops the other, which is alone. So each order a a b b has probability 1/2 x 3/4, each a b b a has
    1/2 x 1/4.
    """
    runs, _ = _runs(toys.counter(2, 1), 2, 4, 8_000)
    seen = ["".join(str(thread) for thread, _ in run.moves()) for run in runs]
    assert set(seen) == {"0011", "1100", "0110", "1001"}
    for order, chance in (("0011", 3 / 8), ("1100", 3 / 8), ("0110", 1 / 8), ("1001", 1 / 8)):
        low, high = wilson(seen.count(order), len(seen))
        assert low < chance < high


@pytest.mark.parametrize("threads", [2, 3])
def test_a_fault_of_depth_two_shows_at_least_as_often_as_promised(threads: int) -> None:
    """An inversion of two locks deadlocks if one thread stops between its two: 1 / (2 x 8) of the runs at least.

    A lost update of n threads of two steps needs one drop, too: 1 / (n x 2n).
    """
    found = lab.sample("lost_update/race", parameters={"THREADS": threads}, runs=5_000, pct=2)
    assert found.coverage is not None
    assert found.coverage.chance == Fraction(1, threads * 2 * threads)
    assert found.properties[0].seen.interval[0] > found.coverage.chance
    locks = lab.sample("lock_order/inversion", runs=5_000, pct=2)
    assert locks.coverage is not None
    assert locks.coverage.chance == Fraction(1, 16)
    assert locks.deadlock.interval[0] > Fraction(1, 16)


def test_a_step_at_one_place_of_many_is_met_as_often_as_promised() -> None:
    """T1 takes forty steps, and T2's only one has to come right after the thirtieth: depth 2, n = 2, k = 41.

    T1 has to begin (1 / 2) and to drop there (1 / 41), which is the promise exactly. Uniform choice would have to leave
    T2 out thirty times: once in two thousand million runs.
    """

    def slow(local: Any, _: Any) -> Any:
        yield (toys.done() if local.position == 39 else toys.at(local.position + 1)), {}

    toy = toys.Toy({}, {"T1": slow, "T2": lambda _, __: iter([(toys.done(), {})])})
    runs, priorities = _runs(toy, 2, 41, 10_000)
    places = [[thread for thread, _ in run.moves()].index(1) for run in runs]
    assert priorities.coverage().chance == Fraction(1, 82)
    low, high = wilson(places.count(30), len(runs))
    assert low < 1 / 82 < high


def test_a_thread_that_waits_busily_is_put_last() -> None:
    """T1 looks at the flag, comes back to the same state, and T2 gets its turn: the run ends, and is counted."""
    runs, priorities = _runs(toys.busy_wait(), 1, 3, 200)
    seen = {tuple(thread for thread, _ in run.moves()) for run in runs}
    assert seen == {(1, 0), (0, 1, 0)}
    coverage = priorities.coverage()
    assert coverage.demoted == sum(run.length == 3 for run in runs) > 0
    assert coverage.missed is None


def test_taking_turns_is_no_busy_wait() -> None:
    """Each thread undoes what the other did: the program is back where it was, and nobody has waited."""
    toy = toys.Toy(
        {"x": 0},
        {
            "T1": lambda local, read: iter([(local, {"x": 1})] if read("x") == 0 else []),
            "T2": lambda local, read: iter([(local, {"x": 0})] if read("x") == 1 else []),
        },
    )
    runs, priorities = _runs(toy, 1, 1, 5, limit=40)
    assert {run.length for run in runs} == {40}
    assert priorities.coverage().demoted == 0


def test_endless_programs_are_cut_off() -> None:
    """Philosophers who never stop: no run ends, and none is longer than the bound."""
    found = lab.sampler.sample(toys.philosophers(2), runs=20, pct=1, max_length=50)
    assert found.cut + found.deadlock.runs == 20
    assert found.cut > 0
    assert found.lengths is None or found.lengths.most <= 50


def test_the_promise_begins_anew_with_a_longer_run() -> None:
    """k is 1 until the first run has four steps; that one is not covered, the other nine are."""
    _, priorities = _runs(toys.counter(2, 1), 2, 1, 10)
    coverage = priorities.coverage()
    assert (coverage.steps, coverage.runs, coverage.demoted) == (4, 9, 0)
    assert coverage.missed == pytest.approx((1 - 1 / 8) ** 9)


@pytest.mark.parametrize(("threads", "depth", "runs"), [*product([1, 2], [1, 2], [0, 5])])
def test_what_is_missed_is_a_power(threads: int, depth: int, runs: int) -> None:
    """(1 - 1 / (n k^(d-1))) ** runs; with one thread and depth 1, one run is enough."""
    priorities = Priorities(threads, depth, 3, Random(1))
    for _ in range(runs):
        priorities.begin()
        priorities.end(3)
    missed = (1 - 1 / (threads * 3 ** (depth - 1))) ** runs
    assert priorities.coverage().missed == pytest.approx(missed)
