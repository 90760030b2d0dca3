"""Which registers are live at each position, and from where the control flow can reach an end."""

from __future__ import annotations

from collections.abc import Iterator

from lab.model.instructions import (
    Branch,
    Compute,
    Instruction,
    Jump,
    Mark,
    Operand,
    Operate,
    Raise,
    Reg,
    Return,
)

__all__ = ["exits", "live_registers"]


def _uses(instruction: Instruction) -> int:
    operands: tuple[Operand, ...] = ()
    match instruction:
        case Compute() | Operate():
            operands = instruction.arguments
        case Branch():
            operands = (instruction.condition,)
        case Mark() if instruction.receiver is not None:
            operands = (instruction.receiver,)
        case Return():
            operands = (instruction.value,)
        case Raise():
            operands = (instruction.error,)
    mask = 0
    for operand in operands:
        if isinstance(operand, Reg):
            mask |= 1 << operand.number
    return mask


def _next(instruction: Instruction, position: int) -> tuple[int, ...]:
    """Return where the control flow goes next when nothing is raised."""
    match instruction:
        case Jump():
            return (instruction.position,)
        case Branch():
            return (position + 1, instruction.position)
        case Return() | Raise():
            return ()
    return (position + 1,)


def _predecessors(instructions: tuple[Instruction, ...]) -> list[list[int]]:
    before: list[list[int]] = [[] for _ in instructions]
    for position, instruction in enumerate(instructions):
        for target in _next(instruction, position):
            before[target].append(position)
        if instruction.place.handler is not None and not isinstance(instruction, Jump | Mark):
            before[instruction.place.handler.position].append(position)
    return before


def live_registers(instructions: tuple[Instruction, ...]) -> tuple[tuple[int, ...], ...]:
    """Return for each position the registers that can still be read, by backward analysis of the control flow."""
    before = _predecessors(instructions)
    live = [0] * len(instructions)
    pending = list(range(len(instructions)))
    while pending:
        position = pending.pop()
        instruction = instructions[position]
        after = 0
        for target in _next(instruction, position):
            after |= live[target]
        if isinstance(instruction, Compute | Operate):
            after &= ~(1 << instruction.target)
        handler = instruction.place.handler
        if handler is not None and not isinstance(instruction, Jump | Mark):
            after |= live[handler.position] & ~(1 << handler.register)
        found = after | _uses(instruction)
        if found != live[position]:
            live[position] = found
            pending.extend(before[position])
    return tuple(tuple(_bits(mask)) for mask in live)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def exits(instructions: tuple[Instruction, ...]) -> frozenset[int]:
    """Return the positions from which a path leads to a `return` or the end of the text; it may pass an `except`."""
    before = _predecessors(instructions)
    pending = [position for position, one in enumerate(instructions) if isinstance(one, Return)]
    found = set(pending)
    while pending:
        for earlier in before[pending.pop()]:
            if earlier not in found:
                found.add(earlier)
                pending.append(earlier)
    return frozenset(found)
