"""Weak fairness: what must come true some time, who can be starved, and the lassos that show it."""

# ruff: noqa: ARG001, ARG005 - a toy's functions take what the protocol gives them

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lab.explorer import explore
from lab.explorer.result import INFINITE
from lab.model.state import Local, State
from tests.explorer import naive, naive_cycles, random_toys, toys
from tests.explorer.toys import Read, Result, Toy, at, done


def true_of_x(read: Any, inside: Any) -> bool:
    return bool(read("x") == 1)


def follow(toy: Toy, schedule: Sequence[str], state: State | None = None) -> list[tuple[State, int]]:
    """Return the states that a schedule passes with the thread that moves there; the last state with -1."""
    state = state or toy.initial()
    names, passed = list(toy.threads), []
    for entry in schedule:
        name, _, result = entry.partition(":")
        thread = names.index(name)
        passed.append((state, thread))
        step = toy.step(thread, state.locals[thread], state.shared.__getitem__)[int(result or 0)]
        shared = list(state.shared)
        for place, value in step.writes:
            shared[place] = value
        state = State((*state.locals[:thread], step.local, *state.locals[thread + 1 :]), tuple(shared))
    return [*passed, (state, -1)]


def assert_lasso(toy: Toy, stem: Sequence[str], loop: Sequence[str]) -> list[tuple[State, int]]:
    """Check that the loop comes back and is weakly fair; returns its states with the threads that move."""
    start = follow(toy, stem)[-1][0]
    *around, (end, _) = follow(toy, loop, start)
    assert loop
    assert end == start
    for thread in range(len(toy.threads)):
        able = [bool(toy.step(thread, state.locals[thread], state.shared.__getitem__)) for state, _ in around]
        assert not all(able) or any(mover == thread for _, mover in around)
    return around


def turns(local: Local, read: Read) -> Iterator[Result]:
    """Take the lock x and give it back, for ever."""
    if local.position:
        yield at(0), {"x": 0}
    elif not read("x"):
        yield at(1), {"x": 1}


def waits(local: Local, read: Read) -> Iterator[Result]:
    """Take the lock x once and end."""
    if not read("x"):
        yield done(), {"x": 2}


def test_a_busy_wait_ends_under_a_fair_scheduler() -> None:
    """T1 spins until T2 sets the flag; the cycle without T2 is unfair, as T2 can move in its only state."""
    toy = toys.busy_wait()
    name = next(iter(toy.shared))
    toy = replace(toy, properties={"set": ("eventually", lambda read, inside: bool(read(name)))})
    result = explore(toy)
    assert (result.properties[0].verdict, result.properties[0].schedules, result.properties[0].probability) == (
        "holds", 0, 0,
    )  # fmt: skip
    assert result.starvation.verdict == "none"


def test_a_lock_without_a_queue_starves_who_waits() -> None:
    """T1 takes turns with itself; in the state in which it holds the lock T2 cannot move, so this is fair to T2.

    With probability 1 T2 gets the lock some time all the same.
    """
    toy = Toy(
        {"x": 0}, {"T1": turns, "T2": waits}, {"got": ("eventually", lambda read, inside: read("x") == 2)}, ends=False
    )
    result = explore(toy)
    (got,) = result.properties
    assert (got.verdict, got.schedules, got.probability) == ("violated", INFINITE, 0)
    assert (got.witness, got.loop) == ((), ("T1", "T1"))
    assert result.starvation.verdict == "possible"
    assert {name: (lasso.stem, lasso.loop) for name, lasso in result.starvation.threads.items()} == {
        "T2": ((), ("T1", "T1"))
    }


def test_a_run_that_ends_too_soon_violates_eventually() -> None:
    """A choice of two: x becomes 1 in one, and stays 0 in the other, which ends."""

    def choose(local: Local, read: Read) -> Iterator[Result]:
        yield done(), {"x": 1}
        yield done(), {}

    result = explore(Toy({"x": 0}, {"T1": choose}, {"one": ("eventually", true_of_x)}))
    (one,) = result.properties
    assert (one.verdict, one.schedules, one.probability, one.witness, one.loop) == (
        "violated", 1, Fraction(1, 2), ("T1:1",), (),
    )  # fmt: skip


