"""The values a program computes with, and when two of them are the same.

A value is an immutable Python value: None, bool, int, float, str, range, or a tuple of values; a reference to an
object of the program's heap; a snapshot of a container; an exception; an iterator; or one of the markers below.
Mutable objects live in the state's components.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

__all__ = [
    "CELL",
    "END",
    "MISSING",
    "OWN",
    "UNBOUND",
    "Closure",
    "Cursor",
    "Cut",
    "Gate",
    "Marker",
    "Parked",
    "Ref",
    "Snapshot",
    "Thrown",
    "Value",
    "Waiter",
    "identity",
    "type_name",
]

Value: TypeAlias = Any


class Marker:
    """A value that no program can write down, equal to itself only."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


UNBOUND = Marker("unbound")
"""The content of a local variable before its first assignment."""

MISSING = Marker("missing")
"""The content of an attribute before its first assignment."""

END = Marker("end")
"""What advancing an iterator gives when nothing is left."""


OWN = Marker("own index")
"""What stands for a thread's index where threads are not told apart."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to the heap object with that number; `kind` is that object's class name."""

    number: int
    kind: str


@dataclass(frozen=True, slots=True)
class Thrown:
    """An exception as a value: its class's name and its message."""

    name: str
    message: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


class Snapshot(NamedTuple):
    """A list, set, dict (as pairs) or deque made in a thread, which can be read but not changed."""

    kind: str
    items: tuple[Value, ...]


class Parked(NamedTuple):
    """What a wait gives a thread that has to go on waiting; `token` is what the object needs to know of it."""

    token: Value


class Cut(NamedTuple):
    """What stands between the brackets of a slice."""

    start: Value
    stop: Value
    step: Value


class Cursor(NamedTuple):
    """An iterator: what it runs over, what it yields ("", "keys", "values" or "items"), and how far it is.

    `size` is the container's length when the iteration began (None before the first element): dicts, sets and
    deques refuse to go on when it has changed.
    """

    source: Value
    mode: str
    position: int
    size: int | None


class Closure(NamedTuple):
    """A function made inside a function: which one, the cells of the variables it uses, and its defaults."""

    name: str
    number: int
    cells: tuple[Value, ...]
    defaults: tuple[Value, ...]


CELL = "variable"
"""The class, as `Ref.kind` gives it, of what holds a variable that functions inside a function use."""

_PLAIN = frozenset((int, str, type(None), Ref, Marker))


class Waiter(NamedTuple):
    """A task that waits for another one to end.

    Attributes
    ----------
    task : int
        Who waits.
    gathered : tuple of Ref
        All the tasks that it waits for; () where it awaits the one alone.
    wants : bool
        Whether it wants exceptions as values.
    first : bool
        Whether the one's exception is the first that was met.
    """

    task: int
    gathered: tuple[Ref, ...] = ()
    wants: bool = False
    first: bool = False


class Gate(NamedTuple):
    """The content of a `threading.Thread` object, or of a task of asyncio that another one made.

    Attributes
    ----------
    status : str
        "new", "started", "ended" (its last step was taken, and nobody has seen it dead yet), "gone", or "failed" (of
        a task that an exception ended).
    key : str
        Which threads it is one of: those that one thread makes of one target share the places set aside for them.
    slot : int
        Which of these places is its own.
    daemon : bool
        Whether the program may end without it.
    arguments : tuple
        What it is started with.
    result : value
        What a task of asyncio returned or raised.
    waiters : tuple of Waiter
        The tasks that wait for such a task, the first come first.
    group : Ref or None
        The `asyncio.TaskGroup` that such a task belongs to, which learns of its end.
    """

    status: str
    key: str
    slot: int
    daemon: bool
    arguments: tuple[Value, ...]
    result: Value = None
    waiters: tuple[Waiter, ...] = ()
    group: Ref | None = None


def identity(value: Value) -> Hashable:
    """Return a key that is equal for two values exactly when type and value agree, recursively.

    Examples
    --------
    >>> identity(1) == identity(True), identity((1,)) == identity((1.0,)), identity(0.0) == identity(0.0)
    (False, False, True)
    """
    kind = value.__class__
    if kind in _PLAIN:
        plain: Hashable = value
        return plain
    if not isinstance(value, tuple):
        return (kind, value)
    if kind is tuple and _PLAIN.issuperset(map(type, value)):
        return value  # no other key is equal: those below begin with a class
    return (kind, *[part if part.__class__ in _PLAIN else identity(part) for part in value])


def type_name(value: Value) -> str:
    """Return the name of the Python class that a value stands for, as error messages write it."""
    if isinstance(value, Ref | Snapshot):
        return value.kind
    if isinstance(value, Thrown):
        return value.name
    if isinstance(value, Closure):
        return "function"
    return "NoneType" if value is None else str(type(value).__name__)
