"""Conditions, events, semaphores and barriers whose operations are switch points.

They behave as those of `threading` do. With a time-out, an operation that is not possible when its thread is chosen has
timed out: how long others take is not known, so every order is one that can happen.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import BrokenBarrierError
from typing import Any, Optional

from lab.live.runner.locks import RLock
from lab.live.runner.operations import OWN_FILES, WHOLE, Operation, caller_site
from lab.live.runner.performing import WouldBlockForEverError, ending, perform, position
from lab.live.runner.session import working

__all__ = ["Barrier", "BoundedSemaphore", "Condition", "Event", "Semaphore"]

OWN_FILES.add(__file__)


class _Waiter:
    """A thread that waits at a condition."""

    __slots__ = ("by", "lock", "woken")

    def __init__(self, lock: Any) -> None:
        self.lock = lock
        self.woken = False
        self.by: tuple[int, ...] = ()


class Condition:
    """A condition; `threading.Condition`."""

    label = "Condition"

    def __init__(self, lock: Any = None) -> None:
        self._lock = RLock() if lock is None else lock
        self._waiters: list[_Waiter] = []
        self.acquire = self._lock.acquire
        self.release = self._lock.release

    def __repr__(self) -> str:
        return f"<Condition({self._lock!r}, {len(self._waiters)})>"

    def peek(self) -> int:
        """Return how many wait."""
        return len(self._waiters)

    def describe(self) -> str:
        """Return the condition in words."""
        return "a Condition that nobody notifies"

    def __enter__(self) -> Any:
        return self._lock.__enter__()

    def __exit__(self, *details: object) -> Any:
        return self._lock.__exit__(*details)

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Give the lock back, wait to be notified, and take the lock again."""
        if not self._lock.owned() and not ending():
            raise RuntimeError("cannot wait on un-acquired lock")
        perform("wait", self, also=(self._lock,))
        waiter = _Waiter(self._lock)
        self._waiters.append(waiter)
        kept = self._lock.let_go()
        # Woken and with the lock free the thread goes on in one step; a time-out is a step of its own, then the lock.
        if timeout is None:
            self._resume(waiter)
        elif not perform("wake", _Mailbox(waiter, self), _woken, timed=True, also=(self,), seconds=timeout):
            self._waiters.remove(waiter)
            self._reacquire()
        else:
            self._reacquire(waiter.by)
        self._lock.take_back(kept)
        return waiter.woken

    def _resume(self, waiter: _Waiter) -> None:
        free = self._lock.takeable()
        session = working()
        able = lambda found: waiter.woken and free(found)  # noqa: E731 - a name would say less
        if session is not None and not session.aborting:
            touches = ((session.number(self._lock), WHOLE, True),)
            site = caller_site("wake", self.label)
            session.switch(Operation(site, touches, _Lazy(self, waiter), able, lambda: waiter.by))
        elif session is None:
            raise WouldBlockForEverError("a wait outside of a thread under test would block for ever")

    def _reacquire(self, causes: tuple[int, ...] = ()) -> None:
        perform("acquire", self._lock, self._lock.takeable(), causes=causes)

    def wait_for(self, predicate: Callable[[], Any], timeout: Optional[float] = None) -> Any:
        """Wait until the predicate holds."""
        found = predicate()
        while not found:
            if not self.wait(timeout) and timeout is not None:
                return predicate()
            found = predicate()
        return found

    def notify(self, n: int = 1) -> None:
        """Wake so many of those who wait, who have waited longest first."""
        if not self._lock.owned() and not ending():
            raise RuntimeError("cannot notify on un-acquired lock")
        perform("notify", self)
        self.wake(n)

    def wake(self, n: int) -> None:
        """Wake so many, at no step of its own."""
        for waiter in self._waiters[:n]:
            waiter.woken = True
            waiter.by = position()
        del self._waiters[:n]

    def notify_all(self) -> None:
        """Wake all who wait."""
        if not self._lock.owned() and not ending():
            raise RuntimeError("cannot notify on un-acquired lock")
        perform("notify_all", self)
        self.wake(len(self._waiters))

    notifyAll = notify_all  # noqa: N815 - its old name


def _woken(found: Any) -> bool:
    return bool(found)


class _Mailbox:
    """What a waiter with a time-out looks at."""

    label = "Condition"
    __slots__ = ("condition", "waiter")

    def __init__(self, waiter: _Waiter, condition: Condition) -> None:
        self.waiter = waiter
        self.condition = condition

    def peek(self) -> bool:
        """Return whether it has been woken."""
        return self.waiter.woken

    def describe(self) -> str:
        """Return it in words."""
        return self.condition.describe()


class _Lazy:
    """The lock that a waiter takes again, seen through its condition."""

    __slots__ = ("condition", "waiter")

    def __init__(self, condition: Condition, waiter: _Waiter) -> None:
        self.condition = condition
        self.waiter = waiter

    def peek(self) -> Any:
        """Return what the lock shows."""
        return self.condition._lock.peek()

    def describe(self) -> str:
        """Return it in words."""
        return self.condition._lock.describe() if self.waiter.woken else self.condition.describe()


