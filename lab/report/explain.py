"""What went wrong in a schedule, in a few sentences: who read what before whom wrote, who waits for whom, what failed.

Every sentence says only what the replayed trace shows: accesses in their order, with their values, lines and threads.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.errors import UsageError
from lab.model.relation import Relation
from lab.model.state import Access
from lab.model.trace import Event, Trace, replay
from lab.report.words import end, lined, value

if TYPE_CHECKING:
    from lab.explorer.result import Outcome, PropertyResult, Result

__all__ = ["explain", "overwritten_unread", "worst"]

_LOCKS = ("acquire", "release", "try acquire", "locked")
_BLIND = ("write", "store")
_RECENT = 100
"""Accesses before the end among which half an update is looked for, which takes time that grows with their cube."""

_LONG = 40
"""Characters from which on a value is not written out."""


@dataclass(frozen=True)
class Touch:
    """One access within a replayed schedule; `step` is its event's place in the trace."""

    step: int
    thread: str
    line: int
    access: Access

    @property
    def said(self) -> str:
        """The access in words, with its line: "reads x = 1 (line 5)"."""
        return f"{_said(self.access)} (line {self.line})"


@dataclass(frozen=True)
class Stale:
    """A read, a later write of the same location by another thread, and the reader's next step that matters, if any."""

    read: Touch
    written: Touch
    used: Touch | None


def worst(result: Result) -> PropertyResult | Outcome | None:
    """Return what is to be explained first: a violated property, else a deadlock, else another fault; None if nothing.

    A violated `@sometimes` property has no schedule that shows it, and comes last.
    """
    violated = [prop for prop in result.properties if prop.verdict == "violated"]
    faulty = [outcome for outcome in result.outcomes if outcome.faulty]
    found: list[PropertyResult | Outcome] = [prop for prop in violated if prop.witness is not None]
    found += [outcome for outcome in faulty if outcome.status == "deadlock"]
    return next(iter([*found, *faulty, *violated]), None)


def explain(result: Result, what: PropertyResult | Outcome | None = None) -> str:
    """Return in about three sentences what happens in a witness.

    Parameters
    ----------
    result : Result
    what : PropertyResult or Outcome, optional
        One of the result's; the worst by default (see `worst`).

    Raises
    ------
    UsageError
        The result does not come from exploring a scenario, so that nothing can be replayed.
    """
    chosen = worst(result) if what is None else what
    if chosen is None:
        return "Nothing goes wrong in any schedule." if result.complete else "Nothing has gone wrong so far."
    if chosen.witness is None:
        if chosen.verdict == "violated":
            return f"No schedule reaches a state in which {chosen.name} holds."
        return f"No schedule is known that violates {chosen.name}."
    from lab.explorer.result import PropertyResult

    if not isinstance(result.relation, Relation):
        raise UsageError("this result has no program to replay; explore the scenario to have it explained")
    trace = replay(result.relation, chosen.witness)
    if isinstance(chosen, PropertyResult):
        if any(event.error for event in trace.events):
            return f"{_failure(trace)} {chosen.name} is violated."
        return _misread(trace, f"{chosen.name} is violated")
    if chosen.loop:
        return _round(chosen, replay(result.relation, chosen.witness + chosen.loop))
    if chosen.status == "deadlock":
        return _deadlock(trace)
    if any(event.error for event in trace.events):
        return _failure(trace)
    if chosen.errors:
        failed = [f"{thread} ends by {error}" for thread, error in chosen.errors.items()]
        return f"{'; '.join(failed)}, before the first step."
    return _misread(trace, f"the end is {end(chosen)}")


def _deadlock(trace: Trace) -> str:
    """Say who holds what, and who waits for whom."""
    holds = [f"{name} holds {lined(locks)}" for name, locks in _held(trace).items() if name in trace.waiting]
    waits = [
        f"{name} waits for {reason['for']} (line {reason['line']})"
        + (
            f", which {lined(reason['held_by'])} {'hold' if len(reason['held_by']) > 1 else 'holds'}"
            * bool(reason["held_by"])
        )
        for name, reason in trace.waiting.items()
    ]
    sentences = [f"{lined(holds)}."] if holds else []
    return " ".join([*sentences, f"{'; '.join(waits)}.", "Nobody can go on."])


def _held(trace: Trace) -> dict[str, tuple[str, ...]]:
    """Return the locks that each thread holds at the end."""
    held = {event.thread: event.locks for event in trace.events}
    return {name: held[name] for name in trace.threads if held.get(name)}


