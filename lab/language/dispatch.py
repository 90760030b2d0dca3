"""Lowers what depends on the class of an object: methods, properties, operators, and making an instance.

Where the text does not say which class an object has, a call becomes a chain of tests, one per class of the file that
has such a method; the calls are inlined behind them.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import partial

from lab.language.classes import ClassInfo
from lab.language.inlining import Given, Inlining
from lab.model.heap import Refused
from lab.model.instructions import Operand, Reg
from lab.model.marks import c_call
from lab.model.values import Ref, Value
from lab.model.wholes import New

__all__ = ["Dispatch"]

Target = tuple[str, ast.FunctionDef]
"""A class's name, and its function."""


class Dispatch(Inlining):
    """Lowers calls of functions that stand in a class."""

    def special(
        self, name: str, receiver: Operand, arguments: list[Operand], otherwise: Callable[[], Operand], node: ast.AST
    ) -> Operand:
        """Lower the call of a method that Python looks up itself, such as `__add__`; `otherwise` for other objects."""
        targets = [(one.name, one.methods[name]) for one in self.context.classes.values() if name in one.methods]
        return self.dispatch(targets, receiver, Given(node, tuple(arguments)), otherwise)

    def accessor(
        self,
        setter: bool,
        name: str,
        receiver: Operand,
        arguments: list[Operand],
        otherwise: Callable[[], Operand],
        node: ast.AST,
    ) -> Operand:
        """Lower the call of a property's function, for objects that have it; `otherwise` for other objects."""
        targets = []
        for one in self.context.classes.values():
            functions = one.setters if setter else one.getters
            if name in functions:
                targets.append((one.name, functions[name]))
        return self.dispatch(targets, receiver, Given(node, tuple(arguments)), otherwise)

    def own_method(
        self, node: ast.Call, function: ast.Attribute, otherwise: Callable[[Operand, Given], Operand]
    ) -> Operand:
        """Lower the call of a method that some class of the file has."""
        receiver = self.held(self.expression(function.value))
        given = self.given(node)
        name = function.attr
        targets = [(one.name, one.methods[name]) for one in self.context.classes.values() if name in one.methods]
        return self.dispatch(targets, receiver, given, partial(otherwise, receiver, given))

    def construct(self, node: ast.Call, info: ClassInfo) -> Operand:
        """Lower `Name(...)`: a new private object, and its `__init__`."""
        given = self.given(node)
        made = self.builder.operate(New(info.name))
        self.classes[made.number] = info.name
        initialise = info.methods.get("__init__")
        if initialise is None:
            if given.positional or given.named:
                raise self.source.error(node, f"'{info.name}' takes no arguments", "write an `__init__`")
            self.builder.mark(c_call("object"))
            return made
        self._enter((info.name, initialise), made, given)
        self.builder.mark(c_call("__init__"))
        return made

    def dispatch(
        self, targets: list[Target], receiver: Operand, given: Given, otherwise: Callable[[], Operand]
    ) -> Operand:
        """Lower the call of the function of whichever class the receiver has; `otherwise` for other objects."""
        known = self.class_of(receiver)
        if known is not None:
            for target in targets:
                if target[0] == known:
                    return self._enter(target, receiver, given)
            return otherwise()
        if not targets:
            return otherwise()
        builder = self.builder
        receiver, result, end = self.held(receiver), builder.register(), builder.label()
        for target in targets:
            following = builder.label()
            builder.unless(builder.compute(_IsA(target[0]), receiver), following)
            if _fits(target[1], given):
                builder.move(self._enter(target, receiver, given), result)
            else:
                builder.compute(_WrongArguments(f"{target[0]}.{target[1].name}"), into=result)
            builder.jump(end)
            builder.here(following)
        builder.move(otherwise(), result)
        builder.here(end)
        return Reg(result)

    def _enter(self, target: Target, receiver: Operand, given: Given) -> Operand:
        """Lower the call of a class's function."""
        kind, function = target
        label = f"{kind}.{function.name}"
        if label in self.frame.callers:
            return self.builder.compute(_Recursion(label))
        whole = Given(given.node, (receiver, *given.positional), given.named)
        return self.inline(label, function, whole, kind)


def _fits(function: ast.FunctionDef, given: Given) -> bool:
    """Whether a call's arguments suit a method's parameters."""
    names = [argument.arg for argument in function.args.args][1:]
    rest = names[len(given.positional) :]
    named = [name for name, _, _ in given.named]
    needed = names[len(given.positional) : len(names) - len(function.args.defaults)]
    few_enough = len(given.positional) <= len(names) or function.args.vararg is not None
    return few_enough and set(named) <= set(rest) and set(needed) <= set(named)


class _WrongArguments:
    """Refuses a call that turns out to reach a method with other parameters."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __call__(self) -> Value:
        raise Refused(f"'{self.label}' is called with other arguments", "give it as many as it has parameters")


class _IsA:
    """Whether a value is an instance of a class of the file."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, value: Value) -> bool:
        return isinstance(value, Ref) and value.kind == self.name


class _Recursion:
    """Refuses a call that is met while the same function is being called."""

    def __init__(self, label: str) -> None:
        self.label = label

    def __call__(self) -> Value:
        raise Refused(f"'{self.label}' calls itself", "methods are inlined, so write a loop")
