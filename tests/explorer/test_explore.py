"""The explorer as a whole: known numbers, and a naive explorer beside it on random programs."""

# ruff: noqa: ARG001, ARG005 - a toy's functions take what the protocol gives them

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given

from lab.explorer import bounds, explore
from lab.explorer.assemble import Assembly
from lab.explorer.findings.ends import plain_identity
from lab.explorer.result import INFINITE, Result
from lab.explorer.states import expand, packing, tables
from lab.explorer.walk import record, search
from lab.model.state import Local
from tests.explorer import naive, random_toys, toys

OUTCOMES = {
    (2, 1): {1: 4, 2: 2},
    (2, 2): {2: 32, 3: 32, 4: 6},
    (2, 3): {2: 8, 3: 300, 4: 416, 5: 180, 6: 20},
    (3, 1): {1: 48, 2: 36, 3: 6},
    (3, 2): {2: 10428, 3: 15180, 4: 7512, 5: 1440, 6: 90},
}
"""Final counter value to interleavings, by brute force (the table of known answers)."""


def by_value(result: Result, name: str = "x") -> dict[Any, Any]:
    return {outcome.shared[name]: outcome.schedules for outcome in result.outcomes}


def recorded(relation: Any) -> Result:
    """Explore with the walk that remembers all states, whether or not it has to."""
    cells = packing.Packing(relation.initial())
    expander = expand.Expander(relation, cells)
    walk = record.Recorded(cells.encode(relation.initial()))
    found = search.Search(relation, cells, expander, walk, bounds.Bounds())
    found.run()
    return Assembly(relation, cells, expander, found, walk).result()


def test_two_increments_by_hand() -> None:
    """Two threads of x += 1.

    States: before both have read, 4 places of the threads with x = 0 known to none or to readers: (0,0) (1,0) (0,1)
    (1,1). After T1's write x = 1: T2 has not read, has read 0, or has read 1; the same for T2's write: 6. Both ended:
    x = 1 or 2. 4 + 6 + 2 = 12. Transitions: 2 from each of the first four (8), 1 from each of the six: 14. Runs:
    4! / (2! 2!) = 6, of which the two serial ones end with 2. A coin at each choice: T1 first and again with 1/2, so
    serial runs have 1/2 together.
    """
    result = explore(toys.counter(2, 1))
    assert (result.states, result.transitions, result.schedules) == (12, 14, 6)
    assert by_value(result) == {1: 4, 2: 2}
    assert {o.shared["x"]: (o.share, o.probability) for o in result.outcomes} == {
        1: (Fraction(2, 3), Fraction(1, 2)),
        2: (Fraction(1, 3), Fraction(1, 2)),
    }
    assert [outcome.witness for outcome in result.outcomes] == [("T1", "T1", "T2", "T2"), ("T1", "T2", "T2", "T1")]
    assert result.complete
    assert result.deadlock.verdict == result.livelock.verdict == result.exceptions.verdict == "holds"


@pytest.mark.parametrize("size", OUTCOMES)
@pytest.mark.parametrize("way", [explore, recorded])
def test_counters_end_with_the_published_distribution(size: tuple[int, int], way: Any) -> None:
    """Interleavings of k threads with n increments each are (2kn)! / ((2n)!)^k."""
    threads, rounds = size
    result = way(toys.counter(threads, rounds))
    assert by_value(result) == OUTCOMES[size]
    assert result.schedules == math.factorial(2 * threads * rounds) // math.factorial(2 * rounds) ** threads


def test_probabilities_are_those_of_the_uniform_scheduler() -> None:
    """For 2 x 2: 11/32, 15/32 and 6/32 for 2, 3 and 4."""
    result = explore(toys.counter(2, 2))
    chances = {outcome.shared["x"]: outcome.probability for outcome in result.outcomes}
    assert chances == {2: Fraction(11, 32), 3: Fraction(15, 32), 4: Fraction(6, 32)}


def test_four_threads_of_two_increments_are_63_million_interleavings() -> None:
    """16! / (4!)^4 = 63,063,000."""
    assert explore(toys.counter(4, 2)).schedules == 63_063_000


