"""What an exploration found, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from lab.explorer.protocol import Explorable

__all__ = [
    "INFINITE",
    "BuiltIn",
    "Chance",
    "Count",
    "ExpectationResult",
    "Infinite",
    "Lasso",
    "LockSet",
    "Outcome",
    "PropertyResult",
    "Race",
    "RacyAccess",
    "Representative",
    "Result",
    "Rounded",
    "Starvation",
    "Status",
    "Verdict",
    "show_in_notebooks",
]

Verdict = Literal["holds", "violated", "unknown"]
Status = Literal["finished", "deadlock", "livelock", "endless"]


class Infinite(Enum):
    """The count of an outcome that a reachable cycle can delay for ever."""

    INFINITE = "infinite"


INFINITE = Infinite.INFINITE
Count = int | Infinite | None
"""An exact number, INFINITE, or None where it is not known (the exploration is incomplete, or it was not asked for)."""


@dataclass(frozen=True)
class Rounded:
    """A probability that is too large to be had exactly: the true one is within `error` of `value`, provably."""

    value: float
    error: float


Chance = Fraction | Rounded | None
"""A probability: exact, or rounded where that is too much work, or None where it is not known."""


@dataclass(frozen=True)
class Outcome:
    """What can be observed at the end of some runs.

    Attributes
    ----------
    shared : Mapping[str, Any]
        The shared variables' final values as plain data (numbers, strings, lists, dicts).
    returned, errors, waiting : Mapping[str, Any]
        By thread name; `errors` and `waiting` hold only the threads concerned.
    schedules : Count
        The exact number of maximal runs that end so.
    share, probability : Fraction or None
        Part of all interleavings; probability under the uniform scheduler.
    probability_rounded : Rounded or None
        Where the exact probability is too much work: a value with its error bound; `probability` is None then.
    lengths : Mapping or None
        How many of the runs have each length, up to the one asked for; None unless asked for.
    witness : tuple of str
        Of the shortest schedules that lead here one with the fewest preemptions, the first in thread order of those.
    witness_preemptions : int
        How often it switches away from a thread that could go on.
    witness_proven : bool
        Whether the fewest preemptions are proven; if not, it is the first in thread order of the shortest schedules.
    loop : tuple of str
        For a livelock or an endless outcome: a shortest schedule from there back to the same state.
    faulty : bool
        Whether some property is violated at this end, or it is a deadlock, a livelock or an uncaught exception.
    """

    status: Status
    shared: Mapping[str, Any]
    returned: Mapping[str, Any]
    errors: Mapping[str, str]
    waiting: Mapping[str, Mapping[str, Any]]
    output: tuple[str, ...] | None
    schedules: Count
    share: Fraction | None
    probability: Fraction | None
    witness: tuple[str, ...]
    traces: Count = None
    faulty: bool = False
    loop: tuple[str, ...] = ()
    probability_rounded: Rounded | None = None
    witness_preemptions: int = 0
    witness_proven: bool = True
    lengths: Mapping[int, int] | None = None


@dataclass(frozen=True)
class Representative:
    """One truly different run.

    Attributes
    ----------
    outcome : int
        How it ends: an index into the result's outcomes.
    schedule : tuple of str
        The first of its schedules in thread order; all of them are equally long.
    interleavings : int or None
        How many schedules it stands for; None where that takes too long to count.
    """

    outcome: int
    schedule: tuple[str, ...]
    interleavings: int | None


@dataclass(frozen=True)
class PropertyResult:
    """The verdict on one property of the file; the witness is chosen as that of an `Outcome` is.

    Attributes
    ----------
    reason : str
        What it raised, if it did.
    loop : tuple of str
        After the witness, one round of a fair run that never satisfies an `@eventually` property.
    lengths : Mapping or None
        By length, the runs that violate it; None unless asked for.
    """

    name: str
    kind: str
    verdict: Verdict
    schedules: Count
    probability: Fraction | None
    witness: tuple[str, ...] | None
    reason: str = ""
    probability_rounded: Rounded | None = None
    witness_preemptions: int = 0
    witness_proven: bool = True
    loop: tuple[str, ...] = ()
    lengths: Mapping[int, int] | None = None


@dataclass(frozen=True)
class BuiltIn:
    """The verdict on something that should never happen: deadlock, livelock, an uncaught exception."""

    verdict: Verdict
    states: int = 0
    schedules: Count = 0
    probability: Fraction | None = None
    probability_rounded: Rounded | None = None


@dataclass(frozen=True)
class Lasso:
    """A run that goes on for ever: a schedule, and after it the schedule of a round that can be repeated."""

    stem: tuple[str, ...]
    loop: tuple[str, ...]


@dataclass(frozen=True)
class Starvation:
    """Which threads can be starved by a weakly fair scheduler, each with a run in which it is.

    Attributes
    ----------
    verdict : str
        "possible", "none", or "unknown" when the exploration is incomplete.
    """

    verdict: Literal["possible", "none", "unknown"]
    threads: Mapping[str, Lasso] = field(default_factory=dict)


@dataclass(frozen=True)
class RacyAccess:
    """One side of a data race, with the locks that its thread holds in every state in which it can make the access."""

    thread: str
    line: int
    kind: str
    locks: tuple[str, ...]


@dataclass(frozen=True)
class Race:
    """Two conflicting, non-atomic accesses enabled in one reachable state."""

    location: str
    accesses: tuple[RacyAccess, RacyAccess]


@dataclass(frozen=True)
class LockSet:
    """All accesses to a location with a data race that some state explored could make, each with its locks.

    No lock is common to all of them: two threads that hold it would never stand side by side, and the race is one.
    """

    location: str
    accesses: tuple[RacyAccess, ...]

    @property
    def lock(self) -> str | None:
        """The lock held at most of the accesses, of several the first met by line; None where no access holds one."""
        held = [lock for access in self.accesses for lock in access.locks]
        return max(held, key=held.count, default=None)

    @property
    def without(self) -> tuple[RacyAccess, ...]:
        """The accesses without that lock; all where no access holds one."""
        return tuple(access for access in self.accesses if self.lock not in access.locks)


@dataclass(frozen=True)
class ExpectationResult:
    """One thing that the file expects of this exploration; `met` is None when the exploration is incomplete."""

    what: str
    met: bool | None


@dataclass(frozen=True)
class FewPreemptions:
    """What an exploration of the schedules with at most `bound` preemptions says of them: how many there are."""

    bound: int
    schedules: Count


@dataclass(frozen=True)
class Result:
    """Everything an exploration found; see docs/results.md for the JSON it becomes."""

    scenario: str
    title: str
    policy: str
    parameters: Mapping[str, Any]
    complete: bool
    states: int
    transitions: int
    schedules: Count
    outcomes: tuple[Outcome, ...]
    properties: tuple[PropertyResult, ...]
    deadlock: BuiltIn
    livelock: BuiltIn
    exceptions: BuiltIn
    races: tuple[Race, ...]
    expectations: tuple[ExpectationResult, ...] = ()
    seconds: float = field(default=0.0, compare=False)
    traces: Count = None
    representatives: tuple[Representative, ...] | None = None
    """Truly different runs, by outcome, then by length, then in thread order; None where they were not asked for."""

    starvation: Starvation = Starvation("unknown")
    lengths: Mapping[int, int] | None = None
    """How many runs there are of each length, up to `max_length`; None unless asked for."""

    max_length: int | None = None
    locksets: tuple[LockSet, ...] = ()
    """For each location with a data race, by name: which locks are held at all accesses to it."""

    races_complete: bool = True
    """Whether every state that could show a data race was seen, as far as `complete` goes."""

    stopped: str = ""
    """Why it is incomplete: "states", "seconds", "memory", "interrupted" or "preemptions"; empty when it is not."""

    preemptions: FewPreemptions | None = None
    """The bound on preemptions that the exploration was asked to keep, if any."""

    spurious: bool = False
    """Whether threads that wait at a condition could also wake up without being notified."""

    relation: Explorable | None = field(default=None, compare=False, repr=False)
    """What was explored, to replay witnesses with."""

    def explain(self, what: PropertyResult | Outcome | None = None) -> str:
        """Return in about three sentences what goes wrong: in the worst case, or in one of the result's own."""
        return _explainer[-1](self, what)

    def _repr_html_(self) -> str | None:
        return _notebook[-1](self) if _notebook else None


_explainer: list[Callable[[Result, PropertyResult | Outcome | None], str]] = []


def explain_by(explain: Callable[[Result, PropertyResult | Outcome | None], str]) -> None:
    """Say how a result is explained; the layer that knows is above this one."""
    _explainer[:] = [explain]


_notebook: list[Callable[[Result], str]] = []


def show_in_notebooks(as_html: Callable[[Result], str]) -> None:
    """Say how a notebook shows a result; the layer that knows is above this one."""
    _notebook[:] = [as_html]
