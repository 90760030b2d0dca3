"""The uniform-choice scheduler and the states it walks through: against brute force."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given

import lab
from lab.sampler import space as spaces
from lab.sampler.choice import UniformChoice
from lab.sampler.run import Run
from lab.sampler.simulate import simulate
from lab.sampler.space import Space
from tests.explorer import random_toys, toys
from tests.sampler import brute


def _runs(relation: Any, number: int, limit: int = 1_000) -> list[Run]:
    space, random = Space(relation), Random(1)
    choice = UniformChoice(random)
    return [simulate(space, choice, random, limit) for _ in range(number)]


@pytest.mark.parametrize(
    "relation",
    [
        lab.relation("lost_update/race", parameters={"ROUNDS": 2}),
        lab.relation("philosophers/all_left", parameters={"N": 2}),
        toys.chooser(),
        toys.lock_order(),
        toys.branches(),
    ],
    ids=["two by two", "philosophers", "choices", "locks and deadlocks", "different lengths"],
)
def test_runs_have_the_probability_of_uniform_choice(relation: Any) -> None:
    """The product of 1 / (enabled threads x results) over the steps, for every run."""
    expected = {run.moves: run.chance for run in brute.ended(relation)}
    assert sum(expected.values()) == 1
    drawn = [tuple(run.moves()) for run in _runs(relation, 20_000)]
    assert brute.credible(drawn, expected) > brute.CREDIBLE


def test_frequencies_are_those_that_the_explorer_computes() -> None:
    """Each exact probability lies in the sample's 95 % interval, or nearly: at most one of eight is missed."""
    exact = lab.explore("lost_update/race", parameters={"THREADS": 3, "ROUNDS": 3})
    found = lab.sample("lost_update/race", parameters={"THREADS": 3, "ROUNDS": 3}, runs=20_000)
    chances = {outcome.shared["counter"]: outcome.probability for outcome in exact.outcomes}
    inside = [
        outcome.seen.interval[0] <= chances[outcome.shared["counter"]] <= outcome.seen.interval[1]
        for outcome in found.outcomes
    ]
    assert len(inside) == 8
    assert sum(inside) >= 7


@given(random_toys.toys())
def test_random_programs_run_as_by_brute_force(toy: toys.Toy) -> None:
    """Moves, preemptions, what is noted and whether the run ended; runs of more than five steps are cut off."""
    known = {run.moves: run for run in brute.runs(toy, 5)}
    for run in _runs(toy, 20, 5):
        truth = known[tuple(run.moves())]
        assert (run.preemptions, run.noted, run.ending is not None) == (truth.preemptions, truth.noted, truth.ended)


def test_forgetting_states_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for three states the same runs come out."""
    relation = lab.relation("lost_update/race", parameters={"ROUNDS": 2})
    before = [run.moves() for run in _runs(relation, 50)]
    monkeypatch.setattr(spaces, "MOST_NODES", 3)
    assert [run.moves() for run in _runs(relation, 50)] == before


def test_a_program_too_large_to_explore_is_sampled() -> None:
    """Four threads of a hundred increments have some 1e9 states; a few runs take no time."""
    found = lab.sample("lost_update/race", parameters={"THREADS": 4, "ROUNDS": 100}, runs=3)
    assert (found.runs, found.cut) == (3, 0)
    assert found.lengths is not None
    assert found.lengths.least == found.lengths.most == 800


def test_a_wrong_scheduler_is_caught() -> None:
    """A planted fault: the first thread twice as likely as the others."""

    class Unfair(UniformChoice):
        def choose(self, node: spaces.Node) -> spaces.Move:
            return (node.moves[0], *node.moves)[self._random.randrange(len(node.moves) + 1)]

    relation, random = toys.counter(2, 2), Random(1)
    space, unfair = Space(relation), Unfair(random)
    drawn = [tuple(simulate(space, unfair, random, 100).moves()) for _ in range(5_000)]
    assert brute.credible(drawn, {run.moves: run.chance for run in brute.ended(relation)}) < 1e-9
