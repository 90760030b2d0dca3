"""Strongly connected components: which states lie on cycles together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.explorer.digraph import Graph, entering, first_of_each, offsets_of
from lab.explorer.packing import Ids

__all__ = ["bottoms", "cyclic", "depths", "split", "strong_components"]

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
        Numbers from 0 on. No transition leads to a component of a larger number; beyond 20,000 states that is so as far
        as scipy numbers them so, and nothing but speed depends on it.
    """
    place = np.full(graph.states, -1, np.int32)
    place[states] = np.arange(states.size, dtype=np.int32)
    degrees, parts = np.zeros(states.size, np.int32), [np.zeros(0, np.int32)]
    for sources, leaving in graph.pieces(states):
        targets = place[graph.targets[leaving]]
        inside = (targets >= 0) & (targets != sources)
        parts.append(targets[inside])
        degrees += np.bincount(sources[inside], minlength=states.size).astype(np.int32)
    offsets, targets = offsets_of(degrees), np.concatenate(parts)
    if states.size <= _SMALL:
        return np.array(_tarjan(offsets.tolist(), targets.tolist()), np.intp)
    return _trimmed(offsets, targets)


def _trimmed(offsets: NDArray[Any], targets: NDArray[np.int32]) -> Ids:
    """Number the components after taking away, again and again, the states that nothing left leads to."""
    count = offsets.size - 1
    inner = Graph(offsets, targets, np.zeros(0, np.uint8), None, np.zeros(0, np.uint8), 0)
    waiting = entering(targets, count)
    stamps = np.zeros(count, np.int32)
    component = np.zeros(count, np.intp)
    wave, number = np.flatnonzero(waiting == 0), count
    while wave.size:  # what comes first gets the largest numbers, so that no transition leads to a larger one
        component[wave] = np.arange(number - 1, number - 1 - wave.size, -1)
        number -= wave.size
        waiting[wave] = -1
        following = targets[inner.leaving(wave)].astype(np.intp)
        np.subtract.at(waiting, following, np.int32(1))
        wave = first_of_each(following[waiting[following] == 0], stamps)
    rest = np.flatnonzero(waiting > 0)
    if rest.size:  # nothing leads from the rest to a state that was taken away
        place = np.zeros(count, np.int32)
        place[rest] = np.arange(rest.size, dtype=np.int32)
        degrees = offsets[rest + 1] - offsets[rest]
        component[rest] = _with_scipy(offsets_of(degrees), place[targets[inner.leaving(rest)]])
    return np.unique(component, return_inverse=True)[1].astype(np.intp)


def cyclic(graph: Graph, states: Ids, component: Ids) -> NDArray[np.bool_]:
    """Return which components have a cycle: two states or more, or a transition from one to itself."""
    found = np.bincount(component) > 1
    for places, leaving in graph.pieces(states):
        loops = states[places] == graph.targets[leaving]
        found[component[places[loops]]] = True
    return found


def bottoms(graph: Graph, states: Ids, component: Ids) -> list[Ids]:
    """Return the components that have transitions and none that leaves them, given those of some states.

    Returns
    -------
    list of array
        The states of each, ascending; by their first state.
    """
    place = np.full(graph.states, -1, np.int32)
    place[states] = component
    bottom = cyclic(graph, states, component)
    for places, leaving in graph.pieces(states):
        sources = component[places]
        bottom[sources[place[graph.targets[leaving]] != sources]] = False
    return split(states, component, bottom)


def depths(graph: Graph, states: Ids, component: Ids) -> Ids:
    """Return by component the length of the longest way to it through others, from that of the start.

    The states are all those that the start reaches.
    """
    order = np.argsort(component, kind="stable")
    place = np.zeros(graph.states, np.int32)
    place[states] = component
    leaving = graph.leaving(states[order])
    sources = np.repeat(component[order], graph.degrees[states[order]])
    targets = place[graph.targets[leaving]]
    between = targets != sources
    count, none = int(component.max()) + 1, np.zeros(0, np.uint8)
    offsets = offsets_of(np.bincount(sources[between], minlength=count))
    found = np.zeros(count, np.intp)
    for depth, wave in enumerate(Graph(offsets, targets[between], none, None, none, int(place[graph.start])).waves()):
        found[wave] = depth
    return found


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
