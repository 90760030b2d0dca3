"""`lab compare`: two scenarios side by side."""

from __future__ import annotations

import click

from lab.cli import options
from lab.cli.run import explore, policies_named
from lab.cli.screen import show
from lab.cli.status import status_of, worst

__all__ = ["compare"]


@click.command(
    short_help="Explore two scenarios, side by side.",
    epilog="\b\nExamples:\n"
    "  lab compare refcount/race refcount/locked\n"
    "  lab compare lost_update/race lost_update/locked --policy statement",
)
@click.argument("one", metavar="A")
@click.argument("other", metavar="B")
@options.policy(several=True)
@options.setting
@options.bounds
def compare(
    *,
    one: str,
    other: str,
    policy: str,
    settings: tuple[str, ...],
    max_states: int | None,
    max_seconds: float | None,
) -> int:
    """Explore two scenarios and show them side by side: a fault and its repair, for instance.

    A and B are files, or names from `lab list`.
    """
    from lab.report.comparison import compare as side_by_side

    programs = [options.load(scenario, settings) for scenario in (one, other)]
    statuses = []
    tasks = any(program.tasks for program in programs)
    for name in policies_named(policy, tasks=tasks):
        first, second = (explore(program, name, max_states=max_states, max_seconds=max_seconds) for program in programs)
        for table in side_by_side(first, second):
            show(table)
        statuses += [status_of(first), status_of(second)]
    return worst(statuses)
