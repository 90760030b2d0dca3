"""Programs that go on for ever: livelocks and endless ones."""

# ruff: noqa: ARG001, ARG005 - a toy's functions take what the protocol gives them

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

import lab
from lab.explorer import explore
from lab.explorer.result import INFINITE
from lab.model.state import Local
from tests.explorer import random_toys
from tests.explorer.toys import Read, Result, Toy, at, failed

IN, OUT = frozenset({"r"}), frozenset[str]()


def turning(**more: Any) -> Toy:
    """One thread that sets x to 1 and then goes round two places for ever."""

    def turn(local: Local, read: Read) -> Iterator[Result]:
        yield at(1 + local.position % 2), {"x": 1}

    return Toy({"x": 0}, {"T1": turn}, **more)


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"ends": True}, "livelock"),
        ({"ends": False}, "endless"),
        ({"ends": False, "text": frozenset({"r"})}, "livelock"),
        (
            {"ends": False, "text": frozenset({"r"}), "inside": lambda local: IN if local.position == 2 else OUT},
            "endless",
        ),
    ],
    ids=["could end", "never meant to end", "never enters its region", "enters its region"],
)
def test_a_set_of_states_that_no_run_leaves(more: dict[str, Any], status: str) -> None:
    """A livelock when a thread could end, or never enters a region of its text; else endless."""
    result = explore(turning(**more))
    (outcome,) = result.outcomes
    assert (outcome.status, outcome.schedules, outcome.probability) == (status, INFINITE, 1)
    assert (outcome.witness, outcome.loop) == (("T1",), ("T1", "T1"))
    assert outcome.shared == {"x": 1}
    assert result.schedules is INFINITE
    assert outcome.faulty == (status == "livelock")
    assert result.livelock.verdict == ("violated" if status == "livelock" else "holds")
    assert result.livelock.probability == (1 if status == "livelock" else 0)
    assert (result.states, result.transitions) == (3, 3)


def test_a_failed_thread_beside_an_endless_one_is_an_exception() -> None:
    def fail(local: Local, read: Read) -> Iterator[Result]:
        yield failed("ValueError"), {}

    toy = turning(ends=False)
    both = Toy({"x": 0}, {"T1": toy.threads["T1"], "T2": fail}, ends=False)
    result = explore(both)
    assert (result.exceptions.verdict, result.exceptions.schedules) == ("violated", INFINITE)
    assert result.exceptions.probability == 1
    assert result.outcomes[0].faulty


@given(random_toys.toys())
def test_what_ends_does_not_depend_on_looking_at_what_does_not(toy: Toy) -> None:
    """Without liveness all that is said is what a full exploration says; of runs without end nothing is said.

    Where no run goes on for ever and none can, that is everything.
    """
    full, safe = explore(toy), explore(toy, liveness=False)
    if full.schedules is not INFINITE:
        assert safe == full
        return
    assert replace(safe.deadlock, **UNKNOWN) == replace(full.deadlock, **UNKNOWN)
    for name in ("complete", "states", "transitions", "schedules", "races"):
        assert getattr(safe, name) == getattr(full, name)
    assert (safe.livelock.verdict, safe.starvation.verdict, safe.exceptions.verdict) == (
        "unknown", "unknown", full.exceptions.verdict,
    )  # fmt: skip
    ending = [outcome for outcome in full.outcomes if outcome.status in ("finished", "deadlock")]
    assert [replace(outcome, **UNKNOWN) for outcome in safe.outcomes] == [replace(one, **UNKNOWN) for one in ending]
    for own, other in zip((*safe.outcomes, *safe.properties), (*ending, *full.properties), strict=True):
        assert own.probability in (None, other.probability)
        assert own.schedules in (None, other.schedules)
    assert [prop.verdict for prop in safe.properties] == [prop.verdict for prop in full.properties]


UNKNOWN: dict[str, Any] = {"probability": None, "probability_rounded": None}


def test_what_must_come_true_is_unknown_without_looking_at_cycles() -> None:
    """x becomes 1 at once, which only a search for fair cycles could know."""
    toy = turning(properties={"one": ("eventually", lambda read, inside: read("x") == 1)})
    assert [explore(toy, liveness=liveness).properties[0].verdict for liveness in (True, False)] == ["holds", "unknown"]


def test_expectations_are_not_judged_without_looking_at_cycles() -> None:
    found = lab.explore("peterson/peterson", liveness=False)
    assert found.expectations
    assert {entry.met for entry in found.expectations} == {None}
