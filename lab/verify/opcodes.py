"""Which opcode of the compiled file does what an access of the model says.

The model and the compiler both know where in the text an access stands. From Python 3.11 on, code says for each of its
instructions which stretch of the text it comes from. Before, it knows lines only; then each node of the syntax tree is
compiled on a line of its own, so that the line names the node.

Standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import ast
import dis
import types
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Opcode", "functions", "matching", "numbered", "opcodes"]

Positions = tuple["int | None", "int | None", "int | None", "int | None"]
"""A line, the line of the end, and the columns of both: bytes from 0, as `co_positions` has them."""

KINDS = {
    "load": ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_DEREF", "LOAD_CLASSDEREF"),
    "store": ("STORE_NAME", "STORE_GLOBAL", "STORE_DEREF"),
    "get attribute": ("LOAD_ATTR", "LOAD_METHOD"),
    "set attribute": ("STORE_ATTR",),
    "delete attribute": ("DELETE_ATTR",),
    "get item": ("BINARY_SUBSCR", "BINARY_SLICE"),
    "set item": ("STORE_SUBSCR", "STORE_SLICE"),
    "delete item": ("DELETE_SUBSCR",),
    "begin": ("GET_ITER",),
    "next": ("FOR_ITER", "UNPACK_SEQUENCE", "UNPACK_EX"),
    "enter": ("SETUP_WITH", "BEFORE_WITH", "LOAD_SPECIAL"),
    "exit": ("WITH_EXCEPT_START",),
    "compare": ("COMPARE_OP", "CONTAINS_OP", "IS_OP"),
    "test": ("TO_BOOL", "UNARY_NOT"),
    "text": ("FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC", "CONVERT_VALUE"),
}
"""The opcodes of each kind, of every version; further ones are told by how their names begin."""

BEGINNINGS = {
    "call": ("CALL",),
    "operate": ("BINARY_", "INPLACE_", "UNARY_"),
    "test": ("POP_JUMP_", "JUMP_IF_"),
}


@dataclass(frozen=True)
class Opcode:
    """One instruction of the compiled file: what kind it is of, the name it has, and the text it comes from.

    `span` has lines from 1 and columns from 1, in characters; the end is exclusive.
    """

    code: types.CodeType
    offset: int
    kind: str
    name: str
    span: tuple[int, int, int, int]


def numbered(tree: ast.Module) -> dict[int, Positions]:
    """Give every node of a syntax tree a line of its own, and return where the node of each line really stands."""
    places: dict[int, Positions] = {}
    for number, node in enumerate(ast.walk(tree), start=1):
        if isinstance(node, (ast.expr, ast.stmt)):
            places[number] = (node.lineno, node.end_lineno or 0, node.col_offset, node.end_col_offset or 0)
            node.lineno = node.end_lineno = number
    return places


def functions(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield the code of every function in the file, at whatever depth; not that of the file itself."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from functions(constant)


def opcodes(code: types.CodeType, source: str, places: Mapping[int, Positions] | None = None) -> Iterator[Opcode]:
    """Yield the instructions of a function that may touch something shared.

    Parameters
    ----------
    code, source : code, str
        The function, and the text of the whole file.
    places : dict or None
        What `numbered` returned, where the file was compiled so; None where the code knows its columns.
    """
    lines = source.splitlines()
    listed = list(dis.get_instructions(code))
    spans = _spans(code, listed) if places is None else _numbered_spans(code, listed, places)
    recent: list[str] = []
    for instruction in listed:
        kind = _kind(instruction, recent)
        if instruction.opname not in ("PRECALL", "CACHE", "PUSH_NULL", "EXTENDED_ARG"):
            recent = [*recent[-2:], _short(instruction)]
        line, end_line, column, end_column = spans[instruction.offset]
        if kind is None or line is None or end_line is None or column is None or end_column is None:
            continue
        start, end = _characters(lines, line, column), _characters(lines, end_line, end_column)
        yield Opcode(code, instruction.offset, kind, str(instruction.argval), (line, start, end_line, end))


def _spans(code: types.CodeType, listed: Sequence[dis.Instruction]) -> dict[int, Positions]:
    """Return the text of each instruction, by its offset, from Python 3.11 on."""
    positions = list(code.co_positions())
    return {instruction.offset: positions[instruction.offset // 2] for instruction in listed}


def _numbered_spans(
    code: types.CodeType, listed: Sequence[dis.Instruction], places: Mapping[int, Positions]
) -> dict[int, Positions]:
    """Return the text of each instruction, by its offset, from the line that it was compiled on."""
    found: dict[int, Positions] = {}
    line = 0
    for instruction in listed:
        line = instruction.starts_line or line
        found[instruction.offset] = places.get(line, (0, 0, 0, 0))
    for offset, entered in exits(code).items():
        found[offset] = found[entered]
    return found


def _short(instruction: dis.Instruction) -> str:
    if instruction.opname == "DUP_TOP" or (instruction.opname == "LOAD_CONST" and instruction.argval is None):
        return "None"
    return instruction.opname


def _kind(instruction: dis.Instruction, recent: Sequence[str]) -> str | None:
    name = instruction.opname
    if name == "BINARY_OP" and instruction.argrepr == "[]":
        return "get item"
    if name.startswith("CALL") and list(recent) == ["None"] * 3:
        return "exit"
    if "WITH_EXCEPT_START" in recent[-2:]:
        return None  # the test of what `__exit__` returns
    for kind, names in KINDS.items():
        if name in names:
            return kind
    for kind, beginnings in BEGINNINGS.items():
        if name.startswith(beginnings):
            return kind
    return None


def _characters(lines: list[str], line: int, offset: int) -> int:
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return len(text.encode()[:offset].decode(errors="ignore")) + 1


def matching(
    known: Sequence[Opcode], span: tuple[int, int, int, int], kinds: Sequence[str], name: str | None
) -> list[Opcode]:
    """Return the opcodes that do what an access of the model says, none where no opcode does just that.

    Parameters
    ----------
    known : sequence of Opcode
        Those of all functions of the file.
    span, kinds, name
        Where the access stands in the text; what kinds of opcodes may do it, the likeliest first; of variables and
        attributes the name, else None.
    """
    for kind in kinds:
        fitting = [one for one in known if one.kind == kind and (name is None or one.name == name)]
        for fits in (_same, _within):
            found = [one for one in fitting if fits(one.span, span)]
            if found:
                return _nearest(found, span)
        if kind in _AROUND:
            inner = _innermost(known, span)
            found = [one for one in fitting if (kind == "begin" or one.code is inner) and _within(span, one.span)]
            if found:
                return _nearest(found, span)
    return []


_AROUND = ("begin", "enter", "exit", "next", "test")
"""What stands, in some versions, at the statement or the generator expression around what is entered or tested; in the
same function, but that the iterator of a generator expression is made outside of it."""


def _innermost(known: Sequence[Opcode], span: tuple[int, int, int, int]) -> types.CodeType | None:
    """Return the function whose text is the shortest around a span."""
    around: types.CodeType | None = None
    shortest = (0, 0, 10**9, 0)
    for code in {id(one.code): one.code for one in known}.values():
        spans = [one.span for one in known if one.code is code]
        extent = (*min(one[:2] for one in spans), *max(one[2:] for one in spans))
        if _within(span, extent) and _within(extent, shortest):
            around, shortest = code, extent
    return around


def _same(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return one == other


def _within(inner: tuple[int, int, int, int], outer: tuple[int, int, int, int]) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


def _nearest(found: list[Opcode], span: tuple[int, int, int, int]) -> list[Opcode]:
    """Return the opcodes whose text no other's is a part of, where they are around the span; else those in no other."""
    around = _within(span, found[0].span)

    def nearer(one: Opcode, other: Opcode) -> bool:
        inner, outer = (one, other) if around else (other, one)
        return inner.span != outer.span and _within(inner.span, outer.span)

    return [one for one in found if not any(nearer(other, one) for other in found)]


