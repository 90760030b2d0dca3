"""Models beside real objects: what `lab verify` shows of one interpreter's reference counts."""

from __future__ import annotations

from collections.abc import Iterable

from lab.report.table import Cell, Column, Table
from lab.report.words import lined
from lab.verify.refcount import DeathCheck, PrintCheck, RefcountReport, ScheduleCheck

__all__ = ["summary", "tables"]


def tables(report: RefcountReport) -> tuple[Table, ...]:
    """Return the three checks: schedules, deaths, the three prints."""
    return (_schedules(report), _deaths(report), _prints(report))


def summary(report: RefcountReport) -> str:
    """Return what the checks come to, in one or two sentences."""
    number = len(report.schedules)
    agreed = sum(check.holds for check in report.schedules)
    text = (
        f"{_interpreter(report)}: the real count is the locked model's in {agreed} of {number} schedules; "
        f"the racy model differs in {report.racy_differs} of {number}."
    )
    return text if report.holds else f"{text} Not every check holds: {lined(_failed(report))}."


def _interpreter(report: RefcountReport) -> str:
    return f"CPython {report.python}{'' if report.gil else ' without a GIL'}"


def _schedules(report: RefcountReport) -> Table:
    columns = (
        Column("schedule"),
        Column("racy model"),
        Column("locked model"),
        Column("real object"),
        Column("the real count is"),
        Column("the racy model"),
    )
    title = f"Every schedule: counts modelled (policy access, exact) and measured ({_interpreter(report)})"
    notes = ("Each entry is the count at the start and after each step; a real count is a difference from a baseline.",)
    return Table(title, columns, tuple(map(_schedule, report.schedules)), notes)


def _schedule(check: ScheduleCheck) -> tuple[Cell, ...]:
    error = check.racy[-1] - check.locked[-1]
    return (
        Cell(" ".join(check.schedule), "strong"),
        Cell(_numbers(check.racy)),
        Cell(_numbers(check.locked)),
        Cell(_numbers(check.real)),
        Cell("the locked model's", "good") if check.holds else Cell("NOT the locked model's", "bad"),
        Cell(f"is off by {error:+d}", "bad") if error else Cell("agrees", "good"),
    )


def _deaths(report: RefcountReport) -> Table:
    columns = (
        Column("order"),
        Column("model: count, alive"),
        Column("real: count, alive"),
        Column("died in"),
        Column("check"),
    )
    title = f"Two references, both dropped: when the object dies ({_interpreter(report)})"
    return Table(title, columns, tuple(map(_death, report.deaths)))


def _death(check: DeathCheck) -> tuple[Cell, ...]:
    return (
        Cell(", then ".join(check.order), "strong"),
        Cell(_lives(check.model, check.model_alive)),
        Cell(_lives(check.real, check.real_alive)),
        Cell(check.died_in or "-"),
        _verdict(check.holds),
    )


def _prints(report: RefcountReport) -> Table:
    columns = (
        Column("after"),
        Column("references more to the object", number=True),
        Column("expected", number=True),
        Column("references more to the list", number=True),
        Column("sys.getrefcount says"),
        Column("check"),
    )
    title = f"Three prints: a list that holds the object is one reference ({_interpreter(report)})"
    notes = ("sys.getrefcount counts its own argument too, and that differs between versions; the differences do not.",)
    return Table(title, columns, tuple(map(_print, report.prints)), notes)


def _print(check: PrintCheck) -> tuple[Cell, ...]:
    return (
        Cell(check.after, "strong"),
        Cell(str(check.obj)),
        Cell(str(check.expected)),
        Cell(str(check.lst)),
        Cell(_numbers(check.shown)),
        _verdict(check.holds),
    )


def _failed(report: RefcountReport) -> Iterable[str]:
    groups: tuple[tuple[str, Iterable[ScheduleCheck | DeathCheck | PrintCheck]], ...] = (
        ("the schedules", report.schedules),
        ("the deaths", report.deaths),
        ("the prints", report.prints),
    )
    return [name for name, checks in groups if not all(check.holds for check in checks)]


def _verdict(holds: bool) -> Cell:
    return Cell("holds", "good") if holds else Cell("FAILS", "bad")


def _lives(counts: Iterable[int], alive: Iterable[bool]) -> str:
    return ", ".join(f"{count} {'alive' if living else 'dead'}" for count, living in zip(counts, alive, strict=True))


def _numbers(numbers: Iterable[int]) -> str:
    return " ".join(map(str, numbers))