def _failure(trace: Trace) -> str:
    """Say which access an exception followed, and which thread touched the same before."""
    failed = next(event for event in reversed(trace.events) if event.error)
    ending = f"ends by {failed.error}"
    touches = list(_touches(trace.events))
    last = next((touch for touch in reversed(touches) if touch.thread == failed.thread), None)
    if last is None:
        return f"{failed.thread} {ending} (line {failed.line})."
    before = [touch for touch in touches if touch.step < last.step and touch.thread != last.thread]
    prepared = next((touch for touch in reversed(before) if _conflict(touch, last)), None)
    conclusion = f"{failed.thread} {last.said} and {ending}."
    if prepared is None:
        return _alone(trace, touches, last, ending, conclusion)
    read = _last(touches, last.thread, prepared.access.location, prepared.step)
    if read is None or read.access.writes:
        return f"{prepared.thread} {prepared.said}. After that {conclusion}"
    return f"{read.thread} {read.said}. {_meanwhile(trace, read, prepared)} Then {conclusion}"


def _alone(trace: Trace, touches: Sequence[Touch], last: Touch, ending: str, conclusion: str) -> str:
    """Explain an exception whose last access no other thread conflicts with: by an earlier misreading, or by itself."""
    if any(case.used for case in _stale(trace, touches)) or _half(touches):
        return _misread(trace, f"{last.thread} {ending}")
    place = last.access.location
    own = next((t for t in reversed(touches) if t.step < last.step and t.access.location == place), None)
    return conclusion if own is None else f"{own.thread} {own.said}. After that {conclusion}"


def overwritten_unread(trace: Trace) -> dict[int, int]:
    """Return the steps that write a location last read before another thread wrote it, each with that write's step."""
    found = {}
    for case in _stale(trace, list(_touches(trace.events))):
        if (
            case.used
            and case.used.access.operation in _BLIND
            and case.used.access.location == case.read.access.location
        ):
            found[case.used.step] = case.written.step
    return found


def _round(outcome: Outcome, trace: Trace) -> str:
    """Say what happens in every round of a livelock, or of a program that is meant to go on for ever."""
    after = len(outcome.witness)
    said = dict.fromkeys(f"{touch.thread} {touch.said}" for touch in _touches(trace.events[after:]))
    ended = [event.thread for event in trace.events if event.ended]
    steps = f"After {after} step{'s' * (after != 1)} "
    who = f"{lined(dict.fromkeys(event.thread for event in trace.events[after:]))} can go round for ever"
    have = f", and {lined(ended)} {'have' if len(ended) > 1 else 'has'} ended" if ended else ""
    shown = [*said][:4]
    more = ", and so on" if len(said) > len(shown) else ""
    sentences = [f"{steps}{who}{have}."]
    if shown:
        sentences.append(f"In a round {'; '.join(shown)}{more}.")
    return " ".join([*sentences, "Each round ends in the state in which it began."])


def _misread(trace: Trace, conclusion: str) -> str:
    """Say which read no longer held when its thread went on; or else what the threads touched in turn."""
    touches = list(_touches(trace.events))
    stale = list(_stale(trace, touches))
    overwritten = [case for case in stale if case.used and case.used.access.location == case.read.access.location]
    blind = [case for case in overwritten if case.used and case.used.access.operation in _BLIND]
    if blind:
        case = max(blind, key=_recent)
        assert case.used is not None
        place = case.read.access.location
        again = f"without having read {place} again, and overwrites what {case.written.thread} wrote"
        return f"{_opening(trace, case)} {case.used.thread} then {case.used.said} {again}: {conclusion}."
    if half := _half(touches):
        return f"{half}: {conclusion}."
    acting = [case for case in stale if case.used and case not in overwritten]
    if acting or stale:
        return _acted(trace, max(acting or stale, key=_recent), conclusion)
    pairs = ((touches[i], touches[k]) for k in range(len(touches) - 1, 0, -1) for i in range(k - 1, -1, -1))
    pair = next((pair for pair in pairs if _conflict(*pair)), None)
    if pair is not None:
        one, other = pair
        return f"{one.thread} {one.said}. After that {other.thread} {other.said}, and {conclusion}."
    return f"No thread touches what another one writes, and {conclusion}."


def _acted(trace: Trace, case: Stale, conclusion: str) -> str:
    """Say that a thread went on after a check that no longer held."""
    place, used = case.read.access.location, case.used
    if used is None:
        rest = f"{case.read.thread} does not read {place} again, and {conclusion}."
    elif used.access.location == place:
        rest = f"{used.thread} next touches {place} when it {used.said}, and {conclusion}."
    else:
        rest = f"{used.thread} then {used.said} without having read {place} again, and {conclusion}."
    return f"{_opening(trace, case)} {rest}"


def _opening(trace: Trace, case: Stale) -> str:
    return f"{case.read.thread} {case.read.said}. {_meanwhile(trace, case.read, case.written)}"


def _meanwhile(trace: Trace, read: Touch, written: Touch) -> str:
    between = trace.events[read.step + 1 : written.step]
    moved = any(event.thread == read.thread for event in between)
    when = "Later" if moved else f"Before {read.thread} goes on,"
    return f"{when} {written.thread} {written.said}."


