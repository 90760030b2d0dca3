"""Random programs of one thread that makes, changes, shares and calls objects, against Python itself."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lab
from lab.errors import ScenarioError
from lab.language import parse
from lab.verify.free_run import described, plain

TOP = """
from queue import Empty, Full, LifoQueue, Queue
from threading import BoundedSemaphore, Condition, Event, Lock, RLock
from types import SimpleNamespace
from lab.scenario import Atomic, thread
shared = [0, 1]
kept = None
box = SimpleNamespace(v=0)


class Node:
    size = 1

    def __init__(self, value, below=None):
        self.value = value
        self.below = below
        self.text = ""

    def push(self, value):
        self.below = Node(value, self.below)
        return self

    @property
    def label(self):
        return self.text

    @label.setter
    def label(self, text):
        self.text = text

    @property
    def twice(self):
        return [self.value, self.value]

    def __add__(self, other):
        return Node((self.value, other), self)


def grow(items, by=1):
    items.append(by)
    return items


"""

STATEMENTS = (
    "a = []", "b = a", "a = [b]", "b = [1, 2]", "a.append(len(b))", "b.append(a is b)", "a += b[:2]", "b = a + [3]",
    "a.insert(0, n)", "a.pop()", "b.clear()", "a, b = b, a", "shared.append(a)", "kept = b", "kept = n", "box.v = a",
    "b = shared[-1]", "a = shared", "a = list(shared)", "shared[0] = len(shared)", "a = [v for v in shared]",
    "n = Node(len(a))", "n.push(len(b))", "n.below = n", "n = n + 1", "a = n.twice", "n.value = b", "b = n.value",
    "n = n.below or n", "f = lambda: len(a)", "f = lambda k=len(a): k", "b = [f()]", "grow(b)",
    "grow(shared, by=n.size)",
    "a = sorted([len(b), 3, 1], key=lambda v: -v)", "d['k'] = a", "d[len(a)] = b", "a = d.get('k', b)",
    "b = [f'{len(a)}:{len(b)}']", "c = count()", "a = {'x': b}.pop('x')", "a.remove(1)", "box.v.append(1)",
    "jobs.put(len(a))", "a = [jobs.get_nowait()]", "b = [jobs.qsize(), jobs.empty(), jobs.full()]", "jobs.task_done()",
    "jobs = Queue(len(b))", "stack.put(b)", "a = stack.get_nowait()", "done.set()", "b = [done.is_set(), done.wait(0)]",
    "lock.release()", "b = [lock.acquire(blocking=False), lock.locked()]", "shared.append(jobs.qsize())", "kept = jobs",
    "box.v = done", "seats.release()", "with lock: a = [len(b)]", "with again, again: b = a[:1]",
    "with turn: turn.notify(); a = []", "turn.notify_all()", "cell.store(len(a))", "b = [cell.add(2), cell.load()]",
    "try: b = [a[3]]\nexcept IndexError as e: b = [str(e)]",
    "try: n.value.pop()\nexcept (IndexError, AttributeError): a = []",
    "try: raise KeyError(len(a))\nexcept LookupError as e: b = [str(e)]\nelse: b = []\nfinally: a = [1]",
    "try: lock.release()\nexcept RuntimeError as e: b = [str(e)]\nfinally: shared.append(0)",
    "for v in list(b): a.append(v is b)", "for i, v in enumerate(b):\n    if i: break\nelse: a = []",
    "i = 0\nwhile i < 3:\n    i += 1\n    if i == 2: continue\n    a.append(i)", "for k in d: d[k] = len(a)",
    "for k in d: d['more'] = 0", "a = [len(v) for v in ([1], b) if v]", "d = {k: len(b) for k in range(2)}",
    "a.sort(reverse=True)", "b.sort()", "s = {1}\ns.update(range(len(b)))\na = [len(s), 2 in s]",
    "s = {len(v) for v in ([1], b)}\nb = sorted(s)", "b = [v * w for v in (1, 2) for w in (3, len(a))]",
    "d.update({'k': b})", "d.update([(1, a), ('k', 2)])",
    "b = [sum(len(v) for v in (a, b)), max(len(a), 2), any(a), min(3, len(b))]", "a, _ = b, 1",
    "b = ['a,b'.split(','), 'x'.join(('1', '2')), 'ab'.upper(), 'abc'.find('c')]", "assert len(a) < 3, 'long'",
    "n.label = f'{n.size:>3}{len(a)!r}'", "a = [n.label]", "b = [n == n.below, n != n]", "a = b if len(b) > 1 else [0]",
)  # fmt: skip

FRAME = """
global kept
a, b, d = [], [0], {{}}
n = Node(0)
jobs, stack, done, lock, again = Queue(1), LifoQueue(), Event(), Lock(), RLock()
turn, seats, cell = Condition(again), BoundedSemaphore(1), Atomic(3)
f = lambda: 0
rounds = 0
def count():
    nonlocal rounds
    rounds += 1
    return rounds
{body}
return len(a), a == b, a is b, len(d), rounds, n.below is n, f(), isinstance(a, list) and len(a[:2])
"""

LEFT_OFF = (
    "a container holds itself",
    "a shared container inside",
    "`is` between",
    "what only this thread knows is waited",
    "a sort compares",
)
"""How the sentences begin of what a random program may do and the language has not."""

bodies = st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=14).map("\n".join)


def run(text: str) -> tuple[Any, str | None]:
    """Execute the thread as Python does."""
    names: dict[str, Any] = {"__name__": "scenario"}
    exec(compile(text, "snippet.py", "exec", dont_inherit=True), names)
    try:
        return plain(names["T"]()), None
    except Exception as error:  # noqa: BLE001 - whatever Python raises is what is compared
        return None, described(error)


def agree(body: str) -> None:
    """Assert that the only schedule gives what Python gives, unless the language says that it leaves off."""
    text = f"{TOP}@thread\ndef T():\n{textwrap.indent(FRAME.format(body=body), '    ')}\n"
    try:
        [outcome] = lab.explore(parse(text)).outcomes
    except ScenarioError as error:
        if not error.message.startswith(LEFT_OFF):
            raise
        return
    if outcome.status != "finished":
        return  # nobody else could end what the thread waits for, in Python neither
    returned, error = run(text)
    assert (outcome.returned["T"], outcome.errors.get("T")) == (returned, error)


@settings(max_examples=200)
@given(bodies)
def test_random_programs_mean_what_python_means(body: str) -> None:
    """Aliases, garbage, sharing, methods, properties, closures: value or exception agree."""
    agree(body)


@pytest.mark.slow
def test_thousands_of_random_programs_mean_what_python_means() -> None:
    """The same with two thousand programs, new ones each time."""
    settings(max_examples=2000, derandomize=False)(given(bodies)(agree))()
