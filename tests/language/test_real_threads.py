"""Snippets of two threads mean on real threads what the model says: every real outcome is one of the explored ones.

Each snippet really runs again and again, every line of Python code (that of `threading` and `queue` included) delayed
at random. What happened must be among the explored outcomes; and because the snippets are small, the runs go on until
every explored outcome that ends has been seen.
"""

from __future__ import annotations

import json
import random
import textwrap
import threading
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest

import lab
from lab.language import parse
from lab.verify.free_run import RunOutcome, run

TOP = """
from queue import Empty, Full, LifoQueue, Queue, SimpleQueue
from threading import Barrier, BrokenBarrierError, Condition, Event, Lock, RLock, Semaphore
from lab.scenario import Atomic, thread

x = 0
y = 0
items = []
ages = {"a": 1}
lock = Lock()
again = RLock()
c = Condition()
full = Condition(lock)
e = Event()
pair = Barrier(2)
q = Queue()
one = Queue(1)
stack = LifoQueue()
simple = SimpleQueue()
seats = Semaphore(0)


"""

SNIPPETS = """
with c:
    items.append(1)
    c.notify()
---
with c:
    while not items:
        c.wait()
    return items.pop()

with c:
    items.append(1)
    c.notify_all()
---
with c:
    return c.wait_for(lambda: items), len(items)

with c:
    c.notify()
---
with c:
    return c.wait(0.002)

with full:
    items.append(1)
    full.notify()
---
with lock:
    return full.wait_for(lambda: len(items) == 1, timeout=0.002)

with c:
    c.notify()
---
with c:
    c.wait()

with c:
    with c:
        c.notify()
        items.append(1)
---
with c:
    with c:
        return c.wait(0.002), len(items)

c.notify()
---
with c:
    items.append(1)

full.notify()
return 'nobody noticed'
---
with lock:
    items.append(1)

e.set()
return e.is_set()
---
e.wait()
e.clear()
return e.is_set()

e.set()
e.clear()
---
return e.wait(0.002)

e.set()
e.clear()
---
e.wait()
return 1

e.wait()
items.append(2)
---
items.append(1)
e.set()

return pair.wait()
---
return pair.wait()

pair.wait()
items.append(1)
pair.wait()
---
pair.wait()
pair.wait()
return len(items)

pair.wait()
---
pair.abort()

try:
    return pair.wait(0.002)
except BrokenBarrierError:
    return pair.broken
---
try:
    return pair.wait(0.002)
except BrokenBarrierError:
    return pair.broken

try:
    pair.wait()
except BrokenBarrierError:
    return 'reset'
---
pair.reset()

q.put(1)
q.put(2)
---
return q.get(), q.get()

one.put(1)
one.put(2)
---
return one.get(), one.get()

one.put(1)
---
one.put(2)

try:
    one.put(1, timeout=0.002)
except Full:
    return 'full'
---
one.put(2)

stack.put(1)
stack.put(2)
---
return stack.get(), stack.get()

simple.put(1)
---
try:
    return simple.get(timeout=0.002)
except Empty:
    return 'empty'

q.put(1)
q.put(2)
q.join()
return len(items)
---
items.append(q.get())
q.task_done()
items.append(q.get())
q.task_done()

q.put(1)
---
return q.qsize(), q.empty()

return lock.acquire(timeout=0.002)
---
return lock.acquire(timeout=0.002)

return again.acquire(timeout=0.002), again.acquire(False)
---
return again.acquire(False)

lock.acquire()
items.append(lock.acquire(timeout=0.002))
---
lock.release()

seats.release()
---
return seats.acquire(timeout=0.002)

seats.release(2)
---
return seats.acquire(), seats.acquire(), seats.acquire(False)

with lock:
    items.append(1)
---
try:
    lock.release()
except RuntimeError as error:
    return str(error)

ages["b"] = 2
---
try:
    for name in ages:
        items.append(name)
except RuntimeError as error:
    return str(error)

try:
    items.pop()
except IndexError:
    return 'nothing'
---
items.append(1)

del ages["a"]
---
try:
    return ages["a"]
except KeyError as error:
    return str(error)

with lock:
    with again:
        items.append(1)
---
with again:
    with lock:
        items.append(2)
""".strip().split("\n\n")


SNIPPET = "snippet.py"


def scenario(snippet: str) -> str:
    """Return the file of two threads with those bodies."""
    bodies = snippet.split("\n---\n")
    threads = [f"@thread\ndef T{n}():\n{textwrap.indent(body, '    ')}\n" for n, body in enumerate(bodies, 1)]
    return TOP + "\n\n".join(threads)


@contextmanager
def delays(chance: random.Random) -> Iterator[None]:
    """Delay every thread that starts inside at random lines, and at random instructions of the snippet itself."""

    def trace(frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any]:
        frame.f_trace_opcodes = frame.f_code.co_filename == SNIPPET
        if chance.random() < 0.2:
            time.sleep(chance.choice((0, 0, 0.0003, 0.001, 0.004)))
        return trace

    before = threading.gettrace()
    threading.settrace(trace)
    try:
        yield
    finally:
        threading.settrace(before)  # type: ignore[arg-type]  # None, too, is what it was before


def really(text: str, chance: random.Random, timeout: float) -> RunOutcome:
    """Run the file once."""
    names: dict[str, Any] = {"__name__": "scenario"}
    exec(compile(text, SNIPPET, "exec"), names)
    with delays(chance):
        return run(names, timeout)


def shown(end: Any, names: Collection[str]) -> str:
    """Return what can be observed of an outcome, real or explored; a real one also shows what never changes."""
    shared = {name: end.shared[name] for name in names}
    return json.dumps([shared, end.returned, end.errors], sort_keys=True)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_real_threads_do_what_the_model_says(snippet: str) -> None:
    """Each real outcome is an explored one, and each explored outcome that ends really happens."""
    text = scenario(snippet)
    explored = lab.explore(parse(text))
    names = explored.outcomes[0].shared.keys()
    missing = {shown(end, names) for end in explored.outcomes if end.status == "finished"}
    possible, stuck = set(missing), explored.deadlock.verdict == "violated"
    chance = random.Random(1)
    for turn in range(400):
        if not missing and turn >= 5:
            break
        outcome = really(text, chance, 0.1 if stuck else 20)
        if outcome.status == "unfinished":
            assert stuck, "a real run did not end, though no deadlock was explored"
            continue
        assert shown(outcome, names) in possible
        missing.discard(shown(outcome, names))
    assert not missing
