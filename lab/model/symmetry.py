"""Threads that may be swapped: which permutations of them provably map the program to itself.

The proof reads the lowered code. Threads made by one `each` run the same instructions and differ in the values of their
parameters only. A permutation of them maps every step to a step when these values decide nothing else than which
element of a list is the thread's own, and when whatever else an operation does is the same for all threads, except
that a lock remembers who holds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from lab.model import operations, wholes
from lab.model.instructions import Code, Compute, Const, Instruction, Operate, Reg, same
from lab.model.objects.sequences import List
from lab.model.program import Program
from lab.model.values import Ref, Value, identity

__all__ = ["Family", "families"]

_SAME_FOR_ALL = (
    operations.Choose,
    operations.Invoke,
    operations.LeaveRegion,
    operations.Load,
    operations.Print,
    operations.Store,
    operations.WaitUntil,
    wholes.Compare,
    wholes.Copy,
    wholes.ExtendOrAdd,
    wholes.Text,
)
"""Operations that do the same whoever performs them, as far as the objects they reach do."""


@dataclass(frozen=True)
class Family:
    """Threads of which every permutation maps the program to itself.

    Attributes
    ----------
    threads : tuple of int
        Two or more, ascending.
    own : tuple of tuple of int
        By role: each thread's own component, in the order of `threads`.
    registers : frozenset of int
        The registers that hold the thread's index and nothing else.
    """

    threads: tuple[int, ...]
    own: tuple[tuple[int, ...], ...]
    registers: frozenset[int]


def families(program: Program) -> tuple[Family, ...]:
    """Return the largest families that the program's text proves."""
    if not all(target.alike for target in program.heap):
        return ()
    by_code: dict[int, list[int]] = {}
    for number, thread in enumerate(program.threads):
        by_code.setdefault(id(thread.code), []).append(number)
    if not all(_known(instruction) for thread in program.threads for instruction in thread.code.instructions):
        return ()
    found = (_family(program, tuple(threads)) for threads in by_code.values() if len(threads) > 1)
    return tuple(family for family in found if family is not None)


def _known(instruction: Instruction) -> bool:
    return not isinstance(instruction, Operate) or isinstance(instruction.operation, _SAME_FOR_ALL)


def _family(program: Program, threads: tuple[int, ...]) -> Family | None:
    code = program.threads[threads[0]].code
    registers = _index_registers(code)
    if registers is None or any(program.threads[thread].places for thread in threads):
        return None  # objects that a thread shares are known by the thread that made them
    uses = [instruction for instruction in code.instructions if registers.intersection(_read(instruction))]
    lists: set[int] = set()
    for use in uses:
        if _is_move(use):
            continue
        target = _own_element(use, registers)
        if target is None:
            return None
        lists.add(target)
    own = tuple(_own_cells(program, threads, number, uses) for number in sorted(lists))
    return Family(threads, own, registers) if all(own) else None


def _index_registers(code: Code) -> frozenset[int] | None:
    """Return the parameters' registers and the copies of them; None when one of them is ever given another value."""
    found = set(code.parameters)
    while True:
        copies = {target for target, source in _moves(code) if source in found}
        if copies <= found:
            break
        found |= copies
    if found.intersection(code.parameters) & _written(code, code.instructions):
        return None
    others = [one for one in code.instructions if not (_is_move(one) and found.issuperset(_read(one)) and _read(one))]
    return None if found & _written(code, others) else frozenset(found)


def _moves(code: Code) -> Iterator[tuple[int, int]]:
    for instruction in code.instructions:
        if _is_move(instruction):
            for source in _read(instruction):
                yield instruction.target, source


def _written(code: Code, instructions: Iterable[Instruction]) -> set[int]:
    """Return the registers that these instructions, or the exceptions of any, give a value."""
    targets = {one.target for one in instructions if isinstance(one, Compute | Operate)}
    return targets | {one.place.handler.register for one in code.instructions if one.place.handler is not None}


def _is_move(instruction: Instruction) -> TypeGuard[Compute]:
    return isinstance(instruction, Compute) and instruction.function is same


def _read(instruction: Instruction) -> set[int]:
    """Return the registers an instruction reads."""
    operands = [getattr(instruction, name, None) for name in ("condition", "value", "error")]
    operands += getattr(instruction, "arguments", ())
    return {operand.number for operand in operands if isinstance(operand, Reg)}


def _own_element(use: Instruction, registers: frozenset[int]) -> int | None:
    """Return the list whose element at the thread's index is read or written; None for any other use of the index."""
    if not isinstance(use, Operate) or not isinstance(use.operation, operations.Invoke):
        return None
    target, index, *value = use.arguments
    if use.operation.name not in ("__getitem__", "__setitem__") or not isinstance(target, Const):
        return None
    if not isinstance(index, Reg) or index.number not in registers:
        return None
    if any(isinstance(operand, Reg) and operand.number in registers for operand in value):
        return None
    return target.value.number if isinstance(target.value, Ref) else None


def _own_cells(program: Program, threads: tuple[int, ...], number: int, uses: Sequence[Instruction]) -> tuple[int, ...]:
    """Return each thread's element of a list; nothing when another thread or another instruction can reach one."""
    target = program.heap[number]
    if not isinstance(target, List) or target.cells is None:
        return ()
    places = [program.threads[thread].arguments[0] for thread in threads]
    if any(type(place) is not int or not 0 <= place < len(target.cells) for place in places):
        return ()
    others = (
        instruction
        for thread in program.threads
        for instruction in thread.code.instructions
        if not any(instruction is use for use in uses)
    )
    if target.ref in _references(program, others):
        return ()
    cells = tuple(target.cells[place] for place in places)
    if len({identity(program.components[cell].initial) for cell in cells}) > 1:
        return ()
    return cells


def _references(program: Program, instructions: Iterable[Instruction]) -> set[Ref]:
    """Return the objects that these instructions name, or that some value at the start refers to."""
    found: set[Ref] = set()
    for component in program.components:
        found.update(_within(component.initial))
    for target in program.heap:
        found.update(_within(target.parts))
    for instruction in instructions:
        found.update(_named(instruction))
    return found


def _named(instruction: Instruction) -> Iterator[Ref]:
    for operand in getattr(instruction, "arguments", ()):
        if isinstance(operand, Const):
            yield from _within(operand.value)
    if isinstance(instruction, Operate) and isinstance(instruction.operation, operations.WaitUntil):
        for inner in instruction.operation.code.instructions:
            yield from _named(inner)


def _within(value: Value) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _within(part)
