"""Results written by hand: two threads that add one without a lock, a deadlock, and a stopped exploration."""

from __future__ import annotations

from fractions import Fraction

from lab.explorer.result import (
    INFINITE,
    BuiltIn,
    ExpectationResult,
    LockSet,
    Outcome,
    PropertyResult,
    Race,
    RacyAccess,
    Result,
    Starvation,
)

HOLDS = BuiltIn("holds", probability=Fraction(0))
UNKNOWN = BuiltIn("unknown", schedules=None)


def outcome(status="finished", *, faulty=False, **changes):
    """Return an outcome of two threads in which everything unsaid is empty."""
    entries = {
        "shared": {},
        "returned": {"T1": None, "T2": None},
        "errors": {},
        "waiting": {},
        "output": None,
        "schedules": 1,
        "share": Fraction(1),
        "probability": Fraction(1),
        "witness": ("T1", "T2"),
    }
    return Outcome(status, **(entries | changes), faulty=faulty)


RACE = Result(
    scenario="counter/race",
    title="Two threads add one without a lock.",
    policy="access",
    parameters={},
    complete=True,
    states=12,
    transitions=14,
    schedules=6,
    outcomes=(
        outcome(
            shared={"x": 2},
            schedules=2,
            share=Fraction(1, 3),
            probability=Fraction(1, 2),
            witness=("T1", "T1", "T2", "T2"),
        ),
        outcome(
            shared={"x": 1},
            schedules=4,
            share=Fraction(2, 3),
            probability=Fraction(1, 2),
            witness=("T1", "T2", "T2", "T1"),
            witness_preemptions=1,
            witness_proven=False,
            faulty=True,
        ),
    ),
    properties=(
        PropertyResult(
            "every_update_counted",
            "final",
            "violated",
            4,
            Fraction(1, 2),
            ("T1", "T2", "T2", "T1"),
            witness_preemptions=1,
        ),
    ),
    deadlock=HOLDS,
    livelock=HOLDS,
    exceptions=HOLDS,
    starvation=Starvation("none"),
    races=(Race("x", (RacyAccess("T1", 9, "write", ()), RacyAccess("T2", 15, "read", ("lock",)))),),
    locksets=(LockSet("x", (RacyAccess("T1", 9, "write", ()), RacyAccess("T2", 15, "read", ("lock",)))),),
    expectations=(
        ExpectationResult("schedules: 6", met=True),
        ExpectationResult("states: 12", met=True),
    ),
    seconds=0.0123456789,
)

DEADLOCK = Result(
    scenario="lock_order/inversion",
    title="Two locks in two orders.",
    policy="statement",
    parameters={"N": 2},
    complete=True,
    states=20,
    transitions=25,
    schedules=INFINITE,
    outcomes=(
        outcome(
            "deadlock",
            waiting={
                "T1": {"for": "b", "held_by": ["T2"], "line": 9},
                "T2": {"for": "a", "held_by": ["T1"], "line": 16},
            },
            schedules=INFINITE,
            share=None,
            probability=Fraction(1, 2),
            witness=("T1", "T2"),
            faulty=True,
        ),
        outcome(
            shared={"names": ["T1"]},
            returned={"T1": 3, "T2": None},
            errors={"T2": "ValueError: no\nway"},
            output=("one", "two"),
            schedules=10**30,
            share=None,
            probability=Fraction(1, 10**20),
            faulty=True,
        ),
    ),
    properties=(PropertyResult("ordered", "always", "violated", None, None, ("T1",), reason="KeyError: 'k'"),),
    deadlock=BuiltIn("violated", 1, INFINITE, Fraction(1, 2)),
    livelock=BuiltIn("violated", probability=Fraction(0)),
    exceptions=BuiltIn("violated", 3, 10**30, Fraction(1, 10**20)),
    races=(),
)

STOPPED = Result(
    scenario="counter/race",
    title="Two threads add one without a lock.",
    policy="access",
    parameters={},
    complete=False,
    states=5,
    transitions=4,
    schedules=None,
    outcomes=(),
    properties=(PropertyResult("every_update_counted", "final", "unknown", None, None, None),),
    deadlock=UNKNOWN,
    livelock=UNKNOWN,
    exceptions=UNKNOWN,
    races=(),
    expectations=(ExpectationResult("schedules: 6", met=None),),
    stopped="states",
)
