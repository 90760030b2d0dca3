"""Lists and deques: which location each of their operations touches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from lab.model.compute import check_orderable
from lab.model.heap import Raised, Refused, Scene
from lab.model.objects.containers import READS, Container
from lab.model.values import END, Cursor, Cut, Ref, Snapshot, Value, type_name

__all__ = ["Deque", "List"]


class List(Container):
    """A list."""

    kind: ClassVar[str] = "list"
    rules: ClassVar[Mapping[str, str]] = {
        **READS,
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
        added = elements(scene, values)
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
        """Perform `c.insert(index, value)`: what stands behind it moves."""
        if not isinstance(index, int):
            raise Raised("TypeError", f"'{type_name(index)}' object cannot be interpreted as an integer")
        content = list(self.content(scene.read))
        first = min(max(index + len(content) if index < 0 else index, 0), len(content))
        content.insert(first, value)
        self.change(scene, tuple(content))
        for position in range(first, len(content)):
            scene.note(self.at(position), "insert", content[position], writes=True)
        scene.note(self.size, "insert", len(content), writes=True)

    def remove(self, scene: Scene, value: Value) -> None:
        """Perform `c.remove(value)`."""
        content = self.content(scene.read)
        if value not in content:
            self.note_all(scene, "remove", content, writes=True)
            raise Raised("ValueError", self._not_in(value))
        for kept in range(content.index(value)):
            scene.note(self.at(kept), "read", content[kept])
        self._take(scene, content.index(value), "remove")

    def _not_in(self, value: Value) -> str:
        return "list.remove(x): x not in list"

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

    def advance(self, scene: Scene, cursor: Cursor) -> Value:
        """Read the next element, or the one before for `reversed`."""
        if cursor.mode != "reversed":
            return super().advance(scene, cursor)
        if cursor.position < 0:
            return END
        if cursor.position >= self._length(scene):
            scene.note(self.size, "end", self._length(scene))
            return END
        value, _ = super().advance(scene, cursor)
        return value, cursor._replace(position=cursor.position - 1)

    def _rewrite(self, scene: Scene, operation: str, content: tuple[Value, ...]) -> None:
        if self.cells is not None:
            for cell, value in zip(self.cells, content, strict=True):
                scene.write(cell, value)
        else:
            self.change(scene, content)
        for position, value in enumerate(content):
            scene.note(self.at(position), operation, value, writes=True)
        scene.note(self.size, operation, len(content))

    def reverse_iterator(self, scene: Scene) -> Value:
        """Perform `reversed(c)`: the iterator stands behind the last element."""
        if self.kind != "list":
            return super().reverse_iterator(scene)
        return Cursor(self.ref, "reversed", int(self.length(scene)) - 1, None)

    def reverse(self, scene: Scene) -> None:
        """Perform `c.reverse()`."""
        self._rewrite(scene, "reverse", self.content(scene.read)[::-1])

    def sort(self, scene: Scene, reverse: Value = False) -> None:
        """Perform `c.sort(reverse=...)`."""
        content = self.content(scene.read)
        check_orderable(content)
        self._rewrite(scene, "sort", tuple(sorted(content, reverse=bool(reverse))))


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

    def _not_in(self, value: Value) -> str:
        return f"{value!r} is not in deque"

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


def elements(scene: Scene, values: Value) -> tuple[Value, ...]:
    """Read an iterable at once, as `extend` does."""
    if isinstance(values, Ref):
        target = scene.target(values)
        if target.kind == "set":
            raise Refused("a set's order is not defined", "extend by `sorted(the_set)`")
        if isinstance(target, Container):
            items: tuple[Value, ...] = target.snapshot(scene).items
            return target.keys(items) if target.kind == "dict" else items
    if isinstance(values, Snapshot):
        return values.items
    if isinstance(values, str | tuple | range):
        if len(values) > 1_000_000:
            raise Refused("a container grows beyond a million elements", "use a smaller range")
        return tuple(values)
    raise Raised("TypeError", f"'{type(values).__name__}' object is not iterable")
