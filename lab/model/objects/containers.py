"""Lists, deques, dicts and sets: which location each of their operations touches.

A container that no function may change is a constant: its content is kept here and reading it is local work. A list
whose shape no function may change has one component per element; every other container is one component, a tuple.
Locations are finer than components: the element `flag[0]`, the entry `d['k']`, the length `len(flag)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from lab.model.heap import HeapObject, Refused, Scene
from lab.model.values import END, Cursor, Ref, Snapshot, Value

__all__ = ["READS", "Container", "is_part"]

READS = {
    "__len__": "length",
    "__bool__": "truth",
    "__contains__": "contains",
    "__next__": "advance",
    "__reversed__": "reverse_iterator",
    "__copy__": "snapshot",
    "copy": "copy",
}


def is_part(location: str) -> bool:
    """Whether a location is an element of a container, or its length: what a container's own lock guards.

    Examples
    --------
    >>> is_part("d['k']"), is_part("len(line)"), is_part("x"), is_part("points[0].x")
    (True, True, False, False)
    """
    return location.endswith("]") or location.startswith("len(")


class Container(HeapObject):
    """What all containers share: a content, which is constant, one component, or one component per element."""

    alike: ClassVar[bool] = True

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
    def changes_shape(self) -> bool:
        """Whether some function of the file may change the container's length."""
        return self.whole is not None

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
        """Name the location of an element; keys that are equal name one location."""
        return f"{self.name}[{_one_of_equals(key)!r}]"

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

    def reverse_iterator(self, scene: Scene) -> Value:
        """Perform `reversed(c)`, which reads the length."""
        raise Refused(f"a {self.kind} is iterated backwards", "only lists, tuples, texts and ranges are")

    def plain(self, read: Callable[[int], Value], show: Callable[[Value], Any]) -> Any:
        """Return the content as a list."""
        return [show(value) for value in self.content(read)]


def _one_of_equals(key: Value) -> Value:
    """Return the same key for all keys that are equal: 1 for True and 1.0."""
    if isinstance(key, tuple):
        return tuple(map(_one_of_equals, key))
    return int(key) if isinstance(key, bool | float) and key == int(key) else key
