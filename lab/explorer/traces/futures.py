"""What each thread may still touch, from where it stands to its end, whatever the others do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from lab.errors import LabError
from lab.explorer.traces.dependence import EVERYTHING, NOTHING, Touch
from lab.explorer.traces.events import Events, Next

__all__ = ["Futures"]

_STEPS = 2_000
"""Steps looked at, per thread, from which on the analysis gives up."""

_NEW = 200
"""Those among them, per thread, that no one asked for before: a shared counter grows for ever in this view."""

_Place = tuple[tuple[int, ...], tuple[tuple[int, int], ...]]
"""The members' local states, and what members have written: the number of each field's last value."""

_Written = dict[int, set[int]]
"""By field, the numbers of the values that a thread may write there."""


class _GivesUp(Exception):  # noqa: N818 - not an error
    """There is too much to look at."""


@dataclass
class _Member:
    """What one thread does in the walks of a group.

    By local state: what its step touches, the fields that it depends on and those that it writes, as sets of bits, and
    the next local states. And all values that the thread writes.
    """

    touch: dict[int, Touch] = field(default_factory=dict)
    reads: dict[int, int] = field(default_factory=dict)
    writes: dict[int, int] = field(default_factory=dict)
    after: dict[int, set[int]] = field(default_factory=dict)
    written: _Written = field(default_factory=dict)

    def note(self, step: Next) -> None:
        """Take a step that the thread may do."""
        self.touch[step.local] = self.touch.get(step.local, NOTHING) | step.touch
        self.reads[step.local] = self.reads.get(step.local, 0) | step.reads
        targets = self.after.setdefault(step.local, set())
        for happening in step.happenings:
            (_, target), *writes = happening.sets
            targets.add(target)
            self.writes[step.local] = self.writes.get(step.local, 0) | happening.fields
            for place, value in writes:
                self.written.setdefault(place, set()).add(value)

    def close(self) -> None:
        """Add to what the step of each local state touches what later steps touch."""
        before: dict[int, set[int]] = {}
        for local, targets in self.after.items():
            for target in targets:
                before.setdefault(target, set()).add(local)
        pending = list(self.touch)
        while pending:
            local = pending.pop()
            for earlier in before.get(local, ()):
                wider = self.touch[earlier] | self.touch[local]
                if wider != self.touch[earlier]:
                    self.touch[earlier] = wider
                    pending.append(earlier)


@dataclass
class _Group:
    """One or two threads, walked together; `reads` are the fields that their steps depend on, as a set of bits."""

    members: dict[int, _Member]
    reads: int = 0


class Futures:
    """An upper bound of what every thread touches from each of its local states on.

    Attributes
    ----------
    known : bool
        False when the analysis gave up: then every thread that has not ended may touch everything.

    Notes
    -----
    Pairs of threads are looked at where that does not take too much; then threads alone.
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._touch: list[dict[int, Touch]] = []
        for pairs in (True, False):
            try:
                self._touch = _Analysis(events, pairs=pairs).touch()
                break
            except (_GivesUp, LabError):  # an error here may lie on no real run; the count itself meets those that do
                continue
        self.known = bool(self._touch)

    def of(self, thread: int, local: int) -> Touch:
        """Return what a thread in that local state may touch until it ends."""
        if self.known:
            return self._touch[thread][local]
        return NOTHING if self._events.ended(thread, local) else EVERYTHING


