"""What threads synchronise by, made in a thread: private until it is shared, then as if made at the top level."""

from __future__ import annotations

import json
from typing import Any

import pytest

import lab
from lab.errors import ScenarioError
from lab.language import parse
from lab.verify import free_run
from tests.explorer.test_traces import agrees

FILES = {
    "a queue, an event and a condition given to a thread": """
import queue, threading
from lab.scenario import main
def work(q, e, c):
    q.put(1)
    e.set()
    with c:
        c.notify()
@main
def program():
    q = queue.Queue()
    e = threading.Event()
    c = threading.Condition()
    t = threading.Thread(target=work, args=(q, e, c))
    t.start()
    e.wait()
    x = q.get()
    t.join()
    return x
""",
    "a bounded queue": """
import queue, threading
from lab.scenario import main
def work(q):
    for i in range(2):
        q.put(i)
@main
def program():
    q = queue.Queue(maxsize=1)
    t = threading.Thread(target=work, args=(q,))
    t.start()
    r = q.get(), q.get()
    t.join()
    return r, q.empty(), q.full()
""",
    "a buffer with a condition on its lock": """
import threading
from lab.scenario import main
class Buffer:
    def __init__(self, size):
        self.size = size
        self.items = []
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
    def put(self, item):
        with self.changed:
            while len(self.items) == self.size:
                self.changed.wait()
            self.items.append(item)
            self.changed.notify_all()
    def get(self):
        with self.changed:
            self.changed.wait_for(lambda: self.items)
            item = self.items.pop(0)
            self.changed.notify_all()
            return item
def produce(buffer):
    for i in range(2):
        buffer.put(i)
@main
def program():
    buffer = Buffer(1)
    t = threading.Thread(target=produce, args=(buffer,))
    t.start()
    a = buffer.get()
    b = buffer.get()
    t.join()
    return a, b
""",
    "a barrier": """
import threading
from lab.scenario import main
n = 0
def work(b):
    global n
    b.wait()
    n = 1
@main
def program():
    b = threading.Barrier(2)
    t = threading.Thread(target=work, args=(b,))
    t.start()
    i = b.wait()
    t.join()
    return b.parties, b.broken
""",
    "a bounded semaphore": """
import threading
from lab.scenario import main
def work(s):
    with s:
        pass
@main
def program():
    s = threading.BoundedSemaphore(1)
    t = threading.Thread(target=work, args=(s,))
    t.start()
    t.join()
    try:
        s.release()
    except ValueError as e:
        return str(e)
""",
    "objects that nobody else knows": """
import threading, queue
from lab.scenario import thread
@thread
def A():
    e = threading.Event()
    e.set()
    q = queue.LifoQueue(2)
    q.put(1)
    q.put(2)
    try:
        q.put_nowait(3)
    except queue.Full:
        full = True
    s = queue.SimpleQueue()
    s.put(1)
    c = threading.Condition()
    with c:
        c.notify_all()
    b = threading.Barrier(1)
    return e.is_set(), q.get(), q.qsize(), full, s.get(), b.wait(), e.wait(1)
""",
    "objects of asyncio given to a task": """
import asyncio
from lab.scenario import thread
async def f(q, e, l, s):
    await q.put(1)
    await e.wait()
    async with l:
        async with s:
            await q.put(2)
    return 5
@thread
async def A():
    q = asyncio.Queue(1)
    e = asyncio.Event()
    l = asyncio.Lock()
    s = asyncio.BoundedSemaphore(1)
    t = asyncio.create_task(f(q, e, l, s))
    r = await q.get()
    e.set()
    r2 = await q.get()
    return r, r2, await t
""",
    "a wait that is cancelled": """
import asyncio
from lab.scenario import thread
async def f(q):
    await q.get()
@thread
async def A():
    q = asyncio.Queue()
    t = asyncio.create_task(f(q))
    await asyncio.sleep(0)
    t.cancel()
    await asyncio.sleep(0)
    p = asyncio.Queue()
    u = asyncio.create_task(f(p))
    await p.put(1)
    await u
    return p.qsize()
""",
    "a lock of asyncio that a list holds": """
import asyncio
from lab.scenario import thread
held = []
async def other():
    async with held[0]:
        await asyncio.sleep(0)
@thread
async def A():
    held.append(asyncio.Lock())
    async with held[0]:
        t = asyncio.create_task(other())
        await asyncio.sleep(0)
    await t
    return held[0].locked(), held.pop() is None
""",
    "a queue that a list holds": """
import queue
from lab.scenario import thread
box = [None]
@thread
def A():
    q = queue.Queue()
    q.put(7)
    box[0] = q
""",
}


