"""Values as plain data that JSON can hold, and back: what a checkpoint keeps of states."""

from __future__ import annotations

from typing import Any

from lab.errors import CheckpointError
from lab.model.objects.groups import Group
from lab.model.objects.loop import Turns
from lab.model.state import Access, Local
from lab.model.values import (
    END,
    MISSING,
    OWN,
    UNBOUND,
    Closure,
    Cursor,
    Cut,
    Gate,
    Marker,
    Parked,
    Ref,
    Snapshot,
    Thrown,
    Value,
    Waiter,
)

__all__ = ["as_data", "from_data"]

_RECORDS: dict[str, type] = {
    kind.__name__: kind for kind in (Access, Closure, Cursor, Cut, Gate, Group, Local, Parked, Snapshot, Turns, Waiter)
}
"""Named tuples that are values, or hold them."""

_MARKERS = {marker.name: marker for marker in (UNBOUND, MISSING, END, OWN)}

_EXACT = 1 << 53
"""Whole numbers from here on are written in hexadecimal digits, of which any number may be read."""


def as_data(value: Value) -> Any:
    """Return a value as None, booleans, numbers, texts, lists, and dictionaries with one key that says the kind.

    Raises
    ------
    CheckpointError
        It is of a kind that no program computes with.

    Examples
    --------
    >>> as_data((1, "a", Ref(0, "list"), 0.5))
    [1, 'a', {'Ref': [0, 'list']}, {'float': '0x1.0000000000000p-1'}]
    """
    kind = type(value)
    if value is None or kind is bool:
        return value
    if kind is str:  # JSON would make one character of two halves
        halves = not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value)
        return {"text": value.encode("utf-32-le", "surrogatepass").hex()} if halves else value
    if kind is int:
        return value if abs(value) < _EXACT else {"int": hex(value)}
    if kind is tuple:
        return [as_data(item) for item in value]
    if kind is float:
        return {"float": value.hex()}
    if kind is range:
        return {"range": as_data((value.start, value.stop, value.step))}
    if kind is Ref:
        return {"Ref": [value.number, value.kind]}
    if kind is Thrown:
        return {"Thrown": [value.name, value.message]}
    if _RECORDS.get(kind.__name__) is kind:
        return {kind.__name__: [as_data(item) for item in value]}
    if isinstance(value, Marker) and _MARKERS.get(value.name) is value:
        return {"marker": value.name}
    raise CheckpointError(f"a checkpoint cannot hold a value of type {kind.__name__}")


def from_data(data: Any) -> Value:
    """Return the value that `as_data` made this of; raises `ValueError` when it did not.

    Examples
    --------
    >>> from_data(as_data((1, True, -0.0, 10**30, range(3), None)))
    (1, True, -0.0, 1000000000000000000000000000000, range(0, 3), None)
    """
    if isinstance(data, list):
        return tuple(map(from_data, data))
    if not isinstance(data, dict):
        return data
    try:
        ((kind, held),) = data.items()
        return _made(kind, held)
    except (TypeError, KeyError, AttributeError, ValueError) as error:
        raise ValueError(f"no value: {data!r}") from error


def _made(kind: str, held: Any) -> Value:
    if kind == "int":
        return int(held, 16)
    if kind == "float":
        return float.fromhex(held)
    if kind == "text":
        return bytes.fromhex(held).decode("utf-32-le", "surrogatepass")
    if kind == "range":
        return range(*from_data(held))
    if kind == "marker":
        return _MARKERS[held]
    if kind == "Ref":
        return Ref(*held)
    if kind == "Thrown":
        return Thrown(*held)
    return _RECORDS[kind](*map(from_data, held))
