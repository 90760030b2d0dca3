"""A relation that is asked for no step twice."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from lab.explorer.protocol import Explorable, Observed, Telling
from lab.model.program import Property
from lab.model.state import Local, State, Step, Waiting
from lab.model.symmetry import Family
from lab.model.values import Value, identity

__all__ = ["Remembered"]

_MOST = 1 << 16
"""Answers that are kept: about a kilobyte each."""


class _Question(NamedTuple):
    """What a step looks at next, and what follows by the identity of what it sees.

    `about` is a component, or ~k for the k-th value of the local state.
    """

    about: int
    answers: dict[Hashable, _Question | _Answer]


class _Answer(NamedTuple):
    """The results of a step that looks at nothing more."""

    steps: tuple[Step, ...]


class Remembered:
    """A relation that remembers its steps.

    Notes
    -----
    What a step looks at next, in its thread's local state and in what is shared, depends on where the thread stands and
    on what the step has seen, so what it does is a tree of questions. Values that it takes over without looking are no
    part of that: a loop's counter is asked about once a round, not at every access in between. Threads of the same code
    share a tree as far as their steps do not ask who takes them: up to where a step would ask, it reads the same
    whoever takes it, so a path of the shared tree never reads more than the step itself.
    """

    def __init__(self, relation: Telling) -> None:
        self._relation = relation
        self.program, self.policy = relation.program, relation.policy
        self._first = _first_alike(relation)
        self._trees: dict[tuple[int, Hashable], _Question | _Answer] = {}
        self._kept = 0

    def step(self, thread: int, local: Local, read: Callable[[int], Value]) -> tuple[Step, ...]:
        """Return the results of the thread's next step."""
        plain = not (local.objects or local.published)
        place: Hashable = local.position if plain else identity(local)
        for owner in (self._first[thread], ~thread):  # what every such thread does, and what only this one does
            node = self._trees.get((owner, place))
            while isinstance(node, _Question):
                about = node.about
                node = node.answers.get(identity(read(about) if about >= 0 else local.values[~about]))
            if node is not None:
                return tuple(step.taken_from(local) for step in node.steps)
        return self._asked(thread, local, read, place)

    def _asked(self, thread: int, local: Local, read: Callable[[int], Value], place: Hashable) -> tuple[Step, ...]:
        """Ask the relation, and keep what it says."""
        seen: dict[int, Value] = {}
        looked: list[int] = []

        def noted(component: int) -> Value:
            if component not in seen:
                seen[component] = read(component)
                looked.append(component)
            return seen[component]

        steps = self._relation.step(thread, local, noted, looked)
        if self._kept < _MOST:
            self._kept += 1
            anybody = steps and not any(step.personal for step in steps)  # who asked is not known of a step that waits
            path = [
                (about, identity(seen[about] if about >= 0 else local.values[~about]))
                for about in dict.fromkeys(looked)
            ]
            self._keep((self._first[thread] if anybody else ~thread, place), path, _Answer(steps))
        return steps

    def _keep(self, place: tuple[int, Hashable], path: list[tuple[int, Hashable]], answer: _Answer) -> None:
        """Add an answer to a tree, given what was looked at, in this order, and what was seen."""
        if not path:
            self._trees[place] = answer
            return
        node = self._trees.setdefault(place, _Question(path[0][0], {}))
        for (about, value), (following, _) in pairwise(path):
            assert isinstance(node, _Question)
            assert node.about == about
            node = node.answers.setdefault(value, _Question(following, {}))
        assert isinstance(node, _Question)
        node.answers[path[-1][1]] = answer

    def finest(self) -> Explorable:
        """Return the same program under policy `access`."""
        finest = self._relation.finest()
        return self if finest is self._relation else Remembered(finest)

    def families(self) -> tuple[Family, ...]:
        """Return the relation's own."""
        return self._relation.families()

    def initial(self) -> State:
        """Return the initial state."""
        return self._relation.initial()

    def waiting(self, state: State, thread: int) -> Waiting | None:
        """Return why the thread cannot move."""
        return self._relation.waiting(state, thread)

    def waits(self, thread: int, local: Local, read: Callable[[int], Value]) -> bool:
        """Whether what the thread does next would have to wait."""
        return self._relation.waits(thread, local, read)

    def going(self, thread: int, local: Local, read: Callable[[int], Value]) -> bool:
        """Return whether the thread was started and has not ended."""
        return self._relation.going(thread, local, read)

    def finished(self, state: State) -> bool:
        """Return whether the program has ended."""
        return self._relation.finished(state)

    def is_daemon(self, thread: int, read: Callable[[int], Value]) -> bool:
        """Return whether the program may end without the thread."""
        return self._relation.is_daemon(thread, read)

    def regions(self, thread: int, local: Local) -> frozenset[str]:
        """Return the regions that the thread is inside of."""
        return self._relation.regions(thread, local)

    def text_regions(self, thread: int) -> frozenset[str]:
        """Return the regions that the thread's text contains."""
        return self._relation.text_regions(thread)

    def can_end(self, thread: int, local: Local) -> bool:
        """Return whether the thread's control flow has a path from there to its end."""
        return self._relation.can_end(thread, local)

    def judge(self, prop: Property, read: Callable[[int], Value], inside: Callable[[str], tuple[str, ...]]) -> Value:
        """Return the property's value."""
        return self._relation.judge(prop, read, inside)

    def observe(self, state: State) -> Observed:
        """Return what an outcome shows of the state."""
        return self._relation.observe(state)


def _first_alike(relation: Explorable) -> list[int]:
    """Return for each thread the first one that differs from it in its name and arguments at most."""
    threads = [replace(thread, name="", arguments=()) for thread in relation.program.threads]
    return [
        next(number for number, other in enumerate(threads) if other.code is thread.code and other == thread)
        for thread in threads
    ]
