"""Cycles that a fair scheduler may follow for ever, and the threads that it starves there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.graphs.components import Bits, Survey, component_of, split, strong_components, survey
from lab.explorer.graphs.digraph import Graph
from lab.explorer.graphs.route import shortest_path
from lab.explorer.protocol import Explorable
from lab.explorer.states.packing import Ids, Packing, Words

__all__ = ["Cycle", "FairCycles", "starved"]


class Cycle(NamedTuple):
    """A way round: the state at which it begins and ends, and the labels of its transitions."""

    state: int
    labels: list[int]


class Fair(NamedTuple):
    """A component of a part of the graph that a weakly fair run can stay in.

    Attributes
    ----------
    members : array
        Its states, ascending.
    taken : int
        The threads that take steps within it, as bits.
    without : array, shape (labels,)
        By label, which transitions the part leaves out.
    """

    members: Ids
    taken: int
    without: NDArray[np.bool_]


class _Need(NamedTuple):
    """What a cycle has to come by: one of these states of its component, or a step of these threads (as bits)."""

    states: NDArray[np.bool_]
    threads: int


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

    def __init__(self, graph: Graph, states: Ids, component: Ids, seen: Survey, bits: Bits) -> None:
        """Take the components of some states, what was seen of them, and the thread of each label, as a bit."""
        self._graph, self._bit = graph, bits
        self._narrow = bits.astype(np.min_scalar_type(int(bits.max(initial=0))))
        self._able = np.zeros(graph.states, self._narrow.dtype)
        self._able[states] = seen.able
        chosen = _fair(component, seen)[component]
        self.states, self._component = states[chosen], component[chosen]
        self._taken = seen.taken
        self._sizes = np.bincount(self._component, minlength=seen.taken.size)

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

    def within(self, states: NDArray[np.bool_], without: int = 0) -> list[Fair]:
        """Return the fair components of the part that some states make, without the steps of some threads (as bits).

        They stand by their first states. Only those that the part cuts are searched anew.
        """
        number, chosen = self._component, states[self.states]
        whole = np.bincount(number[chosen], minlength=self._sizes.size) == self._sizes
        whole &= (self._sizes > 0) & (self._taken & np.uint64(without) == 0)
        members, left_out = self.states[chosen & ~whole[number]], self._bit & np.uint64(without) != 0
        found = _fair_ones(self.states, number, whole, self._taken, left_out)
        if members.size:
            component = strong_components(self._graph, members, left_out)
            seen = survey(self._graph, members, component, self._bit, left_out)
            found += _fair_ones(members, component, _fair(component, seen), seen.taken, left_out)
        return sorted(found, key=lambda fair: int(fair.members[0]))

    def first(
        self, states: NDArray[np.bool_], accepted: Callable[[Fair], bool | np.bool_], without: int = 0
    ) -> Fair | None:
        """Return the first of the components that `within` returns that is accepted; None when none is.

        The component of the first state often is, and is looked at by itself.
        """
        chosen = states[self.states]
        if not chosen.any():
            return None
        inside, left_out = np.zeros(states.size, np.bool_), self._bit & np.uint64(without) != 0
        inside[self.states[chosen]] = True
        members = component_of(self._graph, int(self.states[np.argmax(chosen)]), inside, left_out)
        together = np.zeros(members.size, np.intp)
        seen = survey(self._graph, members, together, self._bit, left_out)
        if _fair(together, seen)[0]:
            fair = Fair(members, int(seen.taken[0]), left_out)
            if accepted(fair):
                return fair
        return next(filter(accepted, self.within(states, without)), None)

    def able(self, states: Ids, thread: int) -> NDArray[np.bool_]:
        """Return in which states a thread can move."""
        found: NDArray[np.bool_] = self._able[states] & self._able.dtype.type(1 << thread) != 0
        return found

    def round(
        self, fair: Fair, threads: int, wanted: NDArray[np.bool_] | None = None, start: int | None = None
    ) -> Cycle:
        """Return a way round a component that is fair to all threads, and comes by one of the wanted states, if given.

        It begins at the start given, else at the component's first state.

        A thread that can move in every state of the component takes a step on it; another one takes a step or comes to
        a state in which it cannot move.
        """
        members = fair.members
        part = self._graph.among(members, fair.without)
        needs = [_Need(~self.able(members, thread), 1 << thread) for thread in range(threads)]
        if wanted is not None:
            needs.append(_Need(wanted[members], 0))
        begin = 0 if start is None else int(np.searchsorted(members, start))
        return Cycle(int(members[begin]), self._round(part, begin, needs))

    def _round(self, part: Graph, start: int, needs: list[_Need]) -> list[int]:
        """Go from need to need by shortest ways, skipping those already met, and back; returns labels."""
        steps = np.bitwise_or.reduceat(
            self._narrow[part.labels], part.offsets[:-1]
        )  # no state of a cycle is without one
        state, moves = start, list[int]()
        visited = {start}
        for states, threads in needs:
            bits = np.uint64(threads)
            if any(states[one] for one in visited) or (self._bit[part.labels[moves]] & bits).any():
                continue
            way = shortest_path(part, state, states | (steps & steps.dtype.type(threads) != 0))
            moves += way
            state = int(part.targets[way[-1]]) if way else state
            if not states[state]:
                low, high = int(part.offsets[state]), int(part.offsets[state + 1])
                moves.append(low + int(np.argmax(self._bit[part.labels[low:high]] & bits != 0)))
                state = int(part.targets[moves[-1]])
            visited.update(int(part.targets[move]) for move in moves)
        if state != start or not moves:
            if state == start:
                moves.append(int(part.offsets[state]))
                state = int(part.targets[moves[-1]])
            goals = np.zeros(part.states, np.bool_)
            goals[start] = True
            moves += shortest_path(part, state, goals)
        return [int(part.labels[move]) for move in moves]


def _fair_ones(
    states: Ids, component: Ids, chosen: NDArray[np.bool_], taken: Bits, without: NDArray[np.bool_]
) -> list[Fair]:
    """Return the chosen components of some states."""
    found = split(states, component, chosen)
    numbers = [int(component[np.searchsorted(states, members[0])]) for members in found]
    return [Fair(members, int(taken[number]), without) for members, number in zip(found, numbers, strict=True)]


def _fair(component: Ids, seen: Survey) -> NDArray[np.bool_]:
    """Return which components a fair run can stay in: cycles on which all who could always move do."""
    always = np.full(seen.taken.size, ~np.uint64(0))
    np.bitwise_and.at(always, component, seen.able)
    fair: NDArray[np.bool_] = seen.cyclic & (always & ~seen.taken == 0)
    return fair


def starved(cycles: FairCycles, relation: Explorable, packing: Packing, keys: Words) -> dict[int, Cycle]:
    """Return by thread a weakly fair cycle that starves it, for those that have one.

    A thread that has not ended is starved on a cycle on which another thread takes steps, when it takes none itself
    although it could from time to time; or when it takes steps, and has a path to its end in its control flow, or never
    enters there a region that its text contains.
    """
    found: dict[int, Cycle] = {}
    for thread in range(packing.threads if cycles.states.size else 0):
        for fair, wanted in _starving(cycles, relation, packing, keys, thread):
            found[thread] = cycles.round(fair, packing.threads, wanted)
            break
    return found


def _starving(
    cycles: FairCycles, relation: Explorable, packing: Packing, keys: Words, thread: int
) -> Iterator[tuple[Fair, NDArray[np.bool_] | None]]:
    """Give the components that starve a thread, and the states that a cycle in them has to come by."""
    numbers = packing.column(keys, thread)
    locals_ = packing.domains[thread].values

    def where(holds: Callable[[int], bool]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = np.array([holds(number) for number in range(len(locals_))], np.bool_)[numbers]
        return found

    going = where(lambda number: not locals_[number].ended) & _started(relation, packing, keys, thread)
    able = np.zeros(going.size, np.bool_)
    able[cycles.states] = cycles.able(cycles.states, thread)
    starving = cycles.first(
        going & cycles.meeting(going & able, going & ~able), lambda fair: able[fair.members].any(), 1 << thread
    )
    if starving is not None:
        yield starving, able
        return
    able_to_end = where(lambda number: not locals_[number].ended and relation.can_end(thread, locals_[number]))
    for fair in cycles.within(going & cycles.meeting(going & able_to_end, takes=1 << thread)):
        if able_to_end[fair.members].any() and _with_others(fair.taken, thread):
            yield fair, None
    for region in sorted(relation.text_regions(thread)):
        inside = {number for number, local in enumerate(locals_) if region in relation.regions(thread, local)}
        outside = going & where(_outside_of(inside)) & cycles.meeting(takes=1 << thread)
        for fair in cycles.within(outside):
            if _with_others(fair.taken, thread):
                yield fair, None


def _started(relation: Explorable, packing: Packing, keys: Words, thread: int) -> NDArray[np.bool_]:
    """Return the states in which the thread was started, shape (states,)."""
    gate = relation.program.threads[thread].gate
    if gate is None:
        return np.ones(keys.shape[1], np.bool_)
    field = packing.threads + gate
    first = relation.initial().locals[thread]
    values = packing.domains[field].values
    started = [relation.going(thread, first, {gate: value}.__getitem__) for value in values]
    return np.array(started, np.bool_)[packing.column(keys, field)]


def _outside_of(inside: set[int]) -> Callable[[int], bool]:
    return lambda number: number not in inside


def _with_others(taken: int, thread: int) -> bool:
    """Return whether the thread takes steps, and another one does."""
    return bool(taken >> thread & 1) and taken != 1 << thread
