"""Measurements that come with the lab, as `lab gil NAME --measure --json` prints them, for the gallery's figures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.gil.experiment import Row, split_parameters, with_speed_ups
from lab.gil.experiments import experiment_named
from lab.gil.settings import Settings

__all__ = ["FOLDER", "Recorded", "recorded"]

FOLDER = Path(__file__).parent / "recordings"


@dataclass(frozen=True)
class Recorded:
    """An experiment simulated now, beside what was measured once.

    Attributes
    ----------
    rows : list of dict
        Rows as `lab gil NAME --measure --json` gives them.
    note : str
        Where the values come from.
    """

    rows: list[Row]
    note: str


def recorded(name: str) -> Recorded:
    """Return an experiment's rows, simulated with the recorded parameters, and with the recorded measured values.

    Where nothing was recorded, the rows have no measured values, and the parameters are the usual ones.
    """
    path = FOLDER / f"{name}.json"
    experiment = experiment_named(name)
    if not path.exists():
        settings = Settings()
        rows = [row for row, _ in experiment.rows(experiment.prepared(settings, {}))]
        return Recorded(with_speed_ups(rows), f"simulated, {settings.cores} cores, seed {settings.seed}")
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    given: dict[str, Any] = dict(data["parameters"])
    seed = given.pop("seed")
    settings, parameters = split_parameters(experiment, given, Settings(data["model"], seed=seed))
    rows = []
    for (row, _), then in zip(experiment.rows(experiment.prepared(settings, parameters)), data["rows"], strict=True):
        assert all(then[key] == row[key] for key in row if not key.startswith("simulated"))
        rows.append(row | {key: value for key, value in then.items() if key.startswith("measured")})
    return Recorded(with_speed_ups(rows), f"simulated, seed {seed}; measured, {data['measured_on']}")
