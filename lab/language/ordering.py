"""Lowers `sorted`, `min` and `max`, with their `key=`, `reverse=` and `default=`."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable

from lab.language.methods import Methods
from lab.model import compute
from lab.model.instructions import Const, Operand, Operate, Reg
from lab.model.values import END, Value

__all__ = ["Ordering"]


class Ordering(Methods):
    """Lowers the functions that put elements in order."""

    @abstractmethod
    def apply(self, function: ast.expr, arguments: list[Operand], node: ast.expr) -> Operand:
        """Lower the call of a function that is given as an argument."""

    def _do_min(self, node: ast.Call) -> Operand:
        return self._extreme(node, min)

    def _do_max(self, node: ast.Call) -> Operand:
        return self._extreme(node, max)

    def _extreme(self, node: ast.Call, function: Callable[..., Value]) -> Operand:
        arguments = self._positional(node, 1, 99, ("key", "default"))
        named = {str(keyword.arg): keyword.value for keyword in node.keywords}
        if "default" in named and len(arguments) > 1:
            raise self.source.error(named["default"], "a default stands beside several values", "leave it out")
        default = self._without_steps(named["default"]) if "default" in named else Const(END)
        if len(arguments) == 1:
            values, keys = self._with_keys(arguments[0], named.get("key"), node)
        else:
            values = self.builder.compute(_tuple, *[self.held(self.expression(value)) for value in arguments])
            keys = self._keys(values, named.get("key"), node)
        return self.builder.compute(_Extreme(function), values, keys, default)

    def _with_keys(self, iterable: ast.expr, key: ast.expr | None, node: ast.Call) -> tuple[Operand, Operand]:
        """Lower a loop that gathers elements and calls `key` on each as it comes; return both tuples."""
        if key is None or (isinstance(key, ast.Constant) and key.value is None):
            values = self.collect(iterable, "any order")
            return values, values
        builder, called = self.builder, key
        gathered, keys = builder.register(), builder.register()
        builder.move(Const(()), gathered)
        builder.move(Const(()), keys)

        def use(element: Operand, _end: int) -> None:
            value = self.held(element)
            builder.compute(_append, Reg(gathered), value, into=gathered)
            builder.compute(_append, Reg(keys), self.apply(called, [value], node), into=keys)

        self.elements(iterable, "any order", use)
        return Reg(gathered), Reg(keys)

    def _do_sorted(self, node: ast.Call) -> Operand:
        [iterable] = self._positional(node, 1, 1, ("key", "reverse"))
        named = {str(keyword.arg): keyword.value for keyword in node.keywords}
        backwards = self._without_steps(named["reverse"]) if "reverse" in named else Const(False)
        values = self.collect(iterable, "any order")
        keys = self._keys(values, named.get("key"), node)
        return self.copy("list", self.builder.compute(_sorted, values, keys, backwards))

    def _without_steps(self, node: ast.expr) -> Operand:
        """Lower an argument that Python evaluates between two others, where this makes no difference."""
        before = len(self.builder.instructions)
        operand = self.held(self.expression(node))
        if any(isinstance(one, Operate) for one in self.builder.instructions[before:]):
            raise self.source.error(node, "this argument is more than a plain value", "give it a name on a line before")
        return operand

    def _keys(self, values: Operand, key: ast.expr | None, node: ast.Call) -> Operand:
        """Lower the calls of `key`, one per gathered element, and return the tuple of their values."""
        if key is None or (isinstance(key, ast.Constant) and key.value is None):
            return values
        builder = self.builder
        keys, position = builder.register(), builder.register()
        again, end = builder.label(), builder.label()
        builder.move(Const(()), keys)
        builder.move(Const(0), position)
        builder.here(again)
        builder.unless(builder.compute(_is_before, Reg(position), values), end)
        found = self.apply(key, [builder.compute(_element, values, Reg(position))], node)
        builder.compute(_append, Reg(keys), found, into=keys)
        builder.compute(_increment, Reg(position), into=position)
        builder.jump(again)
        builder.here(end)
        return Reg(keys)


class _Extreme:
    """Picks the first smallest or largest of some values by their keys."""

    def __init__(self, function: Callable[..., Value]) -> None:
        self.function = function

    def __call__(self, values: tuple[Value, ...], keys: tuple[Value, ...], default: Value) -> Value:
        if not values and default is not END:
            return default
        compute.check_orderable(keys)
        return values[self.function(range(len(values)), key=keys.__getitem__)] if values else self.function(())


def _sorted(values: tuple[Value, ...], keys: tuple[Value, ...], backwards: Value) -> Value:
    compute.check_orderable(keys)
    order = sorted(range(len(values)), key=keys.__getitem__, reverse=bool(backwards))
    return tuple(values[position] for position in order)


def _tuple(*values: Value) -> Value:
    return values


def _is_before(position: int, values: tuple[Value, ...]) -> bool:
    return position < len(values)


def _element(values: tuple[Value, ...], position: int) -> Value:
    return values[position]


def _append(values: tuple[Value, ...], value: Value) -> Value:
    return (*values, value)


def _increment(position: int) -> int:
    return position + 1
