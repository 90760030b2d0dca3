"""Lowers what runs over elements: iterators, comprehensions, and the generator expressions that a function consumes."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable

from lab.language.texts import Texts
from lab.model import compute
from lab.model.heap import Refused
from lab.model.instructions import Const, Operand, Reg
from lab.model.marks import COMPREHENSION, RESUME, RETURN
from lab.model.operations import Invoke
from lab.model.values import END, Value

__all__ = ["VIEWS", "Iteration"]

VIEWS = ("keys", "values", "items")
_MOST_GATHERED = 10_000

Advance = Callable[[int], Operand]
"""Lowers the next element of an iterator; goes on at the label given when there is none."""


class Iteration(Texts, ABC):
    """Lowers iterators and comprehensions; a target is assigned by `assign`, which the statements provide."""

    @abstractmethod
    def assign(self, target: ast.expr, value: Operand) -> None:
        """Lower the assignment of a value to a target."""

    # Iterators

    def open(self, node: ast.expr, mode: str = "") -> Advance:
        """Lower the making of an iterator, and return what lowers its next element."""
        if isinstance(node, ast.Call):
            name = self.known(node.func)
            if name == "builtins.enumerate":
                return self._enumerated(node)
            if name == "builtins.zip":
                return self._zipped(node)
            if name == "builtins.reversed":
                return self._reversed(node)
        cursor = self.iterate(node, mode)
        return lambda end: self.advance(cursor, end, node)

    def iterate(self, node: ast.expr, mode: str = "") -> Reg:
        """Lower what a loop runs over, and return the register of its iterator."""
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in VIEWS
            and not node.args
        ):
            mode, node = node.func.attr, node.func.value
        source = self.expression(node)
        return self.builder.compute(compute.make_cursor, source, Const(mode))

    def advance(self, cursor: Reg, end: int, node: ast.expr) -> Reg:
        """Lower the next element of an iterator; goes on at the label when there is none."""
        pair = self.builder.operate(Invoke("__next__", f"next of {self.source.segment(node)}"), cursor)
        self.builder.unless(self.builder.compute(_goes_on, pair), end)
        self.builder.compute(_second, pair, into=cursor.number)
        return self.builder.compute(_first, pair)

    def _enumerated(self, node: ast.Call) -> Advance:
        values, *start = self._positional(node, 1, 2)
        advance = self.open(values)
        counter = self.builder.register()
        self.builder.move(self.expression(start[0]) if start else Const(0), counter)

        def following(end: int) -> Operand:
            item = advance(end)
            pair = self.builder.compute(_make_pair, Reg(counter), item)
            self.builder.compute(compute.BINARY["Add"], Reg(counter), Const(1), into=counter)
            return pair

        return following

    def _zipped(self, node: ast.Call) -> Advance:
        advances = [self.open(values) for values in self._positional(node, 1, 9)]
        return lambda end: self.builder.compute(_make_tuple, *[advance(end) for advance in advances])

    def _reversed(self, node: ast.Call) -> Advance:
        [values] = self._positional(node, 1, 1)
        label = f"start of {self.source.segment(node)}"
        cursor = self.builder.operate(Invoke("__reversed__", label), self.expression(values))
        return lambda end: self.advance(cursor, end, values)

    # Comprehensions

    def _listcomp(self, node: ast.ListComp) -> Operand:
        return self.copy("list", self._gathered(node, lambda: self.expression(node.elt)))

    def _setcomp(self, node: ast.SetComp) -> Operand:
        return self.copy("set", self._gathered(node, lambda: self.expression(node.elt)))

    def _dictcomp(self, node: ast.DictComp) -> Operand:
        def pair() -> Operand:
            key = self.held(self.expression(node.key))
            return self.builder.compute(_make_pair, key, self.expression(node.value))

        return self.copy("dict", self._gathered(node, pair))

    def _gathered(self, node: ast.ListComp | ast.SetComp | ast.DictComp, element: Callable[[], Operand]) -> Operand:
        """Lower the loops of a comprehension, and return the tuple of its elements."""
        builder = self.builder
        gathered, end = builder.register(), builder.label()
        builder.move(Const(()), gathered)
        self.clauses(
            node.generators,
            lambda: builder.compute(_gather, Reg(gathered), element(), into=gathered),
            end,
            COMPREHENSION,
        )
        builder.mark(RETURN)
        return Reg(gathered)

    def _generatorexp(self, node: ast.GeneratorExp) -> Operand:
        raise self.source.error(
            node,
            "a generator expression is not allowed here",
            "write a list, with square brackets, or give it to any(...) or sum(...)",
        )

    def clauses(
        self,
        generators: list[ast.comprehension],
        use: Callable[[], object],
        end: int,
        entry: str,
        *,
        inner: bool = False,
    ) -> None:
        """Lower the `for` and `if` of a comprehension around what `use` lowers; places the label `end` after them.

        `entry` marks what it is: COMPREHENSION, or RESUME for a generator expression. Only the outermost iterable is
        evaluated before that is entered.
        """
        loop, builder = generators[0], self.builder
        if loop.is_async:
            raise self.source.error(loop.target, "`async for` is not allowed here", "write `for`")
        advance, again = self.open(loop.iter), builder.label()
        if not inner:
            builder.mark(entry)
        before = dict(self.frame.hidden)
        for name in ast.walk(loop.target):
            if isinstance(name, ast.Name):
                self.frame.hidden[name.id] = builder.register(name.id)
        builder.here(again)
        with builder.at(self.source.span(loop.iter)):
            item = advance(end)
            self.opcode()
            self.assign(loop.target, item)
        skip = builder.label()
        for test in loop.ifs:
            builder.unless(self.condition(test), skip)
        if len(generators) > 1:
            self.clauses(generators[1:], use, builder.label(), entry, inner=True)
        else:
            use()
        builder.here(skip)
        if entry == RESUME:
            builder.mark(RESUME)
        builder.jump_back(again)
        builder.here(end)
        self.frame.hidden = before

    # What a function consumes

    def elements(self, node: ast.expr, mode: str, use: Callable[[Operand, int], None]) -> None:
        """Lower a loop over an iterable or a generator expression; `use` lowers what is done with each element."""
        builder = self.builder
        end = builder.label()
        if isinstance(node, ast.GeneratorExp):
            self.clauses(node.generators, lambda: use(self.expression(node.elt), end), end, RESUME)
            return
        advance, again = self.open(node, mode), builder.label()
        builder.here(again)
        use(advance(end), end)
        builder.jump(again)
        builder.here(end)

    def collect(self, node: ast.expr, mode: str) -> Operand:
        """Lower a loop that gathers an iterable's elements in a tuple."""
        gathered = self.builder.register()
        self.builder.move(Const(()), gathered)

        def use(element: Operand, _end: int) -> None:
            self.builder.compute(_gather, Reg(gathered), element, into=gathered)

        self.elements(node, mode, use)
        return Reg(gathered)


def _gather(gathered: tuple[Value, ...], value: Value) -> Value:
    if len(gathered) >= _MOST_GATHERED:
        raise Refused(f"more than {_MOST_GATHERED:,} elements are gathered", "use a smaller range")
    return (*gathered, value)


def _make_pair(a: Value, b: Value) -> Value:
    return (a, b)


def _make_tuple(*items: Value) -> Value:
    return compute.bounded(items)


def _negate(value: Value) -> bool:
    return not value


def _goes_on(pair: Value) -> bool:
    return pair is not END


def _first(pair: tuple[Value, Value]) -> Value:
    return pair[0]


def _second(pair: tuple[Value, Value]) -> Value:
    return pair[1]
