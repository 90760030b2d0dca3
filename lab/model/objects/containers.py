"""Lists, deques, dicts and sets: which location each of their operations touches.

A container that no function may change is a constant: its content is kept here and reading it is local work. A list
whose shape no function may change has one component per element; every other container is one component, a tuple.
Locations are finer than components: the element `flag[0]`, the entry `d['k']`, the length `len(flag)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from lab.model.heap import HeapObject, Raised, Refused, Scene
from lab.model.values import END, Cursor, Cut, Ref, Snapshot, Value

__all__ = ["Container", "Deque", "Dict", "List", "Set", "canonical"]

_READS = {
    "__len__": "length",
    "__bool__": "truth",
    "__contains__": "contains",
    "__next__": "advance",
    "__copy__": "snapshot",
    "copy": "copy",
}


def canonical(values: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return a set's elements in an order that depends on nothing but the elements."""
    return tuple(sorted(values, key=lambda value: (type(value).__name__, value if _ordered(value) else 0, repr(value))))


def _ordered(value: Value) -> bool:
    return isinstance(value, int | float)


class Container(HeapObject):
    """What all containers share: a content, which is constant, one component, or one component per element."""

    def __init__(
        self,
        ref: Ref,
        name: str,
        content: tuple[Value, ...],
        whole: int | None = None,
        cells: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(ref, name)
        self.initial = content
        self.whole = whole
        self.cells = cells

    @property
    def changes(self) -> bool:
        """Whether some function of the file may change this container."""
        return self.whole is not None or self.cells is not None

    @property
    def parts(self) -> tuple[Value, ...]:
        """Return the content it starts with."""
        return self.initial

    def touches(self, operation: str, arguments: tuple[Value, ...]) -> bool:
        """Whether the operation needs a step: every operation on a container that may change."""
        return operation in self.rules and self.changes

    def content(self, read: Callable[[int], Value]) -> tuple[Value, ...]:
        """Return what the container holds: elements, or pairs for a dict."""
        if self.cells is not None:
            return tuple(read(cell) for cell in self.cells)
        content: tuple[Value, ...] = self.initial if self.whole is None else read(self.whole)
        return content

    def at(self, key: Value) -> str:
        """Name the location of an element."""
        return f"{self.name}[{key!r}]"

    @property
    def size(self) -> str:
        """Name the location of the length."""
        return f"len({self.name})"

    def keys(self, content: tuple[Value, ...]) -> tuple[Value, ...]:
        """Return what the elements are called in locations."""
        return tuple(range(len(content)))

    def note_all(self, scene: Scene, operation: str, content: tuple[Value, ...], *, writes: bool = False) -> None:
        """Report an access to every element and to the length."""
        for key in self.keys(content):
            scene.note(self.at(key), operation, writes=writes)
        scene.note(self.size, operation, len(content), writes=writes)

    def length(self, scene: Scene) -> Value:
        """Perform `len(c)`."""
        size = len(self.cells) if self.cells is not None else len(self.content(scene.read))
        scene.note(self.size, "length", size)
        return size

    def truth(self, scene: Scene) -> Value:
        """Perform the truth test."""
        return self.length(scene) > 0

    def contains(self, scene: Scene, wanted: Value) -> Value:
        """Perform `wanted in c` by comparing with every element."""
        content = self.content(scene.read)
        self.note_all(scene, "contains", content)
        return wanted in content

    def snapshot(self, scene: Scene) -> Value:
        """Read the whole container at once: a slice, a copy, a comparison."""
        content = self.content(scene.read)
        self.note_all(scene, "read", content)
        return Snapshot(self.kind, content)

    copy = snapshot

    def change(self, scene: Scene, content: tuple[Value, ...]) -> None:
        """Replace the content; the rule that calls it reports what it touched."""
        if self.whole is None:
            raise AssertionError(f"{self.name} was taken for a container that never changes its shape")
        if len(content) > 1_000_000:
            raise Refused(f"'{self.name}' grows beyond a million elements", "bound the loop that fills it")
        scene.write(self.whole, content)

    def advance(self, scene: Scene, cursor: Cursor) -> Value:
        """Read the next element: (element, cursor), or END, which reads the length."""
        content = self.content(scene.read)
        if cursor.position >= len(content):
            scene.note(self.size, "end", len(content))
            return END
        value = content[cursor.position]
        scene.note(self.at(cursor.position), "read", value)
        return value, cursor._replace(position=cursor.position + 1)

    def plain(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> Any:
        """Return the content as a list."""
        return [show(value) for value in self.content(read)]


class List(Container):
    """A list."""

    kind: ClassVar[str] = "list"
    rules: ClassVar[Mapping[str, str]] = {
        **_READS,
        "__getitem__": "get",
        "__setitem__": "put",
        "__delitem__": "delete",
        "append": "append",
        "pop": "pop",
        "insert": "insert",
        "remove": "remove",
        "clear": "clear",
        "extend": "extend",
        "__iadd__": "extend_in_place",
        "index": "find",
        "count": "count",
        "reverse": "reverse",
        "sort": "sort",
    }

    def _length(self, scene: Scene) -> int:
        return len(self.cells) if self.cells is not None else len(self.content(scene.read))

    def _position(self, scene: Scene, index: Value, doing: str) -> int:
        if not isinstance(index, int):
            raise Raised("TypeError", f"{self._indices} must be integers or slices, not {type(index).__name__}")
        size = self._length(scene)
        if not 0 <= index < size:
            scene.note(self.size, "length", size)
        if not -size <= index < size:
            raise Raised("IndexError", f"{self.kind} {doing}index out of range")
        return int(index) % size

    _indices = "list indices"

    def get(self, scene: Scene, index: Value) -> Value:
        """Perform `c[index]`; a slice reads the whole container at once."""
        if isinstance(index, Cut):
            content = self.content(scene.read)
            self.note_all(scene, "read", content)
            return Snapshot(self.kind, content[slice(*index)])
        position = self._position(scene, index, "")
        value = scene.read(self.cells[position]) if self.cells is not None else self.content(scene.read)[position]
        scene.note(self.at(position), "read", value)
        return value

    def put(self, scene: Scene, index: Value, value: Value) -> None:
        """Perform `c[index] = value`."""
        position = self._position(scene, index, "assignment ")
        if self.cells is not None:
            scene.write(self.cells[position], value)
        else:
            content = self.content(scene.read)
            self.change(scene, (*content[:position], value, *content[position + 1 :]))
        scene.note(self.at(position), "write", value, writes=True)

    def delete(self, scene: Scene, index: Value) -> None:
        """Perform `del c[index]`."""
        position = self._position(scene, index, "assignment ")
        self._take(scene, position, "delete")

    def append(self, scene: Scene, value: Value) -> None:
        """Perform `c.append(value)`."""
        content = self.content(scene.read)
        self.change(scene, (*content, value))
        scene.note(self.at(len(content)), "append", value, writes=True)
        scene.note(self.size, "append", len(content) + 1, writes=True)

    def extend(self, scene: Scene, values: Value) -> None:
        """Perform `c.extend(values)`."""
        added = _elements(scene, values)
        content = self.content(scene.read)
        self.change(scene, content + added)
        for offset, value in enumerate(added):
            scene.note(self.at(len(content) + offset), "extend", value, writes=True)
        scene.note(self.size, "extend", len(content) + len(added), writes=True)

    def extend_in_place(self, scene: Scene, values: Value) -> Value:
        """Perform `c += values` up to its assignment; the value is the list itself."""
        self.extend(scene, values)
        return self.ref

    def _take(self, scene: Scene, position: int, operation: str) -> Value:
        content = self.content(scene.read)
        self.change(scene, content[:position] + content[position + 1 :])
        for moved in range(position, len(content)):
            scene.note(self.at(moved), operation, content[position], writes=True)
        scene.note(self.size, operation, len(content) - 1, writes=True)
        return content[position]

    def pop(self, scene: Scene, index: Value = -1) -> Value:
        """Perform `c.pop()` or `c.pop(index)`: what stands behind it moves."""
        size = self._length(scene)
        if not isinstance(index, int):
            raise Raised("TypeError", f"'{type(index).__name__}' object cannot be interpreted as an integer")
        if not -size <= index < size:
            scene.note(self.size, "pop", size, writes=True)
            raise Raised("IndexError", f"pop from empty {self._empty}" if size == 0 else "pop index out of range")
        return self._take(scene, int(index) % size, "pop")

    _empty = "list"

    def insert(self, scene: Scene, index: Value, value: Value) -> None:
        """Perform `c.insert(index, value)`."""
        content = list(self.content(scene.read))
        content.insert(index, value)
        self.change(scene, tuple(content))
        self.note_all(scene, "insert", tuple(content), writes=True)

    def remove(self, scene: Scene, value: Value) -> None:
        """Perform `c.remove(value)`."""
        content = self.content(scene.read)
        if value not in content:
            self.note_all(scene, "remove", content, writes=True)
            raise Raised("ValueError", f"{self.kind}.remove(x): x not in {self.kind}")
        for kept in range(content.index(value)):
            scene.note(self.at(kept), "read", content[kept])
        self._take(scene, content.index(value), "remove")

    def clear(self, scene: Scene) -> None:
        """Perform `c.clear()`."""
        self.note_all(scene, "clear", self.content(scene.read), writes=True)
        self.change(scene, ())

    def find(self, scene: Scene, value: Value) -> Value:
        """Perform `c.index(value)`."""
        content = self.content(scene.read)
        self.note_all(scene, "read", content)
        if value not in content:
            raise Raised("ValueError", f"{value!r} is not in {self.kind}")
        return content.index(value)

    def count(self, scene: Scene, value: Value) -> Value:
        """Perform `c.count(value)`."""
        content = self.content(scene.read)
        self.note_all(scene, "read", content)
        return content.count(value)

    def _rewrite(self, scene: Scene, operation: str, content: tuple[Value, ...]) -> None:
        if self.cells is not None:
            for cell, value in zip(self.cells, content, strict=True):
                scene.write(cell, value)
        else:
            self.change(scene, content)
        for position, value in enumerate(content):
            scene.note(self.at(position), operation, value, writes=True)

    def reverse(self, scene: Scene) -> None:
        """Perform `c.reverse()`."""
        self._rewrite(scene, "reverse", self.content(scene.read)[::-1])

    def sort(self, scene: Scene) -> None:
        """Perform `c.sort()`."""
        self._rewrite(scene, "sort", tuple(sorted(self.content(scene.read))))


class Deque(List):
    """A deque; it refuses to be iterated when its length has changed."""

    kind: ClassVar[str] = "deque"
    rules: ClassVar[Mapping[str, str]] = {
        **{name: rule for name, rule in List.rules.items() if name != "sort"},
        "appendleft": "push_left",
        "popleft": "pop_left",
        "rotate": "rotate",
    }
    _indices = "sequence index"
    _empty = "deque"

    def push_left(self, scene: Scene, value: Value) -> None:
        """Perform `d.appendleft(value)`: everything moves."""
        content = (value, *self.content(scene.read))
        self.change(scene, content)
        self.note_all(scene, "appendleft", content, writes=True)

    def pop(self, scene: Scene, index: Value = -1) -> Value:
        """Perform `d.pop()`."""
        if not self._length(scene):
            scene.note(self.size, "pop", 0, writes=True)
            raise Raised("IndexError", "pop from an empty deque")
        return super().pop(scene)

    def pop_left(self, scene: Scene) -> Value:
        """Perform `d.popleft()`."""
        if not self._length(scene):
            scene.note(self.size, "popleft", 0, writes=True)
            raise Raised("IndexError", "pop from an empty deque")
        return self._take(scene, 0, "popleft")

    def rotate(self, scene: Scene, by: Value = 1) -> None:
        """Perform `d.rotate(by)`."""
        content = self.content(scene.read)
        shift = by % len(content) if content else 0
        self._rewrite(scene, "rotate", content[len(content) - shift :] + content[: len(content) - shift])

    def advance(self, scene: Scene, cursor: Cursor) -> Value:
        """Read the next element, which also checks the length."""
        size = self._length(scene)
        if cursor.size not in (None, size):
            scene.note(self.size, "length", size)
            raise Raised("RuntimeError", "deque mutated during iteration")
        if cursor.position < size:
            scene.note(self.size, "length", size)
        return super().advance(scene, cursor._replace(size=size))


class Dict(Container):
    """A dict; its content is a tuple of pairs in insertion order."""

    kind: ClassVar[str] = "dict"
    rules: ClassVar[Mapping[str, str]] = {
        **_READS,
        "__getitem__": "get_item",
        "__setitem__": "put",
        "__delitem__": "delete",
        "get": "get",
        "setdefault": "setdefault",
        "pop": "pop",
        "popitem": "popitem",
        "clear": "clear",
    }

    def keys(self, content: tuple[Value, ...]) -> tuple[Value, ...]:
        """Return the dict's keys."""
        return tuple(key for key, _ in content)

    def _mapping(self, scene: Scene, key: Value) -> dict[Value, Value]:
        if isinstance(key, Snapshot) or (isinstance(key, Ref) and key.kind in ("list", "dict", "set", "deque")):
            raise Raised("TypeError", f"unhashable type: '{'collections.deque' if key.kind == 'deque' else key.kind}'")
        return dict(self.content(scene.read))

    def contains(self, scene: Scene, wanted: Value) -> Value:
        """Perform `key in d`, which touches that key only."""
        mapping = self._mapping(scene, wanted)
        scene.note(self.at(wanted), "contains", wanted in mapping)
        return wanted in mapping

    def get_item(self, scene: Scene, key: Value) -> Value:
        """Perform `d[key]`."""
        mapping = self._mapping(scene, key)
        scene.note(self.at(key), "read", mapping.get(key))
        if key not in mapping:
            raise Raised("KeyError", repr(key))
        return mapping[key]

    def get(self, scene: Scene, key: Value, default: Value = None) -> Value:
        """Perform `d.get(key, default)`."""
        value = self._mapping(scene, key).get(key, default)
        scene.note(self.at(key), "read", value)
        return value

    def put(self, scene: Scene, key: Value, value: Value) -> None:
        """Perform `d[key] = value`; a new key changes the length."""
        mapping = self._mapping(scene, key)
        new = key not in mapping
        mapping[key] = value
        self.change(scene, tuple(mapping.items()))
        scene.note(self.at(key), "write", value, writes=True)
        if new:
            scene.note(self.size, "write", len(mapping), writes=True)

    def setdefault(self, scene: Scene, key: Value, default: Value = None) -> Value:
        """Perform `d.setdefault(key, default)`."""
        mapping = self._mapping(scene, key)
        if key not in mapping:
            self.put(scene, key, default)
            return default
        scene.note(self.at(key), "setdefault", mapping[key], writes=True)
        return mapping[key]

    def _remove(self, scene: Scene, mapping: dict[Value, Value], key: Value, operation: str) -> Value:
        value = mapping.pop(key)
        self.change(scene, tuple(mapping.items()))
        scene.note(self.at(key), operation, value, writes=True)
        scene.note(self.size, operation, len(mapping), writes=True)
        return value

    def delete(self, scene: Scene, key: Value) -> None:
        """Perform `del d[key]`."""
        mapping = self._mapping(scene, key)
        if key not in mapping:
            scene.note(self.at(key), "delete", writes=True)
            raise Raised("KeyError", repr(key))
        self._remove(scene, mapping, key, "delete")

    def pop(self, scene: Scene, key: Value, *default: Value) -> Value:
        """Perform `d.pop(key)` or `d.pop(key, default)`."""
        mapping = self._mapping(scene, key)
        if key in mapping:
            return self._remove(scene, mapping, key, "pop")
        scene.note(self.at(key), "pop", writes=True)
        if not default:
            raise Raised("KeyError", repr(key))
        return default[0]

    def popitem(self, scene: Scene) -> Value:
        """Perform `d.popitem()`, which takes the youngest entry."""
        mapping = self._mapping(scene, None)
        if not mapping:
            scene.note(self.size, "popitem", 0, writes=True)
            raise Raised("KeyError", "'popitem(): dictionary is empty'")
        key = next(reversed(mapping))
        return key, self._remove(scene, mapping, key, "popitem")

    def clear(self, scene: Scene) -> None:
        """Perform `d.clear()`."""
        self.note_all(scene, "clear", self.content(scene.read), writes=True)
        self.change(scene, ())

    def advance(self, scene: Scene, cursor: Cursor) -> Value:
        """Read the next entry, which also checks the length."""
        content = self.content(scene.read)
        scene.note(self.size, "length", len(content))
        if cursor.size not in (None, len(content)):
            raise Raised("RuntimeError", "dictionary changed size during iteration")
        if cursor.position >= len(content):
            return END
        key, value = content[cursor.position]
        scene.note(self.at(key), "read", value)
        wanted = {"values": value, "items": (key, value)}.get(cursor.mode, key)
        return wanted, cursor._replace(position=cursor.position + 1, size=len(content))

    def plain(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> Any:
        """Return an object if all keys are strings, else an array of pairs."""
        content = self.content(read)
        if all(isinstance(key, str) for key, _ in content):
            return {key: show(value) for key, value in content}
        return [[show(key), show(value)] for key, value in content]


class Set(Container):
    """A set; its content is kept in a canonical order, which the language never shows."""

    kind: ClassVar[str] = "set"
    rules: ClassVar[Mapping[str, str]] = {
        **_READS,
        "add": "add",
        "discard": "discard",
        "remove": "remove",
        "clear": "clear",
    }

    def keys(self, content: tuple[Value, ...]) -> tuple[Value, ...]:
        """Return the elements themselves."""
        return content

    def contains(self, scene: Scene, wanted: Value) -> Value:
        """Perform `value in s`, which touches that element only."""
        found = wanted in self.content(scene.read)
        scene.note(self.at(wanted), "contains", found)
        return found

    def add(self, scene: Scene, value: Value) -> None:
        """Perform `s.add(value)`."""
        if isinstance(value, Snapshot) or (isinstance(value, Ref) and value.kind in ("list", "dict", "set", "deque")):
            raise Raised(
                "TypeError", f"unhashable type: '{'collections.deque' if value.kind == 'deque' else value.kind}'"
            )
        content = self.content(scene.read)
        scene.note(self.at(value), "add", writes=True)
        if value not in content:
            self.change(scene, canonical((*content, value)))
            scene.note(self.size, "add", len(content) + 1, writes=True)

    def discard(self, scene: Scene, value: Value) -> None:
        """Perform `s.discard(value)`."""
        content = self.content(scene.read)
        scene.note(self.at(value), "discard", writes=True)
        if value in content:
            self.change(scene, tuple(other for other in content if other != value))
            scene.note(self.size, "discard", len(content) - 1, writes=True)

    def remove(self, scene: Scene, value: Value) -> None:
        """Perform `s.remove(value)`."""
        missing = value not in self.content(scene.read)
        self.discard(scene, value)
        if missing:
            raise Raised("KeyError", repr(value))

    def clear(self, scene: Scene) -> None:
        """Perform `s.clear()`."""
        self.note_all(scene, "clear", self.content(scene.read), writes=True)
        self.change(scene, ())

    def advance(self, scene: Scene, cursor: Cursor) -> Value:
        """Read the next element where the order makes no difference ("any order": `sorted`, `min`, `sum`, ...)."""
        if cursor.mode != "any order":
            raise Refused("a set is iterated, and its order is not defined", "write `for value in sorted(the_set)`")
        content = self.content(scene.read)
        scene.note(self.size, "length", len(content))
        if cursor.size not in (None, len(content)):
            raise Raised("RuntimeError", "Set changed size during iteration")
        if cursor.position >= len(content):
            return END
        value = content[cursor.position]
        scene.note(self.at(value), "read", value)
        return value, cursor._replace(position=cursor.position + 1, size=len(content))

    def plain(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> Any:
        """Return the elements as a sorted array."""
        return [show(value) for value in self.content(read)]


def _elements(scene: Scene, values: Value) -> tuple[Value, ...]:
    """Read an iterable at once, as `extend` does."""
    if isinstance(values, Ref):
        target = scene.heap[values.number]
        if isinstance(target, Set):
            raise Refused("a set's order is not defined", "extend by `sorted(the_set)`")
        if isinstance(target, Container):
            snapshot = target.snapshot(scene)
            return target.keys(snapshot.items) if isinstance(target, Dict) else snapshot.items
    if isinstance(values, Snapshot):
        return values.items
    if isinstance(values, str | tuple | range):
        if len(values) > 1_000_000:
            raise Refused("a container grows beyond a million elements", "use a smaller range")
        return tuple(values)
    raise Raised("TypeError", f"'{type(values).__name__}' object is not iterable")
