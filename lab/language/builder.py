"""Assembles the instructions of one thread: registers, labels, and the blocks that an instruction stands in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from lab.language.liveness import exits, live_registers
from lab.language.sharing import making_positions
from lab.model.instructions import (
    Branch,
    Code,
    Compute,
    Const,
    Handler,
    Instruction,
    Jump,
    Mark,
    Operand,
    Operate,
    Operation,
    Place,
    Raise,
    Reg,
    Return,
    Span,
    same,
)
from lab.model.marks import JUMP
from lab.model.values import Value

__all__ = ["MOST_INSTRUCTIONS", "Block", "Builder", "TooLong"]

MOST_INSTRUCTIONS = 20_000
"""Instructions of one thread, helpers inlined, marks left out."""


class TooLong(Exception):
    """The thread has more instructions than MOST_INSTRUCTIONS."""


@dataclass(frozen=True)
class Block:
    """Something that surrounds instructions.

    Attributes
    ----------
    kind : str
        "loop", "call", "cleanup", "region" or "atomic".
    cleanup : callable or None
        Emits what leaving the block does on the way out (release the lock, run the `finally`).
    handler : Handler or None
        Where exceptions go, as a label and a register.
    leave, again : int
        The labels that `break` or `return`, and `continue`, jump to.
    result : int
        The register that receives the value of an inlined call.
    region : str
        The region's name.
    """

    kind: str
    cleanup: Callable[[], None] | None = None
    handler: Handler | None = None
    leave: int = -1
    again: int = -1
    result: int = -1
    region: str = ""


class Builder:
    """Collects instructions; labels stand for positions until `finish`."""

    def __init__(self) -> None:
        self.instructions: list[Instruction] = []
        self.registers: list[str] = []
        self.blocks: list[Block] = []
        self.span = Span(1, 1, 1, 1)
        self._labels: list[int] = []
        self._atomic = 0
        self._counted = 0
        self._ignored = self.register()

    def register(self, name: str = "") -> int:
        """Return a new register; temporaries have no name."""
        self.registers.append(name)
        return len(self.registers) - 1

    def label(self) -> int:
        """Return a new label, to be placed later."""
        self._labels.append(-1)
        return len(self._labels) - 1

    def here(self, label: int) -> None:
        """Place a label in front of the next instruction."""
        self._labels[label] = len(self.instructions)

    def _place(self) -> Place:
        handler, regions, atomic = None, [], 0
        for block in self.blocks:
            handler = block.handler or handler
            if block.kind == "region":
                regions.append(block.region)
            if block.kind == "atomic" and not atomic:
                atomic = block.leave
        return Place(self.span, handler, frozenset(regions), atomic)

    @property
    def in_atomic(self) -> bool:
        """Whether the next instruction stands in an `atomic()` block."""
        return any(block.kind == "atomic" for block in self.blocks)

    def _add(self, instruction: Instruction) -> None:
        if not isinstance(instruction, Mark):
            self._counted += 1
            if self._counted > MOST_INSTRUCTIONS:
                raise TooLong
        self.instructions.append(instruction)

    def compute(self, function: Callable[..., Value], *arguments: Operand, into: int | None = None) -> Reg:
        """Add local work and return the register with its value."""
        target = self.register() if into is None else into
        self._add(Compute(self._place(), target, function, arguments))
        return Reg(target)

    def operate(self, operation: Operation, *arguments: Operand, into: int | None = None) -> Reg:
        """Add an operation and return the register with its value."""
        target = self.register() if into is None else into
        self._add(Operate(self._place(), target, operation, arguments))
        return Reg(target)

    def move(self, value: Operand, into: int) -> None:
        """Copy a value into a register."""
        self.compute(same, value, into=into)

    def mark(self, kind: str, receiver: Operand | None = None) -> None:
        """Add a mark for policies; with a receiver, what it means depends on the class of that object."""
        self._add(Mark(self._place(), kind, receiver))

    def jump(self, label: int) -> None:
        """Go on at a label."""
        self._add(Jump(self._place(), label))

    def jump_back(self, label: int, mark: str = JUMP) -> None:
        """Go on at a label that stands before: the end of a loop's round, which a GIL's policy may look at."""
        self.mark(mark)
        self.jump(label)

    def unless(self, condition: Operand, label: int, jumped: str = "") -> None:
        """Go on at a label if a plain value is false, and pass a mark by that."""
        self._add(Branch(self._place(), condition, label, jumped))

    def returns(self, value: Operand) -> None:
        """End the code with a value."""
        self._add(Return(self._place(), value))

    def throw(self, error: Operand) -> None:
        """Raise an exception."""
        self._add(Raise(self._place(), error))

    @contextmanager
    def at(self, span: Span) -> Iterator[None]:
        """Give the instructions added inside this source position."""
        before, self.span = self.span, span
        try:
            yield
        finally:
            self.span = before

    @contextmanager
    def within(self, block: Block) -> Iterator[None]:
        """Put the instructions added inside into a block."""
        self.blocks.append(block)
        try:
            yield
        finally:
            self.blocks.pop()

    def new_atomic(self) -> Block:
        """Return an `atomic()` block with a number of its own."""
        self._atomic += 1
        return Block("atomic", leave=self._atomic)

    def unwind(self, depth: int) -> None:
        """Emit the clean-up of every block above the given depth, innermost first."""
        blocks = self.blocks
        try:
            for index in range(len(blocks) - 1, depth - 1, -1):
                cleanup = blocks[index].cleanup
                if cleanup is not None:
                    self.blocks = blocks[: index + 1] if blocks[index].kind == "region" else blocks[:index]
                    cleanup()
        finally:
            self.blocks = blocks

    def finish(self, parameters: tuple[int, ...]) -> Code:
        """Return the finished code."""
        instructions = tuple(map(self._resolve, self.instructions))
        regions = frozenset(region for one in instructions for region in one.place.regions)
        return Code(
            instructions,
            tuple(self.registers),
            live_registers(instructions),
            parameters,
            exits(instructions),
            regions,
            making_positions(instructions),
        )

    def _resolve(self, instruction: Instruction) -> Instruction:
        handler = instruction.place.handler
        if handler is not None:
            target = Handler(self._labels[handler.position], handler.register)
            instruction = replace(instruction, place=replace(instruction.place, handler=target))
        if isinstance(instruction, Jump | Branch):
            instruction = replace(instruction, position=self._labels[instruction.position])
        return instruction

    def ignored(self) -> int:
        """Return the register for values that nobody reads."""
        return self._ignored


NONE = Const(None)
