"""The oracle's conditions, events, barriers and queues, after the Python source of `threading` and `queue`.

Each function takes the memory, a request and the thread that makes it, and returns every result: an answer, and the
cells that change (None for none). No result means that the thread has to wait.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

from tests.oracle.memory import Frozen, Memory, Ref, Request, Thrown

Found = list[tuple[Any, Mapping[Any, Any] | None]]


def lock_of(memory: Memory, condition: Ref) -> Ref:
    """Return the lock of a condition."""
    lock: Ref = memory[condition].items[0]
    return lock


def is_waiting(memory: Memory, condition: Ref, thread: int) -> bool:
    """Whether a thread that waits at a condition has not been woken yet."""
    return thread in memory[condition].items[1]


def _owned(lock: Frozen, thread: int) -> bool:
    return lock.items[0] is not None if lock.kind == "lock" else lock.items[0] == thread


def _condition(memory: Memory, request: Request, thread: int) -> Found:
    word, *args = request.args
    lock, waiting = memory[request.target].items
    content = memory[lock]
    if request.kind == "resume":
        return _resume(memory, request, thread, args)
    if not _owned(content, thread):
        return [(Thrown("RuntimeError", f"cannot {'wait' if word == 'wait' else 'notify'} on un-acquired lock"), None)]
    if word == "wait":
        free = Frozen(content.kind, (None,) if content.kind == "lock" else (None, 0))
        joined = Frozen("condition", (lock, tuple(sorted((*waiting, thread)))))
        return [(content.items[-1], {request.target: joined, lock: free})]
    number = len(waiting) if word == "notify_all" else min(len(waiting), args[0] if args else 1)
    kept = [tuple(other for other in waiting if other not in woken) for woken in combinations(waiting, max(number, 0))]
    return [(None, {request.target: Frozen("condition", (lock, left))}) for left in kept]


def _resume(memory: Memory, request: Request, thread: int, args: list[Any]) -> Found:
    lock, waiting = memory[request.target].items
    held, woken = args
    if thread in waiting and not woken:
        left = tuple(other for other in waiting if other != thread)
        return [("time out", {request.target: Frozen("condition", (lock, left))})] if request.timed else []
    content = memory[lock]
    if content.items[0] is not None:
        return []
    return [(True, {lock: Frozen(content.kind, (thread,) if content.kind == "lock" else (thread, held))})]


def _event(memory: Memory, request: Request, _: int) -> Found:
    word = request.args[0]
    (flag,) = memory[request.target].items
    if word in {"set", "clear"}:
        return [(None, {request.target: Frozen("event", (word == "set",))})]
    if word == "is_set" or flag or request.timed:
        return [(flag, None)]
    return []


def _barrier(memory: Memory, request: Request, _: int) -> Found:
    """Follow `threading.Barrier`: state 0 filling, 1 draining, -1 resetting, -2 broken."""
    word, *args = request.args
    parties, state, count = memory[request.target].items

    def becomes(state: int, count: int) -> Mapping[Any, Any]:
        if count == 0 and state in {-1, 1}:
            state = 0
        return {request.target: Frozen("barrier", (parties, state, count))}

    broken = Thrown("BrokenBarrierError")
    if request.kind == "resume":
        if state == 0 and not request.timed:
            return []
        if state == 0:
            state = -2
        return [(args[0] if state == 1 else broken, becomes(state, count - 1))]
    if word == "abort":
        return [(None, {request.target: Frozen("barrier", (parties, -2, count))})]
    if word == "reset":
        after = 0 if count == 0 else -1 if state in {0, -2} else state
        return [(None, {request.target: Frozen("barrier", (parties, after, count))})]
    if state in {-1, 1}:
        return []
    if state == -2:
        return [(broken, None)]
    if count + 1 == parties:
        return [((count, True), becomes(1, count))]
    return [((count, False), {request.target: Frozen("barrier", (parties, 0, count + 1))})]


def _queue(memory: Memory, request: Request, _: int) -> Found:
    word, *args = request.args
    items, unfinished, room, last_in_first_out = memory[request.target].items

    def becomes(items: tuple[Any, ...], unfinished: int) -> Mapping[Any, Any]:
        return {request.target: Frozen("queue", (items, unfinished, room, last_in_first_out))}

    fails = word.endswith("_nowait") or request.timed
    if word in {"put", "put_nowait"}:
        if room and len(items) >= room:
            return [(Thrown("Full"), None)] if fails else []
        return [(None, becomes((*items, args[0]), unfinished + 1))]
    if word in {"get", "get_nowait"}:
        if not items:
            return [(Thrown("Empty"), None)] if fails else []
        rest = items[:-1] if last_in_first_out else items[1:]
        return [(items[-1] if last_in_first_out else items[0], becomes(rest, unfinished))]
    if word == "join":
        return [] if unfinished else [(None, None)]
    if word == "task_done":
        if not unfinished:
            return [(Thrown("ValueError", "task_done() called too many times"), None)]
        return [(None, becomes(items, unfinished - 1))]
    return [({"qsize": len(items), "empty": not items, "full": 0 < room <= len(items)}[word], None)]


OPERATIONS: dict[str, Callable[[Memory, Request, int], Found]] = {
    "condition": _condition,
    "event": _event,
    "barrier": _barrier,
    "queue": _queue,
}
