"""`lab gil`: the GIL in simulated time."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from lab.cli import options
from lab.cli.screen import say, show, write_json
from lab.cli.status import FINE
from lab.cli.write import check_target, write_whole
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.gil import Experiment, Settings

__all__ = ["gil"]


@click.command(
    short_help="Simulate the GIL: experiments in simulated time.",
    epilog="\b\nExamples:\n"
    "  lab gil                                  the experiments there are\n"
    "  lab gil convoy                           what one computing thread does to one that waits\n"
    "  lab gil cpu-bound --set work=2.0 --set cores=4\n"
    "  lab gil tick-battle --trace ticks.json   a trace for Perfetto",
)
@click.argument("name", metavar="[NAME]", required=False)
@click.option("--model", metavar="MODEL", help="How threads share an interpreter: old, new, per-interpreter, ...")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seed of the random latencies.")
@options.setting
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@click.option(
    "--trace",
    type=click.Path(path_type=Path),
    metavar="OUT.json",
    help="Write the most telling run in the trace format of Chrome and Perfetto.",
)
def gil(
    *, name: str | None, model: str | None, seed: int, settings: tuple[str, ...], as_data: bool, trace: Path | None
) -> int:
    """Run an experiment on models of the GIL, in simulated time; without NAME, list the experiments.

    The parameters of an experiment and of the machine are set with --set: cores, interval (the switch interval in
    seconds), wake, slice and others; docs/gil.md has them all.
    """
    from lab.report import gil as report

    if name is None:
        show(report.experiments())
        return FINE
    begun = perf_counter()
    experiment, chosen, parameters = _prepared(name, model, seed, settings)
    if trace is not None:
        check_target(trace)
    cases = experiment.prepared(chosen, parameters)
    pairs = list(experiment.rows(cases))
    rows = [row for row, _ in pairs]
    if trace is not None:
        from lab.gil import trace_events

        write_whole(trace, json.dumps(trace_events(pairs[experiment.shown][1])) + "\n")
    if as_data:
        write_json([report.as_json(experiment, chosen, parameters, rows, perf_counter() - begun)], single=True)
        return FINE
    show(report.results(experiment, chosen, rows))
    say(experiment.advise(rows) if experiment.advise else experiment.lesson)
    if trace is not None:
        say(
            f"Trace: {trace}, of {', '.join(f'{key} {value}' for key, value in cases[experiment.shown].labels.items())}"
        )
    return FINE


def _prepared(
    name: str, model: str | None, seed: int, given: tuple[str, ...]
) -> tuple[Experiment, Settings, dict[str, Any]]:
    """Return the experiment, the settings and its parameters; raises `UsageError` for what makes no sense."""
    from lab.gil import MODELS, Settings, experiment_named, split_parameters

    experiment = experiment_named(name)
    chosen = model or experiment.model
    for known in MODELS:
        if known == chosen:
            changed, parameters = split_parameters(experiment, options.parameters(given), Settings(known, seed=seed))
            return experiment, changed, parameters
    raise UsageError(f"there is no model {chosen!r}; choose one of {', '.join(MODELS)}")
