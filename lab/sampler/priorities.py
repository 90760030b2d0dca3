"""Probabilistic concurrency testing: the thread of highest priority runs, and few priorities change."""

from __future__ import annotations

from fractions import Fraction
from math import exp, log1p
from random import Random

from lab.sampler.result import Coverage
from lab.sampler.space import Move, Node

__all__ = ["Priorities"]


class Priorities:
    """Runs the enabled thread of highest priority; priorities are random, and `depth` - 1 of them drop on the way.

    Parameters
    ----------
    threads : int
        How many there are, n.
    depth : int
        The number of ordering constraints that a fault needs, d >= 1: one for a wrong order, two for an atomicity
        violation or a deadlock of two locks.
    steps : int
        Steps among which priorities drop, k >= 1; grows to the longest run seen.
    random : Random

    Notes
    -----
    The threads begin with the priorities d, d + 1, ... in random order. The thread that takes step k_i gets priority
    i after it, where k_1 ... k_(d-1) are drawn uniformly from 1 ... k. A run then shows a fault of depth d with
    probability 1 / (n k**(d - 1)) at least, if k is at least the number of steps of every run.

    A thread that waits busily would run for ever. It is recognised exactly when the program comes back to a state
    while no other thread has run, and gets the lowest priority of all: a heuristic, after which nothing is promised
    any more. A thread that spins and changes something each time goes on up to the bound on the length.

    References
    ----------
    Burckhardt, Kothari, Musuvathi and Nagarakatte, "A randomized scheduler with probabilistic guarantees of finding
    bugs" (2010). There, k is given; the demotion of spinning threads is ours.
    """

    def __init__(self, threads: int, depth: int, steps: int, random: Random) -> None:
        self._threads, self._depth, self._random = threads, depth, random
        self.steps = max(steps, 1)
        self._priority: list[int] = []
        self._drops: dict[int, int] = {}
        self._since_switch: set[Node] = set()
        self._running, self._taken, self._lowest = -1, 0, 1
        self._covered = self._demoted = 0

    def begin(self) -> None:
        """Draw priorities and the steps at which they drop."""
        self._priority = list(range(self._depth, self._depth + self._threads))
        self._random.shuffle(self._priority)
        self._drops = {self._random.randrange(self.steps) + 1: drop for drop in range(1, self._depth)}
        self._since_switch.clear()
        self._running, self._taken, self._lowest = -1, 0, 1

    def choose(self, node: Node) -> Move:
        """Return the move of the enabled thread of highest priority."""
        if node in self._since_switch:
            self._lowest -= 1
            self._priority[self._running] = self._lowest
            self._since_switch.clear()
        move = node.moves[0]
        for other in node.moves[1:]:
            if self._priority[other.thread] > self._priority[move.thread]:
                move = other
        if move.thread != self._running:
            self._running = move.thread
            self._since_switch.clear()
        self._since_switch.add(node)
        self._taken += 1
        if self._taken in self._drops:
            self._priority[move.thread] = self._drops[self._taken]
        return move

    def end(self, length: int) -> None:
        """Learn how long runs are, and whether a thread was demoted."""
        if length > self.steps:
            self.steps, self._covered = length, 0
        else:
            self._covered += 1
        self._demoted += self._lowest < 1

    def coverage(self) -> Coverage:
        """Return what the runs so far promise."""
        chance = Fraction(1, self._threads * self.steps ** (self._depth - 1))
        missed = None if self._demoted else _all_missed(chance, self._covered)
        return Coverage(self._depth, self._threads, self.steps, chance, self._covered, missed, self._demoted)


def _all_missed(chance: Fraction, runs: int) -> float:
    """Return the probability that none of some runs shows what each shows with that chance."""
    return float(not runs) if chance == 1 else exp(runs * log1p(-float(chance)))
