"""What a recorded walk says about runs: the counts that a carried walk knows at its end, and which are infinite."""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lab.explorer.packing import Ids
from lab.explorer.paths import Graph, Measured, measure
from lab.explorer.record import Recorded
from lab.explorer.result import INFINITE

__all__ = ["Recount"]


class Recount:
    """The runs of a complete recorded walk.

    Attributes
    ----------
    graph : Graph
    labels : array, shape (transitions,)
        Each transition's thread and result, as numbered by the expander.
    """

    def __init__(self, walk: Recorded) -> None:
        self.graph, self.labels = walk.graph()
        self._tagged = {tag: np.concatenate(rows) for tag, rows in walk.tagged.items()}
        self._marked = {name: np.concatenate(rows) for name, rows in walk.marked.items()}

    @cached_property
    def _endings(self) -> dict[Hashable, Measured]:
        return dict(zip(self._tagged, measure(self.graph, list(self._tagged.values())), strict=True))

    def ending(self, tag: Hashable) -> Measured:
        """Return how many runs end in a state noted under `tag`, and how probable that is."""
        return self._endings.get(tag, (0, Fraction(0)))

    def avoiding(self, name: Hashable, everywhere: Hashable) -> Measured:
        """Return the runs that pass through no state marked with `name`; INFINITE when one of them can go round."""
        marked = self._mask(name)
        ends = self._tagged.get(everywhere, np.zeros(0, np.intp))
        ends = ends[~marked[ends]]
        if marked[self.graph.start]:
            return 0, Fraction(0)
        return _runs(self.graph.only(~marked[self.graph.sources] & ~marked[self.graph.targets]), ends)

    def hitting(self, name: Hashable, everywhere: Hashable) -> Measured:
        """Return the runs that pass through a state marked with `name`; INFINITE when one of them can go round.

        They are counted on two copies of the graph: state i before, and state i + n from the first marked state on.
        """
        marked, graph, n = self._mask(name), self.graph, self.graph.states
        before = graph.targets + n * marked[graph.targets]
        doubled = Graph(
            np.concatenate([graph.sources, graph.sources + n]),
            np.concatenate([before, graph.targets + n]),
            np.concatenate([graph.divisors, graph.divisors]),
            2 * n,
            graph.start + n * int(marked[graph.start]),
        )
        useful = doubled.reaching(np.arange(n, 2 * n))
        ends = self._tagged.get(everywhere, np.zeros(0, np.intp)) + n
        return _runs(doubled.only(useful[doubled.targets]), ends)

    def _mask(self, name: Hashable) -> NDArray[np.bool_]:
        marked = np.zeros(self.graph.states, np.bool_)
        marked[self._marked.get(name, np.zeros(0, np.intp))] = True
        return marked


def _runs(graph: Graph, ends: Ids) -> Measured:
    """Count the runs of the part of the graph that the start reaches."""
    reachable = graph.reachable()
    graph = graph.only(reachable[graph.sources])
    _, released = graph.waves()
    if not released[reachable].all():
        return INFINITE, None
    return measure(graph, [ends[reachable[ends]]])[0]
