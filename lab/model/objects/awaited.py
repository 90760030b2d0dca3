"""Locks, events, semaphores and queues of `asyncio`, as of Python 3.11.

An operation suspends its task only when it has to wait; then it gives a `Parked` value, and the task stands in front
of `__resume__`, which is enabled when it has been woken and has its turn. Waiters are woken first come, first served.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar

from lab.model.heap import Raised, Scene
from lab.model.objects.loop import INTERRUPTED, WAITS, WOKEN, Awaited, awaited
from lab.model.objects.synchroniser import Build, whole_number
from lab.model.values import Parked, Value

__all__ = ["BoundedSemaphore", "Event", "Lock", "Queue", "Semaphore"]

Waiters = tuple[tuple[int, str], ...]
"""The tasks that wait, the first come first; one that was woken stays until it goes on."""


def _without(waiters: Waiters, task: int) -> Waiters:
    return tuple(waiter for waiter in waiters if waiter[0] != task)


def _woken(waiters: Waiters, task: int) -> Waiters:
    return tuple((one, WOKEN if one == task else how) for one, how in waiters)


def _present(waiters: Waiters) -> bool:
    """Whether somebody waits who was not cancelled."""
    return any(how != INTERRUPTED for _, how in waiters)


class Lock(Awaited):
    """An `asyncio.Lock`; its component is the task that acquired it, and its waiters."""

    kind: ClassVar[str] = "asyncio.Lock"
    usage: ClassVar[str] = "asyncio.Lock()"
    rules: ClassVar[Mapping[str, str]] = {
        awaited("acquire"): "acquire",
        "__aenter__": "acquire",
        "__resume__": "resume",
        "release": "release",
        "__aexit__": "release",
        "locked": "locked",
        "acquire": "forgotten",
        "__enter__": "plain_with",
    }

    @classmethod
    def first(cls, _arguments: tuple[Value, ...]) -> Value:
        """Return a free lock."""
        return (None, ())

    def acquire(self, scene: Scene) -> Value:
        """Perform `await lock.acquire()`: suspend if the lock is held, or somebody came before."""
        self.own_loop(scene)
        owner, waiters = self._state(scene)
        if owner is None and not _present(waiters):
            self._become(scene, (scene.thread, waiters))
            self._note(scene, "acquire")
            return True
        self._become(scene, (owner, (*waiters, (scene.thread, WAITS))))
        return self.suspend(scene, "wait for")

    def resume(self, scene: Scene, _parked: Parked) -> Value:
        """Acquire the lock, having been woken; or leave, having been cancelled, and wake another one."""
        owner, waiters = self._state(scene)
        if self.loop(scene).take(scene, self.name, () if owner is None else (owner,)):
            self._become(scene, (owner, _without(waiters, scene.thread)))
            if owner is None:
                self._wake_first(scene)
            self._note(scene, "leave")
            raise Raised("CancelledError")
        self._become(scene, (scene.thread, _without(waiters, scene.thread)))
        self._note(scene, "acquire")
        return True

    def release(self, scene: Scene) -> None:
        """Perform `lock.release()`, which any task may, and wake the first waiter."""
        self.own_loop(scene)
        owner, waiters = self._state(scene)
        self._note(scene, "release")
        if owner is None:
            raise Raised("RuntimeError", "Lock is not acquired.")
        self._become(scene, (None, waiters))
        self._wake_first(scene)

    def _wake_first(self, scene: Scene) -> None:
        owner, waiters = self._state(scene)
        if waiters and waiters[0][1] == WAITS:
            self.loop(scene).wake(scene, waiters[0][0])
            self._become(scene, (owner, _woken(waiters, waiters[0][0])))

    def locked(self, scene: Scene) -> Value:
        """Perform `lock.locked()`."""
        return self._ask(scene, "locked", self._state(scene)[0] is not None)

    @property
    def owned(self) -> int | None:
        """The only component."""
        return self.component

    def owner(self, value: Value) -> int | None:
        """Return the task that acquired it."""
        owner: int | None = self._content(value)[0] if value else None
        return owner


class Event(Awaited):
    """An `asyncio.Event`; its component is its flag, and its waiters."""

    kind: ClassVar[str] = "asyncio.Event"
    usage: ClassVar[str] = "asyncio.Event()"
    rules: ClassVar[Mapping[str, str]] = {
        awaited("wait"): "wait",
        "__resume__": "resume",
        "set": "set",
        "clear": "clear",
        "is_set": "is_set",
        "wait": "forgotten",
    }

    @classmethod
    def first(cls, _arguments: tuple[Value, ...]) -> Value:
        """Return an event that is not set."""
        return (False, ())

    def wait(self, scene: Scene) -> Value:
        """Perform `await event.wait()`: suspend unless the event is set."""
        self.own_loop(scene)
        flag, waiters = self._state(scene)
        if flag:
            self._note(scene, "wait")
            return True
        self._become(scene, (flag, (*waiters, (scene.thread, WAITS))))
        return self.suspend(scene, "wait for")

    def resume(self, scene: Scene, _parked: Parked) -> Value:
        """Go on, having been woken, even if the event was cleared since."""
        flag, waiters = self._state(scene)
        thrown = self.loop(scene).take(scene, self.name)
        self._become(scene, (flag, _without(waiters, scene.thread)))
        self._note(scene, "go on")
        if thrown:
            raise Raised("CancelledError")
        return True

    def set(self, scene: Scene) -> None:
        """Perform `event.set()`: wake every waiter."""
        loop = self.own_loop(scene)
        flag, waiters = self._state(scene)
        self._note(scene, "set")
        if flag:
            return
        for task, how in waiters:
            if how == WAITS:
                loop.wake(scene, task)
                waiters = _woken(waiters, task)
        self._become(scene, (True, waiters))

    def clear(self, scene: Scene) -> None:
        """Perform `event.clear()`."""
        self.own_loop(scene)
        self._become(scene, (False, self._state(scene)[1]))
        self._note(scene, "clear")

    def is_set(self, scene: Scene) -> Value:
        """Perform `event.is_set()`."""
        return self._ask(scene, "is_set", self._state(scene)[0])


class Semaphore(Awaited):
    """An `asyncio.Semaphore`; its component is its count, and its waiters."""

    kind: ClassVar[str] = "asyncio.Semaphore"
    usage: ClassVar[str] = "asyncio.Semaphore(1)"
    parameters: ClassVar[Mapping[str, Value]] = {"value": 1}
    rules: ClassVar[Mapping[str, str]] = Lock.rules

    @classmethod
    def prepare(cls, arguments: tuple[Value, ...], build: Build) -> tuple[Value, ...]:
        """Check the count, and add the loop."""
        whole_number(cls, arguments[0], 0)
        return super().prepare(arguments, build)

    @classmethod
    def first(cls, arguments: tuple[Value, ...]) -> Value:
        """Return the count it starts with."""
        return (arguments[0], ())

    def acquire(self, scene: Scene) -> Value:
        """Perform `await semaphore.acquire()`: suspend if the count is zero, or somebody came before."""
        self.own_loop(scene)
        count, waiters = self._state(scene)
        if count and not _present(waiters):
            self._become(scene, (count - 1, waiters))
            self._note(scene, "acquire")
            return True
        self._become(scene, (count, (*waiters, (scene.thread, WAITS))))
        return self.suspend(scene, "wait for")

    def resume(self, scene: Scene, _parked: Parked) -> Value:
        """Go on, having been woken: who woke the task has lowered the count."""
        count, waiters = self._state(scene)
        woken = (scene.thread, WOKEN) in waiters
        if self.loop(scene).take(scene, self.name):
            self._become(scene, (count + woken, _without(waiters, scene.thread)))
            if woken:
                self._wake(scene)
            self._note(scene, "leave")
            raise Raised("CancelledError")
        self._become(scene, (count, _without(waiters, scene.thread)))
        if count:
            self._wake(scene)
        self._note(scene, "acquire")
        return True

    def release(self, scene: Scene) -> None:
        """Perform `semaphore.release()`: the first waiter that sleeps is woken."""
        self.own_loop(scene)
        self._note(scene, "release")
        count, waiters = self._state(scene)
        self._become(scene, (self._counted(scene, count + 1), waiters))
        self._wake(scene)

    def _wake(self, scene: Scene) -> None:
        count, waiters = self._state(scene)
        for task, how in waiters:
            if how == WAITS:
                self.loop(scene).wake(scene, task)
                self._become(scene, (count - 1, _woken(waiters, task)))
                return

    def _counted(self, _scene: Scene, count: int) -> int:
        return count

    def locked(self, scene: Scene) -> Value:
        """Perform `semaphore.locked()`: whether acquiring it would suspend."""
        count, waiters = self._state(scene)
        return self._ask(scene, "locked", count == 0 or _present(waiters))


class BoundedSemaphore(Semaphore):
    """An `asyncio.BoundedSemaphore`: its count never exceeds the first one."""

    kind: ClassVar[str] = "asyncio.BoundedSemaphore"
    usage: ClassVar[str] = "asyncio.BoundedSemaphore(1)"

    def _counted(self, scene: Scene, count: int) -> int:
        if count > self._given(scene)[0]:
            raise Raised("ValueError", "BoundedSemaphore released too many times")
        return count


_GET, _PUT, _JOIN = 2, 3, 4
"""Where in a queue's component the tasks stand that wait in `get`, `put` and `join`."""


