"""What each thread may still touch, from where it stands to its end, whatever the others do."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from lab.errors import LabError
from lab.explorer.dependence import EVERYTHING, NOTHING, Touch
from lab.explorer.events import Events

__all__ = ["Futures"]

_VALUES = 24
"""Values of one field from which on the analysis gives up: a counter that every thread may add to grows for ever."""

_STEPS = 5_000
"""Steps looked at from which on it gives up."""

_Place = tuple[int, tuple[tuple[int, int], ...]]
"""A local state, and what the thread itself has written: the number of each field's last value."""


class _GivesUp(Exception):  # noqa: N818 - not an error
    """The values seen are too many."""


class Futures:
    """An upper bound of what every thread touches from each of its local states on.

    Attributes
    ----------
    known : bool
        False when the analysis gave up: then every thread that has not ended may touch everything.

    Notes
    -----
    Each thread is walked on its own. What it reads is what it wrote last (at first, the initial value), or any value
    that any other thread ever writes there; the walks are repeated until no thread writes anything new. Every real
    run is among these walks: a step changes a field to a value that the others take into account from then on. The
    bound does not know that locks exclude, nor in which order the others write.

    References
    ----------
    Flanagan and Qadeer, "Thread-modular model checking" (2003).
    """

    def __init__(self, events: Events) -> None:
        self._events = events
        self._start = events.initial()
        self._written: list[dict[int, set[int]]] = [{} for _ in range(events.threads)]
        self._after: list[dict[int, set[int]]] = [{} for _ in range(events.threads)]
        self._touch: list[dict[int, Touch]] = [{} for _ in range(events.threads)]
        self._looked = 0
        self._grown = True
        try:
            while self._grown:
                self._grown = False
                for thread in range(events.threads):
                    self._walk(thread)
            self.known = True
        except (_GivesUp, LabError):  # an error here may lie on no real run; the count itself meets those that do
            self.known = False
        for thread in range(events.threads):
            self._close(thread)

    def of(self, thread: int, local: int) -> Touch:
        """Return what a thread in that local state may touch until it ends."""
        if self.known:
            return self._touch[thread][local]
        return NOTHING if self._events.ended(thread, local) else EVERYTHING

    def _walk(self, thread: int) -> None:
        """Visit every place that the thread can be in, given what the others write so far."""
        start: _Place = (self._start[thread], ())
        seen, pending = {start}, [start]
        while pending:
            place = pending.pop()
            for after in self._next(thread, place):
                if after not in seen:
                    seen.add(after)
                    pending.append(after)

    def _next(self, thread: int, place: _Place) -> Iterator[_Place]:
        local, own = place[0], dict(place[1])
        touch, after = self._touch[thread], self._after[thread].setdefault(local, set())
        for numbers in self._views(thread, local, own):
            step = self._events.next(thread, numbers)
            touch[local] = touch.get(local, NOTHING) | step.touch
            for happening in step.happenings:
                (_, target), *writes = happening.sets
                after.add(target)
                self._write(thread, writes)
                yield target, tuple(sorted({**own, **dict(writes)}.items()))

    def _views(self, thread: int, local: int, own: dict[int, int]) -> Iterator[list[int]]:
        """Yield states that show the thread each combination of values that its step may read."""
        numbers = list(self._start)
        numbers[thread] = local
        for field, value in own.items():
            numbers[field] = value
        footprint: tuple[int, ...] = ()
        while footprint != self._events.footprint(thread, local) or not footprint:  # it grows while steps are asked
            footprint = self._events.footprint(thread, local)
            choices = [self._choices(thread, field, numbers[field]) for field in footprint[1:]]
            for values in product(*choices):
                self._looked += 1
                if self._looked > _STEPS:
                    raise _GivesUp
                for field, value in zip(footprint[1:], values, strict=True):
                    numbers[field] = value
                yield numbers
            for field, choice in zip(footprint[1:], choices, strict=True):
                numbers[field] = choice[0]

    def _choices(self, thread: int, field: int, own: int) -> list[int]:
        others = {
            value for other, written in enumerate(self._written) if other != thread for value in written.get(field, ())
        }
        return [own, *sorted(others - {own})]

    def _write(self, thread: int, writes: list[tuple[int, int]]) -> None:
        for field, value in writes:
            values = self._written[thread].setdefault(field, set())
            if value not in values:
                values.add(value)
                self._grown = True
                if len(values) > _VALUES:
                    raise _GivesUp

    def _close(self, thread: int) -> None:
        """Add to what the step of each local state touches what later steps touch."""
        touch, before = self._touch[thread], dict[int, set[int]]()
        for local, targets in self._after[thread].items():
            for target in targets:
                before.setdefault(target, set()).add(local)
        pending = list(touch)
        while pending:
            local = pending.pop()
            for earlier in before.get(local, ()):
                wider = touch[earlier] | touch[local]
                if wider != touch[earlier]:
                    touch[earlier] = wider
                    pending.append(earlier)
