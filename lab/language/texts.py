"""Lowers f-strings."""

from __future__ import annotations

import ast
from functools import partial

from lab.language.access import Access
from lab.model import compute
from lab.model.instructions import Const, Operand
from lab.model.values import Value
from lab.model.wholes import Format

__all__ = ["Texts"]

_CONVERSIONS = {-1: "", ord("s"): "s", ord("r"): "r"}


class Texts(Access):
    """Lowers the texts that are put together from values."""

    def _joinedstr(self, node: ast.JoinedStr) -> Operand:
        parts = [self._part(part) for part in node.values]
        if all(isinstance(part, Const) for part in parts):
            return Const("".join(part.value for part in parts if isinstance(part, Const)))
        return self.builder.compute(_joined, *parts)

    def _part(self, node: ast.expr) -> Operand:
        if not isinstance(node, ast.FormattedValue):
            return self.expression(node)
        if node.conversion not in _CONVERSIONS:
            raise self.source.error(node, "`!a` is not part of the language", "write `!r`")
        value = self.held(self.expression(node.value))
        specification = Const("") if node.format_spec is None else self.expression(node.format_spec)
        conversion = _CONVERSIONS[node.conversion]
        with self.builder.at(self.source.span(node.value)):
            if self.context.classes and self.class_of(value) != "":
                value = self._shown(value, node)
                conversion = ""
            return self.builder.operate(Format(conversion), value, specification)

    def _shown(self, value: Operand, node: ast.FormattedValue) -> Operand:
        """Lower the text of an object whose class has a method for it; any other value stays as it is."""
        if node.conversion != -1:
            return self.text(value, node, quote=node.conversion == ord("r"))
        shown = partial(self.special, "__repr__", value, [], lambda: value, node)
        return self.special("__str__", value, [], shown, node)


def _joined(*parts: Value) -> Value:
    return compute.bounded("".join(parts))
