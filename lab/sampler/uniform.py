"""Whole runs, drawn exactly uniformly: a random number names a run, and a walk through the graph finds it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import numpy as np
from numpy.typing import NDArray

from lab.explorer.runs import Runs
from lab.explorer.states.packing import Ids
from lab.sampler.completions import Completions, Numbers
from lab.sampler.run import Ending, Run

__all__ = ["draw_uniform"]

SMALLEST, BATCH = 16, 512
"""Runs walked at once: few at first, because few may be asked for."""


def draw_uniform(runs: Runs, completions: Completions, random: Random) -> Iterator[Run]:
    """Draw runs for ever, each of them with the same probability 1 / `completions.total`, independently.

    Notes
    -----
    The runs from a state are in the order of their transitions, so run r of a state goes on with the transition in
    whose share of the completions r lies. `randrange` is exactly uniform on whole numbers of any size; no float is
    involved. O(length x degree) for each run.
    """
    walk, size = _Walk(runs, completions), SMALLEST
    while True:
        yield from walk.batch([random.randrange(completions.total) for _ in range(size)])
        size = min(2 * size, BATCH)


class _Walk:
    """Finds runs by their ranks, a batch at a time."""

    def __init__(self, runs: Runs, completions: Completions) -> None:
        self._runs, self._completions = runs, completions
        self._endings = [Ending(group.status, group.observed, group.waiting, group.faulty) for group in runs.groups]
        self._enabled = np.zeros(runs.graph.states, np.uint64)
        moving = np.flatnonzero(runs.graph.degrees)
        if moving.size:
            bits = np.uint64(1) << runs.moves[:, 0].astype(np.uint64)
            self._enabled[moving] = np.bitwise_or.reduceat(bits[runs.graph.labels], runs.graph.offsets[moving])

    def batch(self, ranks: list[int]) -> Iterator[Run]:
        """Yield the runs with those ranks, each from 0 to the number of runs - 1."""
        runs = self._runs
        kind = self._completions.of(np.array([runs.graph.start]), 0).dtype
        rank = np.array(ranks, kind)
        state = np.full(rank.size, runs.graph.start, np.intp)
        before = np.full(rank.size, -1, np.intp)
        preemptions = np.zeros(rank.size, np.intp)
        noted = runs.noted[:, state]
        path: list[NDArray[np.int32]] = []
        while (going := np.flatnonzero(runs.group[state] < 0)).size:
            chosen, rank[going] = self._choose(state[going], rank[going], len(path) + 1)
            thread = runs.threads(chosen)
            preemptions[going] += self._preempts(state[going], before[going], thread)
            before[going], state[going] = thread, runs.graph.targets[chosen]
            noted |= runs.noted[:, state]
            path.append(np.full(rank.size, -1, np.int32))
            path[-1][going] = chosen
        steps = np.array(path, np.int32).reshape(len(path), rank.size)
        lengths = np.count_nonzero(steps >= 0, axis=0).tolist()
        masks = _masks(noted)
        for place, (end, length, switches) in enumerate(
            zip(runs.group[state].tolist(), lengths, preemptions.tolist(), strict=True)
        ):
            moves = _Moves(runs, steps[:length, place])
            yield Run(self._endings[end], masks[place], length, switches, moves)

    def _choose(self, states: Ids, rank: Numbers, steps: int) -> tuple[Ids, Numbers]:
        """Return for each state the transition that the run with that rank takes, and the rank among what follows it.

        `steps` is how far from the start the transitions lead.
        """
        runs = self._runs
        chosen, rank = runs.graph.offsets[states].astype(np.intp), rank.copy()
        open_ = np.arange(states.size)
        while open_.size:
            weight = self._completions.of(runs.graph.targets[chosen[open_]].astype(np.intp), steps)
            beyond = np.flatnonzero(rank[open_] >= weight)
            open_ = open_[beyond]
            rank[open_] -= weight[beyond]
            chosen[open_] += 1
        return chosen, rank

    def _preempts(self, states: Ids, before: Ids, now: Ids) -> NDArray[np.bool_]:
        """Return which switches take a thread off that could go on."""
        could = (self._enabled[states] >> before.clip(0).astype(np.uint64)) & np.uint64(1)
        switched: NDArray[np.bool_] = (before >= 0) & (before != now)
        return switched & could.astype(np.bool_)


class _Moves:
    """The moves of one run, read off when they are asked for."""

    __slots__ = ("_path", "_runs")

    def __init__(self, runs: Runs, path: NDArray[np.int32]) -> None:
        self._runs, self._path = runs, path

    def __call__(self) -> list[tuple[int, int]]:
        moves = self._runs.moves[self._runs.graph.labels[self._path]]
        return [(thread, result) for thread, result in moves.tolist()]


def _masks(noted: NDArray[np.bool_]) -> list[int]:
    """Return each column of a matrix as a number: bit i is row i."""
    masks = [0] * noted.shape[1]
    for bit, row in enumerate(noted):
        for place in np.flatnonzero(row).tolist():
            masks[place] |= 1 << bit
    return masks
