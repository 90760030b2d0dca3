"""Which locks a thread holds at each of its accesses, in every state explored.

Notes
-----
This is Eraser's lock set, the intersection over all accesses of one location (Savage and others 1997, "Eraser: A
Dynamic Data Race Detector for Multithreaded Programs"), kept access by access, so that a report can say which one
breaks it. Eraser sees one run and begins when a second thread comes; here it is every state, from the start.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lab.explorer.checkpoint import Folder
from lab.explorer.protocol import Explorable
from lab.explorer.result import LockSet, RacyAccess
from lab.explorer.states.expand import Expander
from lab.explorer.states.packing import Packing, Words
from lab.explorer.symmetry.orbits import Orbits
from lab.model.heap import HeapObject
from lab.model.state import Access

__all__ = ["LockSets"]


class LockSets:
    """Notes, for the states it is shown, which locks a thread lacks when it could make an access.

    Notes
    -----
    A state costs a look-up per thread and lock while some access of that thread has always been made holding that
    lock; a program without locks costs nothing. Threads that may be swapped make each other's accesses, and lack each
    other's locks: no lock is one thread's own, see `lab.model.symmetry`.
    """

    def __init__(
        self, relation: Explorable, packing: Packing, expander: Expander, orbits: Orbits | None = None
    ) -> None:
        self._threads = [thread.name for thread in relation.program.threads]
        self._alike = orbits.alike if orbits is not None else {}
        self._packing, self._expander = packing, expander
        self._locks = [_Lock(target, packing) for target in relation.program.heap if target.owned is not None]
        self._lacking = np.zeros((packing.threads, len(self._locks), 1), np.bool_)

    def look(self, keys: Words, cells: NDArray[np.int64]) -> None:
        """Take states into account: their keys, shape (words, n), and each thread's cells, shape (threads, n)."""
        for thread in range(len(self._threads)) if self._locks else ():
            if wanted := self._wanted(thread):
                signatures = self._expander.tables.signatures(cells[thread])
                for place in wanted:
                    without = self._locks[place].holders(keys) != thread
                    self._lacking[thread, place, signatures[without]] = True

    @property
    def watching(self) -> bool:
        """Whether some access has always been made holding some lock, as far as the states shown go."""
        return bool(self._locks) and any(self._wanted(thread) for thread in range(len(self._threads)))

    def _wanted(self, thread: int) -> list[int]:
        """Return the places of the locks that a thread has held at every access of some kind."""
        self._make_room()
        touched = list(self._expander.memos[thread].touched)
        return [place for place in range(len(self._locks)) if not self._lacking[thread, place, touched].all()]

    def save(self, folder: Folder) -> None:
        """Keep what was noted."""
        folder.put("lacking", self._lacking.reshape(-1))

    def load(self, folder: Folder) -> None:
        """Take up what was saved; signatures have their numbers already."""
        self._lacking = folder.get("lacking").reshape(*self._lacking.shape[:2], -1) if self._locks else self._lacking

    def _make_room(self) -> None:
        missing = len(self._expander.signatures.accesses) - self._lacking.shape[2]
        if missing:
            self._lacking = np.pad(self._lacking, ((0, 0), (0, 0), (0, missing)))

    def locks(self, thread: int, access: Access) -> tuple[str, ...]:
        """Return the locks that the thread held in every state in which it could make that access."""
        group = self._alike.get(thread, (thread,))
        accesses = self._expander.signatures.accesses
        steps = [number for number in self._touched(thread) if _place(access) in map(_place, accesses[number])]
        return tuple(
            lock.name
            for place, lock in enumerate(self._locks)
            if not self._lacking[np.ix_(group, [place], steps)].any()
        )

    def _touched(self, thread: int) -> list[int]:
        """Return the signatures of all steps that the thread, or one like it, could make."""
        group = self._alike.get(thread, (thread,))
        return sorted(set().union(*(self._expander.memos[one].touched for one in group)))

    def of(self, locations: Iterable[str]) -> tuple[LockSet, ...]:
        """Return the lock set of each location, by name: all accesses to it, by line, thread and kind."""
        found: dict[str, dict[tuple[object, ...], RacyAccess]] = {location: {} for location in sorted(set(locations))}
        for thread, name in enumerate(self._threads):
            for number in self._touched(thread):
                for access in self._expander.signatures.accesses[number]:
                    key = (access.line, thread, access.kind)
                    if access.location in found and key not in found[access.location]:
                        side = RacyAccess(name, access.line, access.kind, self.locks(thread, access))
                        found[access.location][key] = side
        return tuple(
            LockSet(location, tuple(side for _, side in sorted(sides.items()))) for location, sides in found.items()
        )


def _place(access: Access) -> tuple[object, ...]:
    return access.location, access.line, access.kind


class _Lock:
    """A lock's name, and who holds it in a key."""

    def __init__(self, target: HeapObject, packing: Packing) -> None:
        assert target.owned is not None
        self.name = target.name
        self._target, self._packing, self._field = target, packing, packing.threads + target.owned
        self._holder = np.zeros(0, np.int64)

    def holders(self, keys: Words) -> NDArray[np.int64]:
        """Return who holds it in each key, -1 for nobody; shape (n,)."""
        values = self._packing.domains[self._field].values
        if self._holder.size < len(values):
            owners = map(self._target.owner, values)
            self._holder = np.array([-1 if owner is None else owner for owner in owners], np.int64)
        return self._holder.take(self._packing.column(keys, self._field))
