"""One scenario under several policies: one line each."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from lab.explorer.result import Result
from lab.report.table import Cell, Column, Table
from lab.report.text import TONES, built_ins
from lab.report.words import count, part, settings

__all__ = ["survey"]

MOST_PAIRS = 3
"""Pairs of lines that race which a row names."""


def survey(results: Sequence[Result]) -> Table:
    """Return a table with a row per exploration of one scenario: the verdict, how many schedules are bad, what races.

    Parameters
    ----------
    results : sequence of Result
        The same scenario with the same parameters under different policies, at least one.
    """
    columns = (
        Column("policy"),
        Column("verdict"),
        Column("bad schedules", number=True),
        Column("of all", number=True),
        Column("share", number=True),
        Column("violated", wrap=50),
        Column("lines that race", wrap=40),
    )
    first = results[0]
    incomplete = ", incomplete where it says unknown" if not all(result.complete for result in results) else ""
    title = f"{first.scenario}{settings(first)} under {len(results)} policies{incomplete}"
    notes = ("Lines that race are those of policy access, whatever the policy: what counts is what they lead to.",)
    return Table(title, columns, tuple(map(_row, results)), notes if any(result.races for result in results) else ())


def _row(result: Result) -> tuple[Cell, ...]:
    violated = [prop.name for prop in result.properties if prop.verdict == "violated"]
    violated += [one.name for one in built_ins(result) if one.counted is not None and one.verdict == "violated"]
    verdict = Cell("faulty", "bad") if violated else Cell("sound", "good")
    if not violated and not result.complete:
        verdict = Cell("unknown", TONES["unknown"])
    bad = _bad(result)
    total = result.schedules
    share = part(Fraction(bad, total)) if isinstance(bad, int) and isinstance(total, int) and total else "-"
    return (
        Cell(result.policy, "strong"),
        verdict,
        Cell("infinite" if bad == "infinite" else count(bad) if isinstance(bad, int) else "unknown"),
        Cell(count(total)),
        Cell(share),
        Cell(", ".join(violated) or "-", "plain" if violated else "quiet"),
        Cell(_racing(result), "plain" if violated else "quiet"),
    )


def _bad(result: Result) -> int | str | None:
    """Return how many schedules are bad: end in a fault, or violate a property on their way, whichever are more."""
    ends = [outcome.schedules for outcome in result.outcomes if outcome.faulty]
    passed = [prop.schedules for prop in result.properties if prop.verdict == "violated"]
    if any(number is not None and not isinstance(number, int) for number in (*ends, *passed)):
        return "infinite"
    if not result.complete:
        return None
    return max(
        sum(number for number in ends if isinstance(number, int)),
        *(number for number in passed if isinstance(number, int)),
        0,
    )


def _racing(result: Result) -> str:
    """Name the first pairs of lines that race, each with its location."""
    pairs = dict.fromkeys(
        (race.location, *sorted((race.accesses[0].line, race.accesses[1].line))) for race in result.races
    )
    named = [f"{location}: {one} and {other}" for location, one, other in pairs]
    more = [f"{len(named) - MOST_PAIRS} more"] if len(named) > MOST_PAIRS else []
    return "; ".join([*named[:MOST_PAIRS], *more]) or "-"
