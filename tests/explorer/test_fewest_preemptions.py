"""Witnesses: of the shortest schedules one with the fewest preemptions, and the first in thread order of those."""

# ruff: noqa: ARG005 - a budget takes the number of states

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

import lab
from lab.explorer import explore
from lab.explorer.result import Result
from lab.explorer.states import packing
from lab.explorer.walk import fewest_preemptions
from lab.language import parse
from tests.explorer import naive, random_toys, toys


def witnesses(result: Result) -> list[Any]:
    found = [*result.outcomes, *result.properties]
    return [(end.witness, end.witness_preemptions, end.witness_proven) for end in found]


def every_run(truth: naive.Naive, wanted: set[int], most: int) -> list[tuple[tuple[int, int], ...]]:
    """Return every schedule of at most so many steps to one of the states, by trying all of them."""
    found, level = [], [((), 0)]
    for _ in range(most + 1):
        found += [moves for moves, state in level if state in wanted]
        level = [
            ((*moves, (thread, result)), target)
            for moves, state in level
            for target, thread, result, _ in truth.edges[state]
        ]
    return found


@given(random_toys.toys(cyclic=True, threads=2, properties=False))
def test_no_schedule_of_all_is_better_than_the_witness(toy: toys.Toy) -> None:
    """All schedules, one by one: none is shorter, as short with fewer preemptions, or as good and earlier in order."""
    truth = naive.Naive(toy)
    for end in truth.ends:
        moves = truth.witness([end])
        assert moves is not None
        if len(moves) <= 7:
            runs = every_run(truth, {end}, len(moves))
            assert min((len(run), truth.preemptions(run), run) for run in runs)[2] == moves


def test_a_lost_update_needs_one_preemption() -> None:
    """T1 T2 T1 T2, the first of the shortest, preempts twice; T1 T2 T2 T1 once, since T2 has ended when T1 goes on."""
    lost = explore(toys.counter(2, 1)).outcomes[1]
    assert (lost.witness, lost.witness_preemptions, lost.witness_proven) == (("T1", "T2", "T2", "T1"), 1, True)


def test_of_equals_the_first_in_thread_order_is_taken() -> None:
    """Any of three threads may be the one that is interrupted once and whose write comes last: T1 is the first."""
    lost = explore(toys.counter(3, 1)).outcomes[-1]
    assert (lost.shared["x"], lost.witness) == (1, ("T1", "T2", "T2", "T3", "T3", "T1"))


def test_rounds_give_what_a_single_walk_gives() -> None:
    for make in (lambda: toys.counter(3, 2), lambda: toys.philosophers(4), toys.chooser, lambda: toys.wide(3, 3)):
        wanted = explore(make())
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(fewest_preemptions, "_SMALL", 0)
            patch.setattr(fewest_preemptions, "_BATCH", 3)
            assert explore(make()) == wanted


@given(random_toys.toys())
def test_rounds_small_batches_and_narrow_words_change_nothing(toy: toys.Toy) -> None:
    wanted = explore(toy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fewest_preemptions, "_SMALL", 0)
        patch.setattr(fewest_preemptions, "_BATCH", 2)
        patch.setattr(packing, "WORD_BITS", 6)
        assert explore(toy) == wanted


@pytest.mark.parametrize("budget", [0, 10, 40, 100, 200])
def test_beyond_the_budget_the_first_of_the_shortest_stays(budget: int) -> None:
    """A witness is the best or, unproven, the first in thread order; with more budget no proof is lost."""
    best = explore(toys.counter(3, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fewest_preemptions, "_SMALL", 0)
        patch.setattr(fewest_preemptions, "budget_for", lambda states: budget)
        found = explore(toys.counter(3, 2))
        patch.setattr(fewest_preemptions, "budget_for", lambda states: 0)
        first = explore(toys.counter(3, 2))
    for one, wanted, without in zip(witnesses(found), witnesses(best), witnesses(first), strict=True):
        assert one == (wanted if one[2] else without)
    assert sum(proven for *_, proven in witnesses(found)) < len(best.outcomes)


def test_a_round_that_would_break_the_budget_is_not_begun() -> None:
    """Rounds of n and n * n / 2 pairs promise one of n**3 / 6; never more than there are pairs."""
    toy = toys.counter(2, 1)
    cells = packing.Packing(toy.initial())
    search = fewest_preemptions._Search(toy, cells, None, 100, None)  # type: ignore[arg-type] # it steps nothing here
    search._sizes = [12, 72]
    search.expect(3, 90)
    with pytest.raises(fewest_preemptions._Exhausted):
        search.expect(3, 1000)


def test_a_deadline_leaves_the_first_of_the_shortest() -> None:
    """The deadline passes after the exploration's last look: the result is complete, its witnesses are not chosen."""
    looks = iter(range(1000))
    found = explore(toys.counter(2, 1), deadline=lambda: next(looks) > 4)  # one look a level, at five levels
    assert found.complete
    assert found.outcomes[1].witness == ("T1", "T2", "T1", "T2")
    assert not found.outcomes[1].witness_proven


def test_rounds_end_when_every_target_is_settled() -> None:
    """The witness known first preempts often; one without preemptions is found in the first round, long before that."""
    reader = "    if x == x:\n        if x == x:\n            x = x\n    return x\n"
    heads = ("@thread(each=range(2))\ndef T0(i):", "@thread\ndef T1():", "@thread\ndef T2():")
    threads = "".join(f"{head}\n    global x\n{reader}" for head in heads)
    result = lab.explore(parse(f"from lab.scenario import thread\nx = 0\n{threads}"))
    assert [(len(set(outcome.witness)), outcome.witness_preemptions) for outcome in result.outcomes] == [(4, 0)]
