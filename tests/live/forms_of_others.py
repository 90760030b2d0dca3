"""Races in which code without hooks does the access: C functions, the standard library, class patterns, descriptors.

Each is run by two threads; `FORMS` says what shows the result, and all that can come out.
"""

from __future__ import annotations

import array
import copy
import decimal
import functools
import heapq
import io
import itertools
import json
import operator
import pickle
import struct
import threading
import types
import weakref
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, deque

FORMS = []


def form(shown, *wanted):
    """Note what shows the result of a form, and all results that there are."""

    def noted(function):
        FORMS.append((function, shown, set(wanted)))
        return function

    return noted


class Node:
    __match_args__ = ("v",)

    def __init__(self, v=0):
        self.v = v


class Slot:
    __slots__ = ("v",)

    def __init__(self):
        self.v = 0


class Table(dict):
    __getattr__ = dict.get
    __setattr__ = dict.__setitem__


class State:
    shared = 0

    def __init__(self):
        State.shared = 0
        self.x = 0
        self.items = [0]
        self.table = {"x": 0}
        self.seen = []
        self.node = Node()
        self.slot = Slot()
        self.ordered = OrderedDict(x=0)
        self.counter = Counter(x=0)
        self.mapping = UserDict(x=0)
        self.list = UserList([0])
        self.chain = ChainMap({"x": 0})
        self.attributes = Table(x=0)
        self.bytes = bytearray(b"\0")
        self.numbers = array.array("i", [0])
        self.deque = deque([0])
        self.context = decimal.Context(prec=5)
        self.text = io.StringIO()
        self.by_node = weakref.WeakKeyDictionary({self.node: 0})
        self.nodes = weakref.WeakValueDictionary()
        self.numbered = itertools.count(1)

    @functools.cached_property
    def answer(self):
        self.seen.append(1)
        return 1


def of_x(state):
    return state.x


def of_items(state):
    return tuple(state.items)


def once(state):
    return len(state.seen)


GROWN = (0, 1, 2), (0, 1, 1)
"""Each adds the length that it saw."""


@form(of_x, 1, 2)
def by_attrgetter(state):
    state.x = operator.attrgetter("x")(state) + 1


@form(of_items, *GROWN)
def by_methodcaller(state):
    operator.methodcaller("append", len(state.items))(state.items)


@form(of_x, 1, 2)
def by_partial_of_setattr(state):
    value = state.x
    functools.partial(setattr, state, "x")(value + 1)


@form(of_items, *GROWN)
def by_partial_of_append(state):
    functools.partial(state.items.append, functools.partial(len, state.items)())()


@form(of_items, *GROWN)
def by_map_of_append(state):
    list(map(state.items.append, [len(state.items)]))


@form(of_items, *GROWN)
def by_map_of_len(state):
    state.items.append(next(map(len, [state.items])))


@form(lambda state: state.node.v, 1, 2)
def by_class_pattern(state):
    match state.node:
        case Node(v=value):
            state.node.v = value + 1


@form(lambda state: state.node.v, 1, 2)
def by_positional_pattern(state):
    match state.node:
        case Node(value):
            state.node.v = value + 1


@form(of_x, 1, 2)
def by_format_of_an_attribute(state):
    state.x = int(f"{state.x}") + 1


@form(lambda state: state.items[0], 1, 2)
def by_text_of_nested(state):
    state.items[0] = int(repr([state.items]).strip("[]")) + 1


@form(lambda state: state.items[0], 1, 2)
def by_nested_comparison(state):
    state.items[0] = 1 if [state.items] == [[0]] else 2


@form(once, 1, 2)
def by_any_of_containers(state):
    if not any([state.table.get("set")]):
        state.seen.append(1)
    state.table["set"] = [1]


@form(once, 1, 2)
def by_filter_of_containers(state):
    if not list(filter(None, [state.items[1:], state.seen])):
        state.seen.append(1)


@form(lambda state: state.mapping["x"], 1, 2)
def by_user_dict(state):
    state.mapping["x"] += 1


