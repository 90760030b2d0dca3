"""States in words of bits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.explorer.states import packing
from lab.explorer.states.packing import Packing
from lab.model.state import Local, State

VALUES = st.one_of(st.integers(0, 40), st.booleans(), st.sampled_from([None, 1.0, "1", (1,), (True,)]))


def state(values: list[object]) -> State:
    return State((Local(0, tuple(values[:1])), Local(1, ())), tuple(values))


@settings(max_examples=60)
@given(st.integers(1, 6), st.data(), st.sampled_from([4, 9, 63]))
def test_keys_translate_and_decode_to_the_same_states(size: int, data: st.DataObject, bits: int) -> None:
    """Whatever grows, in words of 4, 9 or 63 bits, types included: 1, True and 1.0 are three values."""
    rows = data.draw(st.lists(st.lists(VALUES, min_size=size, max_size=size), min_size=1, max_size=12))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "WORD_BITS", bits)
        cells = Packing(state(rows[0]))
        keys = np.zeros((cells.words, 0), np.int64)
        for row in rows:
            for field, value in enumerate((*state(row).locals, *row)):
                cells.domains[field].intern(value)
            if cells.overflowing:
                keys = cells.relayout()(keys)
            keys = np.concatenate([keys, cells.encode(state(row))], axis=1)
    decoded = [cells.decode(keys[:, column].tolist()) for column in range(len(rows))]
    assert list(map(repr, decoded)) == [repr(state(row)) for row in rows]


def test_no_field_straddles_words() -> None:
    """30 fields with up to 300 values: 10 bits each."""
    cells = Packing(State((Local(0, ()),), tuple(range(30))))
    for domain in cells.domains:
        for value in range(300):
            domain.intern(value)
    cells.relayout()
    assert cells.words > 1
    assert all(shift + width <= 63 for shift, width in zip(cells.shift, cells.width, strict=True))


def test_one_word_is_kept_as_long_as_the_values_fit() -> None:
    """60 components with two values each take a bit each; with head room they would take two words."""
    cells = Packing(State((Local(0, ()),), (0,) * 60))
    for value in (1, 2):
        cells.domains[0].intern(Local(value, ()))
    for domain in cells.domains[1:]:
        domain.intern(1)
    assert cells.overflowing
    cells.relayout()
    assert (cells.words, cells.overflowing) == (1, False)
