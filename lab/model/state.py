"""States and steps: the data that the transition relation maps to each other."""

from __future__ import annotations

from typing import NamedTuple

from lab.model.values import Value

__all__ = ["FAILED", "FINISHED", "Access", "Local", "State", "Step", "Waiting"]

FINISHED = -1
FAILED = -2


class Local(NamedTuple):
    """Where a thread stands, and its live local values.

    `position` is an index into the thread's code, always of an instruction that needs a step; or FINISHED (then
    `values` is the value returned) or FAILED (then `values` is the exception, a `Thrown`). `objects` holds the contents
    of the private objects that the values reach: a reference with the number -1 - k means object k. `published` says
    how many objects of each class the thread has shared, as long as it may share more.
    """

    position: int
    values: tuple[Value, ...]
    objects: tuple[Value, ...] = ()
    published: tuple[tuple[str, int], ...] = ()

    @property
    def ended(self) -> bool:
        """Whether the thread has ended, by exception or not."""
        return self.position < 0


class State(NamedTuple):
    """One local state per thread, and one value per shared component."""

    locals: tuple[Local, ...]
    shared: tuple[Value, ...]

    def after(self, thread: int, step: Step) -> State:
        """Return the state that a step of that thread leads to."""
        shared = list(self.shared)
        for component, value in step.writes:
            shared[component] = value
        return State((*self.locals[:thread], step.local, *self.locals[thread + 1 :]), tuple(shared))


class Access(NamedTuple):
    """One shared access within a step.

    Two accesses conflict when their locations are equal and one of them writes; two conflicting accesses race unless
    one of them is atomic (an operation that synchronises: a lock, an `Atomic`, `wait_until`, inside `atomic()`).
    """

    location: str
    writes: bool
    atomic: bool
    operation: str
    value: Value
    line: int

    @property
    def kind(self) -> str:
        """Either "read" or "write"."""
        return "write" if self.writes else "read"


class Step(NamedTuple):
    """One result of one thread's step: its new local state, the components that change, and what it touched.

    `personal`: an operation of the step asked which thread performs it, so another thread's may give something else.
    `carried`: the values that the new local state took over from the old one without looking at them, each by its place
    in the new and the old.
    """

    local: Local
    writes: tuple[tuple[int, Value], ...]
    accesses: tuple[Access, ...]
    personal: bool = True
    carried: tuple[tuple[int, int], ...] = ()

    def taken_from(self, local: Local) -> Step:
        """Return the same step from a local state that differs from its own in values that it did not look at."""
        if not self.carried:
            return self
        values = list(self.local.values)
        for new, old in self.carried:
            values[new] = local.values[old]
        position, _, objects, published = self.local
        local = Local(position, tuple(values), objects, published)
        return Step(local, self.writes, self.accesses, self.personal, self.carried)


class Waiting(NamedTuple):
    """Why a thread cannot move: what it waits for, which threads hold that, and the line it stands on."""

    name: str
    held_by: tuple[int, ...]
    line: int
