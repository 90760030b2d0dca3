"""A slow and obvious explorer over the same protocol, to compare with: a dict of states and Python's own numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from lab.model.state import State
from lab.model.values import identity


@dataclass
class Naive:
    """Every state in breadth-first order, every transition, and exact sums over paths."""

    relation: Any
    states: list[State] = field(default_factory=list)
    edges: list[list[tuple[int, int, int, Fraction]]] = field(default_factory=list)
    schedule: list[tuple[tuple[int, int], ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        start = self.relation.initial()
        numbers = {identity(start): 0}
        self.states, self.schedule = [start], [()]
        for number, state in enumerate(self.states):
            steps = [self.relation.step(t, local, state.shared.__getitem__) for t, local in enumerate(state.locals)]
            enabled = sum(map(bool, steps))
            leaving = []
            for thread, results in enumerate(steps):
                for result, step in enumerate(results):
                    after = self._after(state, thread, step)
                    target = numbers.setdefault(identity(after), len(self.states))
                    if target == len(self.states):
                        self.states.append(after)
                        self.schedule.append((*self.schedule[number], (thread, result)))
                    leaving.append((target, thread, result, Fraction(1, enabled * len(results))))
            self.edges.append(leaving)
        self.after = [self._reach([edge[0] for edge in leaving]) for leaving in self.edges]
        looping = [number for number, after in enumerate(self.after) if number in after]
        self.infinite = self._reach(looping)
        self.ends = [number for number, leaving in enumerate(self.edges) if not leaving]

    def _after(self, state: State, thread: int, step: Any) -> State:
        shared = list(state.shared)
        for place, value in step.writes:
            shared[place] = value
        return State((*state.locals[:thread], step.local, *state.locals[thread + 1 :]), tuple(shared))

    def _reach(self, start: list[int]) -> set[int]:
        seen, queue = set(start), deque(start)
        while queue:
            for target, *_ in self.edges[queue.popleft()] if len(self.edges) else ():
                if target not in seen:
                    seen.add(target)
                    queue.append(target)
        return seen

    def witness(self, targets: Iterable[int], most: int | None = None) -> tuple[tuple[int, int], ...] | None:
        """Return the shortest schedule to one of the states, the one with fewest preemptions, the first of those.

        Only schedules with at most `most` preemptions count; None when none of them gets there. Schedules that agree
        in where they are, who moved last and how often they preempted are continued alike: the first stands for all.
        """
        wanted = frozenset(targets)
        level: dict[tuple[int, int | None, int], tuple[tuple[int, int], ...]] = {(0, None, 0): ()}
        met: set[tuple[int, int | None, int]] = set()
        while level:
            ways = [(used, moves) for (state, _, used), moves in level.items() if state in wanted]
            if ways:
                return min(ways)[1]
            met |= level.keys()
            following: dict[tuple[int, int | None, int], tuple[tuple[int, int], ...]] = {}
            for (state, last, used), moves in level.items():
                enabled = {thread for _, thread, _, _ in self.edges[state]}
                for target, thread, result, _ in self.edges[state]:
                    after = used + (last in enabled and thread != last)
                    if most is None or after <= most:
                        way = (*moves, (thread, result))
                        place = (target, thread, after)
                        following[place] = min(following.get(place, way), way)
            level = {place: moves for place, moves in following.items() if place not in met}
        return None

    def preemptions(self, moves: Sequence[tuple[int, int]]) -> int:
        """Return how often a schedule switches away from a thread that could go on."""
        state, last, found = 0, None, 0
        for move in moves:
            found += last in {thread for _, thread, _, _ in self.edges[state]} and move[0] != last
            state = next(target for target, *taken, _ in self.edges[state] if tuple(taken) == move)
            last = move[0]
        return found

    def runs(self, most: int) -> Iterator[tuple[int, tuple[tuple[int, int], ...]]]:
        """Yield every maximal run with at most `most` preemptions: where it ends and its moves. Acyclic graphs only."""
        stack: list[tuple[int, int, tuple[tuple[int, int], ...]]] = [(0, 0, ())]
        while stack:
            state, used, moves = stack.pop()
            if not self.edges[state]:
                yield state, moves
            could_go_on = bool(moves) and any(moves[-1][0] == thread for _, thread, _, _ in self.edges[state])
            for target, thread, result, _ in self.edges[state]:
                after = used + (could_go_on and moves[-1][0] != thread)
                if after <= most:
                    stack.append((target, after, (*moves, (thread, result))))

    @property
    def transitions(self) -> int:
        return sum(map(len, self.edges))

    def traps(self) -> list[int]:
        """Return the first state of every set that no run leaves, ends excluded."""
        found: list[int] = []
        for number, after in enumerate(self.after):
            if after and all(number in self.after[other] for other in after) and not any(f in after for f in found):
                found.append(number)
        return found

    def arrivals(self, bad: frozenset[int] = frozenset()) -> list[tuple[int, int, Fraction, Fraction]]:
        """Return for each state, acyclic graphs only: schedules clean and dirty of `bad` states, and probabilities."""
        found = [[0, 0, Fraction(0), Fraction(0)] for _ in self.states]
        found[0] = [1, 0, Fraction(1), Fraction(0)]
        waiting = [0] * len(self.states)
        for leaving in self.edges:
            for target, *_ in leaving:
                waiting[target] += 1
        queue = deque([0])
        while queue:
            number = queue.popleft()
            if number in bad:
                clean, dirty, p, q = found[number]
                found[number] = [0, clean + dirty, Fraction(0), p + q]
            clean, dirty, p, q = found[number]
            for target, _, _, chance in self.edges[number]:
                sums = found[target]
                for place, amount in enumerate((clean, dirty, p * chance, q * chance)):
                    sums[place] += amount
                waiting[target] -= 1
                if not waiting[target]:
                    queue.append(target)
        return [tuple(sums) for sums in found]  # type: ignore[misc]

    def together(self, number: int) -> set[int]:
        """Return the states that lie on a cycle with this one, and itself."""
        return {number} | {other for other in self.after[number] if number in self.after[other]}

    def hit(self, goals: set[int]) -> Fraction:
        """Return the probability of ever being in one of the states, by Gaussian elimination with fractions."""
        chance = {number: Fraction(1) for number in goals}
        unknown = [n for n in range(len(self.states)) if n not in goals and self.after[n] & goals]
        if 0 not in {*unknown, *goals}:
            return Fraction(0)
        rows = []
        for number in unknown:  # h(number) - sum of chance * h(target) = chances of goals
            row = {number: Fraction(1)}
            right = Fraction(0)
            for target, _, _, part in self.edges[number]:
                if target in goals:
                    right += part
                elif self.after[target] & goals:
                    row[target] = row.get(target, Fraction(0)) - part
            rows.append((number, row, right))
        solved: list[tuple[int, dict[int, Fraction], Fraction]] = []
        for place, (number, row, right) in enumerate(rows):
            pivot = row.pop(number)
            row = {column: value / pivot for column, value in row.items()}
            right /= pivot
            for later, (other, below, more) in enumerate(rows[place + 1 :], place + 1):
                factor = below.pop(number, Fraction(0))
                for column, value in row.items():
                    below[column] = below.get(column, Fraction(0)) - factor * value
                rows[later] = (other, below, more - factor * right)
            solved.append((number, row, right))
        for number, row, right in reversed(solved):
            chance[number] = right - sum(value * chance[column] for column, value in row.items())
        return chance[0]

    def walkers(self, bad: frozenset[int], steps: int) -> tuple[list[int], list[int], int, int]:
        """Walk all schedules at once; returns how many are under way after each step, and how many have ended.

        The first number of each pair is of those that avoid the `bad` states, the second of those that met one.
        """
        clean, dirty = ([0] * len(self.states) for _ in range(2))
        clean[0] = 1
        alive: tuple[list[int], list[int]] = ([], [])
        ended = [0, 0]
        for _ in range(steps):
            for number in bad:
                clean[number], dirty[number] = 0, dirty[number] + clean[number]
            following = ([0] * len(self.states), [0] * len(self.states))
            for number, leaving in enumerate(self.edges):
                for kind, walkers in enumerate((clean[number], dirty[number])):
                    ended[kind] += 0 if leaving else walkers
                    for target, *_ in leaving:
                        following[kind][target] += walkers
            clean, dirty = following
            alive[0].append(sum(clean))
            alive[1].append(sum(dirty))
        return *alive, *ended
