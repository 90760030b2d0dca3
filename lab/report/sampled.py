"""One sample of runs as tables: outcomes, properties, what the runs were like."""

from __future__ import annotations

from collections.abc import Iterator

from lab.report.table import Cell, Column, Table, Tone
from lab.report.words import amount, count, end, part, schedule, settings
from lab.sampler.result import Coverage, Sample, SampledOutcome, SampledProperty, Seen, Spread

__all__ = ["conclusion", "headline", "tables"]

MOST_ROWS = 40
"""Outcomes that the table shows before it refers to the JSON for the rest."""

TONES: dict[str, Tone] = {"violated": "bad", "reached": "good", "not seen": "quiet"}


def headline(sample: Sample) -> str:
    """Return the scenario's name, its parameters and its title, and how the runs were drawn."""
    stopped = "" if sample.complete else f"incomplete: {sample.wanted:,} were asked for; "
    first = f"{sample.scenario}{settings(sample)}: {sample.title}"
    return f"{first}\nPolicy {sample.policy}; {amount(sample.runs, 'run', 'runs')}, {stopped}{_drawn(sample)}."


def tables(sample: Sample) -> tuple[Table, ...]:
    """Return the tables that `lab sample` shows; an empty one is left out."""
    shown = (outcomes(sample), verdicts(sample), spreads(sample))
    return tuple(table for table in shown if table.rows)


def outcomes(sample: Sample) -> Table:
    """Return the table of the outcomes seen: in how many runs, with 95 % intervals, and the first such run."""
    columns = (Column("outcome", wrap=60), Column(""), *_SEEN)
    rows = tuple(_outcome(outcome) for outcome in sample.outcomes[:MOST_ROWS])
    left = len(sample.outcomes) - MOST_ROWS
    notes = (f"and {left:,} more, all of them in the JSON (--json).",) if left > 0 else ()
    return Table(f"Outcomes seen ({_provenance(sample)})", columns, rows, notes)


def verdicts(sample: Sample) -> Table:
    """Return the table of what the runs say about the properties and about what should never happen."""
    columns = (Column("property"), Column("kind"), Column("in this sample"), *_SEEN)
    rows = [_property(prop) for prop in sample.properties]
    rows += [_built_in("no deadlock", sample.deadlock), _built_in("no uncaught exception", sample.exceptions)]
    notes = tuple(f"{prop.name} raises {prop.reason}." for prop in sample.properties if prop.reason)
    return Table(f"Properties ({_provenance(sample)})", columns, tuple(rows), notes)


def spreads(sample: Sample) -> Table:
    """Return the table of how long the runs were and how often they were preempted; notes say what they cover."""
    columns = (Column("in a run"), *(Column(title, number=True) for title in ("least", "median", "most")))
    named = (("steps", sample.lengths), ("preemptions", sample.preemptions))
    rows = tuple((Cell(name), *map(Cell, _numbers(spread))) for name, spread in named if spread is not None)
    return Table(f"Runs ({_provenance(sample)})", columns, rows)


def conclusion(sample: Sample) -> str:
    """Return what follows from the sample, and how far it reaches."""
    found = list(_faults(sample))
    runs = amount(sample.runs, "run", "runs")
    text = f"Found in {runs}: {'; '.join(found)}." if found else f"No fault was seen in {runs}; this proves nothing."
    notes = [text]
    if sample.cut:
        steps = count(sample.max_length)
        notes.append(
            f"{amount(sample.cut, 'run was', 'runs were')} cut off after {steps} steps and "
            f"{'has' if sample.cut == 1 else 'have'} no outcome; --max-length sets another bound."
        )
    if sample.longer:
        notes.append(f"Runs of more than {count(sample.max_length)} steps exist and were not drawn.")
    if sample.coverage is not None:
        notes += _promise(sample.coverage)
    return "\n".join(notes)


_SEEN = (
    Column("runs", number=True),
    Column("frequency", number=True),
    Column("95 % interval", number=True),
    Column("first run", number=True),
    Column("its schedule", wrap=60),
)


def _drawn(sample: Sample) -> str:
    """Say who drew the runs, from what, with which seed."""
    if sample.scheduler == "pct":
        depth = sample.coverage.depth if sample.coverage else 0
        return f"each run by random priorities for faults of depth {depth}, seed {sample.seed}"
    if sample.scheduler == "choice":
        return f"at each step every enabled thread equally likely, seed {sample.seed}"
    bound = f" of at most {count(sample.max_length)} steps" if sample.longer else ""
    return f"drawn uniformly from all {amount(sample.population, 'schedule', 'schedules')}{bound}, seed {sample.seed}"


def _provenance(sample: Sample) -> str:
    names = {"choice": "uniform choice", "uniform": "uniform", "pct": "random priorities"}
    runs = amount(sample.runs, "run", "runs")
    return f"policy {sample.policy}; sampled: {runs}, {names[sample.scheduler]}, seed {sample.seed}"


def _outcome(outcome: SampledOutcome) -> tuple[Cell, ...]:
    fault = Cell("fault", "bad") if outcome.faulty else Cell("")
    return (Cell(end(outcome), "bad" if outcome.faulty else "plain"), fault, *_seen(outcome.seen))


def _property(prop: SampledProperty) -> tuple[Cell, ...]:
    return (Cell(prop.name), Cell(prop.kind, "quiet"), Cell(prop.verdict, TONES[prop.verdict]), *_seen(prop.seen))


def _built_in(name: str, seen: Seen) -> tuple[Cell, ...]:
    verdict = "violated" if seen.runs else "not seen"
    return (Cell(name), Cell("built in", "quiet"), Cell(verdict, TONES[verdict]), *_seen(seen))


def _seen(seen: Seen) -> tuple[Cell, ...]:
    low, high = (f"{100 * bound:.1f}" for bound in seen.interval)
    return (
        Cell(f"{seen.runs:,}"),
        Cell(part(seen.frequency)),
        Cell(f"{low}-{high} %"),
        Cell("-" if seen.first is None else f"{seen.first:,}"),
        Cell(schedule(seen.schedule), "quiet"),
    )


def _numbers(spread: Spread) -> tuple[str, ...]:
    return tuple(f"{number:,}" for number in (spread.least, spread.median, spread.most))


def _faults(sample: Sample) -> Iterator[str]:
    for prop in sample.properties:
        if prop.verdict == "violated":
            yield f"{prop.name} is violated in {prop.seen.runs:,}"
    if sample.deadlock.runs:
        yield f"a deadlock in {sample.deadlock.runs:,}"
    if sample.exceptions.runs:
        yield f"a thread ends by an exception in {sample.exceptions.runs:,}"


def _promise(coverage: Coverage) -> Iterator[str]:
    """Say what probabilistic concurrency testing promises and on what condition; or that it promises nothing."""
    d, n, k = coverage.depth, coverage.threads, coverage.steps
    if coverage.missed is None:
        yield (
            f"In {amount(coverage.demoted, 'run', 'runs')} a thread that waited busily was put last, "
            f"so nothing is promised about faults of depth {d}."
        )
        return
    yield (
        f"A fault of depth {d} shows in each run with probability at least 1/(n k^(d-1)) = {part(coverage.chance)}, "
        f"with n = {n} threads,\nif no run is longer than k = {k:,} steps, the longest seen, "
        "and no step has several results."
    )
    if coverage.runs:
        yield (
            f"Then {amount(coverage.runs, 'run misses', 'runs all miss')} such a fault "
            f"with probability {coverage.missed:.2g} at most."
        )
