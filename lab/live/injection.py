"""Calls of hooks, put into bytecode before every access to what threads may share.

References
----------
CPython's `Python/bytecodes.c` (3.12, 3.13) and `Python/ceval.c` (3.11) say what stands where on the stack.
"""

from __future__ import annotations

import dis
import functools
import sys
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import bytecode
from bytecode import Instr

from lab.live import hooks
from lab.live.cells import fixed_cells
from lab.live.hooks import Place
from lab.live.runner.operations import Site

__all__ = ["SUPPORTED", "Names", "inject", "names_written"]

SUPPORTED = ((3, 11), (3, 12), (3, 13))
"""Versions of Python whose bytecode this module knows."""

MOST_KEPT = 20_000
"""Code objects that are remembered."""

_VERSION = sys.version_info[:2]
_ATTRIBUTES = {"LOAD_ATTR": "read", "LOAD_METHOD": "read", "STORE_ATTR": "write", "DELETE_ATTR": "delete"}
_GLOBALS = {"LOAD_GLOBAL": "read", "LOAD_NAME": "read", "STORE_GLOBAL": "write", "DELETE_GLOBAL": "delete"}
_CELLS = {
    "LOAD_DEREF": "read",
    "LOAD_CLASSDEREF": "read",
    "LOAD_FROM_DICT_OR_DEREF": "read",
    "STORE_DEREF": "write",
    "DELETE_DEREF": "delete",
}
_ITEMS = {"BINARY_SUBSCR": "read", "STORE_SUBSCR": "write", "DELETE_SUBSCR": "delete"}
_SLICES = {"BINARY_SLICE": ("read", 3), "STORE_SLICE": ("write", 3)}
_CONTENTS = {
    "GET_ITER": (1,),
    "FOR_ITER": (1,),
    "UNPACK_SEQUENCE": (1,),
    "UNPACK_EX": (1,),
    "LIST_EXTEND": (1,),
    "SET_UPDATE": (1,),
    "DICT_UPDATE": (1,),
    "DICT_MERGE": (1,),
    "UNARY_NOT": (1,),
    "TO_BOOL": (1,),
    "POP_JUMP_IF_TRUE": (1,),
    "POP_JUMP_IF_FALSE": (1,),
    "POP_JUMP_FORWARD_IF_TRUE": (1,),
    "POP_JUMP_FORWARD_IF_FALSE": (1,),
    "POP_JUMP_BACKWARD_IF_TRUE": (1,),
    "POP_JUMP_BACKWARD_IF_FALSE": (1,),
    "JUMP_IF_TRUE_OR_POP": (1,),
    "JUMP_IF_FALSE_OR_POP": (1,),
    "MATCH_KEYS": (2,),
    "GET_LEN": (1,),
}
_COMPARISONS = {"COMPARE_OP": (2, 1), "FORMAT_VALUE": (1,), "FORMAT_SIMPLE": (1,), "CONVERT_VALUE": (1,)}
_FORMATTING = {int(bytecode.BinaryOp.REMAINDER), int(bytecode.BinaryOp.INPLACE_REMAINDER)}
_REPEATING = {int(bytecode.BinaryOp.MULTIPLY), int(bytecode.BinaryOp.INPLACE_MULTIPLY)}
_WRITES = {"write", "delete"}
_DYNAMIC = frozenset({"setattr", "delattr", "__dict__", "vars", "globals", "__setattr__", "exec", "eval", "locals"})


@dataclass(frozen=True)
class Names:
    """The names that user code writes anywhere: only their accesses can be anybody else's business.

    Attributes
    ----------
    variables, attributes : frozenset of str
        Written by `global` statements or as attributes of modules; written as attributes.
    dynamic : bool
        Whether the code also writes names that it makes up, so that every name counts.
    """

    variables: frozenset[str]
    attributes: frozenset[str]
    dynamic: bool


def names_written(codes: Iterable[types.CodeType], more: Iterable[str] = ()) -> Names:
    """Return the names that the codes write, those of classes and modules at the top level left out, and more."""
    found = [_written(code) for code in codes]
    variables = frozenset(name for one in found for name in one.variables)
    attributes = frozenset(name for one in found for name in one.attributes) | frozenset(more)
    return Names(variables | attributes, attributes, any(one.dynamic for one in found))


