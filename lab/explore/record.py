"""Walking with memory: every state and every transition is kept, whatever the shape of the graph."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np
from numpy.typing import NDArray

from lab.explore.expand import Successors
from lab.explore.index import StateIndex
from lab.explore.packing import Ids, Words

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
        self._degrees: list[NDArray[np.int32]] = []
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
        self._degrees.append(np.bincount(successors.rows, minlength=successors.enabled.size).astype(np.int32))
        return new

    def end(self, rows: Ids, tag: Hashable) -> None:
        """Note that frontier states end runs of a kind."""
        self.tagged.setdefault(tag, []).append(rows + self._low)

    def advance(self, count: int) -> None:
        """Make the first `count` states found the frontier."""
        self._low, self._high = self._high, self._high + count

    def mark(self, rows: NDArray[np.bool_], name: Hashable) -> None:
        """Note which frontier states `name` counts runs around."""
        if rows.any():
            self.marked.setdefault(name, []).append(np.flatnonzero(rows) + self._low)

    def translate(self, translation: Callable[[Words], Words]) -> None:
        """Follow a change of layout."""
        self.index.translate(translation)

    def edges(self) -> tuple[Ids, NDArray[np.int32], NDArray[np.uint16], NDArray[np.int32]]:
        """Return the graph of a complete walk.

        Returns
        -------
        offsets : array, shape (states + 1,)
            The transitions of state i are those from `offsets[i]` to `offsets[i + 1]`, by thread, then result.
        targets, labels, divisors : array, shape (transitions,)
            Where each leads, its thread and result, and the reciprocal of its probability.
        """
        offsets = np.zeros(self.index.size + 1, np.intp)
        if self._degrees:
            np.cumsum(np.concatenate(self._degrees), out=offsets[1:])
        return offsets, np.concatenate(self._targets), np.concatenate(self._labels), np.concatenate(self._divisors)