class Event:
    """A flag that threads wait for; `threading.Event`."""

    label = "Event"

    def __init__(self) -> None:
        self._flag = False

    def __repr__(self) -> str:
        return f"<Event: {'set' if self._flag else 'unset'}>"

    def peek(self) -> bool:
        """Return whether it is set."""
        return self._flag

    def describe(self) -> str:
        """Return the event in words."""
        return "an Event" if self._flag else "an Event that is not set"

    def is_set(self) -> bool:
        """Return whether it is set."""
        perform("is_set", self, writes=False)
        return self._flag

    isSet = is_set  # noqa: N815 - its old name

    def set(self) -> None:
        """Set it."""
        perform("set", self)
        self._flag = True

    def clear(self) -> None:
        """Unset it."""
        perform("clear", self)
        self._flag = False

    def wait(self, timeout: Optional[float] = None) -> bool:
        """Wait until it is set; whether it is."""
        return perform("wait", self, bool, timed=timeout is not None, writes=False, seconds=timeout or 0.0)


class Semaphore:
    """A counter that cannot go below 0; `threading.Semaphore`."""

    label = "Semaphore"

    def __init__(self, value: int = 1) -> None:
        if value < 0:
            raise ValueError("semaphore initial value must be >= 0")
        self._value = value

    def __repr__(self) -> str:
        return f"<{self.label}: {self._value}>"

    def peek(self) -> int:
        """Return the counter."""
        return self._value

    def describe(self) -> str:
        """Return the semaphore in words."""
        return f"a {self.label} at {self._value}"

    def acquire(self, blocking: bool = True, timeout: Optional[float] = None) -> bool:
        """Count down."""
        if not blocking and timeout is not None:
            raise ValueError("can't specify timeout for non-blocking acquire")
        timed = not blocking or timeout is not None
        if not perform("acquire", self, _positive, timed=timed, seconds=timeout or 0.0):
            return False
        self._value -= 1
        return True

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self, n: int = 1) -> None:
        """Count up."""
        if n < 1:
            raise ValueError("n must be one or more")
        perform("release", self)
        self._value += n


def _positive(value: Any) -> bool:
    return bool(value > 0)


class BoundedSemaphore(Semaphore):
    """A semaphore that is never released more often than acquired; `threading.BoundedSemaphore`."""

    label = "BoundedSemaphore"

    def __init__(self, value: int = 1) -> None:
        super().__init__(value)
        self._initial_value = value

    def release(self, n: int = 1) -> None:
        """Count up, not beyond where it began."""
        if n < 1:
            raise ValueError("n must be one or more")
        perform("release", self)
        if self._value + n > self._initial_value:
            raise ValueError("Semaphore released too many times")
        self._value += n


class Barrier:
    """A place where threads wait for one another; `threading.Barrier`."""

    label = "Barrier"

    def __init__(
        self, parties: int, action: Optional[Callable[[], Any]] = None, timeout: Optional[float] = None
    ) -> None:
        if parties < 1:
            raise ValueError("parties must be > 0")
        self._parties = parties
        self._action = action
        self._timeout = timeout
        self._arrived = 0
        self._inside = 0
        self._round = 0
        self._broken = False

    def __repr__(self) -> str:
        return f"<Barrier: {self._arrived} of {self._parties}>"

    def peek(self) -> tuple[int, int, bool]:
        """Return the round, how many of the last one have not left, and whether it is broken."""
        return (self._round, self._inside, self._broken)

    def describe(self) -> str:
        """Return the barrier in words."""
        return f"a Barrier with {self._arrived} of {self._parties} there"

    def wait(self, timeout: Optional[float] = None) -> int:
        """Wait until all are there; the position among them, the last to come is 0."""
        seconds = self._timeout if timeout is None else timeout
        perform("wait", self, lambda found: found[1] == 0 or found[2])
        if self._broken:
            raise BrokenBarrierError
        place = self._parties - 1 - self._arrived
        self._arrived += 1
        if place == 0:
            self._open()
        else:
            mine = self._round
            if not perform(
                "pass",
                self,
                lambda found: found[0] != mine or found[2],
                timed=seconds is not None,
                seconds=seconds or 0.0,
            ):
                self._arrived -= 1
                self._broken = True
            if self._broken and self._round == mine:
                raise BrokenBarrierError
        self._inside = max(0, self._inside - 1)
        return place

    def _open(self) -> None:
        try:
            if self._action is not None:
                self._action()
        except BaseException:
            self._broken = True
            raise
        self._arrived = 0
        self._inside = self._parties
        self._round += 1

    def reset(self) -> None:
        """Send those who wait away, and begin anew."""
        perform("reset", self)
        if self._arrived:
            self._broken = True
            self._arrived = 0
            self._later = self._round
        self._broken = False
        self._round += 1

    def abort(self) -> None:
        """Break it."""
        perform("abort", self)
        self._broken = True

    @property
    def parties(self) -> int:
        """How many wait for one another."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """How many are there."""
        return self._arrived

    @property
    def broken(self) -> bool:
        """Whether it is broken."""
        return self._broken
