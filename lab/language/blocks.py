"""Lowers bodies and blocks: regions, atomic blocks, and held locks."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from lab.language.builder import NONE, Block
from lab.language.starting import Starting
from lab.model.instructions import Handler, Operand, Reg
from lab.model.marks import ATOMIC, CALL, EXCEPT, METHOD, RETURN, STATEMENT, c_call
from lab.model.operations import Invoke, LeaveRegion

__all__ = ["Blocks"]


class Blocks(Starting):
    """Lowers what surrounds other statements, with its clean-up on every way out."""

    def body(self, body: list[ast.stmt]) -> None:
        """Lower statements, one after the other."""
        for statement in body:
            self.statement(statement)

    @property
    def _depth(self) -> int:
        return len(self.frame.callers)

    def statement(self, node: ast.stmt) -> None:
        """Lower one statement."""
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            what, instead = _REFUSED.get(type(node).__name__, ("this statement", "see docs/language.md"))
            raise self.source.error(node, f"{what} is not allowed in a {self.mode}", instead)
        with self.builder.at(self.source.span(node)):
            self._begin()
            method(node)

    def _begin(self) -> None:
        """Mark the beginning of a statement of the thread's own text."""
        if self._depth == 1 and not self.builder.in_atomic:
            self.builder.mark(STATEMENT)

    def _with(self, node: ast.With) -> None:
        self._items(node, node.items)

    def _items(self, node: ast.With, items: list[ast.withitem]) -> None:
        if not items:
            self.body(node.body)
            return
        item, manager = items[0], items[0].context_expr
        managed = any("__enter__" in one.methods for one in self.context.classes.values())
        if item.optional_vars is not None and not managed:
            raise self.source.error(item.optional_vars, "`with ... as` is not part of the language", "leave out `as`")

        def inside() -> None:
            self._items(node, items[1:])

        name = self.context.qualified(manager.func) if isinstance(manager, ast.Call) else None
        if isinstance(manager, ast.Call) and name == "lab.scenario.region":
            self._region(manager, inside)
        elif isinstance(manager, ast.Call) and name == "lab.scenario.atomic":
            self._only_in_thread(manager)
            self._positional(manager, 0, 0)
            if self.builder.in_atomic:
                inside()
            else:
                self.builder.mark(CALL)
                self.builder.mark(ATOMIC)
                with self.builder.within(self.builder.new_atomic()):
                    inside()
        elif managed:
            self._managed(item, inside)
        else:
            self._locked(manager, inside)

    def _region(self, manager: ast.Call, inside: Callable[[], None]) -> None:
        self._only_in_thread(manager)
        name = self.region_name(self._positional(manager, 1, 1)[0])
        builder = self.builder

        def leave() -> None:
            self._begin()
            builder.mark(CALL)
            builder.operate(LeaveRegion(name), into=self.builder.ignored())

        error, handler, end = builder.register(), builder.label(), builder.label()
        builder.mark(CALL)
        with builder.within(Block("region", cleanup=leave, handler=Handler(handler, error), region=name)):
            inside()
            leave()
        builder.jump(end)
        builder.here(handler)
        builder.mark(EXCEPT)
        with builder.within(Block("region", region=name)):
            leave()
        builder.throw(Reg(error))
        builder.here(end)

    def _locked(self, manager: ast.expr, inside: Callable[[], None]) -> None:
        if self.mode != "thread":
            raise self.source.error(manager, f"a lock is taken in a {self.mode}", "a property only reads")
        lock = self.held(self.expression(manager))
        self.enter(lock, manager)

        def release() -> None:
            with self.builder.at(self.source.span(manager)):
                self._begin()
                self.leave(lock, manager)

        self.guarded(inside, release)

    def enter(self, lock: Operand, manager: ast.expr) -> Operand:
        """Lower `__enter__` of an object of Python's library: an opcode that calls, and polls if that is Python."""
        self.builder.mark(METHOD, lock)
        entered = self.builder.operate(Invoke("__enter__", f"acquire {self.source.segment(manager)}"), lock)
        self.builder.mark(METHOD, lock)
        self.opcode()
        return entered

    def leave(self, lock: Operand, manager: ast.expr) -> Operand:
        """Lower `__exit__` of an object of Python's library: a call like any other, but after an exception."""
        self.builder.mark(METHOD, lock)
        left = self.builder.operate(Invoke("__exit__", f"release {self.source.segment(manager)}"), lock)
        handling = bool(self.builder.blocks) and self.builder.blocks[-1].kind == "handling"
        if handling:
            self.builder.mark(METHOD, lock)
        else:
            self.builder.mark(c_call(".__exit__"), lock)
        self.opcode()
        return left

    def _managed(self, item: ast.withitem, inside: Callable[[], None]) -> None:
        """Lower `with` where a class of the file has `__enter__` and `__exit__`; other objects are locks."""
        builder, manager = self.builder, item.context_expr
        holder = self.held(self.expression(manager))
        entered = self.special("__enter__", holder, [], partial(self.enter, holder, manager), manager)
        self.opcode()
        if item.optional_vars is not None:
            self.assign(item.optional_vars, entered)

        def leave(error: Operand = NONE) -> Operand:
            with builder.at(self.source.span(manager)):
                self._begin()
                plain = partial(self.leave, holder, manager)
                left = self.special("__exit__", holder, [error, error, NONE], plain, manager)
                builder.mark(RETURN)
                return left

        error, handler, end = builder.register(), builder.label(), builder.label()
        with builder.within(Block("cleanup", cleanup=lambda: void(leave()), handler=Handler(handler, error))):
            inside()
        leave()
        builder.jump(end)
        builder.here(handler)
        builder.mark(EXCEPT)
        raised = builder.label()
        with builder.within(Block("handling", result=error)):
            builder.unless(self.truth(leave(Reg(error)), manager), raised)
        builder.jump(end)
        builder.here(raised)
        builder.throw(Reg(error))
        builder.here(end)

    def guarded(self, inside: Callable[[], None], cleanup: Callable[[], None]) -> None:
        """Lower a block whose clean-up runs on every way out."""
        builder = self.builder
        error, handler, end = builder.register(), builder.label(), builder.label()
        with builder.within(Block("cleanup", cleanup=cleanup, handler=Handler(handler, error))):
            inside()
        cleanup()
        builder.jump(end)
        builder.here(handler)
        builder.mark(EXCEPT)
        with builder.within(Block("handling", result=error)):
            cleanup()
        builder.throw(Reg(error))
        builder.here(end)


def void(_operand: Operand) -> None:
    """Forget a value that nobody reads."""


_REFUSED: dict[str, tuple[str, str]] = {
    "AsyncFunctionDef": ("a function inside a function", "write it at the top level"),
    "ClassDef": ("a class", "write it at the top level"),
    "Import": ("an import", "import at the top of the file"),
    "ImportFrom": ("an import", "import at the top of the file"),
    "Match": ("`match`", "write `if` and `elif`"),
    "TryStar": ("`except*`", "write `except`, or `except ExceptionGroup` for what a TaskGroup raises"),
}
