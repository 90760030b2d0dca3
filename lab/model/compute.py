"""Python's local computations on values, with a bound on what one of them may cost.

Every function takes values and returns a value, or raises what Python would raise. What would need more than a
megabyte or a million elements is refused before it is computed.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

from lab.model.heap import Raised, Refused
from lab.model.texts import LIMIT_ITEMS, TEXT_METHODS, text_method
from lab.model.values import END, Closure, Cursor, Cut, Ref, Snapshot, Thrown, Value, type_name

__all__ = [
    "AUGMENTED",
    "BINARY",
    "COMPARE",
    "ITERABLE",
    "METHODS",
    "SYMBOLS",
    "UNARY",
    "bounded",
    "check_hashable",
    "invoke",
    "make_cursor",
    "make_dict",
    "ordered_set",
]

_LIMIT_BITS = 14_000  # about 4,200 digits: Python itself writes no more than 4,300
_TOO_LARGE = "a value grows beyond a megabyte"
_TOO_LONG = "a number grows beyond 4,000 digits"
_SMALLER = "use smaller numbers; a scenario wants few states"


def bounded(value: Value) -> Value:
    """Return the value unless it is too large, or a float that states cannot be told apart by."""
    if isinstance(value, float) and (
        math.isnan(value) or math.isinf(value) or (value == 0 and math.copysign(1, value) < 0)
    ):
        raise Refused(f"the value {value!r} is not allowed", "floats are finite, and zero has no sign")
    if isinstance(value, int) and value.bit_length() > _LIMIT_BITS:
        raise Refused(_TOO_LONG, _SMALLER)
    if isinstance(value, str) and len(value) > LIMIT_ITEMS:
        raise Refused(_TOO_LARGE, _SMALLER)
    if isinstance(value, tuple):
        _count(value)
    return value


def _count(value: tuple[Value, ...]) -> None:
    """Refuse a tuple with more than a million elements in all, in time proportional to that bound."""
    total, pending = 0, [value]
    while pending:
        part = pending.pop()
        total += len(part)
        if total > LIMIT_ITEMS:
            raise Refused("a value grows beyond a million elements", _SMALLER)
        pending.extend(item for item in part if isinstance(item, tuple))


def _plain(*values: Value) -> None:
    for value in values:
        if isinstance(value, Ref):
            raise Refused(
                f"arithmetic on a whole {value.kind}", "use its elements, or its methods such as `append` and `extend`"
            )
        if isinstance(value, Thrown):
            raise Refused(f"arithmetic on a {value.name}", "write `str(...)` for its text")


def _add(a: Value, b: Value) -> Value:
    _plain(a, b)
    if isinstance(a, Snapshot) and isinstance(b, Snapshot) and a.kind == b.kind == "list":
        return bounded(Snapshot("list", a.items + b.items))
    _no_snapshots("+", a, b)
    return bounded(a + b)


def _no_snapshots(symbol: str, a: Value, b: Value) -> None:
    if isinstance(a, Snapshot) or isinstance(b, Snapshot):
        raise Raised("TypeError", f"unsupported operand type(s) for {symbol}: '{type_name(a)}' and '{type_name(b)}'")


def _multiply(a: Value, b: Value) -> Value:
    _plain(a, b)
    for left, right in ((a, b), (b, a)):
        if isinstance(left, Snapshot) and isinstance(right, int):
            return Snapshot(left.kind, _repeat(left.items, right))
        if isinstance(left, str | tuple) and isinstance(right, int):
            return _repeat(left, right)
    if isinstance(a, int) and isinstance(b, int) and a.bit_length() + b.bit_length() > _LIMIT_BITS:
        raise Refused(_TOO_LONG, _SMALLER)
    return bounded(a * b)


def _repeat(sequence: Value, times: int) -> Value:
    if len(sequence) * times > LIMIT_ITEMS:
        raise Refused("a value grows beyond a million elements", _SMALLER)
    return bounded(sequence * times)


def _power(a: Value, b: Value) -> Value:
    _plain(a, b)
    if isinstance(a, int) and isinstance(b, int) and b > 0 and a.bit_length() * b > _LIMIT_BITS:
        raise Refused(_TOO_LONG, _SMALLER)
    result = a**b
    if isinstance(result, complex):
        raise Refused("the power of a negative number is complex", "complex numbers are not part of the language")
    return bounded(result)


def _shift_left(a: Value, b: Value) -> Value:
    _plain(a, b)
    if isinstance(a, int) and isinstance(b, int) and a and b + a.bit_length() > _LIMIT_BITS:
        raise Refused(_TOO_LONG, _SMALLER)
    return bounded(a << b)


def _modulo(a: Value, b: Value) -> Value:
    _plain(a, b)
    if isinstance(a, str):
        raise Refused("text is formatted with %", "join it with `+` and `str(...)`")
    return bounded(a % b)


def _merged(function: Callable[[Any, Any], Any], symbol: str) -> Callable[[Value, Value], Value]:
    """Return an operator that sets, and `|` that dicts, have beside the numbers."""
    plain = _simple(function, symbol)

    def compute(a: Value, b: Value) -> Value:
        if isinstance(a, Snapshot) and isinstance(b, Snapshot) and a.kind == b.kind:
            if a.kind == "set":
                return Snapshot("set", ordered_set(tuple(function(set(a.items), set(b.items)))))
            if a.kind == "dict" and symbol == "|":
                return make_dict(a.items + b.items)
        return plain(a, b)

    return compute


def _simple(function: Callable[[Any, Any], Any], symbol: str) -> Callable[[Value, Value], Value]:
    def compute(a: Value, b: Value) -> Value:
        _plain(a, b)
        _no_snapshots(symbol, a, b)
        return bounded(function(a, b))

    compute.__name__ = function.__name__
    return compute


BINARY: dict[str, Callable[[Value, Value], Value]] = {
    "Add": _add,
    "Sub": _merged(operator.sub, "-"),
    "Mult": _multiply,
    "Div": _simple(operator.truediv, "/"),
    "FloorDiv": _simple(operator.floordiv, "//"),
    "Mod": _modulo,
    "Pow": _power,
    "LShift": _shift_left,
    "RShift": _simple(operator.rshift, ">>"),
    "BitAnd": _merged(operator.and_, "&"),
    "BitOr": _merged(operator.or_, "|"),
    "BitXor": _merged(operator.xor, "^"),
}
"""Python's binary operators, by the name of their class in `ast`."""

