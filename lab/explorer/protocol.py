"""What the explorer asks of a program: the transition relation as a small protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol

from lab.model.program import Program, Property
from lab.model.state import Local, State, Step, Waiting
from lab.model.symmetry import Family
from lab.model.values import Value

__all__ = ["Explorable", "Named", "Observed", "Telling"]


class Named(Protocol):
    """A policy, as far as the explorer looks at it."""

    @property
    def name(self) -> str:
        """The policy's name, as in results."""

    @property
    def switches(self) -> Callable[[AbstractSet[str]], bool]:
        """Whether another thread may run, given the marks passed since a thread's last access."""


class Observed(Protocol):
    """What an outcome shows of an end state, as plain data."""

    @property
    def shared(self) -> Mapping[str, Any]:
        """The shared variables."""

    @property
    def returned(self) -> Mapping[str, Any]:
        """Each thread's value."""

    @property
    def errors(self) -> Mapping[str, str]:
        """The exceptions that ended threads."""

    @property
    def output(self) -> Sequence[str] | None:
        """The printed lines; None when the file never prints."""


class Explorable(Protocol):
    """A program under a policy; `lab.model.relation.Relation` is the one that scenarios use.

    `step` depends on the thread, the local state and what it reads through `read`, on nothing else: the explorer calls
    it once for each combination of those and remembers the answer. Where no result is `personal`, it does not depend on
    which of the threads with the same code it is.
    """

    @property
    def program(self) -> Program:
        """The program, for its threads' names, its components, properties and expectations."""

    @property
    def policy(self) -> Named:
        """The policy that decides what one step is."""

    def finest(self) -> Explorable:
        """Return the same program under policy `access`."""

    def families(self) -> tuple[Family, ...]:
        """Return groups of threads of which every permutation provably maps the relation to itself."""

    def initial(self) -> State:
        """Return the state in which every thread stands in front of its first step."""

    def step(self, thread: int, local: Local, read: Callable[[int], Value]) -> tuple[Step, ...]:
        """Return the results of the thread's next step; none when it has ended or is not enabled."""

    def waiting(self, state: State, thread: int) -> Waiting | None:
        """Return why the thread cannot move; None when it has ended or is enabled."""

    def waits(self, thread: int, local: Local, read: Callable[[int], Value]) -> bool:
        """Whether what the thread does next would have to wait, be it until a time-out."""

    def going(self, thread: int, local: Local, read: Callable[[int], Value]) -> bool:
        """Return whether the thread was started and has not ended."""

    def finished(self, state: State) -> bool:
        """Return whether every thread has ended that was started and need not be left behind."""

    def is_daemon(self, thread: int, read: Callable[[int], Value]) -> bool:
        """Return whether the program may end without the thread."""

    def regions(self, thread: int, local: Local) -> frozenset[str]:
        """Return the regions the thread is inside of."""

    def text_regions(self, thread: int) -> frozenset[str]:
        """Return the regions that the thread's text contains."""

    def can_end(self, thread: int, local: Local) -> bool:
        """Return whether the thread's control flow has a path from there to its end."""

    def judge(self, prop: Property, read: Callable[[int], Value], inside: Callable[[str], tuple[str, ...]]) -> Value:
        """Return the property's value, a `Thrown` when it raised."""

    def observe(self, state: State) -> Observed:
        """Return what an outcome shows of the state."""


class Telling(Explorable, Protocol):
    """A relation that says what it looked at."""

    def finest(self) -> Telling:
        """Return the same program under policy `access`."""

    def step(
        self, thread: int, local: Local, read: Callable[[int], Value], looked: list[int] | None = None
    ) -> tuple[Step, ...]:
        """Return the results of the thread's next step; `looked` gets ~k where it looks at the k-th local value."""
