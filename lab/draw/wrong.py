"""How many runs of a result go wrong: at their end, or on the way to it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lab.explorer.result import Outcome, Result

__all__ = ["Wrong", "chance_of", "wrong_of"]


@dataclass(frozen=True)
class Wrong:
    """How many runs go wrong.

    Attributes
    ----------
    schedules : int or None
        Their number; None where there are infinitely many schedules.
    share : Fraction or None
        Their part of all schedules; None where there are infinitely many.
    probability : Fraction
        That a run goes wrong.
    on_the_way : bool
        Whether only an `always` property tells: the ends alone are right.
    least : bool
        Whether there may be more: runs that end wrong and runs that go wrong on the way need not be the same.
    """

    schedules: int | None
    share: Fraction | None
    probability: Fraction
    on_the_way: bool = False
    least: bool = False


def chance_of(outcome: Outcome) -> Fraction | None:
    """Return the probability of an outcome, to the nearest known number if it is rounded."""
    about = outcome.probability_rounded
    return outcome.probability if about is None else Fraction(about.value)


def wrong_of(result: Result) -> Wrong:
    """Return how many runs of a complete exploration go wrong."""
    faulty = [outcome for outcome in result.outcomes if outcome.faulty]
    chance = sum((chance_of(outcome) or Fraction(0) for outcome in faulty), Fraction(0))
    total = result.schedules
    counts = [outcome.schedules for outcome in faulty if isinstance(outcome.schedules, int)]
    endless = not isinstance(total, int) or any(outcome.share is None for outcome in result.outcomes)
    found = sum(counts)
    broken = [one for one in result.properties if one.kind == "always" and one.verdict == "violated"]
    worst = max(broken, key=lambda one: one.probability or 0, default=None)
    if worst is None or (worst.probability or 0) <= chance:
        several = bool(broken) and bool(faulty)
        return Wrong(None if endless else found, None if endless else _part(found, total), chance, least=several)
    number = worst.schedules if isinstance(worst.schedules, int) and not endless else None
    return Wrong(
        number, None if number is None else _part(number, total), worst.probability or Fraction(0),
        on_the_way=not faulty, least=len(broken) + bool(faulty) > 1,
    )  # fmt: skip


def _part(number: int, total: object) -> Fraction:
    return Fraction(number, total) if isinstance(total, int) and total else Fraction(0)
