"""One thread of a run, and how it is ended from outside."""

from __future__ import annotations

import _thread
import sys
from collections.abc import Callable, Sequence
from typing import Any, Optional

from lab.live.runner.carriers import Carrier
from lab.live.runner.operations import OWN_FILES, Operation, Touch

__all__ = ["Aborted", "Worker", "interrupted"]

OWN_FILES.add(__file__)


class Aborted(BaseException):
    """Raised inside a thread of a run that is over, so that it ends."""


class Worker:
    """One thread of a run.

    Attributes
    ----------
    name : str
        "T1", or the name given; a thread that T1 starts is "T1.1".
    operation : Operation or None
        What it will do when it is chosen; None before it has come to its first switch point and after its end.
    returned, error : Any, BaseException or None
        How it ended.
    steps : int
        How many steps it has taken.
    last : int
        Position of its last step in the run, -1 before.
    """

    operation: Optional[Operation] = None
    parent: Optional[Worker] = None
    born: tuple[int, ...] = ()
    fresh = True
    ended = False
    told = False
    returned: Any = None
    error: Optional[BaseException] = None
    children = 0
    daemon = False
    last = -1
    clock = 0.0
    public: Any = None
    over: Any = None

    def __init__(self, name: str, function: Callable[..., Any], arguments: Sequence[Any], carrier: Carrier) -> None:
        self.name = name
        self.function = function
        self.arguments = arguments
        self.carrier = carrier
        self.gate = carrier.gate
        self.pending: list[tuple[Any, tuple[Touch, ...]]] = []

    def __repr__(self) -> str:
        return f"<{self.name}: {self.operation!r}>"


def interrupted(worker: Worker, grace: float) -> bool:
    """Raise `Aborted` in a thread that runs Python code, and return whether it has ended within so many seconds.

    One that is blocked in C sees the exception when it returns. Until then Python 3.11 lets no traced thread enter a
    function: its `DO_TRACING` looks at the eval breaker, which stays set, before it counts the entry as done. So there
    it is withdrawn again, and the breaker is cleared by an exception that this thread takes itself. Nothing in between
    may call a function written in Python.
    """
    try:
        import ctypes
    except ImportError:  # an interpreter built without it
        return False
    throw, over = ctypes.pythonapi.PyThreadState_SetAsyncExc, worker.over
    other, here = ctypes.c_ulong(worker.carrier.ident), ctypes.c_ulong(_thread.get_ident())
    aborted, withdrawn = ctypes.py_object(Aborted), ctypes.py_object(_Withdrawn)
    withdraws = sys.version_info[:2] == (3, 11) and sys.gettrace() is not None
    throw(other, aborted)
    ended = bool(over.acquire(timeout=grace))
    if withdraws and not ended:
        throw(other, None)
        try:
            throw(here, withdrawn)
            while True:
                pass
        except _Withdrawn:
            pass
    return ended


class _Withdrawn(BaseException):
    """What a thread raises in itself to clear the eval breaker."""
