"""Data races: two threads that stand in front of conflicting accesses in one reachable state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.explorer.checkpoint import Folder
from lab.explorer.findings.locksets import LockSets
from lab.explorer.protocol import Explorable
from lab.explorer.result import LockSet, Race, RacyAccess
from lab.explorer.states.expand import Expander
from lab.explorer.states.packing import Packing, Words
from lab.explorer.symmetry.orbits import Orbits
from lab.model.state import Access
from lab.model.stored import as_data, from_data

__all__ = ["RaceFinder"]

_Side = tuple[int, Access]
"""A thread and what it accesses."""


class RaceFinder:
    """Collects the races of the states it is shown, each with the locks that its sides hold every time.

    Notes
    -----
    A pair of threads costs a look-up per state only while some pair of their signatures that conflicts has not been
    seen. Threads that may be swapped have the races of each other: what is a thread's own, no other one touches. The
    relation's policy is `access`: a step of several accesses is then an `atomic()` block, which never races.
    """

    def __init__(
        self, relation: Explorable, packing: Packing, expander: Expander, orbits: Orbits | None = None
    ) -> None:
        self._alike = orbits.alike if orbits is not None else {}
        self._names = [thread.name for thread in relation.program.threads]
        self._packing, self._expander = packing, expander
        self._locksets = LockSets(relation, packing, expander, orbits)
        self._found: dict[tuple[object, ...], tuple[_Side, _Side]] = {}
        self._tasks = relation.program.tasks
        self._signatures = 0
        self._wanted: NDArray[np.bool_] = np.zeros((0, 0), np.bool_)
        self._open: dict[tuple[int, int], NDArray[np.bool_]] = {}
        self._stacked: tuple[NDArray[np.int64], NDArray[np.bool_]] | None = None

    @property
    def races(self) -> tuple[Race, ...]:
        """The races found, by location, line and thread."""

        def place(race: Race) -> tuple[object, ...]:
            return (race.location, *((side.line, side.thread, side.kind) for side in race.accesses))

        found = (Race(one[1].location, (self._side(*one), self._side(*other))) for one, other in self._found.values())
        return tuple(sorted(found, key=place))

    @property
    def locksets(self) -> tuple[LockSet, ...]:
        """The locks held at every access to each location with a race, by location."""
        return self._locksets.of(one.location for (_, one), _ in self._found.values())

    def save(self, folder: Folder) -> list[Any]:
        """Keep which locks were lacked, and return what was found, as plain data."""
        self._locksets.save(folder)
        return [[(thread, as_data(access)) for thread, access in sides] for sides in self._found.values()]

    def load(self, folder: Folder) -> None:
        """Take up what was saved; a race that is met again is known."""
        self._locksets.load(folder)
        for (left, one), (right, other) in folder.data["races"]:
            sides = ((left, from_data(one)), (right, from_data(other)))
            self._found[_key(sides)] = sides

    @property
    def wanted(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Pairs of threads, shape (n, 2), and which pairs of their signatures are still looked for, shape (n, k, k).

        The second array is for the caller to write in: a pair that is taken out must be shown to `look` in the state
        where it was met.
        """
        self._update()
        if self._stacked is None:
            none = np.zeros((0, self._signatures, self._signatures), np.bool_)
            pairs = np.array(list(self._open), np.int64).reshape(-1, 2)
            self._stacked = pairs, np.concatenate([none, *(wanted[None] for wanted in self._open.values())])
        return self._stacked

    def room(self) -> NDArray[np.int64]:
        """Return room for the number of a state for each pair that is looked for."""
        return np.empty(int(np.count_nonzero(self.wanted[1])), np.int64)

    @property
    def watching(self) -> bool:
        """Whether every state has to be shown to `look`, not only those with races that are looked for."""
        return self._locksets.watching

    def look(self, keys: Words, cells: NDArray[np.int64]) -> None:
        """Find new races in states with those keys, shape (words, n), given each thread's cells, shape (threads, n)."""
        self._locksets.look(keys, cells)
        self._update()
        if not self._open:
            return
        threads = sorted({thread for pair in self._open for thread in pair})
        touched = {thread: self._expander.tables.signatures(cells[thread]) for thread in threads}
        for (one, other), wanted in self._open.items():
            pairs = touched[one] * self._signatures + touched[other]
            rows = np.flatnonzero(wanted.take(pairs))
            if rows.size:
                new = np.unique(pairs[rows])
                self._stacked = None
                wanted.reshape(-1)[new] = False
                for pair in new.tolist():
                    self._record(one, other, *divmod(pair, self._signatures))
        self._open = {pair: wanted for pair, wanted in self._open.items() if wanted.any()}

    def _update(self) -> None:
        """Take new signatures into account."""
        known, accesses = self._signatures, self._expander.signatures.accesses
        if known == len(accesses):
            return
        self._signatures, self._stacked = len(accesses), None
        conflict = np.array([[any(_conflicts(a, b)) for b in accesses] for a in accesses])
        threads = self._packing.threads
        for pair in combinations(range(threads), 2):
            if self._tasks.issuperset(pair):
                continue  # one holds the loop when it accesses anything, so the other does not
            wanted = conflict.copy()
            if known:
                before = self._open.get(pair)
                wanted[:known, :known] = False if before is None else before
            if wanted.any():
                self._open[pair] = wanted

    def _record(self, one: int, other: int, first: int, second: int) -> None:
        accesses = self._expander.signatures.accesses
        for a, b in _conflicts(accesses[first], accesses[second]):
            for left, right in product(self._alike.get(one, (one,)), self._alike.get(other, (other,))):
                if left != right:
                    sides = ((left, a), (right, b)) if left < right else ((right, b), (left, a))
                    self._found.setdefault(_key(sides), sides)

    def _side(self, thread: int, access: Access) -> RacyAccess:
        return RacyAccess(self._names[thread], access.line, access.kind, self._locksets.locks(thread, access))


def _key(sides: tuple[_Side, _Side]) -> tuple[object, ...]:
    """Return what tells a race from others."""
    return (sides[0][1].location, *((thread, access.line, access.kind) for thread, access in sides))


def _conflicts(one: tuple[Access, ...], other: tuple[Access, ...]) -> Iterator[tuple[Access, Access]]:
    for a in one:
        for b in other:
            if a.location == b.location and (a.writes or b.writes):
                yield a, b
