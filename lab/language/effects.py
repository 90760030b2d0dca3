"""What the functions of a file may change, read from the text alone: everything else is a constant.

A path that begins with a global's own name reaches that object only; a path through a local, a parameter or an
attribute may reach any object whose class has the operation. Unreachable code counts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

from lab.language.toplevel import Blueprint
from lab.model.heap import HeapObject
from lab.model.objects.cells import Atomic, Namespace, Record
from lab.model.objects.containers import Container
from lab.model.objects.mappings import Dict, Set
from lab.model.objects.sequences import Deque, List
from lab.model.objects.synchronisers import SYNCHRONISERS
from lab.model.objects.tasks import Task
from lab.model.objects.threads import Thread
from lab.model.values import Ref, Value

__all__ = ["CONTAINERS", "Effects", "Scope", "methods", "own_nodes", "read_effects", "scope_of"]

CONTAINERS: dict[str, type[Container]] = {"list": List, "deque": Deque, "dict": Dict, "set": Set}
_CLASSES: dict[str, type[HeapObject]] = {
    **CONTAINERS,
    **{kind.kind: kind for kind in SYNCHRONISERS.values()},
    "SimpleNamespace": Namespace,
    "Record": Record,
    "Atomic": Atomic,
    "Task": Task,
    "Thread": Thread,
}
_READING = frozenset(
    (
        "__len__",
        "__bool__",
        "__contains__",
        "__next__",
        "__copy__",
        "copy",
        "__getitem__",
        "get",
        "index",
        "count",
        "__getattr__",
    )
)
_KEEPS_SHAPE = frozenset(("__setitem__", "reverse", "sort", "rotate"))


def methods() -> frozenset[str]:
    """Return every method that some object of the language has."""
    names: set[str] = set()
    for kind in _CLASSES.values():
        names |= {name for name in kind.rules if not name.startswith("__")}
    return frozenset((names | {"wait_for"}) - {"free", "freed"})


@dataclass(frozen=True)
class Scope:
    """The names of one function: its parameters, the globals it declares, and its locals (parameters included).

    `inner` holds the variables of its comprehensions and the parameters of its lambdas, each known inside of it only;
    `single` the locals that the text binds once.
    """

    parameters: tuple[str, ...]
    globals: frozenset[str]
    locals: frozenset[str]
    inner: frozenset[str] = frozenset()
    single: frozenset[str] = frozenset()


def _stores(node: ast.AST) -> Iterator[ast.Name]:
    """Yield the names bound in a function's own body, without the bodies of lambdas and comprehensions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ExceptHandler) and child.name is not None:
            yield ast.copy_location(ast.Name(child.name, ast.Store()), child)
        if isinstance(child, ast.FunctionDef):
            yield ast.copy_location(ast.Name(child.name, ast.Store()), child)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store | ast.Del):
            yield child
        elif not isinstance(
            child, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp | ast.FunctionDef
        ):
            yield from _stores(child)


def own_nodes(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Yield the nodes of a function's body, without those of functions inside of it, whose nodes are yielded alone."""
    pending: list[ast.AST] = list(reversed(function.body))
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, ast.FunctionDef):
            pending.extend(node.args.defaults)
        else:
            pending.extend(reversed(list(ast.iter_child_nodes(node))))


def scope_of(function: ast.FunctionDef) -> Scope:
    """Return the names of a function."""
    declared = {name for node in own_nodes(function) if isinstance(node, ast.Global) for name in node.names}
    outer = {name for node in own_nodes(function) if isinstance(node, ast.Nonlocal) for name in node.names}
    parameters = tuple(argument.arg for argument in function.args.args)
    stores = [name.id for statement in function.body for name in _stores(ast.Module([statement], []))]
    bound = set(stores) - outer
    single = frozenset(name for name in bound - set(parameters) if stores.count(name) == 1)
    return Scope(
        parameters, frozenset(declared), frozenset(bound | set(parameters)) - declared, _inner(function), single
    )


def _inner(function: ast.FunctionDef) -> frozenset[str]:
    names: set[str] = set()
    for node in own_nodes(function):
        if isinstance(node, ast.Lambda):
            names.update(argument.arg for argument in node.args.args)
        elif isinstance(node, ast.comprehension):
            names.update(name.id for name in ast.walk(node.target) if isinstance(name, ast.Name))
    return frozenset(names)


