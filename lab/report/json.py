"""Results as JSON, field by field as docs/results.md describes them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from lab.explorer.result import (
    BuiltIn,
    Count,
    Infinite,
    LockSet,
    Outcome,
    PropertyResult,
    Race,
    RacyAccess,
    Representative,
    Result,
)
from lab.report.locksets import advice
from lab.report.words import digits, ratio
from lab.sampler.result import Coverage, Sample, SampledOutcome, Seen, Spread

__all__ = ["as_json", "sample_as_json"]


def as_json(result: Result) -> dict[str, Any]:
    """Return a result as dictionaries, lists, strings and numbers, ready for `json.dumps`.

    Notes
    -----
    Two explorations of the same file under the same policy and parameters differ in `seconds` only.
    """
    return {
        "scenario": result.scenario,
        "title": result.title,
        "policy": result.policy,
        "parameters": _plain(result.parameters),
        **({"spurious": True} if result.spurious else {}),
        "complete": result.complete,
        **({} if result.complete else {"stopped": result.stopped}),
        "states": result.states,
        "transitions": result.transitions,
        "schedules": _count(result.schedules),
        **_lengths(result, result),
        "traces": _count(result.traces),
        "outcomes": [_outcome(outcome) | _lengths(outcome, result) for outcome in result.outcomes],
        "properties": [_property(prop) | _lengths(prop, result) for prop in result.properties],
        "deadlock": {"verdict": result.deadlock.verdict, "states": result.deadlock.states, **_weight(result.deadlock)},
        "livelock": {"verdict": result.livelock.verdict, **_probability(result.livelock)},
        "exceptions": {"verdict": result.exceptions.verdict, **_weight(result.exceptions)},
        "starvation": {
            "verdict": result.starvation.verdict,
            "threads": {
                name: {"stem": list(lasso.stem), "loop": list(lasso.loop)}
                for name, lasso in result.starvation.threads.items()
            },
        },
        "races": [_race(race) for race in result.races],
        "locksets": [_lockset(lockset) for lockset in result.locksets],
        "expectations": [{"what": claim.what, "met": claim.met} for claim in result.expectations],
        **({} if result.representatives is None else {"representatives": list(map(_run, result.representatives))}),
        "seconds": round(result.seconds, 6),
        **_bound_on_preemptions(result),
    }


def _bound_on_preemptions(result: Result) -> dict[str, Any]:
    """The number of schedules within the bound; nothing where none was asked for."""
    asked = result.preemptions
    return {} if asked is None else {"preemptions": {"bound": asked.bound, "schedules": _count(asked.schedules)}}


def _run(run: Representative) -> dict[str, Any]:
    return {
        "outcome": run.outcome,
        "schedule": list(run.schedule),
        "interleavings": _count(run.interleavings),
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        **_observed(outcome),
        "schedules": _count(outcome.schedules),
        "traces": _count(outcome.traces),
        "share": _fraction(outcome.share),
        **_probability(outcome),
        "witness": list(outcome.witness),
        **_preemptions(outcome),
        **({"loop": list(outcome.loop)} if outcome.loop else {}),
    }


def _observed(outcome: Outcome | SampledOutcome) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "shared": _plain(outcome.shared),
        "returned": _plain(outcome.returned),
        "errors": _plain(outcome.errors),
        "waiting": _plain(outcome.waiting),
        "output": None if outcome.output is None else list(outcome.output),
    }


def _property(prop: PropertyResult) -> dict[str, Any]:
    return {
        "name": prop.name,
        "kind": prop.kind,
        "verdict": prop.verdict,
        "schedules": _count(prop.schedules),
        **_probability(prop),
        "witness": None if prop.witness is None else list(prop.witness),
        **_preemptions(prop),
        **({"loop": list(prop.loop)} if prop.loop else {}),
    }


def _preemptions(found: Outcome | PropertyResult) -> dict[str, Any]:
    none = found.witness is None
    return {
        "preemptions": None if none else found.witness_preemptions,
        "fewest_preemptions": None if none else found.witness_proven,
    }


def _weight(fault: BuiltIn) -> dict[str, Any]:
    return {"schedules": _count(fault.schedules), **_probability(fault)}


def _lengths(found: Result | Outcome | PropertyResult, result: Result) -> dict[str, Any]:
    """Return the field that says how many schedules have each length, none unless asked for."""
    if found.lengths is None:
        return {}
    counted = {str(length): digits(amount) for length, amount in found.lengths.items()}
    return {"lengths": {"up_to": result.max_length, "schedules": counted}}


def _probability(found: Outcome | PropertyResult | BuiltIn) -> dict[str, Any]:
    about = found.probability_rounded
    rounded = {} if about is None else {"probability_rounded": {"value": about.value, "error": about.error}}
    return {"probability": _fraction(found.probability), **rounded}


def _race(race: Race) -> dict[str, Any]:
    return {"location": race.location, "accesses": list(map(_access, race.accesses))}


def _access(side: RacyAccess) -> dict[str, Any]:
    return {"thread": side.thread, "line": side.line, "kind": side.kind, "locks": list(side.locks)}


def _lockset(lockset: LockSet) -> dict[str, Any]:
    return {
        "location": lockset.location,
        "accesses": list(map(_access, lockset.accesses)),
        "lock": lockset.lock,
        "without": list(map(_access, lockset.without)),
        "advice": advice(lockset),
    }


def sample_as_json(sample: Sample) -> dict[str, Any]:
    """Return a sample as dictionaries, lists, strings and numbers, ready for `json.dumps`; equal for equal seeds."""
    return {
        "scenario": sample.scenario,
        "title": sample.title,
        "policy": sample.policy,
        "parameters": _plain(sample.parameters),
        "scheduler": sample.scheduler,
        "seed": sample.seed,
        "wanted": sample.wanted,
        "runs": sample.runs,
        "complete": sample.complete,
        "population": _count(sample.population),
        "max_length": sample.max_length,
        "longer": sample.longer,
        "cut": sample.cut,
        "outcomes": [{**_observed(outcome), **_seen(outcome.seen)} for outcome in sample.outcomes],
        "properties": [
            {"name": prop.name, "kind": prop.kind, "verdict": prop.verdict, **_seen(prop.seen)}
            for prop in sample.properties
        ],
        "deadlock": _seen(sample.deadlock),
        "exceptions": _seen(sample.exceptions),
        "lengths": _spread(sample.lengths),
        "preemptions": _spread(sample.preemptions),
        "coverage": _coverage(sample.coverage),
    }


def _seen(seen: Seen) -> dict[str, Any]:
    return {
        "runs": seen.runs,
        "frequency": _fraction(seen.frequency),
        "interval": [round(end, 6) for end in seen.interval],
        "first": seen.first,
        "schedule": None if seen.schedule is None else list(seen.schedule),
    }


def _spread(spread: Spread | None) -> dict[str, int] | None:
    return None if spread is None else {"min": spread.least, "median": spread.median, "max": spread.most}


def _coverage(coverage: Coverage | None) -> dict[str, Any] | None:
    if coverage is None:
        return None
    return {
        "depth": coverage.depth,
        "threads": coverage.threads,
        "steps": coverage.steps,
        "chance": _fraction(coverage.chance),
        "runs": coverage.runs,
        "missed": None if coverage.missed is None else float(f"{coverage.missed:.6g}"),
        "demoted": coverage.demoted,
    }


def _count(number: Count) -> str | None:
    if number is None:
        return None
    return str(number.value) if isinstance(number, Infinite) else digits(number)


def _fraction(fraction: Fraction | None) -> str | None:
    return None if fraction is None else ratio(fraction)


def _plain(data: Any) -> Any:
    if isinstance(data, Mapping):
        return {str(key): _plain(entry) for key, entry in data.items()}
    if isinstance(data, list | tuple):
        return [_plain(entry) for entry in data]
    return data
