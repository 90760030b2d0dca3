"""How many runs go on from a state: exact numbers, counted backwards from the ends."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lab.errors import UsageError
from lab.explorer.digraph import Graph
from lab.explorer.packing import Ids
from lab.explorer.runs import Runs

__all__ = ["Completions", "Numbers", "count_completions"]

Numbers = NDArray[Any]
"""Whole numbers: 64-bit where all of them fit, else Python's own, of any size."""

MOST_PAIRS = 20_000_000
"""Pairs of a state and a number of steps that are kept when runs are counted by length; about 1 GB."""


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
    UsageError
        When `max_length` asks for more numbers than can be kept.
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
        degrees = graph.degrees
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
        self.longer = len(self._states) == max_length + 1 and bool((runs.group[last] < 0).any())
        kind = _kind(graph, self._states[:-1])
        self._values: list[Numbers] = [np.zeros(0, kind)] * len(self._states)
        degrees = graph.degrees
        for steps in range(len(self._states) - 1, -1, -1):
            states = self._states[steps]
            values: Numbers = np.zeros(states.size, kind)
            values[runs.group[states] >= 0] = 1
            self._values[steps] = values
            leaving = graph.leaving(states)
            if leaving.size and steps + 1 < len(self._states):
                places = np.repeat(np.arange(states.size), degrees[states])
                _add_up(values, places, self.of(graph.targets[leaving].astype(np.intp), steps + 1))
        self.total = int(self._values[0][0])

    def of(self, states: Ids, steps: int) -> Numbers:
        return self._values[steps][np.searchsorted(self._states[steps], states)]


def _layers(graph: Graph, max_length: int) -> list[Ids]:
    """Return for 0, 1, ... `max_length` steps the states that so many can lead to, as long as there are any."""
    layers, pairs = [np.array([graph.start])], 1
    while len(layers) <= max_length:
        states = np.unique(graph.targets[graph.leaving(layers[-1])]).astype(np.intp)
        pairs += states.size
        if not states.size:
            break
        if pairs > MOST_PAIRS:
            raise UsageError(
                f"counting the runs of at most {max_length:,} steps needs more than {MOST_PAIRS:,} numbers; "
                "write a smaller --max-length"
            )
        layers.append(states)
    return layers


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
