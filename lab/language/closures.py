"""Lowers functions inside functions, and lambdas that are values.

A variable that an inner function uses stands in a cell: a private object with one attribute, its name. The function
and those inside of it share the cell, so that each reads what the variable holds at that moment.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from lab.language.captures import Inner, captured
from lab.language.dispatch import Dispatch
from lab.language.effects import own_nodes
from lab.language.inlining import Given
from lab.model.heap import Refused
from lab.model.instructions import Const, Operand, Reg
from lab.model.operations import Invoke
from lab.model.values import CELL, Closure, Value
from lab.model.wholes import New

__all__ = ["Closures"]


class Closures(Dispatch):
    """Lowers the making and the calls of inner functions."""

    def open_cells(self, function: ast.FunctionDef) -> None:
        """Lower the making of the cells of a function that is entered."""
        for name in captured(function, self.context.inner):
            parts: list[Operand] = []
            if name in self.frame.scope.parameters:
                parts = [Const(name), Reg(self.frame.registers[name])]
            self.frame.cells[name] = self.builder.operate(New(CELL), *parts).number

    def read_cell(self, name: str) -> Operand:
        """Lower the read of a variable that stands in a cell."""
        return self.builder.operate(Invoke("__getattr__", f"read {name}"), Reg(self.frame.cells[name]), Const(name))

    def write_cell(self, name: str, value: Operand) -> None:
        """Lower the assignment of a variable that stands in a cell."""
        write = Invoke("__setattr__", f"write {name}")
        self.builder.operate(write, Reg(self.frame.cells[name]), Const(name), value)

    def make_closure(self, node: ast.FunctionDef | ast.Lambda) -> Operand:
        """Lower the making of an inner function: its defaults are evaluated now, its variables later."""
        inner = self.context.inner.get(node)
        if inner is None:
            raise self.source.error(node, "this lambda is not called here", "give it a name first")
        self._check(inner.function)
        scope = self.context.scope(inner.function)
        for used in own_nodes(inner.function):
            if isinstance(used, ast.Name) and used.id in self.frame.hidden.keys() - scope.locals - scope.inner:
                raise self.source.error(
                    used, f"'{used.id}' belongs to a comprehension or a lambda", f"bind it: write `{used.id}={used.id}`"
                )
        cells = [Reg(self.frame.cells[name]) for name in inner.free]
        defaults = [self.held(self.expression(default)) for default in inner.function.args.defaults]
        made = self.builder.compute(_Make(inner.function.name, inner.number, len(cells)), *cells, *defaults)
        self.note_class(made.number, f"function {inner.number}")
        return made

    def _check(self, function: ast.FunctionDef) -> None:
        """Raise for an inner function that the language does not have."""
        arguments = function.args
        extra = [*arguments.kwonlyargs, *arguments.posonlyargs, arguments.vararg, arguments.kwarg]
        for parameter in extra:
            if parameter is not None:
                raise self.source.error(
                    parameter, f"the parameter '{parameter.arg}' is not a plain one", "write plain parameters"
                )
        if function.decorator_list:
            raise self.source.error(function.decorator_list[0], "an inner function has a decorator", "leave it out")

    def call_value(self, function: Operand, given: Given, otherwise: Callable[[], Operand]) -> Operand:
        """Lower a call of whatever function a value is; `otherwise` for other values."""
        known = self.class_of(function)
        candidates = [one for one in self.context.inner.values() if known in (None, f"function {one.number}")]
        if known is not None and candidates:
            return self._enter_inner(candidates[0], function, given, known=True)
        builder = self.builder
        function, result, end = self.held(function), builder.register(), builder.label()
        for inner in candidates:
            following = builder.label()
            builder.unless(builder.compute(_IsFunction(inner.number), function), following)
            builder.move(self._enter_inner(inner, function, given, known=False), result)
            builder.jump(end)
            builder.here(following)
        builder.move(otherwise(), result)
        builder.here(end)
        return Reg(result)

    def _enter_inner(self, inner: Inner, function: Operand, given: Given, *, known: bool) -> Operand:
        """Lower the call of one inner function."""
        if inner.label in self.frame.callers:
            if known:
                raise self.source.error(given.node, f"'{inner.label}' calls itself", "write a loop")
            return self.builder.compute(_Refusal(f"'{inner.label}' calls itself"))
        parameters = [argument.arg for argument in inner.function.args.args]
        defaults = len(inner.function.args.defaults)
        named = [name for name, _, _ in given.named]
        needed = parameters[len(given.positional) : len(parameters) - defaults]
        if len(given.positional) > len(parameters) or not set(needed) <= set(named):
            if known:
                raise self.source.error(
                    given.node,
                    f"'{inner.label}' is called with {len(given.positional)} arguments",
                    f"its parameters are {', '.join(parameters) or 'none'}",
                )
            return self.builder.compute(_Refusal(f"'{inner.label}' is called with other arguments"))
        cells = {name: self.builder.compute(_Cell(place), function).number for place, name in enumerate(inner.free)}
        values = {
            name: self.builder.compute(_Default(place), function)
            for place, name in enumerate(parameters[len(parameters) - defaults :])
        }
        return self.inline(inner.label, inner.function, given, cells=cells, defaults=values)


class _Make:
    """Makes a function value from its cells and defaults."""

    def __init__(self, name: str, number: int, cells: int) -> None:
        self.name = name
        self.number = number
        self.cells = cells

    def __call__(self, *parts: Value) -> Value:
        return Closure(self.name, self.number, parts[: self.cells], parts[self.cells :])


class _IsFunction:
    """Whether a value is that inner function."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, value: Value) -> bool:
        return isinstance(value, Closure) and value.number == self.number


class _Cell:
    """One of a function's cells."""

    def __init__(self, place: int) -> None:
        self.place = place

    def __call__(self, function: Closure) -> Value:
        return function.cells[self.place]


class _Default:
    """One of a function's defaults."""

    def __init__(self, place: int) -> None:
        self.place = place

    def __call__(self, function: Closure) -> Value:
        return function.defaults[self.place]


class _Refusal:
    """Ends the exploration where a call turns out to be impossible."""

    def __init__(self, message: str) -> None:
        self.message = message

    def __call__(self) -> Value:
        raise Refused(self.message, "functions are inlined; see docs/language.md")
