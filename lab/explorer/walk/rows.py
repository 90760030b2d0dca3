"""The next level for the compiled engine: every key with the numbers that are summed up for it in one row."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lab.explorer.states.engine import Kernels
from lab.explorer.states.limbs import Numbers, Sums
from lab.explorer.states.packing import Ids, Words

__all__ = ["Rows"]

_RING = 64
"""Keys that the compiled loop has under way at most."""

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio: multiplicative hashing after Knuth, TAOCP 6.4."""


class Rows:
    """Numbers keys in order of first appearance, and adds up what arrives at each in the same pass.

    A key and its limbs share one or two lines of the cache, and a slot holds the first word of its key, so that an
    arrival waits for memory twice: for the slot, and for the row. Both are asked for ahead of time.

    Attributes
    ----------
    size : int
        Keys known.
    """

    def __init__(self, words: int, kernels: Kernels) -> None:
        self.words, self.size = words, 0
        self._sums: Sequence[Sums] = ()
        self._kernels = kernels
        self._rows: NDArray[np.uint64] = np.zeros((0, words), np.uint64)
        self._before = self._rows
        self._wanted = 0
        self._slots = _free(0)
        self._rings = np.empty(_RING, np.uint64), np.empty(_RING, np.uint64)

    def restart(self, words: int, sums: Sequence[Sums], capacity: int) -> None:
        """Forget every key and add up something else; what was summed up last stays valid until the next time.

        Parameters
        ----------
        words : int
            Words per key.
        sums : sequence of Sums
            What is added up. Their limbs become columns of the rows; their carries work on the columns.
        capacity : int
            Rows to make room for.
        """
        slots = 1 << max(8, (2 * self.size - 1).bit_length())
        self._slots = self._slots[:slots] if 4 * slots >= len(self._slots) else _free(self.size)
        self._slots[:, 1] = -1
        if self.size:  # else nobody can have got anything from these rows since the last time
            self._rows, self._before = self._before, self._rows
        self.words, self.size, self._sums = words, 0, sums
        self._wanted = capacity

    @property
    def keys(self) -> Words:
        """The keys by number, shape (words, size)."""
        if not self.size:  # what the rows held before may have been narrower
            return np.zeros((self.words, 0), np.int64)
        return self._rows[: self.size, : self.words].view(np.int64).T

    def add(self, batch: Words, arrivals: Sequence[tuple[Numbers, NDArray[np.uint64] | None]], sources: Ids) -> Ids:
        """Take the keys of a batch and what arrives with them.

        Parameters
        ----------
        batch : array, shape (words, n)
        arrivals : sequence of (Numbers, array or None)
            For each of the sums the numbers that arrive, and how many times each counts; once for None.
        sources : array, shape (n,)
            Which of the numbers arrives with each key.

        Returns
        -------
        array
            Positions in the batch where a key appears for the first time ever, ascending.
        """
        count = batch.shape[1]
        for total, (given, weights) in zip(self._sums, arrivals, strict=True):
            total.make_room(count, given, weights)
        if self.size + count > len(self._rows) or any(limb.base is not self._rows for limb in self._limbs()):
            room = len(self._rows) if self.size else self._wanted
            self._arrange(room if self.size + count <= room else max(self.size + count, 2 * room))
        if 10 * (self.size + count) > 7 * len(self._slots):
            self._slots = _free(self.size + count)
            self._kernels.place(self._rows, self.words, self.size, self._slots, _MULTIPLIER, self._shift)
        amounts = self._amounts(arrivals)
        new = np.empty(count, np.intp)
        table = (self._rows, self.words, self.size, self._slots, _MULTIPLIER, self._shift)
        keys = np.ascontiguousarray(batch).view(np.uint64)
        found = self._kernels.absorb(*table, keys, amounts, sources, new, *self._rings)
        self.size += found
        for total in self._sums:
            total.used = self.size
        return new[:found]

    def take(self, keys: Words) -> None:
        """Begin with these keys, of which the sums have the entries already."""
        self.size = keys.shape[1]
        if self.size:
            self._arrange(max(self.size, self._wanted), keys)
            self._slots = _free(self.size)
            self._kernels.place(self._rows, self.words, self.size, self._slots, _MULTIPLIER, self._shift)

    def growth(self, count: int) -> int:
        """Return how many more bytes will be needed, for some time at least, for so many more keys."""
        count += self.size
        rows = 0 if count <= len(self._rows) else max(count, 2 * len(self._rows))
        slots = 0 if 10 * count <= 7 * len(self._slots) else 1 << (2 * count - 1).bit_length()
        return 8 * (self.words + len(self._limbs())) * rows + 16 * slots

    def translate(self, translation: Callable[[Words], Words]) -> None:
        """Replace every key by its translation, numbers unchanged."""
        kept = translation(self.keys)
        self.words = len(kept)
        self._arrange(len(self._rows), kept)
        self._slots = _free(len(self._slots) // 2)
        self._kernels.place(self._rows, self.words, self.size, self._slots, _MULTIPLIER, self._shift)

    @property
    def _shift(self) -> np.uint64:
        return np.uint64(65 - len(self._slots).bit_length())

    def _limbs(self) -> list[NDArray[np.uint64]]:
        return [limb for total in self._sums for limb in total.limbs]

    def _amounts(self, arrivals: Sequence[tuple[Numbers, NDArray[np.uint64] | None]]) -> NDArray[np.uint64]:
        """Return what arrives, limb by limb as the rows have them, shape (numbers, limbs)."""
        amounts = np.zeros((arrivals[0][0].limbs[0].size, self._rows.shape[1] - self.words), np.uint64)
        first = 0
        for total, (given, weights) in zip(self._sums, arrivals, strict=True):
            for column, limb in enumerate(given.limbs, first):
                amounts[:, column] = limb if weights is None else limb * weights
            first += len(total.limbs)
        return amounts

    def _arrange(self, capacity: int, keys: Words | None = None) -> None:
        """Put keys and limbs into rows again, after either has changed in width or in number."""
        kept = self.keys.copy() if keys is None else keys
        limbs = [(total, place) for total in self._sums for place in range(len(total.limbs))]
        shape = (capacity, self.words + len(limbs))
        old = self._rows
        if not self.size and old.shape[1] == shape[1] and len(old) >= capacity and len(old) <= 4 * capacity:
            rows = old
            rows[:] = 0
        else:
            rows = np.zeros(shape, np.uint64)
        rows[: self.size, : self.words] = kept.T.astype(np.uint64)
        for column, (total, place) in enumerate(limbs, self.words):
            rows[: self.size, column] = total.limbs[place][: self.size]
            total.limbs[place] = rows[:, column]
        self._rows = rows


def _free(count: int) -> NDArray[np.int64]:
    """Return slots for so many keys, at least half of them empty: each for the first word of a key, and its number."""
    return np.full((1 << max(8, (2 * count - 1).bit_length()), 2), -1, np.int64)
