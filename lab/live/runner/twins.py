"""What threads wait with that was made before the run, wherever it is kept: for a while, controlled twins stand there.

A lock at the top level of a module, in a class, in an object, a list or a dict, in a variable of an enclosing function,
or as a default argument.
"""

from __future__ import annotations

import functools
import itertools
import queue
import threading
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from contextlib import suppress
from typing import Any, Optional, Union

from lab.live.runner import conditions, locks, queues, threads

__all__ = ["Originals", "Twins", "exchange"]

MOST_OBJECTS = 200_000
"""Objects that are looked at; what lies behind more than that is not replaced."""

_Inside = tuple[Any, Optional[Callable[..., Any]], tuple[Any, ...]]
"""A value, what puts another one there, if anything can, and where: its first arguments."""


class Twins:
    """Controlled objects in place of real ones: each real one has one twin, wherever it is kept."""

    def __init__(self) -> None:
        self.made: dict[int, tuple[Any, Any]] = {}

    def of(self, value: Any) -> Any:
        """Return a controlled object that begins as this real one stands; None if it is nothing to wait for."""
        make = _MAKERS.get(type(value))
        if make is None:
            return None
        known = self.made.get(id(value))
        if known is None:
            known = self.made[id(value)] = (value, make(value, self))
        return known[1]

    def originals(self) -> Originals:
        """Return what finds the real object of each twin."""
        return Originals({id(twin): (twin, real) for real, twin in self.made.values()})

    def renew(self) -> None:
        """Release the locks that a run has left taken."""
        for _, twin in self.made.values():
            if isinstance(twin, (locks.Lock, locks.RLock)):
                twin.__init__()  # type: ignore[misc]


class Originals:
    """Real objects in place of their twins."""

    def __init__(self, real: dict[int, tuple[Any, Any]]) -> None:
        self.real = real

    def of(self, value: Any) -> Any:
        """Return the real object of a twin; None if the value is none."""
        found = self.real.get(id(value))
        return None if found is None else found[1]


def _event(real: Any, _: Twins) -> Any:
    made = conditions.Event()
    made._flag = real.is_set()
    return made


def _filled(kind: Any) -> Callable[[Any, Twins], Any]:
    def make(real: Any, _: Twins) -> Any:
        made = kind(real.maxsize)
        for item in list(real.queue):
            made._put(item)
        made.unfinished_tasks = real.unfinished_tasks
        return made

    return make


_MAKERS: dict[Any, Callable[[Any, Twins], Any]] = {
    type(threading.Lock()): lambda _, __: locks.Lock(),
    type(threading.RLock()): lambda _, __: locks.RLock(),
    threading.Condition: lambda real, all_: conditions.Condition(all_.of(real._lock)),
    threading.Event: _event,
    threading.BoundedSemaphore: lambda real, _: conditions.BoundedSemaphore(real._initial_value),
    threading.Semaphore: lambda real, _: conditions.Semaphore(real._value),
    threading.Barrier: lambda real, _: conditions.Barrier(real.parties, real._action, real._timeout),
    queue.PriorityQueue: _filled(queues.PriorityQueue),
    queue.LifoQueue: _filled(queues.LifoQueue),
    queue.Queue: _filled(queues.Queue),
    queue.SimpleQueue: lambda _, __: queues.SimpleQueue(),
    threading.local: lambda _, __: threads.Local(),
}
"""By class, what makes a controlled object that stands as a real one does."""


def exchange(spaces: Sequence[MutableMapping[str, Any]], roots: Iterable[Any], others: Union[Twins, Originals]) -> None:
    """Put another object wherever user code keeps one that has another.

    Parameters
    ----------
    spaces : sequence of namespaces
        The variables of the user's modules.
    roots : iterable
        Further objects to begin at: the threads' functions.
    others : Twins or Originals
        Knows which object is to stand for which.
    """
    walk = _Walk(spaces)
    left: list[Any] = [*roots, *spaces]
    seen: dict[int, Any] = {}
    while left and len(seen) < MOST_OBJECTS:
        value = left.pop()
        if id(value) in seen:
            continue
        seen[id(value)] = value
        for inner, put, where in walk.inside(value):
            if type(inner) in _NOTHING_INSIDE:
                continue
            if type(inner) is type and inner.__module__ not in walk.names:
                continue
            other = others.of(inner)
            if other is None:
                left.append(inner)
            elif put is not None:
                with suppress(AttributeError, TypeError):  # where it can only be read
                    put(*where, other)


