"""Operations that read a container as a whole, in one step: comparing, copying, extending, texts, arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from lab.model import compute
from lab.model.heap import HeapObject, Raised, Refused, Scene
from lab.model.objects.containers import Container, canonical
from lab.model.texts import LIMIT_ITEMS, format_value, formatted
from lab.model.values import Ref, Snapshot, Value, type_name

__all__ = ["Compare", "Copy", "ExtendOrAdd", "Format", "Text", "resolved", "shared"]

Heap = tuple[HeapObject, ...]


def shared(heap: Heap, arguments: tuple[Value, ...]) -> bool:
    """Whether reading one of the values as a whole is a step: it is a container that may change."""
    return any(isinstance(value, Ref) and heap[value.number].touches("__copy__", ()) for value in arguments)


def resolved(scene: Scene, value: Value) -> Value:
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
        return self.operator not in ("Is", "IsNot") and shared(heap, arguments)

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return True or False."""
        if self.operator not in ("Is", "IsNot"):
            arguments = tuple(resolved(scene, value) for value in arguments)
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
        return shared(heap, arguments)

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the copy: a tuple, or a snapshot."""
        original = resolved(scene, arguments[0])
        if self.kind == "dict":
            if isinstance(original, Snapshot) and original.kind == "dict":
                return original
            raise Refused("`dict` of something that is no dict", "copy a dict, or write `{key: value}`")
        if isinstance(original, Snapshot):
            if original.kind == "set" and self.kind != "set":
                raise Refused("a set's order is not defined", "write `sorted(the_set)`")
            items = tuple(key for key, _ in original.items) if original.kind == "dict" else original.items
        elif isinstance(original, tuple | str | range):
            if len(original) > LIMIT_ITEMS:
                raise Refused("a value grows beyond a million elements", "use a smaller range")
            items = tuple(original)
        else:
            raise Raised("TypeError", f"'{type_name(original)}' object is not iterable")
        if self.kind == "tuple":
            return items
        if self.kind == "set":
            for item in items:
                compute.check_hashable(item)
        return Snapshot(self.kind, canonical(tuple(dict.fromkeys(items))) if self.kind == "set" else items)

    def describe(self) -> str:
        """Name the access."""
        return f"copy to a {self.kind}"


@dataclass(frozen=True, slots=True)
class ExtendOrAdd:
    """`x += a_list`: extend a shared list in place, or add to a value."""

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether it extends a list of the heap, or reads one that may change."""
        return isinstance(arguments[0], Ref) or shared(heap, arguments[1:])

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
        return compute.AUGMENTED["Add"](target, resolved(scene, added))

    def describe(self) -> str:
        """Name the access."""
        return "extend"


@dataclass(frozen=True, slots=True)
class Text:
    """`str(x)` or, quoted, `repr(x)`; a shared container is read as a whole, in one step."""

    quote: bool = False

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether the value is a container that may change."""
        return shared(heap, arguments)

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the text."""
        return format_value(resolved(scene, arguments[0]), quote=self.quote)

    def describe(self) -> str:
        """Name the access."""
        return "read as text"


@dataclass(frozen=True, slots=True)
class Format:
    """A replacement field of an f-string: a value and a specification become a text, in one step if it is shared."""

    conversion: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether the value is a container that may change."""
        return shared(heap, arguments)

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the text."""
        return compute.bounded(formatted(resolved(scene, arguments[0]), self.conversion, arguments[1]))

    def describe(self) -> str:
        """Name the access."""
        return "read as text"
