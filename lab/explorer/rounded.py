"""Probabilities behind cycles in floating point, each with an error bound that is proved after the fact."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lab.explorer.components import strong_components
from lab.explorer.digraph import Graph
from lab.explorer.packing import Ids
from lab.explorer.result import Rounded

__all__ = ["absorbed_about"]

_MOST_FACTORED = 200_000
"""States up to which the equations are solved by a sparse factorisation; its fill takes some 200 bytes a state."""

_WIDEST = 5_000
"""States of a component up to which it is factorised."""

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
    states = np.flatnonzero(graph.reachable())
    place = np.zeros(graph.states, np.intp)
    component = strong_components(graph, states)
    place[states] = np.lexsort((states, -component)).argsort()
    degrees = graph.degrees[states]
    leaving = graph.leaving(states)
    sources = place[np.repeat(states, degrees)]
    targets = place[graph.targets[leaving]]
    chances = 1 / graph.divisors(leaving, np.repeat(states, degrees))
    start = int(place[graph.start])
    widest = int(np.bincount(component).max())
    if states.size <= _MOST_FACTORED and widest <= _WIDEST:
        visits = _factorised(states.size, sources, targets, chances, start)
    else:
        visits = _moved(states.size, sources, targets, chances, start)
    error = _error(visits, sources, targets, chances, start)
    return [_bounded(visits[place[group]], error) for group in groups]


def _factorised(
    count: int, sources: Ids, targets: Ids, chances: NDArray[np.float64], start: int
) -> NDArray[np.float64]:
    """Solve (I - P)^T x = b by factors that fill in little, as the states are in topological order of components."""
    from scipy.sparse import coo_array, eye_array
    from scipy.sparse.linalg import splu

    matrix = eye_array(count, format="csc") - coo_array((chances, (targets, sources)), shape=(count, count)).tocsc()
    given = np.zeros(count)
    given[start] = 1
    found: NDArray[np.float64] = splu(matrix.tocsc(), permc_spec="NATURAL", diag_pivot_thresh=0.0).solve(given)
    return found


def _moved(count: int, sources: Ids, targets: Ids, chances: NDArray[np.float64], start: int) -> NDArray[np.float64]:
    """Move the mass on step by step and add up what every state sees of it."""
    from scipy.sparse import coo_array

    matrix = coo_array((chances, (targets, sources)), shape=(count, count)).tocsr()
    mass: NDArray[np.float64] = np.zeros(count)
    visits: NDArray[np.float64] = np.zeros(count)
    mass[start] = 1
    for _ in range(_MOST_SWEEPS):
        visits += mass
        mass = np.asarray(matrix @ mass)
        if mass.sum() < _ENOUGH:
            break
    return visits


def _error(visits: NDArray[np.float64], sources: Ids, targets: Ids, chances: NDArray[np.float64], start: int) -> float:
    """Return what no probability computed from those visits is off by more than."""
    moved = np.bincount(targets, weights=visits[sources] * chances, minlength=visits.size)
    moved[start] += 1
    roundings = int(np.bincount(targets).max(initial=0)) + 3 + _PAIRWISE
    sizes = float(np.abs(visits).sum()) * 2 + 1
    return float(np.abs(moved - visits).sum()) * (1 + 1e-9) + 1.01 * roundings * 2.0**-53 * sizes


def _bounded(visits: NDArray[np.float64], error: float) -> Rounded:
    """Return the sum; a bound that says nothing becomes one that is at least true."""
    if not error < 0.5:
        return Rounded(0.5, 0.5)
    return Rounded(min(1.0, max(0.0, float(visits.sum()))), error)
