"""The oracle's memory: cells with frozen contents, and what one request does to them.

A request is one shared access of one thread. `results` says what it could give: nothing when the thread has to wait,
else one pair (answer, memory afterwards) per result. Containers are thawed into real Python objects, the real operation
is applied, and the object is frozen again, so the semantics of a container's method is Python's own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

Memory = Mapping[Hashable, Any]

LOCKS = ("lock", "rlock", "semaphore")
WAITING = ("condition", "event", "barrier", "queue")
CONTAINERS = ("list", "dict", "set", "deque")
STDOUT = "stdout"


class UnsupportedError(Exception):
    """A program that the oracle does not judge."""


@dataclass(frozen=True)
class Ref:
    """A reference to the object with that number."""

    number: int


@dataclass(frozen=True)
class Frozen:
    """An immutable picture of an object's content."""

    kind: str
    items: tuple[Any, ...]


@dataclass(frozen=True)
class Thrown:
    """An exception as an answer."""

    name: str
    message: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


@dataclass(frozen=True)
class Caught:
    """An exception that a handler bound to a name: its text is its message."""

    name: str
    message: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Request:
    """One shared access that a thread asks for."""

    kind: str
    target: Any
    args: tuple[Any, ...] = ()
    line: int = 0
    instruction: Hashable = None
    statement: int = 0
    block: int | None = None
    atomic: bool = False
    timed: bool = False


Results = list[tuple[Any, Memory]]


def would_wait(memory: Memory, request: Request, thread: int) -> bool:
    """Whether a request has to wait, be it only until a time-out."""
    return not results(memory, replace(request, timed=False), thread)


def freeze(value: Any) -> Any:
    """Return the immutable picture of a plain Python value."""
    if isinstance(value, list | deque):
        return Frozen(type(value).__name__, tuple(freeze(item) for item in value))
    if isinstance(value, dict):
        return Frozen("dict", tuple((key, freeze(item)) for key, item in value.items()))
    if isinstance(value, set):
        return Frozen("set", tuple(sorted(value, key=lambda item: (type(item).__name__, repr(item)))))
    if isinstance(value, tuple):
        return tuple(freeze(item) for item in value)
    return value


def thaw(value: Any) -> Any:
    """Return a fresh Python object with the content of a picture."""
    if isinstance(value, Frozen) and value.kind == "exception":
        return Caught(*value.items)
    if isinstance(value, Frozen):
        makers: dict[str, Callable[[Any], Any]] = {"list": list, "dict": dict, "set": set, "deque": deque}
        return makers[value.kind](value.items)
    return value


def identity(value: Any) -> Hashable:
    """Return a key equal for two values exactly when type and value agree, recursively."""
    if isinstance(value, Frozen):
        return (value.kind, *(identity(item) for item in value.items))
    if isinstance(value, tuple):
        return ("tuple", *(identity(item) for item in value))
    if isinstance(value, slice):
        return ("slice", identity((value.start, value.stop, value.step)))
    return (type(value).__name__, value)


