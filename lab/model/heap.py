"""The heap's objects, and the scene in which an operation on them is performed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from inspect import signature
from typing import Any, ClassVar

from lab.model.state import Access
from lab.model.store import Store, private_references, renamed
from lab.model.values import Gate, Ref, Thrown, Value

__all__ = ["Blocks", "HeapObject", "Own", "Places", "Raised", "Refused", "Rule", "Scene", "seen"]


class Raised(Exception):
    """The operation raises a Python exception in the scenario."""

    def __init__(self, name: str, message: str = "") -> None:
        super().__init__(name, message)
        self.thrown = Thrown(name, message)


class Blocks(Exception):
    """The operation is not enabled: it waits for `name`, which the threads `held_by` hold."""

    def __init__(self, name: str, held_by: tuple[int, ...] = ()) -> None:
        super().__init__(name)
        self.name = name
        self.held_by = held_by


class Refused(Exception):
    """The operation is outside the language; becomes a ScenarioError once the place is known."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


PRIVATE = "(private)"
"""The name of every private object; no location that begins so is ever reported."""

Places = Mapping[str, tuple[tuple[Ref, int], ...]]
"""By class: the objects of the shared heap set aside for a thread, each with the component of its content."""


class Own:
    """What belongs to the thread that performs an operation.

    Attributes
    ----------
    store : Store
        Its private objects.
    makers : Mapping
        How a private object of each class is made from its reference, name and number.
    places : Places
        Where its objects go when they become shared.
    """

    __slots__ = ("makers", "places", "store")

    def __init__(
        self,
        store: Store,
        makers: Mapping[str, Callable[[Ref, str, int], HeapObject]] | None = None,
        places: Places | None = None,
    ) -> None:
        self.store = store
        self.makers = makers or {}
        self.places = places or {}

    def place(self, ref: Ref) -> tuple[Ref, int]:
        """Return the object of the shared heap, and its component, for a private one: the next that is free.

        A thread has had its place since it was made.
        """
        content = self.store.contents[ref.number]
        if isinstance(content, Gate):
            return self.places[content.key][content.slot]
        kind = ref.kind
        places, used = self.places.get(kind, ()), self.store.published.get(kind, 0)
        if not places:
            raise Refused(f"a {kind} that an operator or a copy made is shared", f"write `{kind}(...)` around it")
        if used >= len(places):
            raise Refused(
                f"a thread shares more than {len(places)} objects of class {kind}", "bound the loop that makes them"
            )
        self.store.published[kind] = used + 1
        return places[used]


class Scene:
    """What one operation sees and does: shared components to read and write, accesses to report, results to choose.

    Parameters
    ----------
    heap : tuple of HeapObject
        The program's objects.
    thread : int
        Who performs the operation; -1 for a property.
    line : int
        Where it stands in the file.
    read : callable
        Gives a component's value before the step.
    written : dict
        What the step has written so far, by component; read before `read` is asked.
    choice : int
        Which of several results to give; see `pick`.
    midway : bool
        Whether the step has performed another operation before: a time-out is up in a step of its own only.
    spurious : bool
        Whether threads that wait at a condition may wake up by themselves.
    fifo : bool
        Whether tasks go on in the loop's own order.
    instant : bool
        Whether every access counts as atomic: inside `atomic()`, `wait_until` and properties.
    inside : callable
        Answers `inside("name")` in a property.
    own : Own
        The private objects of whoever performs the operation.
    local : bool
        Whether this is local work, which may read nothing that changes.

    Attributes
    ----------
    moved : dict of Ref to Ref
        The private objects that the operation has moved to the shared heap, with their new references.
    personal : bool
        Whether the operation has asked for `thread`.
    """

    __slots__ = (
        *(
            "_read",
            "_thread",
            "accesses",
            "choice",
            "fifo",
            "heap",
            "inside",
            "instant",
            "line",
            "local",
            "midway",
            "moved",
            "own",
        ),
        *("personal", "results", "spurious"),
        "written",
    )

    def __init__(
        self,
        heap: tuple[HeapObject, ...],
        thread: int,
        line: int,
        read: Callable[[int], Value],
        written: dict[int, Value],
        *,
        choice: int = 0,
        midway: bool = False,
        spurious: bool = False,
        fifo: bool = False,
        instant: bool = False,
        inside: Callable[[str], tuple[str, ...]] = lambda _name: (),
        own: Own | None = None,
        local: bool = False,
    ) -> None:
        self.heap = heap
        self._thread = thread
        self.personal = False
        self.line = line
        self._read = read
        self.written = written
        self.accesses: list[Access] = []
        self.choice = choice
        self.results = 1
        self.midway = midway
        self.spurious = spurious
        self.fifo = fifo
        self.instant = instant
        self.inside = inside
        self.own = own or Own(Store())
        self.local = local
        self.moved: dict[Ref, Ref] = {}

    @property
    def thread(self) -> int:
        """Who performs the operation; -1 for a property."""
        self.personal = True
        return self._thread

    def target(self, ref: Ref) -> HeapObject:
        """Return the object that a reference means, a private one too."""
        if ref.number >= 0:
            return self.heap[ref.number]
        return self.own.makers[ref.kind](ref, PRIVATE, ref.number)

    def read(self, component: int) -> Value:
        """Return the component's value at this moment of the step."""
        if component < 0:
            return self.own.store.contents[component]
        if self.local:
            raise Refused("a shared container inside another one is read", "read it by itself, on a line before")
        return self.constant(component)

    def constant(self, component: int) -> Value:
        """Return a part of a component that never changes, which is local work to read."""
        if component < 0:
            return self.own.store.contents[component]
        return self.written[component] if component in self.written else self._read(component)

    def write(self, component: int, value: Value) -> None:
        """Give the component a new value; private objects that it refers to become shared with that."""
        if component < 0:
            self.own.store.contents[component] = value
        else:
            self.written[component] = self.share(value)

    def share(self, value: Value) -> Value:
        """Make the private objects that a value reaches shared; return the value that refers to them."""
        return self._published(value) if self.own.store.contents else value

    def _published(self, value: Value) -> Value:
        """Move the private objects that a value reaches to the shared heap; return the value that refers to them."""
        pending, found = list(private_references(value)), []
        for ref in pending:
            if ref not in self.moved:
                self.moved[ref], component = self.own.place(ref)
                found.append((ref, component))
                pending.extend(private_references(self.own.store.contents[ref.number]))
        for ref, component in found:
            self.written[component] = renamed(self.own.store.contents[ref.number], self.moved)
        return renamed(value, self.moved)

    def note(
        self, location: str, operation: str, value: Value = None, *, writes: bool = False, atomic: bool = False
    ) -> None:
        """Report an access to a location; what is private is nobody's concern."""
        if PRIVATE in location:
            return
        self.accesses.append(Access(location, writes, atomic or self.instant, operation, value, self.line))

    def pick(self, results: int) -> int:
        """Say that the operation has several results, and learn which of them is wanted."""
        self.results = results
        return self.choice if results > 1 else 0


