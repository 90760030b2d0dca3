"""Runs drawn at random.

References
----------
S. Burckhardt, P. Kothari, M. Musuvathi and S. Nagarakatte, A Randomized Scheduler with Probabilistic Guarantees of
Finding Bugs, ASPLOS 2010: priorities that drop at a few random steps. Deviation: the number of steps is that of the
longest run so far, not given beforehand.
"""

from __future__ import annotations

from random import Random

from lab.live.runner import Run, Worker
from lab.live.runner.session import Session

__all__ = ["Priorities", "Uniform"]


class Uniform:
    """Chooses among the threads that can go on, each as likely as any other."""

    proves = False

    def __init__(self, runs: int, seed: int) -> None:
        self.wanted = runs
        self.runs = 0
        self.exhausted = False
        self.random = Random(seed)

    def covered(self) -> str:
        """Return in words what the runs so far cover."""
        return f"{self.runs} runs drawn at random"

    def choose(self, session: Session, enabled: list[Worker]) -> Worker:
        """Draw one."""
        return self.random.choice(enabled)

    def another(self, run: Run) -> bool:
        """Count the run."""
        self.runs += 1
        self.exhausted = self.runs >= self.wanted
        return not self.exhausted


class Priorities(Uniform):
    """Runs the thread of highest priority; priorities are drawn, and drop at `depth - 1` steps that are drawn.

    Parameters
    ----------
    depth : int
        How many orderings a fault needs, >= 1.
    """

    def __init__(self, runs: int, seed: int, depth: int) -> None:
        super().__init__(runs, seed)
        self.depth = depth
        self.longest = 1
        self._begin()

    def _begin(self) -> None:
        self.priorities: dict[str, float] = {}
        self.drops = {self.random.randrange(self.longest): -1.0 - k for k in range(self.depth - 1)}

    def covered(self) -> str:
        """Return in words what the runs so far cover."""
        return f"{self.runs} runs by random priorities of depth {self.depth}"

    def choose(self, session: Session, enabled: list[Worker]) -> Worker:
        """Take the thread of highest priority, and drop it where a drop was drawn."""
        for worker in enabled:
            if worker.name not in self.priorities:
                self.priorities[worker.name] = self.random.random()
        chosen = max(enabled, key=lambda one: self.priorities[one.name])
        drop = self.drops.get(len(session.steps))
        slept = chosen.operation is not None and chosen.operation.site.kind == "sleep"
        if drop is not None or slept:
            lowest = min(self.priorities.values()) - 1.0
            self.priorities[chosen.name] = lowest if drop is None else drop
            chosen = max(enabled, key=lambda one: self.priorities[one.name])
        return chosen

    def another(self, run: Run) -> bool:
        """Count the run, and draw anew."""
        self.longest = max(self.longest, len(run.steps))
        self._begin()
        return super().another(run)
