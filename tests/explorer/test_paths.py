"""Paths of recorded graphs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.explorer.graphs import components
from lab.explorer.graphs.components import component_of, split, strong_components, survey
from lab.explorer.graphs.cycles import shortest_round
from lab.explorer.graphs.digraph import Graph, offsets_of
from lab.explorer.graphs.fairness import FairCycles
from lab.explorer.graphs.paths import Acyclic
from lab.explorer.graphs.route import shortest_path
from lab.explorer.result import INFINITE
from lab.explorer.states.engine import compiled_kernels
from lab.explorer.states.primes import _is_prime


def graph(states: int, *edges: tuple[int, int]) -> Graph:
    """Return a graph whose transitions from one state are equally likely."""
    sources, targets = (np.array([edge[k] for edge in sorted(edges)], np.int32) for k in range(2))
    degrees = np.bincount(sources, minlength=states)
    return Graph(offsets_of(degrees), targets, degrees.astype(np.uint8), None, np.zeros(len(edges), np.uint8), 0)


def traps(some: Graph) -> list[list[int]]:
    """Return the components that nothing leaves."""
    states = np.flatnonzero(some.reachable())
    component = strong_components(some, states)
    seen = survey(some, states, component, np.ones(1, np.uint64))
    return [found.tolist() for found in split(states, component, seen.bottom)]


KERNELS = compiled_kernels()
needs_numba = pytest.mark.skipif(KERNELS is None, reason="numba is not installed")


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw a graph of up to 12 states, in which a transition may occur several times."""
    count = draw(st.integers(1, 12))
    state = st.integers(0, count - 1)
    return graph(count, *draw(st.lists(st.tuples(state, state), min_size=1, max_size=30)))


def partition(component: Any) -> set[frozenset[int]]:
    """Return the sets of places with the same number."""
    return {frozenset(np.flatnonzero(component == number).tolist()) for number in set(component.tolist())}


@needs_numba
@given(graphs(), st.data())
def test_compiled_loops_find_the_same_paths(some: Graph, data: st.DataObject) -> None:
    """Components of a part, what reaches what, waves, counts, and shortest ways."""
    fast = some._replace(kernels=KERNELS)
    states = np.array(sorted(data.draw(st.sets(st.integers(0, some.states - 1), min_size=1))))
    some, fast = (g._replace(labels=np.arange(some.targets.size, dtype=np.uint8)) for g in (some, fast))
    without = np.array(data.draw(st.lists(st.booleans(), min_size=256, max_size=256)))
    component = strong_components(some, states, without)
    assert partition(strong_components(fast, states, without)) == partition(component)
    bits = np.uint64(1) << np.arange(256, dtype=np.uint64) % np.uint64(7)
    for one, other in zip(*(survey(g, states, component, bits, without) for g in (some, fast)), strict=True):
        assert one.tolist() == other.tolist()
    assert fast.reachable().tolist() == some.reachable().tolist()
    assert fast.reaching(states).tolist() == some.reaching(states).tolist()
    part, quick = (g.only(some.reachable()[some.sources]) for g in (some, fast))
    assert [sorted(wave) for wave in quick.waves()] == [sorted(wave) for wave in part.waves()]
    groups = [np.array([state]) for state in np.flatnonzero(some.reachable())]
    assert measure(quick, groups) == measure(part, groups)
    for goal in groups:
        mask = np.isin(np.arange(some.states), goal)
        assert shortest_path(fast, 0, mask) == shortest_path(some, 0, mask)


@given(graphs(), st.data())
def test_the_component_of_one_state_is_among_those_of_its_part(some: Graph, data: st.DataObject) -> None:
    """So it is compiled; and the part by itself has the transitions between its states, those of some labels left out.

    Which states lie on cycles together and which thread takes a step there is not changed by numbering them anew.
    """
    some = some._replace(labels=np.arange(some.targets.size, dtype=np.uint8))
    states = np.array(sorted(data.draw(st.sets(st.integers(0, some.states - 1), min_size=1))))
    without = np.array(data.draw(st.lists(st.booleans(), min_size=256, max_size=256)))
    inside, start = np.isin(np.arange(some.states), states), data.draw(st.sampled_from(states.tolist()))
    component = strong_components(some, states, without)
    expected = states[component == component[states == start]].tolist()
    wanted = [
        (states.tolist().index(source), states.tolist().index(target), label)
        for source, target, label in zip(
            *(part.tolist() for part in (some.sources, some.targets, some.labels)), strict=True
        )
        if inside[source] and inside[target] and not without[label]
    ]
    for graph in (some, *([] if KERNELS is None else [some._replace(kernels=KERNELS)])):
        assert component_of(graph, start, inside, without).tolist() == expected
        part = graph.among(states, without)
        assert (part.states, part.enabled.tolist()) == (states.size, some.enabled[states].tolist())
        assert list(zip(part.sources.tolist(), part.targets.tolist(), part.labels.tolist(), strict=True)) == wanted


