"""Locks and semaphores of `threading`: each is one component, and every operation on it synchronises.

An operation that would have to wait is not enabled. Which of several waiters goes first is a choice of the schedule:
whoever runs its `acquire` next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from lab.model.heap import Blocks, HeapObject, Raised, Refused, Scene
from lab.model.values import Ref, Value

__all__ = ["BoundedSemaphore", "Lock", "RLock", "Semaphore"]


class _OneComponent(HeapObject):
    synchronises = True

    def __init__(self, ref: Ref, name: str, component: int) -> None:
        super().__init__(ref, name)
        self.component = component

    def _note(self, scene: Scene, operation: str) -> None:
        scene.note(self.name, operation, writes=True, atomic=True)


class Lock(_OneComponent):
    """A `threading.Lock`; its component is None, or the thread that acquired it."""

    kind: ClassVar[str] = "Lock"
    rules: ClassVar[Mapping[str, str]] = {
        "acquire": "acquire",
        "release": "release",
        "locked": "locked",
        "__enter__": "acquire",
        "__exit__": "release",
    }

    def acquire(self, scene: Scene, blocking: Value = True) -> Value:
        """Perform `lock.acquire()`, or `lock.acquire(False)`, which never waits."""
        owner = scene.read(self.component)
        if owner is not None:
            if blocking:
                raise Blocks(self.name, (owner,))
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

    def holder(self, read: Callable[[int], Value]) -> int | None:
        """Return the thread that acquired it."""
        owner: int | None = read(self.component)
        return owner


class RLock(_OneComponent):
    """A `threading.RLock`; its component is None, or the owner and how often it acquired."""

    kind: ClassVar[str] = "RLock"
    rules: ClassVar[Mapping[str, str]] = {
        "acquire": "acquire",
        "release": "release",
        "__enter__": "acquire",
        "__exit__": "release",
    }

    def acquire(self, scene: Scene, blocking: Value = True) -> Value:
        """Perform `lock.acquire()`: enabled for the owner too."""
        owner, depth = scene.read(self.component) or (scene.thread, 0)
        if owner != scene.thread:
            if blocking:
                raise Blocks(self.name, (owner,))
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

    def holder(self, read: Callable[[int], Value]) -> int | None:
        """Return the owner."""
        owner: int | None = (read(self.component) or (None,))[0]
        return owner


class Semaphore(_OneComponent):
    """A `threading.Semaphore`; its component is its count."""

    kind: ClassVar[str] = "Semaphore"
    rules: ClassVar[Mapping[str, str]] = {
        "acquire": "acquire",
        "release": "release",
        "__enter__": "acquire",
        "__exit__": "release",
    }

    def acquire(self, scene: Scene, blocking: Value = True) -> Value:
        """Perform `semaphore.acquire()`: enabled while the count is above zero."""
        count = scene.read(self.component)
        if count == 0:
            if blocking:
                raise Blocks(self.name)
            self._note(scene, "try acquire")
            return False
        scene.write(self.component, count - 1)
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
        scene.write(self.component, self._counted(scene.read(self.component) + n))

    def _counted(self, count: int) -> int:
        return count


class BoundedSemaphore(Semaphore):
    """A `threading.BoundedSemaphore`: its count never exceeds the first one."""

    kind: ClassVar[str] = "BoundedSemaphore"

    def __init__(self, ref: Ref, name: str, component: int, bound: int) -> None:
        super().__init__(ref, name, component)
        self.bound = bound

    def _counted(self, count: int) -> int:
        if count > self.bound:
            raise Raised("ValueError", "Semaphore released too many times")
        return count
