"""The lab on greenlets instead of threads of the operating system: what hand-overs cost, and no more than that.

Everything but the hand-over is the lab's own: the scheduler, the hooks, the search, the checks. The lab does not offer
it, for code under test would see one thread where it has several, and a call that blocks in C would block everything,
the watchdog included.
"""

from __future__ import annotations

import _thread
import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

__all__ = ["on_greenlets"]


class _Gate:
    """What stands for a lock: releasing it says who goes on, acquiring it lets them."""

    following: _Gate

    def __init__(self) -> None:
        self.open = True
        self.greenlet: Any = None

    def release(self) -> None:
        self.open = True
        _Gate.following = self

    def acquire(self, timeout: float = -1) -> bool:  # noqa: ARG002 - as a lock has it
        if not self.open:
            if self.greenlet is None:
                self.greenlet = _current()
            _Gate.following.greenlet.switch()
        self.open = False
        return True


class _Carrier:
    """A greenlet in place of a thread."""

    def __init__(self) -> None:
        self.gate = _Gate()
        self.gate.open = False
        self.gate.greenlet = _greenlet(self._carry)
        self.ident = _thread.get_ident()
        self.task: Callable[[], None] | None = None

    def _carry(self) -> None:
        self.gate.open = False
        while self.task is not None:
            task, self.task = self.task, None
            task()
            self.gate.acquire()


class _Carriers:
    """A stock of them."""

    def __init__(self) -> None:
        self.idle: list[_Carrier] = []
        self.lost: list[_Carrier] = []

    def take(self) -> _Carrier:
        return self.idle.pop() if self.idle else _Carrier()

    def give_back(self, carrier: _Carrier) -> None:
        self.idle.append(carrier)

    def close(self) -> None:
        for carrier in self.idle:  # a greenlet that never ends is never gone
            _Gate.following = carrier.gate
            carrier.gate.greenlet.parent = _current()
            carrier.gate.greenlet.switch()
        self.idle.clear()


def _greenlet(function: Callable[[], None]) -> Any:
    return importlib.import_module("greenlet").greenlet(function)


def _current() -> Any:
    return importlib.import_module("greenlet").getcurrent()


@contextmanager
def on_greenlets() -> Iterator[None]:
    """Let the lab run what it explores on greenlets of this thread."""
    importlib.import_module("greenlet")
    importlib.import_module("lab.live.runner.operations").OWN_FILES.add(__file__)
    run, session = (importlib.import_module(f"lab.live.runner.{name}") for name in ("run", "session"))
    with patch.object(run, "Carriers", _Carriers), patch.object(session, "new_gate", _Gate):
        yield
