"""`lab export`: a scenario as a model for another tool."""

from __future__ import annotations

from pathlib import Path

import click

from lab.cli import options
from lab.cli.screen import say
from lab.cli.status import FINE
from lab.cli.watch import Watch
from lab.cli.write import check_target, write_whole
from lab.errors import UsageError

__all__ = ["export"]


@click.command(
    short_help="Write a scenario as a model for SPIN.",
    epilog="\b\nExamples:\n"
    "  lab export refcount/race --promela\n"
    "  lab export philosophers/all_left --promela --set N=4 --output philosophers.pml",
)
@click.argument("scenario", metavar="FILE|NAME")
@click.option("--promela", "as_promela", is_flag=True, help="Write Promela, the language of SPIN.")
@options.policy(several=False)
@options.setting
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to a file, not to the screen.")
@options.bounds
def export(
    *,
    scenario: str,
    as_promela: bool,
    policy: str,
    settings: tuple[str, ...],
    output: Path | None,
    max_states: int | None,
    max_seconds: float | None,
) -> int:
    """Write a scenario as a model for the model checker SPIN.

    The scenario is explored first, to its end: what its steps do in every state becomes the model, and SPIN finds as
    many states and deadlocks. How to run it stands at the top of the model.
    """
    import lab

    if not as_promela:
        raise UsageError("there is one format; write --promela")
    if output is not None:
        check_target(output)
    program = options.load(scenario, settings)
    with Watch(max_seconds) as watch:
        text = lab.promela(program, policy, max_states=max_states, deadline=watch.reached, progress=watch.progress)
    if output is None:
        say(text.rstrip("\n"))
    else:
        write_whole(output, text)
    return FINE
