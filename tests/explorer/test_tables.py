"""Tables of steps: which cells are filled, and in which order values get their numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from lab.explorer.states.expand import Expander
from lab.explorer.states.packing import Packing
from lab.model.state import Local, State
from tests.explorer.toys import Read, Result, Toy, at

WIDE = 200
"""Values of x: so many that the first odd one comes in a round in which every cell is looked at once."""


def _looks(_: Local, read: Read) -> Iterator[Result]:
    """Look at x, and at y only where x is odd; what was seen is the next local state."""
    x = read("x")
    yield at(1, x, read("y") if x % 2 else None), {}


def test_new_values_are_numbered_in_the_order_of_the_states_also_where_a_footprint_grows() -> None:
    """The first odd x shows that y matters, so the same x with another y is a case of its own, and comes in its turn.

    The batch has each x twice in a row, with y = 0 and y = 1, all even ones first: 100 + 2 x 100 next local states.
    """
    toy = Toy({"x": 0, "y": 0}, {"T": _looks})
    packing = Packing(toy.initial())
    known = [at(9, number) for number in range(512)]  # other local states, so that there is room for those to come
    for field, values in enumerate((known, range(WIDE), range(2))):
        for value in values:
            packing.domains[field].intern(value)
    packing.relayout()
    cases = [(x, y) for x in (*range(0, WIDE, 2), *range(1, WIDE, 2)) for y in (0, 1)]
    keys = np.concatenate([packing.encode(State((at(0),), case)) for case in cases], axis=1)
    tables = Expander(toy, packing).tables
    assert tables.find(keys[:, :1]) is not None
    assert tables.find(keys) is not None
    seen = dict.fromkeys((x, y if x % 2 else None) for x, y in cases)
    assert [local.values for local in packing.domains[0].values[1 + len(known) :]] == list(seen)
