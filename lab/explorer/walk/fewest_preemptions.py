"""Witnesses that are easy to follow: of the shortest schedules to a state, one with the fewest preemptions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.findings.ends import Ends
from lab.explorer.findings.verdicts import Judge
from lab.explorer.protocol import Explorable
from lab.explorer.states.expand import Expander, Successors
from lab.explorer.states.index import StateIndex
from lab.explorer.states.packing import Ids, Packing, Words
from lab.explorer.states.witness import Courses, Move, Witness
from lab.explorer.walk.preemptions import preempting
from lab.model.state import State

__all__ = ["Target", "budget_for", "with_fewest_preemptions"]

_BATCH = 1 << 14
"""States stepped at once."""

_SMALL = 2_000
"""States of an exploration up to which one walk without rounds is the quicker way."""

_MANY = 1 << 62
"""More preemptions than any schedule has."""


def budget_for(states: int) -> int:
    """Return how many pairs of a state and a thread may be looked at after an exploration of so many states."""
    return max(12_000, states // 25)


class Target(NamedTuple):
    """What a schedule is wanted to, and one of the shortest schedules to it.

    `sought` is what `Ends.add` calls the end states, or ("always", name) for the states that violate a property, or a
    `State`; `first` says that no other shortest schedule comes before `moves` in thread order.
    """

    sought: Hashable
    moves: tuple[Move, ...]
    first: bool = True


class _Level(NamedTuple):
    """Pairs of a state and the thread that moved last, in the order of their first schedules with fewest preemptions.

    `keys` has shape (words, n), the others (n,); `parents` are positions in the level before.
    """

    keys: Words
    last: Ids
    used: Ids
    parents: Ids
    labels: NDArray[np.uint16]

    def only(self, rows: Ids) -> _Level:
        return _Level(self.keys[:, rows], self.last[rows], self.used[rows], self.parents[rows], self.labels[rows])


class _Exhausted(Exception):  # noqa: N818 - not an error
    """The budget is used up, or the time."""


def with_fewest_preemptions(
    relation: Explorable,
    packing: Packing,
    expander: Expander,
    targets: Sequence[Target],
    states: int,
    deadline: Callable[[], bool] | None = None,
) -> dict[Hashable, Witness]:
    """Return a witness for each target: shortest first, then fewest preemptions, then first in thread order.

    Parameters
    ----------
    packing, expander
        Those of the exploration; what is known about steps is used. Keys of an earlier layout lose their meaning.
    states : int
        How many the exploration found; the search looks at no more than `budget_for` them. Targets that are open
        then keep the schedule they came with, and are not `proven`.
    deadline : callable, optional
        Ends the search like the budget.

    Notes
    -----
    A round walks in levels over the schedules with at most k preemptions, down to the deepest target that is open, and
    keeps for each pair of a state and the thread that moved last the fewest preemptions it is reached with, and the
    first schedule that has them. A target met at its depth is settled. Rounds go by k = 1, 2, 3, ..., for most
    faults need few preemptions (Musuvathi and Qadeer 2007) and few schedules have few; they end where the schedules
    known before cannot be improved. A small exploration gets the last of these rounds alone. A pair met at an earlier
    level with no more preemptions is left out: it leads to no target by a shortest schedule.
    """
    found, courses = {}, Courses(relation, packing, expander.memos)
    for sought, moves, first in targets:
        preemptions = courses.preemptions(moves)
        found[sought] = Witness(moves, preemptions, proven=first and preemptions == 0)
    later = {sought: not first for sought, _, first in targets}
    most = max((witness.preemptions + later[sought] for sought, witness in found.items()), default=0)
    search = _Search(relation, packing, expander, budget_for(states), deadline)
    for allowed in range(max(0, most - 1 if states <= _SMALL else min(1, most - 1)), most):
        open_ = {sought: len(moves) for sought, moves, _ in targets if not found[sought].proven}
        if not open_:
            break
        try:
            search.expect(allowed, states * packing.threads)
            found |= search.round(open_, allowed)
        except (_Exhausted, KeyboardInterrupt, MemoryError):
            break
        settled = [sought for sought in open_ if found[sought].preemptions + later[sought] <= allowed + 1]
        found |= {sought: found[sought]._replace(proven=True) for sought in settled}
    return found


class _Search:
    """The rounds of one search, which share a budget."""

    def __init__(
        self,
        relation: Explorable,
        packing: Packing,
        expander: Expander,
        budget: int,
        deadline: Callable[[], bool] | None,
    ) -> None:
        self._relation, self._packing, self._expander = relation, packing, expander
        self._left, self._deadline = budget, deadline
        self._sizes: list[int] = []
        judges = [Judge(relation, packing, prop) for prop in relation.program.properties]
        self._judges = {("always", judge.property.name): judge for judge in judges if judge.property.kind == "always"}
        self._ends = Ends(relation, packing, [judge for judge in judges if judge.property.kind == "final"])

    def expect(self, allowed: int, pairs: int) -> None:
        """Raise `_Exhausted` when the next round, of at most so many pairs, would not end within the budget.

        Schedules with k preemptions number about n**k / k!, so the sizes of rounds grow by factors n, n / 2, n / 3, ...
        """
        if len(self._sizes) > 1:
            before, last = self._sizes[-2:]
            if min(last * last * (allowed - 1) // (before * allowed), pairs) > self._left:
                raise _Exhausted

    def round(self, depths: Mapping[Hashable, int], allowed: int) -> dict[Hashable, Witness]:
        """Return the witnesses with at most `allowed` preemptions, given the open targets with their depths."""
        start = self._packing.encode(self._relation.initial())
        none = np.zeros(1, np.intp)
        self._levels = [_Level(start, none - 1, none, none, none.astype(np.uint16))]
        self._met = StateIndex(start.shape[0] + 1, 1024, self._expander.engine)
        self._fewest = np.full(1024, _MANY, np.int64)
        found: dict[Hashable, Witness] = {}
        budget = self._left
        for depth in range(max(depths.values(), default=-1) + 1):
            if not self._levels[depth].last.size:
                break
            ended = self._advance(allowed)
            wanted = [sought for sought, at in depths.items() if at == depth]
            for sought, rows in self._matching(wanted, ended):
                if rows.size:
                    used = self._levels[depth].used[rows]
                    found[sought] = self._witness(depth, int(rows[np.argmin(used)]), int(used.min()))
        self._sizes.append(budget - self._left)
        return found

    def _advance(self, allowed: int) -> Ids:
        """Add the level after the last one; returns the rows of the last one that are end states."""
        level = self._levels[-1]
        count = level.last.size
        self._left -= count
        if self._left < 0 or (self._deadline is not None and self._deadline()):
            raise _Exhausted
        parts, ended = [], []
        for start in range(0, count, _BATCH):
            successors = self._expand(start)
            rows = successors.rows + start
            threads = self._expander.threads_of(successors.labels)
            used = level.used.take(rows) + preempting(threads, level.last, rows)
            kept = np.flatnonzero(used <= allowed)
            ended.append(np.flatnonzero(successors.enabled == 0) + start)
            parts.append(_Level(successors.keys, threads, used, rows, successors.labels).only(kept))
        self._levels.append(self._first_of_each(_joined(parts)))
        return np.concatenate(ended)

    def _expand(self, start: int) -> Successors:
        """Step a batch of the last level, whatever bound the exploration itself has on preemptions."""
        while True:
            level = self._levels[-1]
            successors = Expander.expand(self._expander, level.keys[:, start : start + _BATCH])
            if successors is not None:
                return successors
            self._follow(self._packing.relayout())

    def _follow(self, translation: Callable[[Words], Words]) -> None:
        """Follow a change of layout."""
        self._expander.reset()
        self._levels[-1] = self._levels[-1]._replace(keys=translation(self._levels[-1].keys))
        self._met.translate(lambda keys: np.concatenate([translation(keys[:-1]), keys[-1:]]))

    def _first_of_each(self, candidates: _Level) -> _Level:
        """Keep of each pair the first with the fewest preemptions, if there are fewer than at earlier levels."""
        numbers, _ = self._met.intern(np.concatenate([candidates.keys, candidates.last[None]]))
        if self._met.size > self._fewest.size:
            more = max(self._met.size - self._fewest.size, self._fewest.size)
            self._fewest = np.concatenate([self._fewest, np.full(more, _MANY, np.int64)])
        fewer = np.flatnonzero(candidates.used < self._fewest[numbers])
        order = fewer[np.lexsort((candidates.used[fewer], numbers[fewer]))]  # stable: the first schedule stays first
        chosen = order[np.flatnonzero(np.diff(numbers[order], prepend=-1))]
        chosen.sort()
        self._fewest[numbers[chosen]] = candidates.used[chosen]
        return candidates.only(chosen)

    def _matching(self, wanted: Sequence[Hashable], ended: Ids) -> Iterator[tuple[Hashable, Ids]]:
        """Yield the rows of the last level but one that are what is wanted."""
        keys = self._levels[-2].keys
        of_ends: dict[Hashable, Ids] | None = None
        for sought in wanted:
            if isinstance(sought, State):
                yield sought, np.flatnonzero((keys == self._packing.encode(sought)).all(axis=0))
            elif sought in self._judges:
                yield sought, np.flatnonzero(~self._judges[sought].holds(keys))
            else:
                if of_ends is None:
                    of_ends = {tag: rows for (tag, _), rows in self._ends.add(keys[:, ended], 0, ended).items()}
                yield sought, of_ends.get(sought, _NONE)

    def _witness(self, depth: int, row: int, used: int) -> Witness:
        moves: list[Move] = []
        for level in self._levels[depth:0:-1]:
            moves.append(self._expander.labels[int(level.labels[row])])
            row = int(level.parents[row])
        return Witness(tuple(reversed(moves)), used, proven=True)


def _joined(parts: Sequence[_Level]) -> _Level:
    if len(parts) == 1:
        return parts[0]
    return _Level(
        np.concatenate([part.keys for part in parts], axis=1),
        np.concatenate([part.last for part in parts]),
        np.concatenate([part.used for part in parts]),
        np.concatenate([part.parents for part in parts]),
        np.concatenate([part.labels for part in parts]),
    )


_NONE = np.zeros(0, np.intp)
