"""Witnesses: shortest first, then the first in thread order."""

from __future__ import annotations

import numpy as np
import pytest

from lab.explorer import explore
from lab.explorer.bounds import Bounds
from lab.explorer.states.expand import Expander
from lab.explorer.states.packing import Packing
from lab.explorer.states.witness import Courses, History, entries, preemptions_of
from lab.explorer.walk import fewest_preemptions
from lab.explorer.walk.record import Recorded
from lab.explorer.walk.search import Search
from tests.explorer import naive, toys


def test_a_history_is_followed_back_level_by_level() -> None:
    """State 0 leads to 1 and 2, state 2 to 3 (a batch each)."""
    history = History()
    history.add(np.array([0, 0]), np.array([0, 1], np.uint16))
    history.advance(2)
    history.add(np.array([], np.intp), np.array([], np.uint16))
    history.add(np.array([1]), np.array([2], np.uint16))
    history.advance(1)
    labels = [(0, 0), (1, 0), (1, 1)]
    assert [history.moves(state, labels) for state in range(4)] == [[], [(0, 0)], [(1, 0)], [(1, 0), (1, 1)]]


def test_entries_name_a_result_only_where_there_are_several() -> None:
    assert entries(toys.chooser(), [(0, 2), (1, 0), (0, 0)]) == ("T1:2", "T2", "T1")
    assert entries(toys.chooser((5,)), [(0, 0)]) == ("T1",)


@pytest.mark.parametrize("toy", [toys.counter(3, 1), toys.philosophers(4), toys.chooser(), toys.branches()])
def test_states_are_numbered_by_their_first_schedules(toy: toys.Toy) -> None:
    """In the naive explorer's order of discovery every schedule is the first of its length in thread order."""
    truth = naive.Naive(toy)
    keys = [(len(schedule), schedule) for schedule in truth.schedule]
    assert keys == sorted(keys)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fewest_preemptions, "budget_for", lambda _: 0)
        found = explore(toy)
    for outcome in found.outcomes:
        assert outcome.witness in [entries(toy, truth.schedule[end]) for end in truth.ends]
        assert outcome.witness_proven == (outcome.witness_preemptions == 0)


@pytest.mark.parametrize("explored", [True, False])
@pytest.mark.parametrize("toy", [toys.counter(3, 2), toys.philosophers(3), toys.chooser(), toys.branches()])
def test_schedules_are_followed_through_what_is_known_of_steps(toy: toys.Toy, explored: bool) -> None:
    """As through the relation; so they are where nothing was known, and values come that the layout has no room for."""
    packing = Packing(toy.initial())
    expander = Expander(toy, packing)
    if explored:
        Search(toy, packing, expander, Recorded(packing.encode(toy.initial())), Bounds()).run()
    courses = Courses(toy, packing, expander.memos)
    for schedule in naive.Naive(toy).schedule:
        assert courses.entries(schedule) == entries(toy, schedule)
        assert courses.preemptions(schedule) == preemptions_of(toy, schedule)
