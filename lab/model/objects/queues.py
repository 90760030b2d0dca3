"""Queues of `queue`: each is one component, and every operation on it is one step."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from lab.model.compute import check_orderable
from lab.model.heap import Raised, Refused, Scene
from lab.model.objects.synchroniser import Build, Synchroniser, whole_number
from lab.model.values import Value

__all__ = ["LifoQueue", "PriorityQueue", "Queue", "SimpleQueue"]


class SimpleQueue(Synchroniser):
    """A `queue.SimpleQueue`; its component is the items and the number of unfinished tasks, which it never asks."""

    kind: ClassVar[str] = "SimpleQueue"
    in_python: ClassVar[bool] = False
    alike: ClassVar[bool] = True
    usage: ClassVar[str] = "SimpleQueue()"
    shown = True
    rules: ClassVar[Mapping[str, str]] = {
        "put": "put",
        "get": "get",
        "put_nowait": "put_nowait",
        "get_nowait": "get_nowait",
        "qsize": "qsize",
        "empty": "empty",
    }
    _counts = 0

    def _added(self, items: tuple[Value, ...], item: Value) -> tuple[Value, ...]:
        return (*items, item)

    def _taken(self, items: tuple[Value, ...]) -> tuple[Value, tuple[Value, ...]]:
        return items[0], items[1:]

    def room(self, _scene: Scene) -> int:
        """Return how many items there is room for; 0 for any number."""
        return 0

    @classmethod
    def first(cls, _arguments: tuple[Value, ...]) -> Value:
        """Return an empty queue."""
        return ((), 0)

    def put(self, scene: Scene, item: Value, block: Value = True, timeout: Value = None) -> None:
        """Perform `queue.put(item)`: not enabled while the queue is full."""
        items, unfinished = self._state(scene)
        if room := self.room(scene):
            self._check(block, timeout)
            if len(items) >= room:
                self._full_or_empty(scene, block, timeout, "Full")
        self._become(scene, (self._added(items, item), unfinished + self._counts))
        self._note(scene, "put", item)

    def put_nowait(self, scene: Scene, item: Value) -> None:
        """Perform `queue.put_nowait(item)`."""
        self.put(scene, item, False)

    def get(self, scene: Scene, block: Value = True, timeout: Value = None) -> Value:
        """Perform `queue.get()`: not enabled while the queue is empty."""
        if scene.thread < 0:
            raise Refused("a property takes from a queue", "read its `qsize()`")
        self._check(block, timeout)
        items, unfinished = self._state(scene)
        if not items:
            self._full_or_empty(scene, block, timeout, "Empty")
        item, left = self._taken(items)
        self._become(scene, (left, unfinished))
        self._note(scene, "get", item)
        return item

    def get_nowait(self, scene: Scene) -> Value:
        """Perform `queue.get_nowait()`."""
        return self.get(scene, False)

    def _check(self, block: Value, timeout: Value) -> None:
        if block and isinstance(timeout, int | float) and timeout < 0:
            raise Raised("ValueError", "'timeout' must be a non-negative number")

    def _full_or_empty(self, scene: Scene, block: Value, timeout: Value, error: str) -> None:
        if block:
            self._wait(scene, timeout)
        self._note(scene, f"find {error.lower()}")
        raise Raised(error)

    def _ask(self, scene: Scene, operation: str, answer: Value) -> Value:
        scene.note(self.name, operation, answer, atomic=True)
        return answer

    def qsize(self, scene: Scene) -> Value:
        """Perform `queue.qsize()`."""
        return self._ask(scene, "length", len(self._state(scene)[0]))

    def empty(self, scene: Scene) -> Value:
        """Perform `queue.empty()`."""
        return self._ask(scene, "empty", not self._state(scene)[0])

    def plain(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> Any:
        """Return the items, the oldest first."""
        return [show(item) for item in self._content(read(self.component))[0]]


class Queue(SimpleQueue):
    """A `queue.Queue`; its component is the items, the oldest first, and the number of unfinished tasks."""

    kind: ClassVar[str] = "Queue"
    in_python: ClassVar[bool] = True
    usage: ClassVar[str] = "Queue(maxsize=2)"
    parameters: ClassVar[Mapping[str, Value]] = {"maxsize": 0}
    rules: ClassVar[Mapping[str, str]] = {
        **SimpleQueue.rules,
        "full": "full",
        "task_done": "task_done",
        "join": "join",
    }
    _counts = 1

    @classmethod
    def prepare(cls, arguments: tuple[Value, ...], _build: Build) -> tuple[Value, ...]:
        """Check the size."""
        whole_number(cls, arguments[0], 0)
        return arguments

    def room(self, scene: Scene) -> int:
        """Return how many items there is room for; 0 for any number."""
        room: int = self._given(scene)[0]
        return room

    def full(self, scene: Scene) -> Value:
        """Perform `queue.full()`."""
        return self._ask(scene, "full", 0 < self.room(scene) <= len(self._state(scene)[0]))

    def task_done(self, scene: Scene) -> None:
        """Perform `queue.task_done()`."""
        items, unfinished = self._state(scene)
        self._note(scene, "task_done")
        if not unfinished:
            raise Raised("ValueError", "task_done() called too many times")
        self._become(scene, (items, unfinished - 1))

    def join(self, scene: Scene) -> None:
        """Perform `queue.join()`: enabled when every item that was put is done."""
        if self._state(scene)[1]:
            self._wait(scene, None)
        self._note(scene, "join")


class LifoQueue(Queue):
    """A `queue.LifoQueue`: the last item in is the first out."""

    kind: ClassVar[str] = "LifoQueue"
    usage: ClassVar[str] = "LifoQueue(maxsize=2)"

    def _taken(self, items: tuple[Value, ...]) -> tuple[Value, tuple[Value, ...]]:
        return items[-1], items[:-1]


class PriorityQueue(Queue):
    """A `queue.PriorityQueue`: the smallest item is the first out; its items stand as in Python's heap."""

    kind: ClassVar[str] = "PriorityQueue"
    usage: ClassVar[str] = "PriorityQueue(maxsize=2)"

    def _added(self, items: tuple[Value, ...], item: Value) -> tuple[Value, ...]:
        heap = [*items, item]
        check_orderable(tuple(heap))
        try:
            heapq.heappush(heap, heap.pop())
        except TypeError:
            raise Refused(
                "a PriorityQueue holds items that cannot be compared", "put numbers, or pairs of them"
            ) from None
        return tuple(heap)

    def _taken(self, items: tuple[Value, ...]) -> tuple[Value, tuple[Value, ...]]:
        heap = list(items)
        return heapq.heappop(heap), tuple(heap)
