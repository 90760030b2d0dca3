"""What the operations of Python's own containers touch: which object, which element, and whether they write.

A touch is too much rather than too little: too much costs runs that are no different, too little would lose some.
"""

from __future__ import annotations

import array
import functools
import gc
import io
import re
import sys
import types
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from typing import Any

from lab.live.foreign import foreign_function, foreign_type, reads_only
from lab.live.reach import class_dict, nested, reachable
from lab.live.runner.operations import WHOLE

__all__ = [
    "CONTAINERS",
    "QUIET",
    "attribute",
    "element",
    "of_all",
    "of_call",
    "of_comparison",
    "of_contents",
    "of_descriptor",
    "of_inplace",
    "of_item",
    "of_membership",
]

Effect = tuple[Any, Any, bool]
"""An object, a field or WHOLE, and whether it is written."""

QUIET = frozenset(
    {int, float, complex, bool, str, bytes, type(None), range}
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
    types.GenericAlias,
    re.Pattern,
    re.Match,
)
KEYS = frozenset({int, str, bytes, bool, type(None), float})

PURE = frozenset(
    {
        "isinstance", "issubclass", "id", "type", "callable", "globals", "locals", "iter", "super", "hash", "range",
        "vars", "__build_class__", "__import__", "getrefcount", "getsizeof", "proxy", "get_ident", "_getframe", "ord",
        "chr", "hex", "oct", "aiter",
    }
)  # fmt: skip
READ_ATTRIBUTE = frozenset({"getattr", "hasattr"})
WRITE_ATTRIBUTE = frozenset({"setattr", "delattr"})
READING = frozenset(
    {
        "len", "sum", "min", "max", "any", "all", "sorted", "repr", "print", "next", "abs", "format", "ascii", "dir",
        "bin", "divmod", "round", "pow", "getitem", "contains", "countOf", "indexOf", "concat", "eq", "ne", "lt",
        "le", "gt", "ge", "length_hint", "nlargest", "nsmallest", "reduce", "bisect", "bisect_left", "bisect_right",
        "fsum", "prod", "add", "sub", "mul", "truth", "not_", "and_", "or_", "xor", "mod", "is_", "is_not", "index",
        "unpack_from", "unpack", "calcsize", "pack", "dist", "hypot", "gcd", "lcm", "sqrt", "floor", "ceil",
    }
)  # fmt: skip
"""Functions written in C that change nothing in what they are given, and look at no attributes; all others may."""

READING_ALL = frozenset({"dumps"})
"""Those that read all that can be reached."""

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
        "__repr__", "elements", "__or__", "__and__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__",
    }
)  # fmt: skip
COMPARING = frozenset(
    {"index", "count", "remove", "sort", "__contains__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"}
    | {"__repr__"}
)
"""Methods that look into the elements."""

STORES_ARGUMENTS = frozenset(
    {"append", "appendleft", "add", "insert", "setdefault", "get", "pop", "discard", "__setitem__"}
)
INTO = ("_into", "readinto", "readinto1", "recv_into")
"""How methods are called that change their arguments."""

CALLED_IN_C = (types.BuiltinFunctionType, types.MethodWrapperType)
UNBOUND = (types.MethodDescriptorType, types.WrapperDescriptorType)
CACHES = "_lru_cache_wrapper"
FROM_OPERATOR = frozenset({"attrgetter", "itemgetter", "methodcaller"})
LAZY = frozenset({"map", "filter", "starmap", "accumulate", "takewhile", "dropwhile", "filterfalse", "groupby"})
"""Iterators that call a function for each element."""


def element(container: Any, key: Any) -> Any:
    """Return the field of one element, or WHOLE where the key does not name it for good."""
    if type(key) not in KEYS:
        return WHOLE
    if isinstance(container, dict | set):
        return ("item", key)
    return ("item", key) if type(key) is int and key >= 0 and isinstance(container, list) else WHOLE


def attribute(value: Any, name: Any) -> tuple[Any, Any]:
    """Return where an attribute is kept: in the object's dict, which may be used as one, or in the object."""
    if isinstance(value, type):
        return class_dict(value), ("item", name)
    held = getattr(value, "__dict__", None)
    return (held if type(held) is dict else value), ("item", name)


def of_all(values: Iterable[Any], *, writes: bool) -> list[Effect]:
    """Return what code touches that may read, or change, all that it can reach from the values."""
    return [(one, WHOLE, writes) for one in reachable(values)]


def of_item(container: Any, key: Any, *, writes: bool) -> Iterable[Effect]:
    """Return what a subscript touches; nothing for what cannot change, or is a class of Python code."""
    kind = type(container)
    if foreign_type(kind):
        return _of_foreign_object(container, key, writes=writes)
    if isinstance(container, CONTAINERS):
        stores = writes or isinstance(container, defaultdict)  # a missing key is stored
        return [(container, element(container, key), stores)]
    if kind is memoryview:
        return [(container.obj, WHOLE, writes)]
    if kind is types.MappingProxyType:
        return of_item(gc.get_referents(container)[0], key, writes=writes)
    if kind in QUIET or isinstance(container, IMMUTABLE_OWNERS) or kind.__flags__ & _HEAP_TYPE:
        return ()
    return [(container, WHOLE, writes)]


