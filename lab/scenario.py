"""The names a scenario file imports, and what they do when the file really runs.

Explored, a scenario file is read and never run; the front end gives these names their meaning there. Here is their real
meaning: `thread` registers a function for a real thread, an `Atomic` is guarded by a lock, a `Record` counts naively.
Standard library only, Python 3.9 and later; `lab.verify.free_run` starts the threads.
"""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

__all__ = [
    "Atomic",
    "Record",
    "UseAfterFree",
    "always",
    "atomic",
    "choose",
    "decref",
    "eventually",
    "expect",
    "final",
    "free",
    "freed",
    "incref",
    "inside",
    "main",
    "question",
    "region",
    "sometimes",
    "thread",
    "wait_until",
]

F = TypeVar("F", bound=Callable[..., Any])

RANDOM = random.Random()
"""Where `choose` takes its choices from; seed it to repeat them."""

POLL_SECONDS = 0.0005
"""How long `wait_until` sleeps between two looks."""

_KEY = "__scenario__"
_ONE_AT_A_TIME = threading.RLock()
_LOOKS = threading.Condition(_ONE_AT_A_TIME)


@dataclass
class ThreadSpec:
    """A thread to be started: its name, its function and the arguments of the call."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


@dataclass
class Registry:
    """What one scenario file has declared, and which of its threads are inside which region."""

    threads: list[ThreadSpec] = field(default_factory=list)
    properties: list[tuple[str, Callable[[], Any]]] = field(default_factory=list)
    expectations: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    regions: dict[str, list[str]] = field(default_factory=dict)
    main: Callable[[], Any] | None = None
    guard: Any = field(default_factory=threading.Lock)


def registry(namespace: MutableMapping[str, Any]) -> Registry:
    """Return the registry of the module with that namespace, made when it is first asked for."""
    found: Registry = namespace.setdefault(_KEY, Registry())
    return found


def _of_caller() -> Registry:
    """Return the registry of the module that called the function that called this one."""
    return registry(sys._getframe(2).f_globals)  # noqa: SLF001 - CPython's way to see the caller


@overload
def thread(function: F) -> F: ...
@overload
def thread(*, each: Iterable[Any]) -> Callable[[F], F]: ...
def thread(function: F | None = None, *, each: Iterable[Any] | None = None) -> F | Callable[[F], F]:
    """Make the function a thread, or one thread for each value, named `name[value]`.

    Raises
    ------
    ValueError
        If two values are equal.
    """

    def register(target: F) -> F:
        threads = registry(target.__globals__).threads
        if each is None:
            threads.append(ThreadSpec(target.__name__, target))
            return target
        values = list(each)
        for position, value in enumerate(values):
            if value in values[:position]:
                raise ValueError(f"two threads {target.__name__}[{value!r}]")
            threads.append(ThreadSpec(f"{target.__name__}[{value!r}]", target, (value,)))
        return target

    return register if function is None else register(function)


def main(function: F) -> F:
    """Make the function the program, in a thread `main`, which starts the other threads itself."""
    registry(function.__globals__).main = function
    return function


def _property(kind: str) -> Callable[[F], F]:
    def register(function: F) -> F:
        registry(function.__globals__).properties.append((kind, function))
        return function

    return register


def always(function: F) -> F:
    """Declare a property of every reachable state."""
    return _property("always")(function)


def final(function: F) -> F:
    """Declare a property of every state in which all threads have ended."""
    return _property("final")(function)


def sometimes(function: F) -> F:
    """Declare a property of at least one reachable state."""
    return _property("sometimes")(function)


def eventually(function: F) -> F:
    """Declare a property of every fair run: it holds at some time."""
    return _property("eventually")(function)


def expect(policy: str = "access", **claims: Any) -> None:
    """Say what an exploration under that policy must find; a real run takes note and checks nothing.

    Parameters
    ----------
    policy : str
        Where a switch between threads is possible.
    **claims
        `set` (parameters, by name; without it, the file's own values), `schedules`, `traces`, `states`, `outcomes`,
        `outputs`, `verdicts`, `deadlock`, `errors`, `races`.
    """
    _of_caller().expectations.append({"policy": policy, **claims})


def question(text: str, *, answer: Any, policy: str = "access", **about: Any) -> None:
    """Ask the reader what an exploration under that policy can answer; a real run takes note and checks nothing.

    Parameters
    ----------
    text : str
        The question as a sentence.
    answer
        What an exploration must find, else the file is wrong.
    policy : str
        Where a switch between threads is possible.
    **about
        `set` (parameters, by name), and one of `outcome`, `output`, `violated`, `count`, `races`.
    """
    _of_caller().questions.append({"text": text, "answer": answer, "policy": policy, **about})


def choose(*values: Any) -> Any:
    """Return one of the values at random; an exploration follows every one."""
    return RANDOM.choice(values)


def wait_until(condition: Callable[[], Any]) -> None:
    """Wait until the condition holds, looking every half millisecond; a look excludes `atomic` blocks.

    At the beginning of an `atomic` block, where alone it may stand in one, it keeps others out only while it looks.
    """
    with _LOOKS:
        while not condition():
            _LOOKS.wait(POLL_SECONDS)


@contextmanager
def atomic() -> Iterator[None]:
    """Run the block while no other `atomic` block, `Atomic` operation or `wait_until` look runs.

    Notes
    -----
    Plain accesses of other threads are not kept out: only an exploration can do that.
    """
    with _ONE_AT_A_TIME:
        yield


def _runner() -> str:
    """Return the name of the task that runs here, or of the thread."""
    asyncio = sys.modules.get("asyncio")
    try:
        task = asyncio.current_task() if asyncio is not None else None
    except RuntimeError:  # no loop runs in this thread
        task = None
    return threading.current_thread().name if task is None else str(task.get_name())


@contextmanager
def _within(where: Registry, name: str) -> Iterator[None]:
    me = _runner()
    with where.guard:
        where.regions.setdefault(name, []).append(me)
    try:
        yield
    finally:
        with where.guard:
            where.regions[name].remove(me)


def region(name: str) -> Any:
    """Mark the block, so that `inside(name)` names the threads that are in it."""
    return _within(_of_caller(), name)


def inside(name: str) -> tuple[str, ...]:
    """Return the names of the threads inside that region, in the order the threads are declared."""
    where = _of_caller()
    with where.guard:
        present = set(where.regions.get(name, ()))
    return tuple(spec.name for spec in where.threads if spec.name in present)


class Atomic:
    """A cell whose operations are one step each."""

    __slots__ = ("_value",)

    def __init__(self, value: Any = 0) -> None:
        self._value = value

    def __repr__(self) -> str:
        return f"Atomic({self._value!r})"

    def load(self) -> Any:
        """Return the value."""
        with _ONE_AT_A_TIME:
            return self._value

    def store(self, value: Any) -> None:
        """Replace the value."""
        with _ONE_AT_A_TIME:
            self._value = value

    def add(self, amount: Any) -> Any:
        """Add to the value and return what it was before."""
        with _ONE_AT_A_TIME:
            old, self._value = self._value, self._value + amount
            return old

    def exchange(self, value: Any) -> Any:
        """Replace the value and return what it was before."""
        with _ONE_AT_A_TIME:
            old, self._value = self._value, value
            return old

    def compare_exchange(self, expected: Any, new: Any) -> bool:
        """Replace the value by `new` if it equals `expected`; return whether it did."""
        with _ONE_AT_A_TIME:
            if self._value != expected:
                return False
            self._value = new
            return True


class UseAfterFree(Exception):  # noqa: N818 - the name a reader of C knows
    """A record was touched after it had been freed."""


class Record:
    """A block of memory with a reference count, kept by hand.

    Parameters
    ----------
    refs : int
        The count it starts with.
    **fields
        What else it holds; no field can be added later.
    """

    __slots__ = ("_cells", "_freed", "_name")
    _cells: dict[str, Any]
    _freed: bool
    _name: str

    def __init__(self, refs: int = 1, **fields: Any) -> None:
        object.__setattr__(self, "_cells", {"refs": refs, **fields})
        object.__setattr__(self, "_freed", False)
        object.__setattr__(self, "_name", "the record")

    def __repr__(self) -> str:
        cells = ", ".join(f"{name}={value!r}" for name, value in self._cells.items())
        return f"Record({cells})" + (" (freed)" if self._freed else "")

    def _touch(self, name: str) -> None:
        if self._freed:
            raise UseAfterFree(f"{self._name} was freed")
        if name not in self._cells:
            raise AttributeError(f"'Record' object has no attribute '{name}'")

    def __getattr__(self, name: str) -> Any:
        self._touch(name)
        return self._cells[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._touch(name)
        self._cells[name] = value


def free(record: Record) -> None:
    """Give the record's memory back: every later access raises `UseAfterFree`, a second `free` too."""
    record._touch("refs")  # noqa: SLF001 - no public method: it would hide a field of that name
    object.__setattr__(record, "_freed", True)


def freed(record: Record) -> bool:
    """Return whether the record has been freed; for properties, at no step."""
    return record._freed  # noqa: SLF001 - as in `free`


def incref(record: Record) -> None:
    """Add one to the count: a load and a store."""
    count = record.refs
    record.refs = count + 1


def decref(record: Record) -> None:
    """Take one from the count, a load and a store, and free the record if that stored 0."""
    count = record.refs - 1
    record.refs = count
    if count == 0:
        free(record)
