"""Lowers expressions, left to right as Python evaluates them."""

from __future__ import annotations

import ast
import difflib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from lab.language.builder import NONE, Builder
from lab.language.context import FileContext
from lab.language.effects import Scope
from lab.language.names import BUILTINS, LATER
from lab.language.polling import closing_mark, is_plain_test
from lab.language.toplevel import check_literal
from lab.model import compute
from lab.model.exceptions import EXCEPTIONS, catches
from lab.model.instructions import Const, Operand, Reg
from lab.model.marks import BRANCH, OPCODE
from lab.model.operations import Inside, Load
from lab.model.values import Cut, Ref, Thrown, Value, type_name
from lab.model.wholes import Copy

__all__ = ["Expressions", "Frame"]

_TYPES = ("int", "bool", "str", "float", "tuple", "list", "dict", "set", "range")


@dataclass
class Frame:
    """One function being lowered: its names, their registers, and the functions that called it.

    `hidden` are the registers of the variables of comprehensions and lambdas that the text stands in, `cells` those of
    the cells of variables that inner functions use.
    """

    scope: Scope
    registers: dict[str, int]
    callers: tuple[str, ...]
    hidden: dict[str, int] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)


class Expressions(ABC):
    """Lowers the expressions of a thread, of a property or of a predicate.

    Parameters
    ----------
    context : FileContext
        The file.
    mode : str
        "thread", "property" or "predicate" (the function given to `wait_until`).
    """

    def __init__(self, context: FileContext, mode: str) -> None:
        self.context = context
        self.mode = mode
        self.source = context.source
        self.builder = Builder()
        self.frame = Frame(Scope((), frozenset(), frozenset()), {}, ())
        self.classes: dict[int, str] = {}  # of which class of the file the object in a register always is
        self.returned: dict[int, set[str | None]] = {}  # the same for the values returned into a register

    @abstractmethod
    def truth(self, operand: Operand, node: ast.expr) -> Operand:
        """Test a value for truth."""

    @abstractmethod
    def read_cell(self, name: str) -> Operand:
        """Lower the read of a variable that inner functions use."""

    @abstractmethod
    def comparison(self, op: ast.cmpop, left: Operand, right: Operand, node: ast.expr) -> Operand:
        """Lower one comparison."""

    def expression(self, node: ast.expr) -> Operand:
        """Lower an expression and return its value's operand."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            raise self._refuse(node)
        with self.builder.at(self.source.span(node)):
            operand: Operand = method(node)
            mark = closing_mark(node, self._is_fast)
            if mark is not None:
                self.opcode(mark)
            return operand

    def opcode(self, mark: str = OPCODE) -> None:
        """Mark the end of an opcode after which old versions poll."""
        if self.mode == "thread":
            self.builder.mark(mark)

    def _is_fast(self, name: str) -> bool:
        """Whether a name is a plain local variable here."""
        if name in self.frame.hidden:
            return True
        return name in self.frame.scope.locals and name not in self.frame.cells

    def stored(self, target: ast.expr) -> None:
        """Mark the end of the opcode that assigns to a target."""
        if not (isinstance(target, ast.Name) and self._is_fast(target.id)):
            self.opcode()

    def _refuse(self, node: ast.expr) -> Exception:
        what, instead = _REFUSED.get(
            type(node).__name__, ("this expression", "write it with the operations of docs/language.md")
        )
        return self.source.error(node, f"{what} is not allowed in a {self.mode}", instead)

    def _constant(self, node: ast.Constant) -> Operand:
        return Const(check_literal(self.source, node, node.value))

    def _name(self, node: ast.Name) -> Operand:
        name = node.id
        if name in self.frame.hidden:
            return Reg(self.frame.hidden[name])
        if name in self.frame.cells:
            return self.read_cell(name)
        if name in self.frame.scope.locals:
            return Reg(self.frame.registers[name])
        if name in self.context.variables:
            return self.builder.operate(Load(self.context.variables[name], name))
        if name in self.context.names:
            return Const(self.context.names[name])
        raise self._unknown(node)

    def _unknown(self, node: ast.Name) -> Exception:
        name = node.id
        if name in self.context.helpers or name in self.context.others or name in self.context.classes:
            return self.source.error(node, f"the function '{name}' is used as a value", "call it")
        if self.context.qualified(node) is not None:
            return self.source.error(node, f"'{name}' is used as a value", "call it, with parentheses")
        known = [*self.frame.scope.locals, *self.context.names, *self.context.helpers, *BUILTINS]
        near = difflib.get_close_matches(name, known, 1, 0.7)
        hint = f"did you mean '{near[0]}'?" if near else "assign it at the top level, or before it is used"
        return self.source.error(node, f"the name '{name}' is not defined", hint)

    def _tuple(self, node: ast.Tuple) -> Operand:
        return self.builder.compute(_make_tuple, *self._elements(node.elts))

    def _list(self, node: ast.List) -> Operand:
        return self.copy("list", self.builder.compute(_make_tuple, *self._elements(node.elts)))

    def _set(self, node: ast.Set) -> Operand:
        items = self.builder.compute(_make_tuple, *self._elements(node.elts))
        return self.builder.operate(Copy("set"), items)

    def _dict(self, node: ast.Dict) -> Operand:
        operands: list[Operand] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                raise self.source.error(value, "a dict is unpacked with **", "write the entries out")
            operands += [self.expression(key), self.expression(value)]
        return self.copy("dict", self.builder.compute(_make_pairs, *operands))

    def _elements(self, nodes: list[ast.expr]) -> list[Operand]:
        for node in nodes:
            if isinstance(node, ast.Starred):
                raise self.source.error(node, "a value is unpacked with *", "write the elements out")
        return [self.expression(node) for node in nodes]

    def _unaryop(self, node: ast.UnaryOp) -> Operand:
        if isinstance(node.op, ast.Not):
            return self.builder.compute(_negate, self.condition(node.operand))
        return self.builder.compute(compute.UNARY[type(node.op).__name__], self.expression(node.operand))

    def operator(self, node: ast.AST, op: ast.operator) -> str:
        """Return the name of a binary operator."""
        if isinstance(op, ast.MatMult):
            raise self.source.error(node, "matrix multiplication is not part of the language", "write the sum out")
        return type(op).__name__

    def _boolop(self, node: ast.BoolOp, jumped: str = "") -> Operand:
        """Lower `and` or `or`; `jumped` is the mark of the jump behind a value that decides."""
        builder = self.builder
        result, end = builder.register(), builder.label()
        for position, part in enumerate(node.values):
            if position == len(node.values) - 1:
                builder.move(self._tested(part) if jumped else self.expression(part), result)
                break
            builder.move(self._tested(part), result)
            condition: Operand = self.truth(Reg(result), part)
            if not is_plain_test(part):
                self.opcode()
            if isinstance(node.op, ast.Or):
                condition = builder.compute(_negate, condition)
            builder.unless(condition, end, jumped)
        builder.here(end)
        return Reg(result)

    def _compare(self, node: ast.Compare) -> Operand:
        builder = self.builder
        left = self.expression(node.left)
        if len(node.ops) == 1:
            return self.comparison(node.ops[0], left, self.expression(node.comparators[0]), node.comparators[0])
        result, end = builder.register(), builder.label()
        for position, (op, comparator) in enumerate(zip(node.ops, node.comparators, strict=True)):
            right = self.expression(comparator)
            builder.move(self.comparison(op, left, right, comparator), result)
            if position < len(node.ops) - 1:
                builder.unless(Reg(result), end)
            left = right
        builder.here(end)
        return Reg(result)

    def _ifexp(self, node: ast.IfExp) -> Operand:
        builder = self.builder
        result, otherwise, end = builder.register(), builder.label(), builder.label()
        builder.unless(self.condition(node.test), otherwise, BRANCH)
        builder.move(self.expression(node.body), result)
        builder.jump(end)
        builder.here(otherwise)
        builder.move(self.expression(node.orelse), result)
        builder.here(end)
        return Reg(result)

    def condition(self, node: ast.expr) -> Operand:
        """Lower a test: the operand's value is plain, never a reference."""
        value = self.truth(self._tested(node), node)
        if not is_plain_test(node):
            self.opcode()
        return value

    def _tested(self, node: ast.expr) -> Operand:
        """Lower a value that is tested at once: an `and` or `or` in it becomes jumps, and `not` no opcode."""
        with self.builder.at(self.source.span(node)):
            if isinstance(node, ast.BoolOp):
                return self._boolop(node, BRANCH)
            if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
                return self._unaryop(node)
        return self.expression(node)

    def index(self, node: ast.expr) -> Operand:
        """Lower what stands between the brackets."""
        if isinstance(node, ast.Slice):
            parts = [NONE if part is None else self.expression(part) for part in (node.lower, node.upper, node.step)]
            return self.builder.compute(Cut, *parts)
        return self.expression(node)

    def known(self, function: ast.expr) -> str | None:
        """Return the full name of a function of Python's, of a module's or of the lab's; None for any other."""
        if isinstance(function, ast.Name) and (
            function.id in self.frame.scope.locals or function.id in {**self.frame.hidden, **self.frame.cells}
        ):
            return None
        return self.context.qualified(function)

    def held(self, value: Operand) -> Operand:
        """Copy a local's value, for targets that may change it before it is used again."""
        if isinstance(value, Const):
            return value
        copy = self.builder.register()
        self.builder.move(value, copy)
        if value.number in self.classes:
            self.classes[copy] = self.classes[value.number]
        return Reg(copy)

    def class_of(self, operand: Operand) -> str | None:
        """Return the name of an object's class where the text says it; "" for none of the file's, None if unknown."""
        if isinstance(operand, Reg):
            return self.classes.get(operand.number)
        return operand.value.kind if isinstance(operand.value, Ref) else ""

    def note_class(self, register: int, kind: str | None) -> None:
        """Remember of which class the object in a register always is."""
        if kind is not None:
            self.classes[register] = kind

    def _positional(self, node: ast.Call, low: int, high: int, named: tuple[str, ...] = ()) -> list[ast.expr]:
        """Return a call's arguments, all given by position but those in `named`."""
        name = self.source.segment(node.func)
        for keyword in node.keywords:
            if keyword.arg not in named:
                raise self.source.error(
                    keyword.value, f"'{name}' is called with '{keyword.arg}='", "give the arguments by position"
                )
        if not low <= len(node.args) <= high:
            wanted = str(low) if low == high else f"{low} to {high}" if high < 99 else f"at least {low}"
            plural = "" if wanted == "1" else "s"
            raise self.source.error(
                node, f"'{name}' is called with {len(node.args)} arguments", f"give it {wanted} argument{plural}"
            )
        return node.args

    def later(self, node: ast.AST, name: str) -> Exception:
        """Return the error for something that Python has and the language does not."""
        hint = LATER.get(name, "see docs/language.md for what a thread may call")
        return self.source.error(node, f"`{name}` is not part of the language", hint)

    def copy(self, kind: str, operand: Operand) -> Operand:
        """Lower `list(value)` and its like."""
        return self.builder.operate(Copy(kind), operand)

    def inside(self, name: str) -> Operand:
        """Lower `inside("name")`."""
        return self.builder.operate(Inside(), Const(name))

    def type_test(self, node: ast.Call) -> Operand:
        """Lower `isinstance(value, type)`."""
        value = self.expression(node.args[0])
        kinds = node.args[1].elts if isinstance(node.args[1], ast.Tuple) else [node.args[1]]
        known = (*_TYPES, *EXCEPTIONS, *self.context.classes)
        names = tuple(kind.id for kind in kinds if isinstance(kind, ast.Name) and kind.id in known)
        if len(names) != len(kinds):
            raise self.source.error(node.args[1], "isinstance needs types by name", f"write one of {', '.join(_TYPES)}")
        return self.builder.compute(_is_instance, value, Const(names))


_REFUSED: dict[str, tuple[str, str]] = {
    "Yield": ("`yield`", "return a value"),
    "YieldFrom": ("`yield`", "return a value"),
    "NamedExpr": ("an assignment inside an expression", "assign on a line of its own"),
    "Starred": ("unpacking with *", "write the elements out"),
}


def _make_tuple(*items: Value) -> Value:
    return compute.bounded(items)


def _make_pairs(*items: Value) -> Value:
    return compute.bounded(tuple(zip(items[::2], items[1::2], strict=True)))


def _negate(value: Value) -> bool:
    return not value


def _is_instance(value: Value, names: tuple[str, ...]) -> bool:
    kind = type_name(value)
    if isinstance(value, Thrown):
        return any(catches(name, kind) for name in names)
    return kind in names or (kind == "bool" and "int" in names)