@dataclass
class Effects:
    """What some function may change.

    Attributes
    ----------
    rebound : set of str
        Global names that some function assigns.
    attributes : set of str
        Attribute names that some function assigns or deletes.
    changed, reshaped : set of int
        Numbers of the containers whose content may change, and of those among them whose length may.
    """

    rebound: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)
    changed: set[int] = field(default_factory=set)
    reshaped: set[int] = field(default_factory=set)


def read_effects(functions: Iterable[ast.FunctionDef], names: Mapping[str, Value], heap: list[Blueprint]) -> Effects:
    """Return what the functions may change."""
    effects = Effects()
    changes: list[tuple[ast.expr, str, Scope]] = []
    for function in functions:
        scope = scope_of(function)
        constructs = _constructs(function)
        for node in own_nodes(function):
            changes.extend((base, operation, scope) for base, operation in _changes(node))
            if _extends(node, scope, names):
                changes.append((node.target, "__iadd__", scope))
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del) and node.id in scope.globals:
                effects.rebound.add(node.id)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
                made_here = constructs and isinstance(node.value, ast.Name) and node.value.id == constructs
                effects.attributes |= set() if made_here else {node.attr}
    before = -1
    while before != len(effects.changed):
        before = len(effects.changed)
        for base, operation, scope in changes:
            reached = _reached(base, scope, effects, names, heap)
            for blueprint in heap:
                kind = CONTAINERS.get(blueprint.ref.kind)
                if (
                    kind is None
                    or operation not in kind.rules
                    or (reached is not None and blueprint.ref.number not in reached)
                ):
                    continue
                effects.changed.add(blueprint.ref.number)
                if operation not in _KEEPS_SHAPE:
                    effects.reshaped.add(blueprint.ref.number)
    return effects


def _constructs(function: ast.FunctionDef) -> str:
    """Return the name of `self` in an `__init__` that nobody else can look into: it is used for its attributes only."""
    if function.name != "__init__" or not function.args.args:
        return ""
    name = function.args.args[0].arg
    called = {id(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}
    plain = {
        id(node.value) for node in ast.walk(function) if isinstance(node, ast.Attribute) and id(node) not in called
    }
    uses = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == name]
    return name if all(id(node) in plain for node in uses) else ""


def _changes(node: ast.AST) -> Iterator[tuple[ast.expr, str]]:
    """Yield the paths that a node changes, each with the operation."""
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        yield node.value, "__setitem__"
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Del):
        yield node.value, "__delitem__"
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr not in _READING:
        yield node.func.value, node.func.attr


def _extends(node: ast.AST, scope: Scope, names: Mapping[str, Value]) -> TypeGuard[ast.AugAssign]:
    """Whether `x += y` may extend a list in place: x starts as a list, or y is written as a list or tuple."""
    if not (isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add)):
        return False
    if isinstance(node.target, ast.Name) and node.target.id in scope.globals:
        before = names.get(node.target.id)
        if isinstance(before, Ref) and before.kind in ("list", "deque"):
            return True
    return _many(node.value)


def _many(node: ast.expr) -> bool:
    """Whether an expression is written so that its value is a list or a tuple."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("list", "sorted", "tuple")
    if isinstance(node, ast.BinOp):
        return _many(node.left) or _many(node.right)
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Slice)
    return isinstance(node, ast.List | ast.Tuple)


def _reached(
    base: ast.expr, scope: Scope, effects: Effects, names: Mapping[str, Value], heap: list[Blueprint]
) -> set[int] | None:
    """Return the numbers of the objects that a path reaches; None when it may reach any."""
    if isinstance(base, ast.Name):
        if base.id in scope.locals | scope.inner or base.id in effects.rebound or base.id not in names:
            return None
        value = names[base.id]
        return {value.number} if isinstance(value, Ref) else set()
    if isinstance(base, ast.Subscript):
        outer = _reached(base.value, scope, effects, names, heap)
        if outer is None or outer & effects.changed:
            return None
        found: set[int] = set()
        for number in outer:
            for item in heap[number].items:
                for part in item if isinstance(item, tuple) else (item,):
                    if isinstance(part, Ref):
                        found.add(part.number)
        return found
    return None
