"""What all threads' steps do, as dense arrays: a step of many states is one look-up and two bit operations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.states.engine import NUMPY, Engine
from lab.explorer.states.memo import Entry, Memo
from lab.explorer.states.packing import Ids, Packing, Words

__all__ = ["NOT_ENABLED", "Found", "Tables"]

NOT_ENABLED = -1
UNFILLED = -2
"""Below NOT_ENABLED, so that the least of many cells tells whether all are filled."""

_BLOCK_BITS = 12
"""A footprint with more bits than this is looked up in several blocks, one behind the other."""

_PAGE_BITS = 5
"""Bits that each of several blocks takes: small, because most of a large footprint's combinations never occur; at most
`_BLOCK_BITS`, so that what begins at cell 0 stays among the cells that are never filled."""

_FIRST = 64
"""Unfilled places looked at first, then four times as many each time: what is filled is filled for all states."""

_DESCEND = -1
"""The stride of a part that begins another block."""


class Found(NamedTuple):
    """Where each thread's step in each of n states stands in the tables; both arrays have shape (threads, n)."""

    rows: NDArray[np.int64]
    cells: NDArray[np.int64]


class Tables:
    """The results of all threads' steps, by cell.

    Each local state of each thread has a row. A row owns a block of cells, one for each combination of its
    footprint's values; a large footprint is cut into parts, and each cell of one part's block has behind it a block
    for the next part, made when it is first needed. The last block's cells hold, per result, the bits of the fields
    that the step sets; `keep` masks those fields out of the key first. Cells are filled the first time a state needs
    them.

    Attributes
    ----------
    results : array, shape (results, words, cells)
        NOT_ENABLED or UNFILLED in word 0 where there is none.
    most : list of int
        By thread: how many results its steps have at most so far, >= 1.
    signature : array, shape (cells,)
        What the step touches, as numbered by `Signatures`.
    keep : array, shape (words, rows)

    Notes
    -----
    Cells 0 .. 2**_BLOCK_BITS - 1 are behind everything that has no block of its own yet, and never filled.
    """

    def __init__(self, packing: Packing, memos: list[Memo], engine: Engine = NUMPY) -> None:
        self.packing, self.memos, self.engine = packing, memos, engine
        self.most = [1] * packing.threads
        self.reset()

    def reset(self) -> None:
        """Empty the tables after a change of layout; what the relation said is still in the memos."""
        packing, threads = self.packing, range(self.packing.threads)
        sizes = [1 << packing.width[thread] for thread in threads]
        starts = [sum(sizes[:thread]) for thread in threads]
        places = zip(packing.word, packing.shift, (size - 1 for size in sizes), starts, strict=False)
        self._thread, self._starts = np.array(list(places), np.int64), starts
        rows, self._used = sum(sizes), 1 << _BLOCK_BITS
        self.keep = np.full((packing.words, rows), -1, np.int64)
        self.results = np.full((max(self.most), packing.words, 2 * self._used), UNFILLED, np.int64)
        self.signature = np.zeros(2 * self._used, np.int32)
        self._behind = np.zeros(2 * self._used, np.int64)
        self._base = np.zeros(rows, np.int64)
        self._parts = np.zeros((1, 4, rows), np.int64)
        self._count = np.zeros(rows, np.int64)
        self._chains: dict[int, list[tuple[int, int, int, int]]] = {}
        self._generation: dict[int, int] = {}

    @property
    def arrays(self) -> tuple[NDArray[np.int64], ...]:
        """What finds cells and makes successors: threads, bases, parts, blocks behind, results, kept bits."""
        return self._thread, self._base, self._parts, self._behind, self.results, self.keep

    def find(self, keys: Words) -> Found | None:
        """Return where the steps from states with those keys, shape (words, n), stand; None when a field overflowed."""
        some = _FIRST
        while True:
            found, missing = self._locate(keys)
            if not missing:
                return found
            unfilled = np.flatnonzero(self.results[0, 0].take(found.cells.T) == UNFILLED)
            if unfilled.size > _FIRST and self._settle(found, unfilled):
                continue
            self._fill(keys, found, unfilled[:some])
            some *= 4
            if self.packing.overflowing:
                return None

    def _locate(self, keys: Words) -> tuple[Found, bool]:
        """Return rows and cells, and whether some of the cells are unfilled."""
        kernels, shape = self.engine.kernels, (self.packing.threads, keys.shape[1])
        if kernels is not None:
            found = Found(np.empty(shape, np.int64), np.empty(shape, np.int64))
            places = (self._thread, self._base, self._parts, self._behind, self.results[0, 0])
            return found, bool(kernels.locate(keys, *places, *found))
        word, shift, mask, start = self._thread.T[:, :, None]
        rows = (keys[0] if keys.shape[0] == 1 else keys[word[:, 0]]) >> shift
        rows &= mask
        rows += start
        cells = self._base.take(rows)
        self._descend(keys, rows.reshape(-1), cells.reshape(-1))
        return Found(rows, cells), bool(self.results[0, 0].take(cells).min() == UNFILLED)

    def _descend(self, keys: Words, rows: Ids, cells: Ids) -> None:
        """Add every part of the footprint to cells that stand at the start of their rows' blocks."""
        n, single = keys.shape[1], keys.shape[0] == 1
        word, shift, mask, _ = self._parts[0]
        part = np.resize(keys[0], rows.size) if single else keys[word.take(rows), np.arange(rows.size) % n]
        part >>= shift.take(rows)
        part &= mask.take(rows)
        cells += part
        for number, (word, shift, mask, stride) in enumerate(self._parts[1:], 1):
            some = np.flatnonzero(self._count.take(rows) > number)
            row, state, cell = rows.take(some), some % n, cells.take(some)
            part = keys[0].take(state) if single else keys[word.take(row), state]
            part >>= shift.take(row)
            part &= mask.take(row)
            left = stride.take(row)
            deeper = np.flatnonzero(left == _DESCEND)
            cell[deeper] = self._behind.take(cell[deeper])
            cells[some] = cell + (part << np.maximum(left, 0))

    def _fill(self, keys: Words, found: Found, places: Ids) -> None:
        """Fill the cells at some places, state by state and for each thread by thread.

        New values are numbered in the order of the states and, for each, of the threads: whatever was known before, an
        exploration numbers them alike, also one that is resumed.
        """
        packing = self.packing
        states, threads = np.divmod(places, packing.threads)
        once = places.size > _FIRST
        if once:  # each cell once, but every state of a row that has no block yet: it may need several
            cells = found.cells[threads, states]
            chosen = np.union1d(np.unique(cells, return_index=True)[1], np.flatnonzero(cells < 1 << _BLOCK_BITS))
            states, threads = states[chosen], threads[chosen]
        columns = keys[:, states].T.tolist()
        for thread, row, words in zip(threads.tolist(), found.rows[threads, states].tolist(), columns, strict=True):
            memo, local = self.memos[thread], row - self._starts[thread]
            placed = self._generation.get(row, -1)
            if placed >= 0:
                cell = self._cell(row, words)  # which may move the results to a larger array
                if self.results.item(0, 0, cell) != UNFILLED:
                    continue
            entry = memo.entry(local, words)
            if placed != memo.generation[local]:
                self._place(thread, local, row)
            if packing.overflowing:
                return
            self._store(thread, local, words, entry, self._cell(row, words))
            if once and 0 <= placed < self._generation[row]:
                return  # what were one case may be several now, and the first of them come first

    def _settle(self, found: Found, places: Ids) -> bool:
        """Give a block to the rows at those places whose footprint is known but not yet laid out; False if none is."""
        states, threads = np.divmod(places, self.packing.threads)
        settled = False
        for row in np.flatnonzero(np.bincount(found.rows[threads, states])).tolist():
            thread = bisect_right(self._starts, row) - 1
            local, generations = row - self._starts[thread], self.memos[thread].generation
            if row not in self._generation and local < len(generations) and generations[local]:
                self._place(thread, local, row)
                settled = True
        return settled

    def _place(self, thread: int, local: int, row: int) -> None:
        """Give a local state a block of cells for its footprint."""
        packing, memo = self.packing, self.memos[thread]
        self._generation[row] = memo.generation[local]
        self.keep[:, row] = -1
        for field in (thread, *(packing.threads + component for component in memo.written[local])):
            self.keep[packing.word[field], row] &= ~packing.mask(field)
        fields = [packing.threads + component for component in memo.footprint[local]]
        chain = self._chains[row] = _chain(_merged(packing, fields))
        self._base[row] = self._allocate(_room(chain))
        self._count[row] = len(chain)
        missing = len(chain) - len(self._parts)
        if missing > 0:
            self._parts = np.concatenate([self._parts, np.zeros((missing, *self._parts.shape[1:]), np.int64)])
        self._parts[:, :, row] = 0
        for number, part in enumerate(chain):
            self._parts[number, :, row] = part

    def _cell(self, row: int, words: Sequence[int]) -> int:
        """Return the cell of one key, as `_locate` does for many, and make the blocks that are missing on the way."""
        cell, chain = int(self._base[row]), self._chains[row]
        for number, (word, shift, mask, stride) in enumerate(chain):
            if stride == _DESCEND:
                if not self._behind[cell]:
                    self._behind[cell] = self._allocate(_room(chain[number:]))
                cell, stride = int(self._behind[cell]), 0
            cell += ((words[word] >> shift) & mask) << stride
        return cell

    def _allocate(self, count: int) -> int:
        first, self._used = self._used, self._used + count
        size = self.signature.size
        if self._used > size:
            more = max(self._used, 2 * size) - size
            filler = np.full((*self.results.shape[:2], more), UNFILLED, np.int64)
            self.results = np.concatenate([self.results, filler], axis=2)
            self.signature = np.concatenate([self.signature, np.zeros(more, np.int32)])
            self._behind = np.concatenate([self._behind, np.zeros(more, np.int64)])
        return first

    def _store(self, thread: int, local: int, words: Sequence[int], entry: Entry, cell: int) -> None:
        packing = self.packing
        self.most[thread] = max(self.most[thread], len(entry.results))
        missing = self.most[thread] - len(self.results)
        if missing > 0:
            filler = np.full((missing, *self.results.shape[1:]), NOT_ENABLED, np.int64)
            self.results = np.concatenate([self.results, filler])
        self.signature[cell] = entry.signature
        self.results[:, 0, cell] = NOT_ENABLED
        for number, result in enumerate(entry.results):
            bits = [0] * packing.words
            bits[packing.word[thread]] |= result.local << packing.shift[thread]
            for component in self.memos[thread].written[local]:
                field = packing.threads + component
                value = result.writes.get(component)
                if value is None:
                    value = packing.number(words, field)
                bits[packing.word[field]] |= value << packing.shift[field]
            self.results[number, :, cell] = bits


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


def _chain(parts: list[tuple[int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Return the parts as (word, shift, mask, stride), a block each where a single one would be too large."""
    if sum(width for _, _, width in parts) <= _BLOCK_BITS:
        used = [sum(width for _, _, width in parts[:number]) for number in range(len(parts))]
        return [(word, shift, (1 << width) - 1, at) for (word, shift, width), at in zip(parts, used, strict=True)]
    pages = [
        (word, shift + start, (1 << min(_PAGE_BITS, width - start)) - 1, _DESCEND)
        for word, shift, width in parts
        for start in range(0, width, _PAGE_BITS)
    ]
    return [(*pages[0][:3], 0), *pages[1:]]


def _room(chain: list[tuple[int, int, int, int]]) -> int:
    """Return how many cells the first block of a chain has."""
    cells = 1
    for number, (_, _, mask, stride) in enumerate(chain):
        if number and stride == _DESCEND:
            break
        cells *= mask + 1
    return cells
