"""How an object that a thread makes becomes a heap object, private or in a place of the shared heap."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lab.model.heap import HeapObject
from lab.model.objects.cells import Atomic
from lab.model.objects.containers import Container
from lab.model.objects.groups import TaskGroup
from lab.model.objects.instances import Instance, Shape
from lab.model.objects.locks import Lock, RLock, Semaphore
from lab.model.objects.mappings import Dict, Set
from lab.model.objects.sequences import Deque, List
from lab.model.objects.synchroniser import Synchroniser
from lab.model.objects.synchronisers import SYNCHRONISERS
from lab.model.objects.threads import Thread
from lab.model.values import Ref, Value

__all__ = ["BLANK", "NAMESPACE", "Maker", "makers"]

Maker = Callable[[Ref, str, int], HeapObject]
"""Makes the object with that reference and name whose content is the component (or private object) of that number."""

NAMESPACE = "SimpleNamespace"

BLANK: Mapping[str, Value] = {"Lock": None, "RLock": None, "Semaphore": 1, "Atomic": 0, "TaskGroup": ()}
"""The content of a place in the heap that nobody uses yet; () for every other class."""


def _container(kind: type[Container]) -> Maker:
    return lambda ref, name, whole: kind(ref, name, (), whole=whole)


def _instance(shape: Shape) -> Maker:
    return lambda ref, name, whole: Instance(ref, name, whole, shape)


def _synchroniser(kind: type[Synchroniser]) -> Maker:
    return lambda ref, name, whole: kind(ref, name, whole, None)


def makers(shapes: Mapping[str, Shape]) -> dict[str, Maker]:
    """Return the maker of each class whose objects a thread can make, by the class's name."""
    return {
        **{kind.kind: _synchroniser(kind) for kind in SYNCHRONISERS.values()},
        **{kind.kind: _container(kind) for kind in (List, Deque, Dict, Set)},
        **{kind.kind: kind for kind in (Lock, RLock, Semaphore, Atomic, Thread, TaskGroup)},
        **{name: _instance(shape) for name, shape in shapes.items()},
    }
