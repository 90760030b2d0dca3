"""What operations of containers touch: worked out from what Python's documentation says of each."""

from collections import defaultdict, deque
from functools import lru_cache, partial
from heapq import heappush
from itertools import count
from operator import setitem

import pytest

from lab.live.effects import attribute, of_call, of_contents, of_inplace, of_item, of_membership
from lab.live.runner.operations import WHOLE, conflict

LIST, DICT, SET, QUEUE = [3, 1], {"k": 1}, {1}, deque([1])
DEFAULT, NUMBERS, BYTES = defaultdict(int), count(), bytearray(b"a")
VIEW, ITERATOR = DICT.keys(), iter(LIST)
HEAD, KEY = ("item", 0), ("item", "k")


class Thing:
    def __init__(self):
        self.x = 0


THING = Thing()
CACHED = lru_cache(abs)

CALLS = [
    (LIST.append, (1,), [(LIST, WHOLE, True)]),
    (LIST.append, (SET,), [(LIST, WHOLE, True)]),
    (LIST.extend, (SET,), [(LIST, WHOLE, True), (SET, WHOLE, False)]),
    (LIST.index, (1,), [(LIST, WHOLE, False)]),
    (LIST.sort, (), [(LIST, WHOLE, True)]),
    (list.append, (LIST, 1), [(LIST, WHOLE, True)]),
    (DICT.get, ("k",), [(DICT, KEY, False)]),
    (DICT.get, ((1, 2),), [(DICT, WHOLE, False)]),
    (DICT.setdefault, ("k", 1), [(DICT, KEY, True)]),
    (DICT.pop, ("k",), [(DICT, KEY, True)]),
    (DICT.popitem, (), [(DICT, WHOLE, True)]),
    (DICT.update, ({},), [(DICT, WHOLE, True), ({}, WHOLE, False)]),
    (DICT.items, (), []),
    (DICT.copy, (), [(DICT, WHOLE, False)]),
    (DEFAULT.__getitem__, ("k",), [(DEFAULT, KEY, True)]),
    (SET.add, (1,), [(SET, ("item", 1), True)]),
    (SET.union, (LIST,), [(SET, WHOLE, False), (LIST, WHOLE, False)]),
    (QUEUE.popleft, (), [(QUEUE, WHOLE, True)]),
    (BYTES.decode, (), [(BYTES, WHOLE, False)]),
    (len, (LIST,), [(LIST, WHOLE, False)]),
    (sorted, (VIEW,), [(DICT, WHOLE, False)]),
    (list, (ITERATOR,), [(LIST, WHOLE, False)]),
    (list, (zip(LIST, SET, strict=False),), [(LIST, WHOLE, False), (SET, WHOLE, False)]),
    (isinstance, (LIST, list), []),
    (setitem, (DICT, "k", 1), [(DICT, WHOLE, True)]),
    (heappush, (LIST, 1), [(LIST, WHOLE, True)]),
    (next, (NUMBERS,), [(NUMBERS, WHOLE, True), (NUMBERS, WHOLE, True)]),
    (getattr, (THING, "x"), [(THING.__dict__, ("item", "x"), False)]),
    (setattr, (THING, "x", 1), [(THING.__dict__, ("item", "x"), True)]),
    (THING.__setattr__, ("x", 1), [(THING.__dict__, ("item", "x"), True)]),
    (", ".join, (LIST,), [(LIST, WHOLE, False)]),
    (CACHED, (1,), [(CACHED, WHOLE, True)]),
    (LIST, (), [(LIST, WHOLE, True)]),
    (Thing, (LIST,), []),
    (test := (lambda: None), (), []),
    (partial(test), (), []),
    ((one for one in LIST).close, (), []),
]


@pytest.mark.parametrize(("function", "arguments", "wanted"), CALLS, ids=range(len(CALLS)))
def test_calls(function, arguments, wanted):
    found = list(of_call(function, arguments))
    assert [(value, field, writes) for value, field, writes in found] == wanted
    assert all(one is other or one == {} for (one, _, _), (other, _, _) in zip(found, wanted, strict=True))


@pytest.mark.parametrize(
    ("container", "key", "wanted"),
    [
        (LIST, 0, [(LIST, HEAD, False)]),
        (LIST, -1, [(LIST, WHOLE, False)]),
        (DICT, "k", [(DICT, KEY, False)]),
        (DEFAULT, "k", [(DEFAULT, KEY, True)]),
        (QUEUE, 0, [(QUEUE, WHOLE, False)]),
        ((1, 2), 0, []),
        ("text", 0, []),
        (memoryview(BYTES), 0, [(BYTES, WHOLE, False)]),
    ],
)
def test_elements(container, key, wanted):
    assert list(of_item(container, key, writes=False)) == wanted


def test_membership_and_operators():
    assert list(of_membership(DICT, "k")) == [(DICT, KEY, False)]
    assert list(of_membership(LIST, 1)) == [(LIST, WHOLE, False)]
    assert list(of_inplace(LIST, SET)) == [(LIST, WHOLE, True), (SET, WHOLE, False)]
    assert list(of_inplace(1, 2)) == []
    assert list(of_contents((LIST,))) == []


def test_an_attribute_is_an_entry_of_the_objects_dict():
    assert attribute(THING, "x") == (THING.__dict__, ("item", "x"))
    assert attribute(Thing, "x")[0]["__module__"] == __name__
    assert attribute(Thing, "x")[0] is attribute(Thing, "y")[0]


def test_conflicts():
    """Two reads never do; an element conflicts with itself and with the whole."""
    read, write = ((0, HEAD, False),), ((0, HEAD, True),)
    assert not conflict(read, read)
    assert conflict(read, write)
    assert conflict(((0, WHOLE, False),), write)
    assert not conflict(((0, ("item", 1), True),), write)
    assert not conflict(((1, HEAD, True),), write)
