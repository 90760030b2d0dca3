"""Objects of the top level with named cells: namespaces, instances of the file's classes, records, atomics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, NoReturn

from lab.model.heap import HeapObject, Raised, Scene, seen
from lab.model.objects.instances import Shape
from lab.model.values import MISSING, Ref, Value

__all__ = ["Atomic", "Namespace", "Record"]


class Namespace(HeapObject):
    """A `types.SimpleNamespace` or an instance of a class.

    It has one component per attribute that a function assigns, and constants for the others.
    """

    alike: ClassVar[bool] = True
    kind: ClassVar[str] = "SimpleNamespace"
    rules: ClassVar[Mapping[str, str]] = {"__getattr__": "get", "__setattr__": "put", "__delattr__": "delete"}

    def __init__(
        self, ref: Ref, name: str, constants: Mapping[str, Value], cells: Mapping[str, int], shape: Shape | None = None
    ) -> None:
        super().__init__(ref, name)
        self.shape = shape or Shape(ref.kind)
        self.constants = dict(constants)
        self.cells = dict(cells)

    def touches(self, operation: str, arguments: tuple[Value, ...]) -> bool:
        """Whether the attribute is one that a function assigns."""
        return operation in self.rules and arguments[0] in self.cells

    @property
    def changes(self) -> bool:
        """Whether some function of the file may change one of the attributes."""
        return bool(self.cells)

    @property
    def parts(self) -> tuple[Value, ...]:
        """Return the attributes' values."""
        return tuple(self.constants.values())

    def get(self, scene: Scene, attribute: str) -> Value:
        """Perform `o.attribute`."""
        if attribute not in self.cells:
            value = self.constants.get(attribute, MISSING)
        else:
            value = scene.read(self.cells[attribute])
            scene.note(f"{self.name}.{attribute}", "read", value)
        if value is MISSING:
            value = self.shape.constants.get(attribute, MISSING)
        if value is MISSING:
            raise self.shape.missing(attribute)
        return value

    def put(self, scene: Scene, attribute: str, value: Value) -> None:
        """Perform `o.attribute = value`."""
        scene.note(f"{self.name}.{attribute}", "write", value, writes=True)
        scene.write(self.cells[attribute], value)

    def delete(self, scene: Scene, attribute: str) -> None:
        """Perform `del o.attribute`."""
        scene.note(f"{self.name}.{attribute}", "delete", writes=True)
        if scene.read(self.cells[attribute]) is MISSING:
            raise self.shape.missing(attribute)
        scene.write(self.cells[attribute], MISSING)

    def fields(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> dict[str, Any]:
        """Return the attributes as plain data, constants first."""
        values = {**self.constants, **{name: read(cell) for name, cell in self.cells.items()}}
        return seen({name: show(value) for name, value in values.items() if value is not MISSING})

    def plain(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> Any:
        """Return the class and the attributes."""
        return {"class": self.ref.kind, "fields": self.fields(read, show)}


class Record(Namespace):
    """A `lab.scenario.Record`: fields, a naive reference count `refs`, and whether its memory was freed.

    Freeing writes every field, so it conflicts with whoever still uses the record.
    """

    kind: ClassVar[str] = "Record"
    rules: ClassVar[Mapping[str, str]] = {**Namespace.rules, "free": "free", "freed": "is_freed"}

    def __init__(self, ref: Ref, name: str, cells: Mapping[str, int], freed: int) -> None:
        super().__init__(ref, name, {}, cells)
        self.freed = freed

    def touches(self, operation: str, arguments: tuple[Value, ...]) -> bool:
        """Whether the operation needs a step: all but asking a property whether it was freed."""
        return operation in self.rules

    def _check(self, scene: Scene) -> None:
        if scene.read(self.freed):
            raise Raised("UseAfterFree", f"{self.name} was freed")

    def get(self, scene: Scene, attribute: str) -> Value:
        """Perform `r.field`."""
        if attribute not in self.cells:
            self._miss(scene, attribute)
        if scene.read(self.freed):
            scene.note(f"{self.name}.{attribute}", "read")
            self._check(scene)
        return super().get(scene, attribute)

    def put(self, scene: Scene, attribute: str, value: Value) -> None:
        """Perform `r.field = value`."""
        if attribute not in self.cells:
            self._miss(scene, attribute)
        if scene.read(self.freed):
            scene.note(f"{self.name}.{attribute}", "write", value, writes=True)
            self._check(scene)
        super().put(scene, attribute, value)

    def _miss(self, scene: Scene, attribute: str) -> NoReturn:
        """Raise for a field that is not there: which exception depends on `free`, as every field's access does."""
        scene.note(f"{self.name}.refs", "read")
        self._check(scene)
        raise self.shape.missing(attribute)

    def free(self, scene: Scene) -> None:
        """Perform `free(r)`."""
        for attribute in self.cells:
            scene.note(f"{self.name}.{attribute}", "free", writes=True)
        self._check(scene)
        scene.write(self.freed, True)

    def is_freed(self, scene: Scene) -> Value:
        """Perform `freed(r)`, which properties ask."""
        return scene.read(self.freed)

    def plain(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> Any:
        """Return the count, whether it was freed, and the fields."""
        fields = self.fields(read, show)
        return {"refs": fields.pop("refs"), "freed": read(self.freed), **fields}


class Atomic(HeapObject):
    """A `lab.scenario.Atomic`: every operation is one step and never races."""

    alike: ClassVar[bool] = True
    kind: ClassVar[str] = "Atomic"
    rules: ClassVar[Mapping[str, str]] = {
        "load": "load",
        "store": "store",
        "add": "add",
        "exchange": "exchange",
        "compare_exchange": "compare_exchange",
    }

    def __init__(self, ref: Ref, name: str, component: int) -> None:
        super().__init__(ref, name)
        self.component = component

    def load(self, scene: Scene) -> Value:
        """Read the value."""
        value = scene.read(self.component)
        scene.note(self.name, "load", value, atomic=True)
        return value

    def store(self, scene: Scene, value: Value) -> None:
        """Replace the value."""
        scene.note(self.name, "store", value, writes=True, atomic=True)
        scene.write(self.component, value)

    def add(self, scene: Scene, n: Value) -> Value:
        """Add n and return the value before."""
        old = scene.read(self.component)
        try:
            new = old + n
        except TypeError as error:
            scene.note(self.name, "add", writes=True, atomic=True)
            raise Raised("TypeError", str(error)) from None
        scene.note(self.name, "add", new, writes=True, atomic=True)
        scene.write(self.component, new)
        return old

    def exchange(self, scene: Scene, value: Value) -> Value:
        """Replace the value and return the one before."""
        old = scene.read(self.component)
        scene.note(self.name, "exchange", value, writes=True, atomic=True)
        scene.write(self.component, value)
        return old

    def compare_exchange(self, scene: Scene, expected: Value, new: Value) -> Value:
        """Replace the value if it is the expected one; a failed attempt is a read."""
        old = scene.read(self.component)
        if old != expected:
            scene.note(self.name, "compare-exchange fails", old, atomic=True)
            return False
        scene.note(self.name, "compare-exchange", new, writes=True, atomic=True)
        scene.write(self.component, new)
        return True

    def plain(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> Any:
        """Return the value."""
        return show(read(self.component))