class Queue(Awaited):
    """An `asyncio.Queue`; its component is items, unfinished tasks, and who waits in `get`, in `put`, in `join`.

    A task that was woken in `get` or `put` looks again, and may have to wait again, behind the others.
    """

    kind: ClassVar[str] = "asyncio.Queue"
    usage: ClassVar[str] = "asyncio.Queue(maxsize=2)"
    shown = True
    parameters: ClassVar[Mapping[str, Value]] = {"maxsize": 0}
    rules: ClassVar[Mapping[str, str]] = {
        awaited("put"): "put",
        awaited("get"): "get",
        awaited("join"): "join",
        "__resume__": "resume",
        "put_nowait": "put_nowait",
        "get_nowait": "get_nowait",
        "task_done": "task_done",
        "qsize": "qsize",
        "empty": "empty",
        "full": "full",
        "put": "forgotten",
        "get": "forgotten",
        "join": "forgotten",
    }

    @classmethod
    def prepare(cls, arguments: tuple[Value, ...], build: Build) -> tuple[Value, ...]:
        """Check the size, and add the loop."""
        whole_number(cls, arguments[0], 0)
        return super().prepare(arguments, build)

    @classmethod
    def first(cls, _arguments: tuple[Value, ...]) -> Value:
        """Return an empty queue."""
        return ((), 0, (), (), ())

    def _is_full(self, scene: Scene, items: tuple[Value, ...]) -> bool:
        return bool(0 < self._given(scene)[0] <= len(items))

    def put(self, scene: Scene, item: Value) -> Value:
        """Perform `await queue.put(item)`: suspend while the queue is full."""
        self.own_loop(scene)
        if self._is_full(scene, self._state(scene)[0]):
            return self._wait_in(scene, _PUT, "find full")
        self.put_nowait(scene, item)
        return None

    def get(self, scene: Scene) -> Value:
        """Perform `await queue.get()`: suspend while the queue is empty."""
        self.own_loop(scene)
        if not self._state(scene)[0]:
            return self._wait_in(scene, _GET, "find empty")
        return self.get_nowait(scene)

    def join(self, scene: Scene) -> Value:
        """Perform `await queue.join()`: suspend while items that were put are not done."""
        self.own_loop(scene)
        if self._state(scene)[1]:
            return self._wait_in(scene, _JOIN, "wait for")
        self._note(scene, "join")
        return None

    def _wait_in(self, scene: Scene, place: int, operation: str) -> Parked:
        self._update(scene, place, lambda waiters: (*waiters, (scene.thread, WAITS)))
        return self.suspend(scene, operation, place)

    def _update(self, scene: Scene, place: int, change: Callable[[Waiters], Waiters]) -> None:
        queue = list(self._state(scene))
        queue[place] = change(queue[place])
        self._become(scene, tuple(queue))

    def resume(self, scene: Scene, parked: Parked, *arguments: Value) -> Value:
        """Go on, having been woken, and look again."""
        woken = (scene.thread, WOKEN) in self._state(scene)[parked.token]
        thrown = self.loop(scene).take(scene, self.name)
        self._update(scene, parked.token, lambda waiters: _without(waiters, scene.thread))
        if thrown:
            self._leave(scene, parked.token, woken=woken)
        if parked.token == _JOIN:
            self._note(scene, "join")
            return None
        return self.get(scene) if parked.token == _GET else self.put(scene, *arguments)

    def _leave(self, scene: Scene, waiting: int, *, woken: bool) -> None:
        """Leave by exception, having been cancelled; who was woken already wakes another one."""
        items = self._state(scene)[0]
        if woken and waiting != _JOIN and (items if waiting == _GET else not self._is_full(scene, items)):
            self._wake(scene, waiting)
        self._note(scene, "leave")
        raise Raised("CancelledError")

    def put_nowait(self, scene: Scene, item: Value) -> None:
        """Perform `queue.put_nowait(item)`, and wake the first that waits in `get`."""
        self.own_loop(scene)
        items, unfinished, *waiters = self._state(scene)
        if self._is_full(scene, items):
            self._note(scene, "find full")
            raise Raised("QueueFull")
        self._become(scene, ((*items, item), unfinished + 1, *waiters))
        self._note(scene, "put", item)
        self._wake(scene, _GET)

    def get_nowait(self, scene: Scene) -> Value:
        """Perform `queue.get_nowait()`, and wake the first that waits in `put`."""
        self.own_loop(scene)
        items, *others = self._state(scene)
        if not items:
            self._note(scene, "find empty")
            raise Raised("QueueEmpty")
        self._become(scene, (items[1:], *others))
        self._note(scene, "get", items[0])
        self._wake(scene, _PUT)
        return items[0]

    def _wake(self, scene: Scene, place: int, *, everyone: bool = False) -> None:
        """Wake who waits there; who was woken before is waited for no longer."""
        waiting = [task for task, how in self._state(scene)[place] if how == WAITS]
        for task in waiting if everyone else waiting[:1]:
            self.loop(scene).wake(scene, task)
            self._update(scene, place, partial(_woken, task=task))

    def task_done(self, scene: Scene) -> None:
        """Perform `queue.task_done()`."""
        self.own_loop(scene)
        items, unfinished, *waiters = self._state(scene)
        self._note(scene, "task_done")
        if not unfinished:
            raise Raised("ValueError", "task_done() called too many times")
        self._become(scene, (items, unfinished - 1, *waiters))
        if unfinished == 1:
            self._wake(scene, _JOIN, everyone=True)

    def qsize(self, scene: Scene) -> Value:
        """Perform `queue.qsize()`."""
        return self._ask(scene, "length", len(self._state(scene)[0]))

    def empty(self, scene: Scene) -> Value:
        """Perform `queue.empty()`."""
        return self._ask(scene, "empty", not self._state(scene)[0])

    def full(self, scene: Scene) -> Value:
        """Perform `queue.full()`."""
        return self._ask(scene, "full", self._is_full(scene, self._state(scene)[0]))

    def plain(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> Any:
        """Return the items, the oldest first."""
        return [show(item) for item in self._content(read(self.component))[0]]
