"""How each state was reached first: the shortest schedule, and among those the first in thread order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.checkpoint import Folder
from lab.explorer.protocol import Explorable
from lab.explorer.states.memo import Entry, Memo
from lab.explorer.states.packing import Ids, Packing
from lab.model.state import State, Step

__all__ = ["Courses", "History", "Move", "Witness", "entries", "preemptions_of"]

Move = tuple[int, int]
"""A thread and the number of its step's result."""


class Witness(NamedTuple):
    """A shortest schedule to something.

    `proven`: no other schedule of this length to it has fewer preemptions, and of those with as many it is the first in
    thread order. Else it is the first in thread order of all shortest ones.
    """

    moves: tuple[Move, ...]
    preemptions: int
    proven: bool


class History:
    """For every state the one that it was reached from first, and by which thread and result.

    States are numbered in the order of their first schedules (by length, then thread by thread), so following the
    parents back gives that schedule. 6 bytes per state; none for a walk that keeps every transition.

    Parameters
    ----------
    came : callable, optional
        Gives for a state's number its parent's and the label: from a walk that knows, and need not be told.
    """

    def __init__(self, came: Callable[[int], tuple[int, int]] | None = None) -> None:
        self.starts = [0]
        self.states = 1
        self._came = came
        self._parents: list[NDArray[np.uint32]] = [np.zeros(1, np.uint32)]
        self._labels: list[NDArray[np.uint16]] = [np.zeros(1, np.uint16)]
        self._next: tuple[list[NDArray[np.uint32]], list[NDArray[np.uint16]]] = [], []

    def add(self, parents: Ids, labels: NDArray[np.uint16]) -> None:
        """Add states to the next level, each with its parent's position in the last one."""
        if self._came is None:
            self._next[0].append(parents.astype(np.uint32))
            self._next[1].append(labels)

    def advance(self, count: int) -> None:
        """End the next level with the first `count` states that were added to it."""
        (parents, labels), self._next = self._next, ([], [])
        if count:
            if self._came is None:
                self._parents.append(np.concatenate(parents)[:count])
                self._labels.append(np.concatenate(labels)[:count])
            self.starts.append(self.states)
            self.states += count

    def save(self, folder: Folder) -> dict[str, Any]:
        """Keep all levels, the next one as far as it is known."""
        folder.extend("parents", self._parents + self._next[0], np.uint32)
        folder.extend("labels", self._labels + self._next[1], np.uint16)
        return {"starts": self.starts, "states": self.states}

    def load(self, folder: Folder) -> None:
        """Take up what was saved."""
        data = folder.data["history"]
        self.starts, self.states = data["starts"], data["states"]
        if self._came is None:
            ends = [*self.starts[1:], self.states]
            *self._parents, parents = np.split(folder.get("parents"), ends)
            *self._labels, labels = np.split(folder.get("labels"), ends)
            self._next = [parents], [labels]

    def moves(self, state: int, labels: Sequence[Move]) -> list[Move]:
        """Return the schedule that reaches a state first."""
        found = []
        level = int(np.searchsorted(self.starts, state, side="right")) - 1
        while state:
            if self._came is None:
                place = state - self.starts[level]
                label, level = int(self._labels[level][place]), level - 1
                state = self.starts[level] + int(self._parents[level + 1][place])
            else:
                state, label = self._came(state)
            found.append(labels[label])
        return found[::-1]


class Courses:
    """Schedules followed through what an exploration knows of steps.

    Parameters
    ----------
    memos : sequence of Memo
        One for each thread; a step that they do not know is asked of the relation.

    Notes
    -----
    A step costs some look-ups here, and fifty times as much in the relation. Where a value has no place in the
    layout, as after swapping threads, the relation is followed instead.
    """

    def __init__(self, relation: Explorable, packing: Packing, memos: Sequence[Memo]) -> None:
        self._relation, self._packing, self._memos = relation, packing, memos

    def entries(self, moves: Sequence[Move]) -> tuple[str, ...]:
        """Return a schedule's entries: the thread's name, and the result's number where the step has several."""
        threads = self._relation.program.threads
        try:
            followed = [(thread, result, several) for (thread, result), several, _ in self._steps(moves)]
        except _NoPlace:
            return entries(self._relation, moves)
        return tuple(
            f"{threads[thread].name}:{result}" if several > 1 else threads[thread].name
            for thread, result, several in followed
        )

    def preemptions(self, moves: Sequence[Move]) -> int:
        """Return how often a schedule switches away from a thread that could go on."""
        found, last = 0, None
        try:
            for (thread, _), _, words in self._steps(moves):
                if last is not None and last != thread:
                    found += bool(self._entry(last, words).results)
                last = thread
        except _NoPlace:
            return preemptions_of(self._relation, moves)
        return found

    def _entry(self, thread: int, words: Sequence[int]) -> Entry:
        return self._memos[thread].entry(self._packing.number(words, thread), words)

    def _steps(self, moves: Iterable[Move]) -> Iterator[tuple[Move, int, Sequence[int]]]:
        """Yield each move with how many results its step has, and the key of the state it is made in."""
        packing = self._packing
        words = packing.encode(self._relation.initial())[:, 0].tolist()
        for thread, result in moves:
            entry = self._entry(thread, words)
            yield (thread, result), len(entry.results), words
            numbers = entry.results[result].numbers(thread, packing.threads)
            if any(number >> packing.width[field] for field, number in numbers):
                raise _NoPlace
            words = packing.replaced(words, numbers)


class _NoPlace(Exception):  # noqa: N818 - not an error
    """A value does not fit into its field."""


def entries(relation: Explorable, moves: Iterable[Move]) -> tuple[str, ...]:
    """Return a schedule's entries: the thread's name, and the result's number where the step has several."""
    found = []
    for (thread, result), _, steps in _steps(relation, moves):
        name = relation.program.threads[thread].name
        found.append(f"{name}:{result}" if len(steps) > 1 else name)
    return tuple(found)


def preemptions_of(relation: Explorable, moves: Iterable[Move]) -> int:
    """Return how often a schedule switches away from a thread that could go on."""
    found, last = 0, None
    for (thread, _), state, _ in _steps(relation, moves):
        if last is not None and last != thread:
            found += bool(relation.step(last, state.locals[last], state.shared.__getitem__))
        last = thread
    return found


def _steps(relation: Explorable, moves: Iterable[Move]) -> Iterator[tuple[Move, State, tuple[Step, ...]]]:
    """Yield each move with the state it is made in and all results of the step there."""
    state = relation.initial()
    for thread, result in moves:
        steps = relation.step(thread, state.locals[thread], state.shared.__getitem__)
        yield (thread, result), state, steps
        state = state.after(thread, steps[result])
