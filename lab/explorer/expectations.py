"""Whether an exploration found what the file expects of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from lab.explorer.findings.ends import plain_identity
from lab.explorer.result import INFINITE, Count, ExpectationResult, Result
from lab.model.program import Expectation, Program
from lab.model.values import identity

__all__ = ["check"]


def check(program: Program, result: Result) -> tuple[ExpectationResult, ...]:
    """Compare the file's expectations with a result, one entry per claim.

    Only expectations with the result's policy apply, and of those the ones whose `set` gives the parameters in force;
    none where spurious wake-ups are explored.
    A claim is met, not met, or None: undecided, because the exploration is incomplete or did not count traces.

    Notes
    -----
    What the claims mean:

    - `schedules`, `traces`, `states`: the number, or "infinite".
    - `outcomes`: for each shared variable all values it ends with, deadlocks included, and, if given as a dict, the
      number of schedules that end so. A list equals the tuple of its elements; 1 is not True.
    - `outputs`: likewise for what is printed: a text with its lines joined by line ends, or a tuple of lines.
    - `verdicts`: by property, or "deadlock", "livelock", "exceptions".
    - `deadlock`: "holds" or False when there is none, "violated" or True when there is one.
    - `errors`: "holds" or "violated", or all uncaught exceptions in any of the forms `ValueError`,
      `ValueError: text`, `T1: ValueError`, `T1: ValueError: text`; each found must fit one, and each be found.
    - `races`: their number, whether there are any, or the set of their locations.
    """
    found: list[ExpectationResult] = []
    for expectation in program.expectations:
        if _applies(program, result, expectation):
            for claim, wanted in expectation.claims.items():
                found += _judge(result, claim, wanted)
    return tuple(found)


def _applies(program: Program, result: Result, expectation: Expectation) -> bool:
    if expectation.policy != result.policy or program.spurious:
        return False
    forced = {name: value for name, value in program.overridden.items() if value != program.defaults.get(name)}
    wanted = {**forced, **expectation.parameters}
    return forced.keys() <= expectation.parameters.keys() and all(
        identity(program.parameters.get(name)) == identity(value) for name, value in wanted.items()
    )


def _judge(result: Result, claim: str, wanted: Any) -> list[ExpectationResult]:
    """Split a claim into single statements and judge each."""
    if isinstance(wanted, Mapping) and claim in ("outcomes", "verdicts"):
        judge = _outcome if claim == "outcomes" else _verdict
        return [
            _entry(result, f"{name}: {_shown(value)}", judge(result, name, value)) for name, value in wanted.items()
        ]
    judged = _CLAIMS.get(claim)
    met = None if judged is None else judged(result, wanted)
    return [_entry(result, f"{claim}: {_shown(wanted)}", met, known=claim == "traces")]


def _entry(result: Result, what: str, met: bool | None, *, known: bool = False) -> ExpectationResult:
    """Return what became of a claim; `known` says that it does not take all states to judge it."""
    seen = result.complete and result.livelock.verdict != "unknown"  # runs without end belong to what is expected
    return ExpectationResult(what, met if seen or known else None)


def _same_count(found: Count, wanted: Any) -> bool | None:
    if found is None:
        return None
    return wanted == "infinite" if found is INFINITE else type(wanted) is int and wanted == found


def _values(found: Iterable[tuple[Hashable, Count]], wanted: Any) -> bool | None:
    """Compare values, each with a number of schedules, with a set of values or a dict to numbers."""
    counts: dict[Hashable, Count] = {}
    for value, schedules in found:
        counts[value] = _added(counts.get(value, 0), schedules)
    if not isinstance(wanted, Mapping):
        return {plain_identity(value) for value in wanted} == counts.keys()
    if {plain_identity(value) for value in wanted} != counts.keys():
        return False
    judged = [_same_count(counts[plain_identity(value)], number) for value, number in wanted.items()]
    return None if None in judged else all(judged)


def _added(one: Count, other: Count) -> Count:
    if one is None or other is None:
        return None
    return one + other if isinstance(one, int) and isinstance(other, int) else INFINITE


def _outcome(result: Result, name: str, wanted: Any) -> bool | None:
    ends = [outcome for outcome in result.outcomes if name in outcome.shared]
    return _values(((plain_identity(outcome.shared[name]), outcome.schedules) for outcome in ends), wanted)


def _outputs(result: Result, wanted: Any) -> bool | None:
    if any(outcome.output is None for outcome in result.outcomes):
        return False

    def joined(value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list | tuple) else value

    ends = ((plain_identity(joined(outcome.output)), outcome.schedules) for outcome in result.outcomes)
    if isinstance(wanted, Mapping):
        return _values(ends, {joined(value): number for value, number in wanted.items()})
    return _values(ends, [joined(value) for value in wanted])


def _verdict(result: Result, name: str, wanted: Any) -> bool | None:
    if name in ("deadlock", "livelock", "exceptions"):
        return bool(getattr(result, name).verdict == wanted)
    return any(prop.name == name and prop.verdict == wanted for prop in result.properties)


def _deadlock(result: Result, wanted: Any) -> bool | None:
    if isinstance(wanted, bool):
        wanted = "violated" if wanted else "holds"
    return bool(result.deadlock.verdict == wanted)


def _errors(result: Result, wanted: Any) -> bool | None:
    if isinstance(wanted, str):
        return bool(result.exceptions.verdict == wanted)
    found = {(thread, text) for outcome in result.outcomes for thread, text in outcome.errors.items()}
    forms = [
        {text.partition(":")[0], text, f"{thread}: {text.partition(':')[0]}", f"{thread}: {text}"}
        for thread, text in found
    ]
    return all(forms_of & set(wanted) for forms_of in forms) and set(wanted) <= set().union(*forms)


def _races(result: Result, wanted: Any) -> bool | None:
    if not result.races_complete:
        return None
    if isinstance(wanted, bool):
        return bool(result.races) == wanted
    if isinstance(wanted, int):
        return len(result.races) == wanted
    return {race.location for race in result.races} == set(wanted)


_CLAIMS: dict[str, Callable[[Result, Any], bool | None]] = {
    "schedules": lambda result, wanted: _same_count(result.schedules, wanted),
    "states": lambda result, wanted: _same_count(result.states, wanted),
    "traces": lambda result, wanted: _same_count(result.traces, wanted),
    "outputs": _outputs,
    "deadlock": _deadlock,
    "errors": _errors,
    "races": _races,
}


def _shown(value: Any) -> str:
    """Return a claim's value as text that does not depend on hash seeds."""
    if isinstance(value, set | frozenset):
        return "{" + ", ".join(sorted(map(_shown, value))) + "}" if value else "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{_shown(name)}: {_shown(item)}" for name, item in value.items())
    return value if isinstance(value, str) else repr(value)
