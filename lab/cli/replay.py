"""`lab replay`: one schedule, step by step."""

from __future__ import annotations

import click

from lab.cli import options
from lab.cli.screen import say, show
from lab.cli.status import FINE

__all__ = ["replay"]


@click.command(
    short_help="Run one schedule, step by step.",
    epilog="\b\nExamples:\n  lab replay refcount/race T1 T2 T1 T2\n  lab replay refcount/race --policy statement T2 T1",
)
@click.argument("scenario", metavar="FILE|NAME")
@click.argument("schedule", nargs=-1, metavar="ENTRY...")
@options.policy(several=False)
@options.setting
@options.spurious
def replay(scenario: str, schedule: tuple[str, ...], policy: str, settings: tuple[str, ...], *, spurious: bool) -> int:
    """Run one schedule and show every step: what it touches, the shared state after it, and what races.

    A schedule is what `lab run` prints as a witness: the name of the thread that runs at each step, and T1:2 where the
    step has several results, counted from 0. It may stop before the end.
    """
    import lab
    from lab.report.replay import steps, where_it_ends

    trace = lab.replay(options.load(scenario, settings), schedule, policy, spurious=spurious)
    say(trace.title + "\n")
    show(steps(trace))
    say(where_it_ends(trace))
    return FINE
