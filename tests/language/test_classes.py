"""Classes of a file mean what Python means: methods, properties, operators, dataclasses, `with`, and their steps."""

from __future__ import annotations

import json
import textwrap
from typing import Any

import pytest

import lab
from lab.language import parse
from lab.verify.free_run import plain

TOP = """
from dataclasses import dataclass, field
from threading import Lock
from lab.scenario import thread, wait_until


class Node:
    LIMIT = 3
    shades = ["red", "blue"]

    def __init__(self, value, next=None):
        self.value = value
        self.next = next


class Stack:
    "A linked stack."

    count = 0

    def __init__(self):
        self.head = None
        self.lock = Lock()

    def push(self, value, times=1):
        for _ in range(times):
            self.head = Node(value, self.head)
            self.count += 1
        return self

    def pop(self):
        if self.head is None:
            raise IndexError("empty")
        node = self.head
        self.head = node.next
        return node.value

    def locked_push(self, value):
        with self.lock:
            return self.push(value)

    def again(self, n):
        return self.again(n - 1)


class Money:
    def __init__(self, cents):
        self.cents = cents

    def __add__(self, other):
        return Money(self.cents + (other.cents if isinstance(other, Money) else other))

    def __radd__(self, other):
        return Money(other + self.cents)

    def __iadd__(self, other):
        self.cents += other
        return self

    def __sub__(self, other):
        return Money(self.cents - other.cents)

    def __eq__(self, other):
        return isinstance(other, Money) and self.cents == other.cents

    def __lt__(self, other):
        return self.cents < other.cents

    def __bool__(self):
        return self.cents != 0

    def __repr__(self):
        return f"Money({self.cents})"

    def __str__(self):
        return f"{self.cents / 100:.2f}"

    def __call__(self, by):
        return self.cents * by


class Row:
    def __init__(self, items):
        self.items = list(items)

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]

    def __setitem__(self, index, value):
        self.items[index] = value

    def __delitem__(self, index):
        del self.items[index]

    def __contains__(self, value):
        return value in self.items

    def append(self, value):
        self.items.append(value)


class Account:
    def __init__(self, balance):
        self._balance = balance
        self.writes = 0

    @property
    def balance(self):
        return self._balance

    @balance.setter
    def balance(self, value):
        self.writes += 1
        self._balance = value

    @property
    def doubled(self):
        return self.balance * 2


class Guard:
    def __init__(self, quiet=False):
        self.log = []
        self.quiet = quiet

    def __enter__(self):
        self.log.append("in")
        return self

    def __exit__(self, kind, error, trace):
        self.log.append("out" if kind is None else f"failed: {error}")
        return self.quiet


@dataclass
class Point:
    x: int
    y: int = 0
    marks: list = field(default_factory=list)

    def moved(self, by):
        return Point(self.x + by, self.y + by)


@dataclass
class Empty:
    pass


stack = Stack()
account = Account(10)
point = Point(1, 2)
money = Money(5)
guard = Guard()
other = [1, 2]
"""

