"""`lab gil`: the GIL in simulated time."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from lab.cli import options
from lab.cli.folder import Folder, check_writable
from lab.cli.gil_options import REPEAT, Asked, Named, check_options, pythons_named, what_is_named
from lab.cli.gil_shown import draw_all, show_demonstration, show_loop, show_trace, show_workload
from lab.cli.screen import say, show, write_json
from lab.cli.status import FINE
from lab.cli.write import check_target, write_whole
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.draw import Drawing
    from lab.gil import Experiment, Settings
    from lab.verify.interpreters import Interpreter

__all__ = ["gil"]


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
    "--repeat",
    "repeats",
    type=click.IntRange(1, 1000),
    metavar="N",
    help=f"How often to measure each row; {REPEAT} times if not given.",
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
@click.option("--figures", type=Folder(), metavar="DIR", help="Draw what was found into DIR.")
@click.option(
    "--until", type=click.FloatRange(min=0, min_open=True), metavar="S", help="Draw the first S seconds of a timeline."
)
def gil(*, name: str | None, **given: Any) -> int:
    """Run an experiment on models of the GIL, in simulated time; without NAME, list what there is.

    NAME is an experiment, a demonstration of asyncio, or a file: a workload, or a trace as VizTracer writes it (.json).

    The parameters of an experiment and of the machine are set with --set: cores, interval (the switch interval in
    seconds), wake, slice and others; docs/gil.md has them all. `lab gil calibrate` estimates those of this machine.
    """
    asked = Asked(**given)
    what = what_is_named(name)
    check_options(what, asked)
    if asked.trace is not None:
        check_target(asked.trace)
    if asked.figures is not None:
        check_writable(asked.figures)
    _DO[what](name or "", asked)
    return FINE


def _list(_: str, __: Asked) -> None:
    from lab.report import gil as report
    from lab.report.gil_shown import demonstration_list

    show(report.experiments())
    show(demonstration_list())


def _experiment(name: str, asked: Asked) -> None:
    """Simulate an experiment, measure it if asked to, and show what was found."""
    from lab.report import gil as report

    begun = perf_counter()
    plan = _planned(name, asked)
    outcome = _measured(plan, asked) if asked.measure else _simulated(plan)
    if asked.trace is not None:
        _write_trace(plan, asked.trace)
    if asked.as_data:
        write_json([_as_data(plan, outcome, perf_counter() - begun)], single=True)
    else:
        show(report.results(plan.experiment, outcome.settings, outcome.rows, outcome.note))
        say(report.lesson(plan.experiment, outcome.settings.model, outcome.rows))
        if asked.trace is not None:
            labels = plan.experiment.prepared(plan.settings, plan.parameters)[plan.experiment.shown].labels
            say(f"Trace: {asked.trace}, of {', '.join(f'{key} {value}' for key, value in labels.items())}")
    if asked.figures is not None:
        draw_all(asked.figures, _drawings(plan, outcome, asked.until))


def _drawings(plan: _Plan, outcome: _Outcome, until: float | None) -> dict[str, Drawing]:
    """Draw the most telling run, and the rows where there is a plot of such."""
    from lab.draw import beginning, gil_timeline
    from lab.gil import simulate

    name = plan.experiment.name
    case = plan.experiment.prepared(outcome.settings, plan.parameters)[plan.experiment.shown]
    run = simulate(case.workload, case.settings)
    found = {f"{name}-timeline": gil_timeline(run, until=beginning(run) if until is None else until)}
    for python, rows in _by_python(outcome.rows).items():
        for kind, drawing in _plots(plan, outcome, rows, python).items():
            found["-".join(filter(None, (name, kind, python)))] = drawing
    return found


def _by_python(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """Return the rows of each interpreter; all of them under an empty name where there is one."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.get("python", ""), []).append(row)
    return found


def _plots(plan: _Plan, outcome: _Outcome, rows: Sequence[Mapping[str, Any]], python: str) -> dict[str, Drawing]:
    """Draw rows, with measured values where there are some; nothing where a row has no time."""
    from lab.draw import Timed, latency_plot, speed_up_bars, time_bars

    where = outcome.measured_on(python) if python else outcome.note
    note = f"simulated, {outcome.settings.cores} cores, seed {outcome.settings.seed}"
    note += f"; measured, {where}" if where else ""
    unit = plan.experiment.measured.rpartition("_")[2]
    if any(row[plan.experiment.measured] is None for row in rows):
        return {}
    if "interval_s" in rows[0]:
        return {"latency": latency_plot(rows, note)}
    if "simulated_speedup" in rows[0]:
        return {"speed-ups": speed_up_bars(rows, "", note)}
    times = [
        Timed(_row_name(row), row[f"simulated_{unit}"], row.get(f"measured_{unit}"), row.get(f"measured_spread_{unit}"))
        for row in rows
    ]
    title = plan.experiment.title if outcome.settings.model == plan.experiment.model else plan.experiment.name
    return {"times": time_bars(title, times, unit, note)}


