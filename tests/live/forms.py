"""The ways in which people write a race: each adds one in two threads, so that the sum is 2, or 1 when one is lost.

A form that is not seen shows as a sum of 1 that is never found: a false proof.
"""

from __future__ import annotations

import functools
import operator
from collections import Counter, defaultdict, deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace

total = 0


class Plain:
    shared = 0

    def __init__(self):
        self.x = 0
        self.items = [0]
        self.table = {"x": 0}

    @property
    def value(self):
        return self.x

    @value.setter
    def value(self, value):
        self.x = value

    @staticmethod
    def fixed(state):
        state.x += 1

    @classmethod
    def of_class(cls, state):
        state.x += 1

    def __iadd__(self, amount):
        self.x = self.x + amount
        return self

    def __getitem__(self, key):
        return self.x

    def __setitem__(self, key, value):
        self.x = value

    def __lt__(self, other):
        self.x += 1
        return False

    @contextmanager
    def entered(self):
        value = self.x
        yield
        self.x = value + 1

    def sum(self):
        return self.x


class Slotted:
    __slots__ = ("x",)

    def __init__(self):
        self.x = 0

    def sum(self):
        return self.x


class Child(Plain):
    def add(self):
        super().__setattr__("x", self.x + 1)


class Numbers(list):
    def add(self):
        super().append(len(self))

    def sum(self):
        return 1 if list(self) in ([0, 0], [0]) else len(set(self))


@dataclass
class Data:
    x: int = 0
    seen: list = field(default_factory=list)

    def sum(self):
        return self.x


def decorated(function):
    @functools.wraps(function)
    def wrapper(state):
        return function(state)

    return wrapper


@decorated
def by_decorator(state):
    state.x += 1


def attribute(state):
    state.x += 1


def by_property(state):
    state.value += 1


def by_static_method(state):
    state.fixed(state)


def by_class_method(state):
    state.of_class(state)


def by_operator(state):
    state += 1


def by_subscript_method(state):
    state["any"] += 1


def by_comparison_in_c(state):
    max(state, state)


def by_sort_key(state):
    def key(_):
        state.x += 1
        return 0

    sorted([1], key=key)


def by_map(state):
    list(map(lambda _: setattr(state, "x", state.x + 1), [1]))


def by_comprehension(state):
    [setattr(state, "x", state.x + one) for one in (1,)]


def by_generator(state):
    def numbers():
        yield state.x

    for number in numbers():
        state.x = number + 1


def by_generator_expression(state):
    state.x = sum(state.x + one for one in (1,))


def by_lambda(state):
    (lambda: operator.setitem(vars(state), "x", state.x + 1))()


def by_getattr(state):
    setattr(state, "x", getattr(state, "x") + 1)  # noqa: B009, B010 - the form is what is tested


def by_partial(state):
    functools.partial(attribute, state)()


def by_context(state):
    with state.entered():
        pass


def by_finally(state):
    try:
        value = state.x
    finally:
        state.x = value + 1


def by_star(state):
    add = [attribute]
    add[0](*(state,))


def by_item(state):
    state.table["x"] += 1


def by_element(state):
    state.items[0] += 1


def by_get(state):
    state.table.update(x=state.table.get("x") + 1)


def by_slice(state):
    state.items[:] = [state.items[0] + 1]


def by_unpacking(state):
    [value] = state.items
    state.items[0] = value + 1


def by_iteration(state):
    for value in state.items:
        state.items[0] = value + 1


def by_check_then_act(state):
    if not state.items[1:]:
        state.items.append(1)
        state.items[0] = 1


def by_bound_method(state):
    get, update = state.table.get, state.table.update
    update({"x": get("x") + 1})


def by_global(_):
    global total
    total += 1


def by_globals(_):
    globals()["total"] += 1


def by_class_attribute(_):
    Plain.shared += 1


def by_type_of(state):
    type(state).shared = state.shared + 1


def by_super(state):
    state.add()


def fresh_global():
    global total
    total = 0
    Plain.shared = 0
    return Plain()


def sum_of(state):
    """Return what the two threads came to."""
    if isinstance(state, SimpleNamespace | Counter | defaultdict | deque):
        return None
    return state.sum()


def closure_pair():
    """Return two threads that share a variable of the function around them, and what shows it."""
    x = 0

    def add(_):
        nonlocal x
        x += 1

    return add, lambda: x


ATTRIBUTE_FORMS = [
    attribute,
    by_decorator,
    by_property,
    by_static_method,
    by_class_method,
    by_operator,
    by_subscript_method,
    by_comparison_in_c,
    by_sort_key,
    by_map,
    by_comprehension,
    by_generator,
    by_generator_expression,
    by_lambda,
    by_getattr,
    by_partial,
    by_context,
    by_finally,
    by_star,
]
TABLE_FORMS = [by_item, by_get, by_bound_method]
LIST_FORMS = [by_element, by_slice, by_unpacking, by_iteration]
GLOBAL_FORMS = [by_global, by_globals]
CLASS_FORMS = [by_class_attribute, by_type_of]
