"""Probabilities behind cycles: closed forms, the elimination's arithmetic, and error bounds of rounded ones."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given

from lab.explorer import explore, recount
from lab.explorer.graphs import elimination, rounded
from lab.explorer.graphs.digraph import Graph, offsets_of
from lab.explorer.graphs.elimination import absorbed
from lab.explorer.graphs.rounded import absorbed_about
from lab.explorer.result import Rounded
from lab.explorer.states.primes import primes
from tests.explorer import random_toys, toys


def graph(states: int, edges: list[tuple[int, int]], start: int = 0) -> Graph:
    """Return a graph whose transitions from one state are equally likely; one may be given several times."""
    edges = sorted(edges)
    degrees = np.bincount([source for source, _ in edges], minlength=states)
    targets = np.array([target for _, target in edges], np.int32)
    return Graph(offsets_of(degrees), targets, degrees.astype(np.uint8), None, np.zeros(targets.size, np.uint8), start)


def ruin(money: int, goal: int, win: int = 1, lose: int = 1) -> tuple[Graph, list[np.ndarray]]:
    """Return a gambler's walk that goes up `win` times for each `lose` times down, until 0 or the goal."""
    edges = [(at, at + 1) for at in range(1, goal) for _ in range(win)]
    edges += [(at, at - 1) for at in range(1, goal) for _ in range(lose)]
    return graph(goal + 1, edges, money), [np.array([goal]), np.array([0])]


@pytest.mark.parametrize(("money", "goal"), [(1, 2), (3, 10), (7, 100), (500, 1000)])
def test_a_fair_gambler_wins_in_proportion_to_the_money(money: int, goal: int) -> None:
    """The chance to come to the goal before 0 is money / goal."""
    assert absorbed(*ruin(money, goal)) == [Fraction(money, goal), 1 - Fraction(money, goal)]


@pytest.mark.parametrize(("money", "goal"), [(1, 2), (5, 12), (40, 90)])
def test_an_unfair_gambler_loses_geometrically(money: int, goal: int) -> None:
    """With one chance in three, r = 2: (2^money - 1) / (2^goal - 1)."""
    won = Fraction(2**money - 1, 2**goal - 1)
    assert absorbed(*ruin(money, goal, 1, 2)) == [won, 1 - won]


def test_a_prime_that_divides_a_pivot_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the steps of state 1 stay: the pivot is 1/2, fine; with 3, pivots of 2/3 need a prime other than 2."""
    monkeypatch.setattr("lab.explorer.states.primes._FOUND", [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47])
    some = graph(4, [(0, 0), (0, 1), (0, 2), (1, 1), (1, 0), (1, 3), (1, 3), (1, 3)])
    # h(2): 0 -> h0 = (h0 + h1 + 1)/3, h1 = (h1 + h0)/5: h0 = 4 h1, 2 h0 = h1 + 1: h0 = 4/7.
    assert absorbed(some, [np.array([2]), np.array([3])]) == [Fraction(4, 7), Fraction(3, 7)]


def test_primes_left_out_are_replaced() -> None:
    first = primes(1 << 40)
    other = primes(1 << 40, frozenset(first))
    assert len(first) == len(other) == 2
    assert not {*first} & {*other}


def test_too_much_work_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elimination, "_MOST_WORK", 100)
    assert absorbed(*ruin(30, 70)) is None
    assert absorbed(*ruin(3, 7)) is not None
    monkeypatch.setattr(elimination, "_MOST_WORK", 10**6)
    monkeypatch.setattr(elimination, "_MOST_PRIMES", 1)
    assert absorbed(*ruin(30, 70)) is None


@pytest.mark.parametrize(("widest", "dense"), [(0, 0), (100, 0), (100, 100)], ids=["moved", "factorised", "inverted"])
@pytest.mark.parametrize(("money", "goal"), [(1, 2), (3, 10), (7, 12)])
def test_a_rounded_value_is_as_near_as_it_says(
    widest: int, dense: int, money: int, goal: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounded, "_WIDEST", widest)
    monkeypatch.setattr(rounded, "_DENSE", dense)
    won, lost = absorbed_about(*ruin(money, goal))
    assert abs(Fraction(won.value) - Fraction(money, goal)) <= Fraction(won.error) < Fraction(1, 10**9)
    assert abs(Fraction(lost.value) - 1 + Fraction(money, goal)) <= Fraction(lost.error)


def test_mass_that_does_not_arrive_in_time_is_part_of_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the middle of 400 a walk needs some 40,000 steps: after 2,000 next to nothing has come anywhere."""
    monkeypatch.setattr(rounded, "_WIDEST", 0)
    assert absorbed_about(*ruin(200, 400))[0] == Rounded(0.5, 0.5)
    monkeypatch.setattr(rounded, "_MOST_SWEEPS", 60_000)
    won = absorbed_about(*ruin(200, 400))[0]
    assert abs(won.value - 0.5) <= won.error < 0.5


@given(random_toys.toys(cyclic=True))
def test_rounded_results_enclose_the_exact_ones(toy: toys.Toy) -> None:
    """What is exact by elimination lies within the error bound of what is rounded, everywhere in the result."""
    truth = explore(toy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recount, "absorbed", lambda *_: None)
        about = explore(toy)
    exact = [*truth.outcomes, *truth.properties, truth.deadlock, truth.livelock, truth.exceptions]
    found = [*about.outcomes, *about.properties, about.deadlock, about.livelock, about.exceptions]
    for one, other in zip(exact, found, strict=True):
        assert one.probability is not None
        assert one.probability_rounded is None
        if other.probability is None:
            assert other.probability_rounded is not None
            assert abs(one.probability - Fraction(other.probability_rounded.value)) <= other.probability_rounded.error
        else:
            assert other.probability == one.probability
