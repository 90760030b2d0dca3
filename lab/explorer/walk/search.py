"""The walk itself: breadth first, level by level, every level in the order of its states' first schedules."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from lab.explorer.bounds import Bounds, Stopped
from lab.explorer.checkpoint import Folder, Keeper
from lab.explorer.findings.ends import Ends
from lab.explorer.findings.races import RaceFinder
from lab.explorer.findings.verdicts import Judge
from lab.explorer.protocol import Explorable
from lab.explorer.states.expand import Expander, Successors
from lab.explorer.states.packing import Ids, Packing, Words
from lab.explorer.states.witness import History
from lab.explorer.symmetry.orbits import Orbits
from lab.explorer.walk.carry import Carried
from lab.explorer.walk.record import Recorded
from lab.explorer.walk.stride import Stretch, Stride

__all__ = ["NotLayered", "Search", "Walk"]

_BATCH = 1 << 14
"""States stepped at once: the working set stays in the second-level cache."""


class NotLayered(Exception):  # noqa: N818 - not an error
    """Two schedules of different lengths may lead to one state: the walk has to remember all states."""


class Walk(Protocol):
    """What a walk keeps of the states it has passed: `Carried` or `Recorded`."""

    @property
    def frontier(self) -> Words:
        """The keys of the level at hand, shape (words, n)."""

    @property
    def found(self) -> int:
        """States found so far in the next level."""

    def add(self, successors: Successors, start: int) -> Ids:
        """Take the transitions of a batch of the frontier that begins at `start`; returns those to new states."""

    def growth(self, additions: int) -> int:
        """Return how many more bytes so many transitions may need."""

    def end(self, rows: Ids, tag: Hashable, share: Fraction) -> None:
        """Note that frontier states end runs of a kind, or that this share of the states they stand for does."""

    def advance(self, count: int) -> None:
        """Make the first `count` states found the frontier."""

    def mark(self, rows: NDArray[np.bool_], name: Hashable, first: int) -> None:
        """Note around which of the states from number `first` on, the frontier or more, `name` counts runs."""

    def translate(self, translation: Callable[[Words], Words]) -> None:
        """Follow a change of layout."""

    def save(self, folder: Folder, code: Callable[[Hashable], Any], version: int) -> dict[str, Any]:
        """Keep everything in a checkpoint, given how tags become plain data and the version of the layout."""

    def load(self, folder: Folder, data: dict[str, Any], decode: Callable[[Any], Hashable]) -> None:
        """Take up what was saved."""


@dataclass
class Sighting:
    """The first state that a property looks for, and what the property raised there."""

    state: int
    reason: str


class Search:
    """One exploration under way.

    Attributes
    ----------
    bounds : Bounds
    history : History
    states, transitions : int
        Found so far; where keys stand for several states, all of these are counted.
    ends : Ends
    races : RaceFinder
    sightings : dict of str to Sighting
        By name: where an `@always` property is violated first, or a `@sometimes` or `@eventually`
        property satisfied.
    stopped : str
        Why the search ended early; empty when it saw everything.
    """

    def __init__(
        self,
        relation: Explorable,
        packing: Packing,
        expander: Expander,
        walk: Walk,
        bounds: Bounds,
        orbits: Orbits | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        self._orbits, self._keeper = orbits, keeper
        self._packing, self._expander, self._walk, self.bounds = packing, expander, walk, bounds
        judges = [Judge(relation, packing, prop, orbits, expander.engine) for prop in relation.program.properties]
        self._judges = [judge for judge in judges if judge.property.kind != "final"]
        self.ends = Ends(relation, packing, [judge for judge in judges if judge.property.kind == "final"], orbits)
        self.races = RaceFinder(relation, packing, expander, orbits)
        self.history = History(walk.came if isinstance(walk, Recorded) else None)
        self.sightings: dict[str, Sighting] = {}
        self._strider: Stride | None = None
        self._whole = bounds.whole_levels and keeper is None and orbits is None and type(expander) is Expander
        expander.tables.ahead = self._whole  # no bound on what it comes to, and it is not resumed with other numbers
        self.states, self.transitions = 1, 0
        self.stopped = ""
        self._start: int | None = None

    def run(self) -> None:
        """Walk until everything is seen or a bound is reached."""
        if self.stopped:
            return
        try:
            if self._start is None:
                self._judge(0, self._walk.frontier)
                self._start = 0
            while self._walk.frontier.shape[1]:
                stride = self._stride()
                if stride is None:
                    self._level(self._start)
                else:
                    self._levels(stride)
            self._keep(now=True)
        except Stopped as stop:
            self.stopped = str(stop)
            self._keep(now=True)
        except KeyboardInterrupt:
            self.stopped = "interrupted"
        except MemoryError:
            self.stopped = "memory"

    def _level(self, begin: int) -> None:
        """Step the level at hand from a batch on."""
        history, walk = self.history, self._walk
        first, count = history.starts[-1], walk.frontier.shape[1]
        room = self.bounds.left(history.states)
        for start in range(begin, count, _BATCH):
            self._start = start
            self._keep()
            self._check(len(self._expander.labels) * min(_BATCH, count - start))
            self._expander.engine.consider(self.transitions, self.bounds.room)
            successors = self._expand(start)
            new = walk.add(successors, start)
            self.transitions += self._stand_for(self._walk.frontier[:, start : start + _BATCH], successors.rows)
            history.add(successors.rows[new] + start, successors.labels[new])
            self._look(successors, first, start)
            if room is not None and walk.found > room:
                break
        found = walk.found if room is None else min(walk.found, room)
        stopping = found < walk.found
        walk.advance(found)
        self._start = 0
        self.states += self._stand_for(walk.frontier)
        history.advance(found)
        self._judge(first + count, walk.frontier)
        if stopping:
            raise Stopped("states")

    def _check(self, transitions: int) -> None:
        """Report progress; raises `Stopped` when a bound is reached, or so many more transitions may reach it."""
        growth = 0 if self.bounds.memory is None else self._walk.growth(transitions)
        self.bounds.check(self.history.states, self.transitions, len(self.history.starts) - 1, growth)

    def _keep(self, *, now: bool = False) -> None:
        if self._keeper is not None:
            self._keeper.save(self._saved, now=now)

    def _saved(self, folder: Folder) -> dict[str, Any]:
        """Keep everything that decides how the walk goes on: it stands between two batches."""
        return {
            "kind": self.kind,
            "start": self._start,
            "states": self.states,
            "transitions": self.transitions,
            "stopped": self.stopped if self.stopped == "states" else "",
            "sightings": {name: [seen.state, seen.reason] for name, seen in self.sightings.items()},
            "packing": self._packing.save(folder),
            "expander": self._expander.save(folder),
            "history": self.history.save(folder),
            "ends": self.ends.save(),
            "races": self.races.save(folder),
            "walk": self._walk.save(folder, self.ends.coded(), self._packing.version),
        }

    def load(self, folder: Folder) -> None:
        """Go on from what was saved, instead of from the start."""
        data = folder.data
        self._start, self.stopped = data["start"], data["stopped"]
        self.states, self.transitions = data["states"], data["transitions"]
        self.sightings = {name: Sighting(*seen) for name, seen in data["sightings"].items()}
        self._packing.load(folder)
        self._expander.load(folder)
        self._expander.reset()
        self.history.load(folder)
        self.ends.load(data["ends"])
        self.races.load(folder)
        self._walk.load(folder, data["walk"], self.ends.decoded())

    @property
    def kind(self) -> str:
        """What kind of walk this is."""
        if self._orbits is not None:
            return "swaps"
        return "levels" if isinstance(self._walk, Carried) else "recorded"

    def _stride(self) -> Stride | None:
        """Return what walks through many levels at once, where that is possible: a checkpoint needs whole batches."""
        expander, walk = self._expander, self._walk
        expander.engine.consider(self.transitions, self.bounds.room)
        if expander.engine.kernels is not None and self._whole and isinstance(walk, Recorded):
            self._strider = self._strider or Stride(expander, walk, self.races)
        return self._strider

    def _levels(self, stride: Stride) -> None:
        """Walk through at least one level, and through many thin ones."""
        judged = self.history.states
        walk = cast("Recorded", self._walk)
        for stretch in stride.stretches(_BATCH, self._check):
            self.transitions += stretch.transitions
            self._look_for_races(stretch)
            if stretch.ended.size:
                keys = walk.index.keys[:, stretch.ended]
                for (tag, _), states in self.ends.add(keys, 0, stretch.ended).items():
                    walk.note(states, tag)
            for count in stretch.levels:
                self.history.advance(count)
        self.states = self.history.states
        self._judge(judged, walk.index.keys[:, judged : self.states])

    def _look_for_races(self, stretch: Stretch) -> None:
        index, end = cast("Recorded", self._walk).index, stretch.first + stretch.stepped
        batches = [(state, state + 1) for state in stretch.racing.tolist()]
        if self.races.watching:
            batches = [(start, min(end, start + _BATCH)) for start in range(stretch.first, end, _BATCH)]
        for low, high in batches:
            keys = np.ascontiguousarray(index.keys[:, low:high])
            found = self._expander.tables.find(keys)
            assert found is not None  # the cells are filled
            self.races.look(keys, found.cells)

    def _expand(self, start: int) -> Successors:
        while True:
            keys = self._walk.frontier[:, start : start + _BATCH]
            successors = self._expander.expand(keys)
            if isinstance(self._walk, Carried) and not self._expander.layered:
                raise NotLayered
            if successors is not None and self._orbits is not None:
                successors = successors._replace(keys=self._orbits.fold(successors.keys))
            if successors is not None and not self._packing.overflowing:
                return successors
            self._walk.translate(self._packing.relayout())
            self._expander.reset()

    def _stand_for(self, keys: Words, rows: Ids | None = None) -> int:
        """Return how many states those keys stand for, or the keys at those rows."""
        if self._orbits is None:
            return keys.shape[1] if rows is None else rows.size
        sizes = self._orbits.sizes(keys)
        return int(sizes.sum() if rows is None else sizes.take(rows).sum())

    def _look(self, successors: Successors, first: int, start: int) -> None:
        """Collect the races and the ends of a batch."""
        keys = self._walk.frontier[:, start : start + _BATCH]
        self.races.look(keys, successors.cells)
        ended = np.flatnonzero(successors.enabled == 0)
        if ended.size:
            for (tag, share), rows in self.ends.add(keys[:, ended], first, ended + start).items():
                self._walk.end(rows, tag, share)

    def _judge(self, first: int, keys: Words) -> None:
        """Judge every state of a new level, or of several."""
        for judge in self._judges:
            held = np.concatenate(
                [judge.holds(keys[:, start : start + _BATCH]) for start in range(0, keys.shape[1], _BATCH)] or [_NONE]
            )
            wanted = held if judge.property.kind in ("sometimes", "eventually") else ~held
            if wanted.any():
                place = int(np.argmax(wanted))
                if judge.property.name not in self.sightings:
                    reason = judge.reason(keys[:, place].tolist())
                    self.sightings[judge.property.name] = Sighting(first + place, reason)
                self._walk.mark(wanted, judge.property.name, first)


_NONE = np.zeros(0, np.bool_)