_HEAP_TYPE = 1 << 9
"""The flag of a class that Python code made."""


def of_membership(container: Any, item: Any) -> Iterable[Effect]:
    """Return what `in` touches."""
    if foreign_type(type(container)):
        return _of_foreign_object(container, item, writes=False)
    if isinstance(container, dict | set):
        return [(container, element(container, item), False)]
    if isinstance(container, list | tuple | deque):
        return of_comparison(container, item)
    return of_contents(container)


def of_comparison(*values: Any) -> Iterable[Effect]:
    """Return what a comparison touches, or what makes a text: all elements of all elements."""
    found = [(one, WHOLE, False) for one in nested(values) if isinstance(one, CONTAINERS)]
    for value in values:
        if type(value) not in QUIET and not isinstance(value, CONTAINERS):
            found += of_contents(value)
    return found


def of_contents(value: Any, depth: int = 3) -> Iterator[Effect]:
    """Yield what reading all of a value touches: a container, or those behind an iterator or a view."""
    kind = type(value)
    if kind in SCALARS:
        return
    if foreign_type(kind):
        yield from _of_foreign_object(value, writes=hasattr(kind, "__next__"))
    elif isinstance(value, CONTAINERS):
        yield value, WHOLE, False
    elif kind is tuple:
        return
    elif kind.__module__ in {"builtins", "itertools", "_collections", "collections"} and depth:
        if kind.__module__ == "itertools":
            yield value, WHOLE, True
        if kind.__name__ in LAZY:
            yield from _of_lazy(value)
        if kind is types.MappingProxyType or hasattr(value, "mapping") or _is_iterator(kind):
            for inner in _behind(value):
                yield from of_contents(inner, depth - 1)


def _is_iterator(kind: type) -> bool:
    return hasattr(kind, "__next__") and kind is not types.GeneratorType


def _behind(value: Any) -> Iterator[Any]:
    """Yield what an iterator or a view refers to; `zip` keeps its iterators in a tuple."""
    for inner in gc.get_referents(value):
        if type(inner) is tuple:
            yield from inner
        elif inner is not value and not isinstance(inner, type):
            yield inner


def _of_lazy(iterator: Any) -> list[Effect]:
    """Return what the function touches that an iterator calls, unless it says so itself."""
    found: list[Effect] = []
    for inner in _behind(iterator):
        if callable(inner) and type(inner) is not types.FunctionType:
            found += of_call(inner, ())
            found += of_all(_behind(iterator), writes=getattr(inner, "__name__", "") not in READING | PURE)
        elif inner is None:
            found += [(one, WHOLE, False) for one in nested(_sources(iterator))]
    return found


def _sources(iterator: Any) -> Iterator[Any]:
    for inner in _behind(iterator):
        yield inner
        if _is_iterator(type(inner)):
            yield from _behind(inner)


def of_inplace(left: Any, right: Any) -> Iterable[Effect]:
    """Return what an operator that changes its left side touches."""
    if foreign_type(type(left)):
        return _of_foreign_object(left, right, writes=True)
    found: list[Effect] = [(left, WHOLE, True)] if isinstance(left, CONTAINERS) else []
    return [*found, *of_contents(right)]


def of_descriptor(value: Any, held: Any) -> Iterable[Effect]:
    """Return what an attribute touches that code without hooks works out, such as `functools.cached_property`."""
    return of_all((value, held), writes=True)


def _of_foreign_object(value: Any, *others: Any, writes: bool) -> list[Effect]:
    module = type(value).__module__
    return of_all((value, *others), writes=writes or not (reads_only(module) or module.split(".")[0] == "collections"))


# ------------------------------------------------------------------------------------------------------------- calls


def of_call(function: Any, arguments: tuple[Any, ...]) -> Iterable[Effect]:
    """Return what a call of something without hooks touches; nothing for the user's code, which says itself."""
    kind = type(function)
    if kind is types.FunctionType:
        return _of_foreign(function, arguments) if foreign_function(function) else ()
    if kind is types.MethodType:
        return of_call(function.__func__, (function.__self__, *arguments))
    if kind in CALLED_IN_C:
        owner = function.__self__
        if owner is None or isinstance(owner, types.ModuleType):
            return _of_function(function.__name__, arguments)
        return _of_method(owner, function.__name__, arguments)
    if kind in UNBOUND and arguments:
        return _of_method(arguments[0], function.__name__, arguments[1:])
    if isinstance(function, type):
        return _of_making(function, arguments)
    if kind is functools.partial:
        return of_call(function.func, (*function.args, *arguments, *function.keywords.values()))
    if kind.__name__ == CACHES:
        return [(function, WHOLE, True), *of_call(function.__wrapped__, arguments)]
    if kind.__name__ in FROM_OPERATOR and kind.__module__ == "operator":
        return of_all(arguments, writes=kind.__name__ == "methodcaller")
    if isinstance(function, CONTAINERS):  # a method that `super` found, and its object
        return [(function, WHOLE, True)]
    called = getattr(kind, "__call__", None)  # noqa: B004 - which one is wanted
    return _of_foreign(called, (function, *arguments)) if foreign_function(called) else ()


