"""Experiments of the GIL as tables and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from lab.gil import EXPERIMENTS, Experiment, Settings
from lab.gil.measure import QUIET, Calibration
from lab.report.table import Cell, Column, Table

__all__ = ["as_json", "calibrations", "experiments", "lesson", "results"]

TITLES = {
    "interval_s": "interval",
    "computing_threads": "computing threads",
    "simulated_ms": "simulated, ms",
    "simulated_spread_ms": "spread",
    "measured_ms": "measured, ms",
    "measured_spread_ms": "spread",
    "simulated_s": "simulated, s",
    "measured_s": "measured, s",
    "measured_spread_s": "spread",
    "simulated_speedup": "speed-up",
    "measured_speedup": "speed-up, measured",
    "woken_in_vain": "woken in vain",
    "sleep_s": "last sleep, s",
}


NEVER = "Where there is no time, the one that waits never goes on: the others compute for ever, and leave it no turn."


def experiments() -> Table:
    """Return all experiments, with what each shows."""
    rows = tuple((Cell(one.name, "strong"), Cell(one.title)) for one in EXPERIMENTS.values())
    notes = ("Run one with `lab gil NAME`; `--measure` puts real runs beside it.",)
    return Table("Experiments in simulated time", (Column("name"), Column("what it shows")), rows, notes)


def results(experiment: Experiment, settings: Settings, rows: Sequence[dict[str, Any]], measured: str = "") -> Table:
    """Return an experiment's rows as a table.

    Parameters
    ----------
    experiment, settings
        What was simulated, and with which parameters.
    rows : sequence of dict
        One for each case, all with the same keys.
    measured : str
        Where the measured values come from; empty when there are none.
    """
    names = [name for name in rows[0] if name != "measured_others"]
    columns = tuple(Column(TITLES.get(name, name.replace("_", " ")), _number(rows, name)) for name in names)
    cells = tuple(tuple(Cell(_shown(name, row.get(name))) for name in names) for row in rows)
    simulated = f"simulated, model {settings.model}, {settings.cores} cores, seed {settings.seed}"
    notes = (f"Simulated values are the model's. Measured: {measured}.", *_disturbed(rows)) if measured else ()
    if any(row.get("simulated_ms", 0) is None for row in rows):
        notes = (NEVER, *notes)
    title = experiment.title if settings.model == experiment.model else experiment.name
    return Table(f"{title} ({simulated})", columns, cells, notes)


def lesson(experiment: Experiment, model: str, rows: list[dict[str, Any]]) -> str:
    """Return what to learn from an experiment, and under which model if it is not the one that was simulated."""
    said = experiment.advise(rows) if experiment.advise else experiment.lesson
    return said if model == experiment.model else f"Under model {experiment.model}, which this is about: {said}"


def _disturbed(rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Return a warning where other programs kept the processors busy during the quietest attempts."""
    most = max((row.get("measured_others") or 0.0 for row in rows), default=0.0)
    if most <= QUIET:
        return ()
    return (f"Other programs kept up to {most:.1f} processors busy meanwhile: measure again at a quieter moment.",)


def _number(rows: Iterable[dict[str, Any]], name: str) -> bool:
    return any(isinstance(row.get(name), int | float) for row in rows)


def _shown(name: str, value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        if name == "interval_s":
            return f"{value * 1e3:g} ms"
        return f"{value:.2f}" if name.endswith(("_ms", "_speedup")) else f"{value:.3f}"
    return str(value)


def as_json(
    experiment: Experiment,
    settings: Settings,
    parameters: dict[str, Any],
    rows: Sequence[dict[str, Any]],
    seconds: float,
    measured: str = "",
) -> dict[str, Any]:
    """Return an experiment's result as plain data; see docs/gil.md. `measured` is where measured values come from."""
    values = {**experiment.parameters, **parameters}
    chosen = asdict(settings)
    model = chosen.pop("model")
    return {
        "experiment": experiment.name,
        "model": model,
        "parameters": {**values, **chosen},
        **({"measured_on": measured} if measured else {}),
        "rows": list(rows),
        "seconds": seconds,
    }


def _estimate(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if name == "sharing" else f"{value * 1e3:.3f}"


def calibrations(found: Sequence[Calibration]) -> Table:
    """Return what was estimated, a column for each interpreter."""
    names = list(dict.fromkeys(name for one in found for name in one.settings))
    columns = (Column("setting"), *(Column(one.python, number=True) for one in found))
    rows = [(Cell("rounds of the loop per second"), *(Cell(f"{one.rounds:,.0f}") for one in found))]
    rows += [
        (
            Cell(name if name == "sharing" else f"{name}, ms"),
            *(Cell(_estimate(name, one.settings.get(name))) for one in found),
        )
        for name in names
    ]
    others = [{"measured_others": one.others} for one in found]
    notes = (
        "Medians of what this machine does right now; --save FILE keeps them, --calibration FILE simulates with them.",
        *_disturbed(others),
    )
    return Table("Calibration (measured)", columns, tuple(rows), notes)
