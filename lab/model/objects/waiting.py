"""Conditions, events and barriers of `threading`: objects that threads wait at for each other.

A wait that takes two steps gives a `Parked` value first: the thread has joined the waiters and stands in front of
`__resume__`, which is enabled when it may go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from math import comb
from typing import ClassVar

from lab.model.heap import Raised, Refused, Scene
from lab.model.objects.locks import Lock
from lab.model.objects.synchroniser import Build, Synchroniser, whole_number
from lab.model.values import Parked, Ref, Value

__all__ = ["Barrier", "Condition", "Event"]


class Condition(Synchroniser):
    """A `threading.Condition`; its component is who waits and who was notified, both in thread order.

    Which waiters `notify` wakes is a result of the step. A waiter that its time-out or, where those are explored, a
    spurious wake-up wakes has left the waiters, and then needs the lock like any other.
    """

    kind: ClassVar[str] = "Condition"
    usage: ClassVar[str] = "Condition(lock)"
    parameters: ClassVar[Mapping[str, Value]] = {"lock": None}
    rules: ClassVar[Mapping[str, str]] = {
        "acquire": "acquire",
        "release": "release",
        "__enter__": "acquire",
        "__exit__": "release",
        "wait": "wait",
        "__resume__": "resume",
        "notify": "notify",
        "notify_all": "notify_all",
    }

    @classmethod
    def prepare(cls, arguments: tuple[Value, ...], build: Build) -> tuple[Value, ...]:
        """Make the RLock that a condition has without a lock given."""
        [lock] = arguments
        if lock is None:
            lock = build("RLock")
        if not isinstance(lock, Ref) or lock.kind not in ("Lock", "RLock"):
            raise Refused("a Condition is made of something that is no lock", "give it a Lock or an RLock, or nothing")
        return (lock,)

    @classmethod
    def first(cls, _arguments: tuple[Value, ...]) -> Value:
        """Return no waiters and nobody notified."""
        return ((), ())

    def notified(self, read: Callable[[int], Value]) -> frozenset[int]:
        """Return the threads that have been notified and do not have the lock again."""
        content = read(self.component)
        return frozenset(self._content(content)[1]) if content else frozenset()

    def _lock(self, scene: Scene) -> Lock:
        lock = scene.target(self._given(scene)[0])
        assert isinstance(lock, Lock)
        return lock

    def acquire(self, scene: Scene, *arguments: Value) -> Value:
        """Perform `condition.acquire()`: that of its lock."""
        return self._lock(scene).acquire(scene, *arguments)

    def release(self, scene: Scene) -> None:
        """Perform `condition.release()`: that of its lock."""
        self._lock(scene).release(scene)

    def _check(self, scene: Scene, doing: str) -> None:
        if not self._lock(scene).seems_held(scene):
            self._note(scene, "wait on" if doing == "wait" else doing)
            raise Raised("RuntimeError", f"cannot {doing} on un-acquired lock")

    def wait(self, scene: Scene, timeout: Value = None) -> Value:
        """Perform the first step of `condition.wait()`: release the lock and join the waiters."""
        self._check(scene, "wait")
        waiting, notified = self._state(scene)
        self._become(scene, (tuple(sorted((*waiting, scene.thread))), notified))
        held = self._lock(scene).give_up(scene)
        self._note(scene, "wait on")
        return Parked((held, None))

    def resume(self, scene: Scene, parked: Parked, timeout: Value = None) -> Value:
        """Perform the further steps of `condition.wait()`: wake up without being notified; acquire the lock again."""
        held, notified = parked.token
        waiting, called = self._state(scene)
        if notified is None and scene.thread in waiting:
            return self._wake(scene, held, timeout)
        self._lock(scene).take_back(scene, held)
        if notified is None:
            self._become(scene, (waiting, tuple(thread for thread in called if thread != scene.thread)))
            self._note(scene, "wake")
        return notified is None or notified

    def _wake(self, scene: Scene, held: Value, timeout: Value) -> Value:
        """Leave the waiters by a spurious wake-up, or because the time is up."""
        if not scene.spurious or scene.midway:
            self._wait(scene, timeout)
        ways = [True] * scene.spurious + [False] * (timeout is not None)
        notified = ways[scene.pick(len(ways))]
        waiting, called = self._state(scene)
        self._become(scene, (tuple(thread for thread in waiting if thread != scene.thread), called))
        self._note(scene, "wake by itself" if notified else "time out")
        return Parked((held, notified))

    def notify(self, scene: Scene, n: Value = 1) -> None:
        """Perform `condition.notify(n)`: as many results as there are sets of n waiters."""
        if not isinstance(n, int):
            raise Refused("`notify` is called with something that is no number", "write `notify()` or `notify(2)`")
        self._check(scene, "notify")
        waiting, called = self._state(scene)
        woken: tuple[int, ...] = ()
        if waiting and n > 0:
            number = min(n, len(waiting))
            woken = list(combinations(waiting, number))[scene.pick(comb(len(waiting), number))]
        left = tuple(thread for thread in waiting if thread not in woken)
        self._become(scene, (left, tuple(sorted((*called, *woken)))))
        self._note(scene, "notify")

    def notify_all(self, scene: Scene) -> None:
        """Perform `condition.notify_all()`."""
        self.notify(scene, len(self._state(scene)[0]))


class Event(Synchroniser):
    """A `threading.Event`; its component is its flag."""

    kind: ClassVar[str] = "Event"
    alike: ClassVar[bool] = True
    usage: ClassVar[str] = "Event()"
    rules: ClassVar[Mapping[str, str]] = {"set": "set", "clear": "clear", "is_set": "is_set", "wait": "wait"}

    @classmethod
    def first(cls, _arguments: tuple[Value, ...]) -> Value:
        """Return the flag, which is not set."""
        return False

    def set(self, scene: Scene) -> None:
        """Perform `event.set()`."""
        self._become(scene, True)
        self._note(scene, "set")

    def clear(self, scene: Scene) -> None:
        """Perform `event.clear()`."""
        self._become(scene, False)
        self._note(scene, "clear")

    def is_set(self, scene: Scene) -> Value:
        """Perform `event.is_set()`."""
        flag = self._state(scene)
        scene.note(self.name, "is_set", flag, atomic=True)
        return flag

    def wait(self, scene: Scene, timeout: Value = None) -> Value:
        """Perform `event.wait()`: enabled while the flag is set.

        A thread that Python wakes by a `set` finds the flag cleared again if it is slow, and goes on all the same. That
        run is here the one in which it goes on between `set` and `clear`, and takes its next step later.
        """
        flag = self._state(scene)
        if not flag:
            self._wait(scene, timeout)
        scene.note(self.name, "wait" if flag else "time out", atomic=True)
        return flag


_FILLING, _DRAINING, _RESETTING, _BROKEN = "filling", "draining", "resetting", "broken"


class Barrier(Synchroniser):
    """A `threading.Barrier`; its component is its phase, and how many threads are in it.

    The last thread to arrive goes through in that step; the others arrive, and leave in a second step. The next round
    begins when all have left.
    """

    kind: ClassVar[str] = "Barrier"
    alike: ClassVar[bool] = True
    usage: ClassVar[str] = "Barrier(2)"
    parameters: ClassVar[Mapping[str, Value]] = {"parties": None}
    rules: ClassVar[Mapping[str, str]] = {
        "wait": "wait",
        "__resume__": "resume",
        "reset": "reset",
        "abort": "abort",
        "__getattr__": "get",
    }

    @classmethod
    def prepare(cls, arguments: tuple[Value, ...], _build: Build) -> tuple[Value, ...]:
        """Check the number of parties."""
        whole_number(cls, arguments[0], 1)
        return arguments

    @classmethod
    def first(cls, _arguments: tuple[Value, ...]) -> Value:
        """Return an empty barrier."""
        return (_FILLING, 0)

    def touches(self, operation: str, arguments: tuple[Value, ...]) -> bool:
        """Whether the operation needs a step: all but reading `parties`."""
        return operation in self.rules and not (operation == "__getattr__" and arguments[0] == "parties")

    def wait(self, scene: Scene, timeout: Value = None) -> Value:
        """Perform the first step of `barrier.wait()`: arrive, and go through if all have arrived."""
        phase, inside = self._state(scene)
        if phase in (_DRAINING, _RESETTING):
            self._wait(scene, None)
        if phase == _BROKEN:
            self._note(scene, "find broken")
            raise Raised("BrokenBarrierError")
        if inside + 1 < self._given(scene)[0]:
            self._become(scene, (_FILLING, inside + 1))
            self._note(scene, "arrive", inside)
            return Parked(inside)
        self._become(scene, _settled(_DRAINING, inside))
        self._note(scene, "open", inside)
        return inside

    def resume(self, scene: Scene, parked: Parked, timeout: Value = None) -> Value:
        """Perform the second step of `barrier.wait()`: leave, by exception if the barrier is broken or reset."""
        phase, inside = self._state(scene)
        if phase == _FILLING:
            self._wait(scene, timeout)
            phase = _BROKEN
        self._become(scene, _settled(phase, inside - 1))
        self._note(scene, "leave", parked.token)
        if phase != _DRAINING:
            raise Raised("BrokenBarrierError")
        return parked.token

    def reset(self, scene: Scene) -> None:
        """Perform `barrier.reset()`: who waits is sent away by exception."""
        phase, inside = self._state(scene)
        after = _FILLING if not inside else phase if phase == _DRAINING else _RESETTING
        self._become(scene, (after, inside))
        self._note(scene, "reset")

    def abort(self, scene: Scene) -> None:
        """Perform `barrier.abort()`: the barrier is broken until it is reset."""
        _, inside = self._state(scene)
        self._become(scene, (_BROKEN, inside))
        self._note(scene, "abort")

    def get(self, scene: Scene, attribute: str) -> Value:
        """Perform `barrier.broken`, `barrier.n_waiting` or `barrier.parties`."""
        if attribute == "parties":
            return self._given(scene)[0]
        if attribute not in ("broken", "n_waiting"):
            raise Raised("AttributeError", f"'Barrier' object has no attribute '{attribute}'")
        phase, inside = self._state(scene)
        value = phase == _BROKEN if attribute == "broken" else inside if phase == _FILLING else 0
        scene.note(self.name, "read", value, atomic=True)
        return value


def _settled(phase: str, inside: int) -> tuple[str, int]:
    """Return the state after a thread left: the last one to leave makes room for the next round."""
    return (phase if inside or phase == _BROKEN else _FILLING, inside)
