"""Preemptions: switches away from a thread that could go on; and walks over the schedules that have few of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.explorer.checkpoint import Folder
from lab.explorer.protocol import Explorable
from lab.explorer.states.engine import NUMPY, Engine
from lab.explorer.states.expand import Expander, Successors
from lab.explorer.states.index import StateIndex
from lab.explorer.states.packing import Ids, Packing, Words
from lab.model.state import State

__all__ = ["BoundedExpander", "packing_with_past", "preempting"]

_LAST, _USED = -2, -1
"""The extra fields, counted from the end: 1 + the thread that moved last (0: none yet), and the preemptions so far."""


def preempting(threads: Ids, last: Ids, rows: Ids) -> NDArray[np.bool_]:
    """Return which transitions are preemptions, shape (m,).

    Parameters
    ----------
    threads : array, shape (m,)
        The thread of each transition; every transition of a state is given.
    last : array, shape (n,)
        By state, the thread that moved last; -1 for none.
    rows : array, shape (m,)
        The state that each transition leaves.

    References
    ----------
    Musuvathi and Qadeer, "Iterative context bounding for systematic testing of multithreaded programs" (2007): a
    switch is a preemption when the thread that moved last is still enabled; all other switches are free.
    """
    own = threads == last.take(rows)
    could_go_on = np.zeros(last.size, np.bool_)
    could_go_on[rows[own]] = True
    switches: NDArray[np.bool_] = ~own & could_go_on.take(rows)
    return switches


def packing_with_past(initial: State) -> Packing:
    """Return a packing whose keys also say who moved last and how many preemptions there have been."""
    return Packing(initial, extra=(range(len(initial.locals) + 1), (0,)))


class BoundedExpander(Expander):
    """Steps batches of states, and leaves out what would be one preemption too many.

    A key stands for a state together with the thread that moved last and the preemptions so far (see
    `packing_with_past`), so that paths of the graph are the schedules with at most `bound` preemptions.

    Attributes
    ----------
    cut : bool
        Whether something has been left out.
    census : Census
        The states and transitions of the program itself.

    Notes
    -----
    No state loses all its transitions: if the thread that moved last can move, its own stay, and if not, all do.
    """

    def __init__(self, relation: Explorable, packing: Packing, bound: int, engine: Engine = NUMPY) -> None:
        super().__init__(relation, packing, engine)
        self.bound = bound
        self.forget()

    def forget(self, cut: bool = False) -> None:
        """Begin again with a walk of another kind; what is known about steps is kept."""
        self.cut = cut
        self.census = Census(self.packing)

    def save(self, folder: Folder) -> dict[str, Any]:
        """Keep the census, too."""
        return super().save(folder) | {"cut": self.cut, "census": self.census.save(folder)}

    def load(self, folder: Folder) -> None:
        """Take up what was saved."""
        super().load(folder)
        self.cut = folder.data["expander"]["cut"]
        self.forget(self.cut)
        self.census.load(folder)

    def expand(self, keys: Words) -> Successors | None:
        """Return the transitions of the states with those keys that the bound allows; None when a field overflowed."""
        every = super().expand(keys)
        if every is None:
            return None
        packing, rows = self.packing, every.rows
        threads = self.threads_of(every.labels)
        last, used = (packing.column(keys, field) for field in (_LAST, _USED))
        after = used.take(rows) + preempting(threads, last - 1, rows)
        kept = np.flatnonzero(after <= self.bound)
        rows, threads, after = rows[kept], threads[kept], after[kept]
        for number in range(len(packing.domains[_USED].values), int(after.max(initial=0)) + 1):
            packing.domains[_USED].intern(number)
        if packing.overflowing:
            return None
        found = every.keys[:, kept]
        for field, numbers in ((_LAST, threads + 1), (_USED, after)):
            word = packing.word[field]
            found[word] = (found[word] & ~packing.mask(field)) | (numbers << packing.shift[field])
        self.cut |= kept.size < every.rows.size
        self.census.look(keys, rows, threads)
        results = None if every.results is None else every.results[kept]
        return Successors(found, rows, every.labels[kept], every.enabled, results, every.cells)


class Census:
    """Counts states and transitions of the program while a walk meets them several times over.

    Attributes
    ----------
    transitions : int
        Triples (state, thread, result) seen so far.
    """

    def __init__(self, packing: Packing) -> None:
        self._packing = packing
        self._restart()
        self._moved = np.zeros(1024, np.uint64)
        self.transitions = 0

    def _restart(self) -> None:
        packing = self._packing
        self._layout, self._version = packing.layout, packing.version
        masks = [0] * packing.words
        for field in range(packing.state_fields):
            masks[packing.word[field]] |= packing.mask(field)
        self._masks = np.array(masks, np.int64)[:, None]
        self._index = StateIndex(packing.words, 1024)

    def save(self, folder: Folder) -> dict[str, Any]:
        """Keep what was counted."""
        self._follow()
        folder.extend("census", [self._index.keys.T.reshape(-1)], np.int64, self._version)
        folder.put("moved", self._moved[: self._index.size])
        return {"transitions": self.transitions}

    def load(self, folder: Folder) -> None:
        """Take up what was saved."""
        keys = folder.get("census").reshape(-1, self._index.words).T
        self._number(np.ascontiguousarray(keys))
        moved = folder.get("moved")
        self._moved[: moved.size] = moved
        self.transitions = folder.data["expander"]["census"]["transitions"]

    def states(self, keys: Words) -> int:
        """Return how many states of the program have been seen, those with the given keys included."""
        self._number(keys)
        return self._index.size

    def look(self, keys: Words, rows: Ids, threads: Ids) -> None:
        """Take a batch of states, given their keys, and the state (its position) and thread of each transition."""
        numbers = self._number(keys).take(rows)
        bits = np.left_shift(np.uint64(1), threads.astype(np.uint64))
        new = np.flatnonzero(self._moved.take(numbers) & bits == 0)
        moves = numbers[new] * self._packing.threads + threads[new]
        _, first, move = np.unique(moves, return_index=True, return_inverse=True)
        rows = rows[new]
        self.transitions += int(np.count_nonzero(rows == rows[first][move]))  # all results of the same thread there
        np.bitwise_or.at(self._moved, numbers[new], bits[new])

    def _follow(self) -> None:
        """Follow a change of layout."""
        if self._version != self._packing.version:
            known, translation = self._index.keys, self._packing.translation(self._layout)
            self._restart()
            self._index.intern(translation(known))

    def _number(self, keys: Words) -> Ids:
        self._follow()
        numbers, _ = self._index.intern(keys & self._masks)
        more = self._index.size - self._moved.size
        if more > 0:
            self._moved = np.concatenate([self._moved, np.zeros(max(more, self._moved.size), np.uint64)])
        return numbers
