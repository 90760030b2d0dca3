"""Lowers method calls: which methods the language knows, and how many arguments each takes."""

from __future__ import annotations

import ast
import difflib

from lab.language.effects import methods
from lab.language.iteration import VIEWS, Iteration
from lab.model import compute
from lab.model.instructions import Const, Operand, Reg
from lab.model.marks import AWAIT, BLOCKING, CALL, METHOD, c_call
from lab.model.operations import Invoke
from lab.model.values import Parked, Value

__all__ = ["Methods"]

_PURE = frozenset(name for names in compute.METHODS.values() for name in names)

_READ_ONLY = frozenset(("get", "index", "count", "copy", "locked", "load", "is_set", "qsize", "empty", "full"))

_PARAMETERS: dict[str, tuple[str, ...]] = {
    "acquire": ("blocking", "timeout"),
    "release": ("n",),
    "wait": ("timeout",),
    "notify": ("n",),
    "put": ("item", "block", "timeout"),
    "get": ("block", "timeout"),
    "put_nowait": ("item",),
    "join": ("timeout",),
    "sort": ("reverse",),
}
"""The parameters that may be given by name."""


class Methods(Iteration):
    """Lowers method calls."""

    def knows_method(self, name: str) -> bool:
        """Whether some object of the language has a method of that name."""
        return name in VIEWS or name in methods() or name in _PURE

    def method(self, node: ast.Call, function: ast.Attribute) -> Operand:
        """Lower a method call."""
        name = function.attr
        if name in VIEWS:
            raise self.source.error(
                node, f"`.{name}()` is only allowed in a loop", "loop over it, or give it to sum(...) or list of keys"
            )
        if name not in methods() and name not in _PURE:
            near = difflib.get_close_matches(name, [*methods(), *_PURE], 1, 0.7)
            hint = (
                f"did you mean '{near[0]}'?" if near else "the methods that the language knows are in docs/language.md"
            )
            raise self.source.error(function, f"the method '{name}' is not part of the language", hint)
        if self.mode != "thread" and name not in _READ_ONLY and name not in _PURE:
            raise self.source.error(node, f"'{name}' changes something in a {self.mode}", "only read there")
        receiver = self.expression(function.value)
        if name == "wait_for":
            return self._wait_for(node, receiver)
        arguments = self._arguments(node, name)
        return self.invoke(node, name, receiver, arguments)

    def invoke(self, node: ast.Call, name: str, receiver: Operand, arguments: list[Operand]) -> Operand:
        """Lower a call of a method that is not written in the file; a wait goes on in further steps."""
        value = self._invoke(node, name, receiver, arguments)
        if name == "wait":
            self.resume(node, receiver, value, arguments)
        return value

    def _invoke(self, node: ast.Call, name: str, receiver: Operand, arguments: list[Operand]) -> Reg:
        label = f"{self.source.segment(node.func)}()"
        self.builder.mark(METHOD, receiver)
        value = self.builder.operate(Invoke(name, label), receiver, *arguments)
        self.builder.mark(c_call(f".{name}"), receiver)
        if name == "start":
            self.builder.mark(BLOCKING)  # it waits until the new thread runs
        return value

    def _arguments(self, node: ast.Call, name: str) -> list[Operand]:
        """Lower the arguments of a method, in the order of its parameters."""
        lazy = name == "join" and len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp)
        if name == "sort" and node.args:
            raise self.source.error(node.args[0], "`sort` takes no arguments by position", "write `reverse=True`")
        arguments = [self.collect(node.args[0], "")] if lazy else self._elements(node.args)
        parameters = _PARAMETERS.get(name, ())
        for keyword in node.keywords:
            if keyword.arg not in parameters[len(arguments) :]:
                raise self.source.error(
                    keyword.value,
                    f"the method '{name}' is called with '{keyword.arg}='",
                    "write `c = sorted(c, key=f)`" if name == "sort" else "give the arguments by position",
                )
            while parameters[len(arguments)] != keyword.arg:
                if parameters[len(arguments)] not in ("block", "blocking"):
                    raise self.source.error(
                        keyword.value, f"'{name}' is called without '{parameters[len(arguments)]}'", "give it first"
                    )
                arguments.append(Const(True))
            arguments.append(self.expression(keyword.value))
        low, high = _arity(name)
        if not low <= len(arguments) <= high:
            raise self.source.error(
                node, f"'{name}' is called with {len(arguments)} arguments", f"give it {_between(low, high)}"
            )
        return arguments

    def resume(
        self, node: ast.Call, receiver: Operand, value: Reg, arguments: list[Operand], *, awaited: bool = False
    ) -> None:
        """Lower the further steps of a wait, as long as the value says that the thread has to go on waiting."""
        again, end = self.builder.label(), self.builder.label()
        resume = Invoke("__resume__", f"{self.source.segment(node.func)}() goes on")
        self.builder.here(again)
        self.builder.unless(self.builder.compute(_is_parked, value), end)
        if awaited:
            self.builder.mark(AWAIT)
        self.builder.operate(resume, receiver, value, *arguments, into=value.number)
        self.builder.mark(c_call(".wait"), receiver)
        self.builder.jump(again)
        self.builder.here(end)

    def _asked(self, node: ast.Call) -> ast.expr:
        """Return the expression that `wait_for` asks: a lambda's body, or the call of a function."""
        condition = node.args[0] if node.args else None
        if isinstance(condition, ast.Lambda) and not condition.args.args:
            return condition.body
        if isinstance(condition, ast.Name):
            return ast.copy_location(ast.Call(condition, [], []), condition)
        raise self.source.error(
            node, "`wait_for` is called without a lambda or a function", "write `c.wait_for(lambda: items)`"
        )

    def _wait_for(self, node: ast.Call, receiver: Operand) -> Operand:
        """Lower `condition.wait_for(lambda: f)`: wait until f holds; when the time is up, ask f once more."""
        condition = self._asked(node)
        rest = ast.copy_location(ast.Call(node.func, node.args[1:], node.keywords), node)
        arguments = self._arguments(rest, "wait")
        builder = self.builder
        again, end, result, woken = builder.label(), builder.label(), builder.register(), builder.register()
        builder.move(Const(True), woken)
        builder.here(again)
        builder.mark(CALL)
        builder.move(self.expression(condition), result)
        builder.unless(builder.compute(_goes_on_waiting, self.truth(Reg(result), condition), Reg(woken)), end)
        value = self._invoke(node, "wait", receiver, arguments)
        self.resume(node, receiver, value, arguments)
        builder.move(value, woken)
        builder.jump(again)
        builder.here(end)
        return Reg(result)


