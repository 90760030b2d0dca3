"""A scenario after the front end: instructions for each thread, shared components, properties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from lab.model.heap import HeapObject, Places
from lab.model.instructions import Code
from lab.model.objects.making import Maker
from lab.model.values import Ref, Value

__all__ = [
    "COUNTED",
    "Component",
    "Expectation",
    "Program",
    "Property",
    "PropertyKind",
    "Question",
    "QuestionKind",
    "Thread",
]

PropertyKind = Literal["always", "final", "sometimes", "eventually"]

QuestionKind = Literal["outcome", "output", "violated", "count", "races"]

COUNTED = ("schedules", "traces", "states", "outcomes")
"""What a question may ask the number of."""


class Component(NamedTuple):
    """One cell of the shared state, interned as a whole; `name` is for people."""

    name: str
    initial: Value


@dataclass(frozen=True)
class Thread:
    """A thread's name, its code, the values its parameters start with, and where the objects that it shares go.

    A `task` is a thread that holds the event loop while it runs. A `gate` is the component of the `threading.Thread`
    object of a thread that another one starts; without one, a thread starts when the program does. A `worker` is a
    thread of asyncio's pool, which closes its gate itself.
    """

    name: str
    code: Code
    arguments: tuple[Value, ...]
    places: Places = field(default_factory=dict)
    task: bool = False
    gate: int | None = None
    worker: bool = False


@dataclass(frozen=True)
class Property:
    """A named predicate over states; `code` is evaluated at once and never a step."""

    name: str
    kind: PropertyKind
    code: Code
    line: int
    lesson: str


@dataclass(frozen=True)
class Expectation:
    """One `expect(...)` of the file: what an exploration must find under a policy and some parameters.

    `claims` maps each keyword given (schedules, states, outcomes, verdicts, ...) to its literal value.
    """

    policy: str
    parameters: Mapping[str, Value]
    claims: Mapping[str, Any]
    line: int


@dataclass(frozen=True)
class Question:
    """One `question(...)` of the file.

    Attributes
    ----------
    kind, about
        What is asked: whether a run can end with these values (`outcome`, by shared variable) or print this (`output`,
        a text or lines), whether a property or a built-in verdict is `violated`, the number of something (`count`, one
        of `COUNTED`), or at which lines threads race for a shared variable (`races`).
    answer
        What the file says: a bool, a number or "infinite", a set of lines.
    """

    text: str
    policy: str
    parameters: Mapping[str, Value]
    kind: QuestionKind
    about: Any
    answer: Any
    line: int


@dataclass(frozen=True)
class Program:
    """A scenario, ready to be explored.

    Attributes
    ----------
    name, path, title, lesson, source : str
        Where it comes from and what it teaches; `source` is the whole text.
    parameters : Mapping[str, Value]
        Every parameter with the value in force.
    overridden : Mapping[str, Value]
        The parameters the caller set, a subset of `parameters`.
    threads, components, heap, properties, expectations, questions : tuple
        The program proper; heap object k is what `Ref(k)` refers to.
    observed : Mapping[str, int or Ref]
        The shared names an outcome shows: a component's number, or the object the name always refers to.
    stdout : int or None
        The component that collects printed lines, None when the file never prints.
    makers : Mapping[str, Maker]
        How an object of each class that a thread can make becomes a heap object.
    spurious : bool
        Whether a thread that waits at a condition may also wake up by itself.
    exits : int or None
        The component that says whether the program has ended although daemons go on, None where there are no daemons.
    """

    name: str
    path: str
    title: str
    lesson: str
    source: str
    parameters: Mapping[str, Value]
    overridden: Mapping[str, Value]
    threads: tuple[Thread, ...]
    components: tuple[Component, ...]
    heap: tuple[HeapObject, ...]
    properties: tuple[Property, ...]
    expectations: tuple[Expectation, ...]
    observed: Mapping[str, int | Ref]
    stdout: int | None = None
    defaults: Mapping[str, Value] = field(default_factory=dict)
    makers: Mapping[str, Maker] = field(default_factory=dict)
    spurious: bool = False
    questions: tuple[Question, ...] = ()
    exits: int | None = None

    @property
    def tasks(self) -> frozenset[int]:
        """The numbers of the threads that are tasks of the event loop."""
        return frozenset(number for number, thread in enumerate(self.threads) if thread.task)

    @property
    def lines(self) -> tuple[str, ...]:
        """The source, line by line; line n of the file is `lines[n - 1]`."""
        return tuple(self.source.splitlines())
