"""The instructions that a thread's text is lowered to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from lab.model.heap import HeapObject, Scene
from lab.model.values import Value

__all__ = [
    "Branch",
    "Code",
    "Compute",
    "Const",
    "Handler",
    "Instruction",
    "Jump",
    "Mark",
    "Operand",
    "Operate",
    "Operation",
    "Place",
    "Raise",
    "Reg",
    "Return",
    "Span",
    "same",
]


class Span(NamedTuple):
    """A stretch of source text: lines from 1, columns from 1, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


class Reg(NamedTuple):
    """An operand: the content of a register."""

    number: int


class Const(NamedTuple):
    """An operand: a value known from the text."""

    value: Value


Operand = Reg | Const


class Handler(NamedTuple):
    """Where an exception goes: the position that handles it, and the register that receives it."""

    position: int
    register: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where an instruction stands: its source, what handles its exceptions, and the blocks around it.

    `atomic` numbers the outermost `atomic()` block around it, 0 where there is none.
    """

    span: Span
    handler: Handler | None = None
    regions: frozenset[str] = frozenset()
    atomic: int = 0


class Operation(Protocol):
    """What an `Operate` instruction does to the shared state."""

    def touches(self, heap: tuple[HeapObject, ...], arguments: tuple[Value, ...]) -> bool:
        """Whether it needs a step of its own: it reads or writes something that can change."""

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Do it, and return its value; raises `Raised` or `Blocks`."""

    def describe(self) -> str:
        """Name it for people, as `lab show` does."""


@dataclass(frozen=True, slots=True)
class Compute:
    """Local work: put `function(*arguments)` into a register."""

    place: Place
    target: int
    function: Callable[..., Value]
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Operate:
    """An operation that is a step if it touches something shared that can change, and local work otherwise."""

    place: Place
    target: int
    operation: Operation
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on at `position`."""

    place: Place
    position: int


@dataclass(frozen=True, slots=True)
class Branch:
    """Go on at `position` if the condition, a plain value, is false; else with the next instruction.

    `jumped` is the mark that a thread passes which goes on at `position`, "" for none.
    """

    place: Place
    condition: Operand
    position: int
    jumped: str = ""


@dataclass(frozen=True, slots=True)
class Return:
    """End the thread (or the property, or the predicate) with a value."""

    place: Place
    value: Operand


@dataclass(frozen=True, slots=True)
class Raise:
    """Raise the exception in `error`."""

    place: Place
    error: Operand


@dataclass(frozen=True, slots=True)
class Mark:
    """A place where a policy may switch; the kinds stand in `lab/model/marks.py`.

    Where it depends on the class of an object, `receiver` is that object.
    """

    place: Place
    kind: str
    receiver: Operand | None = None


Instruction = Compute | Operate | Jump | Branch | Return | Raise | Mark


@dataclass(frozen=True)
class Code:
    """A lowered function.

    Attributes
    ----------
    instructions : tuple of Instruction
        Executed from the first on.
    registers : tuple of str
        The name of each register; temporaries have none ("").
    live : tuple of tuple of int
        For each position, the registers whose content can still be read from there on, ascending.
    parameters : tuple of int
        The registers that receive the arguments.
    exits : frozenset of int
        The positions from which the control flow has a path to an end.
    regions : frozenset of str
        The regions that the text contains.
    makes : frozenset of int
        The positions from which the control flow has a path to an instruction that may make an object.
    """

    instructions: tuple[Instruction, ...]
    registers: tuple[str, ...]
    live: tuple[tuple[int, ...], ...]
    parameters: tuple[int, ...]
    exits: frozenset[int]
    regions: frozenset[str] = field(default=frozenset())
    makes: frozenset[int] = field(default=frozenset())


def same(value: Value) -> Value:
    """Return the value: a `Compute` with this function copies a register."""
    return value
