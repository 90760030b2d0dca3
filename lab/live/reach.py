"""What can be reached from a value: for code that may read or change all of it, at once."""

from __future__ import annotations

import functools
import gc
import types
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["TooMuchError", "class_dict", "nested", "reachable"]

MOST_OBJECTS = 2_000
"""Objects that are followed; more than that is said, and proves nothing."""

_ATOMS = frozenset(
    {int, float, complex, bool, str, bytes, type(None), range, slice, type(Ellipsis), type(NotImplemented)}
    | {types.ModuleType, types.CodeType, types.FrameType, types.GeneratorType, types.CoroutineType, types.TracebackType}
    | {types.GenericAlias, type(iter(())), type(iter("")), type(iter(b"")), type(iter(range(0)))}
)
_CONTAINERS = (list, tuple, dict, set, frozenset, deque)
_WEAK = (weakref.ReferenceType,)


class TooMuchError(Exception):
    """More can be reached than is followed."""


def nested(values: Iterable[Any]) -> Iterator[Any]:
    """Yield Python's own containers among the values and inside of them, at any depth."""
    return _walk(values, _elements)


def reachable(values: Iterable[Any]) -> Iterator[Any]:
    """Yield what keeps something that can change and that one comes to from the values.

    Notes
    -----
    Classes, modules and threads of control are not entered; nor are objects that the lab controls.
    """
    return _walk(values, _inside)


def _walk(values: Iterable[Any], inside: Any) -> Iterator[Any]:
    left = list(values)[::-1]
    seen = {}
    while left:
        value = left.pop()
        if type(value) in _ATOMS or id(value) in seen:
            continue
        seen[id(value)] = value
        if len(seen) > MOST_OBJECTS:
            raise TooMuchError
        yield from _kept(value)
        left += list(inside(value))[::-1]


def _kept(value: Any) -> Iterator[Any]:
    """Yield where a value keeps what can change: itself, or the dict of its attributes."""
    kind = type(value)
    if kind in {tuple, frozenset, types.FunctionType, types.MethodType, functools.partial} or isinstance(value, type):
        return
    held = getattr(value, "__dict__", None) if kind.__dictoffset__ else None
    if type(held) is dict:
        yield held
    if type(held) is not dict or isinstance(value, _CONTAINERS) or _in_c(kind):
        yield value


def _in_c(kind: type) -> bool:
    """Whether objects of a class keep something else than attributes: slots, or what C code puts there."""
    return any(
        not one.__flags__ & _HEAP_TYPE or any(type(held) is types.MemberDescriptorType for held in vars(one).values())
        for one in kind.__mro__
        if one is not object
    )


_HEAP_TYPE = 1 << 9
"""The flag of a class that Python code made."""


def _elements(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, set | frozenset):
        if len(value) == 1 or all(type(one) in {int, str, bytes, float} for one in value):
            yield from value  # in an order that is the same each time, or not to be told apart
    elif isinstance(value, _CONTAINERS):
        yield from value


def _inside(value: Any) -> Iterator[Any]:
    kind = type(value)
    if hasattr(kind, "peek") and kind.__module__.startswith("lab.live.runner"):
        return
    yield from _elements(value)
    if isinstance(value, type):
        return
    if kind is types.FunctionType:
        yield from value.__closure__ or ()
    elif isinstance(value, _WEAK):
        yield value()
    elif kind is types.CellType:
        yield from gc.get_referents(value)
    elif not isinstance(value, _CONTAINERS) or kind.__dictoffset__:
        held = getattr(value, "__dict__", None) if kind.__dictoffset__ else None
        if type(held) is dict:
            yield from held.values()
        if type(held) is not dict or _in_c(kind):
            yield from (one for one in gc.get_referents(value) if one is not held and not isinstance(one, type))


def class_dict(kind: type) -> Any:
    """Return the dict in which a class keeps its attributes, which `vars` only shows."""
    return gc.get_referents(vars(kind))[0]