def _is_parked(value: Value) -> bool:
    return isinstance(value, Parked)


def _goes_on_waiting(holds: Value, notified: Value) -> bool:
    return bool(not holds and notified)


def _between(low: int, high: int) -> str:
    if low == high:
        return "no arguments" if low == 0 else f"{low} argument{'s' if low > 1 else ''}"
    return f"{low} to {high} arguments"


_ARITY: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("release", "rotate", "wait", "notify", "join"), (0, 1)),
    **dict.fromkeys(("notify_all", "set", "is_set", "reset", "abort", "start", "is_alive"), (0, 0)),
    **dict.fromkeys(("cancel", "done", "cancelled", "result"), (0, 0)),
    **dict.fromkeys(("qsize", "empty", "full", "task_done", "get_nowait"), (0, 0)),
    "acquire": (0, 2),
    "put": (1, 3),
    "get": (0, 2),
    **dict.fromkeys(("locked", "load", "clear", "copy", "popleft", "popitem", "reverse"), (0, 0)),
    "sort": (0, 1),
    **dict.fromkeys(("capitalize", "casefold", "lower", "swapcase", "title", "upper", "splitlines"), (0, 0)),
    **dict.fromkeys(("isalnum", "isalpha", "isdigit", "islower", "isspace", "isupper"), (0, 0)),
    **dict.fromkeys(("bit_length", "is_integer"), (0, 0)),
    **dict.fromkeys(("lstrip", "rstrip", "strip"), (0, 1)),
    **dict.fromkeys(("center", "ljust", "rjust"), (1, 2)),
    **dict.fromkeys(("endswith", "find", "rfind", "startswith"), (1, 3)),
    "split": (0, 2),
    "replace": (2, 3),
    "setdefault": (1, 2),
    **dict.fromkeys(("insert", "compare_exchange"), (2, 2)),
    "pop": (0, 2),
}


def _arity(name: str) -> tuple[int, int]:
    return _ARITY.get(name, (1, 1))
