"""`lab stress`: free runs on real interpreters beside the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lab.cli import interpreters, options
from lab.cli.screen import complain, say, show, write_json
from lab.cli.status import BOUND, FINE, FOUND, worst

if TYPE_CHECKING:
    from lab.verify.stress import StressReport

__all__ = ["stress"]


@click.command(
    short_help="Run a scenario freely on real interpreters, and compare with the model.",
    epilog="\b\nExamples:\n"
    "  lab stress lost_update/call_in_window\n"
    "  lab stress lost_update/race --python python3.9 --seconds 10",
)
@click.argument("scenario", metavar="FILE|NAME")
@interpreters.option
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=2.0,
    show_default=True,
    metavar="S",
    help="Run for S seconds on each interpreter.",
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0, min_open=True),
    default=1e-6,
    show_default=True,
    metavar="I",
    help="Let a waiting thread ask for the GIL after I seconds; Python's own default is 0.005.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON (docs/results.md).")
@options.setting
def stress(
    scenario: str,
    pythons: tuple[str, ...],
    seconds: float,
    interval: float,
    settings: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Run a scenario's threads freely, many times, and compare with what the policy of that version allows.

    What the model excludes and a real run shows is a fault of the model, and the exit status is 1. What the model
    allows and no run shows was not seen: that proves nothing. Ctrl-C ends the runs, and what was seen is reported.
    """
    from lab.catalogue import resolve
    from lab.report.stressed import stress_as_json, summary, table
    from lab.verify import stress as stressing

    program = options.load(scenario, settings)
    path, _ = resolve(scenario)
    parameters = options.parameters(settings)
    reports = []
    for one in interpreters.chosen(pythons, program):
        try:
            report = stressing.stress(program, str(path), parameters, one, seconds=seconds, interval=interval)
        except KeyboardInterrupt:
            complain(f"lab: stopped before the first run on Python {one.name} had ended")
            break
        reports.append(report)
        if not as_json:
            show(table(report))
            say(summary(report) + "\n")
        if report.interrupted:
            break
    if as_json:
        write_json(map(stress_as_json, reports), single=False)
    return worst([BOUND] * (not reports) + [_status(report) for report in reports])


def _status(report: StressReport) -> int:
    if not report.holds:
        return FOUND
    return BOUND if report.interrupted or not report.result.complete else FINE
