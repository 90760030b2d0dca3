"""The lab against the oracle on one scenario: every number that both know, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import lab
from lab.language import parse
from lab.model.program import Program
from tests.oracle.explore import INFINITE as ENDLESSLY_MANY
from tests.oracle.explore import AtomicBlockedError, Exploration, explore, hashable
from tests.oracle.races import enabled_together

PolicyName = Literal["access", "statement"]


def disagreements(text: str, policy: PolicyName, bound: int = 1000) -> list[str]:
    """Return what the lab and the oracle say differently about a scenario, one sentence each."""
    program = parse(text)
    try:
        expected = explore(text, policy, bound=bound)
    except AtomicBlockedError:
        return _refusal(program, policy)
    found = lab.explore(program, policy=policy)
    said = list(_unequal("outcomes", _lab_outcomes(found), _oracle_outcomes(expected)))
    said += _unequal("schedules", count(found.schedules), expected.schedules)
    if expected.schedules != ENDLESSLY_MANY:
        said += _unequal("properties", _lab_properties(found), _oracle_properties(expected))
    said += _unequal("verdicts", _lab_verdicts(found), {k: v.violated for k, v in expected.properties.items()})
    said += _unequal("deadlock", found.deadlock.verdict == "violated", expected.deadlock)
    endless = found.livelock.verdict == "violated" or any(end.status == "endless" for end in found.outcomes)
    said += _unequal("runs that can never end", endless, expected.never_ends)
    if found.states > len(expected.states):
        said.append(
            f"states: the lab tells {found.states} apart, the oracle, which keeps dead locals, {len(expected.states)}"
        )
    if policy == "access":
        said += _unequal("races", _lab_races(found), set(enabled_together(expected)))
    return said + _replays(program, policy, found)


def _refusal(program: Program, policy: PolicyName) -> list[str]:
    try:
        lab.explore(program, policy=policy)
    except lab.ScenarioError:
        return []
    return ["an operation inside atomic() has to wait: the oracle refuses the scenario, the lab explores it"]


def _unequal(what: str, found: Any, expected: Any) -> list[str]:
    if found == expected:
        return []
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        keys = [key for key in {**found, **expected} if found.get(key) != expected.get(key)]
        lines = [f"  {key}: lab {found.get(key)}, oracle {expected.get(key)}" for key in keys]
        return ["\n".join([f"{what} differ:", *lines])]
    if isinstance(found, set) and isinstance(expected, set):
        return [f"{what} differ: only the lab {found - expected or {}}, only the oracle {expected - found or {}}"]
    return [f"{what}: lab {found}, oracle {expected}"]


def count(number: Any) -> Any:
    """Return a count of the lab as the oracle writes it."""
    return getattr(number, "value", number)


def _key(end: Any) -> Any:
    return (
        end.status,
        tuple((name, hashable(value)) for name, value in sorted(end.shared.items())),
        tuple((name, hashable(value)) for name, value in end.returned.items()),
        tuple(end.errors.items()),
        tuple((name, entry["for"], tuple(entry["held_by"]), entry["line"]) for name, entry in end.waiting.items()),
        end.output,
    )


def _lab_outcomes(found: Any) -> dict[Any, Any]:
    ends = [end for end in found.outcomes if end.status in {"finished", "deadlock"}]
    return {
        _key(end): (
            count(end.schedules),
            end.probability if count(found.schedules) != ENDLESSLY_MANY else None,
            len(end.witness),
        )
        for end in ends
    }


def _oracle_outcomes(expected: Exploration) -> dict[Any, Any]:
    return {key: (end.schedules, end.probability, end.shortest) for key, end in expected.outcomes.items()}


def _lab_properties(found: Any) -> dict[str, Any]:
    return {prop.name: (prop.schedules, prop.probability) for prop in found.properties}


def _oracle_properties(expected: Exploration) -> dict[str, Any]:
    return {name: (verdict.schedules, verdict.probability) for name, verdict in expected.properties.items()}


def _lab_verdicts(found: Any) -> dict[str, bool]:
    return {prop.name: prop.verdict == "violated" for prop in found.properties}


def _lab_races(found: Any) -> set[Any]:
    return {
        (race.location, frozenset((side.thread, side.line, side.kind) for side in race.accesses))
        for race in found.races
    }


def _replays(program: Program, policy: PolicyName, found: Any) -> list[str]:
    """Replay each witness and compare where it ends with its outcome."""
    said = []
    for end in found.outcomes:
        if end.status not in {"finished", "deadlock"}:
            continue
        trace = lab.replay(program, list(end.witness), policy=policy)
        shared = trace.events[-1].shared if trace.events else trace.initial
        if (trace.status, hashable(shared)) != (end.status, hashable(end.shared)):
            said.append(f"the witness {end.witness} replays to {trace.status} {shared}, not to {end}")
    return said
