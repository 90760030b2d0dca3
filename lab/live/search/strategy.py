"""What every strategy is: it chooses in a run, and says after it whether there is another."""

from __future__ import annotations

from typing import Protocol

from lab.live.runner import Run, Worker
from lab.live.runner.operations import Operation, Site
from lab.live.runner.session import Session

__all__ = ["NondeterministicError", "Strategy", "check_repeated", "last_or_first"]


class NondeterministicError(Exception):
    """A program did something else on the same schedule.

    Attributes
    ----------
    expected : Site
        Where the thread stood the first time.
    found : Site or None
        Where it stands now; None when it cannot go on.
    """

    def __init__(self, thread: str, expected: Site, found: Site | None) -> None:
        self.thread = thread
        self.expected = expected
        self.found = found
        now = "cannot go on" if found is None else f"stands at {_place(found)}"
        super().__init__(f"on the same schedule, {thread} was at {_place(expected)} and now {now}")


def _place(site: Site) -> str:
    return f"{site.file}:{site.line} ({site.kind} {site.name})"


class Strategy(Protocol):
    """A way to go through runs.

    Attributes
    ----------
    exhausted : bool
        Whether every run that it was to make has been made.
    proves : bool
        Whether what it covers when exhausted is everything that can happen.
    """

    exhausted: bool
    proves: bool

    def choose(self, session: Session, enabled: list[Worker]) -> Worker | None:
        """Return the thread that takes the next step, or None to cut the run short."""

    def another(self, run: Run) -> bool:
        """Take note of a run that has ended, and return whether there is another."""

    def covered(self) -> str:
        """Return in words what the runs so far cover."""


def last_or_first(session: Session, candidates: list[Worker]) -> Worker:
    """Return the candidate that took the last step, else the first; a thread that slept lets the others go first."""
    if session.steps:
        last = session.steps[-1]
        if last.site.kind == "sleep":
            position = next((k for k, one in enumerate(candidates) if one.name > last.thread), 0)
            return candidates[position]
        for worker in candidates:
            if worker.name == last.thread:
                return worker
    return candidates[0]


def check_repeated(worker: Worker | None, thread: str, before: Operation) -> Operation:
    """Return what the worker is about to do if it is what it did before; raise `NondeterministicError` if not."""
    now = worker.operation if worker is not None else None
    if worker is None or now is None:
        raise NondeterministicError(thread, before.site, None)
    if (now.site is not before.site and now.site != before.site) or now.touches != before.touches:
        raise NondeterministicError(thread, before.site, now.site)
    return now
