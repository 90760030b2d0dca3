"""Free runs beside the model: what `lab stress` shows of one interpreter."""

from __future__ import annotations

from lab.report.table import Cell, Column, Table
from lab.report.words import count, end, settings, value
from lab.verify.stress import Seen, StressReport

__all__ = ["summary", "table"]


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
    threads = "" if report.gil else " without a GIL"
    title = f"{result.scenario}{settings(result)} on Python {report.python}{threads}: {report.runs:,} free runs"
    return Table(title, columns, tuple(_row(one, report) for one in report.seen))


def summary(report: StressReport) -> str:
    """Return what the comparison comes to, in one sentence."""
    where = f"Python {report.python}"
    if not report.result.complete:
        return f"{where}: the exploration is incomplete, so nothing is compared."
    if not report.comparable:
        return f"{where}: a Record stands for what an interpreter does in C, so that real runs may show more."
    if not report.holds:
        return f"{where}: real runs showed what policy {report.result.policy} excludes. The model is wrong there."
    missing = sum(not one.runs for one in report.seen)
    unseen = f"; {missing} of its outcomes not seen in {report.runs:,} runs, which proves nothing" if missing else ""
    return f"{where}: the model allows everything that was seen{unseen}."


def _row(one: Seen, report: StressReport) -> tuple[Cell, ...]:
    if one.outcome is None:
        answer = Cell("excludes it", "bad" if report.comparable and report.result.complete else "unknown")
        return Cell(_real(one)), Cell(""), Cell("0"), Cell(f"{one.runs:,}"), answer
    faulty = one.outcome.faulty
    return (
        Cell(end(one.outcome), "bad" if faulty else "plain"),
        Cell("fault", "bad") if faulty else Cell(""),
        Cell(count(one.outcome.schedules)),
        Cell(f"{one.runs:,}", "plain" if one.runs else "quiet"),
        Cell("allows it", "good") if one.runs else Cell(f"not seen in {report.runs:,} runs", "quiet"),
    )


def _real(one: Seen) -> str:
    """Return what a run showed, in one line."""
    assert one.real is not None
    if one.real["status"] == "unfinished":
        return f"stuck: {', '.join(one.real['unfinished'])}"
    parts = [f"{name} = {value(data)}" for name, data in one.real["shared"].items()]
    parts += [f"{thread} returns {value(data)}" for thread, data in one.real["returned"].items() if data is not None]
    parts += [f"{thread} ends by {error}" for thread, error in one.real["errors"].items()]
    return ", ".join([*parts, *map(repr, one.real["output"])]) or "all threads finish"
