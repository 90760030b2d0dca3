"""Steps of a walk that remembers all states, many levels in one compiled call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.findings.races import RaceFinder
from lab.explorer.states.expand import Expander
from lab.explorer.states.packing import Ids
from lab.explorer.walk.record import Recorded

__all__ = ["Stretch", "Stride"]

_LONGEST = 1 << 17
"""Transitions written by one call at most."""

_FILLED = 1 << 14
"""States whose cells are filled together when one of them needs it."""

_BLOCK = 32
"""States that the compiled loop steps before it looks their successors up, for which it has asked memory by then."""

_UNFILLED, _FULL = 1, 2
"""Why a call stopped: a cell is unfilled, or its room is used up."""


class Stretch(NamedTuple):
    """What one call came by.

    Attributes
    ----------
    first, stepped : int
        The number of the first state that was stepped, and how many were.
    transitions : int
    ended, racing : array
        States without transitions, and states with races that nobody has seen; their numbers, ascending.
    levels : list of int
        How many states each level has that is complete now.
    """

    first: int
    stepped: int
    transitions: int
    ended: Ids
    racing: Ids
    levels: list[int]


class _Outs:
    """Room for what a call writes: transitions, the states that they leave, new states, levels and ends."""

    def __init__(self, room: int, threads: int, block: int, words: int) -> None:
        self.room, self.block, self.words = room, block, words
        self.targets = np.empty(room, np.int32)
        self.labels = np.empty(room, np.uint16)
        self.results = np.empty(room, np.uint16)
        self.degrees = np.empty(room, np.uint16)
        self.enabled = np.empty(room, np.uint8)
        self.starts = np.empty(room + 1, np.int64)
        self.ended = np.empty(room, np.int64)
        self.row_at, self.cell_at = np.empty(threads, np.uint64), np.empty(threads, np.uint64)
        self.after, self.homes = np.empty(block * words, np.uint64), np.empty(block, np.uint64)

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All of them, in the order of the kernel's arguments."""
        return (
            self.targets, self.labels, self.results, self.degrees, self.enabled, self.starts, self.ended,
            self.row_at, self.cell_at, self.after, self.homes,
        )  # fmt: skip


class Stride:
    """Walks on through whole levels; the numbers are those that `Expander` and `Recorded` find level by level.

    Notes
    -----
    The compiled loop gathers from the tables and knows nothing of the relation. It stops where a cell is unfilled, to
    have it filled; all else that only Python can judge (ends, races, properties) it notes and leaves for later.
    """

    def __init__(self, expander: Expander, walk: Recorded, races: RaceFinder) -> None:
        self._expander, self._walk, self._races = expander, walk, races
        self._outs = _Outs(0, 0, 0, 0)

    def stretches(self, enough: int, check: Callable[[int], None]) -> Iterator[Stretch]:
        """Give stretches until a level is complete and at least so many states have been stepped.

        Before each, `check` is told how many transitions it may have.
        """
        walk, index = self._walk, self._walk.index
        cursor = np.zeros(10, np.int64)
        cursor[:3] = walk.low, walk.low, walk.high
        stepped, code, stops = 0, _FULL, 0
        while code:
            self._make_room(check)
            cursor[3:5] = index.size, max(0, enough - stepped)
            racing = self._races.room()
            code = self._call(cursor, racing)
            stepped += int(cursor[5])
            yield self._taken(cursor, racing)
            if code == _UNFILLED:
                self._fill(int(cursor[0]), int(cursor[2]), stops)
                stops += 1

    def _make_room(self, check: Callable[[int], None]) -> None:
        """Make room for at least the transitions of a block, and in the index for as many states."""
        index = self._walk.index
        block, outs = _BLOCK * len(self._expander.slots), self._outs
        room = max(min(_LONGEST, 1 << (1024 + 4 * index.size).bit_length()), 2 * block, outs.room)
        check(room)
        if (room, block, index.words) != (outs.room, outs.block, outs.words):
            self._outs = _Outs(room, self._expander.packing.threads, block, index.words)
        index.reserve(index.size + self._outs.room)

    def _call(self, cursor: NDArray[np.int64], racing: Ids) -> int:
        expander, kernels = self._expander, self._expander.engine.kernels
        assert kernels is not None
        pairs, wanted = self._races.wanted
        code: int = kernels.stride(
            cursor, *self._walk.index.arrays, self._walk.index.words, *expander.tables.arrays,
            expander.slot_table().view(np.uint64), pairs.view(np.uint64), wanted, *self._outs.arrays, racing,
        )  # fmt: skip
        return code

    def _taken(self, cursor: NDArray[np.int64], racing: Ids) -> Stretch:
        """Give the walk what a call has written."""
        walk, outs = self._walk, self._outs
        stepped, made, begun, over, raced = cursor[5:].tolist()
        walk.index.size = int(cursor[3])
        several = len(self._expander.slots) > self._expander.packing.threads
        walk.take(
            outs.targets[:made].copy(), outs.labels[:made], outs.enabled[:stepped].copy(), outs.degrees[:stepped],
            outs.results[:made] if several else None,
        )  # fmt: skip
        walk.low, walk.high = int(cursor[1]), int(cursor[2])
        levels = np.diff(outs.starts[:begun], append=walk.high).tolist()
        return Stretch(int(cursor[0]) - stepped, stepped, made, outs.ended[:over].copy(), racing[:raced].copy(), levels)

    def _fill(self, position: int, high: int, stops: int) -> None:
        """Fill cells of the next states of the level."""
        while not self._expander.tables.fill(self._walk.index.keys[:, position : min(high, position + _FILLED)], stops):
            self._walk.translate(self._expander.packing.relayout())
            self._expander.reset()
