"""The uniform-choice scheduler: at each step every enabled thread is equally likely."""

from __future__ import annotations

from random import Random

from lab.sampler.space import Move, Node

__all__ = ["UniformChoice"]


class UniformChoice:
    """Chooses uniformly among the enabled threads: the scheduler that `Outcome.probability` speaks of."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def begin(self) -> None:
        """Prepare for another run: nothing is remembered."""

    def choose(self, node: Node) -> Move:
        """Return the move of a thread, each with the same probability."""
        moves = node.moves
        return moves[self._random.randrange(len(moves))] if len(moves) > 1 else moves[0]

    def end(self, length: int) -> None:
        """Learn nothing."""
