"""Operating-system threads that are kept and used again: starting one for each run would cost more than the run."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable
from typing import Optional

__all__ = ["Carrier", "Carriers"]

new_gate = _thread.allocate_lock
"""The real lock, whatever `threading.Lock` is at the moment."""


class Carrier:
    """One thread of the operating system that waits at its gate for something to carry.

    Attributes
    ----------
    gate : lock
        Held while the thread waits; releasing it lets the thread go on.
    task : callable or None
        What to do when the gate opens next; None ends the thread.
    ident : int
        The thread's identity, 0 until it has begun.
    lost : bool
        Whether nobody waits for it any more: it ends when its task does.
    ended : bool
        Whether it has, or has not been started.
    """

    __slots__ = ("ended", "gate", "gone", "ident", "lost", "task")

    def __init__(self) -> None:
        self.gate = new_gate()
        self.gate.acquire()
        self.gone = new_gate()
        self.gone.acquire()
        self.task: Optional[Callable[[], None]] = None
        self.ident = 0
        self.lost = False
        self.ended = True

    def start(self) -> None:
        """Start the thread."""
        self.ended = False
        _thread.start_new_thread(self._carry, ())

    def _carry(self) -> None:
        self.ident = _thread.get_ident()
        hook = getattr(threading, "_trace_hook", None)
        if hook is not None:
            sys.settrace(hook)  # as every thread of `threading` does: coverage sees the code under test
        while True:
            self.gate.acquire()
            task = self.task
            if task is None:
                break
            self.task = None
            task()
            del task
            if self.lost:
                break
        self.ended = True
        self.gone.release()


class Carriers:
    """A stock of carriers; those that are given back carry again."""

    def __init__(self) -> None:
        self.made: list[Carrier] = []
        self.idle: list[Carrier] = []
        self.lost: list[Carrier] = []

    def take(self) -> Carrier:
        """Return an idle carrier, or a new one."""
        if self.idle:
            return self.idle.pop()
        carrier = Carrier()
        self.made.append(carrier)
        carrier.start()
        return carrier

    def give_back(self, carrier: Carrier) -> None:
        """Take back a carrier whose task has ended."""
        self.idle.append(carrier)

    def lose(self, carrier: Carrier) -> None:
        """Note a carrier that is blocked where nothing can wake it; it ends when its task does."""
        self.lost.append(carrier)
        carrier.lost = True
        if carrier.gate.locked():
            carrier.gate.release()  # its task may have ended just now

    def close(self) -> None:
        """End all threads that are not lost, and wait until they are gone; Ctrl-C waits, too."""
        interrupted: Optional[KeyboardInterrupt] = None
        while self.made:
            try:
                while self.made:
                    self._end(self.made[-1])
                    self.made.pop()
            except KeyboardInterrupt as error:
                interrupted = error
        self.idle.clear()
        if interrupted is not None:
            raise interrupted

    def _end(self, carrier: Carrier) -> None:
        if carrier not in self.lost:
            carrier.task = None
            if carrier.gate.locked():
                carrier.gate.release()
            if not carrier.ended:
                carrier.gone.acquire(timeout=5.0)