@needs_numba
@pytest.mark.parametrize("last", [10, 200])
def test_a_component_is_found_however_long_the_way_back(last: int) -> None:
    """0 leads to all others, each of which leads to the one before it alone; and 1 to an end."""
    edges = [(0, state) for state in range(1, last)] + [(state, state - 1) for state in range(1, last)] + [(1, last)]
    some = graph(last + 1, *edges)._replace(kernels=KERNELS)
    found = component_of(some, 0, np.ones(last + 1, np.bool_), np.zeros(256, np.bool_))
    assert found.tolist() == list(range(last))


@given(graphs(), st.data())
def test_the_first_fair_component_that_is_wanted_is_found(some: Graph, data: st.DataObject) -> None:
    """It is the first of all of them that is wanted, be the first state's own component wanted or not."""
    labels = data.draw(st.lists(st.integers(0, 2), min_size=some.targets.size, max_size=some.targets.size))
    some, bits = some._replace(labels=np.array(labels, np.uint8)), np.zeros(256, np.uint64)
    bits[:3] = 1, 2, 4
    states = np.flatnonzero(some.reachable())
    component = strong_components(some, states)
    cycles = FairCycles(some, states, component, survey(some, states, component, bits), bits)
    inside = np.isin(np.arange(some.states), data.draw(st.sets(st.integers(0, some.states - 1))))
    wanted, without = data.draw(st.sets(st.integers(0, some.states - 1))), data.draw(st.sampled_from([0, 1, 2, 4]))

    def accepted(fair: Any) -> bool:
        return not wanted.isdisjoint(fair.members.tolist())

    expected = [fair for fair in cycles.within(inside, without) if accepted(fair)]
    found = cycles.first(inside, accepted, without)
    assert (found is None) == (not expected)
    if found is not None:
        assert (found.members.tolist(), found.taken) == (expected[0].members.tolist(), expected[0].taken)
        assert found.without.tolist() == expected[0].without.tolist()


@pytest.mark.parametrize("kernels", [None, pytest.param(KERNELS, marks=needs_numba)])
def test_a_component_that_is_not_wanted_is_passed_over(kernels: Any) -> None:
    """0 and 1 have loops of their own; 2 and 3 one together, unfair without the steps of the second thread."""
    edges = [(0, 0), (0, 1), (0, 2), (1, 1), (2, 2), (2, 3), (3, 1), (3, 2)]
    bits = np.zeros(256, np.uint64)
    bits[:2] = 1, 2
    some = graph(4, *edges)._replace(labels=np.array([0, 0, 0, 0, 1, 0, 1, 0], np.uint8), kernels=kernels)
    states = np.arange(4)
    component = strong_components(some, states)
    seen = survey(some, states, component, bits)
    cycles = FairCycles(some, states, component, seen, bits)
    inside = np.ones(4, np.bool_)

    def found(*wanted: int, without: int = 0) -> Any:
        first = cycles.first(inside, lambda fair: bool(np.isin(fair.members, wanted).any()), without)
        return None if first is None else first.members.tolist()

    assert (found(0, 1), found(1), found(2)) == ([0], [1], [2, 3])
    inside[:2] = False
    assert (found(2), found(2, without=2)) == ([2, 3], None)


@given(graphs(), st.data())
def test_a_round_is_as_short_as_any_and_the_first_of_those(some: Graph, data: st.DataObject) -> None:
    """All ways of one transition more are tried, in order, until one comes back."""
    start = data.draw(st.integers(0, some.states - 1))
    ways = [[move] for move in range(some.offsets[start], some.offsets[start + 1])]
    seen: set[int] = set()
    while ways and not any(some.targets[way[-1]] == start for way in ways):
        fresh = []
        for way in ways:
            target = int(some.targets[way[-1]])
            if target not in seen:
                seen.add(target)
                fresh += [[*way, move] for move in range(some.offsets[target], some.offsets[target + 1])]
        ways = fresh
    if ways:
        expected = next(way for way in ways if some.targets[way[-1]] == start)
        assert shortest_round(some, start) == expected