@functools.lru_cache(MOST_KEPT)
def _written(code: types.CodeType) -> Names:
    variables: set[str] = set()
    attributes: set[str] = set()
    for one in dis.get_instructions(code):
        if one.opname in {"STORE_GLOBAL", "DELETE_GLOBAL"}:
            variables.add(one.argval)
        elif one.opname in {"STORE_ATTR", "DELETE_ATTR"}:
            attributes.add(one.argval)
    return Names(frozenset(variables), frozenset(attributes), not _DYNAMIC.isdisjoint(code.co_names))


def inject(
    code: types.CodeType, space: dict[str, Any], names: Names, fixed: frozenset[str] = frozenset()
) -> types.CodeType:
    """Return the code with a hook before each access, in it and in all code inside it.

    Parameters
    ----------
    code : code object
        Of a function.
    space : dict
        The variables of its module.
    names : Names
        Which names are written anywhere.
    fixed : frozenset of str
        Variables of enclosing functions that are assigned once, before anyone else can see them.
    """
    listed = bytecode.Bytecode.from_code(code)
    inside = fixed_cells(code, fixed)
    made: list[Any] = []
    for position, one in enumerate(listed):
        if isinstance(one, Instr):
            injector = _Injector(code, space, names, inside, one, listed, position)
            made += injector.before()
            one = injector.replaced() or one
            if isinstance(one.arg, types.CodeType):
                one = Instr(one.name, inject(one.arg, space, names, inside), location=one.location)
            made.append(one)
            made += injector.after()
        else:
            made.append(one)
    listed[:] = made
    return listed.to_code()


