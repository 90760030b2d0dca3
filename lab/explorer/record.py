"""Walking with memory: every state and every transition is kept, whatever the shape of the graph."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np
from numpy.typing import NDArray

from lab.explorer.expand import Successors
from lab.explorer.index import StateIndex
from lab.explorer.packing import Ids, Words
from lab.explorer.paths import Graph

__all__ = ["Recorded"]


class Recorded:
    """Walks breadth first over any graph and records it.

    Attributes
    ----------
    index : StateIndex
        Every state, numbered in breadth-first order.
    tagged, marked : dict of Hashable to list of array
        Numbers of the end states of each kind, and of the states that runs are counted around.
    """

    def __init__(self, initial: Words) -> None:
        self.index = StateIndex(initial.shape[0], 1024)
        self.index.intern(initial)
        self._low, self._high = 0, 1
        self._targets: list[NDArray[np.int32]] = []
        self._labels: list[NDArray[np.uint16]] = []
        self._divisors: list[NDArray[np.int32]] = []
        self._sources: list[NDArray[np.int32]] = []
        self.tagged: dict[Hashable, list[Ids]] = {}
        self.marked: dict[Hashable, list[Ids]] = {}

    @property
    def frontier(self) -> Words:
        """The keys of the level at hand, shape (words, n)."""
        return self.index.keys[:, self._low : self._high]

    @property
    def found(self) -> int:
        """States found so far in the next level."""
        return self.index.size - self._high

    def add(self, successors: Successors, start: int) -> Ids:
        """Take the transitions of a batch of the frontier that begins at `start`; returns those to new states."""
        targets, new = self.index.intern(successors.keys)
        self._targets.append(targets.astype(np.int32))
        self._labels.append(successors.labels)
        divisors = successors.enabled.take(successors.rows)
        if successors.results is not None:
            divisors = divisors * successors.results
        self._divisors.append(divisors.astype(np.int32))
        self._sources.append((successors.rows + (start + self._low)).astype(np.int32))
        return new

    def end(self, rows: Ids, tag: Hashable) -> None:
        """Note that frontier states end runs of a kind."""
        self.tagged.setdefault(tag, []).append(rows + self._low)

    def advance(self, count: int) -> None:
        """Make the first `count` states found the frontier."""
        self._low, self._high = self._high, self._high + count

    def mark(self, rows: NDArray[np.bool_], name: Hashable) -> None:
        """Note which frontier states `name` counts runs around; at least one."""
        self.marked.setdefault(name, []).append(np.flatnonzero(rows) + self._low)

    def translate(self, translation: Callable[[Words], Words]) -> None:
        """Follow a change of layout."""
        self.index.translate(translation)

    def graph(self) -> tuple[Graph, NDArray[np.uint16]]:
        """Return the graph of a complete walk, and each transition's thread and result as the expander labels them.

        Transitions are in the order of the states they leave, then of threads, then of results.
        """
        sources, targets, divisors = (
            np.concatenate(parts or [_NONE]).astype(np.intp) for parts in (self._sources, self._targets, self._divisors)
        )
        return Graph(sources, targets, divisors, self.index.size, 0), np.concatenate([*self._labels, _NO_LABEL])


_NONE = np.zeros(0, np.int32)
_NO_LABEL = np.zeros(0, np.uint16)
