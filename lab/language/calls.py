"""Lowers calls: Python's functions, the lab's vocabulary, and the file's own helpers, which are inlined."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable

from lab.language.builder import NONE, Block
from lab.language.expressions import Expressions, Frame
from lab.language.names import BUILTINS
from lab.model import compute
from lab.model.heap import Raised
from lab.model.instructions import Const, Operand, Reg
from lab.model.operations import Choose, Invoke, Print, WaitUntil
from lab.model.values import UNBOUND, Ref, Snapshot, Value, type_name

__all__ = ["Calls"]


class Calls(Expressions):
    """Lowers calls; the body of a helper is lowered by `inline_body`, which the statements provide."""

    def inline_body(self, body: list[ast.stmt]) -> None:
        """Lower the statements of a helper."""
        raise NotImplementedError  # a call needs statements: lab/language/statements.py

    def _call(self, node: ast.Call) -> Operand:
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                raise self.source.error(argument, "arguments are unpacked with *", "write the arguments out")
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.source.error(keyword.value, "arguments are unpacked with **", "write the arguments out")
        shadowed = isinstance(node.func, ast.Name) and node.func.id in self.frame.scope.locals
        name = None if shadowed else self.context.qualified(node.func)
        if name is not None:
            return self._known(node, name)
        if isinstance(node.func, ast.Attribute):
            return self.method(node, node.func)
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
        return handler(node)

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

    # Python's functions

    def _do_len(self, node: ast.Call) -> Operand:
        [value] = self._positional(node, 1, 1)
        return self.builder.operate(Invoke("__len__", "length"), self.expression(value))

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

    # The lab's vocabulary

    def _do_choose(self, node: ast.Call) -> Operand:
        self._only_in_thread(node)
        return self.builder.operate(Choose(), *(self.expression(value) for value in self._positional(node, 1, 99)))

    def _do_inside(self, node: ast.Call) -> Operand:
        self._only_in_property(node)
        [name] = self._positional(node, 1, 1)
        return self.inside(self.region_name(name))

    def region_name(self, node: ast.expr) -> str:
        """Return a region's name, which the text must give."""
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
            raise self.source.error(
                node, "the name of a region is not written out", 'write it in quotes, as in `region("critical")`'
            )
        return node.value

    def _do_freed(self, node: ast.Call) -> Operand:
        self._only_in_property(node)
        return self.builder.operate(Invoke("freed", "freed"), self.expression(self._positional(node, 1, 1)[0]))

    def _do_free(self, node: ast.Call) -> Operand:
        self._only_in_thread(node)
        return self.builder.operate(Invoke("free", "free"), self.expression(self._positional(node, 1, 1)[0]))

    def _do_incref(self, node: ast.Call) -> Operand:
        self._only_in_thread(node)
        self._change_count(node, "Add")
        return NONE

    def _do_decref(self, node: ast.Call) -> Operand:
        self._only_in_thread(node)
        record, count = self._change_count(node, "Sub")
        end = self.builder.label()
        self.builder.unless(self.builder.compute(_is_zero, count), end)
        self.builder.operate(Invoke("free", "free"), record)
        self.builder.here(end)
        return NONE

    def _change_count(self, node: ast.Call, sign: str) -> tuple[Operand, Operand]:
        record = self.expression(self._positional(node, 1, 1)[0])
        old = self.builder.operate(Invoke("__getattr__", "read .refs"), record, Const("refs"))
        new = self.builder.compute(compute.BINARY[sign], old, Const(1))
        self.builder.operate(Invoke("__setattr__", "write .refs"), record, Const("refs"), new)
        return record, new

    def _do_wait_until(self, node: ast.Call) -> Operand:
        self._only_in_thread(node)
        [condition] = self._positional(node, 1, 1)
        if not isinstance(condition, ast.Lambda) or condition.args.args:
            raise self.source.error(
                node, "`wait_until` is called without a lambda", "write `wait_until(lambda: flag == 1)`"
            )
        predicate = type(self)(self.context, "predicate")
        captured = sorted(
            {n.id for n in ast.walk(condition.body) if isinstance(n, ast.Name) and n.id in self.frame.scope.locals}
        )
        registers = {name: predicate.builder.register(name) for name in captured}
        predicate.frame = Frame(self.frame.scope, registers, self.frame.callers)
        with predicate.builder.at(self.source.span(condition.body)):
            predicate.builder.returns(predicate.expression(condition.body))
        code = predicate.builder.finish(tuple(registers.values()))
        operands = [Reg(self.frame.registers[name]) for name in captured]
        return self.builder.operate(WaitUntil(code, self.source.segment(condition.body)), *operands)

    # The file's own helpers

    def _inline(self, node: ast.Call, helper: ast.FunctionDef) -> Operand:
        if helper.name in self.frame.callers:
            raise self.source.error(node, f"'{helper.name}' calls itself", "helpers are inlined, so write a loop")
        scope = self.context.scope(helper)
        arguments = self._bind(node, helper)
        builder, caller = self.builder, self.frame
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
    return compute.bounded((*gathered, value))


def _negated(value: Value) -> bool:
    return not value


def _is_zero(value: Value) -> bool:
    return bool(value == 0)


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