def test_long_runs_need_several_limbs() -> None:
    """Two threads of 200 steps: 400! / (200!)^2, a number of 397 bits; and the probabilities add up to 1."""
    result = explore(toys.wide(2, 201))
    assert result.schedules == math.comb(400, 200)
    assert sum(outcome.probability or 0 for outcome in result.outcomes) == 1
    assert recorded(toys.wide(2, 201)).schedules == math.comb(400, 200)


@pytest.mark.parametrize(("number", "states"), [(2, 6), (3, 14), (4, 34), (5, 82), (6, 198)])
def test_philosophers_have_pell_lucas_many_states(number: int, states: int) -> None:
    """One deadlock; without it they would eat for ever, which is no livelock: every state can still deadlock.

    P0 takes its fork and is preempted; then each philosopher, from the last one down, takes one fork and waits for
    the next, which its neighbour has, so that a single preemption is enough. P0, P1, P2, ... would preempt every one.
    """
    result = explore(toys.philosophers(number))
    assert result.states == states
    assert (result.deadlock.states, result.deadlock.schedules, result.deadlock.probability) == (1, INFINITE, 1)
    assert [outcome.status for outcome in result.outcomes] == ["deadlock"]
    assert result.outcomes[0].witness == ("P0", *(f"P{seat}" for seat in range(number - 1, 0, -1)))
    assert result.outcomes[0].witness_preemptions == 1
    assert result.livelock.verdict == "holds"


def test_a_busy_wait_makes_its_outcome_infinite() -> None:
    """T1 spins until T2 sets the flag: 3 states, and runs of every length; T2 moves some time, with probability 1."""
    result = explore(toys.busy_wait())
    assert (result.states, result.transitions, result.schedules) == (3, 3, INFINITE)
    (outcome,) = result.outcomes
    assert (outcome.schedules, outcome.share, outcome.probability) == (INFINITE, None, 1)
    assert outcome.witness == ("T2", "T1")


def test_branches_of_different_lengths_are_counted_exactly() -> None:
    """T2 takes one step when x is 0 and three when it is 1: T1 T2 T2 T2, or T2 T1; both end with x = 1."""
    result = explore(toys.branches())
    assert (result.states, result.transitions, result.schedules) == (6, 6, 2)
    (outcome,) = result.outcomes
    assert (outcome.schedules, outcome.probability, outcome.witness) == (2, 1, ("T2", "T1"))


def test_a_choice_has_numbered_results() -> None:
    """Each of three values: T2 reads before T1's choice or its store (0, two runs), or after (one run)."""
    result = explore(toys.chooser())
    assert result.schedules == 9
    first = result.outcomes[0]
    assert (first.returned["T2"], first.schedules, first.probability) == (10, 1, Fraction(1, 12))
    assert first.witness == ("T1:0", "T1", "T2")


def test_states_wider_than_a_word() -> None:
    """Two threads count 12 cells each to 7, 3 bits a cell: 168! / (84!)^2 schedules, (12 x 7 + 1)^2 states."""
    result = explore(toys.wide(24, 8))
    assert result.schedules == math.comb(168, 84)
    assert result.states == 85 * 85
    assert result.outcomes[0].witness == ("T1",) * 84 + ("T2",) * 84


def test_a_relation_is_asked_once_per_footprint() -> None:
    """A thread reads at each value of x it can meet, and writes without looking: far fewer steps than states."""
    toy = toys.counter(3, 3)
    result = explore(toy)
    assert result.states > 10 * toy.asked


def test_deadlock_outcomes_say_who_waits() -> None:
    """Of the 6 orders of the two pairs of acquires, those two deadlock in which both take their first lock first."""
    result = explore(toys.lock_order())
    finished, blocked = result.outcomes
    assert (finished.status, finished.schedules, blocked.status, blocked.schedules) == ("finished", 4, "deadlock", 2)
    assert blocked.waiting["T2"] == {"for": "lock_a", "held_by": ["T1"], "line": 1}
    assert (result.deadlock.states, result.deadlock.schedules, result.deadlock.probability) == (1, 2, Fraction(1, 2))
    assert blocked.faulty
    assert not finished.faulty