class _Injector:
    """The hook of one instruction."""

    def __init__(
        self,
        code: types.CodeType,
        space: dict[str, Any],
        names: Names,
        fixed: frozenset[str],
        one: Instr,
        listed: bytecode.Bytecode,
        position: int,
    ) -> None:
        self.code = code
        self.space = space
        self.names = names
        self.fixed = fixed
        self.one = one
        self.operand: Any = one.arg
        self.listed = listed
        self.position = position

    def before(self) -> list[Instr]:
        """Return the call of the hook, nothing where none is needed."""
        name = self.one.name
        if name in _ATTRIBUTES:
            return self._attribute(_ATTRIBUTES[name])
        if name in _GLOBALS:
            return self._global(_GLOBALS[name])
        if name in _CELLS:
            return self._cell(_CELLS[name])
        if name in _ITEMS:
            return self._call(hooks.on_item, _ITEMS[name], "[]", (2, 1))
        if name in _SLICES:
            kind, depth = _SLICES[name]
            return self._call(hooks.on_slice, kind, "[:]", (depth,))
        if name in _CONTENTS:
            return self._call(hooks.on_contents, "read", name.lower(), _CONTENTS[name])
        if name in _COMPARISONS:
            return self._call(hooks.on_comparison, "read", name.lower(), _COMPARISONS[name])
        if name == "MATCH_CLASS":
            return self._call(hooks.on_match, "read", "match", (3, 2, 1))
        if name == "CONTAINS_OP":
            return self._call(hooks.on_membership, "read", "in", (2, 1))
        if name == "BINARY_OP":
            return self._operator()
        if name in {"KW_NAMES", "PRECALL", "CALL", "CALL_KW", "CALL_FUNCTION_EX"}:
            return self._calling()
        return []

    def _attribute(self, kind: str) -> list[Instr]:
        name = self.operand[1] if isinstance(self.operand, tuple) else self.operand
        if not self.names.dynamic and name not in self.names.attributes and name not in self.names.variables:
            return []
        return self._call(hooks.on_attribute, kind, name, (1,))

    def _global(self, kind: str) -> list[Instr]:
        name = self.operand[1] if isinstance(self.operand, tuple) else self.operand
        if name not in self.names.variables and not (
            self.names.dynamic and name in self.space and _may_change(self.space[name])
        ):
            return []
        return self._call(hooks.on_global, kind, name, ())

    def _cell(self, kind: str) -> list[Instr]:
        cell = self.operand
        if cell.name in self.fixed or cell.name == "__class__":
            return []
        load = Instr("LOAD_FAST" if _VERSION >= (3, 13) else "LOAD_CLOSURE", cell, location=self.one.location)
        return self._call(hooks.on_cell, kind, cell.name, (load,))

    def _operator(self) -> list[Instr]:
        symbol = int(self.operand)
        if self._previous_is_number() and symbol not in _REPEATING:
            return []  # no container is added to a number
        if symbol in _FORMATTING:
            return self._call(hooks.on_comparison, "read", bytecode.BinaryOp(symbol).name.lower(), (2, 1))
        if symbol >= bytecode.BinaryOp.INPLACE_ADD:
            return self._call(hooks.on_change, "write", bytecode.BinaryOp(symbol).name.lower(), (2, 1))
        return self._call(hooks.on_contents, "read", bytecode.BinaryOp(symbol).name.lower(), (2, 1))

    def _calling(self) -> list[Instr]:
        name, before = self.one.name, self._previous()
        if name in {"PRECALL", "CALL"} and before in {"KW_NAMES", "PRECALL"}:
            return []  # the hook stands before those
        if name == "CALL_FUNCTION_EX":
            arguments = 2 if int(self.operand) & 1 else 1
            positions: tuple[Any, ...] = (arguments + (2 if _VERSION >= (3, 13) else 1), *range(arguments, 0, -1))
            return self._call(hooks.on_call, "call", "()", positions)
        count = int(self._count())
        top = 1 if name == "CALL_KW" else 0
        function = count + top + (2 if _VERSION >= (3, 13) else 1)
        return self._call(hooks.on_call, "call", "()", (function, *range(count + top, top, -1)))

    def _count(self) -> Any:
        """Return how many arguments the call takes that this instruction belongs to."""
        for one in self.listed[self.position :]:
            if isinstance(one, Instr) and one.name in {"CALL", "CALL_KW"}:
                return one.arg
        raise AssertionError("no call follows")

    def _previous_is_number(self) -> bool:
        one = self.listed[self.position - 1] if self.position else None
        return isinstance(one, Instr) and one.name == "LOAD_CONST" and type(one.arg) in {int, float}

    def _previous(self) -> str:
        for one in reversed(self.listed[: self.position]):
            if isinstance(one, Instr):
                return str(one.name)
        return ""

    def replaced(self) -> Instr | None:
        """Return a plain read for one that finds a method and its object, so that calls find a bound method."""
        if self.one.name == "LOAD_METHOD":
            return Instr("LOAD_ATTR", self.operand, location=self.one.location)
        if self.one.name == "LOAD_ATTR" and isinstance(self.operand, tuple) and self.operand[0]:
            return Instr("LOAD_ATTR", (False, self.operand[1]), location=self.one.location)
        if self.one.name == "LOAD_SUPER_ATTR" and self.operand[0]:
            return Instr("LOAD_SUPER_ATTR", (False, *self.operand[1:]), location=self.one.location)
        return None

    def after(self) -> list[Instr]:
        """Return what follows a replaced instruction."""
        if self.replaced() is None:
            return []
        location = self.one.location
        null = Instr("PUSH_NULL", location=location)
        return [null] if _VERSION >= (3, 13) else [null, Instr("SWAP", 2, location=location)]

    def _call(self, hook: Callable[..., None], kind: str, name: str, operands: tuple[Any, ...]) -> list[Instr]:
        location = self.one.location
        line = (location.lineno if location is not None else None) or self.code.co_firstlineno
        site = Site(self.code.co_filename, line, self.code.co_name, kind, name)
        place = Place(site, writes=kind in _WRITES, space=self.space if hook is hooks.on_global else None)
        function = Instr("LOAD_CONST", hook, location=location)
        null = Instr("PUSH_NULL", location=location)
        made = [function, null] if _VERSION >= (3, 13) else [null, function]
        made.append(Instr("LOAD_CONST", place, location=location))
        for operand in operands:
            if isinstance(operand, Instr):
                made.append(operand)
            else:
                made.append(Instr("COPY", operand + len(made), location=location))
        if _VERSION == (3, 11):
            made.append(Instr("PRECALL", len(operands) + 1, location=location))
        made += [Instr("CALL", len(operands) + 1, location=location), Instr("POP_TOP", location=location)]
        return made


def _may_change(value: Any) -> bool:
    """Whether a module's variable with this value is worth a switch point in code that may write any name."""
    return not isinstance(value, types.FunctionType | types.ModuleType | type | types.BuiltinFunctionType)
