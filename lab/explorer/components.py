"""Strongly connected components: which states lie on cycles together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.explorer.digraph import Graph, offsets_of
from lab.explorer.packing import Ids

__all__ = ["bottoms", "cyclic", "split", "strong_components"]

_SMALL = 20_000
"""States up to which components are found here: importing scipy takes longer than that."""


def strong_components(graph: Graph, states: Ids) -> Ids:
    """Return the number of each state's component in the part of the graph that those states make.

    Parameters
    ----------
    states : array, shape (n,)
        Ascending.

    Returns
    -------
    array, shape (n,)
        Numbers from 0 on. For at most 20,000 states no transition leads to a component of a larger number.
    """
    place = np.full(graph.states, -1, np.int32)
    place[states] = np.arange(states.size, dtype=np.int32)
    leaving = graph.leaving(states)
    targets = place[graph.targets[leaving]]
    degrees = graph.offsets[states + 1] - graph.offsets[states]
    inside = targets >= 0
    sources = np.repeat(np.arange(states.size), degrees)
    offsets = offsets_of(np.bincount(sources[inside], minlength=states.size))
    if states.size <= _SMALL:
        return np.array(_tarjan(offsets.tolist(), targets[inside].tolist()), np.intp)
    return _with_scipy(offsets, targets[inside])


def cyclic(graph: Graph, states: Ids, component: Ids) -> NDArray[np.bool_]:
    """Return which components have a cycle: two states or more, or a transition from one to itself."""
    found = np.bincount(component) > 1
    leaving = graph.leaving(states)
    sources = np.repeat(np.arange(states.size), graph.offsets[states + 1] - graph.offsets[states])
    loops = states[sources] == graph.targets[leaving]
    found[component[sources[loops]]] = True
    return found


def bottoms(graph: Graph, states: Ids, component: Ids) -> list[Ids]:
    """Return the components that have transitions and none that leaves them, given those of some states.

    Returns
    -------
    list of array
        The states of each, ascending; by their first state.
    """
    place = np.full(graph.states, -1, np.intp)
    place[states] = component
    leaving = graph.leaving(states)
    sources = np.repeat(component, graph.offsets[states + 1] - graph.offsets[states])
    bottom = cyclic(graph, states, component)
    bottom[sources[place[graph.targets[leaving]] != sources]] = False
    return split(states, component, bottom)


def split(states: Ids, component: Ids, chosen: NDArray[np.bool_]) -> list[Ids]:
    """Return the states of each chosen component, ascending; components by their first state."""
    members = np.flatnonzero(chosen[component])
    members = members[np.argsort(component[members], kind="stable")]
    if not members.size:
        return []
    cuts = np.flatnonzero(np.diff(component[members])) + 1
    return sorted(np.split(states[members], cuts), key=lambda found: int(found[0]))


def _with_scipy(offsets: NDArray[Any], targets: NDArray[np.int32]) -> Ids:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    count = offsets.size - 1
    matrix = csr_array((np.ones(targets.size, np.int8), targets, offsets), shape=(count, count))
    _, component = connected_components(matrix, directed=True, connection="strong")
    return component.astype(np.intp)


def _tarjan(offsets: list[int], targets: list[int]) -> list[int]:
    """Number the components in the order in which they are complete (Tarjan 1972), without recursion."""
    count, found, clock = len(offsets) - 1, 0, 0
    component, low, seen = [-1] * count, [0] * count, [-1] * count
    place = offsets[:-1]
    stack: list[int] = []
    for root in range(count):
        if seen[root] >= 0:
            continue
        path = [root]
        while path:
            state = path[-1]
            if seen[state] < 0:
                seen[state] = low[state] = clock
                clock += 1
                stack.append(state)
            if place[state] < offsets[state + 1]:
                target = targets[place[state]]
                place[state] += 1
                if seen[target] < 0:
                    path.append(target)
                elif component[target] < 0:
                    low[state] = min(low[state], seen[target])
                continue
            path.pop()
            if path:
                low[path[-1]] = min(low[path[-1]], low[state])
            if low[state] == seen[state]:
                while component[state] < 0:
                    component[stack.pop()] = found
                found += 1
    return component
