"""Tables of steps: which cells are filled, and in which order values get their numbers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lab.explorer.states.expand import Expander
from lab.explorer.states.packing import Packing
from lab.model.state import Local, State
from tests.explorer.toys import Read, Result, Toy, at, done

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


def _writes_then_looks(local: Local, read: Read) -> Iterator[Result]:
    """Set x to 1, then follow x, which nobody sets back."""
    if local.position == 0:
        yield at(1), {"x": 1}
    elif local.position < 9:
        assert read("x") == 1, "asked about a state that no schedule comes to"
        yield at(local.position + 1), {}
    else:
        yield done(), {}


@pytest.mark.parametrize("ahead", [False, True])
def test_a_thread_that_goes_on_alone_is_followed(ahead: bool) -> None:
    """With the first state's cells come those of the ten states behind it, each as it will be: x is 1 there."""
    toy = Toy({"x": 0}, {"T": _writes_then_looks})
    packing = Packing(toy.initial())
    for place in range(1, 10):
        packing.domains[0].intern(at(place))
    packing.domains[0].intern(done())
    packing.relayout()
    tables = Expander(toy, packing).tables
    tables.ahead = ahead
    assert tables.find(packing.encode(toy.initial())) is not None
    assert toy.asked == (11 if ahead else 1)
    later = [State((at(place) if place < 10 else done(),), (1,)) for place in range(1, 11)]
    assert tables.find(np.concatenate([packing.encode(state) for state in later], axis=1)) is not None
    assert toy.asked == 11
