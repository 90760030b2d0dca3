"""What is replaced while threads are controlled, and put back afterwards."""

from __future__ import annotations

import asyncio
import concurrent.futures._base as base
import concurrent.futures.thread as pool
import contextlib
import functools
import operator
import os
import queue
import threading
import time
from collections.abc import Callable, Iterable, MutableMapping, Sequence
from typing import Any, Optional

from lab.live.runner import conditions, cores, library, locks, queues, threads
from lab.live.runner.operations import OWN_FILES
from lab.live.runner.session import working
from lab.live.runner.twins import Twins, exchange

__all__ = ["ForbiddenError", "install"]

OWN_FILES.update(
    {
        __file__,
        threading.__file__,
        queue.__file__,
        pool.__file__,
        contextlib.__file__,
        base.__file__,
    }
)

CLOCKS = ("time", "time_ns", "monotonic_ns", "perf_counter", "perf_counter_ns")

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
        (base, "Future", library.Future),
        (base, "_AcquireFutures", library.AcquireFutures),
        (base, "LOGGER", library.Log(base.LOGGER)),
    ]
    found += [(time, name, threads.clock_of(name)) for name in CLOCKS]
    in_os = {"fork": _fork, "_exit": _exit, "sched_getaffinity": cores.allowed}
    found += [(os, name, replacement) for name, replacement in in_os.items() if hasattr(os, name)]
    return found


def install(
    namespaces: Sequence[MutableMapping[str, Any]], roots: Iterable[Any] = ()
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Replace everything, also where user code has imported it by name or keeps one that it made before.

    Returns
    -------
    tuple of two callables
        What replaces again whatever a thread has replaced in the standard library, and what puts it all back.
    """
    changes = _Changes()
    twins = Twins()
    begin = list(roots)

    def put_back() -> None:
        if twins.made:  # else no twin can stand anywhere
            exchange(namespaces, begin, twins.originals())

    def undo() -> None:
        changes.undo(put_back)

    try:
        standing = _replace_names(namespaces, changes)
        exchange(namespaces, begin, twins)
        stand = [one for _, _, one in standing]
    except BaseException:  # Ctrl-C, too
        undo()
        raise

    def renew() -> None:
        found = [namespace.get(name) for namespace, name, _ in standing]
        if not all(map(operator.is_, found, stand)):
            for namespace, name, replacement in standing:
                namespace[name] = replacement
        twins.renew()

    return renew, undo


def _replace_names(
    namespaces: Sequence[MutableMapping[str, Any]], changes: _Changes
) -> list[tuple[MutableMapping[str, Any], str, Any]]:
    """Replace what has a name in the standard library or in a user's module; return what stands in the library."""
    by_identity: dict[int, Any] = {id(_real_lock): locks.Lock}
    for module, name, replacement in _table():
        old = getattr(module, name, _missing)
        if old is not _missing and old is not None:
            by_identity[id(old)] = replacement
            changes.put(vars(module), name, replacement)
    standing = list(changes.made)
    _replace_in_classes(changes)
    for namespace in namespaces:
        for name, value in list(namespace.items()):
            twin = by_identity.get(id(value))
            if twin is not None:
                changes.put(namespace, name, twin)
    return standing


def _replace_in_classes(changes: _Changes) -> None:
    """Let classes that were derived from `threading.Thread` before be threads of the run, and selectors wait in it."""
    for kind in library.selector_kinds():
        changes.put_in_class(kind, "select", library.select_of(kind.select))
    changes.put_in_class(asyncio.BaseEventLoop, "call_soon_threadsafe", library.call_soon_threadsafe)
    for real, twin in ((_real_thread, threads.Thread), (_real_timer, threads.Timer)):
        for kind in real.__subclasses__():
            if kind.__module__ != "threading" and kind not in {threads.Thread, threads.Timer}:
                bases = tuple(twin if one is real else one for one in kind.__bases__)
                changes.put_in_class(kind, "__bases__", bases)


class _Changes:
    """Variables of modules and of classes that were replaced, and what stood there."""

    def __init__(self) -> None:
        self.made: list[tuple[MutableMapping[str, Any], str, Any]] = []
        self.before: list[Callable[[], None]] = []

    def put(self, namespace: MutableMapping[str, Any], name: str, value: Any) -> None:
        """Replace a variable of a module."""
        self.before.append(functools.partial(_restore, namespace, name, namespace.get(name, _missing)))
        self.made.append((namespace, name, value))
        namespace[name] = value

    def put_in_class(self, kind: Any, name: str, value: Any) -> None:
        """Replace what a class has."""
        before = kind.__bases__ if name == "__bases__" else vars(kind)[name]
        self.before.append(functools.partial(_set, kind, name, before))
        _set(kind, name, value)

    def undo(self, first: Callable[[], None]) -> None:
        """Put everything back, the last first; Ctrl-C waits until that is done."""
        interrupted: Optional[KeyboardInterrupt] = None
        left = [*self.before, first]
        while left:
            try:
                while left:  # a loop's end is a place for Ctrl-C, too
                    left[-1]()
                    left.pop()
            except KeyboardInterrupt as error:
                interrupted = error
        self.before.clear()
        if interrupted is not None:
            raise interrupted


def _set(kind: Any, name: str, value: Any) -> None:
    with contextlib.suppress(TypeError):  # objects of the classes differ in form
        setattr(kind, name, value)


def _restore(namespace: MutableMapping[str, Any], name: str, value: Any) -> None:
    if value is _missing:
        namespace.pop(name, None)
    else:
        namespace[name] = value


_real_lock, _real_thread, _real_timer = threading.Lock, threading.Thread, threading.Timer
