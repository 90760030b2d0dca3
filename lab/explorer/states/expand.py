"""All successors of many states at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.checkpoint import Folder
from lab.explorer.protocol import Explorable
from lab.explorer.states.engine import NUMPY, Engine
from lab.explorer.states.memo import Memo, Signatures
from lab.explorer.states.packing import Ids, Packing, Words
from lab.explorer.states.tables import Found, Tables
from lab.model.stored import as_data, from_data

__all__ = ["Expander", "Successors"]

_FILLED = 1 << 12
"""States whose cells are filled together when one of them needs it."""

Slot = tuple[int, int]
"""A thread and the number of its step's result."""


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
    cells : array, shape (threads, n)
        Each thread's cell in the tables.
    """

    keys: Words
    rows: Ids
    labels: NDArray[np.uint16]
    enabled: NDArray[np.intp]
    results: NDArray[np.int64] | None
    cells: NDArray[np.int64]


class Expander:
    """Steps whole batches of states through the tables.

    Attributes
    ----------
    labels : list of (thread, result)
        Grows only, so that a label keeps its meaning.
    tables : Tables
    signatures : Signatures
        What steps touch, shared by all threads.
    """

    def __init__(self, relation: Explorable, packing: Packing, engine: Engine = NUMPY) -> None:
        self.packing, self.engine = packing, engine
        self.signatures = Signatures()
        potentials: dict[int, dict[int, int]] = {id(domain): {0: 0} for domain in packing.domains}
        self.memos = [
            Memo(relation, packing, thread, self.signatures, potentials[id(packing.domains[thread])])
            for thread in range(packing.threads)
        ]
        self.tables = Tables(packing, self.memos, engine)
        self.labels = [(thread, 0) for thread in range(packing.threads)]

    @property
    def layered(self) -> bool:
        """Whether all schedules to one state have been of one length so far."""
        return all(memo.layered for memo in self.memos)

    def reset(self) -> None:
        """Empty the tables after a change of layout."""
        self.tables.reset()

    def save(self, folder: Folder) -> dict[str, Any]:  # noqa: ARG002 - more is kept where there is a bound
        """Keep what labels and signatures mean, and how far every local state is from the start."""
        accesses = [[as_data(access) for access in some] for some in self.signatures.accesses]
        return {"labels": self.labels, "memos": [memo.save() for memo in self.memos], "accesses": accesses}

    def load(self, folder: Folder) -> None:
        """Take up what was saved."""
        data = folder.data["expander"]
        self.labels = [(thread, result) for thread, result in data["labels"]]
        for some in data["accesses"]:
            self.signatures.intern(list(map(from_data, some)))
        for memo, kept in zip(self.memos, data["memos"], strict=True):
            memo.load(kept)

    def expand(self, keys: Words) -> Successors | None:
        """Return every transition of the states with those keys, shape (words, n); None when a field overflowed."""
        keys = np.ascontiguousarray(keys)
        if self.engine.kernels is not None:
            return self._emit(keys)
        found = self.tables.find(keys)
        return None if found is None else self._gather(keys, found, self.slots)

    @property
    def slots(self) -> list[Slot]:
        """Every thread with each number of a result that its steps have had so far, in this order."""
        return [(thread, result) for thread, most in enumerate(self.tables.most) for result in range(most)]

    def slot_table(self) -> NDArray[np.int64]:
        """Return thread, result and label of every slot, shape (slots, 3)."""
        slots = self.slots
        return np.array([(*slot, label) for slot, label in zip(slots, self._labels(slots), strict=True)], np.int64)

    def _gather(self, keys: Words, found: Found, slots: list[Slot]) -> Successors:
        tables, (words, count) = self.tables, keys.shape
        after = np.empty((words, count, len(slots)), np.int64)
        for word in range(words):
            for slot, (thread, result) in enumerate(slots):
                bits = tables.cells[1 + result * words + word].take(found.cells[thread])
                if result == 0:
                    kept = keys[word] & tables.rows[1 + word].take(found.rows[thread])
                np.bitwise_or(kept, bits, out=after[word, :, slot])
        possible = after[0] >= 0
        chosen = np.flatnonzero(possible)
        rows = chosen // len(slots)
        labels = self._labels(slots).take(chosen - rows * len(slots))
        enabled, results = _degrees(slots, possible, chosen)
        after = after.reshape(words, -1).take(chosen, axis=1)
        return Successors(after, rows, labels, enabled, results, found.cells)

    def _emit(self, keys: Words) -> Successors | None:
        """Do the same compiled, and have cells filled on the way."""
        assert self.engine.kernels is not None
        (words, count), flat, slots = keys.shape, keys.view(np.uint64).reshape(-1), -1
        cells, enabled = np.empty((self.packing.threads, count), np.int64), np.empty(count, np.intp)
        stops, cursor, row_of = 0, np.zeros(2, np.int64), np.empty(self.packing.threads, np.uint64)
        while True:
            if slots != len(self.slots):  # begin, or begin again: steps have more results than there is room for
                slots, cursor[:] = len(self.slots), 0
                most, table = count * slots, self.slot_table().view(np.uint64)
                after, rows = np.empty((words, most), np.uint64), np.empty(most, np.intp)
                labels, results = np.empty(most, np.uint16), np.empty(most, np.int64)
            outs = (after, rows, labels, enabled, results, row_of, cells)
            if not self.engine.kernels.emit(cursor, flat, count, *self.tables.arrays, table, *outs):
                break
            if not self.tables.fill(keys[:, cursor[0] : cursor[0] + _FILLED], stops):
                return None
            stops += 1
        size, several = int(cursor[1]), slots > self.packing.threads
        return Successors(
            after[:, :size].view(np.int64), rows[:size], labels[:size], enabled, results[:size] if several else None,
            cells,
        )  # fmt: skip

    def threads_of(self, labels: NDArray[np.uint16]) -> Ids:
        """Return the thread of each label."""
        return np.array([thread for thread, _ in self.labels], np.intp).take(labels)

    def _labels(self, slots: list[Slot]) -> NDArray[np.uint16]:
        for slot in slots:
            if slot not in self.labels:
                self.labels.append(slot)
        return np.array([self.labels.index(slot) for slot in slots], np.uint16)


def _degrees(
    slots: list[Slot], possible: NDArray[np.bool_], chosen: Ids
) -> tuple[NDArray[np.intp], NDArray[np.int64] | None]:
    """Return how many threads can move in each state, and how many results each transition's step has, if it varies."""
    first = [slot for slot, (_, result) in enumerate(slots) if result == 0]
    if len(first) == len(slots):
        return sum((column.astype(np.intp) for column in possible.T), np.zeros(len(possible), np.intp)), None
    results = np.add.reduceat(possible, first, axis=1, dtype=np.int64)
    thread = np.array([thread for thread, _ in slots])
    return np.count_nonzero(results, axis=1), results[:, thread].reshape(-1).take(chosen)
