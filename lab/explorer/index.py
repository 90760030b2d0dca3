"""A hash table that numbers states, many at a time, in numpy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lab.explorer.packing import Ids, Words

__all__ = ["StateIndex"]

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio: multiplicative hashing after Knuth, TAOCP 6.4."""


class StateIndex:
    """Numbers keys 0, 1, 2, ... in order of first appearance.

    Attributes
    ----------
    words : int
        Words per key.
    size : int
        Keys known.

    Notes
    -----
    Open addressing with linear probing, one round of probes for the whole batch at a time: look the slots up, let the
    first key of the batch that meets an empty slot take it, compare keys in full, and go on with those that met
    another key. A hash only says where to look; two states are the same when their keys are. Equal keys travel
    together, so the numbers do not depend on the hash. O(n) expected.
    """

    def __init__(self, words: int, capacity: int = 64) -> None:
        self.words = words
        self.size = 0
        self._keys = np.zeros((words, capacity), np.int64)
        self._slots: NDArray[np.int32] = np.full(4 * capacity, -1, np.int32)

    @property
    def keys(self) -> Words:
        """The keys by number, shape (words, size)."""
        return self._keys[:, : self.size]

    def clear(self) -> None:
        """Forget every key and keep the room."""
        self.size = 0
        self._slots.fill(-1)

    def translate(self, translation: Callable[[Words], Words]) -> None:
        """Replace every key by its translation, numbers unchanged."""
        kept = translation(self.keys)
        self.words = kept.shape[0]
        self._keys = np.zeros((kept.shape[0], self._keys.shape[1]), np.int64)
        self._keys[:, : self.size] = kept
        self._rebuild(self._slots.size)

    def intern(self, batch: Words) -> tuple[Ids, Ids]:
        """Number the keys of a batch.

        Parameters
        ----------
        batch : array, shape (words, n)

        Returns
        -------
        numbers : array, shape (n,)
        new : array
            Positions in the batch where a key appears for the first time ever, ascending; the k-th of them has the
            number `size + k`, with the size before the call.
        """
        base, count = self.size, batch.shape[1]
        self._reserve(base + count)
        self._keys[:, base : base + count] = batch
        numbers, home = self._probe(batch, base)
        new = np.flatnonzero(numbers == np.arange(base, base + count))
        if new.size:
            rank = np.zeros(count, np.intp)
            rank[new] = np.arange(base, base + new.size)
            fresh = np.flatnonzero(numbers >= base)
            numbers[fresh] = rank[numbers[fresh] - base]
            self._slots[home[new]] = rank[new]
            self._keys[:, base : base + new.size] = batch[:, new]
            self.size = base + new.size
        return numbers, new

    def _probe(self, batch: Words, base: int) -> tuple[Ids, Ids]:
        """Find each key's number, `base + position` standing for a key that the batch brings; and its slot if so."""
        count = batch.shape[1]
        home = np.empty(count, np.intp)
        slot, rows = self._hash(batch), np.arange(count)
        numbers: Ids | None = None
        while rows.size:
            held = self._slots.take(slot).astype(np.intp)
            empty = np.flatnonzero(held < 0)
            if empty.size:
                taken, claim = slot[empty], rows[empty]
                self._slots[taken[::-1]] = base + claim[::-1]  # the last assignment counts, so the first row wins
                held[empty] = self._slots[taken]
                home[claim] = taken
            if numbers is None:
                numbers = held
            else:
                numbers[rows] = held
            other = np.flatnonzero(self._differs(held, batch))
            batch, rows = batch[:, other], rows[other]
            slot = (slot[other] + 1) & (self._slots.size - 1)
        return (rows if numbers is None else numbers), home

    def _differs(self, held: Ids, batch: Words) -> NDArray[np.bool_]:
        differs: NDArray[np.bool_] = self._keys[0].take(held) != batch[0]
        for known, word in zip(self._keys[1:], batch[1:], strict=True):
            differs |= known.take(held) != word
        return differs

    def _hash(self, batch: Words) -> Ids:
        mixed = batch[0].view(np.uint64) * _MULTIPLIER
        for word in batch[1:]:
            mixed = (mixed ^ (mixed >> np.uint64(32)) ^ word.view(np.uint64)) * _MULTIPLIER
        shift = 65 - self._slots.size.bit_length()
        slot: Ids = (mixed >> np.uint64(shift)).view(np.intp)
        return slot

    def _reserve(self, count: int) -> None:
        if count > self._keys.shape[1]:
            grown = np.zeros((self._keys.shape[0], max(count, 2 * self._keys.shape[1])), np.int64)
            grown[:, : self.size] = self.keys
            self._keys = grown
        if 2 * count > self._slots.size:
            self._rebuild(1 << (4 * count - 1).bit_length())

    def _rebuild(self, slots: int) -> None:
        self._slots = np.full(slots, -1, np.int32)
        count, self.size = self.size, 0
        keys = self._keys[:, :count]
        step = 1 << 16
        for start in range(0, count, step):
            part = keys[:, start : start + step]
            self._probe(part, start)
            self.size = start + part.shape[1]
        self.size = count
