"""`lab verify`: the model against reality."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lab.cli import interpreters, options
from lab.cli.screen import complain, say, show, write_json
from lab.cli.status import BOUND, FINE, FOUND

if TYPE_CHECKING:
    from lab.verify.conformance import Comparison, Conformance
    from lab.verify.interpreters import Interpreter
    from lab.verify.refcount import RefcountReport

__all__ = ["verify"]

COUNTED = "refcount/race"
"""The scenario that is also held against the reference counts of real objects."""


@click.command(
    short_help="Compare a scenario's model with what real threads do.",
    epilog="\b\nExamples:\n"
    "  lab verify bank/race\n"
    "  lab verify refcount/race --python python3.13\n"
    "  lab verify philosophers/all_left --set N=4 --seconds 5",
)
@click.argument("scenario", metavar="FILE|NAME")
@interpreters.option
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="S",
    help="Run freely for S seconds on each interpreter.",
)
@click.option(
    "--runs",
    type=click.IntRange(min=1),
    default=2000,
    show_default=True,
    metavar="N",
    help="Lead real threads along N schedules at most.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON (docs/verify.md).")
@options.setting
def verify(
    scenario: str, pythons: tuple[str, ...], seconds: float, runs: int, settings: tuple[str, ...], *, as_json: bool
) -> int:
    """Compare a scenario's model with what real threads do on real interpreters.

    Real threads are led along every schedule of the model and compared with it step for step; then they run freely, and
    what the policy of that interpreter excludes must not happen. Ctrl-C stops; what was compared is reported. For
    refcount/race the counts are also held against those of real objects.
    """
    from lab.catalogue import resolve
    from lab.verify.conformance import prepared

    program = options.load(scenario, settings)
    path, name = resolve(scenario)
    chosen = interpreters.chosen(pythons, program)
    model = prepared(program, str(path), options.parameters(settings), chosen, most=runs)
    found = _compared(model, chosen, seconds)
    counted = _counts(found) if name == COUNTED else None
    _report(found, counted, as_json=as_json)
    if not found.conforms or not all(report.holds for report in (counted or {}).values()):
        return FOUND
    return FINE if found.complete else BOUND


def _compared(model: Comparison, chosen: Sequence[Interpreter], seconds: float) -> Conformance:
    """Compare on one interpreter after the other, until Ctrl-C."""
    from lab.verify.conformance import Conformance, compared

    checked, interrupted = [], False
    try:
        for one in compared(model, chosen, seconds=seconds):
            checked.append(one)
            if one.free.interrupted:
                interrupted = True
                break
    except KeyboardInterrupt:
        interrupted = True
    return Conformance(model, tuple(checked), interrupted)


def _counts(found: Conformance) -> dict[str, RefcountReport]:
    """Return the reference counts of real objects on the interpreters that were compared, by path."""
    from lab.verify.refcount import verify_refcounts

    return {one.interpreter.path: verify_refcounts(one.interpreter.path) for one in found.checked}


def _report(found: Conformance, counted: dict[str, RefcountReport] | None, *, as_json: bool) -> None:
    from lab.report import verification
    from lab.report.conformance import conformance_as_json, disagreements, summary, table

    if as_json:
        write_json([conformance_as_json(found, counted)], single=True)
        return
    reports = list((counted or {}).values())
    if reports:
        for detail in verification.tables((counted or {}).get(sys.executable, reports[0])):
            show(detail)
    for report in reports:
        say(verification.summary(report))
    if reports:
        say()
    show(table(found, counted))
    for sentence in disagreements(found):
        complain(f"lab: {sentence}")
    say(summary(found))
