"""Objects with attributes that a thread made: instances of the file's classes, and namespaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, ClassVar

from lab.model.heap import HeapObject, Raised, Scene, seen
from lab.model.values import CELL, MISSING, Ref, Value

__all__ = ["Instance", "Shape"]


@dataclass(frozen=True)
class Shape:
    """What the instances of a class have in common.

    Attributes
    ----------
    name : str
        The class's name, as `Ref.kind` gives it.
    constants : Mapping[str, Value]
        What the body of the class assigns; an instance that has no such attribute of its own shows these.
    assigned : set of str
        The attributes that some function other than `__init__` may assign; the others never change once set.
    """

    name: str
    constants: Mapping[str, Value] = field(default_factory=dict)
    assigned: AbstractSet[str] = frozenset()

    def missing(self, attribute: str) -> Raised:
        """Return the exception for an attribute that is not there."""
        if self.name == CELL:
            where = "where it is not associated with a value in enclosing scope"
            return Raised("NameError", f"cannot access free variable '{attribute}' {where}")
        name = "types.SimpleNamespace" if self.name == "SimpleNamespace" else self.name
        return Raised("AttributeError", f"'{name}' object has no attribute '{attribute}'")


class Instance(HeapObject):
    """An object whose content, a tuple of (attribute, value), is one component or private to a thread."""

    kind: ClassVar[str] = "instance"
    rules: ClassVar[Mapping[str, str]] = {"__getattr__": "get", "__setattr__": "put", "__delattr__": "delete"}

    def __init__(self, ref: Ref, name: str, whole: int, shape: Shape) -> None:
        super().__init__(ref, name)
        self.whole = whole
        self.shape = shape

    def touches(self, operation: str, arguments: tuple[Value, ...]) -> bool:
        """Whether the operation needs a step: an attribute that only `__init__` assigns is a constant."""
        return operation in self.rules and (operation != "__getattr__" or arguments[0] in self.shape.assigned)

    def _fields(self, scene: Scene) -> dict[str, Value]:
        return dict(scene.read(self.whole))

    def get(self, scene: Scene, attribute: str) -> Value:
        """Perform `o.attribute`."""
        changes = attribute in self.shape.assigned
        fields = self._fields(scene) if changes else dict(scene.constant(self.whole))
        value = fields.get(attribute, self.shape.constants.get(attribute, MISSING))
        if changes:
            scene.note(f"{self.name}.{attribute}", "read", None if value is MISSING else value)
        if value is MISSING:
            raise self.shape.missing(attribute)
        return value

    def put(self, scene: Scene, attribute: str, value: Value) -> None:
        """Perform `o.attribute = value`."""
        scene.note(f"{self.name}.{attribute}", "write", value, writes=True)
        scene.write(self.whole, tuple({**self._fields(scene), attribute: value}.items()))

    def delete(self, scene: Scene, attribute: str) -> None:
        """Perform `del o.attribute`."""
        scene.note(f"{self.name}.{attribute}", "delete", writes=True)
        fields = self._fields(scene)
        if attribute not in fields:
            raise self.shape.missing(attribute)
        del fields[attribute]
        scene.write(self.whole, tuple(fields.items()))

    def plain(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> Any:
        """Return the class and the attributes."""
        return {"class": self.ref.kind, "fields": seen({name: show(value) for name, value in read(self.whole)})}
