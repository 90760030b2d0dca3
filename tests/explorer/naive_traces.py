"""Truly different runs the slow way: every schedule of a program, grouped by its dependence graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from typing import Any, NamedTuple

from lab.model.objects.synchroniser import Synchroniser
from lab.model.state import State


class TooMany(Exception):  # noqa: N818 - a reason to take another program
    """The program has more or longer schedules than a test has time for."""


class Event(NamedTuple):
    """One step of a schedule: who, what it does and as which of those that do the same, where it reads and writes."""

    thread: int
    does: str
    rank: int
    accesses: tuple[tuple[str, bool], ...]


Run = tuple[Event, ...]
Schedule = tuple[tuple[int, int], ...]


def different_runs(relation: Any, most: int = 1500, longest: int = 30) -> dict[str, Any]:
    """Return the numbers of finished and deadlocked traces, those of each observable end, and every trace's schedules.

    Schedules are lists of (thread, result), in lexicographic order.
    """
    locks = {target.name for target in relation.program.heap if isinstance(target, Synchroniser)}
    found: dict[str, set[Hashable]] = {"finished": set(), "deadlock": set()}
    ends: dict[Hashable, set[Hashable]] = {}
    schedules: dict[Hashable, list[Schedule]] = {}
    for number, (run, schedule, state) in enumerate(_runs(relation, relation.initial(), (), (), longest)):
        if number >= most:
            raise TooMany
        form = normal_form(run, locks)
        schedules.setdefault(form, []).append(schedule)
        ended = (local.ended or _left_behind(relation, state, n) for n, local in enumerate(state.locals))
        status = "finished" if all(ended) else "deadlock"
        found[status].add(form)
        waiting = [relation.waiting(state, thread) for thread in range(len(state.locals))]
        ends.setdefault(repr((relation.observe(state), waiting)), set()).add(form)
    return {
        **{status: len(forms) for status, forms in found.items()},
        "ends": Counter(map(len, ends.values())),
        "schedules": [sorted(alike) for alike in schedules.values()],
    }


def _left_behind(relation: Any, state: State, thread: int) -> bool:
    """Whether a thread that the program makes itself was never started, or is a daemon."""
    gate = relation.program.threads[thread].gate
    return gate is not None and (state.shared[gate].status == "new" or state.shared[gate].daemon)


def _runs(
    relation: Any, state: State, run: Run, schedule: Schedule, longest: int
) -> Iterator[tuple[Run, Schedule, State]]:
    if len(run) > longest:
        raise TooMany
    moved = False
    for thread in range(len(state.locals)):
        alike = Counter[str]()
        for result, (step, after) in enumerate(relation.steps(state, thread)):
            moved = True
            does = repr((step.local, step.accesses))
            places = tuple((access.location, access.writes) for access in step.accesses)
            event = Event(thread, does, alike[does], places)
            alike[does] += 1
            yield from _runs(relation, after, (*run, event), (*schedule, (thread, result)), longest)
    if not moved:
        yield run, schedule, state


def normal_form(run: Run, locks: set[str]) -> Hashable:
    """Return Foata's normal form: the steps in layers, each as early as its dependences allow."""
    layers: list[set[Event]] = []
    for event in run:
        place = len(layers)
        while place and not any(dependent(event, earlier, locks) for earlier in layers[place - 1]):
            place -= 1
        if place == len(layers):
            layers.append(set())
        layers[place].add(event)
    return tuple(map(frozenset, layers))


def dependent(one: Event, other: Event, locks: set[str]) -> bool:
    """Whether two steps are of one thread, or meet at a location that one writes, or at a lock."""
    return one.thread == other.thread or any(
        place == where and (writes or changes or place in locks)
        for place, writes in one.accesses
        for where, changes in other.accesses
    )
