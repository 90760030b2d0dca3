"""Walks through recorded graphs as compiled loops; each does what the numpy code beside its call does."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from lab.explorer.states.kernels import Array, compile_for

__all__ = ["among", "around", "closure", "pass_on", "search", "strong", "survey", "waves"]

_UNSEEN, _OUTSIDE = -1, -2

_INSIDE, _REACHED, _BACK = 1, 2, 3
"""What is known of a state of a part: nothing, that the start reaches it, and that it reaches the start, too."""

_MOST_ROUNDS = 16
"""How often all that a state reaches may be gone through; less and less of it has to be."""

_GRAPH = "int32[::1], int32[::1]"
"""Offsets and targets."""


@numba.njit
def _next(
    offsets: Array, targets: Array, labels: Array, without: Array, state: Any, low: Array, component: Array, at: Array
) -> Any:
    """Follow the transitions of a state up to one that leads to a new state, which is returned; -1 for none."""
    least = low[state]
    end = offsets[state + 1]
    for move in range(at[state], end):
        target = targets[move]
        if low[target] == _OUTSIDE or without[labels[move]]:
            continue
        if low[target] == _UNSEEN:
            at[state] = move + 1
            low[state] = least
            return np.int64(target)
        if component[target] < 0:
            least = min(least, low[target])
    at[state] = end
    low[state] = least
    return np.int64(-1)


@compile_for(
    f"int64({_GRAPH}, uint8[::1], boolean[::1], int64[::1], int32[::1], int32[::1])",
    f"int64({_GRAPH}, uint16[::1], boolean[::1], int64[::1], int32[::1], int32[::1])",
    makes_arrays=True,
)
def strong(
    offsets: Array, targets: Array, labels: Array, without: Array, states: Array, low: Array, component: Array
) -> int:
    """Number the components that some states of a part reach, in the order in which they are complete (Tarjan 1972).

    `without` tells by label which transitions do not count. By state, `low` is -1, or -2 outside the part, and
    `component` is written. Until a component is complete, its states are marked there with -1 minus the time at which
    they were seen; a state is stacked when it is left (Pearce 2016). Returns how many components there are.
    """
    found = clock = kept = 0
    at = np.empty(component.size, np.int32)
    path, stack = np.empty(component.size, np.int32), np.empty(component.size, np.int32)
    for root in states:
        if low[root] != _UNSEEN:
            continue
        depth, state = -1, root
        while True:
            if low[state] == _UNSEEN:
                low[state] = clock
                component[state] = -1 - clock
                at[state] = offsets[state]
                clock += 1
                depth += 1
                path[depth] = state
            target = _next(offsets, targets, labels, without, state, low, component, at)
            if target >= 0:
                state = target
                continue
            stack[kept] = state
            kept += 1
            if low[state] == -1 - component[state]:
                first = low[state]
                while kept and -1 - component[stack[kept - 1]] >= first:
                    kept -= 1
                    component[stack[kept]] = found
                found += 1
            depth -= 1
            if depth < 0:
                break
            before = path[depth]
            low[before] = min(low[before], low[state])
            state = np.int64(before)
    return found


@compile_for(
    f"int64({_GRAPH}, uint8[::1], boolean[::1], int64, uint8[::1])",
    f"int64({_GRAPH}, uint16[::1], boolean[::1], int64, uint8[::1])",
    makes_arrays=True,
)
def around(offsets: Array, targets: Array, labels: Array, without: Array, start: int, marks: Array) -> int:
    """Mark the states of the component of one state in a part of the graph; returns whether that was done.

    `marks` is 1 for the states of the part; of these, the component's become 3. What can come back to the start is
    found by going through all that it reaches from the farthest on, again and again, which is given up where that is
    more work than finding all components.
    """
    order, begin, end, work = np.empty(marks.size, np.int32), 0, 1, 0
    order[0] = start
    marks[start] = _BACK
    while begin < end:
        state = order[begin]
        begin += 1
        work -= _MOST_ROUNDS * (offsets[state + 1] - offsets[state])
        for move in range(offsets[state], offsets[state + 1]):
            target = targets[move]
            if marks[target] == _INSIDE and not without[labels[move]]:
                marks[target] = _REACHED
                order[end] = target
                end += 1
    while work < 0:
        found = 0
        for place in range(end - 1, 0, -1):
            state = order[place]
            if marks[state] == _BACK:
                continue
            for move in range(offsets[state], offsets[state + 1]):
                work += 1
                if marks[targets[move]] == _BACK and not without[labels[move]]:
                    marks[state] = _BACK
                    found += 1
                    break
        if found == 0:
            return 1
    return 0


@compile_for(
    f"void({_GRAPH}, uint8[::1], boolean[::1], uint64[::1], int64[::1], int64[::1], int32[::1], uint64[::1],"
    " uint64[::1], boolean[::1], boolean[::1])",
    f"void({_GRAPH}, uint16[::1], boolean[::1], uint64[::1], int64[::1], int64[::1], int32[::1], uint64[::1],"
    " uint64[::1], boolean[::1], boolean[::1])",
)
def survey(
    offsets: Array,
    targets: Array,
    labels: Array,
    without: Array,
    bits: Array,
    states: Array,
    component: Array,
    place: Array,
    able: Array,
    taken: Array,
    loops: Array,
    leaves: Array,
) -> None:
    """Look at the transitions of components; `place` is by state its component, -1 for others.

    Writes by state of the part who can move there, and by component who takes steps within it, whether a transition
    leads from a state to itself, and whether one leaves it.
    """
    for number in range(states.size):
        state, own = states[number], component[number]
        for move in range(offsets[state], offsets[state + 1]):
            label = labels[move]
            able[number] |= bits[label]
            if without[label]:
                continue
            if place[targets[move]] == own:
                taken[own] |= bits[label]
                loops[own] |= targets[move] == state
            else:
                leaves[own] = True


@compile_for(
    f"int64({_GRAPH}, uint8[::1], boolean[::1], int64[::1], int32[::1], int32[::1], int32[::1], uint8[::1])",
    f"int64({_GRAPH}, uint16[::1], boolean[::1], int64[::1], int32[::1], int32[::1], int32[::1], uint16[::1])",
)
def among(
    offsets: Array,
    targets: Array,
    labels: Array,
    without: Array,
    states: Array,
    place: Array,
    begins: Array,
    inner: Array,
    kept: Array,
) -> int:
    """Write the offsets, targets and labels of the part that some states make; returns how many transitions it has.

    `place` is by state its number in the part, -1 for others.
    """
    size = 0
    for number in range(states.size):
        for move in range(offsets[states[number]], offsets[states[number] + 1]):
            target = place[targets[move]]
            if target >= 0 and not without[labels[move]]:
                inner[size] = target
                kept[size] = labels[move]
                size += 1
        begins[number + 1] = size
    return size


@compile_for(f"int64({_GRAPH}, int64, int32[::1], int64[::1])", makes_arrays=True)
def waves(offsets: Array, targets: Array, start: int, order: Array, cuts: Array) -> int:
    """Write the states that no cycle precedes in topological order, and where waves end; returns how many."""
    waiting = np.zeros(offsets.size - 1, np.int32)
    for move in range(targets.size):
        waiting[targets[move]] += 1
    if waiting[start]:
        return 0
    order[0] = start
    begin, end, found = 0, 1, 0
    while begin < end:
        cuts[found] = end
        found += 1
        size = end
        for place in range(begin, end):
            state = order[place]
            for move in range(offsets[state], offsets[state + 1]):
                target = targets[move]
                waiting[target] -= 1
                if waiting[target] == 0:
                    order[size] = target
                    size += 1
        begin, end = end, size
    return found


@compile_for(f"void({_GRAPH}, int64[::1], boolean[::1])", makes_arrays=True)
def closure(offsets: Array, targets: Array, wave: Array, seen: Array) -> None:
    """Mark the states that paths from some states reach."""
    stack, size = np.empty(seen.size, np.int32), 0
    for state in wave:
        if not seen[state]:
            seen[state] = True
            stack[size] = state
            size += 1
    while size:
        size -= 1
        state = stack[size]
        for move in range(offsets[state], offsets[state + 1]):
            target = targets[move]
            if not seen[target]:
                seen[target] = True
                stack[size] = target
                size += 1


@compile_for(f"int64({_GRAPH}, int64, boolean[::1], int32[::1], int32[::1])", makes_arrays=True)
def search(offsets: Array, targets: Array, start: int, goals: Array, came: Array, source: Array) -> Any:
    """Return the goal that a breadth-first search finds first, -1 for none; writes how each state was reached."""
    if goals[start]:
        return start
    queue, begin, end = np.empty(goals.size, np.int32), 0, 1
    queue[0] = start
    came[start] = -2
    while begin < end:
        state = queue[begin]
        begin += 1
        for move in range(offsets[state], offsets[state + 1]):
            target = targets[move]
            if came[target] == -1:
                came[target] = move
                source[target] = state
                if goals[target]:
                    return np.int64(target)
                queue[end] = target
                end += 1
    return -1


@compile_for(
    "void(int64[::1], int32[::1], int32[::1], uint8[::1], uint8[::1], int64[::1], int64, boolean)",
)
def pass_on(
    value: Array,
    targets: Array,
    degrees: Array,
    enabled: Array,
    results: Array,
    inverse: Array,
    prime: int,
    weighted: Any,
) -> None:
    """Hand the weight of paths on from state to state modulo a prime, as `Acyclic` says; no results: one each."""
    move = 0
    for place in range(degrees.size):
        amount = value[place] % prime
        if weighted:
            amount = amount * inverse[enabled[place]] % prime
        for _ in range(degrees[place]):
            part = amount
            if weighted and results.size:
                part = part * inverse[results[move]] % prime
            value[targets[move]] += part
            move += 1
