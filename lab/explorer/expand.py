"""All successors of many states at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.memo import Memo, Signatures
from lab.explorer.packing import Ids, Packing, Words
from lab.explorer.protocol import Explorable
from lab.explorer.tables import ThreadTable

__all__ = ["Expander", "Successors"]


class Successors(NamedTuple):
    """The transitions of a batch of n states, by state, then thread, then result.

    Attributes
    ----------
    keys : array, shape (words, m)
    rows : array, shape (m,)
        The state each transition leaves, as a position in the batch.
    labels : array, shape (m,)
        Which thread and result: an index into `Expander.labels`.
    enabled : array, shape (n,)
        How many threads can move.
    results : array, shape (m,), or None
        How many results the transition's step has; None when all have one.
    cells : list of array, shape (n,)
        Each thread's cells in its table.
    """

    keys: Words
    rows: Ids
    labels: NDArray[np.uint16]
    enabled: NDArray[np.intp]
    results: NDArray[np.int64] | None
    cells: list[Ids]


class Expander:
    """Steps whole batches of states, thread by thread, through the tables.

    Attributes
    ----------
    labels : list of (thread, result)
        Grows only, so that a label keeps its meaning.
    tables : list of ThreadTable
    signatures : Signatures
        What steps touch, shared by all threads.
    """

    def __init__(self, relation: Explorable, packing: Packing) -> None:
        self.packing = packing
        self.signatures = Signatures()
        self.memos = [Memo(relation, packing, thread, self.signatures) for thread in range(packing.threads)]
        self.tables = [ThreadTable(packing, memo, thread) for thread, memo in enumerate(self.memos)]
        self.labels = [(thread, 0) for thread in range(packing.threads)]

    @property
    def layered(self) -> bool:
        """Whether all schedules to one state have been of one length so far."""
        return all(memo.layered for memo in self.memos)

    def reset(self) -> None:
        """Empty the tables after a change of layout."""
        for table in self.tables:
            table.reset()

    def expand(self, keys: Words) -> Successors | None:
        """Return every transition of the states with those keys, shape (words, n); None when a field overflowed."""
        locals_ = [table.locals_of(keys) for table in self.tables]
        resolved = [table.resolve(keys, local) for table, local in zip(self.tables, locals_, strict=True)]
        if self.packing.overflowing:
            return None
        slots = [(table, result) for table in self.tables for result in range(len(table.results))]
        words, count = keys.shape
        after = np.empty((words, count, len(slots)), np.int64)
        for slot, (table, result) in enumerate(slots):
            local, (cells, first) = locals_[table.thread], resolved[table.thread]
            for word in range(words):
                bits = table.results[result][word].take(cells) if result or word else first
                np.bitwise_or(keys[word] & table.keep[word].take(local), bits, out=after[word, :, slot])
        possible = after[0] >= 0
        chosen = np.flatnonzero(possible)
        rows = chosen // len(slots)
        labels = self._labels(slots).take(chosen - rows * len(slots))
        enabled, results = self._degrees(slots, possible, chosen)
        after = after.reshape(words, -1).take(chosen, axis=1)
        return Successors(after, rows, labels, enabled, results, [cells for cells, _ in resolved])

    def _labels(self, slots: list[tuple[ThreadTable, int]]) -> NDArray[np.uint16]:
        names = [(table.thread, result) for table, result in slots]
        for name in names:
            if name not in self.labels:
                self.labels.append(name)
        return np.array([self.labels.index(name) for name in names], np.uint16)

    def _degrees(
        self, slots: list[tuple[ThreadTable, int]], possible: NDArray[np.bool_], chosen: Ids
    ) -> tuple[NDArray[np.intp], NDArray[np.int64] | None]:
        first = [slot for slot, (_, result) in enumerate(slots) if result == 0]
        if len(first) == len(slots):
            return sum((column.astype(np.intp) for column in possible.T), np.zeros(len(possible), np.intp)), None
        results = np.add.reduceat(possible, first, axis=1, dtype=np.int64)
        thread = np.array([table.thread for table, _ in slots])
        return np.count_nonzero(results, axis=1), results[:, thread].reshape(-1).take(chosen)
