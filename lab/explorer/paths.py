"""Counting the paths of a recorded graph: exactly where no cycle can delay them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.packing import Ids
from lab.explorer.result import INFINITE, Count

__all__ = ["Graph", "Measured", "measure"]

Measured = tuple[Count, Fraction | None]
"""A number of paths, and the probability of taking one of them."""


class Graph(NamedTuple):
    """Transitions by the state they leave, whose numbers ascend; state `start` is where paths begin.

    Attributes
    ----------
    sources, targets : array, shape (transitions,)
    divisors : array, shape (transitions,)
        The reciprocal of each transition's probability.
    states, start : int
    """

    sources: Ids
    targets: Ids
    divisors: NDArray[np.int64]
    states: int
    start: int

    def only(self, transitions: NDArray[np.bool_]) -> Graph:
        """Return the graph of those transitions."""
        return Graph(
            self.sources[transitions], self.targets[transitions], self.divisors[transitions], self.states, self.start
        )

    def leaving(self, states: Ids) -> Ids:
        """Return the numbers of the transitions that leave those states."""
        low = np.searchsorted(self.sources, states, side="left")
        high = np.searchsorted(self.sources, states, side="right")
        count = high - low
        ends = np.cumsum(count)
        return np.repeat(low - ends + count, count) + np.arange(ends[-1] if ends.size else 0)

    def reachable(self) -> NDArray[np.bool_]:
        """Return which states a path from the start reaches, shape (states,)."""
        return _closure(self, np.array([self.start]))

    def reaching(self, goals: Ids) -> NDArray[np.bool_]:
        """Return which states have a path to one of the goals, shape (states,)."""
        order = np.argsort(self.targets, kind="stable")
        back = Graph(self.targets[order], self.sources[order], self.divisors[order], self.states, self.start)
        return _closure(back, goals)

    def waves(self) -> tuple[list[Ids], NDArray[np.bool_]]:
        """Return the states in topological order (Kahn 1962), wave by wave, and which of them no cycle precedes.

        Every state has to be reachable from the start, or have no transitions.
        """
        waiting = np.bincount(self.targets, minlength=self.states)
        released = np.zeros(self.states, np.bool_)
        wave = np.array([self.start]) if not waiting[self.start] else np.zeros(0, np.intp)
        found = []
        while wave.size:
            found.append(wave)
            released[wave] = True
            targets, count = np.unique(self.targets[self.leaving(wave)], return_counts=True)
            waiting[targets] -= count
            wave = targets[waiting[targets] == 0]
        return found, released


def _closure(graph: Graph, wave: Ids) -> NDArray[np.bool_]:
    seen = np.zeros(graph.states, np.bool_)
    seen[wave] = True
    while wave.size:
        targets = np.unique(graph.targets[graph.leaving(wave)])
        wave = targets[~seen[targets]]
        seen[wave] = True
    return seen


def measure(graph: Graph, groups: Sequence[Ids]) -> list[Measured]:
    """Count the paths from the start to each group of states, and add up their probabilities.

    A group gets INFINITE and None as soon as a cycle can precede one of its states.

    Notes
    -----
    All numbers are computed modulo as many primes as their known bound needs, and put together at the end (Chinese
    remainders), so that everything in the loop is machine words. The bound of a count is the product over the waves of
    their largest degree; a probability is a natural number over the product of the waves' common denominators.
    """
    waves, released = graph.waves()
    steps, bound, denominator = [], 1, 1
    for wave in waves:
        leaving = graph.leaving(wave)
        if not leaving.size:
            continue
        leaving = leaving[np.argsort(graph.targets[leaving], kind="stable")]
        targets, heads = np.unique(graph.targets[leaving], return_index=True)
        steps.append((leaving, graph.sources[leaving], targets, heads))
        bound *= int(np.bincount(graph.sources[leaving]).max())
        denominator *= math.lcm(*np.unique(graph.divisors[leaving]).tolist())
    exact = [group for group in groups if bool(released[group].all())]
    counts = _sums(graph, steps, np.ones_like(graph.divisors), exact, bound)
    chances = _sums(graph, steps, graph.divisors, exact, denominator, denominator)
    measured = iter(zip(counts, (Fraction(chance, denominator) for chance in chances), strict=True))
    return [next(measured) if bool(released[group].all()) else (INFINITE, None) for group in groups]


_Step = tuple[Ids, Ids, Ids, Ids]


def _sums(
    graph: Graph,
    steps: Sequence[_Step],
    divisors: NDArray[np.int64],
    groups: Sequence[Ids],
    bound: int,
    factor: int = 1,
) -> list[int]:
    """Return for each group the sum over its paths of `factor` / the product of their divisors, at most `bound`."""
    found, modulus = [0] * len(groups), 1
    largest = int(divisors.max(initial=1))
    for prime in _primes(bound):
        inverse = np.zeros(largest + 1, np.int64)
        for divisor in np.unique(divisors).tolist():
            inverse[divisor] = pow(divisor, -1, prime)
        value = np.zeros(graph.states, np.int64)
        value[graph.start] = 1
        for leaving, sources, targets, heads in steps:
            amount = value[sources] * inverse[divisors[leaving]] % prime
            value[targets] = (value[targets] + np.add.reduceat(amount, heads)) % prime
        again = pow(modulus, -1, prime)
        for place, group in enumerate(groups):
            rest = int(value[group].sum()) * factor
            found[place] += modulus * ((rest - found[place]) * again % prime)
        modulus *= prime
    return found


def _primes(bound: int) -> list[int]:
    """Return primes just below 2**31 whose product exceeds `bound`."""
    found, product, candidate = [], 1, (1 << 31) - 1
    while product <= bound:
        if _is_prime(candidate):
            found.append(candidate)
            product *= candidate
        candidate -= 2
    return found


def _is_prime(number: int) -> bool:
    """Decide by Miller and Rabin's test, exact below 3,215,031,751 with these bases (Jaeschke 1993)."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7):
        power = pow(base, odd, number)
        if power not in (1, number - 1) and all(
            (power := power * power % number) != number - 1 for _ in range(twos - 1)
        ):
            return False
    return True
