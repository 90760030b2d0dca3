"""Which threads and tasks a program makes: each gets a place in the program before anything is explored.

A state has one local state per thread, so the threads have to be known. They are learned from runs of the program
itself: whenever a run makes a thread that has no place yet, one is added and the run begins again. What the text makes
outside of loops gets its places, whether a run came by or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lab.errors import ScenarioError
from lab.language.context import Target
from lab.language.layout import Layout
from lab.language.sharing import following, repeats
from lab.model.heap import Refused
from lab.model.instructions import Code, Operate
from lab.model.objects.tasks import Task
from lab.model.objects.threads import Thread as Made
from lab.model.objects.workers import Worker
from lab.model.policies import POLICIES
from lab.model.program import Program, Thread
from lab.model.relation import Relation
from lab.model.starting import MakeTask, MakeThread, ToThread, Unplanned
from lab.model.state import State
from lab.model.values import Ref

__all__ = ["MOST_THREADS", "Planner"]

MOST_THREADS = 64

_STEPS = 2_000
"""How many steps of each run are looked at."""


class Planner:
    """Finds the threads of a program.

    Parameters
    ----------
    layout : Layout
        Where the places of threads are set aside.
    roots : sequence of Thread
        The threads that start with the program, each with places of its own.
    targets : Mapping of str to Target
        What threads may run, by key.
    lower : callable
        Gives a target's code.
    loop : Ref or None
        The event loop.
    """

    def __init__(
        self,
        layout: Layout,
        roots: Sequence[Thread],
        targets: Mapping[str, Target],
        lower: Callable[[Target], Code],
        loop: Ref | None,
    ) -> None:
        self._layout = layout
        self._targets = targets
        self._lower = lower
        self._codes: dict[str, Code] = {}
        self._loop = loop
        self._names = {thread.name for thread in roots}
        self._bases = Counter(self._names)
        self.threads = list(roots)

    def plan(self, program: Callable[[tuple[Thread, ...]], Program]) -> None:
        """Add every thread that the program, made of the threads found so far, makes."""
        for run in (_in_turn, _first, _last):
            while (missing := self._missing(program, run)) is not None:
                self._add(missing.thread, missing.key, missing.name)
        for number, thread in enumerate(self.threads):  # grows while it is read
            for key, count in made_once(thread.code).items():
                for _ in range(count - len(thread.places.get(key, ()))):
                    self._add(number, key, None)

    def _missing(self, program: Callable[[tuple[Thread, ...]], Program], run: Callable[..., Any]) -> Unplanned | None:
        """Return the first thread that a run makes and that has no place."""
        try:
            _follow(Relation(program(tuple(self.threads)), POLICIES["access"]), run)
        except ScenarioError as error:
            return error.__context__ if isinstance(error.__context__, Unplanned) else None
        return None

    def _add(self, maker: int, key: str, given: str | None) -> None:
        """Set a place aside for a thread that another one makes."""
        if len(self.threads) >= MOST_THREADS:
            raise Refused(f"the program makes more than {MOST_THREADS} threads", "bound the loop that makes them")
        target = self._targets[key]
        if key not in self._codes:
            self._codes[key] = self._lower(target)
        name, code = self._name(given or target.label), self._codes[key]
        places = self.threads[maker].places
        assert isinstance(places, dict)
        before = places.get(key, ())
        kind = Task if target.task else Worker if target.worker else Made
        ref, component = self._layout.gate(kind, name, len(self.threads), given, key, len(before), self._loop)
        places[key] = (*before, (ref, component))
        places_of_its_own = dict(self._layout.places(name, code))
        self.threads.append(Thread(name, code, (ref,), places_of_its_own, target.task, component, target.worker))

    def _name(self, base: str) -> str:
        """Return a thread's name: with its number in brackets, from the second of that name on."""
        while True:
            self._bases[base] += 1
            name = base if self._bases[base] == 1 else f"{base}[{self._bases[base]}]"
            if name not in self._names:
                self._names.add(name)
                return name


def made_once(code: Code) -> dict[str, int]:
    """Return how many threads, by key, some path through the code makes outside of loops at most."""
    instructions = code.instructions
    sites = {
        position: instruction.operation.key
        for position, instruction in enumerate(instructions)
        if isinstance(instruction, Operate)
        and isinstance(instruction.operation, MakeThread | MakeTask | ToThread)
        and not repeats(instructions, position)
    }
    return {
        key: _most(code, {place for place, one in sites.items() if one == key}) for key in sorted({*sites.values()})
    }


def _most(code: Code, sites: set[int]) -> int:
    """Return the largest number of these positions, which no loop contains, on one path from the beginning."""
    most: dict[int, int] = {0: 0}
    pending = [0]
    while pending:
        position = pending.pop()
        if position < 0 or position >= len(code.instructions):
            continue
        count = most[position] + (position in sites)
        for after in following(code.instructions[position], position):
            if most.get(after, -1) < count:
                most[after] = count
                pending.append(after)
    return max(most[position] + 1 for position in sites if position in most) if sites & most.keys() else 0


def _follow(relation: Relation, choose: Callable[[int, int, int], int]) -> None:
    """Run the program once, for a number of steps; a state that comes again is left by another thread."""
    state, seen, last = relation.initial(), dict[State, int](), 0
    threads = len(state.locals)
    for _ in range(_STEPS):
        turn = seen[state] = seen.get(state, -1) + 1
        order = sorted(range(threads), key=lambda thread: choose(thread, last, threads))
        moves = [(thread, moved) for thread in order if (moved := relation.steps(state, thread))]
        if not moves:
            return
        last, results = moves[turn % len(moves)]
        state = results[turn // len(moves) % len(results)][1]


def _in_turn(thread: int, last: int, threads: int) -> int:
    return (thread - last - 1) % threads


def _first(thread: int, _last_one: int, _threads: int) -> int:
    return thread


def _last(thread: int, _last_one: int, _threads: int) -> int:
    return -thread
