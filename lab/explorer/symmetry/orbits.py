"""States up to swapping threads of a family: one representative each, and how many states it stands for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise, permutations

import numpy as np
from numpy.typing import NDArray

from lab.explorer.protocol import Explorable
from lab.explorer.states.packing import Packing, Words
from lab.explorer.states.witness import Move
from lab.model.program import Program
from lab.model.state import State
from lab.model.symmetry import Family
from lab.model.values import Value

__all__ = ["NotSymmetric", "Orbits", "twins"]

_COMPOSITE_BITS = 62
"""Bits that all a thread owns may take together."""

_MOST_IMAGES = 720
"""Images of one state that are looked at, at most: those under the permutations of six threads."""


class NotSymmetric(Exception):  # noqa: N818 - not an error
    """Something that is observed tells the threads apart, or a state has too many images to look at them all."""


def twins(program: Program, families: Sequence[Family]) -> list[tuple[int, ...]]:
    """Return the fields of a key that hold the same values, given that the families' threads are swapped."""
    first = len(program.threads)
    groups = [family.threads for family in families]
    return groups + [tuple(first + cell for cell in cells) for family in families for cells in family.own]


class _Share:
    """What the threads of one family have each: a local state, components, and which locks they hold.

    A thread's share is put into one number, its *composite*; swapping threads permutes the composites.
    """

    def __init__(self, packing: Packing, family: Family, owned: Sequence[_Owned]) -> None:
        self.threads = family.threads
        self._packing, self._owned = packing, owned
        roles = (family.threads, *(tuple(packing.threads + cell for cell in cells) for cells in family.own))
        self._roles = [tuple(role) for role in roles]
        bits = sum(packing.width[role[0]] for role in self._roles) + len(owned)
        if bits > _COMPOSITE_BITS:
            raise NotSymmetric
        self.masks = [0] * packing.words
        for field in (field for role in self._roles for field in role):
            self.masks[packing.word[field]] |= packing.mask(field)

    def composites(self, keys: Words) -> Words:
        """Return each thread's composite in each key, shape (threads, n)."""
        packing = self._packing
        found = np.zeros((len(self.threads), keys.shape[1]), np.int64)
        for slot, thread in enumerate(self.threads):
            for role in self._roles:
                found[slot] <<= packing.width[role[slot]]
                found[slot] |= packing.column(keys, role[slot])
            for owned in self._owned:
                found[slot] <<= 1
                found[slot] |= owned.holders(keys) == thread
        return found

    def replace(self, keys: Words, composites: Words) -> None:
        """Give the threads of each key these composites, in place."""
        packing = self._packing
        keys &= ~np.array(self.masks, np.int64)[:, None]
        owners = [owned.holders(keys) for owned in self._owned]
        rest = composites
        for place in reversed(range(len(self._owned))):
            mine = np.isin(owners[place], self.threads)
            for slot, thread in enumerate(self.threads):
                owners[place][mine & (rest[slot] & 1 == 1)] = thread
            rest = rest >> 1
        for owned, owner in zip(self._owned, owners, strict=True):
            owned.give(keys, owner)
        for role in reversed(self._roles):
            width = packing.width[role[0]]
            for slot, field in enumerate(role):
                keys[packing.word[field]] |= (rest[slot] & ((1 << width) - 1)) << packing.shift[field]
            rest = rest >> width


class _Owned:
    """A component whose values name the thread that holds it."""

    def __init__(self, packing: Packing, program: Program, number: int) -> None:
        target = program.heap[number]
        assert target.owned is not None
        self._object, self._packing = target, packing
        self.field = packing.threads + target.owned
        self._holder: NDArray[np.int64] = np.zeros(0, np.int64)
        self._numbers: NDArray[np.int64] = np.zeros((0, packing.threads), np.int64)

    def holders(self, keys: Words) -> NDArray[np.int64]:
        """Return who holds it in each key, -1 for nobody; shape (n,)."""
        self._learn()
        return self._holder.take(self._packing.column(keys, self.field))

    def give(self, keys: Words, holders: NDArray[np.int64]) -> None:
        """Make these threads its holders; keys where nobody holds it stay as they are."""
        packing = self._packing
        numbers = packing.column(keys, self.field)
        held = holders >= 0
        numbers[held] = self._numbers[numbers[held], holders[held]]
        word = packing.word[self.field]
        keys[word] = keys[word] & ~packing.mask(self.field) | numbers << packing.shift[self.field]

    def _learn(self) -> None:
        """Take new values of the component into account, and for each of them those that name other threads."""
        domain, threads = self._packing.domains[self.field], self._packing.threads
        while self._holder.size < len(domain.values):
            owners = [self._object.owner(value) for value in domain.values]
            for value, owner in zip(tuple(domain.values), owners, strict=True):
                if owner is not None:
                    for thread in range(threads):
                        domain.intern(self._object.owned_by(value, thread))
            self._holder = np.array([-1 if owner is None else owner for owner in owners], np.int64)
            self._numbers = np.array(
                [self._named(value, owner) for value, owner in zip(domain.values, owners, strict=False)]
            )

    def _named(self, value: Value, owner: int | None) -> list[int]:
        domain, threads = self._packing.domains[self.field], self._packing.threads
        if owner is None:
            return [domain.intern(value)] * threads
        return [domain.intern(self._object.owned_by(value, thread)) for thread in range(threads)]


