"""`lab stress`: free runs on real interpreters beside the model."""

from __future__ import annotations

import sys

import click

from lab.cli import options
from lab.cli.screen import say, show
from lab.cli.status import FINE, FOUND, worst

__all__ = ["stress"]


@click.command(
    short_help="Run a scenario freely on real interpreters, and compare with the model.",
    epilog="\b\nExamples:\n"
    "  lab stress lost_update/call_in_window\n"
    "  lab stress lost_update/race --python python3.9 --seconds 10",
)
@click.argument("scenario", metavar="FILE|NAME")
@click.option(
    "--python",
    "interpreters",
    multiple=True,
    metavar="EXE",
    help="Run in this interpreter (3.9 or later, nothing installed); else in each version found here. Repeatable.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=2.0,
    show_default=True,
    metavar="S",
    help="Run for S seconds on each interpreter.",
)
@options.setting
def stress(scenario: str, interpreters: tuple[str, ...], seconds: float, settings: tuple[str, ...]) -> int:
    """Run a scenario's threads freely, many times, and compare with what the policy of that version allows.

    What the model excludes and a real run shows is a fault of the model, and the exit status is 1. What the model
    allows and no run shows was not seen: that proves nothing.
    """
    from lab.catalogue import resolve
    from lab.report.stressed import summary, table
    from lab.verify import stress as stressing

    program = options.load(scenario, settings)
    path, _ = resolve(scenario)
    parameters = options.parameters(settings)
    statuses = []
    for python in interpreters or stressing.found_interpreters() or (sys.executable,):
        report = stressing.stress(program, str(path), parameters, python, seconds=seconds)
        show(table(report))
        say(summary(report) + "\n")
        statuses.append(FINE if report.holds else FOUND)
    return worst(statuses)
