"""`lab live`: real code in every order its threads can take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lab.cli.screen import complain, say, show, write_json
from lab.cli.status import BOUND, FINE, FOUND, worst
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.live import LiveResult

__all__ = ["live"]


@click.command(
    short_help="Explore real code on real threads.",
    epilog="\b\nExamples:\n"
    "  lab live counter.py::race\n"
    "  lab live counter.py::race --bound 2\n"
    "  lab live counter.py::race --replay T1,T2*2,T1",
)
@click.argument("target", metavar="FILE.py[::NAME]")
@click.option("--strategy", metavar="S", help="dpor (the default), all, preemptions, pct or random.")
@click.option("--bound", type=click.IntRange(min=0), metavar="K", help="At most K preemptions; the depth of pct.")
@click.option("--max-executions", type=click.IntRange(min=1), metavar="N", help="Stop after N executions.")
@click.option(
    "--max-seconds", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Stop after about S seconds."
)
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="What pct and random draw from.")
@click.option("--replay", "token", metavar="TOKEN", help="Run the one schedule that a failure named.")
@click.option("--first", is_flag=True, help="Stop at the first failure.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON (docs/live.md).")
def live(target: str, *, as_json: bool, first: bool, token: str | None, **given: Any) -> int:
    """Run the experiments of a Python file on real threads, in every order of steps that matters.

    The file is run, and its `lab.live.Experiment`s are explored: the exit status is 0 when all hold, 1 when one fails,
    and 3 when a search is not complete. Without NAME, every experiment of the file.
    """
    try:
        import bytecode  # noqa: F401 - asked for only to say what is missing
    except ImportError:
        raise UsageError("live exploration needs the package bytecode: pip install gil-lab[live]") from None
    from lab.live.experiment import experiments_in
    from lab.report.live import failure_text, live_as_json, summary, table

    path, _, name = target.partition("::")
    options = {key: value for key, value in given.items() if value is not None}
    if token is not None:
        options |= {"strategy": "replay", "token": token}
    results: list[tuple[str, LiveResult]] = []
    for called, experiment in experiments_in(path, name or None).items():
        try:
            result = experiment.explore(**options, **({"first_failure": True} if first else {}))
        except KeyboardInterrupt:
            complain(f"lab: {called} was stopped before its exploration had ended")
            return worst([BOUND, *map(_status, (one for _, one in results))])
        results.append((called, result))
        if not as_json:
            show(table(called, result))
            for failure in result.failures:
                say(failure_text(failure) + "\n")
            say(summary(called, result) + "\n")
    if as_json:
        write_json((live_as_json(called, result) for called, result in results), single=False)
    return worst(_status(result) for _, result in results)


def _status(result: LiveResult) -> int:
    if result.failures:
        return FOUND
    return FINE if result.exhausted else BOUND
