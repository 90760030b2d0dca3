"""Two explorations side by side, a faulty scenario and its repair for instance."""

from __future__ import annotations

from fractions import Fraction

from lab.explorer.result import BuiltIn, Outcome, PropertyResult, Result
from lab.report.table import Cell, Column, Table
from lab.report.text import TONES, BuiltInVerdict, built_ins, race_verdict
from lab.report.words import chance, count, end, exactness, part, settings

__all__ = ["compare"]


def compare(one: Result, other: Result) -> tuple[Table, ...]:
    """Return the outcomes and the verdicts of two explorations, each pair in one row.

    Outcomes are paired when all that can be observed agrees, properties when their names do.
    """
    return (_exploration(one, other), _outcomes(one, other), _verdicts(one, other))


def _exploration(one: Result, other: Result) -> Table:
    rows = tuple(
        (
            Cell(f"{result.scenario}{settings(result)}", "strong"),
            Cell(result.title),
            Cell(f"policy {result.policy}"),
            Cell(exactness(result)),
            Cell(f"{result.states:,}"),
        )
        for result in (one, other)
    )
    columns = (Column("scenario"), Column("title"), Column("policy"), Column("explored"), Column("states", number=True))
    return Table("Compared", columns, rows)


def _outcomes(one: Result, other: Result) -> Table:
    columns = [Column("outcome")]
    for name in _names(one, other):
        columns += [Column(name, number=True), Column("share", number=True), Column("probability", number=True)]
    sides = [{end(outcome): outcome for outcome in result.outcomes} for result in (one, other)]
    texts = list(dict.fromkeys(text for side in sides for text in side))
    rows = []
    for text in texts:
        found = [side.get(text) for side in sides]
        faulty = any(outcome is not None and outcome.faulty for outcome in found)
        cells = [Cell(f"{text} (fault)" if faulty else text, "bad" if faulty else "plain")]
        for outcome, result in zip(found, (one, other), strict=True):
            cells += _outcome_cells(outcome, result)
        rows.append(tuple(cells))
    notes = ("The columns under a scenario's name count its schedules.",)
    return Table(f"Outcomes ({_policies(one, other)})", tuple(columns), tuple(rows), notes)


def _outcome_cells(outcome: Outcome | None, result: Result) -> list[Cell]:
    if outcome is not None:
        return [Cell(count(outcome.schedules)), Cell(part(outcome.share)), Cell(chance(outcome))]
    if result.complete:
        return [Cell("0", "quiet"), Cell(part(Fraction(0)), "quiet"), Cell(part(Fraction(0)), "quiet")]
    return [Cell("not found so far", "unknown"), Cell("-", "quiet"), Cell("-", "quiet")]


def _verdicts(one: Result, other: Result) -> Table:
    properties = [{prop.name: _verdict(prop) for prop in result.properties} for result in (one, other)]
    built = [{built_in.name: _built_in(built_in) for built_in in built_ins(result)} for result in (one, other)]
    rows = []
    for sides in (properties, built):
        names = dict.fromkeys(name for side in sides for name in side)
        rows += [(Cell(name), *(side.get(name, Cell("-", "quiet")) for side in sides)) for name in names]
    columns = (Column("property"), *map(Column, _names(one, other)))
    return Table(f"Verdicts ({_policies(one, other)})", columns, tuple(rows))


def _built_in(built_in: BuiltInVerdict) -> Cell:
    if built_in.counted is None:
        return race_verdict(built_in.verdict)
    return _verdict(built_in.counted)


def _verdict(found: PropertyResult | BuiltIn) -> Cell:
    known = found.probability is not None or found.probability_rounded is not None
    weighted = found.verdict == "violated" and known
    return Cell(f"{found.verdict}, probability {chance(found)}" if weighted else found.verdict, TONES[found.verdict])


def _names(one: Result, other: Result) -> tuple[str, str]:
    """Return how to call the two; the policies tell one scenario from itself."""
    if one.scenario != other.scenario:
        return one.scenario, other.scenario
    return f"{one.scenario}{settings(one)} ({one.policy})", f"{other.scenario}{settings(other)} ({other.policy})"


def _policies(one: Result, other: Result) -> str:
    return f"policy {one.policy}" if one.policy == other.policy else f"policies {one.policy} and {other.policy}"
