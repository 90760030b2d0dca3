"""Where the opcodes of accesses are in compiled code, with columns and without."""

from __future__ import annotations

import ast
import types

import pytest

from lab.verify.opcodes import Opcode, exits, functions, matching, numbered, opcodes

TEXT = """
def f(a):
    global x
    x = y + a.b[x]
    ü = "ä"; return g(lambda: y), [v for v in x], a.b.c


def g(h):
    pass
"""


def known(*, columns: bool) -> list[Opcode]:
    """Return the opcodes of the text, found by columns, or by a line of its own for each node."""
    tree = ast.parse(TEXT)
    places = None if columns else numbered(tree)
    code = compile(tree, "text", "exec")
    return [one for function in functions(code) for one in opcodes(function, TEXT, places)]


def test_functions_are_found_at_every_depth() -> None:
    names = [code.co_name for code in functions(compile(TEXT, "text", "exec"))]
    assert {"f", "g", "<lambda>"} <= set(names)


@pytest.mark.parametrize("columns", [True, False])
def test_accesses_are_found_where_the_text_has_them(columns: bool) -> None:
    """Line 4 stores x, columns 5 to 6, and loads y, from column 9."""
    every = known(columns=columns)
    [store] = matching(every, (4, 5, 4, 6), ["store"], "x")
    [load] = matching(every, (4, 9, 4, 10), ["load"], "y")
    [attribute] = matching(every, (4, 13, 4, 16), ["get attribute", "load", "call"], None)
    [item] = matching(every, (4, 13, 4, 19), ["get item", "call"], None)
    assert (store.kind, load.kind, attribute.kind, item.kind) == ("store", "load", "get attribute", "get item")
    assert load.offset < attribute.offset < item.offset < store.offset


@pytest.mark.parametrize("columns", [True, False])
def test_columns_are_characters(columns: bool) -> None:
    """Behind two letters of two bytes each the call stands at column 21."""
    assert TEXT.splitlines()[4][20:].startswith("g(lambda")
    [call] = matching(known(columns=columns), (5, 21, 5, 33), ["call"], None)
    assert call.span == (5, 21, 5, 33)


def test_what_no_opcode_does_is_not_found() -> None:
    assert matching(known(columns=True), (4, 5, 4, 6), ["set item", "call"], None) == []


def at(kind: str, offset: int, span: tuple[int, int, int, int], code: types.CodeType | None = None) -> Opcode:
    return Opcode(code or at.__code__, offset, kind, "x", span)


def test_the_longest_within_and_the_shortest_around_count() -> None:
    """A `with` of two managers enters each at the statement, or at the manager, as the version will have it."""
    inner, outer, other = at("enter", 2, (1, 3, 1, 5)), at("enter", 4, (1, 1, 1, 9)), at("enter", 6, (1, 7, 1, 8))
    assert matching([inner, outer, other], (1, 4, 1, 5), ["enter"], None) == [inner]
    assert matching([inner, other, at("enter", 8, (1, 3, 1, 4))], (1, 2, 1, 9), ["enter"], None) == [inner, other]
    assert matching([inner, outer, other], (1, 1, 1, 9), ["enter"], None) == [outer]


def test_what_stands_around_belongs_to_the_same_function() -> None:
    """A test around a lambda is no test of what the lambda returns."""
    whole, part = at("test", 2, (1, 1, 9, 9)), at("load", 0, (2, 5, 2, 6), known.__code__)
    assert matching([whole, part], (2, 5, 2, 6), ["test"], None) == []
    assert matching([whole, part], (2, 4, 2, 6), ["test"], None) == [whole]


def test_code_without_blocks_has_no_exits() -> None:
    """Loops, branches and their ends are followed all the same."""

    def loops(n: int) -> int:
        while n:
            n -= 1
            if n == 3:
                continue
        return n

    assert exits(loops.__code__) == {}
