"""A program as finite tables: what each step does and what each property says, for all that they read in any state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.errors import IncompleteError, UsageError
from lab.explorer.bounds import Bounds, Stopped
from lab.explorer.protocol import Explorable
from lab.explorer.states.expand import Expander
from lab.explorer.states.index import StateIndex
from lab.explorer.states.memo import Memo, StepResult
from lab.explorer.states.packing import Packing, Words
from lab.model.objects.threads import NEW
from lab.model.program import Property
from lab.model.state import Local
from lab.model.values import Thrown, Value

__all__ = ["Case", "JudgedProperty", "Region", "Stand", "Tables", "tabulate"]

_BATCH = 1 << 14


class Case(NamedTuple):
    """What a step does for one combination of the values it reads, given as their numbers; nothing when it waits."""

    reads: tuple[int, ...]
    results: tuple[StepResult, ...]


@dataclass(frozen=True)
class Stand:
    """One local state of a thread, the components that its step reads, and every case that occurs."""

    local: Local
    components: tuple[int, ...]
    cases: tuple[Case, ...]


class Region(NamedTuple):
    """Whether a thread is inside a region, as something that a property reads."""

    name: str
    thread: int


@dataclass(frozen=True)
class JudgedProperty:
    """A property as a table over what it reads: components by number, and regions.

    Attributes
    ----------
    reads : tuple of int or Region
    holds, fails : frozenset of tuple of int
        The numbers of the components' values, and 0 or 1 for a region, where it is true and where it is not; for a
        property of ends, in the states where all threads have ended.
    holds_first : bool
        Whether it is true in the initial state.
    """

    property: Property
    reads: tuple[int | Region, ...]
    holds: frozenset[tuple[int, ...]]
    fails: frozenset[tuple[int, ...]]
    holds_first: bool


@dataclass(frozen=True)
class Tables:
    """A whole program.

    Attributes
    ----------
    threads : tuple of tuple of Stand
        By thread and by the number of the local state; each thread starts in number 0.
    values : tuple of tuple
        By component, the values it takes, by number; each component starts with number 0.
    properties : tuple of JudgedProperty
        Those that speak of every state or of the ends.
    states, transitions, deadlocks : int
        Of the whole graph; deadlocks in states.
    depth : int
        At least the length of the longest way through different states.
    """

    threads: tuple[tuple[Stand, ...], ...]
    values: tuple[tuple[Value, ...], ...]
    properties: tuple[JudgedProperty, ...]
    states: int
    transitions: int
    deadlocks: int
    depth: int


def tabulate(relation: Explorable, bounds: Bounds) -> Tables:
    """Explore the program and return its tables.

    Raises
    ------
    IncompleteError
        When a bound is reached first: what an unexplored state does is not known.
    """
    walk = _Walk(relation)
    try:
        walk.run(bounds)
    except Stopped as stop:
        raise IncompleteError(
            f"the bound on {stop} was reached after {walk.states.size:,} states, and only a program that was explored "
            "to its end can be exported; set a higher bound, or make the program smaller"
        ) from None
    packing, keys = walk.packing, walk.states.keys
    ended = np.ones(keys.shape[1], np.bool_)
    for thread in range(packing.threads):
        over = np.array([local.ended for local in packing.domains[thread].values])
        ended &= over[packing.column(keys, thread)]
    _check_threads(relation, packing, keys, ended)
    properties = tuple(
        _judge(relation, packing, keys[:, ended] if prop.kind == "final" else keys, prop)
        for prop in relation.program.properties
        if prop.kind in ("always", "final")
    )
    return Tables(
        threads=tuple(tuple(walk.stands(thread)) for thread in range(packing.threads)),
        values=tuple(tuple(domain.values) for domain in packing.domains[packing.threads :]),
        properties=properties,
        states=walk.states.size,
        transitions=walk.transitions,
        deadlocks=walk.ends - int(np.count_nonzero(ended)),
        depth=walk.depth if walk.expander.layered else walk.states.size,
    )


def _check_threads(relation: Explorable, packing: Packing, keys: Words, ended: NDArray[np.bool_]) -> None:
    """Refuse a program that may end without one of its threads: a daemon, or one that nobody starts."""
    gates = [thread.gate for thread in relation.program.threads]
    if all(gate is None for gate in gates):
        return
    finished = np.ones(keys.shape[1], np.bool_)
    for thread, gate in enumerate(gates):
        over = np.array([local.ended for local in packing.domains[thread].values])[packing.column(keys, thread)]
        if gate is not None:
            held = packing.domains[packing.threads + gate].values
            needless = np.array([value.status == NEW or value.daemon for value in held])
            over |= needless[packing.column(keys, packing.threads + gate)]
        finished &= over
    if (finished & ~ended).any():
        raise UsageError("a program that can end while one of its threads goes on, or never starts, cannot be exported")


class _Walk:
    """Finds every state, and with that every case of every step.

    Attributes
    ----------
    states : StateIndex
    transitions, ends, depth : int
        `ends` are the states that nobody can leave; `depth` is that of the last level.
    """

    def __init__(self, relation: Explorable) -> None:
        initial = relation.initial()
        self.packing = Packing(initial)
        self.expander = Expander(relation, self.packing)
        key = self.packing.encode(initial)
        self.states = StateIndex(key.shape[0], 1024)
        self.states.intern(key)
        self.transitions = self.ends = self.depth = 0

    def run(self, bounds: Bounds) -> None:
        """Walk breadth first to the end; raises `Stopped` at a bound."""
        done = 0
        while done < self.states.size:
            level = self.states.size
            while done < level:
                bounds.check(self.states.size, self.transitions, self.depth)
                done = self._step(done, min(done + _BATCH, level))
                if bounds.max_states is not None and self.states.size > bounds.max_states:
                    raise Stopped("states")
            self.depth += 1

    def _step(self, start: int, stop: int) -> int:
        while (successors := self.expander.expand(self.states.keys[:, start:stop])) is None:
            self.states.translate(self.packing.relayout())
            self.expander.reset()
        self.states.intern(successors.keys)
        self.transitions += successors.rows.size
        self.ends += int(np.count_nonzero(successors.enabled == 0))
        return stop

    def stands(self, thread: int) -> Iterator[Stand]:
        """Yield the local states of a thread by number, after the walk."""
        packing, memo, keys = self.packing, self.expander.memos[thread], self.states.keys
        column = packing.column(keys, thread)
        order = np.argsort(column, kind="stable")
        bounds = np.searchsorted(column[order], np.arange(len(packing.domains[thread].values) + 1))
        for number, local in enumerate(packing.domains[thread].values):
            rows = keys[:, order[bounds[number] : bounds[number + 1]]]
            yield Stand(local, *self._cases(memo, number, rows))

    def _cases(self, memo: Memo, number: int, rows: Words) -> tuple[tuple[int, ...], tuple[Case, ...]]:
        """Return what a local state's step depends on, and its cases.

        Asking again may widen the footprint: a case that the walk met before another one wrote a component does not
        know yet that it keeps that component. So it is repeated until nothing is learnt.
        """
        packing = self.packing
        while True:
            footprint = memo.footprint[number]
            table, first = _distinct([packing.column(rows, packing.threads + place) for place in footprint], rows)
            cases = tuple(
                Case(reads, memo.entry(number, rows[:, row].tolist()).results)
                for reads, row in zip(table, first, strict=True)
            )
            if memo.footprint[number] == footprint:
                return footprint, cases


def _distinct(columns: Sequence[NDArray[np.int64]], rows: Words) -> tuple[list[tuple[int, ...]], list[int]]:
    """Return the different combinations in columns of shape (n,), ascending, and the first row of each."""
    if not columns:
        return ([()], [0]) if rows.shape[1] else ([], [])
    table, first = np.unique(np.stack(columns), axis=1, return_index=True)
    return list(map(tuple, table.T.tolist())), first.tolist()


def _judge(relation: Explorable, packing: Packing, keys: Words, prop: Property) -> JudgedProperty:
    """Tabulate a property over states; what it reads is known when a whole round of judging reads nothing new."""
    reads: list[int | Region] = []

    def value(words: list[int]) -> bool:
        def read(component: int) -> Value:
            _add(reads, component)
            return packing.value(words, packing.threads + component)

        def inside(name: str) -> tuple[str, ...]:
            for thread in range(packing.threads):
                if name in relation.text_regions(thread):
                    _add(reads, Region(name, thread))
            return tuple(
                thread.name
                for number, thread in enumerate(relation.program.threads)
                if name in relation.regions(number, packing.value(words, number))
            )

        found = relation.judge(prop, read, inside)
        return bool(found) and not isinstance(found, Thrown)

    first = value(packing.encode(relation.initial())[:, 0].tolist())
    while True:
        known = tuple(reads)
        table, rows = _distinct([_column(relation, packing, keys, place) for place in known], keys)
        verdicts = [value(keys[:, row].tolist()) for row in rows]
        if len(reads) == len(known):
            holds = frozenset(case for case, verdict in zip(table, verdicts, strict=True) if verdict)
            return JudgedProperty(prop, known, holds, frozenset(table) - holds, first)


def _add(reads: list[int | Region], place: int | Region) -> None:
    if place not in reads:
        reads.append(place)


def _column(relation: Explorable, packing: Packing, keys: Words, place: int | Region) -> NDArray[np.int64]:
    if isinstance(place, int):
        return packing.column(keys, packing.threads + place)
    locals_ = packing.domains[place.thread].values
    inside = np.array([place.name in relation.regions(place.thread, local) for local in locals_], np.int64)
    return inside[packing.column(keys, place.thread)]
