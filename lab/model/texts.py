"""Texts: what `str` and `repr` give, format specifications, and the methods of a text, with a bound on their size."""

from __future__ import annotations

import re

from lab.model.heap import Raised, Refused
from lab.model.values import Ref, Snapshot, Thrown, Value, type_name

__all__ = ["LIMIT_ITEMS", "TEXT_METHODS", "format_value", "formatted", "text_method"]

LIMIT_ITEMS = 1_000_000
"""Characters of a text, and elements of a container."""

_WIDEST = 10_000

TEXT_METHODS = frozenset(
    (
        *("capitalize", "casefold", "lower", "swapcase", "title", "upper"),
        *("isalnum", "isalpha", "isdigit", "islower", "isspace", "isupper"),
        *("lstrip", "rstrip", "strip", "removeprefix", "removesuffix", "replace"),
        *("center", "ljust", "rjust", "zfill"),
        *("count", "endswith", "find", "index", "rfind", "startswith"),
        *("join", "partition", "rpartition", "split", "splitlines"),
    )
)
"""The methods of a text that the language knows."""

_WIDENING = ("center", "ljust", "rjust", "zfill")


def format_value(value: Value, *, quote: bool = False) -> str:
    """Return what `str` (or, quoted, `repr`) gives for a value that holds no reference."""
    if isinstance(value, Ref):
        raise Refused(f"the text of a {value.kind} is not defined", "print its fields")
    if isinstance(value, Snapshot):
        if value.kind == "dict":
            pairs = (f"{format_value(k, quote=True)}: {format_value(v, quote=True)}" for k, v in value.items)
            return "{" + ", ".join(pairs) + "}"
        inner = ", ".join(format_value(item, quote=True) for item in value.items)
        return {"list": f"[{inner}]", "set": f"{{{inner}}}" if inner else "set()", "deque": f"deque([{inner}])"}[
            value.kind
        ]
    if isinstance(value, tuple):
        inner = ", ".join(format_value(item, quote=True) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, Thrown):
        if quote:
            raise Refused(f"a {value.name} is written with its name", "write `str(...)` for its text")
        return value.message
    return repr(value) if quote else str(value)


def formatted(value: Value, conversion: str, specification: str) -> str:
    """Return what a replacement field of an f-string gives.

    Parameters
    ----------
    value : Value
        Without references.
    conversion : str
        "r", "s", or "" for none.
    specification : str
        What stands behind the colon, "" for nothing.
    """
    if any(int(digits) > _WIDEST for digits in re.findall(r"\d+", specification)[:9] if len(digits) < 9) or (
        len(specification) > 50
    ):
        raise Refused(f"a text is formatted wider than {_WIDEST:,} characters", "use a smaller width")
    if conversion:
        value = format_value(value, quote=conversion == "r")
    if isinstance(value, Snapshot | tuple) or value is None:
        if specification:
            kind = "collections.deque" if type_name(value) == "deque" else type_name(value)
            raise Raised("TypeError", f"unsupported format string passed to {kind}.__format__")
        return format_value(value)
    if isinstance(value, Thrown) and not specification:
        return value.message
    return format(value, specification) if not isinstance(value, Ref) else format_value(value)


def text_method(receiver: str, operation: str, arguments: tuple[Value, ...]) -> Value:
    """Perform a method of a text; the arguments hold no references."""
    if operation == "join":
        return _joined(receiver, arguments[0])
    if operation in _WIDENING and isinstance(arguments[0], int) and arguments[0] > LIMIT_ITEMS:
        raise Refused("a value grows beyond a megabyte", "use smaller numbers; a scenario wants few states")
    longer = len(arguments[1]) if operation == "replace" and isinstance(arguments[1], str) else 1
    if (len(receiver) + 1) * longer > 2 * LIMIT_ITEMS:
        raise Refused("a value grows beyond a megabyte", "use shorter texts; a scenario wants few states")
    result = getattr(receiver, operation)(*arguments)
    return Snapshot("list", tuple(result)) if isinstance(result, list) else result


def _joined(separator: str, parts: Value) -> str:
    if isinstance(parts, Snapshot) and parts.kind == "set":
        raise Refused("a set's order is not defined", "join `sorted(the_set)`")
    if isinstance(parts, Snapshot):
        parts = tuple(key for key, _ in parts.items) if parts.kind == "dict" else parts.items
    if not isinstance(parts, tuple | str | range):
        raise Raised("TypeError", "can only join an iterable")
    items: tuple[Value, ...] = tuple(parts)
    for position, item in enumerate(items):
        if not isinstance(item, str):
            raise Raised("TypeError", f"sequence item {position}: expected str instance, {type_name(item)} found")
    if sum(len(separator) + len(item) for item in items) > LIMIT_ITEMS:
        raise Refused("a value grows beyond a megabyte", "use smaller numbers; a scenario wants few states")
    return separator.join(items)
