"""Lowers calls: of functions that the language knows, of methods, and of the file's own helpers, which are inlined."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from functools import partial

from lab.language.closures import Closures
from lab.language.inlining import Given
from lab.language.names import BUILTINS
from lab.model.heap import Raised
from lab.model.instructions import Operand
from lab.model.marks import CALL, RETURN, c_call
from lab.model.objects.synchronisers import SYNCHRONISERS
from lab.model.values import Value, type_name

__all__ = ["Calls"]

_AS_IN_C = ("incref", "decref", "free")
"""The words of `lab.scenario` that stand for what an interpreter does in C: they poll at their end only."""


class Calls(Closures):
    """Lowers calls."""

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
        value = self._own_call(node)
        self.builder.mark(RETURN)
        return value

    def _own_call(self, node: ast.Call) -> Operand:
        """Lower a call of a method, a lambda, a helper, or a value."""
        if isinstance(node.func, ast.Attribute):
            if any(node.func.attr in one.methods for one in self.context.classes.values()):
                return self.own_method(node, node.func, partial(self._other_method, node, node.func))
            if self._values_called and not self.knows_method(node.func.attr):
                return self._called_value(node, node.func)
            return self.method(node, node.func)
        if isinstance(node.func, ast.Lambda):
            return self.in_place(
                node.func, [self.held(self.expression(value)) for value in self._positional(node, 0, 99)]
            )
        if isinstance(node.func, ast.Name):
            return self._named(node, node.func)
        if self._values_called:
            return self._called_value(node, node.func)
        raise self.source.error(node, "only functions and methods can be called by name", "write a helper function")

    def _named(self, node: ast.Call, function: ast.Name) -> Operand:
        """Lower a call of a helper, a class or an object of the file."""
        name = function.id
        if name in self.context.helpers and name not in self.frame.scope.locals:
            return self.inline(name, self.context.helpers[name], self.given(node))
        if self.names_class(function):
            self._only_in_thread(node)
            return self.construct(node, self.context.classes[name])
        is_value = name in {*self.frame.scope.locals, *self.frame.cells, *self.frame.hidden, *self.context.names}
        if is_value and self._values_called:
            return self._called_value(node, function)
        return self._not_callable(node, function)

    def _other_method(self, node: ast.Call, function: ast.Attribute, receiver: Operand, given: Given) -> Operand:
        """Lower a call of a method that a class of the file has, on an object of another class."""
        return self.invoke(node, function.attr, receiver, list(given.positional))

    @property
    def _values_called(self) -> bool:
        """Whether the file has values that can be called: inner functions, objects with `__call__`."""
        return bool(self.context.inner) or any("__call__" in one.methods for one in self.context.classes.values())

    def _called_value(self, node: ast.Call, function: ast.expr) -> Operand:
        receiver = self.held(self.expression(function))
        given = self.given(node)
        targets = [one for one in self.context.classes.values() if "__call__" in one.methods]
        functions = [(one.name, one.methods["__call__"]) for one in targets]
        refused = partial(self.builder.compute, _not_called, receiver)
        return self.call_value(receiver, given, partial(self.dispatch, functions, receiver, given, refused))

    def _lambda(self, node: ast.Lambda) -> Operand:
        return self.make_closure(node)

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
            if name in SYNCHRONISERS or short in ("deque", "SimpleNamespace", "Atomic", "Record"):
                raise self.source.error(
                    node,
                    f"`{self.source.segment(node.func)}` makes an object inside a {self.mode}",
                    "make it at the top level",
                )
            raise self.later(node, name)
        written_in_python = module == "lab.scenario" and short not in _AS_IN_C
        if written_in_python:
            self.builder.mark(CALL)
        value = handler(node)
        self.builder.mark(RETURN if written_in_python else c_call(short))
        return value


def _not_called(value: Value) -> Value:
    raise Raised("TypeError", f"'{type_name(value)}' object is not callable")
