"""Dicts and sets: which location each of their operations touches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from lab.model.compute import check_hashable, ordered_set
from lab.model.heap import Raised, Refused, Scene
from lab.model.objects.containers import READS, Container
from lab.model.objects.sequences import elements
from lab.model.values import END, Cursor, Ref, Value

__all__ = ["Dict", "Set"]


class Dict(Container):
    """A dict; its content is a tuple of pairs in insertion order."""

    kind: ClassVar[str] = "dict"
    rules: ClassVar[Mapping[str, str]] = {
        **READS,
        "__getitem__": "get_item",
        "__setitem__": "put",
        "__delitem__": "delete",
        "get": "get",
        "setdefault": "setdefault",
        "pop": "pop",
        "popitem": "popitem",
        "update": "update",
        "clear": "clear",
    }

    def keys(self, content: tuple[Value, ...]) -> tuple[Value, ...]:
        """Return the dict's keys."""
        return tuple(key for key, _ in content)

    def _mapping(self, scene: Scene, key: Value) -> dict[Value, Value]:
        check_hashable(key)
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

    def update(self, scene: Scene, other: Value) -> None:
        """Perform `d.update(other)`: a dict, or pairs, read as a whole."""
        for key, value in _pairs(scene, other):
            self.put(scene, key, value)

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
        **READS,
        "add": "add",
        "discard": "discard",
        "remove": "remove",
        "update": "update",
        "clear": "clear",
    }

    def keys(self, content: tuple[Value, ...]) -> tuple[Value, ...]:
        """Return the elements themselves."""
        return content

    def contains(self, scene: Scene, wanted: Value) -> Value:
        """Perform `value in s`, which touches that element only."""
        check_hashable(wanted)
        found = wanted in self.content(scene.read)
        scene.note(self.at(wanted), "contains", found)
        return found

    def add(self, scene: Scene, value: Value) -> None:
        """Perform `s.add(value)`."""
        check_hashable(value)
        content = self.content(scene.read)
        scene.note(self.at(value), "add", writes=True)
        if value not in content:
            self.change(scene, ordered_set((*content, value)))
            scene.note(self.size, "add", len(content) + 1, writes=True)

    def update(self, scene: Scene, values: Value) -> None:
        """Perform `s.update(values)`, whose elements are read at once."""
        for value in _elements(scene, values):
            self.add(scene, value)

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
    """Read what a set is updated with: as `list.extend` does, and sets, whose order makes no difference here."""
    if isinstance(values, Ref) and values.kind == "set":
        target = scene.target(values)
        assert isinstance(target, Set)
        items: tuple[Value, ...] = target.snapshot(scene).items
        return items
    return elements(scene, values)


def _pairs(scene: Scene, other: Value) -> tuple[tuple[Value, Value], ...]:
    """Read what a dict is updated with."""
    if isinstance(other, Ref) and other.kind == "dict":
        target = scene.target(other)
        assert isinstance(target, Dict)
        entries: tuple[tuple[Value, Value], ...] = target.snapshot(scene).items
        return entries
    pairs = elements(scene, other)
    if not all(type(pair) is tuple and len(pair) == 2 for pair in pairs):
        raise Refused("a dict is updated with something that is neither a dict nor made of pairs", "give it a dict")
    return pairs