class _Walk:
    """What lies inside of what, as far as user code goes."""

    def __init__(self, spaces: Sequence[MutableMapping[str, Any]]) -> None:
        self.spaces = {id(space) for space in spaces}
        self.names = {space.get("__name__") for space in spaces}

    def inside(self, value: Any) -> Iterable[_Inside]:
        """Return what a value holds, each with what replaces it there and where, or None where nothing can."""
        kind = type(value)
        if kind is types.FunctionType:
            return _of_function(value) if id(value.__globals__) in self.spaces else ()
        if kind is dict:
            return _of_dict(value)
        if kind is types.CellType:
            return _of_cell(value)
        if kind is types.MethodType:
            return ((value.__func__, None, ()), (value.__self__, None, ()))
        if isinstance(value, type):
            return _of_class(value) if value.__module__ in self.names else ()
        found: Iterable[_Inside] = ()
        if isinstance(value, (dict, list, deque, tuple, set, frozenset)):
            found = _of_container(value)
        if kind.__module__ in self.names or isinstance(value, _WRAPPERS):
            found = itertools.chain(found, _of_object(value))
        return found


_NOTHING_INSIDE = frozenset({int, float, str, bytes, bool, type(None), complex, types.ModuleType, types.CodeType}) | {
    types.BuiltinFunctionType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
}
_WRAPPERS = (
    property,
    classmethod,
    staticmethod,
    functools.partial,
    functools.cached_property,
    functools.partialmethod,
    types.SimpleNamespace,
)


def _of_container(value: Any) -> Iterator[_Inside]:
    if isinstance(value, dict):
        yield from _of_dict(value)
    elif isinstance(value, (list, deque)):
        for position, one in enumerate(list(value)):
            yield one, value.__setitem__, (position,)
    else:
        for one in value:
            yield one, None, ()


def _of_dict(held: Any) -> Iterator[_Inside]:
    for name, one in list(held.items()):
        yield one, dict.__setitem__, (held, name)


def _of_class(kind: Any) -> Iterator[_Inside]:
    for name, one in list(vars(kind).items()):
        yield one, type.__setattr__, (kind, name)


def _of_cell(cell: Any) -> Iterator[_Inside]:
    try:
        content = cell.cell_contents
    except ValueError:  # not assigned yet
        return
    yield content, setattr, (cell, "cell_contents")


def _of_function(function: Any) -> Iterator[_Inside]:
    for cell in function.__closure__ or ():
        yield cell, None, ()
    yield function.__dict__, None, ()
    if function.__kwdefaults__:
        yield function.__kwdefaults__, None, ()
    for position, one in enumerate(function.__defaults__ or ()):
        yield one, _put_default, (function, position)


def _put_default(function: Any, position: int, value: Any) -> None:
    before = function.__defaults__
    function.__defaults__ = (*before[:position], value, *before[position + 1 :])


def _of_object(value: Any) -> Iterator[_Inside]:
    for name in ("fget", "fset", "fdel", "__func__", "func", "args", "keywords"):
        if isinstance(value, _WRAPPERS) and hasattr(type(value), name):
            yield getattr(value, name), None, ()
    held = getattr(value, "__dict__", None)
    if type(held) is dict:
        yield from _of_dict(held)
    for kind in type(value).__mro__:
        for slot in list(vars(kind).values()):
            if type(slot) is types.MemberDescriptorType:
                try:
                    yield slot.__get__(value, kind), slot.__set__, (value,)
                except (AttributeError, TypeError):  # not assigned, or only to be read
                    continue
