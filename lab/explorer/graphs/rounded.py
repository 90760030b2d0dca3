"""Probabilities behind cycles in floating point, each with an error bound that is proved after the fact."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lab.explorer.graphs.components import depths, strong_components
from lab.explorer.graphs.digraph import Graph
from lab.explorer.result import Rounded
from lab.explorer.states.packing import Ids

__all__ = ["absorbed_about"]

_WIDEST = 5_000
"""States of a component up to which its equations are solved by a sparse factorisation."""

_DENSE = 16
"""States of a component up to which they are solved by a dense inverse, of all components of one size at once."""

_MOST_SWEEPS = 2_000
"""Steps that the mass is moved on at most, where nothing is factorised."""

_ENOUGH = 1e-13
"""Mass left at which moving on ends."""

_PAIRWISE = 256
"""Roundings that a number can meet in a sum: numpy adds blocks of 128 one by one, and then pairs of sums."""


def absorbed_about(graph: Graph, groups: Sequence[Ids]) -> list[Rounded]:
    """Return about how probable it is that a path from the start comes to each group, with error bounds.

    Every state that the start reaches must be left in the end, for a state with no transitions or, in a part of a
    graph, by transitions left out; the groups consist of states with no transitions.

    Notes
    -----
    Whatever x is, let r = b - (I - P)^T x be what it leaves of the equations for the mean numbers of visits, b being
    one visit to the start. The true visits are x + (I - P)^-T r, so a group's probability is that computed from
    x plus the sum over the states of r(s) h(s), where h(s) is the probability to come to the group from s, a number in
    [0, 1]. So the error is at most the sum of |r(s)|, plus what rounding adds in computing r and the sums: at most
    n + 3 rounding errors for an entry that n transitions lead to, and one for each level of numpy's pairwise sum, of
    which each is at most 2**-53 of the sizes added.
    """
    chain = _Chain(graph)
    if chain.widest > _WIDEST:
        visits = _moved(chain)
    else:
        try:
            visits = _solved(chain)
        except (np.linalg.LinAlgError, RuntimeError):  # so near to singular that rounding made it so
            visits = _moved(chain)
    error = _error(chain, visits)
    return [_bounded(visits[chain.place[group]], error) for group in groups]


class _Chain:
    """The states that the start reaches in a topological order of components, and their transitions in that order.

    Attributes
    ----------
    place : array, shape (states of the graph,)
        Where a state stands: by the level of its component, the component's size and first state, and its number.
        Other states have place 0.
    sources, targets : array, shape (transitions,)
        Places; the sources ascending.
    chances : array, shape (transitions,)
    component : array, shape (n,)
        By place, the place of the first state of the same component.
    runs : list of (int, int, int)
        Where components of one level and size begin, where they end, and the size.
    """

    def __init__(self, graph: Graph) -> None:
        states = np.flatnonzero(graph.reachable())
        number = strong_components(graph, states)
        sizes = np.bincount(number)[number]
        level = depths(graph, states, number)[number]
        first = np.full(states.size, graph.states)
        np.minimum.at(first, number, states)
        order = np.lexsort((states, first[number], sizes, level))
        self.count, self.widest = states.size, int(sizes.max())
        self.place = np.zeros(graph.states, np.intp)
        self.place[states[order]] = np.arange(states.size)
        self.start = int(self.place[graph.start])
        self.component = self.place[first[number[order]]]
        changes = np.flatnonzero(np.diff(level[order]) | np.diff(sizes[order])) + 1
        cuts = [0, *changes.tolist(), states.size]
        self.runs = [(low, high, int(sizes[order[low]])) for low, high in pairwise(cuts)]
        leaving = graph.leaving(states[order])
        leaves = np.repeat(states[order], graph.degrees[states[order]])
        self.sources, self.targets = self.place[leaves], self.place[graph.targets[leaving]]
        self.chances = 1 / graph.divisors(leaving, leaves)


def _solved(chain: _Chain) -> NDArray[np.float64]:
    """Return how often each state is visited, component by component."""
    visits: NDArray[np.float64] = np.zeros(chain.count)
    visits[chain.start] = 1
    inside = chain.component[chain.sources] == chain.component[chain.targets]
    solvers = _Solvers(chain, inside)
    sources, targets, chances = chain.sources[~inside], chain.targets[~inside], chain.chances[~inside]
    begins = np.searchsorted(sources, [low for low, _, _ in chain.runs]).tolist()
    for (low, high, size), (begin, end) in zip(chain.runs, pairwise([*begins, sources.size]), strict=True):
        visits[low:high] = solvers.solve(low, size, visits[low:high].reshape(-1, size)).reshape(-1)
        np.add.at(visits, targets[begin:end], visits[sources[begin:end]] * chances[begin:end])
    return visits


class _Solvers:
    """Solves (I - P)^T x = b, with P the transitions within a component and b what arrives there."""

    def __init__(self, chain: _Chain, inside: NDArray[np.bool_]) -> None:
        first = chain.component[chain.sources[inside]]
        self._first, self._chances = first, chain.chances[inside]
        self._from, self._to = chain.sources[inside] - first, chain.targets[inside] - first
        self._rank = np.zeros(chain.count, np.intp)
        """By the first state of a component, its place among those of its size."""
        self._inverses: dict[int, NDArray[np.float64]] = {}
        for size in sorted({size for _, _, size in chain.runs if size <= _DENSE}):
            firsts = [np.arange(low, high, size) for low, high, width in chain.runs if width == size]
            self._invert(size, np.concatenate(firsts))

    def _invert(self, size: int, firsts: Ids) -> None:
        self._rank[firsts] = np.arange(firsts.size)
        equations = np.tile(np.eye(size), (firsts.size, 1, 1))
        of_size = np.zeros(self._rank.size, np.bool_)
        of_size[firsts] = True
        some = np.flatnonzero(of_size[self._first])
        places = self._rank[self._first[some]], self._to[some], self._from[some]
        np.subtract.at(equations, places, self._chances[some])
        self._inverses[size] = np.linalg.inv(equations).astype(np.float64, copy=False)

    def solve(self, low: int, size: int, arrived: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the visits to the states of all components of a run, given what arrives; both of shape (n, size)."""
        if size in self._inverses:
            rank = int(self._rank[low])
            visits: NDArray[np.float64] = np.matmul(
                self._inverses[size][rank : rank + len(arrived)], arrived[:, :, None]
            )
            return visits
        parts = [self._factorised(low + size * number, given) for number, given in enumerate(arrived)]
        return np.array(parts)

    def _factorised(self, first: int, arrived: NDArray[np.float64]) -> NDArray[np.float64]:
        from scipy.sparse import coo_array, eye_array
        from scipy.sparse.linalg import splu

        begin, end = np.searchsorted(self._first, [first, first + 1])
        places, count = (self._to[begin:end], self._from[begin:end]), arrived.size
        matrix = eye_array(count, format="csc") - coo_array((self._chances[begin:end], places), (count, count)).tocsc()
        found: NDArray[np.float64] = splu(matrix.tocsc(), diag_pivot_thresh=0.0).solve(arrived)
        return found


