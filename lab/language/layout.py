"""Where everything shared stands: a component for what may change, a heap object for every blueprint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lab.language.classes import ClassInfo
from lab.language.effects import CONTAINERS, Effects
from lab.language.sharing import shared_kinds
from lab.language.toplevel import Blueprint
from lab.model.compute import ordered_set
from lab.model.heap import HeapObject
from lab.model.instructions import Code
from lab.model.objects.cells import Atomic, Namespace, Record
from lab.model.objects.containers import Container
from lab.model.objects.instances import Shape
from lab.model.objects.loop import EventLoop, Turns
from lab.model.objects.making import BLANK, NAMESPACE, makers
from lab.model.objects.synchroniser import Synchroniser
from lab.model.objects.synchronisers import SYNCHRONISERS
from lab.model.objects.tasks import Task
from lab.model.objects.threads import NEW, Thread
from lab.model.program import Component
from lab.model.values import CELL, MISSING, Gate, Ref, Value

__all__ = ["Layout"]

_SYNCHRONISERS: dict[str, type[Synchroniser]] = {kind.kind: kind for kind in SYNCHRONISERS.values()}
_SYNCHRONISERS[EventLoop.kind] = EventLoop

_UNNAMED = {EventLoop.kind: "the loop"}
"""What objects are called that a file does not name."""


class Layout:
    """Gives every shared thing that may change a component, and turns blueprints into heap objects."""

    def __init__(
        self,
        effects: Effects,
        names: Mapping[str, Value],
        blueprints: list[Blueprint],
        classes: Mapping[str, ClassInfo],
        variables: Iterable[str] = (),
    ) -> None:
        self.effects = effects
        self.shapes = {name: Shape(name, one.constants, effects.attributes) for name, one in classes.items()}
        self.shapes[CELL] = Shape(CELL, assigned=frozenset(variables))
        self.shapes[NAMESPACE] = Shape(NAMESPACE, assigned=effects.attributes)
        self.components: list[Component] = []
        self.variables: dict[str, int] = {}
        for name, value in names.items():
            if name in effects.rebound:
                self.variables[name] = self.component(name, value)
        self.makers = makers(self.shapes)
        constants = {f"{one.name}.{name}": value for one in classes.values() for name, value in one.constants.items()}
        paths = _paths({**names, **constants}, blueprints)
        self.objects = [
            self._object(blueprint, paths.get(blueprint.ref.number, _UNNAMED.get(blueprint.ref.kind, "object")))
            for blueprint in blueprints
        ]

    @property
    def heap(self) -> tuple[HeapObject, ...]:
        """Every object of the program, those that threads may share included."""
        return tuple(self.objects)

    def places(self, thread: str, code: Code) -> dict[str, tuple[tuple[Ref, int], ...]]:
        """Set places aside for the objects that a thread may share: references and components, by class."""
        return {
            kind: tuple(self._place(kind, _name(kind, thread, number + 1)) for number in range(count))
            for kind, count in shared_kinds(code).items()
        }

    def _place(self, kind: str, name: str) -> tuple[Ref, int]:
        ref, component = Ref(len(self.objects), kind), self.component(name, BLANK.get(kind, ()))
        self.objects.append(self.makers[kind](ref, name, component))
        return ref, component

    def gate(
        self,
        kind: type[Thread | Task],
        thread: str,
        number: int,
        given: str | None,
        key: str,
        slot: int,
        loop: Ref | None = None,
    ) -> tuple[Ref, int]:
        """Set a place aside for the object of a thread that the program starts itself, or of a task of a loop."""
        blank = Gate(NEW, key, slot, daemon=False, arguments=())
        name = f"task {thread}" if kind is Task else f"thread {thread}"
        ref, component = Ref(len(self.objects), kind.kind), self.component(name, blank)
        if issubclass(kind, Thread):
            self.objects.append(kind(ref, name, component, number, given, thread))
        else:
            assert loop is not None
            self.objects.append(kind(ref, name, component, loop, number, given))
        return ref, component

    def with_tasks(self, loop: Ref | None, tasks: list[int]) -> tuple[Component, ...]:
        """Return the components; the loop's queue holds the tasks, in the order of the file."""
        if loop is not None:
            target = self.objects[loop.number]
            assert isinstance(target, EventLoop)
            self.components[target.component] = Component(target.name, Turns(ready=tuple(tasks)))
        return tuple(self.components)

    def component(self, name: str, initial: Value) -> int:
        """Add a component and return its number."""
        self.components.append(Component(name, initial))
        return len(self.components) - 1

    def _object(self, blueprint: Blueprint, name: str) -> HeapObject:
        ref, kind = blueprint.ref, blueprint.ref.kind
        if kind in CONTAINERS:
            return self._container(blueprint, name)
        if kind in self.shapes:
            return self._namespace(blueprint, name)
        if kind == "Record":
            cells = {
                attribute: self.component(f"{name}.{attribute}", value) for attribute, value in blueprint.fields.items()
            }
            return Record(ref, name, cells, self.component(f"freed({name})", False))
        if kind == "Atomic":
            return Atomic(ref, name, self.component(name, blueprint.items[0]))
        maker = _SYNCHRONISERS[kind]
        return maker(ref, name, self.component(name, maker.first(blueprint.items)), blueprint.items)

    def _container(self, blueprint: Blueprint, name: str) -> Container:
        ref, items = blueprint.ref, blueprint.items
        kind = CONTAINERS[ref.kind]
        if ref.kind == "set":
            items = ordered_set(items)
        if ref.number not in self.effects.changed:
            return kind(ref, name, items)
        if ref.kind in ("list", "deque") and ref.number not in self.effects.reshaped:
            return kind(
                ref, name, items, cells=tuple(self.component(f"{name}[{i}]", item) for i, item in enumerate(items))
            )
        return kind(ref, name, items, whole=self.component(name, items))

    def _namespace(self, blueprint: Blueprint, name: str) -> Namespace:
        assigned = self.effects.attributes
        constants = {attribute: value for attribute, value in blueprint.fields.items() if attribute not in assigned}
        cells = {
            attribute: self.component(f"{name}.{attribute}", blueprint.fields.get(attribute, MISSING))
            for attribute in [*blueprint.fields, *sorted(assigned - set(blueprint.fields))]
            if attribute in assigned
        }
        return Namespace(blueprint.ref, name, constants, cells, self.shapes[blueprint.ref.kind])


