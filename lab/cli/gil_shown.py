"""What `lab gil` shows beside experiments: workload files, recorded traces, an event loop, demonstrations."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from lab.cli import options
from lab.cli.figures import tell_of
from lab.cli.gil_options import LOOP, Asked, pythons_named
from lab.cli.screen import say, show, write_json
from lab.cli.write import write_whole
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.draw import Drawing
    from lab.gil import Run, Settings

__all__ = ["draw_all", "show_demonstration", "show_loop", "show_trace", "show_workload"]


def draw_all(folder: Path, drawings: dict[str, Drawing]) -> None:
    """Save drawings under their names, and tell where they are."""
    from lab.draw import save

    paths = [path for name, drawing in drawings.items() for path in save(drawing, folder, name)]
    say(tell_of(paths))


# ------------------------------------------------------------------------------------------------------------- files


def show_trace(name: str, asked: Asked) -> None:
    """Show a recorded trace."""
    from lab.gil.recorded_trace import read_trace
    from lab.report import gil_shown as report

    path = Path(name)
    found = read_trace(path)
    rows = report.trace_rows(found)
    if asked.as_data:
        write_json([{"trace": str(path), "source": found.source, "end_s": found.end / 1e9, "rows": rows}], single=True)
    elif rows:
        show(report.threads_table(path.name, rows, f"recorded by {found.source}"))
    if asked.figures is not None:
        from lab.draw import trace_timeline

        drawing = trace_timeline(found, until=asked.until)
        draw_all(asked.figures, {path.stem: drawing})


def show_workload(name: str, asked: Asked) -> None:
    """Simulate a workload file."""
    from lab.gil import MODELS, Settings, simulate
    from lab.gil.measure import read_calibration
    from lab.gil.workload_file import read_workload
    from lab.report import gil_shown as report

    begun = perf_counter()
    path = Path(name)
    found = read_workload(path)
    machine = {} if asked.calibration is None else read_calibration(asked.calibration).settings
    settings = Settings(found.model or "new", **(machine | found.settings))  # type: ignore[arg-type]  # whole if need be
    settings = _changed(settings, asked)
    models = tuple(MODELS) if asked.model == "all" else (settings.model,)
    try:
        runs: dict[str, Run] = {model: simulate(found.workload, replace(settings, model=model)) for model in models}
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None
    run = runs[models[0]]
    single = len(runs) == 1
    rows = report.run_rows(run) if single else report.model_rows(runs)
    if asked.trace is not None:
        _write_trace(run, asked.trace)
    if asked.as_data:
        data = report.run_as_json(str(path), settings, rows, run.seconds if single else None, perf_counter() - begun)
        write_json([data], single=True)
    else:
        model = f"model {settings.model}" if single else "every model"
        note = f"simulated, {model}, {settings.cores} cores, seed {settings.seed}"
        show(report.threads_table(found.title or path.name, rows, note))
        if single:
            say(f"All is done after {run.seconds:.6g} s of simulated time.")
    if asked.figures is not None:
        from lab.draw import beginning, gil_timeline

        until = beginning(run) if single and asked.until is None else asked.until
        draw_all(asked.figures, {f"{path.stem}-{model}": gil_timeline(one, until=until) for model, one in runs.items()})


def _changed(settings: Settings, asked: Asked) -> Settings:
    """Return settings with what the command line says instead."""
    from lab.gil import MODELS

    given: dict[str, Any] = options.parameters(asked.settings)
    known = vars(settings).keys() - {"model", "seed"}
    for name, value in given.items():
        if name not in known:
            raise UsageError(f"there is no setting {name!r}; there are {', '.join(sorted(known))}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UsageError(f"{name} has to be a number")
    if asked.model not in (None, "all", *MODELS):
        raise UsageError(f"there is no model {asked.model!r}; choose one of {', '.join(MODELS)}, or all")
    if asked.model not in (None, "all"):
        given["model"] = asked.model
    if asked.seed is not None:
        given["seed"] = asked.seed
    return replace(settings, **given)


def _write_trace(run: Run, path: Path) -> None:
    from lab.gil import trace_events

    write_whole(path, json.dumps(trace_events(run)) + "\n")


# -------------------------------------------------------------------------------------------------------------- asyncio


def show_loop(_: str, asked: Asked) -> None:
    """Trace a real event loop; with --measure by the real clock."""
    from lab.gil.loop_example import example_life
    from lab.report import gil_shown as report

    life = example_life(simulated=not asked.measure)
    if asked.as_data:
        write_json([report.life_as_json(life)], single=True)
    else:
        show(report.life_table(life))
        say(
            "The loop takes what is ready, one callback after the other. When nothing is ready, it asks the system\n"
            "for data, and waits until the next timer at most. A simulated clock gives the same times in every run."
        )
    if asked.figures is not None:
        from lab.draw import event_loop_ring, event_loop_timeline

        drawings = {LOOP: event_loop_timeline(life), f"{LOOP}-ring": event_loop_ring(life)}
        draw_all(asked.figures, drawings)


def show_demonstration(name: str, asked: Asked) -> None:
    """Run a demonstration on an interpreter, and show its source, what it printed, and why."""
    from lab.gil.demonstration import demonstrate, demonstrations
    from lab.report import gil_shown as report

    one = demonstrations()[name]
    shown = [demonstrate(one, python.path) for python in pythons_named(asked.interpreters)]
    if asked.as_data:
        write_json([report.demonstration_as_json(one, each) for each in shown], single=len(shown) == 1)
        return
    say(f"{one.title}\n\n{_indented(one.source)}\n")
    for each in shown:
        say(f"CPython {each.python} prints:\n\n{_indented(each.output)}\n")
    say(one.explanation)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.rstrip().splitlines())