def _recent(case: Stale) -> tuple[int, int]:
    return case.used.step if case.used else -1, case.written.step


def _stale(trace: Trace, touches: Sequence[Touch]) -> Iterator[Stale]:
    """Yield each last look of a thread at a location before another thread's write, and what the thread did after it.

    That is its first write of anything, or its next access of the location, whichever comes first. Of several writes
    before it the last is meant. O(threads x accesses), up to a logarithm.
    """
    places: dict[str, list[Touch]] = {}
    for touch in touches:
        places.setdefault(touch.access.location, []).append(touch)
    writes = {thread: [t for t in touches if t.thread == thread and t.access.writes] for thread in trace.threads}
    for there in places.values():
        written = [touch for touch in there if touch.access.writes]
        for thread in trace.threads:
            own = [touch for touch in there if touch.thread == thread]
            for place, write in enumerate(written):
                before = bisect_left(own, write.step, key=_step)
                if write.thread == thread or not before or own[before - 1].access.writes:
                    continue
                after = bisect_right(writes[thread], write.step, key=_step)
                used = min((*own[before : before + 1], *writes[thread][after : after + 1]), key=_step, default=None)
                if used is None or place + 1 == len(written) or written[place + 1].step >= used.step:
                    yield Stale(own[before - 1], write, used)


def _step(touch: Touch) -> int:
    return touch.step


def _half(touches: Sequence[Touch]) -> str | None:
    """Say that a thread saw one write of another thread and not yet the next one, of another location."""
    touches = touches[-_RECENT:]
    for late in reversed(touches):
        missed = [
            touch
            for touch in touches
            if touch.step < late.step
            and touch.thread != late.thread
            and late.access.writes
            and not touch.access.writes
            and touch.access.location == late.access.location
        ]
        for seen in reversed(touches):
            if seen.access.writes or seen.access.location == late.access.location:
                continue
            early = _last_write(touches, seen)
            for other in reversed(missed):
                if (
                    early is None
                    or not early.step < min(seen.step, other.step) <= max(seen.step, other.step) < late.step
                ):
                    continue
                if early.thread == late.thread != seen.thread == other.thread:
                    return (
                        f"{early.thread} {early.said}. {_both(seen, other)}. Only after that {late.thread} {late.said}"
                    )
    return None


def _both(one: Touch, other: Touch) -> str:
    first, second = sorted((one, other), key=lambda touch: touch.step)
    return f"{first.thread} {first.said} and {second.said}"


def _last(touches: Sequence[Touch], thread: str, place: str, step: int) -> Touch | None:
    """Return a thread's last access of a location before a step."""
    found = [t for t in touches if t.step < step and t.thread == thread and t.access.location == place]
    return found[-1] if found else None


def _last_write(touches: Sequence[Touch], read: Touch) -> Touch | None:
    """Return the last write of a location before a read of it."""
    place = read.access.location
    found = [t for t in touches if t.step < read.step and t.access.writes and t.access.location == place]
    return found[-1] if found else None


def _conflict(one: Touch, other: Touch) -> bool:
    same = one.access.location == other.access.location and one.thread != other.thread
    return same and (one.access.writes or other.access.writes)


def _touches(events: Sequence[Event]) -> Iterator[Touch]:
    """Yield the accesses of events, those of locks and of the event loop left out."""
    for event in events:
        for access in event.accesses:
            if access.operation not in _LOCKS and access.location != _LOOP:
                yield Touch(event.index, event.thread, access.line, access)


def _said(access: Access) -> str:
    place, shown = access.location, _value(access)
    special = _SPECIAL.get(access.operation)
    if special is not None:
        return special(access)
    if place.startswith(_RUNNING):
        return "comes to its end" if access.operation == "end" else f"{access.operation}s {place}"
    if access.operation in ("read", "load", "length", "end"):
        return f"reads {place}{shown}"
    if access.operation in _BLIND:
        return f"writes {place}{shown}"
    return f"{'writes' if access.writes else 'reads'} {place} by `{access.operation}`"


def _value(access: Access) -> str:
    """Return ` = v`; nothing for None, which also stands where an access failed, and for what is long."""
    if not isinstance(access.value, bool | int | float | str) or len(value(access.value)) > _LONG:
        return ""
    return f" = {value(access.value)}"


_LOOP = "the loop"
"""What every step of a task takes and leaves; it says nothing about what goes wrong."""

_RUNNING = ("task ", "thread ")
"""How the names of tasks and threads begin that a program makes itself."""

_SPECIAL: dict[str, Callable[[Access], str]] = {
    "contains": lambda access: f"looks for {access.location} and {'finds it' if access.value else 'does not find it'}",
    "free": lambda access: f"frees {access.location.rpartition('.')[0]}",
    "delete": lambda access: f"deletes {access.location}",
    "print": lambda access: f"prints {value(access.value)}",
}
