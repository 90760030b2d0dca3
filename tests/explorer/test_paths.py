"""Paths of recorded graphs."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from lab.explorer.cycles import bottom_components, shortest_round
from lab.explorer.paths import Graph, _is_prime, measure
from lab.explorer.result import INFINITE


def graph(states: int, *edges: tuple[int, int]) -> Graph:
    """Return a graph whose transitions from one state are equally likely."""
    sources, targets = (np.array([edge[k] for edge in sorted(edges)], np.intp) for k in range(2))
    return Graph(sources, targets, np.bincount(sources)[sources], states, 0)


def test_paths_through_a_diamond() -> None:
    """0 to 1 and 2, both to 3; 2 also straight to 4: two paths to 3, one to 4."""
    found = measure(graph(5, (0, 1), (0, 2), (1, 3), (2, 3), (2, 4)), [np.array([3]), np.array([4]), np.array([3, 4])])
    assert found == [(2, Fraction(3, 4)), (1, Fraction(1, 4)), (3, Fraction(1))]


def test_counts_beyond_a_machine_word_are_exact() -> None:
    """A ladder of 100 diamonds has 2**100 paths."""
    rungs = [(3 * k + a, 3 * k + b) for k in range(100) for a, b in ((0, 1), (0, 2), (1, 3), (2, 3))]
    assert measure(graph(301, *rungs), [np.array([300])]) == [(2**100, Fraction(1))]


def test_a_cycle_makes_what_follows_it_infinite_and_nothing_else() -> None:
    """1 has a loop and leads to 2; 3 is reached without it."""
    found = measure(graph(4, (0, 1), (0, 3), (1, 1), (1, 2)), [np.array([2]), np.array([3]), np.array([2, 3])])
    assert found == [(INFINITE, None), (1, Fraction(1, 2)), (INFINITE, None)]


def test_nothing_is_infinite_about_a_group_of_no_states() -> None:
    assert measure(graph(2, (0, 0), (0, 1)), [np.zeros(0, np.intp)]) == [(0, Fraction(0))]


def test_bottom_components_are_those_that_nothing_leaves() -> None:
    """1 and 2 circle but can leave to 3, an end; 4 and 5 circle for ever, and so does 6."""
    edges = [(0, 1), (1, 2), (2, 1), (2, 3), (0, 4), (4, 5), (5, 4), (0, 6), (6, 6)]
    assert [states.tolist() for states in bottom_components(graph(7, *edges))] == [[4, 5], [6]]


def test_a_graph_in_which_every_state_reaches_an_end_has_no_bottom_component() -> None:
    assert bottom_components(graph(3, (0, 1), (1, 0), (1, 2))) == []


def test_the_shortest_round_comes_back() -> None:
    """0 1 2 0 and 0 3 0: the second is shorter."""
    edges = sorted([(0, 1), (1, 2), (2, 0), (0, 3), (3, 0)])
    found = shortest_round(graph(4, *edges), 0)
    assert [edges[move] for move in found] == [(0, 3), (3, 0)]


def test_primes_are_told_from_composites() -> None:
    def prime(number: int) -> bool:
        return all(number % divisor for divisor in range(2, int(number**0.5) + 1))

    numbers = [*range(11, 2000, 2), 2**31 - 1, 2**31 - 3, 46337**2]
    assert [_is_prime(number) for number in numbers] == [prime(number) for number in numbers]
