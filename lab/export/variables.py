"""Components as variables of a model: names that it accepts, types, and what numbers stand for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lab.model.program import Program
from lab.model.values import Cursor, Marker, Ref, Snapshot, Thrown, Value

__all__ = ["Names", "Variable", "comment", "described", "variable"]

_PROMELA = """
    active assert atomic bit bool break byte chan d_step d_proctype do else empty enabled eval false fi for
    full goto hidden if in get_priority init inline int len local ltl mtype nempty never nfull notrace np_ od
    of pc_value pid priority printf printm proctype provided return run select set_priority short show skip
    timeout trace true typedef unless unsigned xr xs
"""

_C = """
    asm auto case cas char const continue default double enter_critical enum extern final float get16bits
    get_permuted getframe grab_state iam_alive leave_critical linux long main max maxseq0 min minseq0 mix now
    onstack_now onstack_put onstack_zap pptr q_sz qptr register restrict rot signed sizeof static struct
    switch typeof uchar uint ulong union unix ushort void volatile wasnew while
"""
"""C, which SPIN writes the names into, and what its own text defines there."""

_RESERVED = frozenset(_PROMELA.split() + _C.split())

_TYPES = ((0, 1, "bit"), (0, 255, "byte"), (-(1 << 15), (1 << 15) - 1, "short"), (-(1 << 31), (1 << 31) - 1, "int"))


class Names:
    """Hands out identifiers: letters, digits and underscores, no reserved word, each one once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def give(self, text: str) -> str:
        """Return an identifier that resembles a text.

        Examples
        --------
        >>> names = Names()
        >>> [names.give(text) for text in ("room[0]", "d['k']", "len", "LOCK", "room_0", "2nd")]
        ['room_0', 'd_k', 'len_', 'LOCK_', 'room_0_2', 'x2nd']
        """
        name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_") or "x"
        if name[0].isdigit():
            name = f"x{name}"
        if name in _RESERVED or re.fullmatch(r"[A-Z]+", name):  # macros of C are in upper case
            name += "_"
        unique, count = name, 1
        while unique in self._taken:
            count += 1
            unique = f"{name}_{count}"
        self._taken.add(unique)
        return unique


@dataclass(frozen=True)
class Variable:
    """A component in the model.

    Attributes
    ----------
    name, type : str
    content : tuple of int
        By number of the component's value, what the variable holds.
    meaning : str
        What its numbers stand for; empty where they are the values themselves.
    plain : bool
        Whether its values are whole numbers, so that arithmetic on them means something.
    """

    name: str
    type: str
    content: tuple[int, ...]
    meaning: str
    plain: bool


def variable(name: str, values: Sequence[Value], meanings: Sequence[str]) -> Variable:
    """Return the variable for a component with those values: numbers and truth values as themselves, others numbered.

    Examples
    --------
    >>> variable("x", [0, 300], ["0", "300"]).type, variable("x", [True], ["True"]).type
    ('short', 'bool')
    >>> variable("x", [0, None], ["0", "None"]).meaning
    '0 = 0, 1 = None'
    """
    if all(value.__class__ is bool for value in values):
        return Variable(name, "bool", tuple(map(int, values)), "", plain=False)
    whole = all(value.__class__ is int and _TYPES[-1][0] <= value <= _TYPES[-1][1] for value in values)
    content = tuple(values) if whole else tuple(range(len(values)))
    low, high = min(content), max(content)
    kind = next(kind for least, most, kind in _TYPES if least <= low and high <= most)
    meaning = "" if whole else ", ".join(f"{number} = {text}" for number, text in enumerate(meanings))
    return Variable(name, kind, content, meaning, plain=whole)


def described(program: Program, value: Value) -> str:
    """Return a value as a reader of the model should see it."""
    if isinstance(value, Ref):
        return program.heap[value.number].name
    if isinstance(value, Marker):
        return value.name
    if isinstance(value, Snapshot):
        return f"{value.kind}({', '.join(described(program, item) for item in value.items)})"
    if isinstance(value, Cursor):
        return f"{value.position} of {described(program, value.source)}"
    if isinstance(value, Thrown):
        return str(value)
    if value.__class__ is tuple:
        inner = ", ".join(described(program, item) for item in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def comment(text: str) -> str:
    """Return a text that may stand in a comment: one line of printable ASCII that does not end it.

    Examples
    --------
    >>> comment("a */ b" + chr(10))
    'a * / b '
    """
    flat = "".join(letter if " " <= letter <= "~" else " " if letter.isspace() else "?" for letter in text)
    return flat.replace("*/", "* /").replace("/*", "/ *").replace("\\", "/")