SYMBOLS = {
    "Add": "+",
    "Sub": "-",
    "Mult": "*",
    "Div": "/",
    "FloorDiv": "//",
    "Mod": "%",
    "Pow": "** or pow()",
    "LShift": "<<",
    "RShift": ">>",
    "BitAnd": "&",
    "BitOr": "|",
    "BitXor": "^",
}
"""How messages write them."""


def _augmented(function: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    def compute(a: Value, b: Value) -> Value:
        try:
            return function(a, b)
        except TypeError as error:
            message = re.sub(r"operand type\(s\) for (\S+)( or pow\(\))?:", r"operand type(s) for \1=:", str(error))
            raise Raised("TypeError", message) from None

    return compute


AUGMENTED = {name: _augmented(function) for name, function in BINARY.items()}
"""The same for `a += b` on immutable values: only Python's messages differ."""


def _unary(function: Callable[[Any], Any]) -> Callable[[Value], Value]:
    def compute(value: Value) -> Value:
        _plain(value)
        return bounded(function(value))

    return compute


UNARY: dict[str, Callable[[Value], Value]] = {
    "USub": _unary(operator.neg),
    "UAdd": _unary(operator.pos),
    "Invert": _unary(operator.invert),
}


def _is(a: Value, b: Value) -> bool:
    if isinstance(a, Ref) or isinstance(b, Ref) or isinstance(a, Snapshot) or isinstance(b, Snapshot):
        return bool(a == b) and type(a) is type(b)
    if isinstance(a, Closure) and isinstance(b, Closure):
        raise Refused("two functions are compared", "compare what tells them apart")
    if a is None or b is None or isinstance(a, bool) or isinstance(b, bool):
        return a is b
    raise Refused(
        f"`is` between a {type_name(a)} and a {type_name(b)}",
        "whether equal numbers or texts are one object is not defined; write `==`",
    )


def _equal(a: Value, b: Value) -> bool:
    if isinstance(a, Thrown) and isinstance(b, Thrown):
        raise Refused("two exceptions are compared", "compare their texts: `str(a) == str(b)`")
    if isinstance(a, Closure) and isinstance(b, Closure):
        raise Refused("two functions are compared", "compare what tells them apart")
    if isinstance(a, Ref) and isinstance(b, Ref) and a.kind == b.kind == "SimpleNamespace" and a != b:
        raise Refused("two namespaces are compared", "compare their attributes")
    if isinstance(a, Snapshot) != isinstance(b, Snapshot):
        return False
    if isinstance(a, Snapshot) and isinstance(b, Snapshot):
        if a.kind != b.kind or len(a.items) != len(b.items):
            return False
        if a.kind == "dict":
            other = dict(b.items)
            return all(key in other and _equal(value, other[key]) for key, value in a.items)
        return all(map(_equal, a.items, b.items))
    if type(a) is tuple and type(b) is tuple:
        return len(a) == len(b) and all(map(_equal, a, b))
    return bool(a == b)


def _order(function: Callable[[Any, Any], Any], symbol: str) -> Callable[[Value, Value], bool]:
    def compute(a: Value, b: Value) -> bool:
        if isinstance(a, Snapshot) and isinstance(b, Snapshot):
            if a.kind == b.kind == "set":
                return bool(function(set(a.items), set(b.items)))
            if a.kind == b.kind and a.kind in ("list", "deque"):
                return bool(function(a.items, b.items))
        if isinstance(a, Ref | Snapshot) or isinstance(b, Ref | Snapshot):
            names = f"'{type_name(a)}' and '{type_name(b)}'"
            raise Raised("TypeError", f"'{symbol}' not supported between instances of {names}")
        return bool(function(a, b))

    return compute


COMPARE: dict[str, Callable[[Value, Value], bool]] = {
    "Eq": _equal,
    "NotEq": lambda a, b: not _equal(a, b),
    "Lt": _order(operator.lt, "<"),
    "LtE": _order(operator.le, "<="),
    "Gt": _order(operator.gt, ">"),
    "GtE": _order(operator.ge, ">="),
    "Is": _is,
    "IsNot": lambda a, b: not _is(a, b),
}
"""Python's comparisons on values and snapshots, by the name of their class in `ast`."""


def check_orderable(values: tuple[Value, ...]) -> None:
    """Refuse to compare objects where a sort, a minimum or a maximum does it: only `<` in the text finds a `__lt__`."""
    for value in values if len(values) > 1 else ():
        parts = value if type(value) is tuple else (value,)
        for part in parts:
            if isinstance(part, Ref | Snapshot):
                raise Refused(
                    f"a sort compares objects of class {part.kind}", "sort numbers or texts, or give a `key=`"
                )


def check_hashable(value: Value) -> None:
    """Raise what Python raises for a key or an element that cannot be hashed."""
    if isinstance(value, Ref | Snapshot):
        if value.kind in ("list", "dict", "set", "deque"):
            name = "collections.deque" if value.kind == "deque" else value.kind
            raise Raised("TypeError", f"unhashable type: '{name}'")
    elif isinstance(value, tuple):
        for part in value:
            check_hashable(part)


def ordered_set(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return a set's elements in an order that depends on nothing but the elements."""

    def key(value: Value) -> Any:
        return type(value).__name__, value if isinstance(value, int | float) else 0, repr(value)

    return tuple(sorted(values, key=key))


def make_dict(pairs: tuple[tuple[Value, Value], ...]) -> Snapshot:
    """Return the dict with those entries; a later one replaces an earlier one with an equal key."""
    for key, _ in pairs:
        check_hashable(key)
    return Snapshot("dict", bounded(tuple(dict(pairs).items())))


ITERABLE = ("list", "deque", "dict", "set", "tuple", "str", "range")
"""The names of the classes whose objects can be iterated."""

_VIEWS = ("keys", "values", "items")


def make_cursor(source: Value, mode: str) -> Cursor:
    """Return an iterator that stands before the first element."""
    kind = type_name(source)
    if mode in _VIEWS and kind != "dict":
        raise Raised("AttributeError", f"'{kind}' object has no attribute '{mode}'")
    if kind not in ITERABLE:
        raise Raised("TypeError", f"'{kind}' object is not iterable")
    return Cursor(source, mode, 0, None)


def _advance(source: Value, cursor: Cursor) -> Value:
    if isinstance(source, Snapshot):
        if source.kind == "set" and cursor.mode != "any order":
            raise Refused("a set is iterated, and its order is not defined", "write `for value in sorted(the_set)`")
        items: Value = source.items
    else:
        items = source
    if not 0 <= cursor.position < len(items):
        return END
    value = items[cursor.position]
    if cursor.mode == "reversed":
        return value, cursor._replace(position=cursor.position - 1)
    if isinstance(source, Snapshot) and source.kind == "dict":
        value = {"values": value[1], "items": value}.get(cursor.mode, value[0])
    return value, cursor._replace(position=cursor.position + 1)


def _reversed(source: Value) -> Cursor:
    if isinstance(source, Snapshot) and source.kind != "list":
        raise Refused(f"a {source.kind} is iterated backwards", "only lists, tuples, texts and ranges are")
    if not isinstance(source, Snapshot | tuple | str | range):
        raise Raised("TypeError", f"'{type_name(source)}' object is not reversible")
    return Cursor(source, "reversed", len(source.items if isinstance(source, Snapshot) else source) - 1, None)


def _contains(container: Value, wanted: Value) -> bool:
    if isinstance(container, Snapshot):
        if container.kind == "dict":
            return wanted in dict(container.items)
        return wanted in container.items
    if not isinstance(container, tuple | str | range):
        raise Raised("TypeError", f"argument of type '{type_name(container)}' is not iterable")
    return wanted in container


def _get_item(container: Value, index: Value) -> Value:
    if isinstance(index, Cut):
        index = slice(*index)
    if isinstance(container, Snapshot):
        if container.kind == "dict":
            mapping = dict(container.items)
            if index not in mapping:
                raise Raised("KeyError", repr(index))
            return mapping[index]
        if container.kind == "set":
            raise Raised("TypeError", "'set' object is not subscriptable")
        try:
            item = container.items[index]
        except IndexError:
            raise Raised("IndexError", f"{container.kind} index out of range") from None
        return Snapshot(container.kind, item) if isinstance(index, slice) else item
    if not isinstance(container, tuple | str | range):
        raise Raised("TypeError", f"'{type_name(container)}' object is not subscriptable")
    return container[index]


def _length(container: Value) -> int:
    if isinstance(container, Snapshot):
        return len(container.items)
    if not isinstance(container, tuple | str | range):
        raise Raised("TypeError", f"object of type '{type_name(container)}' has no len()")
    return len(container)


def _truth(value: Value) -> bool:
    return len(value.items) > 0 if isinstance(value, Snapshot) else bool(value)


METHODS: dict[str, frozenset[str]] = {
    "str": TEXT_METHODS,
    "tuple": frozenset(("index", "count")),
    "range": frozenset(("index", "count")),
    "int": frozenset(("bit_length",)),
    "bool": frozenset(("bit_length",)),
    "float": frozenset(("is_integer",)),
}
_OPERATORS: dict[str, Callable[..., Value]] = {
    "__getitem__": _get_item,
    "__len__": _length,
    "__bool__": _truth,
    "__contains__": _contains,
    "__next__": _advance,
    "__reversed__": _reversed,
}
_CHANGES = frozenset(
    ("append", "extend", "insert", "remove", "clear", "pop", "add", "discard", "__setitem__", "__delitem__", "sort")
)


def invoke(operation: str, receiver: Value, arguments: tuple[Value, ...]) -> Value:
    """Perform an operation on a value that is no reference."""
    if operation in _OPERATORS:
        return _OPERATORS[operation](receiver, *arguments)
    kind = type_name(receiver)
    if isinstance(receiver, Snapshot):
        if operation in ("__copy__", "copy"):
            return receiver
        if operation in _CHANGES:
            raise Refused(
                f"a {kind} made inside a thread is changed",
                "make the container at the top level of the file, or build a tuple",
            )
        if operation in ("index", "count") and kind in ("list", "deque"):
            return getattr(receiver.items, operation)(*arguments)
    if operation == "__copy__":
        return receiver
    if operation in METHODS.get(kind, ()):
        return (
            bounded(text_method(receiver, operation, arguments))
            if kind == "str"
            else getattr(receiver, operation)(*arguments)
        )
    if operation in ("__setitem__", "__delitem__"):
        verb = "assignment" if operation == "__setitem__" else "deletion"
        does = "does not" if operation == "__setitem__" else "doesn't"
        raise Raised("TypeError", f"'{kind}' object {does} support item {verb}")
    if operation == "__enter__":
        raise Raised("TypeError", f"'{kind}' object does not support the context manager protocol")
    name = arguments[0] if operation in ("__getattr__", "__setattr__", "__delattr__") else operation
    raise Raised("AttributeError", f"'{kind}' object has no attribute '{name}'")