def test_an_exception_is_part_of_the_outcome() -> None:
    def fail(local: Local, read: toys.Read) -> Any:
        yield toys.failed("ValueError", "text"), {}

    result = explore(toys.Toy({"x": 0}, {"T1": fail}))
    assert result.outcomes[0].errors == {"T1": "ValueError: text"}
    assert result.outcomes[0].status == "finished"
    assert result.outcomes[0].faulty
    assert (result.exceptions.verdict, result.exceptions.schedules, result.exceptions.probability) == ("violated", 1, 1)


def compare(toy: toys.Toy, result: Result) -> None:
    """Compare a result with the naive explorer's, field by field."""
    truth = naive.Naive(toy)
    assert (result.states, result.transitions) == (len(truth.states), truth.transitions)
    assert result.complete
    traps = truth.traps()
    groups: dict[Any, list[int]] = {}
    for number in sorted([*truth.ends, *traps]):
        state = truth.states[number]
        ended = all(local.ended for local in state.locals)
        status = "trap" if number in traps else "finished" if ended else "deadlock"
        seen = toy.observe(state)
        waiting = [f"T{t + 1}" for t, local in enumerate(state.locals) if status == "deadlock" and not local.ended]
        key = (status, plain_identity([seen.shared, seen.returned, seen.errors, waiting]))
        groups.setdefault(key, []).append(number)
    found = {}
    for outcome in result.outcomes:
        status = "trap" if outcome.status in ("livelock", "endless") else outcome.status
        seen = [outcome.shared, outcome.returned, outcome.errors, list(outcome.waiting)]
        found[status, plain_identity(seen)] = outcome
    assert found.keys() == groups.keys()
    for key, numbers in groups.items():
        wanted = numbers[:1] if key[0] == "trap" else numbers
        assert _fewest(toy, truth, wanted) == (found[key].witness, found[key].witness_preemptions)
        assert found[key].witness_proven
        infinite = bool(truth.infinite & set(numbers))
        assert (found[key].schedules is INFINITE) == infinite
    if len(truth.states) <= MOST_SOLVED:
        _compare_chances(toy, truth, result, groups, found)
    if not truth.infinite:
        _compare_counts(toy, truth, result, groups, found)


MOST_SOLVED = 60
"""States up to which the equations are solved with fractions."""


def _compare_chances(toy: toys.Toy, truth: naive.Naive, result: Result, groups: Any, found: Any) -> None:
    """Compare every probability with the solution of its equations in fractions."""
    for key, numbers in groups.items():
        goals = {state for number in numbers for state in truth.together(number)}
        assert found[key].probability == truth.hit(goals)
    held = _judged(toy, truth)
    verdicts = {prop.name: prop for prop in result.properties}
    bad = {number for number, good in enumerate(held) if not good}
    assert verdicts["always"].probability == truth.hit(bad)
    assert verdicts["sometimes"].probability == 1 - truth.hit(set(range(len(held))) - bad)
    broken = {e for e in truth.ends if all(local.ended for local in truth.states[e].locals) and e in bad}
    assert verdicts["final"].probability == truth.hit(broken)
    livelocks = {key for key in groups if key[0] == "trap" and found[key].status == "livelock"}
    assert result.livelock.probability == sum(found[key].probability for key in livelocks)


def _judged(toy: toys.Toy, truth: naive.Naive) -> list[bool]:
    """Return for each state whether the (one) predicate of a random program is true there."""
    held = []
    for state in truth.states:
        late = tuple(name for name, local in zip(toy.threads, state.locals, strict=True) if "late" in toy.inside(local))
        held.append(bool(toy.judge(toy.program.properties[0], state.shared.__getitem__, lambda name, late=late: late)))
    return held


def _fewest(toy: toys.Toy, truth: naive.Naive, targets: list[int]) -> tuple[tuple[str, ...] | None, int]:
    """Return the naive explorer's witness to one of the states, and its preemptions."""
    moves = truth.witness(targets)
    return (None, 0) if moves is None else (_names(toy, truth, moves), truth.preemptions(moves))


