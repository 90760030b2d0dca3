"""What people write between the read and the write of a variable, and which versions of CPython can switch there.

In a window, `READ` stands for the read of the shared variable and `WRITE` for a statement that writes it; `TABLE` for a
shared dict, and `PUT` for a statement that puts something in it by a local name, which `ALIAS` may have to bind. The
expected cells, one per version in `VERSIONS`: "P" where the interpreter polls in the window, "." where not, "c" where
cold code alone does. They are worked out from `lab/model/interpreters.py` by the reason that stands above each group.
"""

from __future__ import annotations

from typing import NamedTuple

VERSIONS = ("2.7", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")

PRELUDE = """
import queue
import threading
from collections import deque

numbers = [1, 2]
pair = (1, 2)
ages = {"k": 1}
line = deque()
seats = {}
word = "abc"
three = 3
yes = True
no = False
lock = threading.Lock()
rlock = threading.RLock()
semaphore = threading.Semaphore(9)
event = threading.Event()
jobs = queue.Queue()


def f(value=0):
    return value


class Point:
    def __init__(self):
        self.z = 1

    @property
    def value(self):
        return 1

    @value.setter
    def value(self, given):
        self.z = given

    def method(self):
        return 1

    def __radd__(self, other):
        return other

    def __len__(self):
        return 1

    def __eq__(self, other):
        return True

    def __str__(self):
        return "point"

    def __enter__(self):
        return self

    def __exit__(self, kind, error, where):
        return None


class Empty:
    pass


def reads():
    return READ


class Reader:
    def __init__(self):
        self.x = READ

    @property
    def value(self):
        return READ

    @value.setter
    def value(self, given):
        GLOBAL
        WRITE

    def method(self):
        return READ


point = Point()
reader = Reader()
"""


class Window(NamedTuple):
    """The text of a window and its cells."""

    text: str
    expected: str


def between(lines: str, expected: str) -> Window:
    """Return the window in which those lines stand between the read and the write."""
    return Window(f"x = READ\n{lines}\nWRITE", expected)


ALWAYS, OLD, BEFORE_3_10 = "PPPPPPP", "PPP....", "PP....."

WINDOWS: dict[str, Window] = {
    # Loads, stores and operators on built-in values poll only where every opcode may.
    "nothing": Window("x = READ\nWRITE", BEFORE_3_10),
    "nothing, after a call": Window("f(1)\nx = READ\nWRITE", BEFORE_3_10),
    # On 3.9 `in`, a jump on its result, and locals and constants are fast opcodes; 3.10 polls when the test jumps.
    "look, then put": Window("ALIAS\nt = TABLE\nif 1 in t:\n    pass\nelse:\n    PUT", "P.P...."),
    "plus one": Window("x = READ + 1\nWRITE", BEFORE_3_10),
    "subscript": between("ages['k']", BEFORE_3_10),
    "item assigned": between("ages['k'] = 2", BEFORE_3_10),
    "in": between("'k' in ages", BEFORE_3_10),
    "slice": between("numbers[0:1]", BEFORE_3_10),
    "unpacking": between("y, z = pair", BEFORE_3_10),
    "displays": between("y = [three, three]\nz = {'a': three}\nu = (three, y)", BEFORE_3_10),
    "attribute": between("point.z", BEFORE_3_10),
    "f-string": between("f'{three} {three:>4} {word!r}'", BEFORE_3_10),
    "and": between("y = no and three", BEFORE_3_10),
    "or": between("y = yes or three", BEFORE_3_10),
    "chained comparison": between("y = 5 < three < 9", BEFORE_3_10),
    "not": between("y = not no", BEFORE_3_10),
    "lambda made": between("g = lambda: 1\ng = 0", BEFORE_3_10),
    # A Python function polls at its entry.
    "function": between("f(x)", ALWAYS),
    "lambda called": between("(lambda: 1)()", ALWAYS),
    "method": between("point.method()", ALWAYS),
    "property read": between("point.value", ALWAYS),
    "property assigned": between("point.value = 2", ALWAYS),
    "operator method": between("three + point", ALWAYS),
    "equality method": between("point == 1", ALWAYS),
    "length method": between("len(point)", ALWAYS),
    "text method": between("str(point)", ALWAYS),
    "text method in an f-string": between("f'{point}'", ALWAYS),
    "object made": between("Point()", ALWAYS),
    "object without __init__ made": between("Empty()", ALWAYS),
    "context manager entered": Window("x = READ\nwith point:\n    WRITE", ALWAYS),
    # The entry comes before the reads of the function; at its return only 3.10 polls, and that only after a call.
    "function that reads": Window("x = reads()\nWRITE", OLD),
    "property that reads": Window("x = reader.value\nWRITE", BEFORE_3_10),
    "method that reads": Window("x = reader.method()\nWRITE", OLD),
    "property that writes": Window("x = READ\nreader.value = 1", ALWAYS),
    "object that reads while it is made": Window("x = Reader()\nWRITE", "PPPPPcc"),
    "lambda that reads": Window("x = (lambda: READ)()\nWRITE", OLD),
    # Functions and methods written in C poll at their return, unless a specialised form runs.
    **{
        f"{name}({argument})": between(f"{name}({argument})", ALWAYS)
        for name, argument in (
            *(("int", "x"), ("abs", "x"), ("str", "x"), ("bool", "x"), ("range", "3"), ("max", "1, 2")),
            *(("list", "pair"), ("tuple", "numbers"), ("set", "pair"), ("dict", "ages"), ("sorted", "numbers")),
            *(("max", "pair"), ("min", "pair"), ("sum", "pair"), ("any", "pair"), ("all", "pair")),
            ("sorted", "pair, reverse=True"),
        )
    },
    "len()": between("len(numbers)", "PPPcccc"),
    "isinstance()": between("isinstance(x, int)", "PPPcccc"),
    "list.append": between("numbers.append(1)", "PPPcccc"),
    "deque.append": between("line.append(1)", ALWAYS),
    **{
        call: between(call, ALWAYS)
        for call in (
            *("numbers.index(1)", "numbers.insert(0, 1)", "numbers.count(1)", "numbers.extend(pair)"),
            *("ages.get('k')", "ages.setdefault('k', 1)", "ages.copy()"),
            *("word.upper()", "word.split('b')", "word.replace('a', 'b')", "','.join(word)"),
        )
    },
    # Comprehensions are functions before 3.12; an empty one has no jump back either. Generators are resumed everywhere.
    "comprehension": between("[i for i in pair]", ALWAYS),
    "empty comprehension": between("[i for i in ()]", "PPPP..."),
    "iterable of an empty comprehension": Window("y = [i for i in () * READ]\nWRITE", "PPPP..."),
    "empty set comprehension": between("{i for i in ()}", "PPPP..."),
    "comprehension of nothing that passes": between("[i for i in pair if i > 5]", ALWAYS),
    "generator": between("sum(i for i in pair)", ALWAYS),
    "call with a key": between("sorted(pair, key=lambda i: -i)", ALWAYS),
    # Jumps back poll; a test that jumps over something polls in 3.10 alone.
    "for": between("for i in pair: pass", ALWAYS),
    "for over nothing": between("for i in (): pass", BEFORE_3_10),
    "for left at once": between("for i in pair: break", BEFORE_3_10),
    "while": between("i = 2\nwhile i: i -= 1", ALWAYS),
    "endless while left at once": between("while True: break", BEFORE_3_10),
    "while that does not hold": between("while no: pass", OLD),
    "if that holds": between("if yes: y = 1", BEFORE_3_10),
    "if that does not": between("if no: y = 1", OLD),
    "if with a comparison that does not": between("if three > 5: y = 1", OLD),
    "if not": between("if not no: y = 1", BEFORE_3_10),
    "else": between("if no: y = 1\nelse: y = 2", OLD),
    "if with and": between("if yes and no: y = 1", OLD),
    "if with or, the first holds": between("if yes or no: y = 1", OLD),
    "if with or, the second holds": between("if no or yes: y = 1", BEFORE_3_10),
    "if not and": between("if not (no and yes): y = 1", OLD),
    "or within and": between("y = (yes or no) and three", OLD),
    "conditional expression, first": between("y = 1 if yes else 2", BEFORE_3_10),
    "conditional expression, second": between("y = 1 if no else 2", OLD),
    "assert": between("assert yes", OLD),
    "read in a test": Window("if READ == 0:\n    WRITE", BEFORE_3_10),
    "read in a test that does not hold": Window("if READ != 0:\n    pass\nWRITE", OLD),
    "last round of a for": Window("for i in (1,):\n    x = READ\nWRITE", ALWAYS),
    # Exceptions poll in 3.10 alone, where they are handled; a `finally` that is reached without one is plain code.
    "exception": between("try:\n    ages['none']\nexcept KeyError:\n    pass", OLD),
    "failed assert": Window("try:\n    x = READ\n    assert no\nexcept AssertionError:\n    WRITE", OLD),
    "finally": Window("try:\n    x = READ\nfinally:\n    WRITE", BEFORE_3_10),
    "else of a try": Window("try:\n    x = READ\nexcept ValueError:\n    pass\nelse:\n    WRITE", BEFORE_3_10),
    # A lock's `with` calls C: no poll at its beginning, one at its end. What `threading` writes in Python polls.
    "lock acquired by with": Window("x = READ\nwith lock:\n    WRITE", BEFORE_3_10),
    "recursive lock acquired by with": Window("x = READ\nwith rlock:\n    WRITE", BEFORE_3_10),
    "semaphore acquired by with": Window("x = READ\nwith semaphore:\n    WRITE", ALWAYS),
    "lock released by with": Window("with lock:\n    x = READ\nWRITE", ALWAYS),
    "lock released by an exception": Window(
        "try:\n    with lock:\n        x = READ\n        ages['none']\nexcept KeyError:\n    WRITE", OLD
    ),
    "lock acquired": between("lock.acquire()\nlock.release()", ALWAYS),
    "event set": between("event.set()", ALWAYS),
    "queue filled": between("jobs.put(1)", ALWAYS),
}

COARSER: dict[str, tuple[Window, str]] = {
    "a while's body, then its test, which ends it": (
        Window("i = 0\nwhile i == 0:\n    i = 1\n    x = READ\nWRITE", "PP....P"),
        "PPP...P",
    ),
    "a while's first test, then its body": (
        Window("while READ == 0:\n    WRITE\n    break", BEFORE_3_10),
        "PPPPPP.",
    ),
}
"""Windows where the lab allows more switches than CPython, with what it allows: 3.10 to 3.13 test a `while` at its head
and again at the end of every round, and the lab does not tell the two apart."""
