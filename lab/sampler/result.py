"""What a sample of runs showed, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import Any, Literal

from lab.explorer.result import Status

__all__ = ["Coverage", "Sample", "SampledOutcome", "SampledProperty", "Scheduler", "Seen", "Spread", "wilson"]

Scheduler = Literal["choice", "uniform", "pct"]
"""Who drew the runs: "choice" chooses uniformly among the enabled threads at each step, "uniform" among whole runs,
"pct" runs the thread of highest random priority."""

_QUANTILE = 1.959963984540054
"""The standard normal distribution's 97.5 % quantile."""


def wilson(runs: int, total: int) -> tuple[float, float]:
    """Return the 95 % confidence interval of a probability, given how many of all runs showed something.

    References
    ----------
    Wilson, "Probable inference, the law of succession, and statistical inference" (1927).

    Examples
    --------
    >>> [round(end, 4) for end in wilson(0, 1000)], [round(end, 4) for end in wilson(5, 10)]
    ([0.0, 0.0038], [0.2366, 0.7634])
    """
    square = _QUANTILE * _QUANTILE
    middle = (runs + square / 2) / (total + square)
    half = _QUANTILE / (total + square) * sqrt(runs * (total - runs) / total + square / 4)
    return (0.0 if runs == 0 else middle - half), (1.0 if runs == total else middle + half)


@dataclass(frozen=True)
class Seen:
    """How often the runs showed something.

    Attributes
    ----------
    runs : int
        How many of them did.
    frequency : Fraction
        Their part of all runs drawn.
    interval : (float, float)
        The 95 % confidence interval of the probability that the scheduler draws such a run.
    first : int or None
        The number, from 1, of the first run that did.
    schedule : tuple of str or None
        That run, as `lab replay` takes it.
    """

    runs: int
    frequency: Fraction
    interval: tuple[float, float]
    first: int | None
    schedule: tuple[str, ...] | None


@dataclass(frozen=True)
class SampledOutcome:
    """What can be observed at the end of some of the runs; the fields are those of an `Outcome`.

    Attributes
    ----------
    faulty : bool
        Whether a final property is violated at this end, or it is a deadlock or an uncaught exception.
    """

    status: Status
    shared: Mapping[str, Any]
    returned: Mapping[str, Any]
    errors: Mapping[str, str]
    waiting: Mapping[str, Mapping[str, Any]]
    output: tuple[str, ...] | None
    faulty: bool
    seen: Seen


@dataclass(frozen=True)
class SampledProperty:
    """How many runs violated a property, or, for a `@sometimes` or `@eventually` property, satisfied it.

    A sample can show a violation and never that there is none: "not seen" is no verdict.

    Attributes
    ----------
    reason : str
        What the property raised where it was violated first; empty when it did not.
    """

    name: str
    kind: str
    seen: Seen
    reason: str = ""

    @property
    def verdict(self) -> Literal["violated", "reached", "not seen"]:
        """What the runs say."""
        if not self.seen.runs:
            return "not seen"
        return "reached" if self.kind in ("sometimes", "eventually") else "violated"


@dataclass(frozen=True)
class Spread:
    """The smallest, the middle and the largest of some numbers; of two middle ones the lower."""

    least: int
    median: int
    most: int


@dataclass(frozen=True)
class Coverage:
    """What probabilistic concurrency testing promises about faults of a depth.

    Attributes
    ----------
    depth, threads, steps : int
        The depth d, the number of threads n, and the steps k among which priorities change: the longest run seen.
    chance : Fraction
        1 / (n k**(d - 1)): each run shows a given fault of that depth at least so often, if no run is longer than k.
    runs : int
        The runs that this holds for: those drawn since the longest was seen.
    missed : float or None
        The probability that none of these showed a given fault of that depth, at most; None when nothing is promised.
    demoted : int
        Runs in which a thread that waited busily had to be demoted; if there are any, nothing is promised.
    """

    depth: int
    threads: int
    steps: int
    chance: Fraction
    runs: int
    missed: float | None
    demoted: int


@dataclass(frozen=True)
class Sample:
    """Everything that a sample of runs showed; see docs/results.md for the JSON it becomes.

    Attributes
    ----------
    scheduler : str
        Who drew the runs.
    seed : int
        What the random numbers were made from; the same seed gives the same sample.
    wanted, runs : int
        How many runs were asked for, and how many were drawn.
    population : int or None
        How many runs there are to draw from; known under "uniform" alone.
    max_length : int or None
        The most steps of a run; None when there was no bound.
    cut : int
        Runs that were cut off at `max_length`: they have no outcome.
    exceptions, deadlock : Seen
        Runs in which a thread ended by an exception; runs that ended in a deadlock.
    lengths, preemptions : Spread or None
        Steps of the runs that ended, and their switches away from a thread that could go on.
    longer : bool
        Whether there are runs of more than `max_length` steps; known under "uniform" alone.
    coverage : Coverage or None
        Under "pct" alone.
    """

    scenario: str
    title: str
    policy: str
    parameters: Mapping[str, Any]
    scheduler: Scheduler
    seed: int
    wanted: int
    runs: int
    population: int | None
    max_length: int | None
    cut: int
    outcomes: tuple[SampledOutcome, ...]
    properties: tuple[SampledProperty, ...]
    deadlock: Seen
    exceptions: Seen
    lengths: Spread | None
    preemptions: Spread | None
    longer: bool = False
    coverage: Coverage | None = None

    @property
    def complete(self) -> bool:
        """Whether as many runs were drawn as were asked for."""
        return self.runs == self.wanted

    @property
    def faulty(self) -> bool:
        """Whether some run violated a property, deadlocked, or had a thread ended by an exception."""
        violated = any(prop.verdict == "violated" for prop in self.properties)
        return violated or bool(self.deadlock.runs or self.exceptions.runs)
