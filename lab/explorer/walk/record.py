"""Walking with memory: every state and every transition is kept, whatever the shape of the graph."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.explorer.checkpoint import Folder
from lab.explorer.graphs.digraph import Graph, offsets_of
from lab.explorer.states.engine import NUMPY, Engine
from lab.explorer.states.expand import Successors
from lab.explorer.states.index import StateIndex
from lab.explorer.states.packing import Ids, Words

__all__ = ["Recorded"]


_PER_STATE, _PER_TRANSITION = 20, 8
"""Bytes that counting takes at the least, beside the walk's own: the graph put together, an order of its states."""


class Recorded:
    """Walks breadth first over any graph and records it.

    Attributes
    ----------
    index : StateIndex
        Every state, numbered in breadth-first order.
    low, high : int
        The numbers of the frontier's first state and of the one after its last.
    tagged, marked : dict of Hashable to list of array
        Numbers of the end states of each kind, and of the states that runs are counted around.

    Notes
    -----
    Beside the index it takes 2 bytes a state and 5 a transition; 1 more a transition once some step has several
    results. States with more than 255 transitions take wider numbers.
    """

    def __init__(self, initial: Words, engine: Engine = NUMPY) -> None:
        self._engine = engine
        self.index = StateIndex(initial.shape[0], 1024, engine)
        self.index.intern(initial)
        self.low, self.high = 0, 1
        self._targets: list[NDArray[Any]] = []
        self._labels: list[NDArray[Any]] = []
        self._enabled: list[NDArray[Any]] = []
        self._degrees: list[NDArray[Any]] = []
        self._results: list[NDArray[Any]] | None = None
        self.tagged: dict[Hashable, list[Ids]] = {}
        self.marked: dict[Hashable, list[NDArray[np.int32]]] = {}

    @property
    def frontier(self) -> Words:
        """The keys of the level at hand, shape (words, n)."""
        return self.index.keys[:, self.low : self.high]

    @property
    def found(self) -> int:
        """States found so far in the next level."""
        return self.index.size - self.high

    def add(self, successors: Successors, start: int) -> Ids:  # noqa: ARG002 - batches come in order
        """Take the transitions of the next batch of the frontier; returns those to new states."""
        targets, new = self.index.intern(successors.keys)
        degrees = np.bincount(successors.rows, minlength=successors.enabled.size)
        enabled = successors.enabled.astype(np.uint8)  # 64 threads are the most
        self.take(targets.astype(np.int32), successors.labels, enabled, degrees, successors.results)
        return new

    def take(
        self,
        targets: NDArray[np.int32],
        labels: NDArray[Any],
        enabled: NDArray[np.uint8],
        degrees: NDArray[Any],
        results: NDArray[Any] | None,
    ) -> None:
        """Take the transitions of the next states, whose targets have been numbered; arrays as `Graph` has them."""
        if results is not None and self._results is None:
            self._results = [np.ones(part.size, np.uint8) for part in self._targets]
        if self._results is not None:
            self._results.append(np.ones(targets.size, np.uint8) if results is None else _narrow(results))
        self._targets.append(targets)
        self._labels.append(_narrow(labels))
        self._enabled.append(enabled)
        self._degrees.append(_narrow(degrees))

    def growth(self, additions: int) -> int:
        """Return how many more bytes so many transitions may need."""
        return self.index.growth(additions)

    def end(self, rows: Ids, tag: Hashable, share: Fraction) -> None:
        """Note that frontier states end runs of a kind; each stands for itself."""
        assert share == 1
        self.note(rows + self.low, tag)

    def note(self, states: Ids, tag: Hashable) -> None:
        """Note that states with those numbers end runs of a kind."""
        self.tagged.setdefault(tag, []).append(states)

    def save(self, folder: Folder, code: Callable[[Hashable], Any], version: int) -> dict[str, Any]:
        """Keep all states and transitions."""
        folder.extend("keys", [self.index.keys.T.reshape(-1)], np.int64, version)
        for name, (pieces, kind) in self._columns().items():
            folder.extend(name, pieces, kind)
        for name, lists in (("tagged", self.tagged), ("marked", self.marked)):
            parts = [part for own in lists.values() for part in own]
            folder.put(name, np.concatenate([np.zeros(0, np.int32), *parts]).astype(np.int32))
        return {
            "low": self.low,
            "high": self.high,
            "several": self._results is not None,
            "tagged": [[code(tag), sum(part.size for part in own)] for tag, own in self.tagged.items()],
            "marked": [[code(name), sum(part.size for part in own)] for name, own in self.marked.items()],
        }

    def _columns(self) -> dict[str, tuple[list[NDArray[Any]], Any]]:
        """Return what is kept of transitions and states beside the keys, with numbers wide enough for all of it."""
        found: dict[str, tuple[list[NDArray[Any]], Any]] = {
            "targets": (self._targets, np.int32),
            "moves": (self._labels, np.uint16),
            "enabled": (self._enabled, np.uint8),
            "degrees": (self._degrees, np.uint32),
        }
        return found if self._results is None else found | {"results": (self._results, np.uint32)}

    def load(self, folder: Folder, data: dict[str, Any], decode: Callable[[Any], Hashable]) -> None:
        """Take up what was saved."""
        words = folder.data["packing"]["words"]
        keys = folder.get("keys").reshape(-1, words).T
        self.index = StateIndex(words, 1024, self._engine)
        for start in range(0, keys.shape[1], 1 << 16):
            self.index.intern(keys[:, start : start + (1 << 16)])
        self.low, self.high = data["low"], data["high"]
        self._targets, self._enabled = [folder.get("targets")], [folder.get("enabled")]
        self._labels, self._degrees = [_narrow(folder.get("moves"))], [_narrow(folder.get("degrees"))]
        self._results = [_narrow(folder.get("results"))] if data["several"] else None
        for name, lists in (("tagged", self.tagged), ("marked", self.marked)):
            ends = np.cumsum([count for _, count in data[name]])
            parts = np.split(folder.get(name), ends)
            lists.update({decode(tag): [part] for (tag, _), part in zip(data[name], parts, strict=False)})

    def advance(self, count: int) -> None:
        """Make the first `count` states found the frontier."""
        self.low, self.high = self.high, self.high + count

    def mark(self, rows: NDArray[np.bool_], name: Hashable, first: int) -> None:
        """Note around which of the states from number `first` on `name` counts runs; at least one."""
        self.marked.setdefault(name, []).append((np.flatnonzero(rows) + first).astype(np.int32))

    def translate(self, translation: Callable[[Words], Words]) -> None:
        """Follow a change of layout."""
        self.index.translate(translation)

    def counting(self) -> int:
        """Return how many more bytes counting the runs needs at the least."""
        return _PER_STATE * self.index.size + _PER_TRANSITION * sum(part.size for part in self._targets)

    def graph(self) -> Graph:
        """Hand over the graph; what the walk held of it is given up. States it did not come to lead nowhere."""
        missing = np.zeros(self.index.size - sum(part.size for part in self._degrees), np.uint8)
        self._degrees.append(missing)
        self._enabled.append(missing)
        offsets = offsets_of(_joined(self._degrees, np.uint8))
        results = None if self._results is None else _joined(self._results, np.uint8)
        targets, labels = _joined(self._targets, np.int32), _joined(self._labels, np.uint8)
        return Graph(offsets, targets, _joined(self._enabled, np.uint8), results, labels, 0, self._engine.kernels)


def _narrow(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return numbers >= 0 in as few bytes as they need."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))


def _joined(parts: list[NDArray[Any]], kind: Any) -> NDArray[Any]:
    """Put pieces together, giving each up as soon as it is copied, so that they never exist twice."""
    found = np.empty(sum(part.size for part in parts), np.result_type(kind, *{part.dtype for part in parts}))
    end = found.size
    while parts:
        part = parts.pop()
        found[end - part.size : end] = part
        end -= part.size
    return found
