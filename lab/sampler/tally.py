"""Counting runs: how many ended how, and the first run of each kind."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from typing import Any

from lab.explorer.protocol import Explorable
from lab.explorer.result import Status
from lab.explorer.states.witness import entries
from lab.model.program import Property
from lab.model.state import State
from lab.model.values import Thrown
from lab.sampler.result import SampledOutcome, SampledProperty, Seen, Spread, wilson
from lab.sampler.run import Ending, Run

__all__ = ["Tally"]

Moves = list[tuple[int, int]]


@dataclass
class _Kind:
    """Runs that end alike and note the same: their number, and the number and the moves of the first."""

    runs: int
    first: int
    moves: Moves


@dataclass
class Tally:
    """The runs drawn so far."""

    runs: int = 0
    lengths: Counter[int] = field(default_factory=Counter)
    preemptions: Counter[int] = field(default_factory=Counter)
    kinds: dict[tuple[Ending | None, int], _Kind] = field(default_factory=dict)

    def add(self, run: Run) -> None:
        """Count a run."""
        self.runs += 1
        if run.ending is not None:
            self.lengths[run.length] += 1
            self.preemptions[run.preemptions] += 1
        kind = self.kinds.get((run.ending, run.noted))
        if kind is None:
            self.kinds[run.ending, run.noted] = _Kind(1, self.runs, run.moves())
        else:
            kind.runs += 1

    def summary(self, relation: Explorable) -> dict[str, Any]:
        """Return the fields of a `Sample` that the runs decide."""
        properties = relation.program.properties

        def seen(wanted: Callable[[Ending | None, int], bool]) -> Seen:
            return self._seen(relation, wanted)

        return {
            "runs": self.runs,
            "cut": seen(lambda ending, _: ending is None).runs,
            "outcomes": self._outcomes(relation),
            "properties": tuple(self._property(relation, prop, 1 << place) for place, prop in enumerate(properties)),
            "deadlock": seen(lambda ending, _: ending is not None and ending.status == "deadlock"),
            "exceptions": seen(lambda _, noted: bool(noted >> len(properties))),
            "lengths": _spread(self.lengths),
            "preemptions": _spread(self.preemptions),
        }

    def _first(self, wanted: Callable[[Ending | None, int], bool]) -> _Kind | None:
        """Return the kinds that satisfy a condition as one kind."""
        found = [kind for key, kind in self.kinds.items() if wanted(*key)]
        if not found:
            return None
        first = min(found, key=lambda kind: kind.first)
        return _Kind(sum(kind.runs for kind in found), first.first, first.moves)

    def _seen(self, relation: Explorable, wanted: Callable[[Ending | None, int], bool]) -> Seen:
        kind, total = self._first(wanted), max(self.runs, 1)
        if kind is None:
            return Seen(0, Fraction(0), wilson(0, total) if self.runs else (0.0, 1.0), None, None)
        schedule = entries(relation, kind.moves)
        return Seen(kind.runs, Fraction(kind.runs, total), wilson(kind.runs, total), kind.first, schedule)

    def _outcomes(self, relation: Explorable) -> tuple[SampledOutcome, ...]:
        endings = dict.fromkeys(ending for ending, _ in self.kinds if ending is not None)
        found = [self._outcome(relation, ending) for ending in endings]
        order: tuple[Status, ...] = ("finished", "deadlock")
        found.sort(key=lambda one: (order.index(one.status), -one.seen.runs, one.seen.first))
        return tuple(found)

    def _outcome(self, relation: Explorable, ending: Ending) -> SampledOutcome:
        observed = ending.observed
        return SampledOutcome(
            status=ending.status,
            shared=dict(observed.shared),
            returned=dict(observed.returned),
            errors=dict(observed.errors),
            waiting=ending.waiting,
            output=None if observed.output is None else tuple(observed.output),
            faulty=ending.faulty,
            seen=self._seen(relation, lambda other, _: other is ending),
        )

    def _property(self, relation: Explorable, prop: Property, bit: int) -> SampledProperty:
        def noted(_: Ending | None, bits: int) -> bool:
            return bool(bits & bit)

        kind = self._first(noted)
        reason = _reason(relation, prop, kind.moves) if kind is not None and prop.kind in ("always", "final") else ""
        return SampledProperty(prop.name, prop.kind, self._seen(relation, noted), reason)


def _spread(counts: Counter[int]) -> Spread | None:
    """Return the smallest, the lower middle and the largest of numbers, given how often each occurs."""
    if not counts:
        return None
    numbers = sorted(counts)
    passed = list(accumulate(counts[number] for number in numbers))
    return Spread(numbers[0], numbers[bisect_left(passed, (passed[-1] + 1) // 2)], numbers[-1])


def _reason(relation: Explorable, prop: Property, moves: Moves) -> str:
    """Return what a property raised where the run violated it first; empty when it did not raise there."""
    state = relation.initial()
    states = [state]
    for thread, result in moves:
        step = relation.step(thread, state.locals[thread], state.shared.__getitem__)[result]
        shared = list(state.shared)
        for component, value in step.writes:
            shared[component] = value
        state = State((*state.locals[:thread], step.local, *state.locals[thread + 1 :]), tuple(shared))
        states.append(state)
    for state in states[-1:] if prop.kind == "final" else states:
        value = relation.judge(prop, state.shared.__getitem__, _inside(relation, state))
        if isinstance(value, Thrown):
            return str(value)
        if not value:
            break
    return ""


def _inside(relation: Explorable, state: State) -> Callable[[str], tuple[str, ...]]:
    def inside(name: str) -> tuple[str, ...]:
        return tuple(
            thread.name
            for number, thread in enumerate(relation.program.threads)
            if name in relation.regions(number, state.locals[number])
        )

    return inside
