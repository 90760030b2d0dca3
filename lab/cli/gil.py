"""`lab gil`: the GIL in simulated time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from lab.cli import options
from lab.cli.folder import check_writable
from lab.cli.gil_shown import LOOP, Asked, draw_all, is_file, show_demonstration, show_file, show_loop
from lab.cli.screen import say, show, write_json
from lab.cli.status import FINE
from lab.cli.write import check_target, write_whole
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.draw import Drawing
    from lab.gil import Experiment, Settings

__all__ = ["gil"]

CALIBRATE = "calibrate"


@click.command(
    short_help="Simulate the GIL: experiments in simulated time.",
    epilog="\b\nExamples:\n"
    "  lab gil                                  the experiments there are\n"
    "  lab gil convoy                           what one computing thread does to one that waits\n"
    "  lab gil cpu-bound --measure              simulated beside measured\n"
    "  lab gil cpu-bound --set work=2.0 --set cores=4\n"
    "  lab gil tick-battle --trace ticks.json   a trace for Perfetto\n"
    "  lab gil forgotten-await                  what asyncio really prints, and why\n"
    "  lab gil work.gil --figures drawn         a workload of your own\n"
    "  lab gil trace.json --figures drawn       a trace of VizTracer",
)
@click.argument("name", metavar="[NAME|FILE]", required=False)
@click.option("--model", metavar="MODEL", help="How threads share an interpreter: old, new, per-interpreter, ...")
@click.option("--seed", type=click.IntRange(min=0), help="Seed of the random latencies; usually 1.")
@options.setting
@click.option("--measure", is_flag=True, help="Run the experiment on real interpreters, too, and show both.")
@click.option(
    "--python",
    "interpreters",
    multiple=True,
    metavar="EXE",
    help="Measure in this interpreter (3.9 or later, nothing installed) instead of this one; `all`: all on the path.",
)
@click.option(
    "--repeat", type=click.IntRange(1, 1000), default=5, show_default=True, help="How often to measure each row."
)
@click.option(
    "--calibration",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Simulate the machine that `lab gil calibrate --save FILE` has measured.",
)
@click.option(
    "--save", type=click.Path(path_type=Path), metavar="FILE", help="With calibrate: write what was measured."
)
@click.option("--json", "as_data", is_flag=True, help="Print JSON.")
@click.option(
    "--trace",
    type=click.Path(path_type=Path),
    metavar="OUT.json",
    help="Write the most telling run in the trace format of Chrome and Perfetto.",
)
@click.option("--figures", type=click.Path(path_type=Path), metavar="DIR", help="Draw what was found into DIR.")
@click.option(
    "--until", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Draw the first S seconds of a timeline."
)
def gil(
    *,
    name: str | None,
    model: str | None,
    seed: int | None,
    settings: tuple[str, ...],
    measure: bool,
    interpreters: tuple[str, ...],
    repeat: int,
    calibration: Path | None,
    save: Path | None,
    as_data: bool,
    trace: Path | None,
    figures: Path | None,
    until: float | None,
) -> int:
    """Run an experiment on models of the GIL, in simulated time; without NAME, list what there is.

    NAME is an experiment, a demonstration of asyncio, or a file: a workload, or a trace as VizTracer writes it (.json).

    The parameters of an experiment and of the machine are set with --set: cores, interval (the switch interval in
    seconds), wake, slice and others; docs/gil.md has them all. `lab gil calibrate` estimates those of this machine.
    """
    from lab.gil.demonstration import NAMES

    if save is not None and name != CALIBRATE:
        raise UsageError(f"--save belongs to `lab gil {CALIBRATE}`")
    if trace is not None:
        check_target(trace)
    if figures is not None:
        check_writable(figures)
    asked = Asked(model, seed, settings, interpreters, measure, as_data, trace, figures, until)
    if name is None:
        _list()
    elif name == CALIBRATE:
        _calibrate(interpreters, save, as_data=as_data)
    elif name == LOOP:
        show_loop(asked)
    elif name in NAMES:
        show_demonstration(name, asked)
    elif is_file(name):
        show_file(name, asked)
    else:
        _experiment(_planned(name, asked, calibration), asked, repeat, calibration)
    return FINE


def _list() -> None:
    from lab.report import gil as report
    from lab.report.gil_shown import demonstration_list

    show(report.experiments())
    show(demonstration_list())


def _experiment(plan: _Plan, asked: Asked, repeat: int, calibration: Path | None) -> None:
    """Simulate an experiment, measure it if asked to, and show what was found."""
    from lab.report import gil as report

    begun = perf_counter()
    chosen = _pythons(asked.interpreters) if asked.measure else ()
    outcome = _measured(plan, chosen, repeat, calibration) if chosen else _simulated(plan)
    if asked.trace is not None:
        _write_trace(plan, asked.trace)
    if asked.as_data:
        write_json([_as_data(plan, outcome, perf_counter() - begun)], single=True)
    else:
        show(report.results(plan.experiment, plan.settings, outcome.rows, outcome.note))
        say(plan.experiment.advise(outcome.rows) if plan.experiment.advise else plan.experiment.lesson)
        if asked.trace is not None:
            labels = plan.experiment.prepared(plan.settings, plan.parameters)[plan.experiment.shown].labels
            say(f"Trace: {asked.trace}, of {', '.join(f'{key} {value}' for key, value in labels.items())}")
    if asked.figures is not None:
        draw_all(asked.figures, _drawings(plan, outcome, asked.until))


def _drawings(plan: _Plan, outcome: _Outcome, until: float | None) -> dict[str, Drawing]:
    """Draw the most telling run, and the rows where there is a plot of such."""
    from lab.draw import beginning, gil_timeline, latency_plot, speed_up_bars
    from lab.gil import simulate

    name = plan.experiment.name
    case = plan.experiment.prepared(outcome.settings, plan.parameters)[plan.experiment.shown]
    run = simulate(case.workload, case.settings)
    found = {f"{name}-timeline": gil_timeline(run, until=beginning(run) if until is None else until)}
    note = f"simulated, {plan.settings.cores} cores, seed {plan.settings.seed}"
    note += f"; measured, {outcome.note}" if outcome.note else ""
    if "interval_s" in outcome.rows[0]:
        found[f"{name}-latency"] = latency_plot(outcome.rows, note)
    if "simulated_speedup" in outcome.rows[0]:
        found[f"{name}-speed-ups"] = speed_up_bars(outcome.rows, "", note)
    return found


def _as_data(plan: _Plan, outcome: _Outcome, seconds: float) -> dict[str, Any]:
    from lab.report import gil as report

    return report.as_json(plan.experiment, outcome.settings, plan.parameters, outcome.rows, seconds, outcome.note)


@dataclass(frozen=True)
class _Plan:
    """What to simulate."""

    experiment: Experiment
    settings: Settings
    parameters: dict[str, Any]
    given: frozenset[str]


@dataclass(frozen=True)
class _Outcome:
    """Rows, with which settings they were simulated, and where measured values come from."""

    rows: list[dict[str, Any]]
    settings: Settings
    note: str = ""


def _planned(name: str, asked: Asked, calibration: Path | None) -> _Plan:
    """Return the experiment, the settings and its parameters; raises `UsageError` for what makes no sense."""
    from lab.gil import MODELS, Settings, experiment_named, split_parameters
    from lab.gil.measure import read_calibration

    experiment = experiment_named(name)
    wanted = asked.model or experiment.model
    known = next((one for one in MODELS if one == wanted), None)
    if known is None:
        raise UsageError(f"there is no model {wanted!r}; choose one of {', '.join(MODELS)}")
    settings = Settings(known, seed=1 if asked.seed is None else asked.seed)
    if calibration is not None:
        settings, _ = split_parameters(experiment, read_calibration(calibration).settings, settings)
    named = options.parameters(asked.settings)
    settings, parameters = split_parameters(experiment, named, settings)
    return _Plan(experiment, settings, parameters, frozenset(named))


def _simulated(plan: _Plan) -> _Outcome:
    from lab.gil import with_speed_ups

    cases = plan.experiment.prepared(plan.settings, plan.parameters)
    return _Outcome(with_speed_ups([row for row, _ in plan.experiment.rows(cases)]), plan.settings)


def _measured(plan: _Plan, pythons: Sequence[str | None], repeat: int, calibration: Path | None) -> _Outcome:
    """Simulate and measure each case; what starting costs is estimated first, unless it was given."""
    from lab.gil import split_parameters, with_speed_ups
    from lab.gil.measure import calibrate, measured_rows, read_calibration

    if all(case.job is None for case in plan.experiment.prepared(plan.settings, plan.parameters)):
        raise UsageError(f"{plan.experiment.name} has nothing that can be measured")
    rows: list[dict[str, Any]] = []
    versions = []
    settings = plan.settings
    for python in pythons:
        found = calibrate(python) if calibration is None else read_calibration(calibration)
        starts = {name: value for name, value in found.settings.items() if name.endswith("_start") or name == "sharing"}
        unset = {name: value for name, value in starts.items() if name not in plan.given}
        settings, _ = split_parameters(plan.experiment, unset, plan.settings)
        cases = plan.experiment.prepared(settings, plan.parameters)
        versions.append(found.python)
        label = {"python": found.python} if len(pythons) > 1 else {}
        more = measured_rows(cases, python, found.rounds, plan.experiment.measured, repeat)
        pairs = zip(plan.experiment.rows(cases), more, strict=True)
        rows += with_speed_ups([label | row | columns for (row, _), columns in pairs])
    used = settings if len(pythons) == 1 else plan.settings
    return _Outcome(rows, used, f"CPython {', '.join(versions)}, median and interquartile range")


def _write_trace(plan: _Plan, trace: Path) -> None:
    from lab.gil import simulate, trace_events

    case = plan.experiment.prepared(plan.settings, plan.parameters)[plan.experiment.shown]
    write_whole(trace, json.dumps(trace_events(simulate(case.workload, case.settings))) + "\n")


def _pythons(given: tuple[str, ...]) -> tuple[str | None, ...]:
    """Return the interpreters to measure in; None is the one that runs the lab."""
    from lab.gil.measure import interpreters_found

    if "all" in given:
        return tuple(interpreters_found())
    return given or (None,)


def _calibrate(interpreters: tuple[str, ...], save: Path | None, *, as_data: bool) -> None:
    from lab.gil.measure import calibrate
    from lab.report import gil as report

    if save is not None:
        check_target(save)
    pythons = _pythons(interpreters)
    if save is not None and len(pythons) != 1:
        raise UsageError("--save takes the calibration of one interpreter; name it with --python")
    found = [calibrate(python) for python in pythons]
    if save is not None:
        write_whole(save, json.dumps(found[0].as_json(), indent=2) + "\n")
    if as_data:
        write_json([one.as_json() for one in found], single=len(found) == 1)
    else:
        show(report.calibrations(found))
