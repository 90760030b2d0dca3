"""What threads do next, in numbers: each step asked of the relation once, and known by what it does."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple

from lab.explorer.protocol import Explorable
from lab.explorer.states.packing import Domain
from lab.explorer.traces.dependence import NOTHING, Locations, Touch
from lab.model.state import State, Step
from lab.model.values import Value, identity

__all__ = ["Events", "Happening", "Next"]

Numbers = Sequence[int]
"""A state: the number of each thread's local state, then of each component's value."""


class Happening(NamedTuple):
    """One result of a step: its event, the fields that it sets with the numbers they get, and `fields` as bits."""

    event: int
    sets: tuple[tuple[int, int], ...]
    fields: int


@dataclass(frozen=True, slots=True, eq=False)
class Next:
    """A thread's step in a state: no happening when it is not enabled, and then `awaited` says what it waits for.

    Attributes
    ----------
    happenings : tuple of Happening
        One per result, in the order of the results.
    events : tuple of int
        Their events.
    shape : int
        Equal for two steps of the same `touches` and `awaited`.
    touches : tuple of Touch
        By result.
    touch : Touch
        All of them together.
    awaited : int
        The bits of the components waited for.
    reads : int
        The fields that decided all this, as a set of bits; the thread's own is among them.
    thread, local : int
        Whose step it is, and that thread's local state.
    """

    happenings: tuple[Happening, ...]
    events: tuple[int, ...]
    shape: int
    touches: tuple[Touch, ...]
    touch: Touch
    awaited: int
    reads: int
    thread: int
    local: int


class Events:
    """The steps of all threads by local state and by what they read.

    An event is a step with its effect on the thread and on every location: as long as only independent steps come in
    between, a thread's step remains the same event. Results that do the same are one event that happens in two ways.

    Attributes
    ----------
    touch : list of Touch
        By event.
    threads : int
    asked : int
        How many steps the relation was asked for.

    Notes
    -----
    A local state's footprint is what its step has read so far, for all values. When it grows, the keys of entries
    grow, and the shorter ones found before are never looked up again.
    """

    def __init__(self, relation: Explorable) -> None:
        self._relation = relation
        initial = relation.initial()
        self.threads = len(initial.locals)
        self._domains = [Domain() for _ in range(self.threads + len(initial.shared))]
        self._locations = Locations(relation)
        self._footprints: list[dict[int, tuple[int, ...]]] = [{} for _ in range(self.threads)]
        self._keys: list[dict[int, itemgetter[Any]]] = [{} for _ in range(self.threads)]
        self._entries: list[dict[Any, Next]] = [{} for _ in range(self.threads)]
        self._numbers: dict[Hashable, int] = {}
        self._shapes: dict[Hashable, int] = {}
        self._one_access = relation.policy.switches(frozenset())
        self.touch: list[Touch] = []
        self.asked = 0

    def initial(self) -> tuple[int, ...]:
        """Return the numbers of the initial state."""
        initial = self._relation.initial()
        values = (*initial.locals, *initial.shared)
        return tuple(domain.intern(value) for domain, value in zip(self._domains, values, strict=True))

    def state(self, numbers: Numbers) -> State:
        """Return the state with those numbers."""
        values = [domain.values[number] for domain, number in zip(self._domains, numbers, strict=True)]
        return State(tuple(values[: self.threads]), tuple(values[self.threads :]))

    def ended(self, thread: int, local: int) -> bool:
        """Whether a thread in that local state has ended."""
        return bool(self._domains[thread].values[local].ended)

    def footprint(self, thread: int, local: int) -> tuple[int, ...]:
        """Return the fields that the step has read so far; the first is the thread's own."""
        return self._footprints[thread].get(local, (thread,))

    def next(self, thread: int, numbers: Numbers) -> Next:
        """Return what a thread does next in a state."""
        key = self._keys[thread].get(numbers[thread])
        if key is not None:
            found = self._entries[thread].get(key(numbers))
            if found is not None:
                return found
        return self._ask(thread, numbers)

    def _ask(self, thread: int, numbers: Numbers) -> Next:
        self.asked += 1
        local = self._domains[thread].values[numbers[thread]]
        reads: set[int] = set()

        def read(component: int) -> Value:
            reads.add(component)
            field = self.threads + component
            return self._domains[field].values[numbers[field]]

        steps = self._relation.step(thread, local, read)
        happenings = tuple(self._happening(thread, step, read, reads) for step in steps)
        known = self.footprint(thread, numbers[thread])
        fields = (thread, *sorted({*known[1:], *(self.threads + component for component in reads)}))
        awaited = self._locations.awaited(() if steps else reads)
        found = self._found(happenings, awaited, _bits(fields), thread, numbers[thread])
        self._footprints[thread][numbers[thread]] = fields
        key = self._keys[thread][numbers[thread]] = itemgetter(*fields)
        self._entries[thread][key(numbers)] = found
        return found

    def _found(self, happenings: tuple[Happening, ...], awaited: int, reads: int, thread: int, local: int) -> Next:
        events = tuple(happening.event for happening in happenings)
        touches = tuple(self.touch[event] for event in events)
        shape = self._shapes.setdefault((touches, awaited), len(self._shapes))
        touch = NOTHING
        for one in touches:
            touch |= one
        return Next(happenings, events, shape, touches, touch, awaited, reads, thread, local)

    def _happening(self, thread: int, step: Step, read: Callable[[int], Value], reads: set[int]) -> Happening:
        content = self._content(thread, step, read, reads)
        sets = self._sets(thread, step)
        return Happening(self._number(content, content[-1]), sets, _bits(field for field, _ in sets))

    def _sets(self, thread: int, step: Step) -> tuple[tuple[int, int], ...]:
        changes = ((self.threads + component, value) for component, value in step.writes)
        return tuple((field, self._domains[field].intern(value)) for field, value in ((thread, step.local), *changes))

    def _content(
        self, thread: int, step: Step, read: Callable[[int], Value], reads: set[int]
    ) -> tuple[int, Hashable, Hashable, Touch]:
        """Return what makes a step the event it is: the values of locations are part of it, not those of components."""
        written = [component for component, _ in step.writes]
        awaited = () if self._one_access or step.local.ended else self._ran_into(thread, step, read, reads)
        touch = self._locations.step(thread, step.accesses, written, awaited)
        return thread, identity(step.local), identity(step.accesses), touch

    def _ran_into(self, thread: int, step: Step, read: Callable[[int], Value], reads: set[int]) -> set[int]:
        """Return the components that the operation after a longer step waits for, if the step had to end there.

        A step that tried the operation has read them all. One that did not, because a switch is possible there, and
        has read them all the same is dependent on their changes without need only where it read an element.
        """
        written, before, asked = dict(step.writes), set(reads), set[int]()

        def after(component: int) -> Value:
            if component in written:
                return written[component]
            asked.add(component)
            return read(component)

        blocked = self._relation.waits(thread, step.local, after)
        return asked if blocked and asked <= before else set()

    def _number(self, content: Hashable, touch: Touch) -> int:
        number = self._numbers.setdefault(content, len(self.touch))
        if number == len(self.touch):
            self.touch.append(touch)
        return number


def _bits(fields: Iterable[int]) -> int:
    return sum(1 << field for field in fields)