def test_what_is_true_at_the_start_has_come_true() -> None:
    toy = replace(toys.busy_wait(), properties={"any": ("eventually", lambda read, inside: True)})
    assert explore(toy).properties[0].verdict == "holds"


def test_what_has_come_true_may_be_false_for_ever_after() -> None:
    """T1 sets x to 1, back to 0, and goes round: the round comes after what had to come true."""

    def blink(local: Local, read: Read) -> Iterator[Result]:
        yield at(1 + (local.position > 0)), {"x": int(local.position == 0)}

    assert explore(Toy({"x": 0}, {"T1": blink}, {"one": ("eventually", true_of_x)})).properties[0].verdict == "holds"


def test_a_run_that_never_ends_is_one_that_avoids_a_state() -> None:
    """One of two choices sets x and ends, the other one goes round: each with probability 1/2."""

    def choose(local: Local, read: Read) -> Iterator[Result]:
        if not local.position:
            yield done(), {"x": 1}
        yield at(1), {}

    kinds = {"one": ("sometimes", true_of_x), "zero": ("always", lambda read, inside: read("x") == 0)}
    one, zero = explore(Toy({"x": 0}, {"T1": choose}, kinds)).properties
    assert (one.verdict, one.probability, zero.verdict, zero.probability) == (
        "holds", Fraction(1, 2), "violated", Fraction(1, 2),
    )  # fmt: skip


def test_an_incomplete_exploration_does_not_know() -> None:
    toy = Toy({"x": 0}, {"T1": turns, "T2": waits}, {"one": ("eventually", true_of_x)})
    result = explore(toy, max_states=1)
    assert (result.properties[0].verdict, result.starvation.verdict) == ("unknown", "unknown")


def _held(toy: Toy, truth: naive.Naive) -> list[bool]:
    held = []
    for state in truth.states:
        late = tuple(name for name, local in zip(toy.threads, state.locals, strict=True) if "late" in toy.inside(local))
        held.append(bool(toy.judge(toy.program.properties[0], state.shared.__getitem__, lambda name, late=late: late)))
    return held


@given(random_toys.toys(cyclic=True))
def test_eventually_is_judged_as_by_trying_every_set_of_states(toy: Toy) -> None:
    """The verdict agrees, and the witness is a run that never makes it true, and fair if it goes on for ever."""
    toy = replace(toy, properties={"p": ("eventually", toy.properties["always"][1])})
    truth = naive.Naive(toy)
    assume(len(naive_cycles.looping(truth)) <= naive_cycles.MOST_LOOPING)
    held = _held(toy, truth)
    (found,) = explore(toy).properties
    assert (found.verdict == "violated") == naive_cycles.missed(truth, held)
    good = {number for number, value in enumerate(held) if value}
    if found.verdict == "holds":
        assert (found.schedules, found.probability, found.witness) == (0, 0, None)
        return
    assert found.witness is not None
    assert found.probability == 1 - truth.hit(good)
    passed = follow(toy, found.witness)
    if found.loop:
        passed += assert_lasso(toy, found.witness, found.loop)
    else:
        assert not truth.edges[truth.states.index(passed[-1][0])]
    assert not any(held[truth.states.index(state)] for state, _ in passed)


def _starves(toy: Toy, truth: naive.Naive, thread: int) -> bool:
    names = [n for n in naive_cycles.looping(truth) if not truth.states[n].locals[thread].ended]
    for inside, _ in naive_cycles.fair_sets(truth, names, thread):
        if any(edge[1] == thread for number in inside for edge in truth.edges[number]):
            return True
    for inside, moving in naive_cycles.fair_sets(truth, names):
        entered = frozenset().union(*(toy.inside(truth.states[n].locals[thread]) for n in inside))
        if thread in moving and len(moving) > 1 and (toy.ends or toy.text - entered):
            return True
    return False


