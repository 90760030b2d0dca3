"""Sets of states that no run leaves: livelocks, and programs that are meant to go on for ever."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Literal

import numpy as np

from lab.explorer.packing import Ids, Packing, Words
from lab.explorer.paths import Graph
from lab.explorer.protocol import Explorable

__all__ = ["bottom_components", "judge_component", "shortest_round"]


def bottom_components(graph: Graph) -> list[Ids]:
    """Return the strongly connected components that have transitions and none that leaves them.

    Returns
    -------
    list of array
        The states of each component, ascending; components by their first state.
    """
    ends = np.flatnonzero(np.bincount(graph.sources, minlength=graph.states) == 0)
    trapped = np.flatnonzero(~graph.reaching(ends))
    if not trapped.size:
        return []
    component = _strong_components(graph, trapped)
    place = np.full(graph.states, -1, np.intp)
    place[trapped] = component
    leaving = graph.leaving(trapped)
    sources, targets = place[graph.sources[leaving]], place[graph.targets[leaving]]
    bottom = np.ones(int(component.max()) + 1, np.bool_)
    bottom[sources[sources != targets]] = False
    members = np.flatnonzero(bottom[component])
    members = members[np.argsort(component[members], kind="stable")]
    cuts = np.flatnonzero(np.diff(component[members])) + 1
    return sorted(np.split(trapped[members], cuts), key=lambda states: int(states[0]))


def _strong_components(graph: Graph, states: Ids) -> Ids:
    """Return the number of each state's strongly connected component, given states that no transition leaves."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    place = np.zeros(graph.states, np.intp)
    place[states] = np.arange(states.size)
    leaving = graph.leaving(states)
    links = (place[graph.sources[leaving]], place[graph.targets[leaving]])
    matrix = csr_array((np.ones(leaving.size, np.int8), links), shape=(states.size, states.size))
    _, component = connected_components(matrix, directed=True, connection="strong")
    return component.astype(np.intp)


def judge_component(relation: Explorable, packing: Packing, keys: Words) -> Literal["livelock", "endless"]:
    """Tell a livelock from a program that is meant to go on for ever, given all keys of a component.

    It is a livelock when a thread that has not ended has a path to its end in its control flow, or never enters a
    region that its text contains.
    """
    for thread in range(packing.threads):
        numbers = np.unique(packing.column(keys, thread)).tolist()
        locals_ = [packing.domains[thread].values[number] for number in numbers]
        if any(local.ended for local in locals_):
            continue
        entered = frozenset[str]().union(*(relation.regions(thread, local) for local in locals_))
        if any(relation.can_end(thread, local) for local in locals_) or relation.text_regions(thread) - entered:
            return "livelock"
    return "endless"


def shortest_round(graph: Graph, start: int) -> list[int]:
    """Return the transitions of a shortest way from a state back to itself, the first in thread order."""
    came: dict[int, int] = {}
    queue = deque([start])
    while start not in came:
        state = queue.popleft()
        for transition in _leaving(graph, state):
            target = int(graph.targets[transition])
            if target not in came:
                came[target] = transition
                queue.append(target)
    found = [came[start]]
    while (source := int(graph.sources[found[-1]])) != start:
        found.append(came[source])
    return found[::-1]


def _leaving(graph: Graph, state: int) -> Iterator[int]:
    low, high = np.searchsorted(graph.sources, [state, state + 1])
    return iter(range(int(low), int(high)))