SNIPPETS = """
n = Node(1)
n.next = Node(2, n)
return n.next.value, n.next.next is n, n.value, Node.LIMIT, n.LIMIT, n.shades[0], n.next.next.next.value

return Node(1).other

return Node(value=1, next=None).value, Node(1, next=2).next

stack.push(1).push(2, times=2).push(3)
return stack.pop(), stack.pop(), stack.count, stack.head.next.value

stack.pop()

mine = Stack()
mine.locked_push(4)
mine.push(5)
return mine.pop(), mine.pop(), mine.lock.locked(), mine.count, stack.count

s = stack
s.locked_push(7)
return s.head.value, stack.lock.locked()

other.append(3)
row = Row(other)
row.append(4)
for holder in (other, row):
    holder.append(9)
return other, row.items, len(row), row[0], row[-1], 3 in row, 8 in row, 8 not in row

row = Row((1, 2, 3))
row[0] = 5
row[1] += 5
del row[2]
return row.items, len(row), bool(row), bool(Row(())), 1 if row else 2

return Row((1,))[3]

a, b = Money(5), Money(7)
return (a + b).cents, (a + 1).cents, (1 + a).cents, (b - a).cents, (a + b + a).cents

a = Money(5)
b = a
a += 3
return b.cents, a is b, a == Money(8), a != Money(8), a == 8, a != 8, a < Money(9), Money(9) > a

a = money + money
return str(a), f'{a}', f'{a!r}', str(Money(0)), bool(Money(0)), not Money(0), 'y' if Money(1) else 'n', a(3)

return Money(1) * 2

return Money(1) < 2

return Money(1) <= Money(2)

return 1 + 2, 'a' + 'b', [1] + [2], 1 == 1, 'a' < 'b', 1 != 2, 2 - 1

account.balance += 5
account.balance = account.balance * 2
return account.balance, account.writes, account._balance, account.doubled

mine = Account(1)
mine.balance -= 1
return mine.balance, mine.writes, mine.doubled

with guard:
    x = 1
return guard.log

with Guard() as g:
    g.log.append(1)
return g.log

try:
    with guard:
        raise ValueError('no')
except ValueError as e:
    return guard.log, str(e)

with Guard(quiet=True) as g:
    raise ValueError('no')
return g.log

for i in range(3):
    with guard:
        if i == 1:
            break
return guard.log

def_lock = Lock()
with def_lock:
    return def_lock.locked()

p = Point(1)
q = p.moved(2)
q.marks.append(1)
return q.x, q.y, p.marks, q.marks, p == Point(1), p == q, p != q, p == 1, Point(1, 2) == point, str(p), f'{q!r}'

point.x += 1
point.marks.append(point.x)
return point.x, point.marks, point.y

return Empty() == Empty(), str(Empty()), isinstance(point, Point), isinstance(1, Point), isinstance(point, (int, Point))

nodes = [Node(n) for n in range(3)]
nodes[0].next = nodes[1]
largest = max(nodes, key=lambda n: n.value)
return sorted([n.value for n in nodes], reverse=True), largest.value, nodes[0].next is nodes[1]

stack.head = Node(1)
mine = stack.head
mine.next = Node(2)
return stack.head.next.value, stack.head is mine

d = {Node.LIMIT: Node(4)}
return d[3].value, 3 in d

n = Node(1)
return {n: 1}[n], n in [n], n in [Node(1)], [n].index(n), n == n, n == Node(1), n is n

return str(5), f'{[1]}', str([1, 2])

n = Node([])
n.value.append(n)
stack.head = n
done = stack.head.value[0] is n
stack.head = None
return done
""".strip().split("\n\n")


def scenario(body: str) -> str:
    return f"{TOP}\n\n@thread\ndef T():\n{textwrap.indent(body, '    ')}\n"


def run(text: str) -> tuple[dict[str, Any], Any, str | None]:
    """Execute the file and its thread as Python does."""
    names: dict[str, Any] = {"__name__": "scenario"}
    exec(compile(text, "snippet.py", "exec", dont_inherit=True), names)
    try:
        returned, error = names["T"](), None
    except Exception as raised:  # noqa: BLE001 - whatever Python raises is what is compared
        returned, error = None, raised
    return names, plain(returned), None if error is None else f"{type(error).__name__}: {error}".removesuffix(": ")


def without_locks(value: Any) -> Any:
    """Return plain data without the lock of a stack, which has no plain form in Python."""
    if isinstance(value, dict):
        return {key: without_locks(item) for key, item in value.items() if key != "lock"}
    return value


@pytest.mark.parametrize("body", SNIPPETS)
def test_a_class_means_what_python_means(body: str) -> None:
    """One thread has one schedule, whose outcome is what Python computes: value, exception with text, shared state."""
    text = scenario(body)
    result = lab.explore(parse(text))
    [outcome] = result.outcomes
    names, returned, error = run(text)
    if error is not None and "__init__()" in error:  # the lab finds it in the text
        return
    assert (outcome.errors.get("T"), outcome.returned["T"]) == (error, returned)
    for name, value in outcome.shared.items():
        if name == "stack":
            del names[name].lock
        assert json.dumps(without_locks(value), sort_keys=True) == json.dumps(plain(names[name]), sort_keys=True)


