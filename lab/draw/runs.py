"""Complete runs of a scenario with what went wrong on each: what strips and ladders are drawn from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lab.draw.words import capital, count_word, every
from lab.explorer.graph import Schedule, StateGraph, interleavings, state_graph
from lab.model.relation import Relation
from lab.model.trace import Trace, replay

__all__ = ["Run", "lost_updates", "runs_of", "summary", "touches_freed"]


@dataclass(frozen=True)
class Run:
    """One trace and its faults: names of violated properties, "deadlock", or a thread's exception."""

    trace: Trace
    faults: tuple[str, ...] = ()


def runs_of(
    relation: Relation,
    schedules: Iterable[Schedule] | None = None,
    graph: StateGraph | None = None,
    limit: int = 1_000,
) -> tuple[Run, ...]:
    """Replay some schedules, or every one of a small scenario, and judge each.

    Raises
    ------
    UsageError
        When all are asked for and there are more than `limit`.
    """
    chosen = interleavings(relation, limit) if schedules is None else schedules
    graph = state_graph(relation) if graph is None else graph
    return tuple(Run(replay(relation, schedule), graph.faults_of(schedule)) for schedule in chosen)


def lost_updates(trace: Trace) -> tuple[tuple[int, int], ...]:
    """Return each pair of steps (the update lost, the write that loses it).

    A thread loses another's update when it writes a location that the other wrote after this thread last read it.
    """
    lost: list[tuple[int, int]] = []
    read_at: dict[tuple[str, str], int] = {}
    written: dict[str, tuple[int, str]] = {}
    for event in trace.events:
        for access in event.accesses:
            if access.atomic:
                continue
            key = (event.thread, access.location)
            if not access.writes:
                read_at[key] = event.index
                continue
            last = written.get(access.location)
            if last and last[1] != event.thread and key in read_at and read_at[key] < last[0]:
                lost.append((last[0], event.index))
            written[access.location] = (event.index, event.thread)
    return tuple(lost)


def touches_freed(trace: Trace) -> tuple[int, ...]:
    """Return the steps that end a thread because they touch a record after it was freed."""
    return tuple(event.index for event in trace.events if event.error and event.error.startswith("UseAfterFree"))


def _effect(runs: Sequence[Run]) -> str:
    """Say what all these faulty runs have in common, as a verb phrase whose verb is plural."""
    if all("deadlock" in run.faults for run in runs):
        return "end in a deadlock"
    if all(touches_freed(run.trace) for run in runs):
        return "touch freed memory"
    if raised := _raised(runs):
        return f"raise {raised}"
    if all(lost_updates(run.trace) for run in runs):
        return "lose an update"
    common = [fault for fault in runs[0].faults if all(fault in run.faults for run in runs)]
    if common and ":" not in common[0]:
        return f"break {common[0].replace('_', ' ')!r}"
    return "go wrong"


def _raised(runs: Sequence[Run]) -> str:
    """Return the class of exception that ends a thread in every run; empty where there is none, or not one class."""
    classes = [{event.error.partition(":")[0] for event in run.trace.events if event.error} for run in runs]
    return classes[0].copy().pop() if len(classes[0]) == 1 and all(found == classes[0] for found in classes) else ""


def summary(runs: Sequence[Run], total: int) -> str:
    """Return the message of a set of runs as a sentence.

    `total` is the number of interleavings there are; it may be more than are shown.
    """
    bad = [run for run in runs if run.faults]
    shown = "order" if len(runs) == total else "order shown"
    if not bad:
        return capital(f"{every(len(runs), shown)} {'are' if len(runs) > 1 else 'is'} right")
    effect = _effect(bad)
    if len(bad) == len(runs):
        return capital(f"{every(len(runs), shown)} {effect if len(runs) > 1 else _singular(effect)}")
    if len(bad) == 1:
        return capital(f"one of {count_word(len(runs))} {_plural(shown)} {_singular(effect)}")
    return capital(f"{count_word(len(bad))} of {count_word(len(runs))} {_plural(shown)} {effect}")


def _singular(effect: str) -> str:
    verb, _, rest = effect.partition(" ")
    return f"{verb}{'es' if verb.endswith(('s', 'ch', 'o')) else 's'} {rest}".strip()


def _plural(noun: str) -> str:
    first, _, rest = noun.partition(" ")
    return f"{first}s {rest}".strip()
