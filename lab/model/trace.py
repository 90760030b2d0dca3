"""Replaying a schedule: what happened at each step, what was ordered by happens-before, and what raced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lab.errors import UsageError
from lab.model.relation import Relation
from lab.model.starting import RUNS
from lab.model.state import FAILED, Access, State, Step

__all__ = ["Event", "Trace", "happens_before", "replay"]

Clock = tuple[int, ...]


@dataclass(frozen=True)
class Event:
    """One step of a replayed schedule.

    Attributes
    ----------
    index : int
        Its place in the trace, from 0.
    thread, entry : str
        Who ran, and the schedule's entry ("T1", or "T1:2" when the step had several results).
    line, text : int, str
        Where the step began in the source.
    accesses : tuple of Access
        What it touched, in order.
    shared : Mapping[str, Any]
        The observed shared variables after the step, as plain data.
    ended, error : bool, str or None
        Whether the thread ended with this step, and by which exception.
    locks : tuple of str
        The locks the thread holds after the step.
    regions : tuple of str
        The regions the thread is inside of after the step.
    """

    index: int
    thread: str
    entry: str
    line: int
    text: str
    accesses: tuple[Access, ...]
    shared: Mapping[str, Any]
    ended: bool
    error: str | None
    locks: tuple[str, ...]
    regions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Trace:
    """What a schedule made happen.

    Attributes
    ----------
    status : str
        "finished", "deadlock", or "running" when the schedule stops before an end.
    waiting : Mapping[str, Mapping[str, Any]]
        For each thread that is not enabled at the end: what it waits for, who holds that, and the line.
    order : tuple of (int, int)
        Happens-before between events of different threads, without what follows from the rest and program order.
    races : tuple of (int, int)
        Pairs of events with conflicting, non-atomic accesses that happens-before does not order.
    """

    scenario: str
    title: str
    policy: str
    threads: tuple[str, ...]
    initial: Mapping[str, Any]
    events: tuple[Event, ...]
    status: str
    waiting: Mapping[str, Mapping[str, Any]]
    order: tuple[tuple[int, int], ...]
    races: tuple[tuple[int, int], ...]
    returned: Mapping[str, Any] = field(default_factory=dict)
    output: tuple[str, ...] | None = None


def replay(relation: Relation, schedule: Sequence[str]) -> Trace:
    """Return what happens when the threads run in the given order.

    Parameters
    ----------
    relation : Relation
        The program under a policy.
    schedule : sequence of str
        Entries "T1", or "T1:2" for result 2 (from 0) of a step with several results; result 0 may be left out.

    Raises
    ------
    UsageError
        An entry names no thread, or a thread that cannot run there.
    """
    program = relation.program
    names = tuple(thread.name for thread in program.threads)
    state = relation.initial()
    initial = relation.observe(state).shared
    events: list[Event] = []
    for index, written in enumerate(schedule):
        thread, result = _entry(written, names, index)
        step, after, several = _chosen(
            relation, state, thread, result, f"entry {index + 1} of the schedule, '{written}'"
        )
        line = relation.place(thread, state.locals[thread]).span.line
        accesses = tuple(access for access in step.accesses if access.operation != RUNS)
        if len(accesses) > 1 and accesses[0].operation == "begin":
            line = accesses[1].line
        observation = relation.observe(after)
        events.append(
            Event(
                index=index,
                thread=names[thread],
                entry=f"{names[thread]}:{result or 0}" if several else names[thread],
                line=line,
                text=program.lines[line - 1].strip(),
                accesses=accesses,
                shared=observation.shared,
                ended=step.local.ended,
                error=str(step.local.values[0]) if step.local.position == FAILED else None,
                locks=relation.locks_held(after, thread),
                regions=tuple(sorted(relation.regions(thread, step.local))),
            )
        )
        state = after
    order, races = happens_before(events, names)
    status, waiting = _ending(relation, state)
    observation = relation.observe(state)
    return Trace(
        program.name,
        program.title,
        relation.policy.name,
        names,
        initial,
        tuple(events),
        status,
        waiting,
        order,
        races,
        observation.returned,
        observation.output,
    )


def _entry(written: str, names: tuple[str, ...], index: int) -> tuple[int, int | None]:
    """Return the thread and the result that an entry names."""
    if written in names:
        return names.index(written), None
    name, colon, number = written.rpartition(":")
    if colon and name in names and number.isdecimal():
        return names.index(name), int(number)
    raise UsageError(
        f"entry {index + 1} of the schedule, '{written}', names no thread; the threads are {', '.join(names)}"
    )


def _chosen(relation: Relation, state: State, thread: int, result: int | None, entry: str) -> tuple[Step, State, bool]:
    steps = relation.steps(state, thread)
    where = f"{entry}, cannot run"
    if not steps:
        waiting = relation.waiting(state, thread)
        if waiting is None:
            ended = state.locals[thread].ended
            raise UsageError(
                f"{where}: the thread {'has ended' if ended else 'is not started yet, or was left behind'}"
            )
        raise UsageError(f"{where}: the thread waits for {waiting.name} on line {waiting.line}")
    if (result or 0) >= len(steps):
        raise UsageError(f"{where}: the step has {len(steps)} result{'s' if len(steps) > 1 else ''}, numbered from 0")
    step, after = steps[result or 0]
    return step, after, len(steps) > 1


def _ending(relation: Relation, state: State) -> tuple[str, dict[str, dict[str, Any]]]:
    names = tuple(thread.name for thread in relation.program.threads)
    waiting: dict[str, dict[str, Any]] = {}
    for thread, name in enumerate(names):
        found = relation.waiting(state, thread)
        if found is not None:
            waiting[name] = {"for": found.name, "held_by": [names[t] for t in found.held_by], "line": found.line}
    read = state.shared.__getitem__
    unfinished = sum(relation.going(thread, local, read) for thread, local in enumerate(state.locals))
    if relation.finished(state):
        return "finished", {}
    return ("deadlock" if unfinished == len(waiting) else "running"), waiting


class _Publisher:
    """An event whose effects a later event of another thread can acquire."""

    __slots__ = ("clock", "event", "thread")

    def __init__(self, event: int, thread: int, clock: Clock) -> None:
        self.event = event
        self.thread = thread
        self.clock = clock


_RELEASES = ("release", "notify", "set", "arrive", "task_done", "start", "end")
_ACQUIRES = ("acquire", "wake", "leave", "join")
_NEITHER = ("try acquire", "locked", "wait on", "time out", "wake by itself", "find alive")


def happens_before(
    events: Sequence[Event], names: Sequence[str]
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """Return the edges between threads, and the pairs of events that race, by vector clocks.

    Edges go from a release to the acquires after it, from a notify to the wakes, from a set to the waits, from the
    arrivals at a barrier to its openings and departures, from each operation on a queue to the next, from an atomic
    write to the atomic accesses of that location after it, and from any write to the `wait_until` that reads it.

    References
    ----------
    Lamport, "Time, clocks, and the ordering of events in a distributed system" (1978); Mattern, "Virtual time and
    global states of distributed systems" (1989).
    """
    clocks: list[Clock] = []
    current = {name: (0,) * len(names) for name in names}
    published: dict[str, list[_Publisher]] = {}
    order: list[tuple[int, int]] = []
    for event in events:
        thread = list(names).index(event.thread)
        clock = current[event.thread]
        for access in event.accesses:
            if not access.atomic or access.operation in (*_RELEASES, *_NEITHER):
                continue
            for publisher in reversed(published.get(access.location, [])):
                if publisher.thread != thread and publisher.clock[publisher.thread] > clock[publisher.thread]:
                    order.append((publisher.event, event.index))
                    clock = tuple(map(max, clock, publisher.clock))
        clock = (*clock[:thread], clock[thread] + 1, *clock[thread + 1 :])
        current[event.thread] = clock
        clocks.append(clock)
        for access in event.accesses:
            if access.writes and access.operation not in (*_ACQUIRES, *_NEITHER):
                published.setdefault(access.location, []).append(_Publisher(event.index, thread, clock))
    races = tuple(
        (first.index, second.index)
        for position, second in enumerate(events)
        for first in events[:position]
        if first.thread != second.thread
        and clocks[first.index][list(names).index(first.thread)] > clocks[second.index][list(names).index(first.thread)]
        and _conflict(first.accesses, second.accesses)
    )
    return tuple(order), races


def _conflict(first: Sequence[Access], second: Sequence[Access]) -> bool:
    return any(
        a.location == b.location and (a.writes or b.writes) and not a.atomic and not b.atomic
        for a in first
        for b in second
    )
