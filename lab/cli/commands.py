"""The command `lab` and its subcommands."""

from __future__ import annotations

import click

from lab.cli.compare import compare
from lab.cli.export import export
from lab.cli.figures import figures
from lab.cli.gil import gil
from lab.cli.listing import list_scenarios, show
from lab.cli.live import live
from lab.cli.quiz import quiz
from lab.cli.replay import replay
from lab.cli.run import run
from lab.cli.sample import sample
from lab.cli.stress import stress
from lab.cli.verify import verify

__all__ = ["app"]


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="\b\nBegin with:\n"
    "  lab list                                    the scenarios there are\n"
    "  lab show refcount/race                      one of them, and the steps of each line\n"
    "  lab run refcount/race                       what can happen, over all schedules\n"
    "  lab replay refcount/race T1 T2 T1 T2        one schedule, step by step\n"
    "  lab compare refcount/race refcount/locked   a fault and its repair, side by side\n"
    "\nExit status: 0 as expected, 1 a fault was found, 2 the input is wrong, 3 stopped at a bound.",
)
@click.version_option(package_name="gil-lab", message="%(package)s %(version)s")
def app() -> None:
    """Explore small concurrent Python programs in every order their threads can take.

    A scenario is a Python file with threads, shared variables and properties. The lab reads it, tries every schedule,
    and says which outcomes there are, how often each occurs, and which schedule leads there.
    """


for command in (run, list_scenarios, show, compare, replay, quiz, sample, stress, live, verify, figures, export, gil):
    app.add_command(command)
