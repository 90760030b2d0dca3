"""What a walk with a memory of all states keeps of transitions."""

from __future__ import annotations

import numpy as np

from lab.explorer.walk.record import _Column


def test_a_column_is_as_wide_as_its_widest_numbers_and_never_lost() -> None:
    """3,000 numbers in pieces of several sizes, of which one needs two bytes; what is handed over is given up."""
    column, expected = _Column(np.uint8), list[int]()
    for size in (0, 1, 1500, 700, 799):
        piece = (np.arange(size) % 200 + 100 * (size == 700)).astype(np.uint16 if size == 700 else np.uint8)
        column.add(piece)
        expected += piece.tolist()
        assert column.array.tolist() == expected
    assert column.growth(0) == 0
    assert column.growth(1000) >= 1000 * 2 - column._room.nbytes + 2 * column.size
    found = column.handed_over()
    assert (found.dtype, found.tolist(), column.size) == (np.uint16, expected, 0)
