"""Locks whose operations are switch points; they behave as those of `threading` do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lab.live.runner.operations import OWN_FILES
from lab.live.runner.performing import called, ending, me, perform

__all__ = ["Lock", "RLock"]

OWN_FILES.add(__file__)


class Lock:
    """A lock; `threading.Lock`."""

    label = "Lock"
    __slots__ = ("__weakref__", "_holder", "_locked")

    def __init__(self) -> None:
        self._locked = False
        self._holder: Any = None

    def __repr__(self) -> str:
        return f"<{'locked' if self._locked else 'unlocked'} {self.describe()}>"

    def peek(self) -> bool:
        """Return whether it is taken."""
        return self._locked

    def describe(self) -> str:
        """Return the lock in words."""
        return f"a {self.label}" + (f" held by {called(self._holder)}" if self._locked else "")

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it."""
        _check_timeout(blocking, timeout)
        if not perform("acquire", self, _free, timed=not blocking or timeout >= 0, seconds=timeout):
            return False
        self._locked = True
        self._holder = me()
        return True

    def release(self) -> None:
        """Give it back; any thread may."""
        perform("release", self)
        if not self._locked:
            if ending():
                return
            raise RuntimeError("release unlocked lock")
        self._locked = False
        self._holder = None

    def locked(self) -> bool:
        """Return whether it is taken."""
        perform("locked", self, writes=False)
        return self._locked

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self.__init__()  # type: ignore[misc]  # as the real one does

    # For conditions, which give the lock back and take it again as part of steps of their own.

    def owned(self) -> bool:
        """Return whether it is taken, by anyone: a lock does not know its owner."""
        return self._locked

    def let_go(self) -> Any:
        """Give it back whole, at no step of its own."""
        self._locked = False
        self._holder = None
        return 1

    def take_back(self, _: Any) -> None:
        """Take it again, at no step of its own."""
        self._locked = True
        self._holder = me()

    def takeable(self) -> Callable[[Any], bool]:
        """Return what says of a peek whether the thread that runs could take it."""
        return _free


def _free(locked: Any) -> bool:
    return not locked


def _check_timeout(blocking: bool, timeout: float) -> None:
    if not blocking and timeout != -1:
        raise ValueError("can't specify a timeout for a non-blocking call")
    if timeout < 0 and timeout != -1:
        raise ValueError("timeout value must be a non-negative number")


class RLock:
    """A lock that its holder may take again; `threading.RLock`."""

    label = "RLock"
    __slots__ = ("__weakref__", "_count", "_holder")

    def __init__(self) -> None:
        self._count = 0
        self._holder: Any = None

    def __repr__(self) -> str:
        return f"<{'locked' if self._count else 'unlocked'} {self.describe()} count={self._count}>"

    def peek(self) -> Any:
        """Return who holds it, and how often."""
        return (self._holder, self._count)

    def describe(self) -> str:
        """Return the lock in words."""
        return f"an {self.label}" + (f" held by {called(self._holder)}" if self._count else "")

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it, once more if it is held already."""
        _check_timeout(blocking, timeout)
        if not perform("acquire", self, self.takeable(), timed=not blocking or timeout >= 0, seconds=timeout):
            return False
        self._holder = me()
        self._count += 1
        return True

    def release(self) -> None:
        """Give it back once."""
        perform("release", self)
        if not self._count or self._holder is not me():
            if ending():
                return
            raise RuntimeError("cannot release un-acquired lock")
        self._count -= 1
        if not self._count:
            self._holder = None

    def locked(self) -> bool:
        """Return whether it is taken."""
        perform("locked", self, writes=False)
        return self._count > 0

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()

    def _at_fork_reinit(self) -> None:
        self.__init__()  # type: ignore[misc]  # as the real one does

    def _is_owned(self) -> bool:
        return self.owned()

    def _recursion_count(self) -> int:
        return self._count if self.owned() else 0

    def owned(self) -> bool:
        """Return whether the thread that runs holds it."""
        return self._count > 0 and self._holder is me()

    def let_go(self) -> Any:
        """Give it back whole, at no step of its own."""
        count, self._count, self._holder = self._count, 0, None
        return count

    def take_back(self, count: Any) -> None:
        """Take it again as often, at no step of its own."""
        self._count, self._holder = count, me()

    def takeable(self) -> Callable[[Any], bool]:
        """Return what says of a peek whether the thread that runs could take it."""
        runs = me()
        return lambda found: not found[1] or found[0] is runs
