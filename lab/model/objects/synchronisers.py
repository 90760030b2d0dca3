"""The objects that threads synchronise by: one line each."""

from __future__ import annotations

from lab.model.objects import awaited
from lab.model.objects.locks import BoundedSemaphore, Lock, RLock, Semaphore
from lab.model.objects.queues import LifoQueue, Queue, SimpleQueue
from lab.model.objects.synchroniser import Synchroniser
from lab.model.objects.waiting import Barrier, Condition, Event

__all__ = ["SYNCHRONISERS"]

SYNCHRONISERS: dict[str, type[Synchroniser]] = {
    "threading.Lock": Lock,
    "threading.RLock": RLock,
    "threading.Semaphore": Semaphore,
    "threading.BoundedSemaphore": BoundedSemaphore,
    "threading.Condition": Condition,
    "threading.Event": Event,
    "threading.Barrier": Barrier,
    "queue.Queue": Queue,
    "queue.LifoQueue": LifoQueue,
    "queue.SimpleQueue": SimpleQueue,
    "asyncio.Lock": awaited.Lock,
    "asyncio.Event": awaited.Event,
    "asyncio.Semaphore": awaited.Semaphore,
    "asyncio.BoundedSemaphore": awaited.BoundedSemaphore,
    "asyncio.Queue": awaited.Queue,
}
"""Each class by the name that a file imports."""