@form(lambda state: tuple(state.list), *GROWN)
def by_user_list(state):
    state.list.append(len(state.list))


@form(lambda state: state.chain["x"], 1, 2)
def by_chain_map(state):
    state.chain["x"] += 1


@form(lambda state: state.ordered["x"], 1, 2)
def by_ordered_dict(state):
    state.ordered["x"] += 1


@form(lambda state: state.attributes["x"], 1, 2)
def by_attribute_of_a_dict(state):
    state.attributes.x = state.attributes.get("x") + 1


@form(lambda state: state.bytes[0], 1, 2)
def by_struct(state):
    one = struct.Struct("b")
    one.pack_into(state.bytes, 0, one.unpack_from(state.bytes, 0)[0] + 1)


@form(lambda state: state.bytes[0], 1, 2)
def by_memoryview(state):
    memoryview(state.bytes)[0] = state.bytes[0] + 1


@form(lambda state: state.numbers[0], 1, 2)
def by_array(state):
    state.numbers[0] += 1


@form(lambda state: state.context.prec, 6, 7)
def by_attribute_in_c(state):
    state.context.prec += 1


@form(lambda state: state.text.getvalue(), "01", "00")
def by_stream(state):
    state.text.write(str(len(state.text.getvalue())))


@form(lambda state: state.by_node[state.node], 1, 2)
def by_weak_keys(state):
    state.by_node[state.node] += 1


@form(once, 1, 2)
def by_weak_values(state):
    if "y" not in state.nodes:
        state.nodes["y"] = state.node
        state.seen.append(1)


@form(once, 1, 2)
def by_copy(state):
    if copy.copy(state.node).v == 0:
        state.seen.append(1)
    state.node.v = 1


@form(once, 1, 2)
def by_pickle(state):
    if pickle.loads(pickle.dumps(state.node)).v == 0:
        state.seen.append(1)
    state.node.v = 1


@form(lambda state: state.items[0], 1, 2)
def by_json(state):
    state.items[0] = json.loads(json.dumps(state.items))[0] + 1


@form(lambda state: tuple(state.items), *GROWN)
def by_heap(state):
    heapq.heappush(state.items, len(state.items))


@form(lambda _: State.shared, 1, 2)
def by_dict_of_a_class(state):
    State.shared = vars(State)["shared"] + 1


@form(lambda state: state.table["x"], 1, 2)
def by_mapping_proxy(state):
    state.table["x"] = types.MappingProxyType(state.table)["x"] + 1


@form(lambda state: state.slot.v, 1, 2)
def by_slot_descriptor(state):
    Slot.v.__set__(state.slot, Slot.v.__get__(state.slot) + 1)


@form(lambda state: tuple(state.seen), (1, 2), (2, 1))
def by_count(state):
    state.seen.append(next(state.numbered))


def fresh():
    """Return a new state, with a new cache around a function that counts its calls."""
    state = State()
    state.cache = functools.lru_cache(None)(lambda: state.seen.append(1))
    return state


@form(once, 1, 2)
def by_lru_cache(state):
    state.cache()


@form(lambda state: tuple(state.seen), (0,), (5,), (5, 7), (0, 7))
def by_callbacks_in_between(state):
    """`max` calls the key between its looks at the list: it may see what was changed meanwhile, and so 0 and 7."""

    def key(one):
        if state.x == 0:
            state.seen.append(one)
        return one

    if threading.current_thread().name == "T1":
        max(state.items, key=key)
    else:
        state.items[0] = 5
        state.items.append(7)


@form(lambda state: tuple(state.seen), ("[0]",), ("[0, [1]]",), ("[0, [2]]",), ("[0, [3]]",))
def by_elements_that_come_later(state):
    """What the text is made of grows while T1 stands in front of making it."""
    if threading.current_thread().name == "T1":
        state.seen.append(repr(state.items))
    else:
        inner = [1]
        state.items.append(inner)
        inner[0] = 2
        inner[0] = 3