def _moved(chain: _Chain) -> NDArray[np.float64]:
    """Move the mass on step by step and add up what every state sees of it."""
    from scipy.sparse import coo_array

    matrix = coo_array((chain.chances, (chain.targets, chain.sources)), shape=(chain.count, chain.count)).tocsr()
    mass: NDArray[np.float64] = np.zeros(chain.count)
    visits: NDArray[np.float64] = np.zeros(chain.count)
    mass[chain.start] = 1
    for _ in range(_MOST_SWEEPS):
        visits += mass
        mass = np.asarray(matrix @ mass)
        if mass.sum() < _ENOUGH:
            break
    return visits


def _error(chain: _Chain, visits: NDArray[np.float64]) -> float:
    """Return what no probability computed from those visits is off by more than."""
    moved = np.bincount(chain.targets, weights=visits[chain.sources] * chain.chances, minlength=visits.size)
    moved[chain.start] += 1
    roundings = int(np.bincount(chain.targets).max(initial=0)) + 3 + _PAIRWISE
    sizes = float(np.abs(visits).sum()) * 2 + 1
    return float(np.abs(moved - visits).sum()) * (1 + 1e-9) + 1.01 * roundings * 2.0**-53 * sizes


def _bounded(visits: NDArray[np.float64], error: float) -> Rounded:
    """Return the sum; a bound that says nothing becomes one that is at least true."""
    if not error < 0.5:
        return Rounded(0.5, 0.5)
    return Rounded(min(1.0, max(0.0, float(visits.sum()))), error)
