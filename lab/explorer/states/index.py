"""A hash table that numbers states, many at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lab.explorer.states.engine import NUMPY, Engine
from lab.explorer.states.packing import Ids, Words

__all__ = ["StateIndex"]

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio: multiplicative hashing after Knuth, TAOCP 6.4."""

_SMALL = 1 << 20
"""Slots up to which at least half of them stay empty, for speed; beyond, memory counts, and at least three in ten."""


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
    Open addressing with linear probing, in numpy one round of probes for the whole batch at a time: look the slots up,
    let the first key of the batch that meets an empty slot take it, compare keys in full, and go on with those that met
    another key. A hash only says where to look; two states are the same when their keys are. Equal keys travel
    together, so the numbers do not depend on the hash. O(n) expected.

    A large index takes 8 bytes a word for each key, a quarter more as room to grow, and 6 to 12 bytes of slots.
    """

    def __init__(self, words: int, capacity: int = 64, engine: Engine = NUMPY) -> None:
        self.words = words
        self.size = 0
        self._engine = engine
        self._known = np.zeros(words * capacity, np.int64)
        """The words of key 0, then those of key 1, ..."""
        self._slots: NDArray[np.int32] = np.full(1 << (4 * capacity - 1).bit_length(), -1, np.int32)

    @property
    def keys(self) -> Words:
        """The keys by number, shape (words, size)."""
        return self._known[: self.size * self.words].reshape(self.size, self.words).T

    @property
    def arrays(self) -> tuple[NDArray[np.uint64], NDArray[np.int32], np.uint64, np.uint64]:
        """The keys' words, the slots, and the multiplier and the shift that make a slot of a key."""
        return self._known.view(np.uint64), self._slots, _MULTIPLIER, self._shift

    def close(self) -> None:
        """Give up what keys are looked up with; the keys stay."""
        self._slots = np.zeros(0, np.int32)

    def clear(self) -> None:
        """Forget every key and keep the room, unless it is far too much."""
        slots = max(256, 1 << (4 * self.size - 1).bit_length())
        self.size = 0
        if 2 * slots < self._slots.size:
            self._slots = self._slots[:slots].copy()
        self._slots.fill(-1)

    def translate(self, translation: Callable[[Words], Words]) -> None:
        """Replace every key by its translation, numbers unchanged."""
        kept = translation(self.keys)
        self.words = kept.shape[0]
        self._known = np.ascontiguousarray(kept.T).reshape(-1)
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
        self.reserve(base + count)
        if self._engine.kernels is not None:
            return self._compiled(batch)
        self._put(base, batch)
        numbers, home = self._probe(batch, base)
        new = np.flatnonzero(numbers == np.arange(base, base + count))
        if new.size:
            rank = np.zeros(count, np.intp)
            rank[new] = np.arange(base, base + new.size)
            fresh = np.flatnonzero(numbers >= base)
            numbers[fresh] = rank[numbers[fresh] - base]
            self._slots[home[new]] = rank[new]
            self._put(base, batch[:, new])
            self.size = base + new.size
        return numbers, new

    def _compiled(self, batch: Words) -> tuple[Ids, Ids]:
        assert self._engine.kernels is not None
        numbers, new = np.empty(batch.shape[1], np.intp), np.empty(batch.shape[1], np.intp)
        known, slots, *mixing = self.arrays
        keys = np.ascontiguousarray(batch).view(np.uint64).reshape(-1)
        count = self._engine.kernels.intern(known, slots, self.size, *mixing, keys, numbers, new)
        self.size += count
        return numbers, new[:count]

    def _put(self, base: int, batch: Words) -> None:
        words = self.words
        self._known[base * words : (base + batch.shape[1]) * words].reshape(-1, words).T[:] = batch

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
        place = held if self.words == 1 else held * self.words
        differs: NDArray[np.bool_] = self._known.take(place) != batch[0]
        for word in batch[1:]:
            place += 1
            differs |= self._known.take(place) != word
        return differs

    @property
    def _shift(self) -> np.uint64:
        """By how much a mixed key is shifted to give a slot."""
        return np.uint64(65 - self._slots.size.bit_length())

    def _hash(self, batch: Words) -> Ids:
        mixed = np.ascontiguousarray(batch[0]).view(np.uint64) * _MULTIPLIER
        for word in batch[1:]:
            mixed = (mixed ^ (mixed >> np.uint64(32)) ^ np.ascontiguousarray(word).view(np.uint64)) * _MULTIPLIER
        slot: Ids = (mixed >> self._shift).view(np.intp)
        return slot

    def reserve(self, count: int) -> None:
        """Make room for so many keys."""
        room, slots = self._roomy(count), self._sparse(count)
        if room * self.words > self._known.size:
            self._resize(room * self.words)
        if slots > self._slots.size:
            self._rebuild(slots)

    def growth(self, count: int) -> int:
        """Return how many more bytes will be needed for so many more keys."""
        count += self.size
        keys, slots = self._known.size // self.words, self._slots.size
        return 8 * self.words * (self._roomy(count) - keys) + 4 * max(0, self._sparse(count) - slots)

    def _roomy(self, count: int) -> int:
        """Return for how many keys there is to be room when there are so many."""
        room = self._known.size // self.words
        return room if count <= room else max(count, 2 * room if room < _SMALL else room + room // 4)

    def _sparse(self, count: int) -> int:
        """Return how many slots there are to be when there are so many keys."""
        slots = self._slots.size
        if 2 * count > slots <= _SMALL:
            return 1 << (4 * count - 1).bit_length()
        return 1 << (10 * count // 7).bit_length() if 10 * count > 7 * slots else slots

    def _resize(self, size: int) -> None:
        try:
            self._known.resize(size)  # in place, if nobody looks at the keys right now
        except ValueError:
            grown = np.zeros(size, np.int64)
            grown[: self._known.size] = self._known
            self._known = grown

    def _rebuild(self, slots: int) -> None:
        self._slots = np.zeros(0, np.int32)  # the old ones go before the new ones come
        self._slots = np.full(slots, -1, np.int32)
        count, self.size = self.size, 0
        keys = self._known[: count * self.words].reshape(count, self.words).T
        for start in range(0, count, 1 << 16):
            part = keys[:, start : start + (1 << 16)]
            if self._engine.kernels is None:
                self._probe(part, start)
                self.size = start + part.shape[1]
            else:
                self._compiled(part)
