"""Lowers the lab's own words: choose, wait_until, free, incref, ..."""

from __future__ import annotations

import ast

from lab.language.builder import NONE
from lab.language.expressions import Frame
from lab.language.functions import Functions
from lab.model import compute
from lab.model.instructions import Const, Operand, Reg
from lab.model.operations import Choose, Invoke, WaitUntil
from lab.model.values import Value

__all__ = ["Vocabulary"]


class Vocabulary(Functions):
    """Lowers the functions of `lab.scenario`: `_do_choose` lowers `choose`."""

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
        [counted] = self._positional(node, 1, 1)
        record, written = self.expression(counted), self.source.segment(counted)
        old = self.builder.operate(Invoke("__getattr__", f"read {written}.refs"), record, Const("refs"))
        new = self.builder.compute(compute.BINARY[sign], old, Const(1))
        self.builder.operate(Invoke("__setattr__", f"write {written}.refs"), record, Const("refs"), new)
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
            {
                node.id
                for node in ast.walk(condition.body)
                if isinstance(node, ast.Name) and node.id in {*self.frame.scope.locals, *self.frame.cells}
            }
        )
        registers = {name: predicate.builder.register(name) for name in captured}
        cells = {name: registers[name] for name in captured if name in self.frame.cells}
        predicate.frame = Frame(self.frame.scope, registers, self.frame.callers, cells=cells)
        with predicate.builder.at(self.source.span(condition.body)):
            predicate.builder.returns(predicate.expression(condition.body))
        code = predicate.builder.finish(tuple(registers.values()))
        operands = [Reg({**self.frame.registers, **self.frame.cells}[name]) for name in captured]
        return self.builder.operate(WaitUntil(code, self.source.segment(condition.body)), *operands)


def _is_zero(value: Value) -> bool:
    return bool(value == 0)