def attempt(action: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    """Return what a Python operation gives, frozen; an exception is given as `Thrown`."""
    try:
        return freeze(action(*args, **keywords))
    except Exception as error:  # noqa: BLE001 - whatever Python raises is the program's own exception
        return Thrown(type(error).__name__, str(error))


def results(memory: Memory, request: Request, thread: int, names: Mapping[Ref, str] | None = None) -> Results:
    """Return every result of a request: pairs (answer, memory afterwards); none when it has to wait."""
    content = memory.get(request.target)
    if isinstance(content, Frozen) and content.kind == "record" and content.items[0][1]:
        return [(Thrown("UseAfterFree", f"{(names or {}).get(request.target, '')} was freed"), memory)]
    return _KINDS[request.kind](memory, request, thread)


def _changed(memory: Memory, target: Hashable, content: Any) -> Memory:
    return {**memory, target: content}


def _read(memory: Memory, request: Request, _: int) -> Results:
    return [(memory[request.target], memory)]


def _write(memory: Memory, request: Request, _: int) -> Results:
    return [(None, _changed(memory, request.target, request.args[0]))]


def synchronise(memory: Memory, request: Request, thread: int) -> Results:
    """Perform an operation on an object that threads wait at."""
    from tests.oracle.waiting import OPERATIONS  # it needs what is defined here

    found = OPERATIONS[memory[request.target].kind](memory, request, thread)
    return [(answer, memory if content is None else {**memory, **content}) for answer, content in found]


def _in_container(memory: Memory, target: Any, action: Callable[[Any], Any]) -> Results:
    content = thaw(memory[target])
    answer = attempt(action, content)
    return [(answer, _changed(memory, target, freeze(content)))]


def _operation(action: Callable[..., Any]) -> Callable[[Memory, Request, int], Results]:
    def apply(memory: Memory, request: Request, _: int) -> Results:
        args = [thaw(arg) for arg in request.args]
        return _in_container(memory, request.target, lambda content: action(content, *args))

    return apply


def _method(memory: Memory, request: Request, thread: int) -> Results:
    name, *args = request.args
    kind = memory[request.target].kind
    if kind in LOCKS:
        return _lock(memory, request, thread)
    if kind in WAITING:
        return synchronise(memory, request, thread)
    if kind == "atomic":
        return _atomic(memory, request)
    if name == "extend" and isinstance(args[0], Ref):
        args = [memory[args[0]]]
    plain = [thaw(arg) for arg in args]
    return _in_container(memory, request.target, lambda content: getattr(content, name)(*plain))


def _lock(memory: Memory, request: Request, thread: int) -> Results:
    name, *args = request.args
    target = request.target
    kind, items = memory[target].kind, memory[target].items
    if name == "acquire":
        return _acquire(memory, target, thread, blocking=(not args or bool(args[0])) and not request.timed)
    if name == "locked":
        return [(items[0] is not None, memory)]
    if kind == "lock":
        if items[0] is None:
            return [(Thrown("RuntimeError", "release unlocked lock"), memory)]
        return [(None, _changed(memory, target, Frozen(kind, (None,))))]
    if kind == "rlock":
        owner, count = items
        if owner != thread:
            return [(Thrown("RuntimeError", "cannot release un-acquired lock"), memory)]
        return [(None, _changed(memory, target, Frozen(kind, (thread if count > 1 else None, count - 1))))]
    value, bound = items
    value += args[0] if args else 1
    if bound is not None and value > bound:
        return [(Thrown("ValueError", "Semaphore released too many times"), memory)]
    return [(None, _changed(memory, target, Frozen(kind, (value, bound))))]


def _acquire(memory: Memory, target: Ref, thread: int, *, blocking: bool) -> Results:
    kind, items = memory[target].kind, memory[target].items
    after: tuple[Any, ...] | None = None
    if kind == "lock" and items[0] is None:
        after = (thread,)
    elif kind == "rlock" and items[0] in {None, thread}:
        after = (thread, items[1] + 1)
    elif kind == "semaphore" and items[0] > 0:
        after = (items[0] - 1, items[1])
    if after is not None:
        return [(True, _changed(memory, target, Frozen(kind, after)))]
    return [] if blocking else [(False, memory)]


def _atomic(memory: Memory, request: Request) -> Results:
    name, *args = request.args
    (old,) = memory[request.target].items

    def becomes(new: Any) -> Memory:
        return _changed(memory, request.target, Frozen("atomic", (new,)))

    if name == "load":
        return [(old, memory)]
    if name == "store":
        return [(None, becomes(args[0]))]
    if name == "exchange":
        return [(old, becomes(args[0]))]
    if name == "add":
        return [(old, becomes(old + args[0]))]
    if name == "compare_exchange":
        expected, new = args
        return [(True, becomes(new)) if old == expected else (False, memory)]
    raise UnsupportedError(name)


def _get_attribute(memory: Memory, request: Request, _: int) -> Results:
    content, name = memory[request.target], request.args[0]
    found = dict(content.items)
    if name not in found:
        text = f"'types.SimpleNamespace' object has no attribute '{name}'"
        return [(Thrown("AttributeError", text), memory)]
    return [(found[name], memory)]


def _set_attribute(memory: Memory, request: Request, _: int) -> Results:
    content, (name, value) = memory[request.target], request.args
    fields = {**dict(content.items), name: value}
    return [(None, _changed(memory, request.target, Frozen(content.kind, tuple(fields.items()))))]


def _free(memory: Memory, request: Request, _: int) -> Results:
    content = memory[request.target]
    fields = {**dict(content.items), "": True}
    return [(None, _changed(memory, request.target, Frozen("record", tuple(fields.items()))))]


def _next(memory: Memory, request: Request, _: int) -> Results:
    """Advance an iteration: the element with its number, or None at the end; `args` are position and first length."""
    position, size = request.args
    content = memory[request.target]
    if content.kind == "set":
        message = "iteration over a set has no order"
        raise UnsupportedError(message)
    if content.kind == "dict" and size is not None and size != len(content.items):
        return [(Thrown("RuntimeError", "dictionary changed size during iteration"), memory)]
    if content.kind == "deque" and size is not None and size != len(content.items):
        return [(Thrown("RuntimeError", "deque mutated during iteration"), memory)]
    if position >= len(content.items):
        return [((False, None, len(content.items)), memory)]
    element = content.items[position]
    return [((True, element[0] if content.kind == "dict" else element, len(content.items)), memory)]


def _choose(memory: Memory, request: Request, _: int) -> Results:
    return [(value, memory) for value in request.args]


def _wait(memory: Memory, request: Request, _: int) -> Results:
    answer, _touched = request.args[0](memory)
    if isinstance(answer, Thrown):
        return [(answer, memory)]
    return [(None, memory)] if answer else []


def _print(memory: Memory, request: Request, _: int) -> Results:
    return [(None, _changed(memory, STDOUT, (*memory[STDOUT], request.args[0])))]


def _nothing(memory: Memory, _request: Request, _: int) -> Results:
    return [(None, memory)]


def _delete(content: Any, key: Any) -> None:
    del content[key]


_KINDS: dict[str, Callable[[Memory, Request, int], Results]] = {
    "read": _read,
    "write": _write,
    "getattr": _get_attribute,
    "setattr": _set_attribute,
    "free": _free,
    "getitem": _operation(lambda content, key: content[key]),
    "setitem": _operation(lambda content, key, value: content.__setitem__(key, value)),
    "delitem": _operation(_delete),
    "contains": _operation(lambda content, value: value in content),
    "len": _operation(len),
    "truth": _operation(bool),
    "copy": _operation(lambda content, maker: maker(content)),
    "method": _method,
    "resume": _method,
    "next": _next,
    "choose": _choose,
    "wait": _wait,
    "print": _print,
    "leave": _nothing,
}
