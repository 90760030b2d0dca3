"""Runs on which something never comes true: finite ones, and fair ones that go on for ever."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lab.explorer.graphs.digraph import Graph
from lab.explorer.graphs.fairness import FairCycles
from lab.explorer.graphs.route import shortest_path
from lab.explorer.states.packing import Ids

__all__ = ["Miss", "find_miss"]


class Miss(NamedTuple):
    """A run on which it never comes true, as labels of transitions; `loop` is empty when the run ends."""

    stem: list[int]
    loop: list[int]
    fair_cycle: bool
    """Whether a fair run without end is among those on which it never comes true."""


def find_miss(part: Graph, ends: Ids, cycles: FairCycles, threads: int) -> Miss | None:
    """Return a shortest run to an end, if one never makes it true, else a lasso; None when there is neither.

    Parameters
    ----------
    part : Graph
        The paths on which it has not come true, all of which begin at the start.
    ends : array
        The ends they come to.
    """
    reached = part.reachable()
    fair = next(iter(cycles.within(reached)), None)
    if ends.size:
        way = shortest_path(part, part.start, _mask(part.states, ends))
        return Miss(_labels(part, way), [], fair is not None)
    if fair is None:
        return None
    way = shortest_path(part, part.start, _mask(part.states, fair.members))
    state = int(part.targets[way[-1]]) if way else part.start
    return Miss(_labels(part, way), cycles.round(fair, threads, start=state).labels, True)


def _mask(size: int, states: Ids) -> NDArray[np.bool_]:
    found = np.zeros(size, np.bool_)
    found[states] = True
    return found


def _labels(part: Graph, way: list[int]) -> list[int]:
    return [int(part.labels[move]) for move in way]