@pytest.mark.parametrize(("ends", "text"), [(True, ()), (False, ()), (False, ("late",))])
@given(toy=random_toys.toys(cyclic=True, properties=False))
def test_starvation_is_found_as_by_trying_every_set_of_states(toy: Toy, ends: bool, text: tuple[str, ...]) -> None:
    """The threads agree, and each lasso is fair and starves its thread."""
    toy = replace(toy, ends=ends, text=frozenset(text))
    truth = naive.Naive(toy)
    assume(len(naive_cycles.looping(truth)) <= naive_cycles.MOST_LOOPING)
    found = explore(toy).starvation
    names = list(toy.threads)
    assert set(found.threads) == {name for thread, name in enumerate(names) if _starves(toy, truth, thread)}
    assert (found.verdict == "possible") == bool(found.threads)
    for name, lasso in found.threads.items():
        thread = names.index(name)
        around = assert_lasso(toy, lasso.stem, lasso.loop)
        assert not any(state.locals[thread].ended for state, _ in around)
        if all(mover != thread for _, mover in around):
            able = [toy.step(thread, state.locals[thread], state.shared.__getitem__) for state, _ in around]
            assert any(able)


@given(toy=random_toys.toys(cyclic=True), longest=st.integers(0, 7))
def test_runs_are_counted_by_length_as_by_walking_them_all(toy: Toy, longest: int) -> None:
    """For the whole and for each outcome and property: walkers on the graph, split by whether they met a state."""
    truth, result = naive.Naive(toy), explore(toy, max_length=longest)
    held = _held(toy, truth)
    clean = naive_lengths(truth, frozenset(), longest)
    assert result.lengths == total(clean, truth.ends)
    assert result.max_length == longest
    ends: dict[int, int] = {}
    for outcome in result.outcomes:
        assert outcome.lengths is not None
        for length, amount in outcome.lengths.items():
            ends[length] = ends.get(length, 0) + amount
    assert dict(sorted(ends.items())) == result.lengths
    always, sometimes, final = result.properties
    bad = frozenset(number for number, value in enumerate(held) if not value)
    without = total(naive_lengths(truth, bad, longest), truth.ends)
    rest = {length: amount - without.get(length, 0) for length, amount in result.lengths.items()}
    assert always.lengths == {length: amount for length, amount in rest.items() if amount}
    good = frozenset(range(len(held))) - bad
    assert sometimes.lengths == total(naive_lengths(truth, good, longest), truth.ends)
    broken = [end for end in truth.ends if end in bad and all(local.ended for local in truth.states[end].locals)]
    assert final.lengths == total(clean, broken)


def naive_lengths(truth: naive.Naive, avoid: frozenset[int], longest: int) -> list[list[int]]:
    """Return by length how many walkers that keep clear of some states stand on each state."""
    walkers = [int(number == 0 and 0 not in avoid) for number in range(len(truth.states))]
    found = [walkers]
    for _ in range(longest):
        following = [0] * len(walkers)
        for number, amount in enumerate(walkers):
            for target, *_ in truth.edges[number]:
                if target not in avoid:
                    following[target] += amount
        walkers = following
        found.append(walkers)
    return found


def total(walkers: list[list[int]], ends: list[int]) -> dict[int, int]:
    sums = {length: sum(some[end] for end in ends) for length, some in enumerate(walkers)}
    return {length: amount for length, amount in sums.items() if amount}


def test_lengths_of_large_numbers_carry() -> None:
    """Two threads of 60 steps each: all runs have 120 steps, and there are 120 over 60 of them, 117 bits."""
    result = explore(toys.wide(2, 61), max_length=130)
    assert result.lengths == {120: math.comb(120, 60)}
    assert result.outcomes[0].lengths == result.lengths
    assert explore(toys.wide(2, 61)).lengths is None
