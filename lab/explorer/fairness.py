"""Cycles that a fair scheduler may follow for ever, and the threads that it starves there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.components import cyclic, split, strong_components
from lab.explorer.digraph import Graph
from lab.explorer.packing import Ids, Packing, Words
from lab.explorer.protocol import Explorable
from lab.explorer.route import shortest_path

__all__ = ["Cycle", "FairCycles", "starved"]

_Bits = NDArray[np.uint64]
"""Sets of threads, one bit each; 64 are the most."""


class Cycle(NamedTuple):
    """A way round: the state at which it begins and ends, and the labels of its transitions."""

    state: int
    labels: list[int]


class _Need(NamedTuple):
    """Something that a cycle has to come by: one of these states, or one of these transitions."""

    states: NDArray[np.bool_]
    moves: NDArray[np.bool_]


class FairCycles:
    """The components of a graph that a weakly fair run can stay in.

    Attributes
    ----------
    states : array
        The states of all of them, ascending.

    Notes
    -----
    A run is weakly fair when every thread that could move all the time from some point on does move. A strongly
    connected component holds such a run for ever exactly when each thread takes a step within it or cannot move in
    some state of it; the run then visits all of it again and again. This holds for a component of any part of the
    graph, and a part of a component that is not fair is not fair either.
    """

    def __init__(self, graph: Graph, states: Ids, component: Ids, threads: Sequence[int]) -> None:
        self._graph = graph
        self._bit = np.uint64(1) << np.array(threads, np.uint64)
        self._able = np.zeros(graph.states, np.uint64)
        for places, leaving in graph.pieces(states):
            np.bitwise_or.at(self._able, states[places], self._bit[graph.labels[leaving]])
        fair, self._taken = self._fair(graph, states, component)
        chosen = fair[component]
        self.states, self._component = states[chosen], component[chosen]
        self._sizes = np.bincount(self._component, minlength=fair.size)

    def _fair(self, graph: Graph, states: Ids, component: Ids) -> tuple[NDArray[np.bool_], _Bits]:
        """Return which components of a part of the graph a fair run can stay in, and who takes steps within each."""
        always = np.full(int(component.max(initial=-1)) + 1, ~np.uint64(0))
        np.bitwise_and.at(always, component, self._able[states])
        taken = np.zeros_like(always)
        place = np.full(graph.states, -1, np.int32)
        place[states] = component
        for places, leaving in graph.pieces(states):
            sources = component[places]
            inside = place[graph.targets[leaving]] == sources
            np.bitwise_or.at(taken, sources[inside], self._bit[graph.labels[leaving[inside]]])
        fair: NDArray[np.bool_] = cyclic(graph, states, component) & (always & ~taken == 0)
        return fair, taken

    def meeting(self, *somewhere: NDArray[np.bool_], takes: int = 0) -> NDArray[np.bool_]:
        """Return the states of the components in which each of the sets occurs and those threads take steps.

        Parameters
        ----------
        somewhere : array, shape (states of the graph,)
        takes : int
            Threads, as bits.
        """
        found = self._taken & np.uint64(takes) == np.uint64(takes)
        for wanted in somewhere:
            found &= np.bincount(self._component[wanted[self.states]], minlength=found.size) > 0
        inside = np.zeros(self._graph.states, np.bool_)
        inside[self.states] = found[self._component]
        return inside

    def within(self, states: NDArray[np.bool_], without: int = 0) -> Iterator[tuple[Graph, Ids]]:
        """Give the fair components of the part that some states make, without the steps of some threads (as bits).

        Yields
        ------
        graph : Graph
            The part.
        members : array
            The states of one component, ascending; components by their first state.
        """
        number, chosen = self._component, states[self.states]
        whole = np.bincount(number[chosen], minlength=self._sizes.size) == self._sizes
        whole &= (self._sizes > 0) & (self._taken & np.uint64(without) == 0)
        found = [(self._graph, members) for members in split(self.states, number, whole)]
        found += self._cut(self.states[chosen & ~whole[number]], np.uint64(without))
        yield from sorted(found, key=lambda some: int(some[1][0]))

    def _cut(self, members: Ids, without: np.uint64) -> list[tuple[Graph, Ids]]:
        """Return the fair components of the part that those states make, without the steps of some threads."""
        if not members.size:
            return []
        graph = self._graph
        inside = np.zeros(graph.states, np.bool_)
        inside[members] = True
        part = graph.only(inside[graph.sources] & inside[graph.targets] & (self._bit[graph.labels] & without == 0))
        component = strong_components(part, members)
        return [(part, found) for found in split(members, component, self._fair(part, members, component)[0])]

    def able(self, states: Ids, thread: int) -> NDArray[np.bool_]:
        """Return in which states a thread can move."""
        found: NDArray[np.bool_] = (self._able[states] >> np.uint64(thread)) & np.uint64(1) == 1
        return found

    def takes(self, part: Graph, members: Ids) -> int:
        """Return the threads, as bits, that take steps within a component of a part of the graph."""
        inside = np.zeros(part.states, np.bool_)
        inside[members] = True
        leaving = part.leaving(members)
        return int(np.bitwise_or.reduce(self._bit[part.labels[leaving[inside[part.targets[leaving]]]]]))

    def round(
        self, part: Graph, members: Ids, threads: int, wanted: NDArray[np.bool_] | None = None, start: int | None = None
    ) -> Cycle:
        """Return a way round a component that is fair to all threads, and comes by one of the wanted states, if given.

        It begins at the start given, else at the component's first state.

        A thread that can move in every state of the component takes a step on it; another one takes a step or comes to
        a state in which it cannot move.
        """
        inside = np.zeros(part.states, np.bool_)
        inside[members] = True
        part = part.only(inside[part.sources] & inside[part.targets])
        bits = self._bit[part.labels]
        needs = []
        for thread in range(threads):
            unable = inside.copy()
            unable[members] = ~self.able(members, thread)
            needs.append(_Need(unable, bits >> np.uint64(thread) & np.uint64(1) == 1))
        if wanted is not None:
            needs.append(_Need(wanted & inside, np.zeros(bits.size, np.bool_)))
        return _round(part, int(members[0]) if start is None else start, needs)


def _round(part: Graph, start: int, needs: list[_Need]) -> Cycle:
    """Go from need to need by shortest ways, skipping those already met, and back."""
    state, moves = start, list[int]()
    visited = {start}
    for need in needs:
        if any(need.states[one] for one in visited) or any(need.moves[move] for move in moves):
            continue
        goals = need.states.copy()
        goals[part.sources[need.moves]] = True
        way = shortest_path(part, state, goals)
        moves += way
        state = int(part.targets[way[-1]]) if way else state
        if not need.states[state]:
            low, high = int(part.offsets[state]), int(part.offsets[state + 1])
            moves.append(low + int(np.argmax(need.moves[low:high])))
            state = int(part.targets[moves[-1]])
        visited.update(int(part.targets[move]) for move in moves)
    if state != start or not moves:
        if state == start:
            moves.append(int(part.offsets[state]))
            state = int(part.targets[moves[-1]])
        goals = np.zeros(part.states, np.bool_)
        goals[start] = True
        moves += shortest_path(part, state, goals)
    return Cycle(start, [int(part.labels[move]) for move in moves])


def starved(cycles: FairCycles, relation: Explorable, packing: Packing, keys: Words) -> dict[int, Cycle]:
    """Return by thread a weakly fair cycle that starves it, for those that have one.

    A thread that has not ended is starved on a cycle on which another thread takes steps, when it takes none itself
    although it could from time to time; or when it takes steps, and has a path to its end in its control flow, or never
    enters there a region that its text contains.
    """
    found: dict[int, Cycle] = {}
    for thread in range(packing.threads if cycles.states.size else 0):
        for part, members, wanted in _starving(cycles, relation, packing, keys, thread):
            found[thread] = cycles.round(part, members, packing.threads, wanted)
            break
    return found


def _starving(
    cycles: FairCycles, relation: Explorable, packing: Packing, keys: Words, thread: int
) -> Iterator[tuple[Graph, Ids, NDArray[np.bool_] | None]]:
    """Give the components that starve a thread, and the states that a cycle in them has to come by."""
    numbers = packing.column(keys, thread)
    locals_ = packing.domains[thread].values

    def where(holds: Callable[[int], bool]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = np.array([holds(number) for number in range(len(locals_))], np.bool_)[numbers]
        return found

    going = where(lambda number: not locals_[number].ended)
    able = np.zeros(going.size, np.bool_)
    able[cycles.states] = cycles.able(cycles.states, thread)
    for part, members in cycles.within(going & cycles.meeting(going & able, going & ~able), 1 << thread):
        if able[members].any():
            yield part, members, able
    able_to_end = where(lambda number: not locals_[number].ended and relation.can_end(thread, locals_[number]))
    for part, members in cycles.within(going):
        if able_to_end[members].any() and _with_others(cycles.takes(part, members), thread):
            yield part, members, None
    for region in sorted(relation.text_regions(thread)):
        inside = {number for number, local in enumerate(locals_) if region in relation.regions(thread, local)}
        outside = going & where(_outside_of(inside)) & cycles.meeting(takes=1 << thread)
        for part, members in cycles.within(outside):
            if _with_others(cycles.takes(part, members), thread):
                yield part, members, None


def _outside_of(inside: set[int]) -> Callable[[int], bool]:
    return lambda number: number not in inside


def _with_others(taken: int, thread: int) -> bool:
    """Return whether the thread takes steps, and another one does."""
    return bool(taken >> thread & 1) and taken != 1 << thread