def _names(toy: toys.Toy, truth: naive.Naive, moves: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    names, state = [], truth.states[0]
    for thread, result in moves:
        steps = toy.step(thread, state.locals[thread], state.shared.__getitem__)
        names.append(f"T{thread + 1}:{result}" if len(steps) > 1 else f"T{thread + 1}")
        state = truth._after(state, thread, steps[result])
    return tuple(names)


def _compare_counts(toy: toys.Toy, truth: naive.Naive, result: Result, groups: Any, found: Any) -> None:
    clean = truth.arrivals()
    for key, numbers in groups.items():
        assert found[key].schedules == sum(clean[number][0] for number in numbers)
        assert found[key].probability == sum(clean[number][2] for number in numbers)
    assert result.schedules == sum(clean[number][0] for number in truth.ends)
    if not toy.program.properties:
        return
    verdicts = {prop.name: prop for prop in result.properties}
    held = _judged(toy, truth)
    bad = [number for number, good in enumerate(held) if not good]
    sums = truth.arrivals(frozenset(bad))
    always = verdicts["always"]
    assert (always.verdict == "violated") == bool(bad)
    assert always.schedules == sum(sums[end][1] for end in truth.ends)
    assert always.probability == sum(sums[end][3] for end in truth.ends)
    assert (always.witness, always.witness_preemptions) == _fewest(toy, truth, bad)
    good = [number for number, value in enumerate(held) if value]
    sums = truth.arrivals(frozenset(good))
    assert (verdicts["sometimes"].verdict == "holds") == bool(good)
    assert verdicts["sometimes"].schedules == sum(sums[end][0] for end in truth.ends)
    assert verdicts["sometimes"].probability == sum(sums[end][2] for end in truth.ends)
    broken = [e for e in truth.ends if all(local.ended for local in truth.states[e].locals) and not held[e]]
    assert verdicts["final"].schedules == sum(clean[end][0] for end in broken)
    assert verdicts["final"].probability == sum(clean[end][2] for end in broken)
    assert (verdicts["final"].witness, verdicts["final"].witness_preemptions) == _fewest(toy, truth, broken)


@given(random_toys.toys(cyclic=False))
def test_random_programs_without_cycles_match_the_naive_explorer(toy: toys.Toy) -> None:
    compare(toy, explore(toy))


@given(random_toys.toys(cyclic=True))
def test_random_programs_with_cycles_match_the_naive_explorer(toy: toys.Toy) -> None:
    compare(toy, explore(toy))


@given(random_toys.toys(cyclic=True))
def test_runs_around_cycles_are_counted_where_they_are_finite(toy: toys.Toy) -> None:
    """A number of runs is infinite exactly when some are longer than a run without repetition can be."""
    truth, result = naive.Naive(toy), explore(toy)
    always, sometimes, _ = result.properties
    held = _judged(toy, truth)
    limit = 2 * len(truth.states)
    bad = frozenset(number for number, good in enumerate(held) if not good)
    _, dirty, _, ended = truth.walkers(bad, 2 * limit)
    late = any(dirty[limit:]) or ended > truth.walkers(bad, limit)[3]
    assert always.schedules == (INFINITE if late else ended)
    good = frozenset(number for number, good in enumerate(held) if good)
    clean, _, ended, _ = truth.walkers(good, 2 * limit)
    late = any(clean[limit:]) or ended > truth.walkers(good, limit)[2]
    assert sometimes.schedules == (INFINITE if late else ended)


@given(random_toys.toys(cyclic=False))
def test_both_walks_give_the_same_result(toy: toys.Toy) -> None:
    assert explore(toy) == recorded(toy)


@given(random_toys.toys())
def test_narrow_words_and_hashed_tables_change_nothing(toy: toys.Toy) -> None:
    """Words of 6 bits make every state several words long; blocks of at most 1 bit send the rest to hashing."""
    wanted = explore(toy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "WORD_BITS", 6)
        patch.setattr(tables, "_BLOCK_BITS", 1)
        patch.setattr(tables, "_PAGE_BITS", 1)
        patch.setattr(search, "_BATCH", 3)
        assert explore(toy) == wanted


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize(
    "make",
    [lambda: toys.counter(3, 2), toys.lock_order, toys.chooser, lambda: toys.philosophers(4), lambda: toys.wide(9, 4)],
)
def test_small_batches_change_nothing(make: Any, size: int) -> None:
    """With a few states at a time, the number of enabled threads differs between the batches of one level."""
    wanted = explore(make())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_BATCH", size)
        assert explore(make()) == wanted


def test_two_runs_are_equal() -> None:
    assert explore(toys.counter(3, 2)) == explore(toys.counter(3, 2))