def steps(body: str) -> int:
    """Return the number of steps of a single thread with that body: its only schedule's length."""
    return lab.explore(parse(scenario(body))).transitions


@pytest.mark.parametrize(
    ("body", "expected", "why"),
    [
        ("n = Node(1)\nn.next = n\nm = n.value", 0, "what is private is local work"),
        ("stack.head = Node(1)", 1, "one attribute is written"),
        ("n = Node(1)\nstack.head = n\nn.next = n.value\nm = n.next", 3, "value never changes, next may"),
        ("account.balance += 1", 4, "the getter reads; the setter counts, two, and writes"),
        ("a = account.doubled", 1, "a property that reads a property"),
        ("stack.push(1)", 4, "head is read and written, then count"),
        ("stack.locked_push(1)", 6, "the same between acquire and release"),
        ("a = money + money", 2, "cents is read on both sides"),
        ("a = money == 3", 0, "isinstance is false, and nothing is read"),
        ("a = point == point", 1, "the attributes never change, but the lists that marks refers to may"),
        ("with guard:\n    pass", 2, "two appends"),
        ("a = Node.LIMIT + stack.head is None", 1, "a class's constant costs nothing"),
        ("a = str(money)", 1, "the method reads cents"),
    ],
)
def test_steps(body: str, expected: int, why: str) -> None:
    """The steps of methods, properties and operators, counted by hand."""
    assert steps(body) == expected, why


def test_a_method_that_calls_itself_is_refused() -> None:
    """Methods are inlined, so a recursion is an error that says so, once it is known to happen."""
    with pytest.raises(lab.ScenarioError, match=r"'Stack.again' calls itself"):
        lab.explore(parse(scenario("stack.again(2)")))


def test_a_method_of_another_shape_is_refused_when_it_is_reached() -> None:
    """`pop(0)` suits a list, not the stack: only the object decides which is meant."""
    assert lab.explore(parse(scenario("return [1, 2].pop(0)"))).outcomes[0].returned["T"] == 1
    with pytest.raises(lab.ScenarioError, match=r"'Stack.pop' is called with other arguments"):
        lab.explore(parse(scenario("for s in (Stack(),):\n    s.pop(0)")))


def test_an_object_that_init_shares_can_be_seen_unfinished() -> None:
    """`__init__` stores self before it sets x, so reading x is a step, and may come too early.

    The maker stores and sets, the reader looks, and if it finds the object fetches it and reads x: 3 steps mixed with
    the set, in 4 orders, in one of which the read comes first; or it looks before the store, in one order.
    """
    text = """
from lab.scenario import thread
class Early:
    def __init__(self):
        found[0] = self
        self.x = 1
found = [None]
@thread
def maker():
    Early()
@thread
def reader():
    if found[0] is not None:
        return found[0].x
"""
    result = lab.explore(parse(text))
    assert int(result.schedules) == 1 + 4
    assert {outcome.errors.get("reader") for outcome in result.outcomes} == {
        None,
        "AttributeError: 'Early' object has no attribute 'x'",
    }


FACTORIES = """
import threading
from dataclasses import dataclass, field
from lab.scenario import thread


@dataclass
class Guarded:
    lock: object = field(default_factory=threading.Lock)
    seen: list = field(default_factory=lambda: [5])


guarded = Guarded()


@thread
def T():
    g, h = Guarded(), Guarded(seen=[])
    with g.lock, guarded.lock:
        g.seen.append(h.lock.locked())
        guarded.seen.append(guarded.lock.locked())
    return g.seen, h.seen, guarded.seen, g.lock.locked()
"""


def test_a_field_is_made_anew_by_a_class_or_a_lambda() -> None:
    """At the top level and in a thread."""
    [outcome] = lab.explore(parse(FACTORIES)).outcomes
    _, returned, _ = run(FACTORIES)
    assert outcome.returned["T"] == returned == [[5, False], [], [5, True], False]