def _of_foreign(function: Any, arguments: tuple[Any, ...]) -> list[Effect]:
    space = function.__globals__
    module = str(space.get("__name__"))
    found = of_all((function, *arguments), writes=not reads_only(module))
    if module.split(".", maxsplit=1)[0] not in sys.stdlib_module_names:
        found.append((space, WHOLE, True))  # an installed package may keep something in its modules
    return found


def _of_making(kind: type, arguments: tuple[Any, ...]) -> list[Effect]:
    if kind in _MAKES_ITERATOR or not arguments:
        return []
    for name in ("__init__", "__new__"):
        held = getattr(kind, name)
        if foreign_function(held):
            return of_all(arguments, writes=not reads_only(kind.__module__))
    if kind.__flags__ & _HEAP_TYPE and not issubclass(kind, CONTAINERS):
        return []
    if kind in {str, bool}:
        return list(of_comparison(*arguments))
    return _read(arguments)


_MAKES_ITERATOR = frozenset({type, property, staticmethod, classmethod, functools.partial, super, memoryview, slice})


def _read(arguments: Iterable[Any]) -> list[Effect]:
    return [effect for argument in arguments for effect in of_contents(argument)]


def _of_function(name: str, arguments: tuple[Any, ...]) -> Iterable[Effect]:
    if name in PURE:
        return []
    if name in READ_ATTRIBUTE or name in WRITE_ATTRIBUTE:
        return [(*attribute(*arguments[:2]), name in WRITE_ATTRIBUTE)] if len(arguments) > 1 else []
    if name == "len":
        return _read(arguments)
    if name == "next":
        own = [(one, WHOLE, True) for one in arguments[:1] if type(one) is not types.GeneratorType]
        return [*own, *_read(arguments)]
    if name in READING:
        return of_comparison(*arguments)
    if name in CHANGES_FIRST and arguments:
        return [(arguments[0], WHOLE, True), *_inside(*arguments)]
    return of_all(arguments, writes=name not in READING_ALL)


def _of_method(owner: Any, name: str, arguments: tuple[Any, ...]) -> Iterable[Effect]:
    if name in {"__setattr__", "__delattr__", "__getattribute__"} and arguments:
        return [(*attribute(owner, arguments[0]), name != "__getattribute__")]
    found: list[Effect] = []
    if isinstance(owner, CONTAINERS):
        found += _of_container(owner, name, arguments)
    elif type(owner) is types.MappingProxyType:
        return _of_container(gc.get_referents(owner)[0], name, arguments)
    elif isinstance(owner, types.MemberDescriptorType | types.GetSetDescriptorType) and arguments:
        return [(arguments[0], ("item", owner.__name__), name != "__get__")]
    elif isinstance(owner, str) and name in {"format", "format_map"}:
        return of_all(arguments, writes=False)
    elif not isinstance(owner, IMMUTABLE_OWNERS) and type(owner).__module__ not in {"re", "_struct", "_thread"}:
        if isinstance(owner, types.GeneratorType | types.CoroutineType | BaseException):
            return []
        found.append((owner, WHOLE, not isinstance(owner, io.IOBase) or name not in {"fileno", "isatty"}))
    if name.endswith(INTO):
        return [*found, *of_all(arguments, writes=True)]
    if name not in STORES_ARGUMENTS:
        found += of_comparison(*arguments) if name in COMPARING or isinstance(owner, str) else _read(arguments)
    return found


def _of_container(owner: Any, name: str, arguments: tuple[Any, ...]) -> list[Effect]:
    if isinstance(owner, dict) and name in VIEWS:
        return []
    if isinstance(owner, dict | set) and arguments:
        if name in BY_KEY_READ:
            return [(owner, element(owner, arguments[0]), isinstance(owner, defaultdict) and name == "__getitem__")]
        if name in BY_KEY_WRITE or name in ONE_KEY_WRITE:
            return [(owner, element(owner, arguments[0]), True)]
    found: list[Effect] = [(owner, WHOLE, name not in READS)]
    return [*found, *_inside(owner)] if name in COMPARING else found


def _inside(owner: Any, *others: Any) -> list[Effect]:
    """Return what is touched by looking into the elements of a container that is touched anyway."""
    return [effect for effect in of_comparison(owner, *others) if effect[0] is not owner]
