"""One exploration as tables: outcomes, verdicts, data races, expectations."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lab.explorer.result import BuiltIn, Outcome, PropertyResult, Result, Verdict
from lab.report.different_runs import different_runs
from lab.report.locksets import advice
from lab.report.table import Cell, Column, Table, Tone
from lab.report.words import (
    amount,
    by_length,
    chance,
    count,
    end,
    exactness,
    lined,
    part,
    run,
    schedule,
    settings,
    within_bound,
)

__all__ = [
    "BuiltInVerdict",
    "built_ins",
    "conclusion",
    "headline",
    "race_verdict",
    "tables",
]

MOST_ROWS = 40
"""Rows that a table shows before it refers to the JSON for the rest."""

TONES: dict[Verdict, Tone] = {"holds": "good", "violated": "bad", "unknown": "unknown"}


def headline(result: Result) -> str:
    """Return the scenario's name, its parameters and its title, and what was explored."""
    size = f"{amount(result.states, 'state', 'states')}, {amount(result.transitions, 'transition', 'transitions')}"
    if result.traces is not None:
        size += f"; {amount(result.traces, 'truly different run', 'truly different runs')}"
    policy = f"{result.policy}, with spurious wake-ups" if result.spurious else result.policy
    return f"{result.scenario}{settings(result)}: {result.title}\nPolicy {policy}; {exactness(result)}; {size}."


def tables(result: Result) -> tuple[Table, ...]:
    """Return the tables that `lab run` shows; an empty one is left out."""
    shown = (outcomes(result), different_runs(result), lengths(result), verdicts(result), races(result))
    return tuple(table for table in (*shown, expectations(result)) if table.rows)


def outcomes(result: Result) -> Table:
    """Return the table of outcomes: how many schedules end so, their share and probability, the shortest witness."""
    columns = (
        Column("outcome", wrap=60),
        Column(""),
        Column("schedules", number=True),
        *((Column("truly different runs", number=True),) if result.traces is not None else ()),
        Column("share", number=True),
        Column("probability", number=True),
        Column("shortest witness", wrap=60),
    )
    rows = tuple(_outcome_row(outcome, traces=result.traces is not None) for outcome in result.outcomes[:MOST_ROWS])
    return Table(f"Outcomes ({provenance(result)})", columns, rows, _left_out(len(result.outcomes)))


def lengths(result: Result) -> Table:
    """Return the table of how many schedules have each length, without rows unless that was asked for."""
    longest = result.max_length or 0
    found: list[tuple[str, Mapping[int, int] | None]] = [("all schedules", result.lengths)]
    found += [(end(outcome), outcome.lengths) for outcome in result.outcomes[:MOST_ROWS]]
    found += [(f"{prop.name} is violated", prop.lengths) for prop in result.properties]
    rows = tuple((Cell(what), Cell(by_length(by, longest))) for what, by in found if by is not None)
    columns = (Column("schedules", wrap=60), Column("how many of each length", wrap=80))
    return Table(f"Schedules of up to {amount(longest, 'step', 'steps')} (policy {result.policy})", columns, rows)


def verdicts(result: Result) -> Table:
    """Return the table of verdicts: the file's properties, then what should never happen in any scenario."""
    columns = (
        Column("property"),
        Column("kind"),
        Column("verdict"),
        Column("violating schedules", number=True),
        Column("probability", number=True),
        Column("witness", wrap=60),
    )
    rows = [_property_row(prop) for prop in result.properties]
    rows += [_built_in_row(built_in) for built_in in built_ins(result)]
    notes = tuple(f"{prop.name} raises {prop.reason}." for prop in result.properties if prop.reason)
    notes += _starvation(result)
    notes += ("A data race alone is no fault: what counts is what it leads to.",) if result.races else ()
    return Table(f"Verdicts ({provenance(result)})", columns, tuple(rows), notes)


def _starvation(result: Result) -> tuple[str, ...]:
    """Say in one line which threads a fair scheduler can starve, and on which run the first of them."""
    threads = result.starvation.threads
    if not threads:
        return ()
    first, lasso = next(iter(threads.items()))
    example = f" {first} starves on" if len(threads) > 1 else ""
    return (f"A fair scheduler can starve {lined(threads)}:{example} {run(lasso.stem, lasso.loop)}.",)


def races(result: Result) -> Table:
    """Return the table of data races: two accesses of one location that nothing orders, alike ones in one row."""
    columns = (Column("location"), Column("one access"), Column("the other"))
    pairs: dict[tuple[Any, ...], tuple[set[str], set[str]]] = {}
    for race in result.races:
        sides = sorted(race.accesses, key=lambda side: (side.line, side.kind, side.locks))
        first, second = ((side.kind, side.line, side.locks) for side in sides)
        threads = pairs.setdefault((race.location, first, second), (set(), set()))
        for side, names in zip(sides, threads, strict=True):
            names.add(side.thread)
        if first == second:
            threads[0].update(threads[1])
            threads[1].update(threads[0])
    rows = tuple(
        (Cell(location, "strong"), Cell(_access(first, threads[0])), Cell(_access(second, threads[1])))
        for (location, first, second), threads in itertools.islice(pairs.items(), MOST_ROWS)
    )
    return Table(f"Data races ({provenance(result)})", columns, rows, (*_left_out(len(pairs)), *_locks(result)))


def _locks(result: Result) -> tuple[str, ...]:
    """Say for each location which accesses leave it without a common lock, and what to do."""
    so_far = () if result.complete and result.races_complete else ("Locks at the accesses seen so far:",)
    return (*so_far, *map(advice, result.locksets[:MOST_ROWS])) if result.locksets else ()


