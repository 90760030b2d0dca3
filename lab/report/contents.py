"""The scenarios there are, by topic, with what each declares about itself and what a check found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from lab.catalogue import Entry
from lab.model.policies import POLICIES
from lab.report.table import Cell, Column, Table, Tone

__all__ = ["Checked", "contents"]

TONES: dict[str, Tone] = {"faulty": "bad", "sound": "good"}


@dataclass(frozen=True)
class Checked:
    """What exploring a scenario under one policy showed: whether it is as expected, complete, and how large."""

    as_expected: bool
    complete: bool
    states: int


def contents(entries: Sequence[Entry], checked: Mapping[tuple[str, str], Checked]) -> tuple[Table, ...]:
    """Return one table per topic, in the order of the entries, with a column for each policy that the topic speaks of.

    Parameters
    ----------
    entries : sequence of Entry
        The scenarios.
    checked : mapping
        By scenario and policy, what a check found; empty when nothing was explored.
    """
    tables = []
    for topic, grouped in groupby(entries, key=lambda entry: entry.topic):
        group = list(grouped)
        policies = [name for name in POLICIES if any(name in entry.declared for entry in group)]
        columns = (Column("name"), *map(Column, policies), *((Column("check"),) if checked else ()), Column("title"))
        rows = tuple(_row(entry, policies, checked) for entry in group)
        tables.append(Table(topic, columns, rows))
    return tuple(tables)


def _row(entry: Entry, policies: Sequence[str], checked: Mapping[tuple[str, str], Checked]) -> tuple[Cell, ...]:
    declared = (entry.declared.get(policy, "-") for policy in policies)
    cells = [
        Cell(entry.name, "strong"),
        *(Cell(word, TONES.get(word, "quiet")) for word in declared),
    ]
    if checked:
        found = {policy: check for (name, policy), check in checked.items() if name == entry.name}
        cells.append(_checked(found))
    return (*cells, Cell(entry.title))


def _checked(found: Mapping[str, Checked]) -> Cell:
    if not found:
        return Cell("expects nothing", "quiet")
    if wrong := [policy for policy, check in found.items() if check.complete and not check.as_expected]:
        return Cell(f"not as expected under {', '.join(wrong)}", "bad")
    if not all(check.complete for check in found.values()):
        return Cell("incomplete", "unknown")
    states = max(check.states for check in found.values())
    return Cell(f"as expected, {states:,} states", "good")
