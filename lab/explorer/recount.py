"""What a recorded walk says about runs: how many of each kind there are, which are infinite, and how probable."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lab.explorer.graphs.components import cyclic_parts, split, survey
from lab.explorer.graphs.digraph import Graph
from lab.explorer.graphs.elimination import absorbed
from lab.explorer.graphs.eventually import Miss, find_miss
from lab.explorer.graphs.fairness import FairCycles
from lab.explorer.graphs.lengths import lengths
from lab.explorer.graphs.paths import Acyclic
from lab.explorer.graphs.rounded import absorbed_about
from lab.explorer.result import INFINITE, Chance, Count
from lab.explorer.states.packing import Ids
from lab.explorer.walk.record import Recorded

__all__ = ["Measured", "Recount"]

Measured = tuple[Count, Chance]
"""A number of runs, and the probability of one of them."""


class Recount:
    """The runs of a complete recorded walk.

    Attributes
    ----------
    graph : Graph
    traps : list of array
        The components that have transitions and none that leaves them; a run that comes there never ends.
    cycles : FairCycles
    partial : bool
        Whether there are cycles that nobody wanted to be looked at: there are neither traps nor fair cycles then, and
        probabilities are known where no cycle precedes.
    """

    def __init__(
        self, walk: Recorded, threads: Sequence[int], longest: int | None = None, *, liveness: bool = True
    ) -> None:
        """Take a walk, the thread of each label, and the greatest length to count runs of; None for no such counts."""
        self.graph = walk.graph()
        self._threads, self._longest = threads, longest
        self._acyclic = Acyclic(self.graph)
        self._tagged = {tag: np.concatenate(rows) for tag, rows in walk.tagged.items()}
        self._marked = {name: np.concatenate(rows) for name, rows in walk.marked.items()}
        self._trapped: dict[Hashable, list[Ids]] = {}
        self.partial = not liveness and not self._acyclic.whole
        core = _NONE if self.partial else np.flatnonzero(~self._acyclic.released)
        component = cyclic_parts(self.graph, core) if core.size else core
        bits = np.uint64(1) << np.array(threads, np.uint64)
        seen = survey(self.graph, core, component, bits)
        self.traps: list[Ids] = split(core, component, seen.bottom)
        self.cycles = FairCycles(self.graph, core, component, seen, bits)

    def trap(self, tag: Hashable, states: Ids) -> None:
        """Take runs that come to those states for ever as runs of a kind."""
        self._trapped.setdefault(tag, []).append(states)

    @cached_property
    def _absorbing(self) -> Graph:
        """The graph in which a run ends as soon as it can no longer end."""
        if not self.traps:
            return self.graph
        trapped = np.zeros(self.graph.states, np.bool_)
        trapped[np.concatenate(self.traps)] = True
        return self.graph.only(~trapped[self.graph.sources])

    @cached_property
    def _endings(self) -> dict[Hashable, Measured]:
        counts = dict(zip(self._tagged, self._acyclic.counts(list(self._tagged.values())), strict=True))
        counts |= dict.fromkeys(self._trapped, INFINITE)
        groups = [
            np.concatenate([self._tagged.get(tag, _NONE), *self._trapped.get(tag, [])]) for tag in counts
        ]  # fmt: skip
        chances: Sequence[Chance]
        chances = self._acyclic.chances(groups) if self.partial else _chances(self._absorbing, groups, lossless=True)
        return dict(zip(counts, zip(counts.values(), chances, strict=True), strict=True))

    def all_of(self, tag: Hashable) -> Count:
        """Return how many runs there are when those that end have that tag; INFINITE when some never end."""
        return INFINITE if self.traps else self._acyclic.counts([self._tagged.get(tag, _NONE)])[0]

    def ending(self, tag: Hashable) -> Measured:
        """Return how many runs end in a state noted under `tag`, and how probable that is."""
        return self._endings.get(tag, (0, Fraction(0)))

    def avoiding(self, name: Hashable, everywhere: Hashable) -> Measured:
        """Return the runs that pass through no state marked with `name`; INFINITE when one of them can go round."""
        marked = self._mask(name)
        if marked[self.graph.start]:
            return 0, Fraction(0)
        if self.partial:
            return None, None
        return self._without(marked, everywhere)

    def hitting(self, name: Hashable, everywhere: Hashable) -> Measured:
        """Return the runs that pass through a state marked with `name`; INFINITE when one of them can go round."""
        marked = self._mask(name)
        if self.partial:
            return None, None
        if marked[self.graph.start]:
            total, _ = self.ending(everywhere)
            return (INFINITE if self.traps else total), Fraction(1)
        missing, chance = self._without(marked, everywhere)
        total, _ = self.ending(everywhere)
        if isinstance(total, int) and isinstance(missing, int) and not self.traps:
            return total - missing, _complement(chance)
        return self._doubled(marked, everywhere), _complement(chance)

    def missing(self, name: Hashable, everywhere: Hashable, able: int) -> tuple[Miss, Measured] | None:
        """Return a fair or finite run that passes through no state marked with `name`, and how many there are.

        None when there is none; `able` is the number of threads. A run that goes round unfairly does not count.
        """
        marked = self._mask(name)
        if marked[self.graph.start]:
            return None
        graph, ends = self._part(marked, everywhere)
        miss = find_miss(graph, ends, self.cycles, able)
        if miss is None:
            return None
        count = INFINITE if miss.fair_cycle else Acyclic(graph).counts([ends])[0]
        return miss, (count, self._without(marked, everywhere)[1])

    @cached_property
    def _by_length(self) -> dict[Hashable, dict[int, int]]:
        return lengths(self.graph, self._tagged, self._longest or 0)

    def lengths(self, tag: Hashable) -> dict[int, int] | None:
        """Return by length the runs that end in a state noted under a tag; None when nobody asked for lengths."""
        return None if self._longest is None else self._by_length.get(tag, {})

    def lengths_avoiding(self, name: Hashable, everywhere: Hashable) -> dict[int, int] | None:
        """Return by length the runs that pass through no state marked with `name`; None when nobody asked for it."""
        if self._longest is None:
            return None
        marked = self._mask(name)
        if marked[self.graph.start]:
            return {}
        graph, ends = self._part(marked, everywhere)
        return lengths(graph, {everywhere: ends}, self._longest)[everywhere]

    def _part(self, marked: NDArray[np.bool_], everywhere: Hashable) -> tuple[Graph, Ids]:
        """Return the paths from the start that avoid some states, and the ends they come to."""
        graph = self.graph.only(~marked[self.graph.sources] & ~marked[self.graph.targets])
        reachable = graph.reachable()
        ends = self._tagged.get(everywhere, _NONE)
        return graph.only(reachable[graph.sources]), ends[reachable[ends]]

    def _without(self, marked: NDArray[np.bool_], everywhere: Hashable) -> Measured:
        """Count the runs that avoid some states; the start is none of them."""
        graph, ends = self._part(marked, everywhere)
        acyclic = Acyclic(graph)
        count = acyclic.counts([ends])[0] if acyclic.whole else INFINITE
        reachable = graph.reachable()
        traps = [states for states in self.traps if reachable[states].all() and not marked[states].any()]
        goals = np.concatenate([ends, *traps])
        if traps:
            inside = np.zeros(graph.states, np.bool_)
            inside[np.concatenate(traps)] = True
            graph = graph.only(~inside[graph.sources])
        return count, _chances(graph, [goals], lossless=False)[0]

    def _doubled(self, marked: NDArray[np.bool_], everywhere: Hashable) -> Count:
        """Count the runs through marked states on two copies of the graph.

        State i stands before the first marked state, and state i + n from there on.
        """
        graph, n = self.graph, self.graph.states
        offsets = np.concatenate([graph.offsets, graph.offsets[1:] + graph.offsets[-1]])
        before = graph.targets + n * marked[graph.targets]
        doubled = Graph(
            offsets,
            np.concatenate([before, graph.targets + n]).astype(np.int32),
            np.tile(graph.enabled, 2),
            None if graph.results is None else np.tile(graph.results, 2),
            np.tile(graph.labels, 2),
            graph.start,
            graph.kernels,
        )
        doubled = doubled.only(doubled.reaching(np.arange(n, 2 * n))[doubled.targets])
        reachable = doubled.reachable()
        doubled = doubled.only(reachable[doubled.sources])
        acyclic = Acyclic(doubled)
        ends = self._tagged.get(everywhere, _NONE) + n
        return acyclic.counts([ends[reachable[ends]]])[0] if acyclic.whole else INFINITE

    def _mask(self, name: Hashable) -> NDArray[np.bool_]:
        marked = np.zeros(self.graph.states, np.bool_)
        marked[self._marked.get(name, np.zeros(0, np.int32))] = True
        return marked


_NONE = np.zeros(0, np.intp)


def _complement(chance: Chance) -> Chance:
    if isinstance(chance, Fraction):
        return 1 - chance
    return None if chance is None else replace(chance, value=1 - chance.value)


def _chances(graph: Graph, groups: Sequence[Ids], *, lossless: bool) -> list[Chance]:
    """Return how probable it is to come to each group of states, which no transition leaves.

    With `lossless`, every path comes to such a state sooner or later, so that all of them together are certain.
    """
    reachable = graph.reachable()  # a run that comes to a trap stops at the first of its states
    groups = [group[reachable[group]] for group in groups]
    found: list[Chance] = [None] * len(groups)
    if lossless:
        ends = int(np.count_nonzero(graph.degrees[reachable] == 0))
        found = [Fraction(1) if group.size == ends else None for group in groups]
    for solve in (
        lambda some: Acyclic(graph).chances(some),
        lambda some: absorbed(graph, some),
        lambda some: absorbed_about(graph, some),
    ):
        left = [place for place, chance in enumerate(found) if chance is None]
        solved: Sequence[Chance] | None = solve([groups[place] for place in left]) if left else None
        for place, chance in zip(left, solved or (), strict=False):
            found[place] = chance
    return found