def _name(kind: str, thread: str, number: int) -> str:
    """Return the name of an object that a thread shares; the variables of its functions are named after the thread."""
    if kind != CELL:
        return f"{kind}#{thread}.{number}"
    return thread if number == 1 else f"{thread}#{number}"


def _paths(names: Mapping[str, Value], blueprints: list[Blueprint]) -> dict[int, str]:
    """Return how the file reaches each object: by its shortest path, the first in the order of the file among those."""
    paths: dict[int, str] = {}
    pending = [(name, value) for name, value in names.items()]
    while pending:
        following: list[tuple[str, Value]] = []
        for path, value in pending:
            if isinstance(value, tuple):
                following.extend((f"{path}[{index}]", item) for index, item in enumerate(value))
            if not isinstance(value, Ref) or value.number in paths:
                continue
            paths[value.number] = path
            blueprint = blueprints[value.number]
            following.extend((f"{path}.{name}", item) for name, item in blueprint.fields.items())
            if value.kind == "dict":
                following.extend((f"{path}[{key!r}]", item) for key, item in blueprint.items)
            elif value.kind == "Condition":
                following.append((path, blueprint.items[0]))  # its own lock goes by its name
            elif value.kind in ("list", "deque"):
                following.extend((f"{path}[{index}]", item) for index, item in enumerate(blueprint.items))
        pending = following
    return paths
