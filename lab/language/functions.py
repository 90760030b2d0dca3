"""Lowers calls of Python's own functions."""

from __future__ import annotations

import ast
from collections.abc import Callable

from lab.language.builder import NONE
from lab.language.methods import Methods
from lab.model import compute
from lab.model.heap import Raised, Refused
from lab.model.instructions import Const, Operand, Reg
from lab.model.operations import Invoke, Print
from lab.model.values import Ref, Snapshot, Value, type_name

__all__ = ["Functions"]


class Functions(Methods):
    """Lowers the functions of Python that a thread may call: `_do_len` lowers `len`."""

    def _positional(self, node: ast.Call, low: int, high: int) -> list[ast.expr]:
        name = self.source.segment(node.func)
        if node.keywords:
            raise self.source.error(
                node.keywords[0].value,
                f"'{name}' is called with '{node.keywords[0].arg}='",
                "give the arguments by position",
            )
        if not low <= len(node.args) <= high:
            wanted = str(low) if low == high else f"{low} to {high}" if high < 100 else f"at least {low}"
            plural = "" if wanted == "1" else "s"
            raise self.source.error(
                node, f"'{name}' is called with {len(node.args)} arguments", f"give it {wanted} argument{plural}"
            )
        return node.args

    def _only_in_thread(self, node: ast.Call) -> None:
        if self.mode != "thread":
            raise self.source.error(
                node, f"`{self.source.segment(node.func)}` is not allowed in a {self.mode}", "a property only reads"
            )

    def _only_in_property(self, node: ast.Call) -> None:
        if self.mode == "thread":
            raise self.source.error(
                node,
                f"`{self.source.segment(node.func)}` is only allowed in a property",
                "ask it in `@always` or `@final`",
            )

    def _do_len(self, node: ast.Call) -> Operand:
        [value] = self._positional(node, 1, 1)
        return self.builder.operate(Invoke("__len__", self.source.segment(node)), self.expression(value))

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
        return self.text(self.expression(arguments[0])) if arguments else Const("")

    def _do_range(self, node: ast.Call) -> Operand:
        return self.builder.compute(range, *(self.expression(value) for value in self._positional(node, 1, 3)))

    def _do_isinstance(self, node: ast.Call) -> Operand:
        self._positional(node, 2, 2)
        return self.type_test(node)

    def _do_enumerate(self, node: ast.Call) -> Operand:
        raise self.source.error(
            node, "`enumerate` is only allowed in a `for`", "write `for i, value in enumerate(...)`"
        )

    def _copied(self, node: ast.Call, kind: str) -> Operand:
        arguments = self._positional(node, 0, 1)
        if not arguments:
            return Const(() if kind == "tuple" else Snapshot(kind, ()))
        if isinstance(arguments[0], ast.GeneratorExp):
            return self.copy(kind, self._collect(arguments[0], ""))
        return self.copy(kind, self.expression(arguments[0]))

    def _do_tuple(self, node: ast.Call) -> Operand:
        return self._copied(node, "tuple")

    def _do_list(self, node: ast.Call) -> Operand:
        return self._copied(node, "list")

    def _do_set(self, node: ast.Call) -> Operand:
        return self._copied(node, "set")

    def _do_dict(self, node: ast.Call) -> Operand:
        return self._copied(node, "dict")

    def _do_min(self, node: ast.Call) -> Operand:
        return self._extreme(node, min)

    def _do_max(self, node: ast.Call) -> Operand:
        return self._extreme(node, max)

    def _extreme(self, node: ast.Call, function: Callable[..., Value]) -> Operand:
        arguments = self._positional(node, 1, 99)
        if len(arguments) > 1:
            return self.builder.compute(_Extreme(function), *(self.expression(value) for value in arguments))
        return self.builder.compute(_ExtremeOf(function), self._collect(arguments[0], "any order"))

    def _do_sorted(self, node: ast.Call) -> Operand:
        [value] = self._positional(node, 1, 1)
        return self.builder.compute(_sorted, self._collect(value, "any order"))

    def _collect(self, node: ast.expr, mode: str) -> Operand:
        """Lower a loop that gathers an iterable's elements in a tuple."""
        gathered = self.builder.register()
        self.builder.move(Const(()), gathered)

        def use(element: Operand, _end: int) -> None:
            self.builder.compute(_gather, Reg(gathered), element, into=gathered)

        self.elements(node, mode, use)
        return Reg(gathered)

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
        texts = [self.text(self.expression(value)) for value in self._positional(node, 0, 99)]
        assert self.context.stdout is not None
        return self.builder.operate(Print(self.context.stdout), *texts)

    def _do_sleep(self, node: ast.Call) -> Operand:
        self._only_in_thread(node)
        self.expression(self._positional(node, 1, 1)[0])
        self.builder.mark("sleep")
        return NONE


class _Extreme:
    """`min(a, b, ...)` or `max(a, b, ...)`."""

    def __init__(self, function: Callable[..., Value]) -> None:
        self.function = function

    def __call__(self, *values: Value) -> Value:
        for value in values:
            _orderable(value)
        return self.function(values)


class _ExtremeOf(_Extreme):
    """`min(iterable)` or `max(iterable)`, its elements gathered in a tuple."""

    def __call__(self, *values: Value) -> Value:
        return super().__call__(*values[0])


def _orderable(value: Value) -> None:
    if isinstance(value, Ref | Snapshot):
        raise Raised(
            "TypeError", f"'<' not supported between instances of '{type_name(value)}' and '{type_name(value)}'"
        )


def _sorted(values: tuple[Value, ...]) -> Value:
    if len(values) > 1:
        for value in values:
            _orderable(value)
    return Snapshot("list", tuple(sorted(values)))


def _gather(gathered: tuple[Value, ...], value: Value) -> Value:
    if len(gathered) >= _MOST_GATHERED:
        raise Refused(f"more than {_MOST_GATHERED:,} elements are gathered", "use a smaller range")
    return (*gathered, value)


_MOST_GATHERED = 10_000


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
