"""The table that numbers states."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.explorer.states.index import StateIndex


@settings(max_examples=60)
@given(st.lists(st.lists(st.tuples(st.integers(0, 31), st.integers(0, 2)), max_size=60), max_size=5))
def test_keys_are_numbered_in_order_of_first_appearance(batches: list[list[tuple[int, int]]]) -> None:
    """Whatever is in a batch twice or known from before keeps its number, as in a dict."""
    index, known = StateIndex(2, capacity=1), {}
    for batch in batches:
        size = len(known)
        expected = [known.setdefault(key, len(known)) for key in batch]
        keys = np.array(batch, np.int64).reshape(-1, 2).T << 58
        numbers, new = index.intern(keys)
        assert numbers.tolist() == expected
        assert [expected[place] for place in new] == list(range(size, len(known)))
        assert index.size == len(known)
        assert (index.keys >> 58).T.tolist() == [list(key) for key in known]


def test_keys_that_meet_in_a_slot_stay_apart() -> None:
    """10,000 keys in one go, most of which meet another one on the way."""
    index = StateIndex(1)
    keys = (np.arange(10_000, dtype=np.int64) * 7919 % 10_007)[None]
    numbers, new = index.intern(keys)
    assert numbers.tolist() == new.tolist() == list(range(10_000))
    assert index.intern(keys[:, ::-1])[0].tolist() == list(range(9_999, -1, -1))


def test_a_cleared_index_starts_again() -> None:
    index = StateIndex(1)
    index.intern(np.array([[5, 6]]))
    index.clear()
    assert index.size == 0
    assert index.intern(np.array([[6]]))[0].tolist() == [0]


def test_a_translation_keeps_the_numbers() -> None:
    index = StateIndex(1)
    index.intern(np.arange(200, dtype=np.int64)[None])
    index.translate(lambda keys: np.concatenate([keys * 0, keys + 1]))
    assert index.words == 2
    numbers, new = index.intern(np.array([[0, 0, 1], [200, 1, 1]]))
    assert numbers.tolist() == [199, 0, 200]
    assert new.tolist() == [2]


def test_a_large_index_takes_22_bytes_a_key_at_most() -> None:
    """8 of the key, a quarter of that as room to grow, and at most 20/7 slots of 4 bytes a key: 21.5 bytes."""
    index = StateIndex(1)
    step = 1 << 15
    for start in range(0, 1_500_000, step):
        index.intern(np.arange(start, start + step, dtype=np.int64)[None])
        if index.size > 800_000:
            assert index._known.nbytes + index._slots.nbytes <= 22 * (index.size + step)
