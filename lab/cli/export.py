"""`lab export`: a scenario as a model for another tool."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from lab.cli import options
from lab.cli.folder import check_writable
from lab.cli.screen import say
from lab.cli.status import FINE
from lab.cli.watch import Watch
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
        _check(output)
    program = options.load(scenario, settings)
    with Watch(max_seconds) as watch:
        text = lab.promela(program, policy, max_states=max_states, deadline=watch.reached, progress=watch.progress)
    if output is None:
        say(text.rstrip("\n"))
    else:
        _write(output, text)
    return FINE


def _check(output: Path) -> None:
    """Raise `UsageError` or `OSError` before the work when the file cannot be written."""
    if output.is_dir():
        raise UsageError(f"{output} is a directory; name a file in it")
    if not output.absolute().parent.is_dir():
        raise UsageError(f"there is no directory {output.parent}; make it first")
    check_writable(output.absolute().parent)


def _write(output: Path, text: str) -> None:
    """Write the file under another name first, so that nobody finds half of it."""
    handle, temporary = tempfile.mkstemp(dir=output.absolute().parent, prefix=f".{output.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(output)
    finally:
        Path(temporary).unlink(missing_ok=True)
