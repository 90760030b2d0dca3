"""One thread's steps as dense arrays: a step of many states is one look-up and two bit operations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from lab.explorer.index import StateIndex
from lab.explorer.memo import Entry, Memo
from lab.explorer.packing import Ids, Packing, Words

__all__ = ["NOT_ENABLED", "ThreadTable"]

NOT_ENABLED = -1
UNFILLED = -2
"""Below NOT_ENABLED, so that the least of many cells tells whether all are filled."""

_DENSE_BITS = 16
"""A local state whose footprint has more bits than this is looked up by hashing instead."""

_SPARSE = -1
"""The base of a local state that is looked up by hashing."""


class ThreadTable:
    """The results of one thread's steps, by cell.

    A local state owns a block of cells, one for each combination of its footprint's values. A cell holds, per result,
    the bits of the fields that the step sets; `keep` masks those fields out of the key first. Cells are filled the
    first time a state needs them.

    Attributes
    ----------
    results : list of array, shape (words, cells)
        One array per result number; NOT_ENABLED or UNFILLED in word 0 where there is none.
    signature : array, shape (cells,)
        What the step touches, as numbered by `Signatures`.
    keep : array, shape (words, locals)
    """

    def __init__(self, packing: Packing, memo: Memo, thread: int) -> None:
        self.packing, self.memo, self.thread = packing, memo, thread
        self.reset()

    def reset(self) -> None:
        """Empty the table after a change of layout; what the relation said is still in the memo."""
        packing = self.packing
        locals_ = 1 << packing.width[self.thread]
        self.keep = np.full((packing.words, locals_), -1, np.int64)
        self.results = [np.full((packing.words, 256), UNFILLED, np.int64)]
        self.signature = np.zeros(256, np.int32)
        self._used = 1
        self._base = np.zeros(locals_, np.intp)
        self._fields: list[tuple[NDArray[np.int64], ...]] = []
        self._generation = [-1] * locals_
        self._places: dict[int, list[tuple[int, int, int, int]]] = {}
        self._sparse_mask = np.zeros((packing.words, locals_), np.int64)
        self._sparse: StateIndex | None = None
        self._sparse_cell = np.zeros(0, np.intp)

    def locals_of(self, keys: Words) -> Ids:
        """Return each key's local number, shape (n,)."""
        return self.packing.column(keys, self.thread)

    def resolve(self, keys: Words, locals_: Ids) -> tuple[Ids, Words]:
        """Return each key's cell and the first word of its first result, filled; both of shape (n,).

        Stops early, unfilled, when a domain outgrows its field.
        """
        while True:
            cells = self._locate(keys, locals_)
            first = self.results[0][0].take(cells)
            if first.min() != UNFILLED:
                return cells, first
            missing = np.flatnonzero(first == UNFILLED)
            self._fill(keys[:, missing], cells[missing], locals_[missing])
            if self.packing.overflowing:
                return cells, first

    def _locate(self, keys: Words, locals_: Ids) -> Ids:
        cells = self._base.take(locals_)
        for word, shift, mask, stride in self._fields:
            part = keys[0] if keys.shape[0] == 1 else keys[word.take(locals_), np.arange(keys.shape[1])]
            cells += ((part >> shift.take(locals_)) & mask.take(locals_)) << stride.take(locals_)
        if self._sparse is not None:
            rows = np.flatnonzero(cells < 0)
            if rows.size:
                cells[rows] = self._locate_sparse(keys[:, rows] & self._sparse_mask[:, locals_[rows]])
        return cells

    def _locate_sparse(self, parts: Words) -> Ids:
        assert self._sparse is not None
        numbers, new = self._sparse.intern(parts)
        if new.size:
            first = self._allocate(new.size)
            self._sparse_cell = np.concatenate([self._sparse_cell, np.arange(first, first + new.size)])
        return self._sparse_cell[numbers]

    def _fill(self, keys: Words, cells: Ids, locals_: Ids) -> None:
        _, rows = np.unique(cells * self._base.size + locals_, return_index=True)
        for row in sorted(rows.tolist()):
            words, local = keys[:, row].tolist(), int(locals_[row])
            entry = self.memo.entry(local, words)
            if self._generation[local] != self.memo.generation[local]:
                self._place(local)
            if not self.packing.overflowing:
                self._store(local, words, entry)

    def _place(self, local: int) -> None:
        """Give a local state a block of cells for its footprint."""
        packing = self.packing
        self._generation[local] = self.memo.generation[local]
        changed = [self.thread, *(packing.threads + component for component in self.memo.written[local])]
        self.keep[:, local] = -1
        for field in changed:
            self.keep[packing.word[field], local] &= ~packing.mask(field)
        fields = [packing.threads + component for component in self.memo.footprint[local]]
        for field_arrays in self._fields:
            for array in field_arrays:
                array[local] = 0
        bits = sum(packing.width[field] for field in fields)
        if bits > _DENSE_BITS:
            self._place_sparse(local, fields)
            return
        self._base[local] = self._allocate(1 << bits)
        self._places[local] = []
        used = 0
        for number, (word, shift, width) in enumerate(_merged(packing, fields)):
            if number == len(self._fields):
                self._fields.append(tuple(np.zeros(self._base.size, np.int64) for _ in range(4)))
            place = (word, shift, (1 << width) - 1, used)
            self._places[local].append(place)
            for array, value in zip(self._fields[number], place, strict=True):
                array[local] = value
            used += width

    def _cell(self, local: int, words: Sequence[int]) -> int:
        """Return the cell of one key, as `_locate` does for many."""
        if self._base[local] == _SPARSE:
            return int(self._locate(np.array(words, np.int64)[:, None], np.array([local]))[0])
        parts = (((words[word] >> shift) & mask) << stride for word, shift, mask, stride in self._places[local])
        return int(self._base[local]) + sum(parts)

    def _place_sparse(self, local: int, fields: list[int]) -> None:
        if self._sparse is None:
            self._sparse = StateIndex(self.packing.words)
        self._base[local] = _SPARSE
        self._sparse_mask[:, local] = 0
        for field in [self.thread, *fields]:
            self._sparse_mask[self.packing.word[field], local] |= self.packing.mask(field)

    def _allocate(self, count: int) -> int:
        first, self._used = self._used, self._used + count
        size = self.signature.size
        if self._used > size:
            more = max(self._used, 2 * size) - size
            self.results = [_extended(array, more, UNFILLED) for array in self.results]
            self.signature = np.concatenate([self.signature, np.zeros(more, np.int32)])
        return first

    def _store(self, local: int, words: Sequence[int], entry: Entry) -> None:
        packing = self.packing
        cell = self._cell(local, words)
        while len(self.results) < len(entry.results):
            self.results.append(np.full_like(self.results[0], NOT_ENABLED))
        self.signature[cell] = entry.signature
        for array in self.results:
            array[0, cell] = NOT_ENABLED
        for array, result in zip(self.results, entry.results, strict=False):
            bits = [0] * packing.words
            bits[packing.word[self.thread]] |= result.local << packing.shift[self.thread]
            for component in self.memo.written[local]:
                field = packing.threads + component
                value = result.writes.get(component)
                if value is None:
                    value = packing.number(words, field)
                bits[packing.word[field]] |= value << packing.shift[field]
            array[:, cell] = bits


def _merged(packing: Packing, fields: list[int]) -> list[tuple[int, int, int]]:
    """Return the fields as (word, shift, width), neighbours joined into one."""
    joined: list[tuple[int, int, int]] = []
    for field in fields:
        word, shift, width = packing.word[field], packing.shift[field], packing.width[field]
        if joined and joined[-1][0] == word and joined[-1][1] + joined[-1][2] == shift:
            joined[-1] = (word, joined[-1][1], joined[-1][2] + width)
        elif width:
            joined.append((word, shift, width))
    return joined


def _extended(array: Words, more: int, filler: int) -> Words:
    return np.concatenate([array, np.full((array.shape[0], more), filler, np.int64)], axis=1)
