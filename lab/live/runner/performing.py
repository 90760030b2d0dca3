"""The one way in which replaced objects come to a switch point."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional

from lab.live.runner.operations import OWN_FILES, WHOLE, Operation, caller_site
from lab.live.runner.session import working
from lab.live.runner.worker import Worker

__all__ = ["WouldBlockForEverError", "called", "ending", "me", "perform", "position"]

OWN_FILES.add(__file__)


class WouldBlockForEverError(RuntimeError):
    """An operation outside of the threads under test that nobody could ever make possible."""


def perform(
    kind: str,
    target: Any,
    able: Optional[Callable[[Any], bool]] = None,
    *,
    timed: bool = False,
    writes: bool = True,
    also: tuple[Any, ...] = (),
    causes: Any = (),
    seconds: float = 0.0,
) -> bool:
    """Come to a switch point before an operation on an object; return whether it is possible then.

    Parameters
    ----------
    kind : str
        What the operation is called.
    target : object
        Has `peek()` and `describe()`.
    able : callable or None
        Given what `peek()` returns, whether the operation is possible; None when it always is.
    timed : bool
        Whether the thread goes on although it is not possible: a time-out, or an attempt that does not wait.
    writes : bool
        Whether the operation may change the object.
    also : tuple
        Other objects that it changes.
    causes : tuple of int, or callable
        Positions of steps without which it could not be, or what returns them when it is taken.
    seconds : float
        How long it waits at most; virtual time passes when it has timed out.
    """
    session = working()
    if session is not None and not session.aborting:
        touches = ((session.number(target), WHOLE, writes),) + tuple((session.number(one), WHOLE, True) for one in also)
        name = getattr(target, "label", type(target).__name__)
        session.switch(Operation(caller_site(kind, name), touches, target, None if timed else able, causes))
    elif session is not None and session.running is not None:
        session.hurry(session.running)
    possible = able is None or able(target.peek())
    if not possible and session is not None and session.aborting:
        return True
    if not possible and timed and session is not None and session.running is not None:
        session.running.clock += max(0.0, seconds)
    if not possible and not timed:
        raise WouldBlockForEverError(
            f"{kind} of {target.describe()} outside of a thread under test would block for ever"
        )
    return possible


def me() -> Any:
    """Return who runs: a thread under test, or None for whoever is outside."""
    session = working()
    return None if session is None else session.running


def position() -> tuple[int, ...]:
    """Return the position of the step that is being taken."""
    session = working()
    return () if session is None else (len(session.steps) - 1,)


def called(worker: Any) -> str:
    """Return a thread's name in words."""
    return worker.name if isinstance(worker, Worker) else "a thread outside"


def ending() -> bool:
    """Whether the run is over and this thread is being ended: it cleans up, and nothing blocks."""
    session = working()
    return session is not None and session.aborting
