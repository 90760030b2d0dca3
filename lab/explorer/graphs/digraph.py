"""A recorded graph of states: which transitions leave each, and where its paths lead."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.states.engine import Kernels
from lab.explorer.states.packing import Ids

__all__ = ["Graph", "entering", "first_of_each", "offsets_of"]

_PIECE = 1 << 14
"""States whose transitions are looked at together where all need not be."""

_ONE = np.int32(1)
"""As wide as what it is added to: with a Python number, `ufunc.at` takes a path fifty times as slow."""


class Graph(NamedTuple):
    """Transitions by the state they leave, in the order of threads, then of results; paths begin at state `start`.

    Attributes
    ----------
    offsets : array, shape (states + 1,)
        Transitions `offsets[s]` to `offsets[s + 1] - 1` leave state s.
    targets : array, shape (transitions,)
        The state that each transition leads to, as int32.
    enabled : array, shape (states,)
        How many threads can move there: also those whose transitions a part of the graph leaves out.
    results : array, shape (transitions,), or None
        How many results the transition's step has; None when all have one.
    labels : array, shape (transitions,)
        The transition's thread and result, as the expander numbers them.
    start : int
    kernels : Kernels or None
        What runs the loops over all states, if compiled; see `compiled`.
    """

    offsets: NDArray[Any]
    targets: NDArray[np.int32]
    enabled: NDArray[np.uint8]
    results: NDArray[Any] | None
    labels: NDArray[Any]
    start: int
    kernels: Kernels | None = None

    @property
    def compiled(self) -> Kernels | None:
        """The compiled loops, where there are some and they know integers as narrow as those of this graph."""
        return self.kernels if self.offsets.dtype == self.targets.dtype == np.int32 else None

    @property
    def states(self) -> int:
        """How many states there are."""
        return self.offsets.size - 1

    @property
    def degrees(self) -> NDArray[Any]:
        """How many transitions leave each state, shape (states,)."""
        return np.diff(self.offsets)

    @property
    def sources(self) -> NDArray[np.int32]:
        """The state that each transition leaves, shape (transitions,)."""
        return np.repeat(np.arange(self.states, dtype=np.int32), self.degrees)

    def divisors(self, transitions: Ids | slice = slice(None), sources: Ids | None = None) -> NDArray[np.int64]:
        """Return the reciprocal of the probability of each transition, given the states they leave if known."""
        leaves = self.sources[transitions] if sources is None else sources
        found = self.enabled[leaves].astype(np.int64)
        return found if self.results is None else found * self.results[transitions]

    def only(self, kept: NDArray[np.bool_], start: int | None = None) -> Graph:
        """Return the part of the graph that has those transitions alone, its states unchanged."""
        offsets = np.zeros_like(self.offsets)
        for low in range(0, self.states, _PIECE):
            ends = self.offsets[low : low + _PIECE + 1]
            before = np.zeros(int(ends[-1] - ends[0]) + 1, offsets.dtype)
            np.cumsum(kept[ends[0] : ends[-1]], out=before[1:])
            offsets[low : low + _PIECE + 1] = offsets[low] + before[ends - ends[0]]
        results = None if self.results is None else self.results[kept]
        return Graph(
            offsets, self.targets[kept], self.enabled, results, self.labels[kept],
            self.start if start is None else start, self.kernels,
        )  # fmt: skip

    def among(self, states: Ids, without: NDArray[np.bool_]) -> Graph:
        """Return the part of the graph that some states make, ascending, which are numbered from 0 on; see `only`.

        `without` tells by label which transitions are left out, too; the start is state 0.
        """
        place = np.full(self.states, -1, np.int32)
        place[states] = np.arange(states.size, dtype=np.int32)
        if self.compiled is not None and self.results is None:
            room = int((self.offsets[states + 1] - self.offsets[states]).sum(dtype=np.int64))
            offsets = np.zeros(states.size + 1, np.int32)
            targets, labels = np.empty(room, np.int32), np.empty(room, self.labels.dtype)
            size = self.compiled.among(
                self.offsets, self.targets, self.labels, without, states, place, offsets, targets, labels
            )
            return Graph(offsets, targets[:size], self.enabled[states], None, labels[:size], 0, self.kernels)
        degrees, parts = np.zeros(states.size, np.int32), [np.zeros(0, np.intp)]
        for sources, leaving in self.pieces(states):
            inside = (place[self.targets[leaving]] >= 0) & ~without[self.labels[leaving]]
            parts.append(leaving[inside])
            degrees += np.bincount(sources[inside], minlength=states.size).astype(np.int32)
        kept = np.concatenate(parts)
        results = None if self.results is None else self.results[kept]
        return Graph(
            offsets_of(degrees), place[self.targets[kept]], self.enabled[states], results, self.labels[kept],
            0, self.kernels,
        )  # fmt: skip

    def leaving(self, states: Ids) -> Ids:
        """Return the numbers of the transitions that leave those states, state by state."""
        low = self.offsets[states].astype(np.intp)
        count = self.offsets[states + 1] - low
        ends = np.cumsum(count)
        return np.repeat(low - ends + count, count) + np.arange(ends[-1] if ends.size else 0)

    def pieces(self, states: Ids) -> Iterator[tuple[Ids, Ids]]:
        """Give the transitions that leave those states, for some of them at a time, so that little memory is needed.

        Yields
        ------
        places, transitions : array, shape (n,)
            Where in `states` the state stands that each transition leaves, and the transition's number.
        """
        for low in range(0, states.size, _PIECE):
            some = states[low : low + _PIECE]
            count = self.offsets[some + 1] - self.offsets[some]
            yield np.repeat(np.arange(low, low + some.size), count), self.leaving(some)

    def reachable(self) -> NDArray[np.bool_]:
        """Return which states a path from the start reaches, shape (states,)."""
        return _closure(self, np.array([self.start]))

    def reaching(self, goals: Ids) -> NDArray[np.bool_]:
        """Return which states have a path to one of the goals, shape (states,)."""
        order = np.argsort(self.targets, kind="stable")
        offsets = offsets_of(np.bincount(self.targets, minlength=self.states))
        back = Graph(offsets, self.sources[order], self.enabled, None, self.labels[order], self.start, self.kernels)
        return _closure(back, goals)

    def waves(self) -> list[NDArray[Any]]:
        """Return the states that no cycle precedes, wave by wave in topological order (Kahn 1962).

        Every state has to be reachable from the start, or have no transitions.
        """
        if self.compiled is not None:
            return self._compiled_waves(self.compiled)
        waiting = entering(self.targets, self.states)
        stamps = np.zeros(self.states, np.int32)
        wave = np.array([self.start]) if not waiting[self.start] else np.zeros(0, np.intp)
        found = []
        while wave.size:
            found.append(wave)
            targets = self.targets[self.leaving(wave)].astype(np.intp)
            np.subtract.at(waiting, targets, _ONE)
            wave = first_of_each(targets[waiting[targets] == 0], stamps)
        return found

    def _compiled_waves(self, kernels: Kernels) -> list[NDArray[np.int32]]:
        order, cuts = np.empty(self.states, np.int32), np.empty(self.states, np.intp)
        count = kernels.waves(self.offsets, self.targets, self.start, order, cuts)
        return [order[low:high] for low, high in pairwise([0, *cuts[:count].tolist()])]


def offsets_of(degrees: NDArray[Any]) -> NDArray[Any]:
    """Return where the transitions of each state begin, and where the last ones end, as narrow integers as will do."""
    total = int(degrees.sum(dtype=np.int64))
    offsets = np.zeros(degrees.size + 1, np.int32 if total < 1 << 31 else np.int64)
    np.cumsum(degrees, out=offsets[1:])
    return offsets


def entering(targets: NDArray[np.int32], states: int) -> NDArray[np.int32]:
    """Return how many transitions lead to each state, without a wider copy of them all."""
    found = np.zeros(states, np.int32)
    for low in range(0, targets.size, 1 << 20):
        np.add.at(found, targets[low : low + (1 << 20)].astype(np.intp), _ONE)
    return found


def first_of_each(numbers: Ids, stamps: NDArray[np.int32]) -> Ids:
    """Return the distinct numbers, in an order that depends on nothing else; `stamps` is room for one per number."""
    places = np.arange(numbers.size, dtype=np.int32)
    stamps[numbers[::-1]] = places[::-1]  # the last assignment counts, so the first of several equal ones stays
    found: Ids = numbers[stamps[numbers] == places]
    return found


def _closure(graph: Graph, wave: Ids) -> NDArray[np.bool_]:
    seen = np.zeros(graph.states, np.bool_)
    if graph.compiled is not None:
        graph.compiled.closure(graph.offsets, graph.targets, wave, seen)
        return seen
    stamps = np.zeros(graph.states, np.int32)
    seen[wave] = True
    while wave.size:
        targets = graph.targets[graph.leaving(wave)].astype(np.intp)
        wave = first_of_each(targets[~seen[targets]], stamps)
        seen[wave] = True
    return seen
