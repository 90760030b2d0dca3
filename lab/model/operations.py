"""The operations of `Operate` instructions: variables, objects, and the lab's own vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

from lab.model import compute
from lab.model.evaluate import evaluate
from lab.model.heap import Blocks, HeapObject, Raised, Refused, Scene
from lab.model.instructions import Code
from lab.model.values import Ref, Value
from lab.model.wholes import resolved, shared

__all__ = [
    "Choose",
    "Inside",
    "Invoke",
    "LeaveRegion",
    "Load",
    "Print",
    "Store",
    "WaitUntil",
]

Heap = tuple[HeapObject, ...]


_WHOLE = frozenset(("extend", "join", "update"))
"""The methods that read a container given as an argument as a whole."""


@dataclass(frozen=True, slots=True)
class Load:
    """Read a shared variable."""

    component: int
    name: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Always: a variable that no function rebinds is a constant, and is never loaded."""
        return True

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the variable's value."""
        value = scene.read(self.component)
        scene.note(self.name, "read", value)
        return value

    def describe(self) -> str:
        """Name the access."""
        return f"read {self.name}"


@dataclass(frozen=True, slots=True)
class Store:
    """Write a shared variable."""

    component: int
    name: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Always."""
        return True

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Give the variable the value of the only argument."""
        scene.write(self.component, arguments[0])
        scene.note(self.name, "write", arguments[0], writes=True)
        return None

    def describe(self) -> str:
        """Name the access."""
        return f"write {self.name}"


@dataclass(frozen=True, slots=True)
class Invoke:
    """Perform an operation of an object: the first argument is the object, `name` a method's or Python's own name.

    `label` is how the source writes it; `slices` says that `__getitem__` takes a slice, which makes a new container.
    """

    name: str
    label: str
    slices: bool = False

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether the object's rule for the operation touches something that can change."""
        receiver = arguments[0]
        if self.name == "start" and isinstance(receiver, Ref) and receiver.kind == "Thread":
            return True  # a private one becomes shared
        if self.name == "__next__":
            if receiver.mode == "reversed" and receiver.position < 0:
                return False  # a reversed iterator knows by itself that it is at the end
            receiver = receiver.source
        if self.name in _WHOLE and shared(heap, arguments[1:]):
            return True
        return (
            isinstance(receiver, Ref)
            and receiver.number >= 0
            and heap[receiver.number].touches(self.name, arguments[1:])
        )

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Apply the rule of the object, or Python's own operation to an immutable value."""
        receiver, rest = arguments[0], arguments[1:]
        if self.name == "__next__":
            receiver, rest = receiver.source, (receiver,)
        if not isinstance(receiver, Ref):
            if self.name in _WHOLE:
                rest = tuple(resolved(scene, value) for value in rest)
            return compute.invoke(self.name, receiver, rest)
        target = scene.target(receiver)
        if self.name not in target.rules:
            if self.name == "__bool__":
                return True
            if self.name in ("__getattr__", "__setattr__", "__delattr__"):
                raise Raised("AttributeError", f"'{receiver.kind}' object has no attribute '{rest[0]}'")
        if not target.accepts(self.name, len(rest)):
            raise Refused(
                f"`{self.label}` is called with arguments that a {target.kind} does not take", "see docs/language.md"
            )
        return target.rule(self.name)(scene, *rest)

    def describe(self) -> str:
        """Name the access."""
        return self.label


@dataclass(frozen=True, slots=True)
class Choose:
    """`choose(a, b, ...)`: as many results as arguments."""

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Always: choosing is a step."""
        return True

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the argument that this result stands for."""
        return arguments[scene.pick(len(arguments))]

    def describe(self) -> str:
        """Name the step."""
        return "choose"


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """`wait_until(lambda: f)`: enabled when f holds; reads all of f at once."""

    code: Code
    text: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Always: waiting is a step."""
        return True

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return None once f holds; the arguments are the local values that f mentions."""
        scene.instant = True
        if not compute.invoke("__bool__", evaluate(self.code, arguments, scene), ()):
            raise Blocks(self.text)
        return None

    def describe(self) -> str:
        """Name the step."""
        return f"wait until {self.text}"


@dataclass(frozen=True, slots=True)
class Print:
    """`print(...)`: append a line to the output."""

    component: int

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Always."""
        return True

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Write the texts, joined by blanks."""
        line = " ".join(arguments)
        scene.write(self.component, compute.bounded((*scene.read(self.component), line)))
        scene.note("stdout", "print", line, writes=True)
        return None

    def describe(self) -> str:
        """Name the step."""
        return "print"


@dataclass(frozen=True, slots=True)
class LeaveRegion:
    """Leave a `region("name")`: a step that touches nothing."""

    name: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Always: leaving is a step."""
        return True

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Do nothing."""
        return None

    def describe(self) -> str:
        """Name the step."""
        return f"leave region {self.name}"


@dataclass(frozen=True, slots=True)
class Inside:
    """`inside("name")` in a property: the names of the threads inside that region, in thread order."""

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Never: only properties ask, and reading in a property is no step."""
        return False

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the names."""
        return scene.inside(arguments[0])

    def describe(self) -> str:
        """Name the question."""
        return "inside"
