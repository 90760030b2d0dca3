"""Lowers calls: of functions that the language knows, of methods, and of the file's own helpers, which are inlined."""

from __future__ import annotations

import ast
import builtins
from abc import ABC, abstractmethod
from collections.abc import Callable

from lab.language.builder import NONE, Block
from lab.language.expressions import Frame
from lab.language.making import Making
from lab.language.names import BUILTINS
from lab.model.instructions import Const, Operand, Reg
from lab.model.policies import CALL, c_call
from lab.model.values import UNBOUND

__all__ = ["Calls"]


class Calls(Making, ABC):
    """Lowers calls; the body of a helper is lowered by `inline_body`, which the statements provide."""

    @abstractmethod
    def inline_body(self, body: list[ast.stmt]) -> None:
        """Lower the statements of a helper."""

    def _call(self, node: ast.Call) -> Operand:
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise self.source.error(argument, "arguments are unpacked with *", "write the arguments out")
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.source.error(keyword.value, "arguments are unpacked with **", "write the arguments out")
        name = self.known(node.func)
        if name is not None:
            return self._known(node, name)
        if isinstance(node.func, ast.Attribute):
            return self.method(node, node.func)
        if isinstance(node.func, ast.Lambda):
            return self._in_place(
                node.func, [self.held(self.expression(value)) for value in self._positional(node, 0, 99)]
            )
        if isinstance(node.func, ast.Name):
            if node.func.id in self.context.helpers and node.func.id not in self.frame.scope.locals:
                return self._inline(node, self.context.helpers[node.func.id])
            return self._not_callable(node, node.func)
        raise self.source.error(node, "only functions and methods can be called by name", "write a helper function")

    def _not_callable(self, node: ast.Call, function: ast.Name) -> Operand:
        if function.id in self.context.others:
            raise self.source.error(
                node,
                f"'{function.id}' is a thread or a property and cannot be called",
                "write a helper function for both",
            )
        if function.id in self.frame.scope.locals or function.id in self.context.names:
            raise self.source.error(node, f"'{function.id}' is a value and cannot be called", "call a function")
        if hasattr(builtins, function.id):
            raise self.source.error(
                node,
                f"the function '{function.id}' is not part of the language",
                f"a thread may call {', '.join(sorted(BUILTINS))}",
            )
        raise self._unknown(function)

    def _known(self, node: ast.Call, name: str) -> Operand:
        module, _, short = name.rpartition(".")
        made = self.make(node, name)
        if made is not None:
            return made
        handler: Callable[[ast.Call], Operand] | None = None
        if module in ("builtins", "lab.scenario") or name == "time.sleep":
            handler = getattr(self, f"_do_{short.lower()}" if short != "Atomic" else "_never", None)
        if handler is None:
            if module == "threading" or short in ("deque", "SimpleNamespace", "Atomic", "Record"):
                raise self.source.error(
                    node,
                    f"`{self.source.segment(node.func)}` makes an object inside a {self.mode}",
                    "make it at the top level",
                )
            raise self.later(node, name)
        value = handler(node)
        if module == "builtins":
            self.builder.mark(c_call(short))
        return value

    def apply(self, function: ast.expr, arguments: list[Operand], node: ast.expr) -> Operand:
        """Lower the call of a function that is given as an argument: a lambda, a helper, a function of Python's."""
        if isinstance(function, ast.Lambda):
            return self._in_place(function, arguments)
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

    def _in_place(self, function: ast.Lambda, arguments: list[Operand]) -> Operand:
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

    def _inline(self, node: ast.Call, helper: ast.FunctionDef) -> Operand:
        if helper.name in self.frame.callers:
            raise self.source.error(node, f"'{helper.name}' calls itself", "helpers are inlined, so write a loop")
        scope = self.context.scope(helper)
        arguments = self._bind(node, helper)
        builder, caller = self.builder, self.frame
        builder.mark(CALL)
        registers = {name: builder.register(name) for name in sorted(scope.locals)}
        for name, register in registers.items():
            builder.move(arguments.get(name, Const(UNBOUND)), register)
        result, end = builder.register(), builder.label()
        builder.move(NONE, result)
        self.frame = Frame(scope, registers, (*caller.callers, helper.name))
        with builder.within(Block("call", leave=end, result=result)):
            self.inline_body(helper.body)
        self.frame = caller
        builder.here(end)
        return Reg(result)

    def _bind(self, node: ast.Call, helper: ast.FunctionDef) -> dict[str, Operand]:
        names = [argument.arg for argument in helper.args.args]
        if len(node.args) > len(names):
            raise self.source.error(
                node, f"'{helper.name}' is called with {len(node.args)} arguments", f"give it {len(names)}"
            )
        bound = {name: self.expression(value) for name, value in zip(names, node.args, strict=False)}
        for keyword in node.keywords:
            name = str(keyword.arg)
            if name not in names or name in bound:
                raise self.source.error(
                    keyword.value,
                    f"'{helper.name}' has no free parameter '{name}'",
                    f"its parameters are {', '.join(names) or 'none'}",
                )
            bound[name] = self.expression(keyword.value)
        defaults = helper.args.defaults
        for name, default in zip(names[len(names) - len(defaults) :], defaults, strict=True):
            if name not in bound:
                bound[name] = self.default(default)
        for name in names:
            if name not in bound:
                raise self.source.error(
                    node, f"'{helper.name}' is called without '{name}'", f"its parameters are {', '.join(names)}"
                )
        return bound

    def default(self, node: ast.expr) -> Operand:
        """Return a parameter's default, which is a literal or a parameter of the file."""
        if isinstance(node, ast.Constant):
            return self.expression(node)
        if isinstance(node, ast.Name) and node.id in self.context.parameters:
            return Const(self.context.parameters[node.id])
        raise self.source.error(node, "a default value is no literal", "write a number, a text, True, False or None")
