"""Lowers calls of Python's own functions."""

from __future__ import annotations

import ast
from functools import partial

from lab.language.builder import NONE
from lab.language.iteration import VIEWS
from lab.language.ordering import Ordering
from lab.model import compute
from lab.model.heap import Raised
from lab.model.instructions import Const, Operand, Reg
from lab.model.marks import BLOCKING
from lab.model.operations import Invoke, Print
from lab.model.values import Ref, Snapshot, Value, type_name

__all__ = ["Functions"]


class Functions(Ordering):
    """Lowers the functions of Python that a thread may call: `_do_len` lowers `len`."""

    def _only_in_thread(self, node: ast.Call) -> None:
        if self.mode != "thread":
            raise self.source.error(
                node, f"`{self.source.segment(node.func)}` is not allowed in a {self.mode}", "a property only reads"
            )

    def stall(self, node: ast.Call, seconds: Operand) -> None:
        """Lower what `time.sleep` does to the loop of a task; to anybody else, nothing."""

    def _only_in_property(self, node: ast.Call) -> None:
        if self.mode == "thread":
            raise self.source.error(
                node,
                f"`{self.source.segment(node.func)}` is only allowed in a property",
                "ask it in `@always` or `@final`",
            )

    def _do_len(self, node: ast.Call) -> Operand:
        [value] = self._positional(node, 1, 1)
        receiver = self.expression(value)
        plain = partial(self.builder.operate, Invoke("__len__", self.source.segment(node)), receiver)
        return self.special("__len__", receiver, [], plain, node)

    def _do_abs(self, node: ast.Call) -> Operand:
        [value] = self._positional(node, 1, 1)
        return self.builder.compute(_absolute, self.expression(value))

    def _do_bool(self, node: ast.Call) -> Operand:
        arguments = self._positional(node, 0, 1)
        if not arguments:
            return Const(False)
        return self.builder.compute(bool, self.truth(self.expression(arguments[0]), arguments[0]))

    def _do_int(self, node: ast.Call) -> Operand:
        arguments = self._positional(node, 0, 1)
        return self.builder.compute(_integer, self.expression(arguments[0])) if arguments else Const(0)

    def _do_str(self, node: ast.Call) -> Operand:
        arguments = self._positional(node, 0, 1)
        return self.text(self.expression(arguments[0]), node) if arguments else Const("")

    def _do_range(self, node: ast.Call) -> Operand:
        return self.builder.compute(range, *(self.expression(value) for value in self._positional(node, 1, 3)))

    def _do_isinstance(self, node: ast.Call) -> Operand:
        self._positional(node, 2, 2)
        return self.type_test(node)

    def _do_enumerate(self, node: ast.Call) -> Operand:
        return self._only_iterated(node, "for i, value in enumerate(...)")

    def _do_zip(self, node: ast.Call) -> Operand:
        return self._only_iterated(node, "for a, b in zip(...)")

    def _do_reversed(self, node: ast.Call) -> Operand:
        return self._only_iterated(node, "for value in reversed(...)")

    def _only_iterated(self, node: ast.Call, example: str) -> Operand:
        raise self.source.error(
            node,
            f"`{self.source.segment(node.func)}` is only allowed where it is iterated",
            f"write `{example}`, or `[... {example}]`",
        )

    def _copied(self, node: ast.Call, kind: str) -> Operand:
        arguments = self._positional(node, 0, 1)
        if not arguments:
            return Const(()) if kind == "tuple" else self.copy(kind, Const(()))
        if self._made_lazily(arguments[0]):
            gathered = self.collect(arguments[0], "")
            return self.copy(kind, self.builder.compute(_as_pairs, gathered) if kind == "dict" else gathered)
        return self.copy(kind, self.expression(arguments[0]))

    def _made_lazily(self, node: ast.expr) -> bool:
        """Whether an iterable yields its elements one by one: a generator expression, `zip`, a dict's items."""
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            return node.func.attr in VIEWS and not node.args
        lazy = ("builtins.enumerate", "builtins.zip", "builtins.reversed")
        return isinstance(node, ast.GeneratorExp) or (isinstance(node, ast.Call) and self.known(node.func) in lazy)

    def _do_tuple(self, node: ast.Call) -> Operand:
        return self._copied(node, "tuple")

    def _do_list(self, node: ast.Call) -> Operand:
        return self._copied(node, "list")

    def _do_set(self, node: ast.Call) -> Operand:
        return self._copied(node, "set")

    def _do_dict(self, node: ast.Call) -> Operand:
        return self._copied(node, "dict")

    def _do_sum(self, node: ast.Call) -> Operand:
        arguments = self._positional(node, 1, 2)
        total = self.builder.register()
        self.builder.move(self.expression(arguments[1]) if len(arguments) == 2 else Const(0), total)

        def use(element: Operand, _end: int) -> None:
            self.builder.compute(compute.BINARY["Add"], Reg(total), element, into=total)

        self.elements(arguments[0], "any order", use)
        return Reg(total)

    def _do_any(self, node: ast.Call) -> Operand:
        return self._quantified(node, False)

    def _do_all(self, node: ast.Call) -> Operand:
        return self._quantified(node, True)

    def _quantified(self, node: ast.Call, default: bool) -> Operand:
        """Lower `all` (True unless an element is false) or `any` (False unless one is true)."""
        [values] = self._positional(node, 1, 1)
        builder = self.builder
        result = builder.register()
        builder.move(Const(default), result)

        def use(element: Operand, end: int) -> None:
            inner = values.elt if isinstance(values, ast.GeneratorExp) else values
            truth = self.truth(element, inner)
            goes_on = builder.label()
            builder.unless(truth if not default else builder.compute(_negated, truth), goes_on)
            builder.move(Const(not default), result)
            builder.jump(end)
            builder.here(goes_on)

        self.elements(values, "any order", use)
        return Reg(result)

    def _do_print(self, node: ast.Call) -> Operand:
        self._only_in_thread(node)
        texts = [self.text(self.expression(value), value) for value in self._positional(node, 0, 99)]
        assert self.context.stdout is not None
        self.builder.mark(BLOCKING)
        return self.builder.operate(Print(self.context.stdout), *texts)

    def _do_sleep(self, node: ast.Call) -> Operand:
        self._only_in_thread(node)
        self.stall(node, self.expression(self._positional(node, 1, 1)[0]))
        self.builder.mark(BLOCKING)
        return NONE


def _as_pairs(pairs: tuple[Value, ...]) -> Value:
    for position, pair in enumerate(pairs):
        if not isinstance(pair, tuple) or len(pair) != 2:
            raise Raised("TypeError", f"cannot convert dictionary update sequence element #{position} to a sequence")
    return pairs


def _negated(value: Value) -> bool:
    return not value


def _absolute(value: Value) -> Value:
    if isinstance(value, Ref | Snapshot):
        raise Raised("TypeError", f"bad operand type for abs(): '{type_name(value)}'")
    return abs(value)


def _integer(value: Value) -> Value:
    if not isinstance(value, int | float | str):
        raise Raised(
            "TypeError",
            f"int() argument must be a string, a bytes-like object or a real number, not '{type_name(value)}'",
        )
    return int(value)