class Orbits:
    """States that permutations of threads map to each other, in keys.

    The representative of an orbit is the key in which the composites of every family ascend.

    Parameters
    ----------
    packing : Packing
        Made with `twins`, so that the fields of a family share their domains.
    """

    def __init__(self, packing: Packing, program: Program, families: Sequence[Family]) -> None:
        self._packing, self._families = packing, families
        self._owned = [
            _Owned(packing, program, number) for number, target in enumerate(program.heap) if target.owned is not None
        ]
        self._version = -1
        self._shares: list[_Share] = []

    def _current(self) -> list[_Share]:
        if self._version != self._packing.version:
            self._version = self._packing.version
            self._shares = [_Share(self._packing, family, self._owned) for family in self._families]
        return self._shares

    @property
    def alike(self) -> dict[int, tuple[int, ...]]:
        """For each thread of a family, all threads of it."""
        return {thread: family.threads for family in self._families for thread in family.threads}

    @property
    def moved(self) -> frozenset[int]:
        """The components that a permutation of threads may change."""
        own = {cell for family in self._families for cells in family.own for cell in cells}
        return frozenset(own | {owned.field - self._packing.threads for owned in self._owned})

    def fold(self, keys: Words) -> Words:
        """Return the representative of each key's orbit, shape (words, n).

        Meaningless when a field overflows, because the threads that a lock's holder stands for have numbers, too.
        """
        folded = keys.copy()
        for share in self._current():
            composites = share.composites(folded)
            _sort(composites)
            share.replace(folded, composites)
        return folded

    def sizes(self, keys: Words) -> NDArray[np.int64]:
        """Return how many states each representative stands for, shape (n,)."""
        found = np.ones(keys.shape[1], np.int64)
        for share in self._current():
            alike, repeated = np.ones_like(found), np.ones_like(found)
            for one, other in pairwise(share.composites(keys)):
                alike = np.where(one == other, alike + 1, 1)
                repeated *= alike
            found *= math.factorial(len(share.threads)) // repeated
        return found

    def unfold(self, relation: Explorable, moves: Sequence[Move], goal: State | None = None) -> list[Move]:
        """Return a schedule of the program for a way from representative to representative.

        It ends in `goal`, if that is given: a state of the orbit that the way leads to.
        """
        state, found = relation.initial(), []
        for stands_for, result in moves:
            thread = self._order(self._packing.encode(state))[stands_for] if stands_for in self.alike else stands_for
            step = relation.step(thread, state.locals[thread], state.shared.__getitem__)[result]
            found.append((thread, result))
            state = state.after(thread, step)
        if goal is None:
            return found
        ends, wanted = (self._order(self._packing.encode(one)) for one in (state, goal))
        swapped = {ends[thread]: wanted[thread] for thread in ends}
        return [(swapped.get(thread, thread), result) for thread, result in found]

    def _order(self, key: Words) -> dict[int, int]:
        """Return for each thread of a state's representative the one in the state, whose key has shape (words, 1)."""
        found: dict[int, int] = {}
        for share in self._current():
            composites = share.composites(key)[:, 0].tolist()
            ranked = sorted(range(len(composites)), key=composites.__getitem__)
            found |= {thread: share.threads[slot] for thread, slot in zip(share.threads, ranked, strict=True)}
        return found

    def images(self, words: Sequence[int]) -> list[list[int]]:
        """Return the keys of all states of one key's orbit; raises `NotSymmetric` when they are too many."""
        key = np.array(words, np.int64)[:, None]
        if int(self.sizes(key)[0]) > _MOST_IMAGES:
            raise NotSymmetric
        found = key
        for share in self._current():
            shares = [tuple(row) for row in share.composites(key).T.tolist()]
            orders = sorted(set(permutations(shares[0])))
            found = np.repeat(found, len(orders), axis=1)
            share.replace(found, np.tile(np.array(orders, np.int64).T, found.shape[1] // len(orders)))
        images: list[list[int]] = found.T.tolist()
        return images


def _sort(rows: Words) -> None:
    """Sort every column of a few rows in place, by compare and exchange (insertion network; Knuth, TAOCP 5.3.4)."""
    for last in range(1, len(rows)):
        for place in range(last, 0, -1):
            low = np.minimum(rows[place - 1], rows[place])
            np.maximum(rows[place - 1], rows[place], out=rows[place])
            rows[place - 1] = low
