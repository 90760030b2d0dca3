"""Exit statuses: what a script learns from a command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.explorer.result import Result

__all__ = ["BOUND", "FINE", "FOUND", "WRONG", "status_of", "worst"]

FINE = 0
"""Everything the file expects was found; or it expects nothing, and nothing is violated."""

FOUND = 1
"""An expectation is not met; or the file expects nothing, and something is violated."""

WRONG = 2
"""The input is wrong."""

BOUND = 3
"""A bound was hit, or the user stopped it, and nothing was violated so far."""

_WORST_FIRST = (WRONG, FOUND, BOUND, FINE)


def worst(statuses: Iterable[int]) -> int:
    """Return the status of several explorations together.

    Examples
    --------
    >>> worst([0, 3, 1]), worst([]), worst([1, 2, 3])
    (1, 0, 2)
    """
    return min(statuses, key=_WORST_FIRST.index, default=FINE)


def status_of(result: Result) -> int:
    """Return the exit status of one exploration."""
    if result.expectations:
        failed = any(claim.met is False for claim in result.expectations)
    else:
        verdicts = {prop.verdict for prop in result.properties}
        verdicts |= {result.deadlock.verdict, result.livelock.verdict, result.exceptions.verdict}
        failed = "violated" in verdicts
    if failed:
        return FOUND
    return FINE if result.complete else BOUND
