"""`lab sample`: runs drawn at random."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lab.cli import options
from lab.cli.screen import say, show, write_json
from lab.cli.status import BOUND, FINE, FOUND
from lab.cli.watch import Watch
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.sampler.result import Sample

__all__ = ["sample"]


@click.command(
    short_help="Draw runs at random.",
    epilog="\b\nExamples:\n"
    "  lab sample refcount/race\n"
    "  lab sample lost_update/race --set ROUNDS=10 --uniform -n 10000\n"
    "  lab sample peterson/swapped --uniform --max-length 40\n"
    "  lab sample lock_order/inversion --pct 2 --seed 7 --json\n"
    "\nExit status: 0 no fault was seen, which proves nothing; 1 one was; 2 the input is wrong; 3 stopped at a bound.",
)
@click.argument("scenario", metavar="FILE|NAME")
@click.option("-n", "runs", type=click.IntRange(min=1), default=1000, show_default=True, help="How many runs to draw.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed draws the same runs."
)
@click.option("--uniform", is_flag=True, help="Draw exactly uniformly from all runs, which are explored first.")
@click.option(
    "--pct",
    type=click.IntRange(min=1),
    metavar="D",
    help="Probabilistic concurrency testing for faults that need D ordering constraints.",
)
@click.option(
    "--max-length",
    type=click.IntRange(min=1),
    metavar="L",
    help="Steps of a run at most: longer ones are cut off (by default after 10,000), with --uniform not drawn.",
)
@options.policy(several=False)
@options.setting
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--max-states", type=click.IntRange(min=1), metavar="N", help="Explore N states at most; with --uniform alone."
)
@click.option(
    "--max-seconds",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Stop after S seconds and report the runs drawn until then.",
)
def sample(
    *,
    scenario: str,
    runs: int,
    seed: int,
    uniform: bool,
    pct: int | None,
    max_length: int | None,
    policy: str,
    settings: tuple[str, ...],
    as_json: bool,
    max_states: int | None,
    max_seconds: float | None,
) -> int:
    """Draw runs at random and say what they show.

    Without --uniform and --pct, every enabled thread is equally likely at each step: nothing is explored, so programs
    of any size will do. A sample can find faults; that it finds none proves nothing.
    """
    import lab

    if uniform and pct is not None:
        raise UsageError("--uniform and --pct exclude each other; write one of them")
    if max_states is not None and not uniform:
        raise UsageError(
            "--max-states bounds the exploration before --uniform, and the other ways to draw explore nothing"
        )
    program = options.load(scenario, settings)
    with Watch(max_seconds) as watch:
        found = lab.sample(
            program,
            policy,
            runs=runs,
            seed=seed,
            uniform=uniform,
            pct=pct,
            max_length=max_length,
            max_states=max_states,
            deadline=watch.reached,
            progress=watch.progress,
            drawn=watch.drawn,
        )
    if as_json:
        from lab.report.json import sample_as_json

        write_json([sample_as_json(found)], single=True)
    else:
        _print(found)
    return FOUND if found.faulty else FINE if found.complete else BOUND


def _print(found: Sample) -> None:
    from lab.report import sampled

    say(sampled.headline(found) + "\n")
    for table in sampled.tables(found):
        show(table)
    say(sampled.conclusion(found) + "\n")
