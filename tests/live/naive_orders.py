"""Every order of small programs of reads, writes and locks, by recursion: what exploring real code must agree with.

A program is a list of threads, each a list of operations: ("read", "a"), ("write", "a"), ("acquire", "p"),
("release", "p"). It shares no code with the lab.
"""

from __future__ import annotations


def dependent(one, other):
    """Whether two operations of different threads do not commute."""
    if one[1] != other[1]:
        return False
    return one[0] != "read" or other[0] != "read"


def orders(program):
    """Yield every complete or deadlocked order: tuples of threads, one for each step, with whether it deadlocks."""

    def go(positions, held, order):
        moved = False
        for thread, operations in enumerate(program):
            if positions[thread] == len(operations):
                continue
            kind, name = operations[positions[thread]]
            if kind == "acquire" and name in held:
                continue
            moved = True
            after = (*positions[:thread], positions[thread] + 1, *positions[thread + 1 :])
            now = held | {name} if kind == "acquire" else held - {name} if kind == "release" else held
            yield from go(after, now, (*order, thread))
        if not moved:
            yield order, any(position < len(one) for position, one in zip(positions, program, strict=True))

    yield from go((0,) * len(program), frozenset(), ())


def trace(program, order):
    """Return what identifies the order's Mazurkiewicz trace: which dependent step comes before which."""
    positions = [0] * len(program)
    steps = []
    for thread in order:
        steps.append((thread, positions[thread], program[thread][positions[thread]]))
        positions[thread] += 1
    return frozenset(
        (first[:2], second[:2])
        for place, first in enumerate(steps)
        for second in steps[place + 1 :]
        if first[0] != second[0] and dependent(first[2], second[2])
    ), tuple(sorted(step[:2] for step in steps))


def traces(program):
    """Return the program's traces."""
    return {trace(program, order) for order, _ in orders(program)}
