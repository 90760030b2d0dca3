"""`lab run`: explore scenarios in every order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lab.cli import guard, options
from lab.cli.checkpoints import Checkpoints
from lab.cli.figures import tell_of
from lab.cli.folder import Folder, check_writable
from lab.cli.screen import complain, say, show, write_json
from lab.cli.status import BOUND, status_of, worst
from lab.cli.watch import Watch
from lab.errors import CheckpointError, UsageError

if TYPE_CHECKING:
    from lab.explorer.checkpoint import Checkpoint
    from lab.explorer.result import Result
    from lab.model.program import Program

__all__ = ["explore", "run"]

UNCOUNTED = "lab: the truly different runs were not counted: a bound was reached first"
UNLISTED = "lab: not all the truly different runs asked for are listed: a bound was reached first"

LISTED = 20
"""Truly different runs that --by trace lists unless --limit says otherwise."""


@click.command(
    short_help="Explore scenarios in every order.",
    epilog="\b\nExamples:\n"
    "  lab run refcount/race\n"
    "  lab run my_scenario.py --policy all\n"
    "  lab run philosophers/all_left --set N=4 --json\n"
    "  lab run refcount/race --by trace\n"
    "  lab run refcount/race refcount/locked --figures drawn",
)
@click.argument("scenarios", nargs=-1, required=True, metavar="FILE|NAME...")
@options.policy(several=True)
@options.setting
@click.option("--json", "as_json", is_flag=True, help="Print JSON: an object, or an array for several explorations.")
@click.option("--traces", is_flag=True, help="Count truly different runs: up to swapping independent steps.")
@click.option("--by", type=click.Choice(["trace"]), help="List a schedule of each truly different run (with --traces).")
@click.option(
    "--limit", type=click.IntRange(min=1), metavar="N", help=f"With --by trace: list at most N (else {LISTED})."
)
@click.option(
    "--max-length", type=click.IntRange(min=0), metavar="L", help="Count the runs of each length up to L steps, too."
)
@options.spurious
@click.option("--figures", "folder", type=Folder(), metavar="DIR", help="Draw the figures that fit.")
@click.option(
    "--preemptions",
    type=click.IntRange(min=0),
    metavar="K",
    help="Explore only schedules with at most K switches away from a thread that could go on.",
)
@options.bounds
@options.memory
@options.checkpoint
@options.engine
def run(
    *,
    scenarios: tuple[str, ...],
    policy: str,
    settings: tuple[str, ...],
    as_json: bool,
    traces: bool,
    by: str | None,
    limit: int | None,
    spurious: bool,
    folder: Path | None,
    preemptions: int | None,
    max_states: int | None,
    max_seconds: float | None,
    max_memory: int | None,
    checkpoint: Path | None,
    checkpoint_every: float,
    resume: bool,
    engine: str,
    max_length: int | None,
) -> int:
    """Explore scenarios in every order their threads can take.

    Prints the outcomes with the number of schedules that lead to each, the verdicts on the properties, and the data
    races. A scenario is a file, or a name from `lab list`.
    """
    if limit is not None and by is None:
        raise UsageError("--limit says how many truly different runs to list; give --by trace, too")
    listing = 0 if by is None else limit or LISTED
    policies_named(policy)  # a wrong one is wrong for every file
    together = policy == "all" and not (traces or listing or max_length is not None or preemptions is not None)
    options.parameters(settings)  # wrong settings are wrong for every file: one sentence, not one a file
    if folder is not None:
        check_writable(folder)
    checkpoints = Checkpoints(checkpoint, checkpoint_every, resume=resume)
    statuses: list[int] = []
    results: list[Result] = []
    for scenario in scenarios:
        try:
            program = replace(options.load(scenario, settings), spurious=spurious)
            for name in policies_named(policy, tasks=bool(program.tasks)):
                result = explore(
                    program,
                    name,
                    max_states=max_states,
                    max_seconds=max_seconds,
                    traces=traces,
                    engine=engine,
                    max_preemptions=preemptions,
                    representatives=listing,
                    max_length=max_length,
                    max_memory=max_memory,
                    checkpoint=checkpoints.following(),
                    quiet=as_json,
                )
                results.append(result)
                statuses += [status_of(result), *_short_of(result, traces=traces, listing=listing)]
                if not as_json and not together:
                    _print(result)
                    _explain(result, scenario, settings)
                if folder is not None:
                    _draw(program, result, folder, complain if as_json else say)
            every = results[-len(policies_named(policy, tasks=bool(program.tasks))) :]
            if together and not as_json:
                _survey(every)
            if folder is not None and len(every) > 1:
                _draw_policies(every, folder, complain if as_json else say)
        except CheckpointError:
            raise
        except guard.EXPECTED as error:
            complain(guard.explained(error))
            statuses.append(guard.status_of_error(error))
    if as_json:
        from lab.report.json import as_json as to_json

        write_json(map(to_json, results), single=len(scenarios) == 1 and policy != "all")
    checkpoints.end(results)
    return worst(statuses)


def policies_named(policy: str, *, tasks: bool = True) -> tuple[str, ...]:
    """Return the policies that --policy asks for, of a program with tasks or without.

    Raises
    ------
    UsageError
        There is no such policy.
    """
    from lab.model.policies import policies_for, policy_named

    return tuple(policies_for(tasks=tasks)) if policy == "all" else (policy_named(policy).name,)


def _short_of(result: Result, *, traces: bool, listing: int) -> list[int]:
    """Complain where a bound kept truly different runs from being counted, or from being listed as asked."""
    from lab.report.different_runs import listed

    if not (traces or listing):
        return []
    if result.traces is None:
        complain(UNCOUNTED)
        return [BOUND]
    if not listed(result, listing) or (listing and not result.complete):
        complain(UNLISTED)
        return [BOUND]
    return []


def explore(
    program: Program,
    policy: str,
    *,
    max_states: int | None,
    max_seconds: float | None,
    traces: bool = False,
    engine: str = "auto",
    max_preemptions: int | None = None,
    representatives: int = 0,
    max_length: int | None = None,
    max_memory: int | None = None,
    checkpoint: Checkpoint | None = None,
    quiet: bool = False,
) -> Result:
    """Explore under bounds and Ctrl-C, and show progress unless `quiet`; what was found until then is kept."""
    import lab

    with Watch(max_seconds, quiet=quiet) as watch:
        result = lab.explore(
            program,
            policy,
            max_states=max_states,
            deadline=watch.reached,
            progress=watch.progress,
            traces=traces,
            engine=engine,
            max_preemptions=max_preemptions,
            representatives=representatives,
            max_length=max_length,
            max_memory=max_memory,
            checkpoint=checkpoint,
        )
    return watch.explained(result)


def _print(result: Result) -> None:
    from lab.report import text

    say(text.headline(result) + "\n")
    for table in text.tables(result):
        show(table)
    say(text.conclusion(result) + "\n")


def _survey(results: list[Result]) -> None:
    """Print one line per policy."""
    from lab.report.survey import survey

    say(f"{results[0].scenario}: {results[0].title}\n")
    show(survey(results))
    unmet = [result.policy for result in results if any(claim.met is False for claim in result.expectations)]
    if unmet:
        say(f"This is not what the file expects under {', '.join(unmet)}.")
    say("lab run NAME --policy POLICY says more about one of them.")


def _explain(result: Result, scenario: str, settings: tuple[str, ...]) -> None:
    """Print what happens in the worst case, and the command that steps through it."""
    from lab.report.explain import explain, worst
    from lab.report.replay import command

    found = worst(result)
    if found is None:
        return
    say(explain(result, found) + "\n")
    if found.witness is not None:
        say("Step by step: " + command(scenario, result.policy, settings, found.witness) + "\n")


def _draw(program: Program, result: Result, folder: Path, tell: Callable[[str], None]) -> None:
    """Draw the figures that fit, and tell where they are."""
    from lab.draw import draw_fitting

    paths = draw_fitting(program, result, folder)
    tell(tell_of(paths) + "\n" if paths else "No figure fits this scenario.\n")


def _draw_policies(results: Sequence[Result], folder: Path, tell: Callable[[str], None]) -> None:
    """Draw under which policies a scenario goes wrong, if they differ in that."""
    from lab.draw import draw_policies

    if paths := draw_policies(results, folder):
        tell(tell_of(paths) + "\n")
