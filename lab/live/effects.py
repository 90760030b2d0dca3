"""What the operations of Python's own containers touch: which object, which element, and whether they write.

A touch is too much rather than too little: too much costs runs that are no different, too little would lose some.
"""

from __future__ import annotations

import array
import gc
import io
import re
import types
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Any

from lab.live.runner.operations import WHOLE

__all__ = ["QUIET", "attribute", "element", "of_call", "of_contents", "of_inplace", "of_item", "of_membership"]

Effect = tuple[Any, Any, bool]
"""An object, a field or WHOLE, and whether it is written."""

QUIET = frozenset(
    {int, float, complex, bool, str, bytes, type(None), range, tuple}
    | {type(iter(one)) for one in ((), "", b"", range(0), range(1 << 80))}
)
"""Classes of values with nothing in them that changes; those that come up all the time."""

CONTAINERS = (list, dict, set, deque, bytearray, array.array)
SCALARS = frozenset({int, float, complex, bool, str, bytes, type(None), frozenset, range, type(Ellipsis), slice})
IMMUTABLE_OWNERS = (
    int,
    float,
    complex,
    str,
    bytes,
    tuple,
    frozenset,
    range,
    type,
    types.ModuleType,
    re.Pattern,
    re.Match,
)
KEYS = frozenset({int, str, bytes, bool, type(None), float})

PURE = frozenset(
    {"isinstance", "issubclass", "id", "type", "callable", "globals", "locals", "iter", "super", "hash", "range"}
)
READ_ATTRIBUTE = frozenset({"getattr", "hasattr"})
WRITE_ATTRIBUTE = frozenset({"setattr", "delattr"})
READING = frozenset(
    {
        "len", "sum", "min", "max", "any", "all", "sorted", "repr", "print", "next", "abs", "format", "ascii", "dir",
        "bin", "divmod", "round", "pow", "getitem", "contains", "countOf", "indexOf", "concat", "eq", "ne", "lt",
        "le", "gt", "ge", "length_hint", "nlargest", "nsmallest", "dumps", "reduce", "bisect", "bisect_left",
        "bisect_right", "fsum", "prod", "deepcopy",
    }
)  # fmt: skip
"""Functions written in C that change nothing in what they are given; all others may."""

CHANGES_FIRST = frozenset(
    {"heappush", "heappop", "heapify", "heapreplace", "heappushpop", "insort", "insort_left", "insort_right"}
)

BY_KEY_READ = frozenset({"get", "__getitem__", "__contains__"})
BY_KEY_WRITE = frozenset({"setdefault", "__setitem__", "__delitem__", "add", "discard"})
ONE_KEY_WRITE = frozenset({"pop", "remove"})
VIEWS = frozenset({"keys", "values", "items"})
READS = frozenset(
    {
        "index", "count", "copy", "__len__", "__contains__", "__iter__", "__getitem__", "__eq__", "__ne__",
        "__add__", "__mul__",
        "union", "intersection", "difference", "symmetric_difference", "issubset", "issuperset", "isdisjoint",
        "find", "rfind", "startswith", "endswith", "decode", "hex", "split", "join", "tolist", "tobytes",
        "__repr__", "elements", "__or__", "__and__", "__sub__",
    }
)  # fmt: skip
STORES_ARGUMENTS = frozenset(
    {"append", "appendleft", "add", "insert", "setdefault", "get", "pop", "discard", "__setitem__"}
)
BUILTIN_MAKERS = (
    list,
    tuple,
    dict,
    set,
    frozenset,
    deque,
    bytes,
    bytearray,
    str,
    bool,
    enumerate,
    zip,
    map,
    filter,
    reversed,
    sum,
)
CALLED_IN_C = (types.BuiltinFunctionType, types.MethodWrapperType)
UNBOUND = (types.MethodDescriptorType, types.WrapperDescriptorType)
CACHES = "_lru_cache_wrapper"


def element(container: Any, key: Any) -> Any:
    """Return the field of one element, or WHOLE where the key does not name it for good."""
    if type(key) not in KEYS:
        return WHOLE
    if isinstance(container, dict | set):
        return ("item", key)
    return ("item", key) if type(key) is int and key >= 0 and isinstance(container, list) else WHOLE


def attribute(value: Any, name: Any) -> tuple[Any, Any]:
    """Return where an attribute is kept: in the object's dict, which may be used as one, or in the object."""
    held = getattr(value, "__dict__", None)
    return (held if type(held) is dict else value), ("item", name)


def of_item(container: Any, key: Any, *, writes: bool) -> Iterator[Effect]:
    """Yield what a subscript touches; nothing for what cannot change, or is a class of Python code."""
    if isinstance(container, CONTAINERS):
        if isinstance(container, defaultdict):
            writes = True  # a missing key is stored
        yield container, element(container, key), writes
    elif isinstance(container, memoryview):
        yield container.obj, WHOLE, writes


