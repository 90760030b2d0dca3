"""Shortest ways through a recorded graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.explorer.graphs.digraph import Graph, first_of_each
from lab.explorer.states.engine import Kernels

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
    if graph.compiled is not None:
        return _compiled(graph, graph.compiled, start, goals)
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
    return _way(came, source, start, int(wave[np.argmax(goals[wave])]))


def _compiled(graph: Graph, kernels: Kernels, start: int, goals: NDArray[np.bool_]) -> list[int]:
    came, source = np.full(graph.states, -1, np.int32), np.empty(graph.states, np.int32)
    goal = kernels.search(graph.offsets, graph.targets, start, goals, came, source)
    if goal < 0:
        raise ValueError("no goal can be reached")
    return _way(came, source, start, goal)


def _way(came: NDArray[Any], source: NDArray[np.int32], start: int, state: int) -> list[int]:
    moves = []
    while state != start:
        moves.append(int(came[state]))
        state = int(source[state])
    return moves[::-1]
