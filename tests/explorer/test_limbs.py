"""Exact sums of large numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.explorer.states.limbs import Numbers, Sums

BATCHES = st.lists(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.sampled_from([1, 3, 2**22, 2**45])), max_size=8),
    max_size=12,
)


def numbers(values: list[int], bits: int = 40) -> Numbers:
    """Return a vector of given values."""
    limbs = -(-max(value.bit_length() for value in values) // bits) or 1
    mask = (1 << bits) - 1
    return Numbers([np.array([v >> (bits * k) & mask for v in values], np.uint64) for k in range(limbs)], bits)


@settings(max_examples=100)
@given(BATCHES, st.lists(st.integers(0, 2**200), min_size=3, max_size=3))
def test_sums_equal_those_of_python(batches: list[list[tuple[int, int, int]]], values: list[int]) -> None:
    """Weights of 45 bits leave no room above 40-bit limbs, so these are cut in two on the way."""
    sums, expected = Sums(1, 40), [0] * 5
    source = numbers(values)
    for batch in batches:
        targets, rows, weights = (np.array([item[k] for item in batch], np.intp) for k in range(3))
        sums.add(targets, 5, source.take(rows), np.arange(rows.size), weights.astype(np.uint64))
        for target, row, weight in batch:
            expected[target] += values[row] * weight
    sums.scale(60)
    finished = sums.finish(5)
    if batches:
        assert [finished.total(np.array([place])) for place in range(5)] == [60 * value for value in expected]
    assert finished.total(np.arange(finished.limbs[0].size)) == 60 * sum(expected)


def test_a_carry_runs_through_all_limbs() -> None:
    """(2**120 - 1) + 1."""
    sums = Sums(1, 40)
    for value in (2**120 - 1, 1):
        sums.add(np.array([0]), 1, numbers([value]), np.array([0]))
    finished = sums.finish(1)
    assert finished.total(np.array([0])) == 2**120
    assert all(int(limb.max()) < 2**finished.bits for limb in finished.limbs)


def test_leaving_rows_out_sets_them_to_zero() -> None:
    left = numbers([3, 2**90, 7]).without(np.array([False, True, False]))
    assert [left.total(np.array([place])) for place in range(3)] == [3, 0, 7]


def test_halving_changes_no_value() -> None:
    halved = numbers([2**79 + 5])
    halved.halve()
    assert (halved.bits, halved.total(np.array([0]))) == (20, 2**79 + 5)


def test_a_large_factor_finds_room() -> None:
    sums = Sums(1, 40)
    sums.add(np.array([0]), 1, numbers([2**40 - 1]), np.array([0]))
    sums.scale(2**45 - 1)
    assert sums.finish(1).total(np.array([0])) == (2**40 - 1) * (2**45 - 1)
