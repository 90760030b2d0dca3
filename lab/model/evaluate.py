"""Local work: registers, jumps and exceptions; and evaluating a whole piece of code at one moment."""

from __future__ import annotations

from collections.abc import Mapping

from lab.model.heap import Own, Raised, Refused, Scene
from lab.model.instructions import (
    Branch,
    Code,
    Compute,
    Const,
    Instruction,
    Jump,
    Mark,
    Operand,
    Operate,
    Place,
    Raise,
    Return,
)
from lab.model.state import FAILED, FINISHED
from lab.model.store import renamed
from lab.model.values import UNBOUND, Ref, Snapshot, Thrown, Value

__all__ = ["LOCAL_WORK", "Frame", "evaluate"]

LOCAL_WORK = 100_000
"""How many instructions a thread may execute without a shared access."""

_PYTHON = (ArithmeticError, LookupError, TypeError, ValueError)


class Frame:
    """A position in a piece of code, and the registers; ends with `position` FINISHED or FAILED and `result` set.

    Attributes
    ----------
    untouched : dict of int to int
        The registers that nothing has looked at or replaced since the frame was made, as far as that is asked for,
        each with its place among the values that the frame was made from.
    looked : list of int
        Those that were looked at leave `untouched` for here: ~k for the k-th value.
    """

    __slots__ = ("code", "looked", "own", "position", "registers", "result", "untouched")

    def __init__(self, code: Code, position: int, registers: list[Value], own: Own) -> None:
        self.code = code
        self.own = own
        self.position = position
        self.registers = registers
        self.result: Value = None
        self.untouched: dict[int, int] = {}
        self.looked: list[int] = []

    @classmethod
    def at_start(cls, code: Code, arguments: tuple[Value, ...], own: Own) -> Frame:
        """Return a frame in front of the first instruction."""
        registers: list[Value] = [UNBOUND] * len(code.registers)
        for register, value in zip(code.parameters, arguments, strict=True):
            registers[register] = value
        return cls(code, 0, registers, own)

    def fetch(self, operand: Operand) -> Value:
        """Return an operand's value; an unassigned local raises as in Python."""
        if isinstance(operand, Const):
            return operand.value
        number = operand.number
        if number in self.untouched:
            self.looked.append(~self.untouched.pop(number))
        value = self.registers[number]
        if value is UNBOUND:
            name = self.code.registers[number]
            raise Raised(
                "UnboundLocalError", f"cannot access local variable '{name}' where it is not associated with a value"
            )
        return value

    def fetch_or_unbound(self, operand: Operand) -> Value:
        """Return an operand's value, of a variable that was not assigned too: what uses it next raises."""
        try:
            return self.fetch(operand)
        except Raised:
            return UNBOUND

    def put(self, register: int, value: Value) -> None:
        """Give a register a new value."""
        self.registers[register] = value
        self.untouched.pop(register, None)

    def throw(self, thrown: Thrown, place: Place) -> None:
        """Go where an exception raised at `place` goes: to its handler, or to the end."""
        if place.handler is None:
            self.position, self.result = FAILED, thrown
        else:
            self.position = place.handler.position
            self.put(place.handler.register, thrown)

    def work(self, instruction: Instruction) -> None:
        """Execute one instruction that is no operation."""
        try:
            self._work(instruction)
        except Raised as raised:
            self.throw(raised.thrown, instruction.place)
        except _PYTHON as error:
            self.throw(as_thrown(error), instruction.place)

    def _work(self, instruction: Instruction) -> None:
        # the most frequent kinds first; `match` takes three times as long
        if isinstance(instruction, Compute):
            self.put(instruction.target, instruction.function(*map(self.fetch, instruction.arguments)))
            self.position += 1
        elif isinstance(instruction, Mark):
            self.position += 1
        elif isinstance(instruction, Branch):
            self.position = self.position + 1 if self.fetch(instruction.condition) else instruction.position
        elif isinstance(instruction, Jump):
            self.position = instruction.position
        elif isinstance(instruction, Return):
            self.result = self.fetch(instruction.value)
            self.position = FINISHED
        elif isinstance(instruction, Raise):
            self.throw(self.fetch(instruction.error), instruction.place)
        else:
            raise AssertionError("an operation is performed in a scene")

    def perform(self, instruction: Operate, scene: Scene) -> None:
        """Perform an operation and store its value; `Blocks` and `Refused` pass through."""
        try:
            arguments = tuple(map(self.fetch, instruction.arguments))
            value = instruction.operation.perform(scene, arguments)
            if isinstance(value, Snapshot):
                value = self.own.store.make(value.kind, value.items)
            self.put(instruction.target, value)
            self.position += 1
        except Raised as raised:
            self.throw(raised.thrown, instruction.place)
        except _PYTHON as error:
            self.throw(as_thrown(error), instruction.place)
        if scene.moved:
            self._move(scene.moved)

    def _move(self, moved: Mapping[Ref, Ref]) -> None:
        """Follow private objects to the shared heap."""
        self.registers = [renamed(value, moved) for value in self.registers]
        self.own.store.forget(moved)


def as_thrown(error: Exception) -> Thrown:
    """Return the exception that Python raised in a computation, as the scenario sees it."""
    return Thrown(type(error).__name__, str(error))


def evaluate(code: Code, arguments: tuple[Value, ...], scene: Scene) -> Value:
    """Run a predicate at one moment and return its value; raises `Raised` if it ends by an exception."""
    frame = Frame.at_start(code, arguments, scene.own)
    for _ in range(LOCAL_WORK):
        if frame.position < 0:
            break
        instruction = code.instructions[frame.position]
        if isinstance(instruction, Operate):
            frame.perform(instruction, scene)
        else:
            frame.work(instruction)
    else:
        raise Refused(f"a predicate takes more than {LOCAL_WORK:,} instructions", "make its loops end sooner")
    if frame.position == FAILED:
        raise Raised(frame.result.name, frame.result.message)
    return frame.result
