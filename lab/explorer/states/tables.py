"""What all threads' steps do, as dense arrays: a step of many states is one look-up and two bit operations."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.errors import LabError
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

_AHEAD = 64
"""Cells filled at most where a thread goes on alone."""

_DESCEND = -1
"""The stride of a part that begins another block."""


class Found(NamedTuple):
    """Where each thread's step in each of n states stands in the tables; both arrays have shape (threads, n)."""

    rows: NDArray[np.int64]
    cells: NDArray[np.int64]


_Chain = list[tuple[int, int, int, int]]
"""The word, the shift, the mask and the stride of each part of a footprint."""


class _Shape(NamedTuple):
    """What rows with one footprint and the same written components share.

    `room` is how many cells the first block has; `numbers` is what the row says after where that begins.
    """

    chain: _Chain
    room: int
    numbers: NDArray[np.int64]


class Tables:
    """The results of all threads' steps, by cell.

    Each local state of each thread has a row. A row owns a block of cells, one for each combination of its
    footprint's values; a large footprint is cut into parts, and each cell of one part's block has behind it a block
    for the next part, made when it is first needed. The last block's cells hold, per result, the bits of the fields
    that the step sets; `keep` masks those fields out of the key first. Cells are filled the first time a state needs
    them.

    Attributes
    ----------
    rows : array, shape (1 + words + 4 parts, rows)
        Where the row's block begins; by word, the bits of a key that its steps leave alone; by part of the footprint,
        the word, the shift, the mask and the stride of its bits. A mask of 0: there are no more parts.
    cells : array, shape (1 + results words, cells)
        What the step touches, as numbered by `Signatures`, or in a block that is not the last one where the block
        behind the cell begins; by result and word, the bits it sets. NOT_ENABLED or UNFILLED in word 0 where there is
        none.
    most : list of int
        By thread: how many results its steps have at most so far, >= 1.
    ahead : bool
        Whether to fill, with a cell, those that the thread needs if it goes on alone: the exploration comes to all
        these states, if no bound keeps it from them. It then stops less often. New values get other numbers than
        otherwise.

    Notes
    -----
    Cells 0 .. 2**_BLOCK_BITS - 1 are behind everything that has no block of its own yet, and never filled.

    numpy gathers one number of many rows or cells at a time, the compiled loops all numbers of one: the arrays lie in
    memory so that these are neighbours.
    """

    def __init__(self, packing: Packing, memos: list[Memo], engine: Engine = NUMPY) -> None:
        self.packing, self.memos, self.engine = packing, memos, engine
        self.most = [1] * packing.threads
        self.ahead = False
        self.reset()

    def reset(self) -> None:
        """Empty the tables after a change of layout; what the relation said is still in the memos."""
        packing, threads = self.packing, range(self.packing.threads)
        sizes = [1 << packing.width[thread] for thread in threads]
        starts = [sum(sizes[:thread]) for thread in threads]
        places = zip(packing.word, packing.shift, (size - 1 for size in sizes), starts, strict=False)
        self._thread, self._starts = np.array(list(places), np.int64), starts
        self._used = 1 << _BLOCK_BITS
        self._by_column = self.engine.kernels is not None
        self.rows, self.cells = self._zeros(0, 0), self._zeros(0, 0)
        self.rows = self._enlarged(self.rows, 1 + packing.words + 4, sum(sizes))
        self.rows[1 : 1 + packing.words] = -1
        self.cells = self._enlarged(self.cells, 1 + max(self.most) * packing.words, 2 * self._used)
        self._count = np.zeros(sum(sizes), np.int64)
        self._chains: dict[int, _Chain] = {}
        self._shapes: dict[tuple[int, tuple[int, ...], tuple[int, ...]], _Shape] = {}
        self._generation: dict[int, int] = {}

    def _zeros(self, fields: int, count: int) -> NDArray[np.int64]:
        return np.zeros((count, fields), np.int64).T if self._by_column else np.zeros((fields, count), np.int64)

    def _enlarged(self, table: NDArray[np.int64], fields: int, count: int) -> NDArray[np.int64]:
        """Return rows or cells with room for more."""
        larger = self._zeros(fields, count)
        if table is self.cells:
            larger[1:] = NOT_ENABLED
            larger[1:, table.shape[1] :] = UNFILLED
        larger[: table.shape[0], : table.shape[1]] = table
        return larger

    @property
    def arrays(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]]:
        """Threads, rows and cells for the compiled loops, all numbers of one row or cell beside each other."""
        if not self._by_column:
            self._by_column = True
            self.rows, self.cells = np.asfortranarray(self.rows), np.asfortranarray(self.cells)
        return self._thread.view(np.uint64), self.rows.T.view(np.uint64), self.cells.T.view(np.uint64)

    def signatures(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the steps touch that stand in those cells, as numbered by `Signatures`."""
        found: NDArray[np.int64] = self.cells[0][cells]
        return found

    def find(self, keys: Words) -> Found | None:
        """Return where the steps from states with those keys, shape (words, n), stand; None when a field overflowed."""
        some = _FIRST
        while True:
            found, missing = self._locate(keys)
            if not missing:
                return found
            unfilled = np.flatnonzero(self.cells[1][found.cells.T] == UNFILLED)
            if unfilled.size > _FIRST and self._settle(found, unfilled):
                continue
            self._fill(keys, found, unfilled[:some])
            some *= 4
            if self.packing.overflowing:
                return None

    def fill(self, keys: Words, stops: int) -> bool:
        """Fill the first cells that steps from states with those keys need, more after each stop; False for overflows.

        Compiled loops look the states up themselves, and come back when they meet another cell that is not filled.
        """
        while True:
            found, _ = self._locate(np.ascontiguousarray(keys))
            unfilled = np.flatnonzero(self.cells[1][found.cells.T] == UNFILLED)
            if unfilled.size <= _FIRST or not self._settle(found, unfilled):
                self._fill(keys, found, unfilled[: _FIRST * 4**stops])
                return not self.packing.overflowing

    def _locate(self, keys: Words) -> tuple[Found, bool]:
        """Return rows and cells, and whether some of the cells are unfilled."""
        kernels, shape = self.engine.kernels, (self.packing.threads, keys.shape[1])
        if kernels is not None:
            found = Found(np.empty(shape, np.int64), np.empty(shape, np.int64))
            flat = keys.view(np.uint64).reshape(-1)
            return found, bool(kernels.locate(flat, keys.shape[1], *self.arrays, *found))
        word, shift, mask, start = self._thread.T[:, :, None]
        rows = (keys[0] if keys.shape[0] == 1 else keys[word[:, 0]]) >> shift
        rows &= mask
        rows += start
        cells = self.rows[0].take(rows)
        self._descend(keys, rows.reshape(-1), cells.reshape(-1))
        return Found(rows, cells), bool(self.cells[1].take(cells).min() == UNFILLED)

    def _descend(self, keys: Words, rows: Ids, cells: Ids) -> None:
        """Add every part of the footprint to cells that stand at the start of their rows' blocks."""
        n, single = keys.shape[1], keys.shape[0] == 1
        parts = self.rows[1 + self.packing.words :].reshape(-1, 4, self.rows.shape[1])
        word, shift, mask, _ = parts[0]
        part = np.resize(keys[0], rows.size) if single else keys[word.take(rows), np.arange(rows.size) % n]
        part >>= shift.take(rows)
        part &= mask.take(rows)
        cells += part
        for number, (word, shift, mask, stride) in enumerate(parts[1:], 1):
            some = np.flatnonzero(self._count.take(rows) > number)
            row, state, cell = rows.take(some), some % n, cells.take(some)
            part = keys[0].take(state) if single else keys[word.take(row), state]
            part >>= shift.take(row)
            part &= mask.take(row)
            left = stride.take(row)
            deeper = np.flatnonzero(left == _DESCEND)
            cell[deeper] = self.cells[0].take(cell[deeper])
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
            placed = self._generation.get(row, -1)
            entry = self._fill_cell(thread, row, words)
            if packing.overflowing:
                return
            if entry is not None and self.ahead:
                self._run_ahead(thread, words, entry)
            if once and 0 <= placed < self._generation[row]:
                return  # what were one case may be several now, and the first of them come first

    def _fill_cell(self, thread: int, row: int, words: Sequence[int]) -> Entry | None:
        """Fill the cell that the thread's step from a state with that key needs; None when it is filled already."""
        memo, local = self.memos[thread], row - self._starts[thread]
        placed, cell = self._generation.get(row, -1), 0
        if placed >= 0:
            cell = self._cell(row, words)  # which may move the cells to a larger array
            if self.cells.item(1, cell) != UNFILLED:
                return None
        entry = memo.entry(local, words)
        if placed != memo.generation[local]:
            self._place(thread, local, row)
            cell = self._cell(row, words)
        if not self.packing.overflowing:
            self._store(thread, local, words, entry, cell)
        return entry

    def _run_ahead(self, thread: int, words: Sequence[int], entry: Entry) -> None:
        """Fill what the thread needs if it goes on alone, up to cells that are filled already."""
        packing, left = self.packing, _AHEAD
        waiting = [(words, result) for result in reversed(entry.results)]
        while waiting and left:
            words, result = waiting.pop()
            words = packing.replaced(words, result.numbers(thread, packing.threads))
            try:
                following = self._fill_cell(thread, self._starts[thread] + result.local, words)
            except LabError:  # said when the exploration comes there
                return
            if packing.overflowing:
                return
            if following is not None:
                left -= 1
                waiting.extend((words, result) for result in reversed(following.results))

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
        memo = self.memos[thread]
        self._generation[row] = memo.generation[local]
        kind = thread, memo.footprint[local], memo.written[local]
        shape = self._shapes.get(kind)
        if shape is None:
            shape = self._shapes[kind] = self._shape(*kind)
            if (fields := 1 + len(shape.numbers)) > len(self.rows):
                self.rows = self._enlarged(self.rows, fields, self.rows.shape[1])
        self._chains[row], self._count[row] = shape.chain, len(shape.chain)
        self.rows[0, row] = self._allocate(shape.room)
        self.rows[1 : 1 + len(shape.numbers), row] = shape.numbers
        self.rows[1 + len(shape.numbers) :, row] = 0

    def _shape(self, thread: int, footprint: Sequence[int], written: Sequence[int]) -> _Shape:
        packing = self.packing
        keep = [-1] * packing.words
        for field in (thread, *(packing.threads + component for component in written)):
            keep[packing.word[field]] &= ~packing.mask(field)
        chain = _chain(_merged(packing, [packing.threads + component for component in footprint]))
        numbers = np.array([*keep, *(number for part in chain for number in part)], np.int64)
        return _Shape(chain, _room(chain), numbers)

    def _cell(self, row: int, words: Sequence[int]) -> int:
        """Return the cell of one key, as `_locate` does for many, and make the blocks that are missing on the way."""
        cell, chain = self.rows.item(0, row), self._chains[row]
        for number, (word, shift, mask, stride) in enumerate(chain):
            if stride == _DESCEND:
                if not self.cells[0, cell]:
                    self.cells[0, cell] = self._allocate(_room(chain[number:]))
                cell, stride = self.cells.item(0, cell), 0
            cell += ((words[word] >> shift) & mask) << stride
        return cell

    def _allocate(self, count: int) -> int:
        first, self._used = self._used, self._used + count
        if self._used > self.cells.shape[1]:
            self.cells = self._enlarged(self.cells, len(self.cells), max(self._used, 2 * self.cells.shape[1]))
        return first

    def _store(self, thread: int, local: int, words: Sequence[int], entry: Entry, cell: int) -> None:
        packing = self.packing
        self.most[thread] = max(self.most[thread], len(entry.results))
        if (fields := 1 + self.most[thread] * packing.words) > len(self.cells):
            self.cells = self._enlarged(self.cells, fields, self.cells.shape[1])
        numbers, written = [entry.signature], self.memos[thread].written[local]
        for result in entry.results:
            bits = [0] * packing.words
            bits[packing.word[thread]] = result.local << packing.shift[thread]
            for component in written:
                field = packing.threads + component
                value = result.writes.get(component)
                if value is None:
                    value = packing.number(words, field)
                bits[packing.word[field]] |= value << packing.shift[field]
            numbers += bits
        numbers += [NOT_ENABLED] * (len(self.cells) - len(numbers))
        for field, number in enumerate(numbers):  # they are few
            self.cells[field, cell] = number


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


def _chain(parts: list[tuple[int, int, int]]) -> _Chain:
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


def _room(chain: _Chain) -> int:
    """Return how many cells the first block of a chain has."""
    cells = 1
    for number, (_, _, mask, stride) in enumerate(chain):
        if number and stride == _DESCEND:
            break
        cells *= mask + 1
    return cells
