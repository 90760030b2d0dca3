"""Lowers method calls: which methods the language knows, and how many arguments each takes."""

from __future__ import annotations

import ast
import difflib

from lab.language.effects import methods
from lab.language.iteration import VIEWS, Iteration
from lab.model import compute
from lab.model.instructions import Operand
from lab.model.operations import Invoke
from lab.model.policies import c_call

__all__ = ["Methods"]

_PURE = frozenset(name for names in compute.METHODS.values() for name in names)

_READ_ONLY = frozenset(("get", "index", "count", "copy", "locked", "load"))


class Methods(Iteration):
    """Lowers method calls."""

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
        receiver = self.expression(function.value)
        lazy = name == "join" and len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp)
        arguments = [self.collect(node.args[0], "")] if lazy else self._elements(node.args)
        for keyword in node.keywords:
            if (name, keyword.arg) != ("acquire", "blocking") or arguments:
                later = (
                    "time-outs are not part of the language yet"
                    if keyword.arg == "timeout"
                    else "give the arguments by position"
                )
                raise self.source.error(keyword.value, f"the method '{name}' is called with '{keyword.arg}='", later)
            arguments.append(self.expression(keyword.value))
        low, high = _arity(name)
        if not low <= len(arguments) <= high:
            raise self.source.error(
                node, f"'{name}' is called with {len(arguments)} arguments", f"give it {_between(low, high)}"
            )
        if self.mode != "thread" and name not in _READ_ONLY and name not in _PURE:
            raise self.source.error(node, f"'{name}' changes something in a {self.mode}", "only read there")
        return self.invoke(node, name, receiver, arguments)

    def invoke(self, node: ast.Call, name: str, receiver: Operand, arguments: list[Operand]) -> Operand:
        """Lower a call of a method that is written in C."""
        label = f"{self.source.segment(node.func)}()"
        value = self.builder.operate(Invoke(name, label), receiver, *arguments)
        self.builder.mark(c_call(f".{name}"))
        return value


def _between(low: int, high: int) -> str:
    if low == high:
        return "no arguments" if low == 0 else f"{low} argument{'s' if low > 1 else ''}"
    return f"{low} to {high} arguments"


_ARITY: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("release", "acquire", "rotate"), (0, 1)),
    **dict.fromkeys(("locked", "load", "clear", "copy", "popleft", "popitem", "reverse", "sort"), (0, 0)),
    **dict.fromkeys(("capitalize", "casefold", "lower", "swapcase", "title", "upper", "splitlines"), (0, 0)),
    **dict.fromkeys(("isalnum", "isalpha", "isdigit", "islower", "isspace", "isupper"), (0, 0)),
    **dict.fromkeys(("bit_length", "is_integer"), (0, 0)),
    **dict.fromkeys(("lstrip", "rstrip", "strip"), (0, 1)),
    **dict.fromkeys(("center", "ljust", "rjust"), (1, 2)),
    **dict.fromkeys(("endswith", "find", "rfind", "startswith"), (1, 3)),
    "split": (0, 2),
    "replace": (2, 3),
    **dict.fromkeys(("get", "setdefault"), (1, 2)),
    **dict.fromkeys(("insert", "compare_exchange"), (2, 2)),
    "pop": (0, 2),
}


def _arity(name: str) -> tuple[int, int]:
    return _ARITY.get(name, (1, 1))
