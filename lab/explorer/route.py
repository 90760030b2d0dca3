"""Shortest ways through a recorded graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lab.explorer.digraph import Graph, first_of_each

__all__ = ["shortest_path"]


def shortest_path(graph: Graph, start: int, goals: NDArray[np.bool_]) -> list[int]:
    """Return the transitions of a shortest way to one of the goals, the first in thread order among those.

    Parameters
    ----------
    goals : array, shape (states,)
        True for the states to come to, of which the start reaches one.

    Raises
    ------
    ValueError
        When it reaches none.
    """
    came = np.full(graph.states, -1, np.int64)
    source = np.full(graph.states, -1, np.int32)
    stamps = np.zeros(graph.states, np.int32)
    seen = np.zeros(graph.states, np.bool_)
    seen[start] = True
    wave = np.array([start])
    while not goals[wave].any():
        leaving = graph.leaving(wave)
        sources = np.repeat(wave, graph.offsets[wave + 1] - graph.offsets[wave])
        fresh = ~seen[graph.targets[leaving]]
        leaving, sources = leaving[fresh], sources[fresh]
        targets = graph.targets[leaving].astype(np.intp)
        wave = first_of_each(targets, stamps)
        came[targets[::-1]] = leaving[::-1]  # the first transition to a state stays
        source[targets[::-1]] = sources[::-1]
        seen[wave] = True
        if not wave.size:
            raise ValueError("no goal can be reached")
    state = int(wave[np.argmax(goals[wave])])
    moves = []
    while state != start:
        moves.append(int(came[state]))
        state = int(source[state])
    return moves[::-1]