def _row_name(row: Mapping[str, Any]) -> str:
    """Return what tells a row from the others, in a few words."""
    if "threads" in row:
        return f"{row['model']}, threads {row['threads']}, cores {row['cores']}"
    return str(row.get("strategy") or row.get("beside") or f"routines {row['routines']}")


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
    """Rows, with which settings they were simulated, in which interpreters they were measured, and how often."""

    rows: list[dict[str, Any]]
    settings: Settings
    pythons: tuple[str, ...] = ()
    repeat: int = 0

    @property
    def note(self) -> str:
        """Where measured values come from; empty when there are none."""
        return self.measured_on(*self.pythons) if self.pythons else ""

    def measured_on(self, *pythons: str) -> str:
        """Say how often and in which interpreters something was measured."""
        attempts = "one attempt" if self.repeat == 1 else f"{self.repeat} attempts"
        return f"CPython {', '.join(pythons)}, median and interquartile range of {attempts}"


def _planned(name: str, asked: Asked) -> _Plan:
    """Return the experiment, the settings and its parameters; raises `UsageError` for what makes no sense."""
    from lab.gil import MODELS, Settings, experiment_named, split_parameters
    from lab.gil.measure import read_calibration

    experiment = experiment_named(name)
    wanted = asked.model or experiment.model
    known = next((one for one in MODELS if one == wanted), None)
    if known is None:
        raise UsageError(f"there is no model {wanted!r}; choose one of {', '.join(MODELS)}")
    settings = Settings(known, seed=1 if asked.seed is None else asked.seed)
    if asked.calibration is not None:
        settings, _ = split_parameters(experiment, read_calibration(asked.calibration).settings, settings)
    named = options.parameters(asked.settings)
    settings, parameters = split_parameters(experiment, named, settings)
    return _Plan(experiment, settings, parameters, frozenset(named))


def _simulated(plan: _Plan) -> _Outcome:
    from lab.gil import with_speed_ups

    cases = plan.experiment.prepared(plan.settings, plan.parameters)
    return _Outcome(with_speed_ups([row for row, _ in plan.experiment.rows(cases)]), plan.settings)


def _measured(plan: _Plan, asked: Asked) -> _Outcome:
    """Simulate and measure each case; what starting costs is estimated first, unless it was given."""
    from lab.gil import with_speed_ups
    from lab.gil.measure import calibrate, measured_rows, read_calibration

    if all(case.job is None for case in plan.experiment.prepared(plan.settings, plan.parameters)):
        raise UsageError(f"{plan.experiment.name} has nothing that can be measured")
    rows: list[dict[str, Any]] = []
    versions = []
    settings = plan.settings
    pythons = pythons_named(asked.interpreters)
    for python in pythons:
        found = calibrate(python.path) if asked.calibration is None else read_calibration(asked.calibration)
        settings = _as_on(python, plan, found.settings, asked)
        cases = plan.experiment.prepared(settings, plan.parameters)
        versions.append(python.release + "t" * (not python.gil))
        label = {"python": versions[-1]} if len(pythons) > 1 else {}
        more = measured_rows(cases, python.path, found.rounds, plan.experiment.measured, asked.repeat)
        pairs = zip(plan.experiment.rows(cases), more, strict=True)
        rows += with_speed_ups([label | row | columns for (row, _), columns in pairs])
    used = settings if len(pythons) == 1 else plan.settings
    return _Outcome(rows, used, tuple(versions), asked.repeat)


def _as_on(python: Interpreter, plan: _Plan, found: Mapping[str, float], asked: Asked) -> Settings:
    """Return what to simulate beside an interpreter: its own starting prices, and its own kind of threads.

    Without a GIL, threads are free-threaded unless a model was named; what this costs is in the speed that they were
    calibrated to, so there is no price on top.
    """
    from lab.gil import split_parameters

    wanted = {name: value for name, value in found.items() if name.endswith("_start") or name == "sharing"}
    settings = plan.settings
    if not python.gil:
        wanted["price"] = 0.0
        if asked.model is None and settings.model == "new":
            settings = replace(settings, model="free-threaded")
    unset = {name: value for name, value in wanted.items() if name not in plan.given}
    return split_parameters(plan.experiment, unset, settings)[0]


def _write_trace(plan: _Plan, trace: Path) -> None:
    from lab.gil import simulate, trace_events

    case = plan.experiment.prepared(plan.settings, plan.parameters)[plan.experiment.shown]
    write_whole(trace, json.dumps(trace_events(simulate(case.workload, case.settings))) + "\n")


def _calibrate(_: str, asked: Asked) -> None:
    from lab.gil.measure import calibrate
    from lab.report import gil as report

    save = asked.save
    if save is not None:
        check_target(save)
    pythons = pythons_named(asked.interpreters)
    if save is not None and len(pythons) != 1:
        raise UsageError("--save takes the calibration of one interpreter; name it with --python")
    found = [calibrate(python.path) for python in pythons]
    if save is not None:
        write_whole(save, json.dumps(found[0].as_json(), indent=2) + "\n")
    if asked.as_data:
        write_json([one.as_json() for one in found], single=len(found) == 1)
    else:
        show(report.calibrations(found))


_DO: dict[Named, Callable[[str, Asked], None]] = {
    "nothing": _list,
    "calibration": _calibrate,
    "loop": show_loop,
    "demonstration": show_demonstration,
    "trace": show_trace,
    "workload": show_workload,
    "experiment": _experiment,
}
