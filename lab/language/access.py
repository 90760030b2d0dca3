"""Lowers accesses to attributes and elements, and the operators that a class of the file may define."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable
from functools import partial

from lab.language.classes import OPERATORS
from lab.language.expressions import Expressions
from lab.model.heap import Refused
from lab.model.instructions import Const, Operand, Reg
from lab.model.operations import Invoke
from lab.model.values import Ref, Value
from lab.model.wholes import Arithmetic, Compare, Text

__all__ = ["Access"]

_COMPARISONS = {
    "Eq": ("__eq__", "__eq__"),
    "NotEq": ("", ""),
    "Lt": ("__lt__", "__gt__"),
    "LtE": ("__le__", "__ge__"),
    "Gt": ("__gt__", "__lt__"),
    "GtE": ("__ge__", "__le__"),
}
"""The method of a comparison, and that of its mirror image on the other side."""


class Access(Expressions):
    """Lowers what may call a method of the file; `special` and `accessor`, which the calls provide, find it."""

    @abstractmethod
    def special(
        self, name: str, receiver: Operand, arguments: list[Operand], otherwise: Callable[[], Operand], node: ast.AST
    ) -> Operand:
        """Lower the call of a method that Python looks up itself, such as `__add__`; `otherwise` for other objects."""

    @abstractmethod
    def accessor(
        self,
        setter: bool,
        name: str,
        receiver: Operand,
        arguments: list[Operand],
        otherwise: Callable[[], Operand],
        node: ast.AST,
    ) -> Operand:
        """Lower the call of a property's function, for objects that have it; `otherwise` for other objects."""

    # Attributes

    def _attribute(self, node: ast.Attribute) -> Operand:
        if self.context.qualified(node) is not None:
            raise self.source.error(
                node, f"`{self.source.segment(node)}` is used as a value", "call it, at the top level"
            )
        if node.attr.startswith("__"):
            raise self.source.error(
                node, f"the attribute '{node.attr}' is not part of the language", "use plain attributes"
            )
        if isinstance(node.value, ast.Name) and self.names_class(node.value):
            return self._class_constant(node, node.value.id)
        return self.get_attribute(self.expression(node.value), node)

    def names_class(self, node: ast.expr) -> bool:
        """Whether an expression is the name of a class of the file."""
        return isinstance(node, ast.Name) and node.id in self.context.classes and node.id not in self.frame.scope.locals

    def _class_constant(self, node: ast.Attribute, name: str) -> Operand:
        constants = self.context.classes[name].constants
        if node.attr not in constants:
            raise self.source.error(
                node, f"the class '{name}' assigns no '{node.attr}'", "call methods on an object of the class"
            )
        return Const(constants[node.attr])

    def get_attribute(self, holder: Operand, node: ast.Attribute) -> Operand:
        """Lower the read of an attribute: a property's getter, or the object's own."""
        if any(node.attr in one.methods for one in self.context.classes.values()) and not self._stored(node.attr):
            raise self.source.error(node, f"the method '{node.attr}' is used as a value", "call it, with parentheses")
        read = Invoke("__getattr__", f"read {self.source.segment(node)}")
        return self.accessor(
            False, node.attr, holder, [], partial(self.builder.operate, read, holder, Const(node.attr)), node
        )

    def _stored(self, name: str) -> bool:
        return any(name in one.constants for one in self.context.classes.values())

    def set_attribute(self, holder: Operand, value: Operand, node: ast.Attribute) -> None:
        """Lower the assignment of an attribute: a property's setter, or the object's own."""
        write = Invoke("__setattr__", f"write {self.source.segment(node)}")
        self.accessor(
            True,
            node.attr,
            holder,
            [value],
            partial(self.builder.operate, write, holder, Const(node.attr), value),
            node,
        )

    # Elements

    def _subscript(self, node: ast.Subscript) -> Operand:
        container = self.expression(node.value)
        return self.get_item(container, self.index(node.slice), node)

    def get_item(self, container: Operand, index: Operand, node: ast.Subscript) -> Operand:
        """Lower the read of an element."""
        read = Invoke("__getitem__", f"read {self.source.segment(node)}", isinstance(node.slice, ast.Slice))
        return self.special(
            "__getitem__", container, [index], partial(self.builder.operate, read, container, index), node
        )

    def set_item(self, container: Operand, index: Operand, value: Operand, node: ast.Subscript) -> None:
        """Lower the assignment of an element."""
        write = Invoke("__setitem__", f"write {self.source.segment(node)}")
        self.special(
            "__setitem__",
            container,
            [index, value],
            partial(self.builder.operate, write, container, index, value),
            node,
        )

    def delete_item(self, container: Operand, index: Operand, node: ast.Subscript) -> None:
        """Lower the deletion of an element."""
        delete = Invoke("__delitem__", f"delete {self.source.segment(node)}")
        self.special("__delitem__", container, [index], partial(self.builder.operate, delete, container, index), node)

    # Operators

    def _binop(self, node: ast.BinOp) -> Operand:
        left = self.expression(node.left)
        right = self.expression(node.right)
        return self.binary(self.operator(node, node.op), left, right, node)

    def binary(self, name: str, left: Operand, right: Operand, node: ast.AST) -> Operand:
        """Lower a binary operator: the left side's method, the right side's mirrored one, or Python's own."""
        word = OPERATORS[name]
        plain = partial(self.builder.operate, Arithmetic(name), left, right)
        mirrored = partial(self.special, f"__r{word}__", right, [left], plain, node)
        return self.special(f"__{word}__", left, [right], mirrored, node)

    def comparison(self, op: ast.cmpop, left: Operand, right: Operand, node: ast.expr) -> Operand:
        """Lower one comparison."""
        result = self._compared(op, left, right, node)
        if self.context.classes and isinstance(result, Reg):
            result = self.builder.compute(_checked, result)
            self.note_class(result.number, "")
        return result

    def _compared(self, op: ast.cmpop, left: Operand, right: Operand, node: ast.expr) -> Operand:
        name = type(op).__name__
        if isinstance(op, ast.In | ast.NotIn):
            look = Invoke("__contains__", f"look in {self.source.segment(node)}")
            plain = partial(self.builder.operate, look, right, left)
            found = self.special("__contains__", right, [left], plain, node)
            return self.builder.compute(_negate, found) if isinstance(op, ast.NotIn) else found
        plain = partial(self.builder.operate, Compare(name), left, right)
        if name not in _COMPARISONS or not self.context.classes:
            return plain()
        if name == "NotEq" and any("__eq__" in one.methods for one in self.context.classes.values()):
            return self.builder.compute(_negate, self.comparison(ast.Eq(), left, right, node))
        if name in ("Eq", "NotEq"):
            return self._equality(left, right, plain, node)
        own, mirror = _COMPARISONS[name]
        return self.special(own, left, [right], partial(self.special, mirror, right, [left], plain, node), node)

    def _equality(self, left: Operand, right: Operand, plain: Callable[[], Operand], node: ast.expr) -> Operand:
        """Lower `==`: the left side's method, or that of the right side if the left one has none."""
        names = frozenset(one.name for one in self.context.classes.values() if "__eq__" in one.methods)
        known, other = self.class_of(left), self.class_of(right)
        if known is not None:
            if known in names:
                return self.special("__eq__", left, [right], plain, node)
            return self.special("__eq__", right, [left], plain, node)
        if other is not None or not names:
            mirrored = partial(self.special, "__eq__", right, [left], plain, node)
            return self.special("__eq__", left, [right], mirrored, node)
        builder = self.builder
        receiver, argument, end = builder.register(), builder.register(), builder.label()
        builder.move(right, receiver)
        builder.move(left, argument)
        builder.unless(builder.compute(_IsAny(names), left), end)
        builder.move(left, receiver)
        builder.move(right, argument)
        builder.here(end)
        return self.special("__eq__", Reg(receiver), [Reg(argument)], plain, node)

    def truth(self, operand: Operand, node: ast.expr) -> Operand:
        """Test a value for truth, which for a shared container is a step."""
        if isinstance(operand, Const) and not isinstance(operand.value, Ref):
            return operand
        if isinstance(node, ast.Compare) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)):
            return operand
        test = Invoke("__bool__", f"test {self.source.segment(node)}")
        plain = partial(self.builder.operate, test, operand)
        length = partial(self.special, "__len__", operand, [], plain, node)
        return self.special("__bool__", operand, [], length, node)

    def text(self, operand: Operand, node: ast.AST, *, quote: bool = False) -> Operand:
        """Lower `str(value)` or, quoted, `repr(value)`."""
        plain = partial(self.builder.operate, Text(quote), operand)
        shown = partial(self.special, "__repr__", operand, [], plain, node)
        return shown() if quote else self.special("__str__", operand, [], shown, node)

    def augmented(
        self, name: str, before: Operand, added: Operand, plain: Callable[[], Operand], node: ast.AST
    ) -> Operand:
        """Lower `x op= y` up to its assignment."""
        word = OPERATORS[name]
        mirrored = partial(self.special, f"__r{word}__", added, [before], plain, node)
        simple = partial(self.special, f"__{word}__", before, [added], mirrored, node)
        return self.special(f"__i{word}__", before, [added], simple, node)


class _IsAny:
    """Whether a value is an instance of one of some classes of the file."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names

    def __call__(self, value: Value) -> bool:
        return isinstance(value, Ref) and value.kind in self.names


def _checked(value: Value) -> Value:
    if isinstance(value, Ref):
        raise Refused(f"a comparison gives a {value.kind}", "return True or False")
    return value


def _negate(value: Value) -> bool:
    return not value
