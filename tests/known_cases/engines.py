"""The lab and the oracle behind one face, so that a known answer is stated once and asked of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import lab
from lab.language import parse
from tests.oracle.explore import explore as oracle_explore
from tests.oracle.explore import hashable

Engine = Literal["lab", "oracle"]


@dataclass(frozen=True)
class End:
    """One outcome in plain data."""

    status: str
    shared: Mapping[str, Any]
    returned: tuple[Any, ...]
    errors: Mapping[str, str]
    waiting: Mapping[str, str]
    schedules: Any
    probability: Fraction | None


@dataclass(frozen=True)
class Answer:
    """What an engine says about a scenario."""

    states: int
    transitions: int
    schedules: Any
    ends: tuple[End, ...]
    deadlock_states: int

    @property
    def deadlock(self) -> bool:
        """Whether a deadlock is reachable."""
        return any(end.status == "deadlock" for end in self.ends)

    def finals(self, name: str) -> dict[Any, Any]:
        """Return each final value of a shared variable with the number of finished schedules."""
        return _totals((end.shared[name], end.schedules) for end in self.ends if end.status == "finished")

    def returns(self) -> dict[Any, Any]:
        """Return each tuple of returned values with the number of finished schedules."""
        return _totals((end.returned, end.schedules) for end in self.ends if end.status == "finished")

    def probabilities(self, name: str) -> dict[Any, Any]:
        """Return each final value of a shared variable with its probability."""
        return _totals((end.shared[name], end.probability) for end in self.ends if end.status == "finished")


def _totals(pairs: Any) -> dict[Any, Any]:
    totals: dict[Any, Any] = {}
    for value, number in pairs:
        key = _tuples(value)
        totals[key] = totals.get(key, 0) + number
    return totals


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list | tuple) else value


def ask(engine: Engine, text: str, policy: Literal["access", "statement"] = "access") -> Answer:
    """Explore a scenario's text with one of the engines."""
    return _ask_lab(text, policy) if engine == "lab" else _ask_oracle(text, policy)


def _ask_lab(text: str, policy: str) -> Answer:
    found = lab.explore(parse(text), policy=policy)
    ends = tuple(
        End(
            end.status,
            end.shared,
            tuple(end.returned.values()),
            end.errors,
            {name: entry["for"] for name, entry in end.waiting.items()},
            end.schedules,
            end.probability,
        )
        for end in found.outcomes
    )
    return Answer(found.states, found.transitions, found.schedules, ends, found.deadlock.states)


def _ask_oracle(text: str, policy: Literal["access", "statement"]) -> Answer:
    found = oracle_explore(text, policy)
    ends = []
    for key, entry in found.outcomes.items():
        outcome: Any = key
        status, shared, returned, errors, waiting, _ = outcome
        ends.append(
            End(
                status,
                {name: _plain(value) for name, value in shared},
                tuple(_plain(value) for _, value in returned),
                dict(errors),
                {name: place for name, place, _, _ in waiting},
                entry.schedules,
                entry.probability,
            )
        )
    stuck = sum(1 for state in found.states if not state.moves and not state.finished)
    return Answer(len(found.states), found.transitions, found.schedules, tuple(ends), stuck)


def _plain(value: Any) -> Any:
    """Undo `hashable`."""
    kind, content = value
    if kind == "mapping":
        return {key: _plain(item) for key, item in content}
    if kind == "list":
        return [_plain(item) for item in content]
    assert hashable(content) == value
    return content