def exits(code: types.CodeType) -> dict[int, int]:
    """Return at which offset the `with` was entered that an opcode leaves, up to Python 3.10: by offsets.

    There the line of these opcodes is that of whatever ran before.
    """
    listed = list(dis.get_instructions(code))
    places = {instruction.offset: index for index, instruction in enumerate(listed)}
    found: dict[int, int] = {}
    seen: set[tuple[int, tuple[int, ...], int]] = set()
    pending: list[tuple[int, tuple[int, ...], int]] = [(0, (), -1)]
    while pending:
        here = pending.pop()
        if here in seen:
            continue
        seen.add(here)
        index, blocks, popped = here
        one = listed[index]
        before = [_short(other) for other in listed[max(0, index - 3) : index]]
        if one.opname == "WITH_EXCEPT_START" or (one.opname == "CALL_FUNCTION" and before == ["None"] * 3):
            found.setdefault(one.offset, popped)
        jumps = one.opcode in dis.hasjrel or one.opcode in dis.hasjabs
        if one.opname in ("SETUP_WITH", "SETUP_FINALLY", "SETUP_ASYNC_WITH"):
            pending.append((places[one.argval], blocks, one.offset))
            blocks = (*blocks, one.offset)
        elif jumps:
            pending.append((places[one.argval], blocks, popped))
        elif one.opname == "POP_BLOCK":
            blocks, popped = blocks[:-1], blocks[-1]
        if one.opname not in _ENDS:
            pending.append((index + 1, blocks, popped))
    return found


_ENDS = ("JUMP_FORWARD", "JUMP_ABSOLUTE", "RETURN_VALUE", "RAISE_VARARGS", "RERAISE")
