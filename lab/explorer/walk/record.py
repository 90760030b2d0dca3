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

_PIECE = 1 << 8
"""Transitions looked at together for the one that leads to a state first."""

_PER_STATE, _PER_TRANSITION = 20, 2
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
        self._targets, self._labels = _Column(np.int32), _Column(np.uint8)
        self._enabled, self._degrees = _Column(np.uint8), _Column(np.uint8)
        self._results: _Column | None = None
        self._graph: Graph | None = None
        self._peaks = np.zeros(0, np.int32)
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
            self._results = _Column(np.uint8)
            self._results.add(np.ones(self._targets.size, np.uint8))
        if self._results is not None:
            self._results.add(np.ones(targets.size, np.uint8) if results is None else _narrow(results))
        self._targets.add(targets)
        self._labels.add(_narrow(labels))
        self._enabled.add(enabled)
        self._degrees.add(_narrow(degrees))

    def growth(self, additions: int) -> int:
        """Return how many more bytes so many transitions may need."""
        return self.index.growth(additions) + self._targets.growth(additions) + self._labels.growth(additions)

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
            "targets": ([self._targets.array], np.int32),
            "moves": ([self._labels.array], np.uint16),
            "enabled": ([self._enabled.array], np.uint8),
            "degrees": ([self._degrees.array], np.uint32),
        }
        return found if self._results is None else found | {"results": ([self._results.array], np.uint32)}

    def load(self, folder: Folder, data: dict[str, Any], decode: Callable[[Any], Hashable]) -> None:
        """Take up what was saved."""
        words = folder.data["packing"]["words"]
        keys = folder.get("keys").reshape(-1, words).T
        self.index = StateIndex(words, 1024, self._engine)
        for start in range(0, keys.shape[1], 1 << 16):
            self.index.intern(keys[:, start : start + (1 << 16)])
        self.low, self.high = data["low"], data["high"]
        self._targets.add(folder.get("targets"))
        self._enabled.add(folder.get("enabled"))
        self._labels.add(_narrow(folder.get("moves")))
        self._degrees.add(_narrow(folder.get("degrees")))
        if data["several"]:
            self._results = _Column(np.uint8)
            self._results.add(_narrow(folder.get("results")))
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
        return _PER_STATE * self.index.size + _PER_TRANSITION * self._targets.size

    def graph(self) -> Graph:
        """Return the graph, after which the walk cannot go on. States it did not come to lead nowhere."""
        if self._graph is None:
            missing = np.zeros(self.index.size - self._degrees.size, np.uint8)
            self._degrees.add(missing)
            self._enabled.add(missing)
            self.index.close()
            offsets = offsets_of(self._degrees.handed_over())
            results = None if self._results is None else self._results.handed_over()
            targets, labels, enabled = (
                column.handed_over() for column in (self._targets, self._labels, self._enabled)
            )  # fmt: skip
            self._graph = Graph(offsets, targets, enabled, results, labels, 0, self._engine.kernels)
        return self._graph

    def came(self, state: int) -> tuple[int, int]:
        """Return the state and the label of the transition by which a state was reached first; not the initial one.

        The walk is over then, as with `graph`. States are numbered as they are reached, so the highest target so far
        grows by one with each new state.
        """
        graph = self.graph()
        if not self._peaks.size:
            pieces = np.arange(0, graph.targets.size, _PIECE)
            self._peaks = np.maximum.accumulate(np.maximum.reduceat(graph.targets, pieces))
        low = int(self._peaks.searchsorted(np.int32(state))) * _PIECE
        place = low + int((graph.targets[low : low + _PIECE] == state).argmax())
        wanted = graph.offsets.dtype.type(place)  # of another type, all offsets would be turned into that first
        return int(graph.offsets.searchsorted(wanted, side="right")) - 1, int(graph.labels[place])


class _Column:
    """Numbers that come one after the other, in one array that grows where it is: pieces would have to be put together.

    It is as wide as the widest numbers that were added.
    """

    def __init__(self, kind: Any) -> None:
        self._room: NDArray[Any] = np.empty(1024, kind)
        self.size = 0

    @property
    def array(self) -> NDArray[Any]:
        """What was added so far; its memory may move when more is."""
        return self._room[: self.size]

    def growth(self, additions: int) -> int:
        """Return how many more bytes so many numbers need."""
        return (self._wanted(self.size + additions) - self._room.size) * self._room.itemsize

    def _wanted(self, size: int) -> int:
        return self._room.size if size <= self._room.size else max(size, self._room.size + self._room.size // 16)

    def add(self, numbers: NDArray[Any]) -> None:
        """Add numbers at the end."""
        kind = np.result_type(self._room, numbers)
        if kind != self._room.dtype:
            self._room = self._room.astype(kind)
        if (wanted := self._wanted(self.size + numbers.size)) > self._room.size:
            self._room.resize(wanted, refcheck=False)
        self._room[self.size : self.size + numbers.size] = numbers
        self.size += numbers.size

    def handed_over(self) -> NDArray[Any]:
        """Return the array, and forget it."""
        found, self._room = self._room, np.empty(0, self._room.dtype)
        found.resize(self.size, refcheck=False)
        self.size = 0
        return found


def _narrow(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return numbers >= 0 in as few bytes as they need."""
    return numbers.astype(np.min_scalar_type(int(numbers.max(initial=0))))
