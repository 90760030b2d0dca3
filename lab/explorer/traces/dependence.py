"""Which steps are dependent: what a step touches and what it may change, as sets of bits.

Two steps are dependent when they touch one location and one of them may change it, judged by the kind of operation.
A step is judged as it is performed in the state at hand: a failed compare-exchange only reads.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import NamedTuple

from lab.explorer.protocol import Explorable
from lab.model.state import Access

__all__ = ["EVERYTHING", "NOTHING", "Locations", "Touch", "dependent"]


class Touch(NamedTuple):
    """What one or several steps touch, and what they may change; bit k stands for location k of a `Locations`.

    A location that is changed is touched as well. The bits of components are the exception: a step that runs into an
    operation that is not enabled touches what that operation waits for, and every step changes what it writes, so that
    these two are dependent and two changes of different elements of one component are not.
    """

    touched: int
    changed: int

    def __or__(self, other: Touch) -> Touch:
        return Touch(self.touched | other.touched, self.changed | other.changed)

    def __and__(self, other: Touch) -> Touch:
        return Touch(self.touched & other.touched, self.changed & other.changed)


NOTHING = Touch(0, 0)
EVERYTHING = Touch(-1, -1)


def dependent(one: Touch, other: Touch) -> bool:
    """Whether two steps, or two sets of steps, touch one location that one of them may change.

    Examples
    --------
    >>> read, write, elsewhere = Touch(0b01, 0), Touch(0b01, 0b01), Touch(0b10, 0b10)
    >>> dependent(read, write), dependent(read, read), dependent(write, elsewhere)
    (True, False, False)
    """
    return bool(one.touched & other.changed or one.changed & other.touched)


class Locations:
    """The locations met so far, one bit each; every thread is a location that its own steps change.

    Parameters
    ----------
    relation : Relation
        For the names of the locks and semaphores: any two operations on one of them are dependent.
    """

    def __init__(self, relation: Explorable) -> None:
        self._bits: dict[Hashable, int] = {}
        self._synchronising = frozenset(target.name for target in relation.program.heap if target.synchronises)

    def _bit(self, location: Hashable) -> int:
        return self._bits.setdefault(location, 1 << len(self._bits))

    def step(self, thread: int, accesses: Iterable[Access], written: Iterable[int], awaited: Iterable[int]) -> Touch:
        """Return what a step touches.

        Parameters
        ----------
        thread : int
            Whose step it is.
        accesses : iterable of Access
            What it reports.
        written, awaited : iterable of int
            The components that it writes, and those that an operation in front of which it had to end waits for.
        """
        touched = changed = self._bit(("thread", thread))
        for access in accesses:
            bit = self._bit(access.location)
            touched |= bit
            if access.writes or access.location in self._synchronising:
                changed |= bit
        for component in written:
            changed |= self._bit(("component", component))
        return Touch(touched | self.awaited(awaited), changed)

    def awaited(self, components: Iterable[int]) -> int:
        """Return the bits of the components that an operation waits for."""
        return sum(self._bit(("component", component)) for component in set(components))
