"""All runs of a program as the paths of one graph, for those who draw from them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.explorer.bounds import Bounds
from lab.explorer.findings.ends import EXCEPTION, Group
from lab.explorer.graphs.digraph import Graph
from lab.explorer.protocol import Explorable
from lab.explorer.states.engine import Engine
from lab.explorer.states.expand import Expander
from lab.explorer.states.packing import Ids, Packing
from lab.explorer.walk.record import Recorded
from lab.explorer.walk.search import Search

__all__ = ["Runs", "record_runs"]


@dataclass(frozen=True)
class Runs:
    """Every transition of a program, in the order of the states they leave, then of threads, then of results.

    Attributes
    ----------
    graph : Graph
    moves : array, shape (labels, 2)
        By a transition's label: which thread takes it, and the number of its step's result.
    groups : tuple of Group
        What can be observed at the ends, in the order of their shortest schedules.
    group : array, shape (states,)
        The place in `groups` of what an end state shows; -1 for every other state.
    noted : array, shape (properties + 1, states)
        Where an `@always` property is violated, a `@sometimes` property satisfied, a `@final` property violated at an
        end; the last row: where runs end with an exception.
    stopped : str
        Why not every state is there: "states", "seconds", "interrupted", or "length" when only longer runs are missing.
    """

    graph: Graph
    moves: NDArray[np.intp]
    groups: tuple[Group, ...]
    group: Ids
    noted: NDArray[np.bool_]
    stopped: str

    def threads(self, transitions: Ids) -> Ids:
        """Return which threads take some transitions; same shape."""
        found: Ids = self.moves[self.graph.labels[transitions], 0]
        return found


def record_runs(relation: Explorable, bounds: Bounds) -> Runs:
    """Explore a program and keep every state and every transition."""
    packing, engine = Packing(relation.initial()), Engine()
    expander = Expander(relation, packing, engine)
    walk = Recorded(packing.encode(relation.initial()), engine)
    search = Search(relation, packing, expander, walk, bounds)
    search.run()
    graph = walk.graph()
    groups = search.ends.groups
    return Runs(
        graph,
        np.array(expander.labels, np.intp),
        tuple(groups.values()),
        _placed(walk, groups),
        _noted(relation, walk),
        search.stopped,
    )


def _placed(walk: Recorded, groups: Mapping[Hashable, Group]) -> Ids:
    group = np.full(walk.index.size, -1, np.intp)
    for place, key in enumerate(groups):
        for rows in walk.tagged[key]:
            group[rows] = place
    return group


def _noted(relation: Explorable, walk: Recorded) -> NDArray[np.bool_]:
    properties = relation.program.properties
    noted = np.zeros((len(properties) + 1, walk.index.size), np.bool_)
    for place, prop in enumerate(properties):
        found = walk.tagged.get(("final", prop.name), []) if prop.kind == "final" else walk.marked.get(prop.name, [])
        for rows in found:
            noted[place, rows] = True
    for rows in walk.tagged.get(EXCEPTION, []):
        noted[-1, rows] = True
    return noted
