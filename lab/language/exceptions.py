"""Lowers what raises and catches exceptions: `raise`, `assert` and `try`."""

from __future__ import annotations

import ast

from lab.language.blocks import Blocks
from lab.language.builder import Block
from lab.model.exceptions import EXCEPTIONS, IMPORTED, catches
from lab.model.heap import Raised
from lab.model.instructions import Const, Handler, Operand, Reg
from lab.model.marks import BRANCH, EXCEPT
from lab.model.texts import format_value
from lab.model.values import UNBOUND, Ref, Snapshot, Thrown, Value, type_name

__all__ = ["Exceptions"]


class Exceptions(Blocks):
    """Lowers `raise`, `assert` and `try`."""

    def _assert(self, node: ast.Assert) -> None:
        fails, end = self.builder.label(), self.builder.label()
        self.builder.unless(self.condition(node.test), fails)
        self.builder.mark(BRANCH)
        self.builder.jump(end)
        self.builder.here(fails)
        message = self.text(self.expression(node.msg), node.msg) if node.msg is not None else Const("")
        self.builder.throw(self.builder.compute(_Throw("AssertionError"), message))
        self.builder.here(end)

    def _raise(self, node: ast.Raise) -> None:
        if node.exc is None:
            self.builder.throw(self._handled())
            return
        if node.cause is not None:
            self.expression(node.cause)
        if isinstance(node.exc, ast.Name) and node.exc.id in self.frame.scope.locals:
            self.builder.throw(self.builder.compute(_an_exception, self.expression(node.exc)))
            return
        error, arguments = node.exc, list[ast.expr]()
        if isinstance(error, ast.Call):
            arguments, error = self._positional(error, 0, 1), error.func
        name = self._exception(error)
        if name == "ExceptionGroup":
            raise self.source.error(
                node.exc, "an ExceptionGroup is raised", "raise one exception; a TaskGroup makes groups"
            )
        message: Operand = Const("")
        if arguments:
            value = self.expression(arguments[0])
            message = self.builder.compute(_quoted, value) if name == "KeyError" else self.text(value, node)
        self.builder.throw(self.builder.compute(_Throw(name), message))

    def _handled(self) -> Operand:
        """Return the exception that is being handled here, for a `raise` without one."""
        for block in reversed(self.builder.blocks):
            if block.kind == "handling":
                return Reg(block.result)
        return Const(Thrown("RuntimeError", "No active exception to reraise"))

    def _exception(self, node: ast.expr) -> str:
        """Return the name of the class that an expression names."""
        full = self.context.qualified(node)
        name = full.rpartition(".")[2] if full else self.source.segment(node)
        if name not in EXCEPTIONS:
            raise self.source.error(
                node, f"'{name}' is no exception of the language", "name one of Python's own, such as ValueError"
            )
        if name in IMPORTED and full is None:
            raise self.source.error(
                node, f"'{name}' is not imported", f"write `from {IMPORTED[name]} import {name}` at the top"
            )
        return name

    def _try(self, node: ast.Try) -> None:
        for inner in (part for statement in node.finalbody for part in ast.walk(statement)):
            if isinstance(inner, ast.Return | ast.Break | ast.Continue):
                raise self.source.error(
                    inner,
                    f"`{type(inner).__name__.lower()}` is not allowed in a `finally`",
                    "leave after the `finally`",
                )
        if node.finalbody:
            self.guarded(lambda: self._attempt(node), lambda: self.body(node.finalbody))
        else:
            self._attempt(node)

    def _attempt(self, node: ast.Try) -> None:
        """Lower a `try` without its `finally`."""
        if not node.handlers:
            self.body(node.body)
            return
        builder = self.builder
        error, handler, end = builder.register(), builder.label(), builder.label()
        with builder.within(Block("try", handler=Handler(handler, error))):
            self.body(node.body)
        self.body(node.orelse)
        builder.jump(end)
        builder.here(handler)
        builder.mark(EXCEPT)
        for clause in node.handlers:
            following = builder.label()
            if clause.type is not None:
                builder.unless(builder.compute(_Caught(self._caught(clause.type)), Reg(error)), following)
            self._handle(clause, error)
            builder.jump(end)
            builder.here(following)
        builder.throw(Reg(error))
        builder.here(end)

    def _caught(self, node: ast.expr) -> tuple[str, ...]:
        """Return the names of the classes that a clause catches."""
        kinds = node.elts if isinstance(node, ast.Tuple) else [node]
        everything = [isinstance(kind, ast.Name) and kind.id == "BaseException" for kind in kinds]
        return tuple(
            "BaseException" if any_kind else self._exception(kind)
            for kind, any_kind in zip(kinds, everything, strict=True)
        )

    def _handle(self, clause: ast.ExceptHandler, error: int) -> None:
        """Lower an `except` clause's body; the name it binds is unbound again on every way out."""
        with self.builder.within(Block("handling", result=error)):
            if clause.name is None:
                self.body(clause.body)
                return
            if clause.name not in self.frame.scope.locals or clause.name in self.context.names:
                raise self.source.error(clause, f"'{clause.name}' is shared", "give the exception a name of its own")
            name = self.frame.registers[clause.name]
            self.builder.move(Reg(error), name)
            self.guarded(lambda: self.body(clause.body), lambda: self.builder.move(Const(UNBOUND), name))


class _Throw:
    """Makes the exception of a `raise` or an `assert`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, message: Value) -> Value:
        return Thrown(self.name, message)


class _Caught:
    """Whether an `except` clause that names these classes catches an exception."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def __call__(self, error: Thrown) -> bool:
        return any(catches(name, error.name) for name in self.names)


def _an_exception(value: Value) -> Value:
    if not isinstance(value, Thrown):
        raise Raised("TypeError", "exceptions must derive from BaseException")
    return value


def _quoted(value: Value) -> Value:
    if isinstance(value, Ref | Snapshot):
        raise Raised("TypeError", f"an exception about a {type_name(value)}")
    return format_value(value, quote=True)
