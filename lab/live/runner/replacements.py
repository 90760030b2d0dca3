"""What is replaced while threads are controlled, and put back afterwards."""

from __future__ import annotations

import concurrent.futures.thread as pool
import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

from lab.live.runner import conditions, locks, queues, threads
from lab.live.runner.operations import OWN_FILES
from lab.live.runner.session import working

__all__ = ["ForbiddenError", "install"]

OWN_FILES.update(
    {
        __file__,
        threading.__file__,
        queue.__file__,
        pool.__file__,
        contextlib.__file__,
        sys.modules["concurrent.futures._base"].__file__ or "",
    }
)

_missing = object()


class ForbiddenError(RuntimeError):
    """What a thread under test cannot do: the other threads would be lost."""


def _fork() -> int:
    if working() is None:
        return _real["fork"]()  # type: ignore[no-any-return]
    raise ForbiddenError("a thread under test forked: a run cannot go on in two processes")


def _exit(status: int) -> None:
    if working() is None:
        _real["_exit"](status)
    raise ForbiddenError(f"a thread under test called os._exit({status})")


_real: dict[str, Callable[..., Any]] = {name: getattr(os, name) for name in ("fork", "_exit") if hasattr(os, name)}


def _table() -> list[tuple[Any, str, Any]]:
    """Return what is replaced: where, its name, and by what."""
    found: list[tuple[Any, str, Any]] = [
        (threading, "Lock", locks.Lock),
        (threading, "_allocate_lock", locks.Lock),
        (threading, "RLock", locks.RLock),
        (threading, "Condition", conditions.Condition),
        (threading, "Event", conditions.Event),
        (threading, "Semaphore", conditions.Semaphore),
        (threading, "BoundedSemaphore", conditions.BoundedSemaphore),
        (threading, "Barrier", conditions.Barrier),
        (threading, "Thread", threads.Thread),
        (threading, "Timer", threads.Timer),
        (threading, "local", threads.Local),
        (threading, "current_thread", threads.current_thread),
        (threading, "get_ident", threads.get_ident),
        (queue, "Queue", queues.Queue),
        (queue, "LifoQueue", queues.LifoQueue),
        (queue, "PriorityQueue", queues.PriorityQueue),
        (queue, "SimpleQueue", queues.SimpleQueue),
        (time, "sleep", threads.sleep),
        (time, "monotonic", threads.clock),
        (pool, "_global_shutdown_lock", locks.Lock()),
    ]
    found += [(os, name, replacement) for name, replacement in (("fork", _fork), ("_exit", _exit)) if name in _real]
    return found


def install(namespaces: Sequence[MutableMapping[str, Any]]) -> Callable[[], None]:
    """Replace everything, also where user modules have imported it by name; return what puts it all back."""
    undo: list[Callable[[], None]] = []

    def put(namespace: MutableMapping[str, Any], name: str, value: Any) -> None:
        old = namespace.get(name, _missing)
        if old is _missing:
            undo.append(lambda: namespace.pop(name, None))
        else:
            undo.append(lambda: namespace.__setitem__(name, old))
        namespace[name] = value

    by_identity: dict[int, Any] = {}
    for module, name, replacement in _table():
        old = getattr(module, name, _missing)
        if old is _missing:
            continue
        by_identity[id(old)] = replacement
        put(vars(module), name, replacement)
    by_identity[id(_real_lock)] = locks.Lock
    by_identity.pop(id(None), None)
    for namespace in namespaces:
        for name, value in list(namespace.items()):
            if id(value) in by_identity:
                put(namespace, name, by_identity[id(value)])
            else:
                twin = controlled_twin(value)
                if twin is not None:
                    put(namespace, name, twin)

    def put_back() -> None:
        while undo:
            undo.pop()()

    return put_back


_real_lock = threading.Lock
_KINDS: list[tuple[Any, Callable[[Any], Any]]] = [
    (type(threading.Lock()), lambda _: locks.Lock()),
    (type(threading.RLock()), lambda _: locks.RLock()),
    (threading.Condition, lambda real: conditions.Condition(controlled_twin(real._lock))),
    (threading.Event, lambda real: _event(real.is_set())),
    (threading.BoundedSemaphore, lambda real: conditions.BoundedSemaphore(real._initial_value)),
    (threading.Semaphore, lambda real: conditions.Semaphore(real._value)),
    (threading.Barrier, lambda real: conditions.Barrier(real.parties, real._action, real._timeout)),
    (queue.PriorityQueue, lambda real: _filled(queues.PriorityQueue(real.maxsize), list(real.queue))),
    (queue.LifoQueue, lambda real: _filled(queues.LifoQueue(real.maxsize), list(real.queue))),
    (queue.Queue, lambda real: _filled(queues.Queue(real.maxsize), list(real.queue))),
    (queue.SimpleQueue, lambda _: queues.SimpleQueue()),
    (threading.local, lambda _: threads.Local()),
]


def controlled_twin(value: Any) -> Any:
    """Return a controlled object that begins as this real one stands; None if it is nothing to wait for."""
    for kind, make in _KINDS:
        if type(value) is kind:
            return make(value)
    return None


def _event(flag: bool) -> conditions.Event:
    made = conditions.Event()
    made._flag = flag
    return made


def _filled(made: queues.Queue, items: list[Any]) -> queues.Queue:
    for item in items:
        made._put(item)
    made.unfinished_tasks = len(items)
    return made
