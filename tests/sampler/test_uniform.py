"""Exactly uniform draws: against the list of all runs, by chi-square tests."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from math import comb
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lab
from lab.errors import IncompleteError, UsageError
from lab.explorer.bounds import Bounds
from lab.explorer.runs import record_runs
from lab.sampler import completions, uniform
from lab.sampler.completions import count_completions
from lab.sampler.uniform import draw_uniform
from tests.explorer import random_toys, toys
from tests.sampler import brute


def _source(relation: Any, max_length: int | None = None) -> tuple[Any, Any]:
    runs = record_runs(relation, Bounds(max_depth=max_length))
    return runs, count_completions(runs, max_length)


def _drawn(relation: Any, number: int, max_length: int | None = None, seed: int = 1) -> list[brute.Moves]:
    runs, counted = _source(relation, max_length)
    return [tuple(run.moves()) for run in islice(draw_uniform(runs, counted, Random(seed)), number)]


def _equally(relation: Any, limit: int = 1_000) -> dict[brute.Moves, Fraction]:
    known = brute.ended(relation, limit)
    return {run.moves: Fraction(1, len(known)) for run in known}


def _two_by_two() -> Any:
    return lab.relation("lost_update/race", parameters={"ROUNDS": 2})


def _hesitating() -> toys.Toy:
    """Two threads that choose at each step whether to end or to go on, for three steps at most."""

    def run(local: Any, _: Any) -> Any:
        yield toys.done(), {}
        yield (toys.at(local.position + 1) if local.position < 2 else toys.done(1)), {}

    return toys.Toy({}, {"T1": run, "T2": run})


def test_each_of_seventy_schedules_is_drawn_equally_often() -> None:
    """Two threads of four steps: 8! / (4! 4!) = 70 schedules."""
    relation = _two_by_two()
    expected = _equally(relation)
    assert len(expected) == comb(8, 4) == 70
    assert brute.credible(_drawn(relation, 20_000), expected) > brute.CREDIBLE


@pytest.mark.parametrize(
    ("toy", "number"),
    [(toys.chooser(), 9), (toys.lock_order(), 6), (_hesitating(), 150)],
    ids=["choices", "locks and deadlocks", "different lengths"],
)
def test_choices_deadlocks_and_lengths_change_nothing(toy: toys.Toy, number: int) -> None:
    """Three values x three places for the reader: 9 runs.

    Lock order: two runs into the deadlock; else T1 takes both locks and releases the second, and then its last step
    and T2's first come in either order, two runs; and two with T1 and T2 exchanged. 6 in all.

    Hesitating: a thread that ends at its step a and one that ends at its step b have (a + b)! / (a! b!) orders, each of
    one choice of results; a, b in 1 .. 3, but both ways to choose at step 3 end it, so that a = 3 counts twice:
    2 + 3 + 2 x 4, then 3 + 6 + 2 x 10, then 2 x (4 + 10 + 2 x 20).
    """
    expected = _equally(toy)
    assert len(expected) == number
    assert brute.credible(_drawn(toy, 5_000), expected) > brute.CREDIBLE


@pytest.mark.parametrize(
    ("toy", "length"),
    [(toys.busy_wait(), 12), (toys.philosophers(2), 9), (toys.counter(2, 2), 8), (_hesitating(), 5)],
    ids=["busy wait", "philosophers", "as long as the longest", "shorter than the longest"],
)
def test_runs_of_at_most_a_length(toy: toys.Toy, length: int) -> None:
    """Uniform among all runs that end within so many steps, cycles or not, each found by brute force."""
    expected = _equally(toy, length)
    assert brute.credible(_drawn(toy, 6_000, length), expected) > brute.CREDIBLE
    _, counted = _source(toy, length)
    assert counted.total == len(expected)
    assert counted.longer == any(not run.ended for run in brute.runs(toy, length))


def test_a_state_can_lie_near_and_be_reached_late() -> None:
    """A thread leaves at one of four steps: all states lie within three steps, and one of the four runs takes four."""

    def leave(local: Any, _: Any) -> Any:
        yield toys.done(), {}
        if local.position < 3:
            yield toys.at(local.position + 1), {}

    runs, counted = _source(toys.Toy({}, {"T1": leave}), 3)
    assert (runs.stopped, counted.total, counted.longer) == ("", 3, True)


def test_a_busy_wait_can_be_counted_by_hand() -> None:
    """T1 looks j times in vain, T2 sets the flag, T1 looks and ends: j + 2 steps, so 11 runs of at most 12."""
    runs, counted = _source(toys.busy_wait(), 12)
    assert (counted.total, counted.longer) == (11, True)
    assert runs.stopped == ""
    lengths = sorted(len(moves) for moves in set(_drawn(toys.busy_wait(), 500, 12)))
    assert lengths == list(range(2, 13))


def test_states_beyond_the_length_are_not_explored() -> None:
    """A program that counts for ever has infinitely many states; runs of at most 6 steps need 7 levels."""

    def count(local: Any, read: Any) -> Any:
        yield local, {"x": read("x") + 1}
        yield toys.done(), {}

    toy = toys.Toy({"x": 0}, {"T1": count})
    runs, counted = _source(toy, 6)
    assert runs.stopped == "length"
    assert (counted.total, counted.longer) == (6, True)
    assert brute.credible(_drawn(toy, 600, 6), _equally(toy, 6)) > brute.CREDIBLE
    assert lab.sampler.sample(toy, uniform=True, max_length=6).population == 6


@given(random_toys.toys(cyclic=False), st.none() | st.integers(1, 6))
@settings(max_examples=60)
def test_the_ranks_of_random_programs_name_their_runs(toy: toys.Toy, max_length: int | None) -> None:
    """Rank r is run r in thread order, so that equal chances for ranks are equal chances for runs."""
    _all_ranks(toy, max_length)


@given(random_toys.toys(threads=2))
@settings(max_examples=60)
def test_the_ranks_of_random_programs_with_cycles_name_their_runs(toy: toys.Toy) -> None:
    """Likewise among the runs of at most seven steps."""
    _all_ranks(toy, 7)


def _all_ranks(toy: toys.Toy, max_length: int | None) -> None:
    """Compare the run of every rank with the list of all runs: moves, length, preemptions and what is noted."""
    known = brute.ended(toy, max_length or 1_000)
    runs, counted = _source(toy, max_length)
    assert counted.total == len(known)
    found = uniform._Walk(runs, counted).batch(list(range(len(known))))
    for run, truth in zip(found, known, strict=True):
        assert tuple(run.moves()) == truth.moves
        assert (run.length, run.preemptions, run.noted) == (len(truth.moves), truth.preemptions, truth.noted)


def test_numbers_beyond_a_machine_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """2 threads x 36 steps: C(72, 36), about 4e20; and 70 schedules come out alike with either kind of number."""
    relation = lab.relation("lost_update/race", parameters={"ROUNDS": 18})
    runs, counted = _source(relation)
    assert counted.total == comb(72, 36) > 1 << 63
    assert all(run.length == 72 for run in islice(draw_uniform(runs, counted, Random(1)), 20))
    small = _drawn(_two_by_two(), 100)
    monkeypatch.setattr(completions, "_kind", lambda *_: object)
    assert _drawn(_two_by_two(), 100) == small
    assert _drawn(_two_by_two(), 100, 8) == small


@pytest.mark.parametrize(("steps", "kind"), [(62, "int64"), (63, "object")])
def test_the_largest_machine_word(steps: int, kind: str) -> None:
    """Steps of two results each that do the same: 2**62 runs fit a word of 64 bits with its sign, 2**63 do not."""

    def run(local: Any, _: Any) -> Any:
        after = toys.at(local.position + 1) if local.position + 1 < steps else toys.done()
        yield from ((after, {}), (after, {}))

    toy = toys.Toy({}, {"T1": run})
    runs, counted = _source(toy)
    assert counted.total == 1 << steps
    assert counted.of(runs.graph.targets[:1].astype(int), 1).dtype == kind
    last = next(uniform._Walk(runs, counted).batch([counted.total - 1]))
    assert last.moves() == [(0, 1)] * steps


def test_a_draw_does_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first runs of a long sample are those of a short one."""
    long = _drawn(_two_by_two(), 40)
    monkeypatch.setattr(uniform, "SMALLEST", 3)
    monkeypatch.setattr(uniform, "BATCH", 7)
    assert _drawn(_two_by_two(), 40) == long
    assert _drawn(_two_by_two(), 10) == long[:10]