class _Analysis:
    """Walks of groups of threads: each thread alone, and with `pairs` those two together that may meet.

    Notes
    -----
    Each group is walked on its own, in every order of its members' steps. What a member reads is what the group
    wrote last (at first, the initial value), or any value that a thread outside may write there. A thread may write
    what it writes in the walks of all its groups; they are repeated until no thread may write anything new.

    By induction on its length every real run is, seen by any group, among the walks of that group: a step reads what
    the group wrote last, or what one outside wrote, who did so in the walks of all its groups. So in every group a
    thread's real future is part of the one found there, and the intersection over its groups bounds it.

    References
    ----------
    Flanagan and Qadeer, "Thread-modular model checking" (2003), where groups are single threads.
    """

    def __init__(self, events: Events, *, pairs: bool) -> None:
        self._events = events
        self._start = events.initial()
        self._pairs = pairs
        threads = range(events.threads)
        self._written: list[_Written] = [{} for _ in threads]
        self._groups: dict[tuple[int, ...], _Group] = {(thread,): _Group({thread: _Member()}) for thread in threads}
        self._left = _STEPS * events.threads
        self._most = events.asked + _NEW * events.threads

    def touch(self) -> list[dict[int, Touch]]:
        """Return by thread and local state what the thread may touch; raises `_GivesUp`."""
        self._repeat()
        found: list[dict[int, Touch]] = [{} for _ in self._written]
        for group in self._groups.values():
            for thread, member in group.members.items():
                member.close()
                known = found[thread]
                for local, touch in member.touch.items():
                    known[local] = known.get(local, EVERYTHING) & touch
        return found

    def _repeat(self) -> None:
        """Walk all groups until no thread may write anything that the walks of others did not take into account."""
        stale = list(self._groups.values())
        while stale:
            for group in stale:
                self._walk(group)
            if self._pairs:
                self._pair_up()
            grown = [self._grown(thread) for thread in range(self._events.threads)]
            stale = [
                group
                for group in self._groups.values()
                if any(fields & group.reads for thread, fields in enumerate(grown) if thread not in group.members)
            ]

    def _pair_up(self) -> None:
        """Walk those together that meet as far as is known, and did not meet before."""
        fields = [self._fields(thread) for thread in range(self._events.threads)]
        for one, other in combinations(range(self._events.threads), 2):
            (reads, writes), (others_reads, others_writes) = fields[one], fields[other]
            if (reads & others_writes or others_reads & writes) and (one, other) not in self._groups:
                pair = self._groups[one, other] = _Group({one: _Member(), other: _Member()})
                self._walk(pair)

    def _fields(self, thread: int) -> tuple[int, int]:
        """Return what a thread reads and writes in the local states that it reaches in all its groups."""
        members = [group.members[thread] for group in self._groups.values() if thread in group.members]
        reads = writes = 0
        for local in set(members[0].touch).intersection(*(member.touch for member in members)):
            for member in members:
                reads |= member.reads[local]
                writes |= member.writes.get(local, 0)
        return reads, writes

    def _grown(self, thread: int) -> int:
        """Take over what a thread writes in all its groups; returns the fields with new values, as a set of bits."""
        groups = [group.members[thread].written for group in self._groups.values() if thread in group.members]
        fields = 0
        for place, values in groups[0].items():
            common = values.intersection(*(written.get(place, ()) for written in groups[1:]))
            known = self._written[thread].setdefault(place, set())
            if common - known:
                known |= common
                fields |= 1 << place
        return fields

    def _walk(self, group: _Group) -> None:
        """Visit every place that the group can be in, given what the others write so far."""
        start: _Place = (tuple(self._start[thread] for thread in group.members), ())
        seen, pending = {start}, [start]
        while pending:
            place = pending.pop()
            for after in self._next(group, place):
                if after not in seen:
                    seen.add(after)
                    pending.append(after)

    def _next(self, group: _Group, place: _Place) -> Iterator[_Place]:
        locals_, own = place[0], dict(place[1])
        for position, (thread, member) in enumerate(group.members.items()):
            for numbers in self._views(group, thread, locals_[position], own):
                step = self._events.next(thread, numbers)
                member.note(step)
                group.reads |= step.reads
                for happening in step.happenings:
                    (_, target), *writes = happening.sets
                    after = (*locals_[:position], target, *locals_[position + 1 :])
                    yield after, tuple(sorted({**own, **dict(writes)}.items())) if writes else place[1]

    def _views(self, group: _Group, thread: int, local: int, own: dict[int, int]) -> Iterator[Sequence[int]]:
        """Yield states that show the thread each combination of values that its step may read."""
        numbers = list(self._start)
        numbers[thread] = local
        for place, value in own.items():
            numbers[place] = value
        footprint: tuple[int, ...] = ()
        while footprint != self._events.footprint(thread, local) or not footprint:  # it grows while steps are asked
            footprint = self._events.footprint(thread, local)
            choices = [self._choices(group, place, numbers[place]) for place in footprint[1:]]
            for values in product(*choices):
                self._left -= 1
                if self._left < 0 or self._events.asked > self._most:
                    raise _GivesUp
                for place, value in zip(footprint[1:], values, strict=True):
                    numbers[place] = value
                yield numbers
            for place, choice in zip(footprint[1:], choices, strict=True):
                numbers[place] = choice[0]

    def _choices(self, group: _Group, place: int, own: int) -> list[int]:
        others = {
            value
            for other, written in enumerate(self._written)
            if other not in group.members
            for value in written.get(place, ())
        }
        return [own, *sorted(others - {own})]
