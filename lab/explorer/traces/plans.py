"""Plans: which steps a node's paths go on with, and what sleeps after each of them.

A plan depends on what the steps touch, not on the values they read or write. So it is made once for all states that
look alike in this.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from lab.explorer.traces.dependence import Touch, dependent
from lab.explorer.traces.events import Next
from lab.explorer.traces.futures import Futures
from lab.explorer.traces.persistent import choose

__all__ = ["Plan", "Plans", "Situation", "Taken"]


class Taken(NamedTuple):
    """A step that is taken: whose, which result, and what sleeps after it, in the bits of `Plans.slot`."""

    thread: int
    result: int
    sleep: int


Plan = tuple[Taken, ...]
"""What is taken, in thread order; empty at an end, and where every path would go on with a step that sleeps."""


class Situation:
    """What all states have in common whose steps touch the same and whose threads may still touch the same.

    Attributes
    ----------
    ended : bool
        Whether no thread can move.
    plans : dict of int to Plan
        Those made so far, by the set of sleeping steps.
    """

    __slots__ = ("ended", "may", "plans", "steps")

    def __init__(self, steps: Sequence[Next], may: Sequence[Touch]) -> None:
        self.steps, self.may = steps, may
        self.ended = not any(step.happenings for step in steps)
        self.plans: dict[int, Plan] = {}


class Plans:
    """The situations met so far, and their plans.

    Parameters
    ----------
    futures : Futures or None
        What threads may still touch; None to take all threads everywhere.
    """

    def __init__(self, futures: Futures | None) -> None:
        self._futures = futures
        self._situations: dict[Hashable, Situation] = {}
        self._stances: dict[Hashable, int] = {}
        self._slots: dict[tuple[int, int], int] = {}
        self._stance_of: dict[Next, int] = {}

    def situation(self, steps: Sequence[Next]) -> Situation:
        """Return the situation of a state, given each thread's step there."""
        known = self._stance_of
        try:
            stances = tuple([known[step] for step in steps])
        except KeyError:
            stances = tuple(map(self._stance, steps))
        situation = self._situations.get(stances)
        if situation is None:
            may = tuple(map(self._may, steps))
            situation = self._situations[stances] = Situation(steps, may)
        return situation

    def slot(self, thread: int, result: int) -> int:
        """Return the bit that stands for a result of the thread's step at hand in a set of sleeping steps."""
        return self._slots.setdefault((thread, result), 1 << len(self._slots))

    def plan(self, situation: Situation, sleep: int) -> Plan:
        """Return what is taken in a situation when those steps sleep."""
        plan = situation.plans.get(sleep)
        if plan is None:
            plan = situation.plans[sleep] = self._made(situation, sleep)
        return plan

    def moved(self, sleep: int, before: Sequence[Next], after: Sequence[Next]) -> int:
        """Return what sleeps in the state that an independent step leads to, where results may be numbered anew."""
        kept = sleep
        for thread, (old, new) in enumerate(zip(before, after, strict=True)):
            if old is not new and old.events != new.events:
                asleep = [event for place, event in enumerate(old.events) if sleep & self.slot(thread, place)]
                if not set(asleep) <= set(new.events):
                    raise AssertionError("a step that slept has changed, although only independent ones came between")
                for place in range(len(old.events)):
                    kept &= ~self.slot(thread, place)
                for place, event in enumerate(new.events):
                    kept |= self.slot(thread, place) if event in asleep else 0
        return kept

    def _stance(self, step: Next) -> int:
        key = step.thread, step.shape, self._may(step)
        return self._stance_of.setdefault(step, self._stances.setdefault(key, len(self._stances)))

    def _may(self, step: Next) -> Touch:
        return step.touch if self._futures is None else self._futures.of(step.thread, step.local)

    def _made(self, situation: Situation, sleep: int) -> Plan:
        """Return a new plan: what was taken before sleeps until something dependent on it happens."""
        steps = situation.steps
        slots = [[self.slot(thread, place) for place in range(len(step.events))] for thread, step in enumerate(steps)]
        threads: Sequence[int] = range(len(steps))
        if self._futures is not None:
            awake = [sum(not sleep & slot for slot in own) for own in slots]
            threads = choose(steps, situation.may, awake)
        touch_of = {
            slot: touch
            for step, own in zip(steps, slots, strict=True)
            for slot, touch in zip(own, step.touches, strict=True)
        }
        asleep, plan = [slot for slot in touch_of if slot & sleep], list[Taken]()
        for thread in threads:
            for place, slot in enumerate(slots[thread]):
                if not slot & sleep:
                    after = sum(other for other in asleep if not dependent(touch_of[other], touch_of[slot]))
                    plan.append(Taken(thread, place, after))
                    asleep.append(slot)
        return tuple(plan)
