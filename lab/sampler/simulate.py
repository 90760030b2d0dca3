"""One run, step by step, under a scheduler."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Protocol

from lab.explorer.bounds import Stopped
from lab.sampler.run import Run
from lab.sampler.space import Move, Node, Space

__all__ = ["Scheduler", "simulate"]


class Scheduler(Protocol):
    """Chooses which thread goes next; whatever is random in that comes from the generator it was made with."""

    def begin(self) -> None:
        """Prepare for another run."""

    def choose(self, node: Node) -> Move:
        """Return the move of one of the enabled threads, of which there is at least one."""

    def end(self, length: int) -> None:
        """Learn how many steps the run had."""


STEPS_AT_ONCE = 4096
"""Steps of one run between two looks at the deadline."""


def simulate(
    space: Space,
    scheduler: Scheduler,
    random: Random,
    max_length: int,
    deadline: Callable[[], bool] | None = None,
) -> Run:
    """Run the program once, for at most `max_length` steps; a step's result is chosen uniformly.

    Raises
    ------
    Stopped
        The deadline was reached during a long run.
    """
    node = space.start()
    noted, preemptions, running = node.noted, 0, -1
    moves: list[tuple[int, int]] = []
    scheduler.begin()
    while node.moves and len(moves) < max_length:
        move = scheduler.choose(node)
        thread, several = move.thread, len(move.results)
        if thread != running:
            preemptions += running >= 0 and node.enabled >> running & 1
            running = thread
        result = random.randrange(several) if several > 1 else 0
        moves.append((thread, result))
        node = space.follow(node, move, result)
        noted |= node.noted
        if not len(moves) % STEPS_AT_ONCE and deadline is not None and deadline():
            raise Stopped("seconds")
    scheduler.end(len(moves))
    return Run(node.ending, noted, len(moves), preemptions, lambda: moves)
