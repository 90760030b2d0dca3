"""Locks and semaphores of `threading`.

An operation that would have to wait is not enabled. Which of several waiters goes first is a choice of the schedule:
whoever runs its `acquire` next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from lab.model.heap import Blocks, Raised, Refused, Scene
from lab.model.objects.synchroniser import Build, Synchroniser, whole_number
from lab.model.values import Value

__all__ = ["BoundedSemaphore", "Lock", "RLock", "Semaphore"]

_RULES = {"acquire": "acquire", "release": "release", "__enter__": "acquire", "__exit__": "release"}


class Lock(Synchroniser):
    """A `threading.Lock`; its component is None, or the thread that acquired it."""

    alike: ClassVar[bool] = True
    kind: ClassVar[str] = "Lock"
    in_python: ClassVar[bool] = False
    usage: ClassVar[str] = "Lock()"
    rules: ClassVar[Mapping[str, str]] = {**_RULES, "locked": "locked"}

    def acquire(self, scene: Scene, blocking: Value = True, timeout: Value = -1) -> Value:
        """Perform `lock.acquire()`: not enabled while the lock is held, unless it need not wait or wait for ever."""
        limit = _time_out(blocking, timeout)
        owner = scene.read(self.component)
        if owner is not None:
            if blocking:
                self._wait(scene, limit, (owner,))
            self._note(scene, "try acquire")
            return False
        scene.write(self.component, scene.thread)
        self._note(scene, "acquire")
        return True

    def release(self, scene: Scene) -> None:
        """Perform `lock.release()`, which any thread may."""
        self._note(scene, "release")
        if scene.read(self.component) is None:
            raise Raised("RuntimeError", "release unlocked lock")
        scene.write(self.component, None)

    def locked(self, scene: Scene) -> Value:
        """Perform `lock.locked()`."""
        scene.note(self.name, "locked", atomic=True)
        return scene.read(self.component) is not None

    @property
    def owned(self) -> int | None:
        """The only component."""
        return self.component

    def owner(self, value: Value) -> int | None:
        """Return the thread that acquired it."""
        owner: int | None = value
        return owner

    def owned_by(self, value: Value, thread: int) -> Value:
        """Return the value of a lock that another thread acquired."""
        return thread

    # What a condition asks of its lock

    def seems_held(self, scene: Scene) -> bool:
        """Whether a condition takes the lock for its caller's: a plain lock does not know whose it is."""
        scene.note(self.name, "locked", atomic=True)
        return scene.read(self.component) is not None

    def give_up(self, scene: Scene) -> Value:
        """Release the lock, whoever holds it, and return what `take_back` needs: nothing."""
        scene.write(self.component, None)
        self._note(scene, "release")
        return None

    def take_back(self, scene: Scene, held: Value) -> None:
        """Acquire the lock again as it was before `give_up`."""
        self.acquire(scene)


class RLock(Lock):
    """A `threading.RLock`; its component is None, or the owner and how often it acquired."""

    kind: ClassVar[str] = "RLock"
    usage: ClassVar[str] = "RLock()"
    rules: ClassVar[Mapping[str, str]] = _RULES

    def acquire(self, scene: Scene, blocking: Value = True, timeout: Value = -1) -> Value:
        """Perform `lock.acquire()`: enabled for the owner too."""
        limit = _time_out(blocking, timeout)
        owner, depth = scene.read(self.component) or (scene.thread, 0)
        if owner != scene.thread:
            if blocking:
                self._wait(scene, limit, (owner,))
            self._note(scene, "try acquire")
            return False
        scene.write(self.component, (owner, depth + 1))
        self._note(scene, "acquire")
        return True

    def release(self, scene: Scene) -> None:
        """Perform `lock.release()`, which only the owner may."""
        self._note(scene, "release")
        owner, depth = scene.read(self.component) or (None, 0)
        if owner != scene.thread:
            raise Raised("RuntimeError", "cannot release un-acquired lock")
        scene.write(self.component, (owner, depth - 1) if depth > 1 else None)

    def owner(self, value: Value) -> int | None:
        """Return the owner."""
        owner: int | None = None if value is None else value[0]
        return owner

    def owned_by(self, value: Value, thread: int) -> Value:
        """Return the value of a lock that another thread acquired as often."""
        return (thread, value[1])

    def seems_held(self, scene: Scene) -> bool:
        """Whether the caller is the owner."""
        return self.holder(scene.read) == scene.thread

    def give_up(self, scene: Scene) -> Value:
        """Release the lock however often it was acquired, and return how often that was."""
        _, depth = scene.read(self.component)
        scene.write(self.component, None)
        self._note(scene, "release")
        return depth

    def take_back(self, scene: Scene, held: Value) -> None:
        """Acquire the lock as often as it was before `give_up`."""
        owner, _ = scene.read(self.component) or (None, 0)
        if owner is not None:
            raise Blocks(self.name, (owner,))
        scene.write(self.component, (scene.thread, held))
        self._note(scene, "acquire")


def _time_out(blocking: Value, timeout: Value) -> Value:
    """Return the time-out of a lock's `acquire`, None for none."""
    if not isinstance(timeout, int | float) or (timeout < 0 and timeout != -1):
        raise Refused("a lock's time-out is no number from 0", "write it in seconds, or leave it out")
    if not blocking and timeout != -1:
        raise Raised("ValueError", "can't specify a timeout for a non-blocking call")
    return None if timeout == -1 else timeout


class Semaphore(Synchroniser):
    """A `threading.Semaphore`; its component is its count."""

    alike: ClassVar[bool] = True
    kind: ClassVar[str] = "Semaphore"
    usage: ClassVar[str] = "Semaphore(1)"
    parameters: ClassVar[Mapping[str, Value]] = {"value": 1}
    rules: ClassVar[Mapping[str, str]] = _RULES

    @classmethod
    def prepare(cls, arguments: tuple[Value, ...], _build: Build) -> tuple[Value, ...]:
        """Check the count."""
        whole_number(cls, arguments[0], 0)
        return arguments

    @classmethod
    def first(cls, arguments: tuple[Value, ...]) -> Value:
        """Return the count it starts with."""
        return arguments[0]

    def acquire(self, scene: Scene, blocking: Value = True, timeout: Value = None) -> Value:
        """Perform `semaphore.acquire()`: enabled while the count is above zero."""
        if not blocking and timeout is not None:
            raise Raised("ValueError", "can't specify timeout for non-blocking acquire")
        count = self._state(scene)
        if count == 0:
            if blocking:
                self._wait(scene, timeout)
            self._note(scene, "try acquire")
            return False
        self._become(scene, count - 1)
        self._note(scene, "acquire")
        return True

    def release(self, scene: Scene, n: Value = 1) -> None:
        """Perform `semaphore.release(n)`."""
        if not isinstance(n, int):
            raise Refused(
                "a semaphore is released by something that is no whole number", "write `release()` or `release(2)`"
            )
        self._note(scene, "release")
        if n < 1:
            raise Raised("ValueError", "n must be one or more")
        self._become(scene, self._counted(scene, self._state(scene) + n))

    def _counted(self, _scene: Scene, count: int) -> int:
        return count


class BoundedSemaphore(Semaphore):
    """A `threading.BoundedSemaphore`: its count never exceeds the first one."""

    kind: ClassVar[str] = "BoundedSemaphore"
    usage: ClassVar[str] = "BoundedSemaphore(1)"

    def _counted(self, scene: Scene, count: int) -> int:
        if count > self._given(scene)[0]:
            raise Raised("ValueError", "Semaphore released too many times")
        return count
