"""How many runs go on from a state: exact numbers, counted backwards from the ends."""

from __future__ import annotations

from math import log2
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lab.errors import IncompleteError
from lab.explorer.graphs.digraph import Graph
from lab.explorer.runs import Runs
from lab.explorer.states.packing import Ids

__all__ = ["Completions", "Numbers", "count_completions"]

Numbers = NDArray[Any]
"""Whole numbers: 64-bit where all of them fit, else Python's own, of any size."""

MOST_BYTES = 1 << 31
"""Memory that the numbers may need, by a bound on their size."""


class Completions(Protocol):
    """The number of ways to go on to an end, within the length that is left.

    Attributes
    ----------
    total : int
        The number of all runs.
    longer : bool
        Whether there are runs beyond the bound on the length.
    """

    total: int
    longer: bool

    def of(self, states: Ids, steps: int) -> Numbers:
        """Return the number for each of some states that are `steps` steps from the start; same shape."""


def count_completions(runs: Runs, max_length: int | None) -> Completions | None:
    """Count the completions of every state; None when there is no bound on the length and a run can go round.

    Parameters
    ----------
    runs : Runs
        Complete, or lacking longer runs alone.
    max_length : int or None
        The most steps of a run, >= 0; None for no bound.

    Raises
    ------
    IncompleteError
        The numbers need too much memory.
    """
    if not runs.stopped:
        waves = runs.graph.waves()
        released = sum(wave.size for wave in waves)
        if released == runs.graph.states and (max_length is None or len(waves) - 1 <= max_length):
            return _Whole(runs, waves)
    return None if max_length is None else _ByLength(runs, max_length)


class _Whole:
    """Completions in a graph without cycles, where only the state counts. O(transitions)."""

    longer = False

    def __init__(self, runs: Runs, waves: list[Ids]) -> None:
        graph = runs.graph
        self._values: Numbers = np.zeros(graph.states, _kind(graph, waves))
        self._values[runs.group >= 0] = 1
        degrees, room = graph.degrees, _Room(graph)
        for wave in waves:
            room.take(wave)
        for wave in reversed(waves):
            leaving = graph.leaving(wave)
            if leaving.size:
                _add_up(self._values, np.repeat(wave, degrees[wave]), self._values[graph.targets[leaving]])
        self.total = int(self._values[graph.start])

    def of(self, states: Ids, steps: int) -> Numbers:  # noqa: ARG002 - the protocol's other half needs it
        return self._values[states]


class _ByLength:
    """Completions of the pairs of a state and a number of steps from the start that reach it. O(length x transitions).

    Attributes
    ----------
    _states, _values : list of array
        By number of steps: the states that so many steps can lead to, ascending, and their completions.
    """

    def __init__(self, runs: Runs, max_length: int) -> None:
        graph = runs.graph
        self._states = _layers(graph, max_length)
        last = self._states[-1]
        self.longer = bool((runs.group[last] < 0).any())
        kind = _kind(graph, self._states[:-1])
        self._values: list[Numbers] = [np.zeros(0, kind)] * len(self._states)
        degrees = graph.degrees
        for steps in range(len(self._states) - 1, -1, -1):
            states = self._states[steps]
            values: Numbers = np.zeros(states.size, kind)
            values[runs.group[states] >= 0] = 1
            self._values[steps] = values
            leaving = graph.leaving(states)
            if leaving.size and steps < max_length:
                places = np.repeat(np.arange(states.size), degrees[states])
                _add_up(values, places, self.of(graph.targets[leaving].astype(np.intp), steps + 1))
        self.total = int(self._values[0][0])

    def of(self, states: Ids, steps: int) -> Numbers:
        return self._values[steps][np.searchsorted(self._states[steps], states)]


def _layers(graph: Graph, max_length: int) -> list[Ids]:
    """Return for 0, 1, ... `max_length` steps the states that so many can lead to; some run has to be so long."""
    layers, room = [np.array([graph.start])], _Room(graph)
    room.take(layers[0])
    while len(layers) <= max_length:
        layers.append(np.unique(graph.targets[graph.leaving(layers[-1])]).astype(np.intp))
        room.take(layers[-1])
    return layers


class _Room:
    """Adds up what the completions of one layer after the other need, before any is counted.

    A number grows by a factor of at most the largest degree with every layer behind it.
    """

    def __init__(self, graph: Graph) -> None:
        self._degrees = graph.degrees
        self._numbers = 0
        self._bytes = 0.0

    def take(self, states: Ids) -> None:
        """Add a layer; raises `IncompleteError` when that is too much."""
        self._numbers += states.size
        growth = log2(max(1, int(self._degrees[states].max())))
        self._bytes += 48 * states.size + self._numbers * growth / 8
        if self._bytes > MOST_BYTES:
            raise IncompleteError(
                f"counting the runs exactly needs more than {MOST_BYTES / 2**30:.0f} GB; "
                "write a smaller --max-length, or leave out --uniform"
            )


def _kind(graph: Graph, layers: list[Ids]) -> type:
    """Return the type of number that holds the product of the layers' largest degrees, which no count exceeds."""
    degree = graph.degrees
    bound = 1
    for layer in layers:
        bound *= max(1, int(degree[layer].max()))
        if bound >= 1 << 63:
            return object
    return np.int64


def _add_up(values: Numbers, places: Ids, amounts: Numbers) -> None:
    """Set the values at some places, equal ones standing together, to the sums of their amounts."""
    heads = np.flatnonzero(np.diff(places, prepend=-1))
    values[places[heads]] = np.add.reduceat(amounts, heads)
