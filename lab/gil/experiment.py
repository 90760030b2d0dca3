"""What an experiment is: cases to simulate, what is read from each run, and what it teaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from lab.errors import UsageError
from lab.gil.settings import Settings
from lab.gil.simulate import simulate
from lab.gil.trace import Run
from lab.gil.workload import Workload

__all__ = ["Case", "Experiment", "Job", "Parameters", "Row", "split_parameters", "with_speed_ups"]

Parameters = Mapping[str, Any]
Row = dict[str, Any]
Job = dict[str, Any]
"""What a real interpreter is asked to do and to time; see `lab/gil/runner/run.py`."""


@dataclass(frozen=True)
class Case:
    """One row of an experiment.

    Attributes
    ----------
    labels : dict
        What tells it from the others, by the names of the table's columns.
    workload, settings
        What is simulated.
    job : dict or None
        The same for a real interpreter; None where none can do it.
    """

    labels: Row
    workload: Workload
    settings: Settings
    job: Job | None = None


@dataclass(frozen=True)
class Experiment:
    """One experiment.

    Attributes
    ----------
    name, title, lesson : str
        What it is called; what it shows, as a sentence; what to learn from it, in a few sentences.
    parameters : dict
        What can be set beside the fields of `Settings`, with the value that is used otherwise.
    cases : callable
        Makes the cases from the settings and the parameters.
    read : callable
        Makes the rest of a row from a case's run.
    measured : str
        The column of the simulated value that a measured one stands beside.
    shown : int
        The case whose trace is the most telling.
    model : str
        The model it is about unless another is asked for.
    advise : callable or None
        Makes the lesson from the rows, where it depends on them.
    """

    name: str
    title: str
    lesson: str
    parameters: Parameters
    cases: Callable[[Settings, Parameters], list[Case]]
    read: Callable[[Run], Row]
    measured: str = "simulated_s"
    shown: int = 0
    model: str = "new"
    advise: Callable[[list[Row]], str] | None = field(default=None)

    def prepared(self, settings: Settings, parameters: Parameters) -> list[Case]:
        """Return the cases.

        Raises
        ------
        UsageError
            A parameter has no sense: a wrong type, or nothing left to do.
        """
        chosen = {**self.parameters, **parameters}
        for name, value in chosen.items():
            _check(name, value, self.parameters[name])
        return self.cases(settings, chosen)

    def rows(self, cases: list[Case]) -> Iterator[tuple[Row, Run]]:
        """Simulate case after case, and yield the rows with their runs."""
        for case in cases:
            run = simulate(case.workload, case.settings)
            yield case.labels | self.read(run), run


def split_parameters(experiment: Experiment, given: Parameters, settings: Settings) -> tuple[Settings, dict[str, Any]]:
    """Return the settings changed by what was given, and what of it are parameters of the experiment.

    Raises
    ------
    UsageError
        A name is neither, or a value is out of range.
    """
    known = {one.name for one in fields(Settings)} - {"model", "seed"}
    for name in given:
        if name not in known and name not in experiment.parameters:
            there_are = ", ".join([*experiment.parameters, *sorted(known)])
            raise UsageError(f"{experiment.name} has no parameter {name!r}; it has {there_are}")
    for name in known & given.keys():
        if isinstance(given[name], bool) or not isinstance(given[name], int | float):
            raise UsageError(f"{name} has to be a number")
    changed = replace(settings, **{name: given[name] for name in known & given.keys()})
    return changed, {name: value for name, value in given.items() if name in experiment.parameters}


def with_speed_ups(rows: list[Row]) -> list[Row]:
    """Return the rows of strategies with how many times as fast as `sequential` each is; others as they are."""
    first = rows[0] if rows else {}
    if first.get("strategy") != "sequential":
        return rows
    found = []
    for row in rows:
        more = {
            f"{kind}_speedup": first[f"{kind}_s"] / row[f"{kind}_s"] if row.get(f"{kind}_s") else None
            for kind in ("simulated", "measured")
            if f"{kind}_s" in row
        }
        found.append(row | more)
    return found


def _check(name: str, value: object, usual: object) -> None:
    """Raise `UsageError` unless a parameter's value is one such as it usually has: a number > 0, or several."""
    several = isinstance(usual, tuple)
    if several != isinstance(value, tuple | list):
        raise UsageError(f"{name} has to be {'several numbers, such as (1, 2)' if several else 'one number'}")
    whole = isinstance(usual[0] if isinstance(usual, tuple) else usual, int)
    zero = not isinstance(usual, tuple) or 0 in usual
    listed: list[object] = list(value) if isinstance(value, tuple | list) else [value]
    for one in listed:
        number = isinstance(one, int | float) and not isinstance(one, bool) and 0 <= one <= 1_000_000
        if not number or (whole and not isinstance(one, int)) or not (one or zero):
            low = "from 0" if zero else "above 0 and up"
            raise UsageError(f"{name}: {one!r} is not a {'whole ' if whole else ''}number {low} to a million")
    if not listed or (not several and not listed[0]):
        raise UsageError(f"{name} has to be more than nothing")