Rule = Callable[..., Value]
"""A method of a heap object: takes the scene, then the call's arguments; returns the call's value."""


class HeapObject:
    """An object with an identity: a container, a record, a lock.

    A class of objects is a table of rules, by the Python name of the operation ("append", "__getitem__"). A rule
    reads and writes components through its scene and reports what it touched.

    Attributes
    ----------
    synchronises : bool
        Whether any two operations on it are dependent.
    shown : bool
        Whether an outcome shows its state.

    Parameters
    ----------
    ref : Ref
        The object's own reference.
    name : str
        How the file reaches it, such as `table` or `table[0]`; locations begin with it.
    """

    kind: ClassVar[str]
    synchronises: ClassVar[bool] = False
    shown: ClassVar[bool] = True
    alike: ClassVar[bool] = False
    """Whether its rules do the same whichever thread performs them, except that `owned` names the one that holds it."""

    rules: ClassVar[Mapping[str, str]] = {}

    def __init__(self, ref: Ref, name: str) -> None:
        self.ref = ref
        self.name = name

    def rule(self, operation: str) -> Rule:
        """Return the rule for an operation, or raise the exception that Python would."""
        method = self.rules.get(operation)
        if method is None:
            raise _unsupported(self.ref.kind, operation)
        rule: Rule = getattr(self, method)
        return rule

    def accepts(self, operation: str, arguments: int) -> bool:
        """Whether the operation takes so many arguments; an unknown one says so itself."""
        method = self.rules.get(operation)
        return method is None or _takes(getattr(type(self), method), arguments)

    def touches(self, operation: str, arguments: tuple[Value, ...]) -> bool:
        """Whether the operation reads or writes something that can change."""
        return operation in self.rules

    @property
    def changes(self) -> bool:
        """Whether some function of the file may change it."""
        return True

    @property
    def changes_shape(self) -> bool:
        """Whether some function of the file may change its length."""
        return False

    @property
    def parts(self) -> tuple[Value, ...]:
        """Return the values that an object which never changes holds."""
        return ()

    def holder(self, read: Callable[[int], Value]) -> int | None:
        """Return the thread that holds this lock, None if it is no lock or free."""
        return None if self.owned is None else self.owner(read(self.owned))

    @property
    def owned(self) -> int | None:
        """The component whose value names the thread that holds the object, if there is one."""
        return None

    def owner(self, value: Value) -> int | None:
        """Return the thread that a value of the component `owned` names."""
        return None

    def owned_by(self, value: Value, thread: int) -> Value:
        """Return the value of the component `owned` that says the same of another owner."""
        return value

    def plain(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> Any:
        """Return the object as plain data for an outcome; `show` does the same for the values in it.

        A lock, which has nothing to show, is shown by its name.
        """
        return Nameplate(self.name)


class Nameplate(str):
    """The name of an object that has nothing else to show; an outcome leaves out attributes that hold one.

    Examples
    --------
    >>> seen({"stored": 2, "lock": Nameplate("account.lock")})
    {'stored': 2}
    """

    __slots__ = ()


def seen(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return those attributes of an object, as plain data, that have something to show."""
    return {name: value for name, value in fields.items() if not isinstance(value, Nameplate)}


@cache
def _takes(rule: Rule, arguments: int) -> bool:
    try:
        signature(rule).bind(*range(arguments + 2))  # the object, the scene, and the arguments of the call
    except TypeError:
        return False
    return True


_OPERATORS = {
    "__len__": "object of type '{}' has no len()",
    "__getitem__": "'{}' object is not subscriptable",
    "__setitem__": "'{}' object does not support item assignment",
    "__delitem__": "'{}' object doesn't support item deletion",
    "__contains__": "argument of type '{}' is not iterable",
    "__iter__": "'{}' object is not iterable",
    "__enter__": "'{}' object does not support the context manager protocol",
}


def _unsupported(kind: str, operation: str) -> Exception:
    if operation.startswith("__a"):
        return Refused(f"a {kind} is awaited", "leave out `await` or `async`, or use an object of asyncio")
    if operation in _OPERATORS:
        return Raised("TypeError", _OPERATORS[operation].format(kind))
    return Raised("AttributeError", f"'{kind}' object has no attribute '{operation}'")
