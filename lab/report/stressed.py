"""Free runs beside the model: what `lab stress` shows of one interpreter."""

from __future__ import annotations

from typing import Any

from lab.report.table import Cell, Column, Table
from lab.report.words import count, end, settings, value
from lab.verify.interpreters import Interpreter
from lab.verify.stress import Seen, StressReport

__all__ = ["interpreter_as_json", "on", "real_end", "seen_as_json", "stress_as_json", "summary", "table"]


def table(report: StressReport) -> Table:
    """Return the outcomes of the model and of the runs."""
    result = report.result
    columns = (
        Column("outcome", wrap=60),
        Column(""),
        Column(f"schedules ({result.policy})", number=True),
        Column("runs", number=True),
        Column("the model"),
    )
    title = f"{result.scenario}{settings(result)} on {on(report.interpreter)}: {report.runs:,} free runs"
    return Table(title, columns, tuple(_row(one, report) for one in report.seen))


def summary(report: StressReport) -> str:
    """Return what the comparison comes to, in one sentence."""
    where = on(report.interpreter)
    early = " Ctrl-C ended the runs early." if report.interrupted else ""
    stuck = f" {report.stuck:,} runs were stuck, and given up." if report.stuck else ""
    return f"{where}: {_comparison(report)}.{stuck}{early}"


def on(interpreter: Interpreter) -> str:
    """Return what an interpreter is called.

    Examples
    --------
    >>> on(Interpreter("python3.13t", "CPython", "3.13.5", "3.13", gil=False))
    'Python 3.13.5 without a GIL'
    """
    name = "Python" if interpreter.implementation == "CPython" else interpreter.implementation
    return f"{name} {interpreter.release}{'' if interpreter.gil else ' without a GIL'}"


def stress_as_json(report: StressReport) -> dict[str, Any]:
    """Return a report as plain data: the fields of docs/results.md."""
    return {
        "scenario": report.result.scenario,
        "parameters": dict(report.result.parameters),
        **interpreter_as_json(report.interpreter),
        "policy": report.result.policy,
        "runs": report.runs,
        "stuck": report.stuck,
        "complete": report.result.complete and not report.interrupted,
        "compared": report.compared,
        "holds": report.holds,
        "outcomes": [seen_as_json(one) for one in report.seen],
    }


def interpreter_as_json(interpreter: Interpreter) -> dict[str, Any]:
    """Return what tells an interpreter from others."""
    return {"python": interpreter.release, "implementation": interpreter.implementation, "gil": interpreter.gil}


def seen_as_json(one: Seen) -> dict[str, Any]:
    """Return an outcome, whether the policy allows it, and how many runs ended so."""
    shown = one.real if one.outcome is None else vars(one.outcome)
    assert shown is not None
    fields = ("status", "shared", "returned", "errors", "output")
    return {"allowed": one.outcome is not None, "runs": one.runs, **{field: shown[field] for field in fields}}


def _comparison(report: StressReport) -> str:
    if not report.result.complete:
        return "the exploration is incomplete, so nothing is compared"
    if not report.comparable:
        return "a Record stands for what an interpreter does in C, so that real runs may show more"
    policy = report.result.policy
    if not report.holds:
        runs = sum(one.runs for one in report.excluded)
        return f"{runs:,} of {report.runs:,} runs showed what policy {policy} excludes. The model is wrong there"
    missing = sum(not one.runs for one in report.seen)
    unseen = f"; {missing} of its outcomes not seen in {report.runs:,} runs, which proves nothing" if missing else ""
    return f"policy {policy} allows everything that was seen{unseen}"


def _row(one: Seen, report: StressReport) -> tuple[Cell, ...]:
    if one.outcome is None:
        answer = Cell("excludes it", "bad" if report.compared else "unknown")
        return Cell(real_end(one)), Cell(""), Cell("0"), Cell(f"{one.runs:,}"), answer
    faulty = one.outcome.faulty
    return (
        Cell(end(one.outcome), "bad" if faulty else "plain"),
        Cell("fault", "bad") if faulty else Cell(""),
        Cell(count(one.outcome.schedules)),
        Cell(f"{one.runs:,}", "plain" if one.runs else "quiet"),
        Cell("allows it", "good") if one.runs else Cell(f"not seen in {report.runs:,} runs", "quiet"),
    )


def real_end(one: Seen) -> str:
    """Return what a run showed, in one line."""
    assert one.real is not None
    if one.real["status"] == "unfinished":
        return f"stuck: {', '.join(one.real['unfinished'])}"
    parts = [f"{name} = {value(data)}" for name, data in one.real["shared"].items()]
    parts += [f"{thread} returns {value(data)}" for thread, data in one.real["returned"].items() if data is not None]
    parts += [f"{thread} ends by {error}" for thread, error in one.real["errors"].items()]
    return ", ".join([*parts, *map(repr, one.real["output"])]) or "all threads finish"
