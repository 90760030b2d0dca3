"""The operations of `Operate` instructions: variables, objects, and the lab's own vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

from lab.model import compute
from lab.model.evaluate import evaluate
from lab.model.heap import Blocks, HeapObject, Raised, Refused, Scene
from lab.model.instructions import Code
from lab.model.objects.containers import Container, canonical
from lab.model.values import Ref, Snapshot, Value, type_name

__all__ = [
    "Choose",
    "Compare",
    "Copy",
    "ExtendOrAdd",
    "Inside",
    "Invoke",
    "LeaveRegion",
    "Load",
    "Print",
    "Store",
    "Text",
    "WaitUntil",
]

Heap = tuple[HeapObject, ...]


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

    `label` is how the source writes it.
    """

    name: str
    label: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether the object's rule for the operation touches something that can change."""
        receiver = arguments[0]
        if self.name == "__next__":
            receiver = receiver.source
        return isinstance(receiver, Ref) and heap[receiver.number].touches(self.name, arguments[1:])

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Apply the rule of the object, or Python's own operation to an immutable value."""
        receiver, rest = arguments[0], arguments[1:]
        if self.name == "__next__":
            receiver, rest = receiver.source, (receiver,)
        if not isinstance(receiver, Ref):
            return compute.invoke(self.name, receiver, rest)
        target = scene.heap[receiver.number]
        if self.name not in target.rules:
            if self.name == "__bool__":
                return True
            if self.name in ("__getattr__", "__setattr__", "__delattr__"):
                raise Raised("AttributeError", f"'{target.kind}' object has no attribute '{rest[0]}'")
        return target.rule(self.name)(scene, *rest)

    def describe(self) -> str:
        """Name the access."""
        return self.label


def _shared(heap: Heap, arguments: tuple[Value, ...]) -> bool:
    return any(isinstance(value, Ref) and heap[value.number].touches("__copy__", ()) for value in arguments)


def _resolved(scene: Scene, value: Value) -> Value:
    """Return a container's content at this moment, and any other value as it is."""
    if isinstance(value, Ref):
        target = scene.heap[value.number]
        if isinstance(target, Container):
            return target.snapshot(scene)
    return value


@dataclass(frozen=True, slots=True)
class Compare:
    """Compare two values; a shared container is read as a whole, in one step."""

    operator: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether one side is a container that may change."""
        return self.operator not in ("Is", "IsNot") and _shared(heap, arguments)

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return True or False."""
        if self.operator not in ("Is", "IsNot"):
            arguments = tuple(_resolved(scene, value) for value in arguments)
        return compute.COMPARE[self.operator](*arguments)

    def describe(self) -> str:
        """Name the access."""
        return "compare"


@dataclass(frozen=True, slots=True)
class Copy:
    """`list(x)`, `tuple(x)`, `set(x)` or `dict(x)`: a private copy, read in one step."""

    kind: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether the original is a container that may change."""
        return _shared(heap, arguments)

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the copy: a tuple, or a snapshot."""
        original = _resolved(scene, arguments[0])
        if self.kind == "dict":
            if isinstance(original, Snapshot) and original.kind == "dict":
                return original
            raise Refused("`dict` of something that is no dict", "copy a dict, or write `{key: value}`")
        if isinstance(original, Snapshot):
            if original.kind == "set" and self.kind != "set":
                raise Refused("a set's order is not defined", "write `sorted(the_set)`")
            items = tuple(key for key, _ in original.items) if original.kind == "dict" else original.items
        elif isinstance(original, tuple | str | range):
            if len(original) > compute.LIMIT_ITEMS:
                raise Refused("a value grows beyond a million elements", "use a smaller range")
            items = tuple(original)
        else:
            raise Raised("TypeError", f"'{type_name(original)}' object is not iterable")
        if self.kind == "tuple":
            return items
        return Snapshot(self.kind, canonical(tuple(dict.fromkeys(items))) if self.kind == "set" else items)

    def describe(self) -> str:
        """Name the access."""
        return f"copy to a {self.kind}"


@dataclass(frozen=True, slots=True)
class ExtendOrAdd:
    """`x += a_list`: extend a shared list in place, or add to a value."""

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether it extends a list of the heap, or reads one that may change."""
        return isinstance(arguments[0], Ref) or _shared(heap, arguments[1:])

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the list itself, or the sum."""
        target, added = arguments
        if isinstance(target, Ref):
            container = scene.heap[target.number]
            if "__iadd__" not in container.rules:
                kinds = f"'{target.kind}' and '{type_name(added)}'"
                raise Raised("TypeError", f"unsupported operand type(s) for +=: {kinds}")
            if not container.changes_shape:
                raise Refused(f"`+=` extends the {target.kind} '{container.name}'", "write `.extend(...)`")
            return container.rule("__iadd__")(scene, added)
        return compute.AUGMENTED["Add"](target, _resolved(scene, added))

    def describe(self) -> str:
        """Name the access."""
        return "extend"


@dataclass(frozen=True, slots=True)
class Text:
    """`str(x)`; a shared container is read as a whole, in one step."""

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether the value is a container that may change."""
        return _shared(heap, arguments)

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the text."""
        return compute.format_value(_resolved(scene, arguments[0]))

    def describe(self) -> str:
        """Name the access."""
        return "read as text"


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
