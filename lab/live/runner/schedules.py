"""Choosers that need nothing but the threads at hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from lab.live.runner.session import Chooser, Session
from lab.live.runner.worker import Worker

__all__ = ["first_enabled", "following"]


def first_enabled(session: Session, enabled: list[Worker]) -> Worker:
    """Choose the thread that ran last if it can go on, else the first."""
    if session.steps:
        last = session.steps[-1].thread
        for worker in enabled:
            if worker.name == last:
                return worker
    return enabled[0]


def following(names: Sequence[str], otherwise: Chooser = first_enabled) -> Chooser:
    """Return a chooser that follows a schedule as far as it goes; a thread that cannot move ends the run.

    Parameters
    ----------
    names : sequence of str
        The thread of each step.
    otherwise : callable
        Chooses after the last of them.
    """
    wanted = list(names)

    def choose(session: Session, enabled: list[Worker]) -> Optional[Worker]:
        position = len(session.steps)
        if position >= len(wanted):
            return otherwise(session, enabled)
        for worker in enabled:
            if worker.name == wanted[position]:
                return worker
        return None

    return choose
