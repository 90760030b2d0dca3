"""Sets of states that no run leaves: livelocks, and programs that are meant to go on for ever."""

from __future__ import annotations

from typing import Literal

import numpy as np

from lab.explorer.graphs.digraph import Graph
from lab.explorer.graphs.route import shortest_path
from lab.explorer.protocol import Explorable
from lab.explorer.states.packing import Packing, Words

__all__ = ["judge_component", "shortest_round"]


def judge_component(relation: Explorable, packing: Packing, keys: Words) -> Literal["livelock", "endless"]:
    """Tell a livelock from a program that is meant to go on for ever, given all keys of a component.

    It is a livelock when a thread that has not ended, and is no daemon, has a path to its end in its control flow, or
    never enters a region that its text contains.
    """
    state = packing.decode(keys[:, 0].tolist())  # whoever is started in one state of the component is in all
    read = state.shared.__getitem__
    for thread in range(packing.threads):
        numbers = np.unique(packing.column(keys, thread)).tolist()
        locals_ = [packing.domains[thread].values[number] for number in numbers]
        if not relation.going(thread, state.locals[thread], read) or relation.is_daemon(thread, read):
            continue
        entered = frozenset[str]().union(*(relation.regions(thread, local) for local in locals_))
        if any(relation.can_end(thread, local) for local in locals_) or relation.text_regions(thread) - entered:
            return "livelock"
    return "endless"


def shortest_round(graph: Graph, start: int) -> list[int]:
    """Return the transitions of a shortest way from a state back to itself, the first in thread order."""
    back = np.flatnonzero(graph.targets == start)
    last = np.searchsorted(graph.offsets, back, side="right") - 1
    goals = np.zeros(graph.states, np.bool_)
    goals[last] = True
    way = shortest_path(graph, start, goals)
    end = int(graph.targets[way[-1]]) if way else start
    return [*way, int(back[np.argmax(last == end)])]