def seen(end: Any, names: Any) -> Any:
    """Return what can be observed of an outcome, real or explored."""
    shared = {name: end.shared[name] for name in names}
    return json.loads(json.dumps([shared, end.returned, end.errors]))


@pytest.mark.parametrize("name", FILES)
def test_an_object_made_in_a_thread_does_what_python_s_does(name: str) -> None:
    """The one outcome, whatever the schedule, is that of a real run."""
    [outcome] = lab.explore(parse(FILES[name])).outcomes
    names: dict[str, Any] = {"__name__": "scenario"}
    exec(FILES[name], names)
    real = free_run.run(names, 20)
    assert (outcome.status, real.status) == ("finished", "finished")
    assert seen(outcome, outcome.shared) == seen(real, outcome.shared)


@pytest.mark.parametrize("name", ["a queue, an event and a condition given to a thread", "a barrier"])
def test_truly_different_runs_are_those_of_all_schedules(name: str) -> None:
    """The slow count of traces agrees, although its analysis asks of places that are not used yet."""
    agrees(FILES[name])


MAIN = "import threading, queue\nfrom lab.scenario import main\n"


def test_truly_different_runs_of_an_object_that_a_variable_holds_are_those_of_all_schedules() -> None:
    """Two threads wait for a queue that a third one makes, and put into it."""
    waits = "wait_until(lambda: jobs is not None)\n    jobs.put(1)\n    jobs.put(2)\n"
    agrees(
        "from queue import Queue\nfrom lab.scenario import thread, wait_until\njobs = None\n"
        "@thread\ndef A():\n    global jobs\n    jobs = Queue()\n"
        f"@thread\ndef B():\n    {waits}@thread\ndef C():\n    {waits}"
    )


def test_an_object_that_is_shared_is_called_after_its_maker() -> None:
    """A deadlock names what is waited for: the first Event that main shared; the second one is private, and no step."""
    text = (
        f"{MAIN}def work(e):\n    e.wait()\n@main\ndef program():\n    threading.Event().set()\n"
        "    e = threading.Event()\n    threading.Thread(target=work, args=(e,)).start()\n"
    )
    [outcome] = lab.explore(parse(text)).outcomes
    assert outcome.waiting["work"]["for"] == "Event#main.1"
    assert len(outcome.witness) == 1


def test_a_condition_made_in_a_thread_loses_a_wake_up() -> None:
    """Waiting without looking: notified before, the waiter waits for ever; notified after, it goes on."""
    text = (
        f"{MAIN}def work(c):\n    with c:\n        c.notify()\n@main\ndef program():\n    c = threading.Condition()\n"
        "    threading.Thread(target=work, args=(c,)).start()\n    with c:\n        c.wait()\n"
    )
    assert {end.status for end in lab.explore(parse(text)).outcomes} == {"finished", "deadlock"}


REFUSED = {
    "threading.Barrier()": "the number given to Barrier is no whole number from 1",
    "queue.Queue(-1)": "the number given to Queue is no whole number from 0",
    "queue.Queue(1, 2)": "Queue is called with arguments it does not take",
    "queue.Queue(size=2)": "Queue is called with arguments it does not take",
    "threading.Condition(3)": "a Condition is made of something that is no lock",
    "threading.Event().wait()": "what only this thread knows is waited for",
    "asyncio.Queue()": "an asyncio.Queue is made in a file without tasks",
}


@pytest.mark.parametrize("made", REFUSED)
def test_what_cannot_be_made_is_refused_with_its_line(made: str) -> None:
    """One sentence, and the line."""
    text = f"import asyncio, threading, queue\nfrom lab.scenario import thread\n@thread\ndef T():\n    {made}\n"
    with pytest.raises(ScenarioError) as refused:
        lab.explore(parse(text))
    assert REFUSED[made] in str(refused.value)
    assert refused.value.line == 5
