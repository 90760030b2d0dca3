"""Data races: two threads that stand in front of conflicting accesses in one reachable state."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lab.explorer.expand import Expander
from lab.explorer.orbits import Orbits
from lab.explorer.packing import Packing, Words
from lab.explorer.protocol import Explorable
from lab.explorer.result import Race, RacyAccess
from lab.model.state import Access

__all__ = ["RaceFinder"]

_Side = tuple[int, int, str]
"""A thread, a line, and "read" or "write"."""


class RaceFinder:
    """Collects the races of the states it is shown, each with the locks held in the first such state.

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
        self._relation, self._packing, self._expander = relation, packing, expander
        self._found: dict[tuple[str, _Side, _Side], Race] = {}
        self._signatures = 0
        self._wanted: NDArray[np.bool_] = np.zeros((0, 0), np.bool_)
        self._open: dict[tuple[int, int], NDArray[np.bool_]] = {}

    @property
    def races(self) -> tuple[Race, ...]:
        """The races found, by location, line and thread."""

        def place(race: Race) -> tuple[object, ...]:
            return (race.location, *((side.line, side.thread, side.kind) for side in race.accesses))

        return tuple(sorted(self._found.values(), key=place))

    def look(self, keys: Words, cells: NDArray[np.int64]) -> None:
        """Find new races in states with those keys, shape (words, n), given each thread's cells, shape (threads, n)."""
        self._update()
        if not self._open:
            return
        threads = sorted({thread for pair in self._open for thread in pair})
        touched = {thread: self._expander.tables.signature.take(cells[thread]) for thread in threads}
        seen = []
        for (one, other), wanted in self._open.items():
            pairs = touched[one].astype(np.intp) * self._signatures + touched[other]
            rows = np.flatnonzero(wanted.take(pairs))
            if rows.size:
                new, first = np.unique(pairs[rows], return_index=True)
                wanted.reshape(-1)[new] = False
                seen += [(int(row), one, other, int(pair)) for row, pair in zip(rows[first], new, strict=True)]
        for row, one, other, pair in sorted(seen):
            self._record(keys[:, row].tolist(), one, other, *divmod(pair, self._signatures))
        self._open = {pair: wanted for pair, wanted in self._open.items() if wanted.any()}

    def _update(self) -> None:
        """Take new signatures into account."""
        known, accesses = self._signatures, self._expander.signatures.accesses
        if known == len(accesses):
            return
        self._signatures = len(accesses)
        conflict = np.array([[any(_conflicts(a, b)) for b in accesses] for a in accesses])
        threads = self._packing.threads
        for pair in ((one, other) for one in range(threads) for other in range(one + 1, threads)):
            wanted = conflict.copy()
            if known:
                before = self._open.get(pair)
                wanted[:known, :known] = False if before is None else before
            if wanted.any():
                self._open[pair] = wanted

    def _record(self, words: list[int], one: int, other: int, first: int, second: int) -> None:
        accesses = self._expander.signatures.accesses
        locks = {thread: self._relation.locks_held(self._packing.decode(words), thread) for thread in (one, other)}
        for a, b in _conflicts(accesses[first], accesses[second]):
            for left, right in product(self._alike.get(one, (one,)), self._alike.get(other, (other,))):
                if left != right:
                    sides = sorted([(left, a.line, a.kind, locks[one]), (right, b.line, b.kind, locks[other])])
                    key = (a.location, sides[0][:3], sides[1][:3])
                    if key not in self._found:
                        self._found[key] = Race(a.location, (self._side(*sides[0]), self._side(*sides[1])))

    def _side(self, thread: int, line: int, kind: str, locks: tuple[str, ...]) -> RacyAccess:
        return RacyAccess(self._relation.program.threads[thread].name, line, kind, tuple(locks))


def _conflicts(one: tuple[Access, ...], other: tuple[Access, ...]) -> Iterator[tuple[Access, Access]]:
    for a in one:
        for b in other:
            if a.location == b.location and (a.writes or b.writes):
                yield a, b
