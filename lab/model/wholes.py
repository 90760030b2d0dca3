"""Operations that read a container as a whole, in one step: comparing, copying, extending, texts, arithmetic."""

from __future__ import annotations

from dataclasses import dataclass

from lab.model import compute
from lab.model.heap import HeapObject, Raised, Refused, Scene
from lab.model.objects.containers import Container
from lab.model.objects.making import BLANK
from lab.model.objects.synchronisers import SYNCHRONISERS
from lab.model.texts import LIMIT_ITEMS, format_value, formatted
from lab.model.values import Ref, Snapshot, Value, type_name

__all__ = [
    "Arithmetic",
    "Compare",
    "Copy",
    "ExtendOrAdd",
    "Format",
    "New",
    "NewSynchroniser",
    "Text",
    "resolved",
    "shared",
]

Heap = tuple[HeapObject, ...]


def shared(heap: Heap, arguments: tuple[Value, ...]) -> bool:
    """Whether reading one of the values as a whole is a step: it is a container that may change."""
    for value in arguments:
        if isinstance(value, Ref):
            if value.number >= 0 and heap[value.number].touches("__copy__", ()):
                return True
        elif type(value) is tuple and shared(heap, value):
            return True
    return False


def resolved(scene: Scene, value: Value) -> Value:
    """Return a container's content at this moment, and any other value as it is."""
    if isinstance(value, Ref):
        target = scene.target(value)
        if isinstance(target, Container):
            content = target.snapshot(scene)
            assert isinstance(content, Snapshot)
            return content
    return value


def resolved_deeply(scene: Scene, value: Value, depth: int = 0) -> Value:
    """Return a value with every container in it replaced by its content at this moment."""
    if depth > _DEEPEST:
        raise Refused("a container holds itself", "compare and print its elements")
    value = resolved(scene, value)
    if isinstance(value, Snapshot):
        return Snapshot(value.kind, tuple(resolved_deeply(scene, item, depth + 1) for item in value.items))
    if type(value) is tuple:
        return tuple(resolved_deeply(scene, item, depth + 1) for item in value)
    return value


_DEEPEST = 50


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
            arguments = tuple(resolved_deeply(scene, value) for value in arguments)
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
            if isinstance(original, tuple):
                return compute.make_dict(original)
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
        return Snapshot(self.kind, compute.ordered_set(tuple(dict.fromkeys(items))) if self.kind == "set" else items)

    def describe(self) -> str:
        """Name the access."""
        return f"copy to a {self.kind}"


@dataclass(frozen=True, slots=True)
class ExtendOrAdd:
    """`x += a_list`: extend a shared list in place, or add to a value."""

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether it extends a list of the heap, or reads one that may change."""
        target = arguments[0]
        return (isinstance(target, Ref) and target.number >= 0) or shared(heap, arguments[1:])

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the list itself, or the sum."""
        target, added = arguments
        if isinstance(target, Ref):
            container = scene.target(target)
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
        return format_value(resolved_deeply(scene, arguments[0]), quote=self.quote)

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
        return compute.bounded(formatted(resolved_deeply(scene, arguments[0]), self.conversion, arguments[1]))

    def describe(self) -> str:
        """Name the access."""
        return "read as text"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """A binary operator; a list, set or dict that it takes is read as a whole, in one step if it is shared."""

    operator: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether one side is a container that may change."""
        return shared(heap, arguments)

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the result, which is a new container where one side is one."""
        left, right = (resolved(scene, value) for value in arguments)
        if isinstance(left, Ref) or isinstance(right, Ref):
            kinds = f"'{type_name(left)}' and '{type_name(right)}'"
            raise Raised("TypeError", f"unsupported operand type(s) for {compute.SYMBOLS[self.operator]}: {kinds}")
        return compute.BINARY[self.operator](left, right)

    def describe(self) -> str:
        """Name the access."""
        return "compute"


@dataclass(frozen=True, slots=True)
class New:
    """An object of the thread's own: the arguments are the names and values of its attributes, or its content."""

    kind: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Never: what is made is private."""
        return False

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the reference."""
        if self.kind in BLANK:
            return scene.own.store.make(self.kind, arguments[0] if arguments else BLANK[self.kind])
        return scene.own.store.make(self.kind, tuple(zip(arguments[::2], arguments[1::2], strict=True)))

    def describe(self) -> str:
        """Name the operation."""
        return f"make a {self.kind}"


@dataclass(frozen=True, slots=True)
class NewSynchroniser:
    """An object of `threading`, `queue` or `asyncio` of the thread's own: the arguments are those of the call.

    `name` is the class by its full name; `loop` is the event loop, None where there is none.
    """

    name: str
    loop: Ref | None

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Never: what is made is private."""
        return False

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the reference."""
        cls = SYNCHRONISERS[self.name]

        def part(kind: str) -> Ref:
            return (
                self.loop
                if self.loop is not None and kind == self.loop.kind
                else scene.own.store.make(kind, BLANK[kind])
            )

        prepared = cls.prepare(arguments, part)
        return scene.own.store.make(cls.kind, (prepared, cls.first(prepared)))

    @property
    def kinds(self) -> set[str]:
        """The classes of the objects that it may make: a condition makes its lock, too."""
        kind = SYNCHRONISERS[self.name].kind
        return {kind, "RLock"} if kind == "Condition" else {kind}

    def describe(self) -> str:
        """Name the operation."""
        return f"make a {SYNCHRONISERS[self.name].kind}"
