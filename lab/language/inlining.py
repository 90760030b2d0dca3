"""Lowers calls of the file's own functions, which are inlined: arguments, defaults, lambdas called where they stand."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from lab.language.builder import NONE, Block
from lab.language.expressions import Frame
from lab.language.making import Making
from lab.model.instructions import Const, Operand, Reg
from lab.model.marks import CALL
from lab.model.values import UNBOUND

__all__ = ["Given", "Inlining"]


@dataclass(frozen=True)
class Given:
    """The arguments of a call, evaluated from left to right: by position and by name, and where each name stands."""

    node: ast.AST
    positional: tuple[Operand, ...] = ()
    named: tuple[tuple[str, Operand, ast.AST], ...] = ()


class Inlining(Making):
    """Lowers calls of functions of the file; `inline_body`, which the statements provide, lowers their bodies."""

    @abstractmethod
    def inline_body(self, body: list[ast.stmt]) -> None:
        """Lower the statements of a helper."""

    def given(self, node: ast.Call) -> Given:
        """Lower the arguments of a call."""
        positional = tuple(self.held(self.expression(value)) for value in node.args)
        named = tuple((str(k.arg), self.held(self.expression(k.value)), k.value) for k in node.keywords)
        return Given(node, positional, named)

    @abstractmethod
    def open_cells(self, function: ast.FunctionDef) -> None:
        """Lower the making of the cells of a function that is entered."""

    def inline(
        self,
        label: str,
        function: ast.FunctionDef,
        given: Given,
        of: str = "",
        cells: Mapping[str, int] | None = None,
        defaults: Mapping[str, Operand] | None = None,
    ) -> Operand:
        """Lower the body of a function in place of its call, and return its value.

        Parameters
        ----------
        label : str
            What errors call the function, such as `push` or `Stack.push`.
        of : str
            The class that the first parameter is known to be an instance of.
        cells : Mapping[str, int]
            The registers of the cells that an inner function uses.
        defaults : Mapping[str, Operand]
            The defaults of an inner function, which were evaluated when it was made.
        """
        if label in self.frame.callers:
            raise self.source.error(given.node, f"'{label}' calls itself", "helpers are inlined, so write a loop")
        scope = self.context.scope(function)
        arguments = self._bound(label, function, given, defaults or {})
        builder, caller = self.builder, self.frame
        builder.mark(CALL)
        registers = {name: builder.register(name) for name in sorted(scope.locals)}
        for name, register in registers.items():
            builder.move(arguments.get(name, Const(UNBOUND)), register)
        kinds = {name: self.class_of(value) for name, value in arguments.items()}
        if of:
            kinds[scope.parameters[0]] = of
        for name, kind in kinds.items():
            self.note_class(registers[name], None if _rebinds(function, name) else kind)
        result, end = builder.register(), builder.label()
        builder.move(NONE, result)
        self.frame = Frame(scope, registers, (*caller.callers, label), cells=dict(cells or {}))
        self.open_cells(function)
        with builder.within(Block("call", leave=end, result=result)):
            self.inline_body(function.body)
        self.frame = caller
        builder.here(end)
        kinds_returned = self.returned.pop(result, set())
        if len(kinds_returned) == 1 and isinstance(function.body[-1], ast.Return):
            self.note_class(result, kinds_returned.pop())
        return Reg(result)

    def _bound(
        self, label: str, function: ast.FunctionDef, given: Given, evaluated: Mapping[str, Operand]
    ) -> dict[str, Operand]:
        """Return the argument of each parameter."""
        names = [argument.arg for argument in function.args.args]
        rest = function.args.vararg
        if len(given.positional) > len(names) and rest is None:
            raise self.source.error(
                given.node, f"'{label}' is called with {len(given.positional)} arguments", f"give it {len(names)}"
            )
        bound = dict(zip(names, given.positional, strict=False))
        if rest is not None:
            bound[rest.arg] = self.builder.compute(_tuple, *given.positional[len(names) :])
        known = ", ".join(names) or "none"
        for name, operand, node in given.named:
            if name not in names or name in bound:
                raise self.source.error(
                    node,
                    f"'{label}' has no free parameter '{name}'",
                    f"its parameters are {known}",
                )
            bound[name] = operand
        defaults = function.args.defaults
        for name, default in zip(names[len(names) - len(defaults) :], defaults, strict=True):
            if name not in bound:
                bound[name] = evaluated[name] if name in evaluated else self.default(default)
        for name in names:
            if name not in bound:
                raise self.source.error(
                    given.node, f"'{label}' is called without '{name}'", f"its parameters are {', '.join(names)}"
                )
        return bound

    def default(self, node: ast.expr) -> Operand:
        """Return a parameter's default: a literal, or the value that a name has at the top level of the file."""
        if isinstance(node, ast.Constant) or getattr(node, "anew", False):
            return self.expression(node)
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant):
            return self.expression(node)
        if isinstance(node, ast.Tuple) and not node.elts:
            return Const(())
        if isinstance(node, ast.Name) and node.id in self.context.names:
            return Const(self.context.names[node.id])
        raise self.source.error(node, "a default value is no literal", "write a number, a text, True, False or None")

    # Functions given as arguments

    def apply(self, function: ast.expr, arguments: list[Operand], node: ast.expr) -> Operand:
        """Lower the call of a function that is given as an argument: a lambda, a helper, a function of Python's."""
        if isinstance(function, ast.Lambda):
            return self.in_place(function, arguments)
        if not isinstance(function, ast.Name):
            raise self.source.error(function, "this is no function", "write a lambda or the name of a function")
        hidden = {f".{position}": self.held(value) for position, value in enumerate(arguments)}
        before = dict(self.frame.hidden)
        self.frame.hidden.update({name: value.number for name, value in hidden.items() if isinstance(value, Reg)})
        names = [ast.copy_location(ast.Name(name, ast.Load()), node) for name in hidden]
        call = ast.Call(func=function, args=list(names), keywords=[])
        value = self.expression(ast.copy_location(call, function))
        self.frame.hidden = before
        return value

    def in_place(self, function: ast.Lambda, arguments: list[Operand]) -> Operand:
        """Lower the call of a lambda where it stands: its free names are those around it."""
        names = [argument.arg for argument in function.args.args]
        extra = function.args.vararg or function.args.kwarg or next(iter(function.args.kwonlyargs), None)
        if extra is not None or function.args.posonlyargs:
            raise self.source.error(function, "a parameter of this lambda is not a plain one", "write plain parameters")
        defaults = function.args.defaults
        if not len(names) - len(defaults) <= len(arguments) <= len(names):
            raise self.source.error(
                function,
                f"this lambda has {len(names)} parameters and is called with {len(arguments)} arguments",
                "give it as many",
            )
        missing = len(names) - len(arguments)
        given = [*arguments, *(self.default(default) for default in defaults[len(defaults) - missing :] if missing)]
        before, builder = dict(self.frame.hidden), self.builder
        builder.mark(CALL)
        inner = dict(before)
        for name, value in zip(names, given, strict=True):
            inner[name] = builder.register(name)
            builder.move(value, inner[name])
        self.frame.hidden = inner
        value = self.expression(function.body)
        self.frame.hidden = before
        return value


def _rebinds(function: ast.FunctionDef, name: str) -> bool:
    return any(
        isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
        for node in ast.walk(function)
    )


def _tuple(*values: object) -> object:
    return values