def measure(some: Graph, groups: list[Any]) -> list[Any]:
    """Return the number of paths to each group and their probability."""
    acyclic = Acyclic(some)
    return list(zip(acyclic.counts(groups), acyclic.chances(groups), strict=True))


def test_paths_through_a_diamond() -> None:
    """0 to 1 and 2, both to 3; 2 also straight to 4: two paths to 3, one to 4."""
    found = measure(graph(5, (0, 1), (0, 2), (1, 3), (2, 3), (2, 4)), [np.array([3]), np.array([4]), np.array([3, 4])])
    assert found == [(2, Fraction(3, 4)), (1, Fraction(1, 4)), (3, Fraction(1))]


def test_counts_beyond_a_machine_word_are_exact() -> None:
    """A ladder of 100 diamonds has 2**100 paths."""
    rungs = [(3 * k + a, 3 * k + b) for k in range(100) for a, b in ((0, 1), (0, 2), (1, 3), (2, 3))]
    assert measure(graph(301, *rungs), [np.array([300])]) == [(2**100, Fraction(1))]


def test_a_cycle_makes_what_follows_it_infinite_and_nothing_else() -> None:
    """1 has a loop and leads to 2; 3 is reached without it."""
    found = measure(graph(4, (0, 1), (0, 3), (1, 1), (1, 2)), [np.array([2]), np.array([3]), np.array([2, 3])])
    assert found == [(INFINITE, None), (1, Fraction(1, 2)), (INFINITE, None)]


def test_nothing_is_infinite_about_a_group_of_no_states() -> None:
    assert measure(graph(2, (0, 0), (0, 1)), [np.zeros(0, np.intp)]) == [(0, Fraction(0))]


def test_bottom_components_are_those_that_nothing_leaves() -> None:
    """1 and 2 circle but can leave to 3, an end; 4 and 5 circle for ever, and so does 6."""
    edges = [(0, 1), (1, 2), (2, 1), (2, 3), (0, 4), (4, 5), (5, 4), (0, 6), (6, 6)]
    assert traps(graph(7, *edges)) == [[4, 5], [6]]


def test_a_graph_in_which_every_state_reaches_an_end_has_no_bottom_component() -> None:
    assert traps(graph(3, (0, 1), (1, 0), (1, 2))) == []


@given(st.integers(1, 12), st.data())
def test_components_are_states_that_reach_each_other(states: int, data: st.DataObject) -> None:
    """Both ways to find them agree with reaching there and back, and here they come in reverse topological order."""
    number = st.integers(0, states - 1)
    edges = data.draw(st.lists(st.tuples(number, number), max_size=30, unique=True))
    some = graph(states, *edges)
    reach = {one: set(np.flatnonzero(some._replace(start=one).reachable()).tolist()) for one in range(states)}
    found = strong_components(some, np.arange(states))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(components, "_SMALL", 0)
        other = strong_components(some, np.arange(states))
    for one in range(states):
        for two in range(states):
            together = two in reach[one] and one in reach[two]
            assert together == (found[one] == found[two]) == (other[one] == other[two])
    assert all(found[one] >= found[two] for one, two in edges)


def test_the_shortest_round_comes_back() -> None:
    """0 1 2 0 and 0 3 0: the second is shorter."""
    edges = sorted([(0, 1), (1, 2), (2, 0), (0, 3), (3, 0)])
    found = shortest_round(graph(4, *edges), 0)
    assert [edges[move] for move in found] == [(0, 3), (3, 0)]


def test_the_shortest_path_is_the_first_in_order() -> None:
    """0 1 3 and 0 2 3 are equally short; 4 cannot be reached."""
    edges = [(0, 1), (0, 2), (1, 3), (2, 3), (4, 3)]
    some = graph(5, *edges)
    assert [edges[move] for move in shortest_path(some, 0, np.arange(5) == 3)] == [(0, 1), (1, 3)]
    assert shortest_path(some, 0, np.arange(5) == 0) == []
    with pytest.raises(ValueError, match="no goal"):
        shortest_path(some, 0, np.arange(5) == 4)


def test_primes_are_told_from_composites() -> None:
    def prime(number: int) -> bool:
        return all(number % divisor for divisor in range(2, int(number**0.5) + 1))

    numbers = [*range(11, 2000, 2), 2**31 - 1, 2**31 - 3, 46337**2]
    assert [_is_prime(number) for number in numbers] == [prime(number) for number in numbers]