def expectations(result: Result) -> Table:
    """Return the table of what the file expects of this exploration."""
    answers: dict[bool | None, Cell] = {
        True: Cell("met", "good"),
        False: Cell("not met", "bad"),
        None: Cell("not asked", "quiet") if result.complete else Cell("unknown", "unknown"),
    }
    rows = tuple((Cell(claim.what), answers[claim.met]) for claim in result.expectations)
    return Table(f"Expectations of the file (policy {result.policy})", (Column("what"), Column("met")), rows)


def conclusion(result: Result) -> str:
    """Return what follows: the faults found, or how far none was found; and whether the file expects that."""
    faults = list(_faults(result))
    if faults:
        found = f"Found under policy {result.policy}: {'; '.join(faults)}."
    elif result.stopped == "preemptions":
        found = f"Nothing is violated under policy {result.policy} in {within_bound(result)}; others were not explored."
    elif result.complete:
        found = f"No property is violated under policy {result.policy}, in any schedule."
    else:
        found = f"Nothing is violated so far under policy {result.policy}; an incomplete exploration proves no more."
    answers = {claim.met for claim in result.expectations}
    if False in answers:
        return f"{found} This is not what the file expects."
    return f"{found} This is what the file expects." if True in answers and result.complete else found


def provenance(result: Result) -> str:
    """Return what made a table: the policy, and whether it is exact."""
    return f"policy {result.policy}; {exactness(result)}"


def _faults(result: Result) -> Iterator[str]:
    for prop in result.properties:
        if prop.verdict == "violated":
            share = "" if prop.schedules is None else f" in {amount(prop.schedules, 'schedule', 'schedules')}"
            yield f"{prop.name} is violated{share}"
    if result.deadlock.verdict == "violated":
        yield f"a deadlock is reachable, in {amount(result.deadlock.states, 'state', 'states')}"
    if result.livelock.verdict == "violated":
        yield "a livelock is reachable"
    if result.exceptions.verdict == "violated":
        yield "a thread can end by an exception"


def _outcome_row(outcome: Outcome, *, traces: bool) -> tuple[Cell, ...]:
    return (
        Cell(end(outcome), "bad" if outcome.faulty else "plain"),
        Cell("fault", "bad") if outcome.faulty else Cell(""),
        Cell(count(outcome.schedules)),
        *((Cell(count(outcome.traces)),) if traces else ()),
        Cell(part(outcome.share)),
        Cell(chance(outcome)),
        Cell(run(outcome.witness, outcome.loop), "quiet"),
    )


def _property_row(prop: PropertyResult) -> tuple[Cell, ...]:
    return (
        Cell(prop.name),
        Cell(prop.kind, "quiet"),
        Cell(prop.verdict, TONES[prop.verdict]),
        Cell(count(prop.schedules)),
        Cell(chance(prop)),
        Cell(run(prop.witness, prop.loop), "quiet"),
    )


@dataclass(frozen=True)
class BuiltInVerdict:
    """The verdict on something that should never happen in any scenario; a data race is reported and counts nothing."""

    name: str
    verdict: Verdict
    counted: BuiltIn | None
    witness: tuple[str, ...] | None


def built_ins(result: Result) -> tuple[BuiltInVerdict, ...]:
    """Return the built-in verdicts, each with the shortest schedule among the outcomes that show the fault."""
    complete = result.complete and result.races_complete
    no_race: Verdict = "violated" if result.races else "holds" if complete else "unknown"
    return (
        BuiltInVerdict("no deadlock", result.deadlock.verdict, result.deadlock, _first(result, "deadlock")),
        BuiltInVerdict("no livelock", result.livelock.verdict, result.livelock, _first(result, "livelock")),
        BuiltInVerdict("no uncaught exception", result.exceptions.verdict, result.exceptions, _first_error(result)),
        BuiltInVerdict("no data race", no_race, None, None),
    )


def _first(result: Result, status: str) -> tuple[str, ...] | None:
    witnesses = (outcome.witness for outcome in result.outcomes if outcome.status == status)
    return min(witnesses, key=len, default=None)


def _first_error(result: Result) -> tuple[str, ...] | None:
    return min((outcome.witness for outcome in result.outcomes if outcome.errors), key=len, default=None)


def _built_in_row(built_in: BuiltInVerdict) -> tuple[Cell, ...]:
    counted = built_in.counted
    return (
        Cell(built_in.name),
        Cell("built in", "quiet"),
        Cell(built_in.verdict, TONES[built_in.verdict]) if counted else race_verdict(built_in.verdict),
        Cell(count(counted.schedules) if counted else "-"),
        Cell(chance(counted) if counted else "-"),
        Cell(schedule(built_in.witness), "quiet"),
    )


def race_verdict(verdict: Verdict) -> Cell:
    """Return the verdict on data races, which are reported and never a fault by themselves."""
    return Cell(verdict, "unknown" if verdict == "violated" else TONES[verdict])


def _access(side: tuple[str, int, tuple[str, ...]], threads: set[str]) -> str:
    """Say what some threads do alike: kind, line, locks."""
    kind, line, locks = side
    names = sorted(threads, key=lambda name: (len(name), name))
    who = " or ".join(names) if len(names) < 3 else f"any of {names[0]} ... {names[-1]}"
    return f"{who} {kind}s in line {line}, {f'holding {lined(locks)}' if locks else 'holding no lock'}"


def _left_out(rows: int) -> tuple[str, ...]:
    return (f"and {rows - MOST_ROWS:,} more, all of them in the JSON (--json).",) if rows > MOST_ROWS else ()
