"""The graph whose paths are the truly different runs: pairs of a state and a set of sleeping steps."""

from __future__ import annotations

from itertools import count

from lab.explorer.bounds import Bounds, Stopped
from lab.explorer.result import INFINITE, Count
from lab.explorer.traces.events import Events, Next
from lab.explorer.traces.futures import Futures
from lab.explorer.traces.plans import Plan, Plans, Situation

__all__ = ["TraceGraph"]

_BATCH = 1024
"""Nodes between two looks at the clock."""

_SHIFT = 48
"""Bits of a node's key that hold the state's number; those above hold the sleep set."""


class TraceGraph:
    """All nodes that can be reached, but for those where everything that would be taken sleeps.

    Attributes
    ----------
    states : list of int
        By node, the number of its state.
    plans : list of Plan
        By node, the steps that its paths go on with.
    targets : list of list of int
        By node, where each step of the plan leads.
    ends : list of int
        The nodes at which no thread can move.
    """

    def __init__(self, events: Events, futures: Futures | None) -> None:
        self.events = events
        self.states: list[int] = []
        self.plans: list[Plan] = []
        self.targets: list[list[int]] = []
        self.ends: list[int] = []
        self._plans = Plans(futures)
        self._numbers: list[tuple[int, ...]] = []
        self._steps: list[tuple[Next, ...]] = []
        self._situations: list[Situation] = []
        self._states: dict[tuple[int, ...], int] = {}
        self._nodes: dict[int, int] = {}
        initial = events.initial()
        self._node(self._state(initial, tuple(events.next(thread, initial) for thread in range(events.threads))), 0)

    def grow(self, bounds: Bounds) -> None:
        """Find all nodes; raises `Stopped` at a bound."""
        most = bounds.max_states
        for number in count():  # nodes are added meanwhile
            if number == len(self.states):
                return
            if number % _BATCH == 0:
                bounds.check(len(self.states), 0, 0)
            self._expand(number)
            if most is not None and len(self.states) > most:
                raise Stopped("states")

    def numbers(self, node: int) -> tuple[int, ...]:
        """Return the numbers of a node's state."""
        return self._numbers[self.states[node]]

    def _expand(self, number: int) -> None:
        """Find where the steps of a node's plan lead, and drop those that lead nowhere."""
        plan, state = self.plans[number], self.states[number]
        numbers, steps = self._numbers[state], self._steps[state]
        targets = [self._follow(numbers, steps, *taken) for taken in plan]
        if -1 in targets:
            self.plans[number] = tuple([taken for taken, target in zip(plan, targets, strict=True) if target >= 0])
            targets = [target for target in targets if target >= 0]
        self.targets.append(targets)

    def _follow(self, before: tuple[int, ...], steps: tuple[Next, ...], thread: int, result: int, sleep: int) -> int:
        """Return the node that a step leads to; -1 where everything that would be taken sleeps."""
        _, sets, fields = steps[thread].happenings[result]
        after = list(before)
        for place, value in sets:
            after[place] = value
        numbers = tuple(after)
        state = self._states.get(numbers)
        if state is None:
            following = self.events.next
            state = self._state(
                numbers,
                tuple([following(step.thread, numbers) if step.reads & fields else step for step in steps]),
            )
        if sleep and len(sets) > 1:
            sleep = self._plans.moved(sleep, steps, self._steps[state])
        node = self._nodes.get(sleep << _SHIFT | state)
        return self._node(state, sleep) if node is None else node

    def _state(self, numbers: tuple[int, ...], steps: tuple[Next, ...]) -> int:
        state = self._states[numbers] = len(self._steps)
        self._numbers.append(numbers)
        self._steps.append(steps)
        self._situations.append(self._plans.situation(steps))
        return state

    def _node(self, state: int, sleep: int) -> int:
        situation = self._situations[state]
        plan = situation.plans.get(sleep)
        if plan is None:
            plan = self._plans.plan(situation, sleep)
        node = len(self.states)
        if not plan:
            if not situation.ended:
                node = -1
            else:
                self.ends.append(node)
        self._nodes[sleep << _SHIFT | state] = node
        if node >= 0:
            self.states.append(state)
            self.plans.append(plan)
        return node

    def paths(self) -> list[Count]:
        """Return for each node the number of paths from the start; INFINITE behind a cycle."""
        paths, waiting = [0] * len(self.states), [0] * len(self.states)
        for targets in self.targets:
            for target in targets:
                waiting[target] += 1
        paths[0] = 1
        released = [] if waiting[0] else [0]
        for number in released:
            for target in self.targets[number]:
                paths[target] += paths[number]
                waiting[target] -= 1
                if not waiting[target]:
                    released.append(target)
        return [INFINITE if left else number for number, left in zip(paths, waiting, strict=True)]
