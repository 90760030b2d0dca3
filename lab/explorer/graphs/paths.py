"""Counting the paths of a recorded graph: exactly where no cycle can delay them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lab.explorer.graphs.digraph import Graph
from lab.explorer.result import INFINITE, Count
from lab.explorer.states.packing import Ids
from lab.explorer.states.primes import combined, primes

__all__ = ["Acyclic"]


class Acyclic:
    """The part of a graph that no cycle precedes, in topological order.

    Attributes
    ----------
    released : array, shape (states,)
        Whether no cycle precedes a state.
    whole : bool
        Whether that is so for every state that the start reaches.

    Notes
    -----
    All numbers are computed modulo as many primes as their known bound needs, and put together at the end (Chinese
    remainders), so that everything in the loop is machine words. The bound of a count is the product over the waves of
    their largest degree; a probability is a natural number over the product of the waves' common denominators.
    States are renumbered by waves, so that a wave's values and transitions lie together. O(transitions) a prime.
    """

    def __init__(self, graph: Graph) -> None:
        waves = graph.waves()
        narrow = graph.results is None or graph.results.dtype == np.uint8
        self._kernels = graph.compiled if narrow else None
        order = np.concatenate([*waves, np.zeros(0, np.intp)])
        self.whole = bool(graph.degrees[order].sum() == graph.targets.size)
        self._cuts = [0, *np.cumsum([wave.size for wave in waves]).tolist()]
        self._rank = np.full(graph.states, order.size, np.int32)  # whatever a cycle precedes shares one place
        self._rank[order] = np.arange(order.size, dtype=np.int32)
        self._degrees = graph.degrees[order]
        self._enabled = graph.enabled[order]
        self._targets = np.empty(int(self._degrees.sum()), np.int32)
        self._results = None if graph.results is None else np.empty(self._targets.size, graph.results.dtype)
        end = 0
        for _, leaving in graph.pieces(order):
            begin, end = end, end + leaving.size
            self._targets[begin:end] = self._rank[graph.targets[leaving]]
            if graph.results is not None and self._results is not None:
                self._results[begin:end] = graph.results[leaving]
        self.released = self._rank < order.size

    def counts(self, groups: Sequence[Ids]) -> list[Count]:
        """Return the number of paths from the start to each group; INFINITE as soon as a cycle precedes one state."""
        bound = 1
        for low, high in zip(self._cuts, self._cuts[1:], strict=False):
            bound *= max(1, int(self._degrees[low:high].max()))
        found = iter(self._sums(list(filter(self._exact, groups)), bound, 1, weighted=False))
        return [next(found) if self._exact(group) else INFINITE for group in groups]

    def chances(self, groups: Sequence[Ids]) -> list[Fraction | None]:
        """Return the probability of a path to each group; None as soon as a cycle precedes one of its states."""
        denominator, ends = 1, np.cumsum(self._degrees)
        for low, high in zip(self._cuts, self._cuts[1:], strict=False):
            moving = low + np.flatnonzero(self._degrees[low:high])
            divisors: NDArray[np.int64] = np.unique(self._enabled[moving]).astype(np.int64)
            if self._results is not None:
                first = int(ends[low] - self._degrees[low])
                results = np.unique(self._results[first : int(ends[high - 1])]).astype(np.int64)
                divisors = np.outer(divisors, results).ravel()
            denominator *= math.lcm(*divisors.tolist())
        sums = self._sums(list(filter(self._exact, groups)), denominator, denominator, weighted=True)
        found = iter(Fraction(part, denominator) for part in sums)
        return [next(found) if self._exact(group) else None for group in groups]

    def _exact(self, group: Ids) -> bool:
        return bool(self.released[group].all())

    def _sums(self, groups: Sequence[Ids], bound: int, factor: int, *, weighted: bool) -> list[int]:
        """Return for each group the sum of `factor` x the weights of its paths, at most `bound`."""
        if not groups:
            return []
        moduli = primes(bound)
        places = [self._rank[group] for group in groups]
        rests = []
        for prime in moduli:
            value = self._pass(prime, weighted=weighted)
            rests.append([int((value[place] % prime).sum()) * factor % prime for place in places])
        return [combined(remainders, moduli) for remainders in zip(*rests, strict=True)]

    def _pass(self, prime: int, *, weighted: bool) -> NDArray[np.int64]:
        """Return the weight of the paths to each state in the order of waves, modulo a prime, and one place more.

        A value is reduced when its wave comes; until then fewer than 2**32 remainders below 2**31 add up in it.
        """
        value = np.zeros(self._cuts[-1] + 1, np.int64)
        value[0] = 1
        inverse = np.array([0, *(pow(number, -1, prime) for number in range(1, self._most() + 1))], np.int64)
        if self._kernels is not None:
            results = np.zeros(0, np.uint8) if self._results is None else self._results
            arrays = (self._targets, self._degrees.astype(np.int32, copy=False), self._enabled, results, inverse)
            self._kernels.pass_on(value, *arrays, prime, weighted)
            return value
        first = 0
        for low, high in zip(self._cuts, self._cuts[1:], strict=False):
            amounts = value[low:high] % prime
            if weighted:
                amounts = amounts * inverse[self._enabled[low:high]] % prime
            degrees = self._degrees[low:high]
            last = first + int(degrees.sum())
            moved = np.repeat(amounts, degrees)
            if weighted and self._results is not None:
                moved = moved * inverse[self._results[first:last]] % prime
            np.add.at(value, self._targets[first:last].astype(np.intp), moved)
            first = last
        return value

    def _most(self) -> int:
        results = 1 if self._results is None else int(self._results.max(initial=1))
        return max(results, int(self._enabled.max(initial=1)))
