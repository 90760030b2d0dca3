"""Queues whose operations are one step each; they behave as those of `queue` do."""

from __future__ import annotations

import heapq
from collections import deque
from queue import Empty, Full
from typing import Any, Optional

from lab.live.runner.operations import OWN_FILES
from lab.live.runner.performing import perform

__all__ = ["LifoQueue", "PriorityQueue", "Queue", "SimpleQueue"]

OWN_FILES.add(__file__)


class Queue:
    """First in, first out; `queue.Queue`."""

    label = "Queue"

    def __init__(self, maxsize: int = 0) -> None:
        self.maxsize = maxsize
        self.unfinished_tasks = 0
        self._init(maxsize)

    def _init(self, _: int) -> None:
        self.queue: Any = deque()

    def _qsize(self) -> int:
        return len(self.queue)

    def _put(self, item: Any) -> None:
        self.queue.append(item)

    def _get(self) -> Any:
        return self.queue.popleft()

    def peek(self) -> tuple[int, int]:
        """Return how many items there are, and how many are not done."""
        return (self._qsize(), self.unfinished_tasks)

    def describe(self) -> str:
        """Return the queue in words."""
        return f"a {self.label} with {self._qsize()} items"

    def _has_room(self, found: Any) -> bool:
        return not 0 < self.maxsize <= found[0]

    def put(self, item: Any, block: bool = True, timeout: Optional[float] = None) -> None:
        """Put an item in, when there is room."""
        timed = _timed(block, timeout)
        if not perform("put", self, self._has_room, timed=timed, seconds=timeout or 0.0):
            raise Full
        self._put(item)
        self.unfinished_tasks += 1

    def get(self, block: bool = True, timeout: Optional[float] = None) -> Any:
        """Take an item out, when there is one."""
        if not perform("get", self, _any_there, timed=_timed(block, timeout), seconds=timeout or 0.0):
            raise Empty
        return self._get()

    def put_nowait(self, item: Any) -> None:
        """Put an item in, if there is room."""
        self.put(item, block=False)

    def get_nowait(self) -> Any:
        """Take an item out, if there is one."""
        return self.get(block=False)

    def qsize(self) -> int:
        """Return how many items there are."""
        perform("qsize", self, writes=False)
        return self._qsize()

    def empty(self) -> bool:
        """Whether there is no item."""
        perform("empty", self, writes=False)
        return not self._qsize()

    def full(self) -> bool:
        """Whether there is no room."""
        perform("full", self, writes=False)
        return 0 < self.maxsize <= self._qsize()

    def task_done(self) -> None:
        """Say that an item taken out is done."""
        perform("task_done", self)
        if self.unfinished_tasks <= 0:
            raise ValueError("task_done() called too many times")
        self.unfinished_tasks -= 1

    def join(self) -> None:
        """Wait until every item is done."""
        perform("join", self, _all_done, writes=False)


def _any_there(found: Any) -> bool:
    return bool(found[0])


def _all_done(found: Any) -> bool:
    return not found[1]


def _timed(block: bool, timeout: Optional[float]) -> bool:
    if block and timeout is not None and timeout < 0:
        raise ValueError("'timeout' must be a non-negative number")
    return not block or timeout is not None


class LifoQueue(Queue):
    """Last in, first out; `queue.LifoQueue`."""

    label = "LifoQueue"

    def _init(self, _: int) -> None:
        self.queue = []

    def _get(self) -> Any:
        return self.queue.pop()


class PriorityQueue(Queue):
    """The smallest first; `queue.PriorityQueue`."""

    label = "PriorityQueue"

    def _init(self, _: int) -> None:
        self.queue = []

    def _put(self, item: Any) -> None:
        heapq.heappush(self.queue, item)

    def _get(self) -> Any:
        return heapq.heappop(self.queue)


class SimpleQueue(Queue):
    """First in, first out, without bound or tasks; `queue.SimpleQueue`."""

    label = "SimpleQueue"

    def __init__(self) -> None:
        super().__init__(0)
