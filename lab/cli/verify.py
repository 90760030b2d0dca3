"""`lab verify`: the model against reality."""

from __future__ import annotations

import click

from lab.cli.screen import say, show
from lab.cli.status import FINE, FOUND, worst
from lab.errors import UsageError

__all__ = ["verify"]

CHECKED = "refcount/race"
"""The scenario whose model is compared with reality."""


@click.command(epilog="\b\nExamples:\n  lab verify refcount/race\n  lab verify refcount/race --python python3.13")
@click.argument("scenario", metavar="NAME")
@click.option(
    "--python",
    "interpreters",
    multiple=True,
    metavar="EXE",
    help="Measure in this interpreter (3.9 or later, nothing installed) instead of this one. Repeatable.",
)
def verify(scenario: str, interpreters: tuple[str, ...]) -> int:
    """Compare a scenario's model with what real Python objects do.

    For refcount/race: in each schedule, the count that the racy model and the locked model give, beside the reference
    count of a real object that two real threads work on in that order.
    """
    from lab.catalogue import resolve
    from lab.report.verification import summary, tables
    from lab.verify.refcount import verify_refcounts

    _, name = resolve(scenario)
    if name != CHECKED:
        raise UsageError(f"no reality check is known for {name}; there is one for {CHECKED}")
    statuses = []
    for python in interpreters or (None,):
        report = verify_refcounts(python)
        for table in tables(report):
            show(table)
        say(summary(report) + "\n")
        statuses.append(FINE if report.holds else FOUND)
    return worst(statuses)
