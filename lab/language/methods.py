"""Lowers method calls: which methods the language knows, and how many arguments each takes."""

from __future__ import annotations

import ast
import difflib

from lab.language.effects import methods
from lab.language.expressions import VIEWS, Expressions
from lab.model import compute
from lab.model.instructions import Operand
from lab.model.operations import Invoke

__all__ = ["Methods"]

_PURE = frozenset(name for names in compute.METHODS.values() for name in names)

_READ_ONLY = frozenset(("get", "index", "count", "copy", "locked", "load"))


class Methods(Expressions):
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
        arguments = self._elements(node.args)
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
        label = f"{self.source.segment(function)}()"
        return self.builder.operate(Invoke(name, label), receiver, *arguments)


def _between(low: int, high: int) -> str:
    if low == high:
        return "no arguments" if low == 0 else f"{low} argument{'s' if low > 1 else ''}"
    return f"{low} to {high} arguments"


_ARITY: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("release", "acquire", "rotate"), (0, 1)),
    **dict.fromkeys(("locked", "load", "clear", "copy", "popleft", "popitem", "reverse", "sort"), (0, 0)),
    **dict.fromkeys(("upper", "lower", "isdigit", "isalpha", "bit_length", "is_integer"), (0, 0)),
    **dict.fromkeys(("strip", "split"), (0, 1)),
    **dict.fromkeys(("get", "setdefault"), (1, 2)),
    **dict.fromkeys(("insert", "compare_exchange"), (2, 2)),
    "pop": (0, 2),
}


def _arity(name: str) -> tuple[int, int]:
    return _ARITY.get(name, (1, 1))