def test_infinitely_many_runs_cannot_be_drawn_from() -> None:
    """One sentence says what to write."""
    with pytest.raises(UsageError, match=r"infinitely many runs.*--max-length 100"):
        lab.sample("peterson/peterson", uniform=True)


@pytest.mark.parametrize("max_length", [None, 20])
def test_numbers_that_need_too_much_memory_are_refused(max_length: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before they are counted: 48 bytes for each of 57 states."""
    monkeypatch.setattr(completions, "MOST_BYTES", 1000)
    toy = toys.counter(2, 2) if max_length is None else toys.philosophers(2)
    with pytest.raises(IncompleteError, match="write a smaller --max-length"):
        _source(toy, max_length)


def test_a_program_whose_threads_have_nothing_to_do_has_one_run(tmp_path: Any) -> None:
    """It has no steps."""
    path = tmp_path / "idle.py"
    path.write_text("'''Idle.'''\nfrom lab.scenario import thread\n\n\n@thread\ndef T():\n    pass\n", encoding="utf-8")
    found = lab.sample(path, runs=3, uniform=True)
    assert (found.population, found.outcomes[0].seen.runs, found.outcomes[0].seen.schedule) == (1, 3, ())


def test_a_count_that_misses_some_completions_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted fault: one state of 20 completions counts 15 of them, and the chi-square test sees it."""
    add_up, faults = completions._add_up, []

    def forgetful(values: Any, places: Any, amounts: Any) -> None:
        add_up(values, places, amounts)
        for place in places[values[places] == 20][: 1 - len(faults)]:
            values[place] = 15
            faults.append(place)

    relation = _two_by_two()
    monkeypatch.setattr(completions, "_add_up", forgetful)
    drawn = _drawn(relation, 20_000)
    assert len(faults) == 1
    assert brute.credible(drawn, _equally(relation)) < 1e-9


def test_choosing_without_the_weights_is_caught() -> None:
    """A planted fault: branches chosen uniformly instead of by completions, as the uniform-choice scheduler does."""
    relation = _two_by_two()
    chances = {run.moves: run.chance for run in brute.ended(relation)}
    drawn = Random(1).choices(list(chances), [float(chance) for chance in chances.values()], k=20_000)
    assert brute.credible(drawn, _equally(relation)) < 1e-9