def of_membership(container: Any, item: Any) -> Iterator[Effect]:
    """Yield what `in` touches."""
    if isinstance(container, dict | set):
        yield container, element(container, item), False
    else:
        yield from of_contents(container)


def of_contents(value: Any, depth: int = 3) -> Iterator[Effect]:
    """Yield what reading all of a value touches: a container, or those behind an iterator or a view."""
    kind = type(value)
    if kind in SCALARS:
        return
    if isinstance(value, CONTAINERS):
        yield value, WHOLE, False
    elif kind is tuple:
        return
    elif kind.__module__ in {"builtins", "itertools", "_collections", "collections"} and depth:
        if kind.__module__ == "itertools":
            yield value, WHOLE, True
        if hasattr(value, "mapping") or (hasattr(kind, "__next__") and kind is not types.GeneratorType):
            for inner in _behind(value):
                yield from of_contents(inner, depth - 1)


def _behind(value: Any) -> Iterator[Any]:
    """Yield what an iterator or a view refers to; `zip` keeps its iterators in a tuple."""
    for inner in gc.get_referents(value):
        if type(inner) is tuple:
            yield from inner
        elif inner is not value and not isinstance(inner, type):
            yield inner


def of_inplace(left: Any, right: Any) -> Iterator[Effect]:
    """Yield what an operator that changes its left side touches."""
    if isinstance(left, CONTAINERS):
        yield left, WHOLE, True
    yield from of_contents(right)


def of_call(function: Any, arguments: tuple[Any, ...]) -> Iterable[Effect]:
    """Return what a call of something written in C touches; nothing for Python code, which says itself."""
    kind = type(function)
    if kind is types.FunctionType or kind is types.MethodType:
        return ()
    if kind in CALLED_IN_C:
        owner = function.__self__
        if owner is None or isinstance(owner, types.ModuleType):
            return _of_function(function.__name__, arguments)
        return _of_method(owner, function.__name__, arguments)
    if kind in UNBOUND and arguments:
        return _of_method(arguments[0], function.__name__, arguments[1:])
    if isinstance(function, type):
        return _read(arguments) if function in BUILTIN_MAKERS or issubclass(function, CONTAINERS) else ()
    if kind.__name__ == CACHES:
        return [(function, WHOLE, True)]
    if isinstance(function, CONTAINERS):  # a method that `super` found, and its object
        return [(function, WHOLE, True)]
    return ()


def _read(arguments: Iterable[Any]) -> list[Effect]:
    return [effect for argument in arguments for effect in of_contents(argument)]


def _of_function(name: str, arguments: tuple[Any, ...]) -> list[Effect]:
    if name in PURE:
        return []
    if name in READ_ATTRIBUTE or name in WRITE_ATTRIBUTE:
        return [(*attribute(*arguments[:2]), name in WRITE_ATTRIBUTE)] if len(arguments) > 1 else []
    found = _read(arguments)
    if name not in READING:
        found = [(value, field, True) for value, field, _ in found]
    if name in CHANGES_FIRST and arguments:
        found.insert(0, (arguments[0], WHOLE, True))
    if name == "next" and arguments and not isinstance(arguments[0], types.GeneratorType):
        found.insert(0, (arguments[0], WHOLE, True))
    return found


def _of_method(owner: Any, name: str, arguments: tuple[Any, ...]) -> list[Effect]:
    found: list[Effect] = []
    if isinstance(owner, CONTAINERS):
        found += _of_container(owner, name, arguments)
    elif not isinstance(owner, IMMUTABLE_OWNERS) and type(owner).__module__ not in {"re", "_struct", "_thread"}:
        if isinstance(owner, types.GeneratorType | types.CoroutineType | BaseException):
            return []
        if name == "__setattr__" and arguments:
            return [(*attribute(owner, arguments[0]), True)]
        found.append((owner, WHOLE, not isinstance(owner, io.IOBase) or name not in {"fileno", "isatty"}))
    if name not in STORES_ARGUMENTS:
        found += _read(arguments)
    return found


def _of_container(owner: Any, name: str, arguments: tuple[Any, ...]) -> list[Effect]:
    if isinstance(owner, dict) and name in VIEWS:
        return []
    if isinstance(owner, dict | set) and arguments:
        if name in BY_KEY_READ:
            return [(owner, element(owner, arguments[0]), isinstance(owner, defaultdict) and name == "__getitem__")]
        if name in BY_KEY_WRITE or name in ONE_KEY_WRITE:
            return [(owner, element(owner, arguments[0]), True)]
    return [(owner, WHOLE, name not in READS)]
