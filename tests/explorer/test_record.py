"""What a walk with a memory of all states keeps of transitions."""

from __future__ import annotations

import numpy as np
import pytest

from lab.explorer.bounds import Bounds
from lab.explorer.states.expand import Expander
from lab.explorer.states.packing import Packing
from lab.explorer.walk import record
from lab.explorer.walk.record import Recorded, _Column
from lab.explorer.walk.search import Search
from tests.explorer import toys


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


@pytest.mark.parametrize("toy", [toys.philosophers(5), toys.chooser(), toys.busy_wait()])
def test_a_state_was_reached_first_by_the_first_transition_to_it(
    toy: toys.Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked for in pieces of three transitions."""
    monkeypatch.setattr(record, "_PIECE", 3)
    packing = Packing(toy.initial())
    walk = Recorded(packing.encode(toy.initial()))
    Search(toy, packing, Expander(toy, packing), walk, Bounds()).run()
    came = [walk.came(state) for state in range(1, walk.index.size)]
    graph = walk.graph()
    first = [graph.targets.tolist().index(state) for state in range(1, graph.states)]
    assert came == [(int(graph.sources[place]), int(graph.labels[place])) for place in first]


def test_the_graph_is_handed_over_once() -> None:
    """Who asks again gets the same."""
    toy = toys.philosophers(2)
    packing = Packing(toy.initial())
    walk = Recorded(packing.encode(toy.initial()))
    Search(toy, packing, Expander(toy, packing), walk, Bounds()).run()
    assert walk.graph() is walk.graph()
