"""The objects that a thread has made and nobody else can reach, and their way into the shared heap.

An object made in a thread is private: its content is part of the thread's local state, under a negative number. A
step that stores a reference to it in a shared place moves it, and what it refers to, to components that the program
sets aside for that thread. Their numbers depend on the thread's own history alone, never on what other threads did.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lab.model.values import Ref, Value

__all__ = ["Store", "private_references", "renamed"]


def private_references(value: Value) -> Iterator[Ref]:
    """Yield the references to private objects in a value, in order."""
    if isinstance(value, Ref):
        if value.number < 0:
            yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from private_references(part)


def renamed(value: Value, names: Mapping[Ref, Ref]) -> Value:
    """Return a value with references replaced, the same object where none is."""
    if isinstance(value, Ref):
        return names.get(value, value)
    if not isinstance(value, tuple):
        return value
    parts = [renamed(part, names) for part in value]
    if all(new is old for new, old in zip(parts, value, strict=True)):
        return value
    kind = type(value)
    return kind(*parts) if hasattr(kind, "_fields") else tuple(parts)


class Store:
    """The private objects of one thread.

    Attributes
    ----------
    contents : dict of int to Value
        By (negative) number, in the form in which a component holds a shared object's content.
    published : dict of str to int
        How many objects of each class the thread has moved to the shared heap.
    """

    __slots__ = ("_last", "contents", "published")

    def __init__(self, objects: tuple[Value, ...] = (), published: tuple[tuple[str, int], ...] = ()) -> None:
        self.contents: dict[int, Value] = {-1 - position: content for position, content in enumerate(objects)}
        self.published = dict(published)
        self._last = -len(objects)

    def make(self, kind: str, content: Value) -> Ref:
        """Add an object and return the reference to it."""
        self._last -= 1
        self.contents[self._last] = content
        return Ref(self._last, kind)

    def forget(self, moved: Mapping[Ref, Ref]) -> None:
        """Drop objects that have moved to the shared heap, and follow them there."""
        for ref in moved:
            del self.contents[ref.number]
        self.contents = {number: renamed(content, moved) for number, content in self.contents.items()}

    def compact(self, values: tuple[Value, ...]) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
        """Return the values, and the objects that they reach, numbered in the order in which they are met.

        Objects that nothing reaches are left out, so that garbage does not tell two states apart.
        """
        if not self.contents:
            return values, ()
        found: dict[Ref, Ref] = {}
        pending = list(private_references(values))
        for ref in pending:
            if ref not in found:
                found[ref] = Ref(-1 - len(found), ref.kind)
                pending.extend(private_references(self.contents[ref.number]))
        objects = tuple(renamed(self.contents[ref.number], found) for ref in found)
        return renamed(values, found), objects
