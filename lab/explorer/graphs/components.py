"""Strongly connected components: which states lie on cycles together."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.graphs.digraph import Graph, entering, first_of_each, offsets_of
from lab.explorer.states.packing import Ids

__all__ = ["Bits", "Survey", "component_of", "cyclic_parts", "depths", "split", "strong_components", "survey"]

Bits = NDArray[np.uint64]
"""Sets of threads, one bit each; 64 are the most."""

_SMALL = 20_000
"""States up to which components are found here: importing scipy takes longer than that."""


def strong_components(graph: Graph, states: Ids, without: NDArray[np.bool_] | None = None) -> Ids:
    """Return the number of each state's component in the part of the graph that those states make.

    Parameters
    ----------
    states : array, shape (n,)
        Ascending.
    without : array, shape (labels,), optional
        By label, which transitions do not count.

    Returns
    -------
    array, shape (n,)
        Numbers from 0 on. No transition leads to a component of a larger number; beyond 20,000 states that is so as far
        as scipy numbers them so, and nothing but speed depends on it.
    """
    if graph.compiled is not None:
        low, component = np.full(graph.states, -2, np.int32), np.empty(graph.states, np.int32)
        low[states] = -1
        left_out = np.zeros(1 << 8 * graph.labels.itemsize, np.bool_) if without is None else without
        graph.compiled.strong(graph.offsets, graph.targets, graph.labels, left_out, states, low, component)
        return component[states].astype(np.intp)
    place = np.full(graph.states, -1, np.int32)
    place[states] = np.arange(states.size, dtype=np.int32)
    degrees, parts = np.zeros(states.size, np.int32), [np.zeros(0, np.int32)]
    for sources, leaving in graph.pieces(states):
        targets = place[graph.targets[leaving]]
        inside = (targets >= 0) & (targets != sources)
        if without is not None:
            inside &= ~without[graph.labels[leaving]]
        parts.append(targets[inside])
        degrees += np.bincount(sources[inside], minlength=states.size).astype(np.int32)
    offsets, targets = offsets_of(degrees), np.concatenate(parts)
    if states.size <= _SMALL:
        return np.array(_tarjan(offsets.tolist(), targets.tolist()), np.intp)
    return _trimmed(offsets, targets)


def cyclic_parts(graph: Graph, states: Ids) -> Ids:
    """Return what `strong_components` does, except that the numbers come in no order.

    A start that lies on a cycle mostly does so together with most other states, which are then found first.

    Parameters
    ----------
    states : array, shape (n,)
        Ascending, n > 0.
    """
    if graph.compiled is None or states[0] != graph.start:
        return strong_components(graph, states)
    inside = np.zeros(graph.states, np.bool_)
    inside[states] = True
    inside[component_of(graph, graph.start, inside, np.zeros(1 << 8 * graph.labels.itemsize, np.bool_))] = False
    rest, found = np.flatnonzero(inside), np.zeros(states.size, np.intp)
    if rest.size:
        found[inside[states]] = strong_components(graph, rest) + 1
    return found


def component_of(graph: Graph, start: int, inside: NDArray[np.bool_], without: NDArray[np.bool_]) -> Ids:
    """Return the states of a state's component in a part of the graph, ascending; only what it reaches is looked at.

    Parameters
    ----------
    inside : array, shape (states,)
        The states of the part, `start` among them.
    without : array, shape (labels,)
        By label, which transitions do not count.
    """
    if graph.compiled is not None:
        marks = inside.astype(np.uint8)
        if graph.compiled.around(graph.offsets, graph.targets, graph.labels, without, start, marks):
            return np.flatnonzero(marks == 3)
        low, component = np.where(inside, np.int32(-1), np.int32(-2)), np.full(graph.states, -1, np.int32)
        root = np.array([start])
        graph.compiled.strong(graph.offsets, graph.targets, graph.labels, without, root, low, component)
        return np.flatnonzero(component == component[start])
    states = np.flatnonzero(_reached(graph, start, inside, without))
    number = strong_components(graph, states, without)
    found: Ids = states[number == number[np.searchsorted(states, start)]]
    return found


def _reached(graph: Graph, start: int, inside: NDArray[np.bool_], without: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which states of a part of the graph a path within it reaches."""
    seen, stamps = ~inside, np.zeros(graph.states, np.int32)
    seen[start], wave = True, np.array([start])
    while wave.size:
        leaving = graph.leaving(wave)
        targets = graph.targets[leaving[~without[graph.labels[leaving]]]].astype(np.intp)
        wave = first_of_each(targets[~seen[targets]], stamps)
        seen[wave] = True
    return seen & inside


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
    used = np.zeros(count, np.bool_)
    used[component] = True
    return (np.cumsum(used) - 1)[component]


class Survey(NamedTuple):
    """What the transitions of some components look like.

    Attributes
    ----------
    able : array, shape (states,)
        The threads that can move in each state, as bits.
    taken : array, shape (components,)
        The threads that take steps within each component, as bits.
    cyclic, bottom : array, shape (components,)
        Which components have a cycle: two states or more, or a transition from one to itself; and which of those no
        transition leaves.
    """

    able: Bits
    taken: Bits
    cyclic: NDArray[np.bool_]
    bottom: NDArray[np.bool_]


def survey(graph: Graph, states: Ids, component: Ids, bits: Bits, without: NDArray[np.bool_] | None = None) -> Survey:
    """Look at the transitions of the components that some states make.

    Parameters
    ----------
    component : array, shape (n,)
        By state, as `strong_components` returns it.
    bits : array, shape (labels,)
        The thread that takes a transition, as a bit, by label.
    without : array, shape (labels,), optional
        By label, which transitions do not count, but for who can move.
    """
    place = np.full(graph.states, -1, np.int32)
    place[states] = component
    sizes = np.bincount(component)
    able, taken = np.zeros(states.size, np.uint64), np.zeros(sizes.size, np.uint64)
    loops, leaves = np.zeros(sizes.size, np.bool_), np.zeros(sizes.size, np.bool_)
    left_out = np.zeros(bits.size, np.bool_) if without is None else without
    if graph.compiled is not None:
        arrays = (states, component, place, able, taken, loops, leaves)
        graph.compiled.survey(graph.offsets, graph.targets, graph.labels, left_out, bits, *arrays)
    else:
        for places, leaving in graph.pieces(states):
            labels, targets, own = graph.labels[leaving], graph.targets[leaving], component[places]
            np.bitwise_or.at(able, places, bits[labels])
            counts = ~left_out[labels]
            inside = (place[targets] == own) & counts
            np.bitwise_or.at(taken, own[inside], bits[labels[inside]])
            loops[own[inside & (targets == states[places])]] = True
            leaves[own[counts & ~inside]] = True
    cyclic = (sizes > 1) | loops
    return Survey(able, taken, cyclic, cyclic & ~leaves)


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
    condensed = Graph(offsets, targets[between], none, None, none, int(place[graph.start]), graph.kernels)
    for depth, wave in enumerate(condensed.waves()):
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
