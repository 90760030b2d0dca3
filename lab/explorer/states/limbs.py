"""Exact natural numbers of any size, one per state, in numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.explorer.checkpoint import Folder
from lab.explorer.states.packing import Ids

__all__ = ["Numbers", "Sums"]

_Limb = NDArray[np.uint64]

_BITS = 40
"""Bits per limb at the start: room for 2**23 additions before a carry; 5 at the least, room for 2**58."""


class Numbers:
    """A vector of natural numbers, each as limbs of `bits` bits, the lowest first.

    Attributes
    ----------
    limbs : list of array, shape (n,)
        uint64, each entry below 2**bits.
    """

    def __init__(self, limbs: list[_Limb], bits: int = _BITS) -> None:
        self.limbs, self.bits = limbs, bits

    @classmethod
    def one(cls) -> Numbers:
        """Return the vector (1)."""
        return cls([np.ones(1, np.uint64)])

    def save(self, folder: Folder, name: str) -> dict[str, Any]:
        """Keep the numbers."""
        for place, limb in enumerate(self.limbs):
            folder.put(f"{name}.{place}", limb)
        return {"limbs": len(self.limbs), "bits": self.bits}

    @classmethod
    def load(cls, folder: Folder, name: str, data: dict[str, Any]) -> Numbers:
        """Return the numbers that were saved."""
        return cls([folder.get(f"{name}.{place}") for place in range(data["limbs"])], data["bits"])

    def total(self, rows: Ids) -> int:
        """Return the sum of the numbers in those rows; at most 2**23 of them at a time are added."""
        found = 0
        for start in range(0, rows.size, 1 << 23):
            part = rows[start : start + (1 << 23)]
            sums = [int(limb[part].sum()) for limb in self.limbs]
            found += sum(limb << (self.bits * place) for place, limb in enumerate(sums))
        return found

    def without(self, rows: NDArray[np.bool_]) -> Numbers:
        """Return a copy with zeros where `rows` is true."""
        return Numbers([np.where(rows, np.uint64(0), limb) for limb in self.limbs], self.bits)

    def part(self, start: int, count: int) -> Numbers:
        """Return `count` of the numbers."""
        return Numbers([limb[start : start + count] for limb in self.limbs], self.bits)

    def take(self, rows: Ids) -> Numbers:
        """Return the numbers in those rows."""
        return Numbers([limb.take(rows) for limb in self.limbs], self.bits)

    def halve(self) -> None:
        """Cut every limb in two, so that each has more room above it."""
        self.limbs, self.bits = _halved(self.limbs, self.bits), self.bits // 2


class Sums:
    """Sums under construction: entry i collects what states of one level contribute to state i of the next.

    Notes
    -----
    Additions are delayed carries: a limb may hold up to 2**64 - 1, and `_room` bounds what has been added since the
    last carry. Limbs are added at the top when a carry leaves one, and cut in two when a single batch could overflow.

    Attributes
    ----------
    limbs : list of array, shape (capacity,)
        uint64; others may put equal arrays in their place.
    used : int
        How many entries have something in them, at most.
    """

    def __init__(self, capacity: int, bits: int) -> None:
        self._bits = bits
        self.limbs: list[_Limb] = [np.zeros(capacity, np.uint64)]
        self.used = 0
        self._pending = 0

    def add(self, targets: Ids, size: int, source: Numbers, rows: Ids, weights: _Limb | None = None) -> None:
        """Add `source[rows]` to the entries `targets`, all of which are below `size`.

        Limbs of the source are cut in two where the sums' are; they never start out narrower. Where there are weights,
        one for each number of the source, it counts that many times.
        """
        self._extend(size)
        self.make_room(targets.size, source, weights)
        for limb, given in zip(self.limbs, source.limbs, strict=False):
            amounts = given if weights is None else given * weights
            np.add.at(limb, targets, amounts.take(rows))

    def save(self, folder: Folder, name: str) -> dict[str, Any]:
        """Keep the sums as they are."""
        for place, limb in enumerate(self.limbs):
            folder.put(f"{name}.{place}", limb[: self.used])
        return {"limbs": len(self.limbs), "bits": self._bits, "pending": self._pending}

    def load(self, folder: Folder, name: str, data: dict[str, Any]) -> None:
        """Take up what was saved, in place of what there is."""
        self.limbs = [folder.get(f"{name}.{place}") for place in range(data["limbs"])]
        self.used, self._bits, self._pending = self.limbs[0].size, data["bits"], data["pending"]

    def scale(self, factor: int) -> None:
        """Multiply every entry."""
        self._carry()
        while (factor << self._bits) >> 63:
            self.limbs, self._bits = _halved(self.limbs, self._bits), self._bits // 2
        for limb in self.limbs:
            limb *= np.uint64(factor)
        self._pending = factor
        self._carry()

    def finish(self, count: int) -> Numbers:
        """Return the first `count` sums, carried."""
        self._extend(count)
        self._carry()
        return Numbers([limb[:count] for limb in self.limbs], self._bits)

    def growth(self, size: int) -> int:
        """Return how many more bytes will be needed, for some time at least, when there are so many entries."""
        capacity = self.limbs[0].size
        return 0 if size <= capacity else 8 * (len(self.limbs) + 1) * max(size, 2 * capacity)

    def _extend(self, size: int) -> None:
        capacity = self.limbs[0].size
        if size > capacity:
            more = max(size, 2 * capacity) - capacity
            self.limbs = [np.concatenate([limb, np.zeros(more, np.uint64)]) for limb in self.limbs]
        self.used = max(self.used, size)

    def make_room(self, additions: int, source: Numbers, weights: _Limb | None) -> None:
        """Make room in every limb for so many numbers of the source, each taken as many times as its weight says."""
        additions *= 1 if weights is None else int(weights.max(initial=1))
        if (self._pending + additions) >> (63 - self._bits):
            self._carry()
        while (self._pending + additions) >> (63 - self._bits):
            self.limbs, self._bits = _halved(self.limbs, self._bits), self._bits // 2
        while source.bits > self._bits:
            source.halve()
        self._pending += additions
        while len(self.limbs) < len(source.limbs):
            self.limbs.append(np.zeros_like(self.limbs[0]))

    def _carry(self) -> None:
        if self._pending <= 1:
            return
        mask, shift = np.uint64((1 << self._bits) - 1), np.uint64(self._bits)
        for place, limb in enumerate(self.limbs):
            above = limb[: self.used] >> shift
            if not above.any():
                continue
            limb[: self.used] &= mask
            if place + 1 == len(self.limbs):
                self.limbs.append(np.zeros_like(limb))
            self.limbs[place + 1][: self.used] += above
        self._pending = 1


def _halved(limbs: list[_Limb], bits: int) -> list[_Limb]:
    mask, shift = np.uint64((1 << bits // 2) - 1), np.uint64(bits // 2)
    return [part for limb in limbs for part in (limb & mask, limb >> shift)]
