"""The top level of a file: parameters, shared variables and the objects they start with.

Values are computed by this small evaluator, never by running the file, and every step of it is bounded.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lab.language.classes import ClassInfo
from lab.language.source import Source
from lab.model import compute
from lab.model.heap import Raised, Refused
from lab.model.objects.loop import EventLoop
from lab.model.objects.synchroniser import Synchroniser
from lab.model.objects.synchronisers import SYNCHRONISERS
from lab.model.texts import LIMIT_ITEMS
from lab.model.values import Ref, Value, type_name

__all__ = ["Blueprint", "Evaluator", "check_literal"]

_CONTAINERS = ("list", "dict", "set", "deque")
_ARGUMENTS: dict[str, tuple[int, int]] = {
    "collections.deque": (0, 1),
    "types.SimpleNamespace": (0, 0),
    "lab.scenario.Atomic": (0, 1),
    "lab.scenario.Record": (0, 1),
}

_REDUCTIONS: dict[str, Callable[[tuple[Value, ...]], Value]] = {
    "builtins.len": len,
    "builtins.min": min,
    "builtins.max": max,
    "builtins.sum": sum,
}


@dataclass
class Blueprint:
    """An object of the heap as the file makes it, before it is known what may change.

    `items` holds elements, or pairs for a dict; `fields` holds attributes; a lock or an `Atomic` has one item or none.
    """

    ref: Ref
    items: tuple[Value, ...] = ()
    fields: dict[str, Value] = field(default_factory=dict)


def check_literal(source: Source, node: ast.AST, value: Any) -> Any:
    """Return a literal that the language has, or raise the error that names what is wrong with it."""
    if isinstance(value, bytes | complex) or value is ...:
        raise source.error(
            node, f"a {type(value).__name__} value is not part of the language", "use numbers, texts and tuples"
        )
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise source.error(node, "a text holds half of a character", "write the whole character")
    if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
        raise source.error(node, f"the value {value!r} is not allowed", "floats are finite")
    return value


class Evaluator:
    """Computes the values that stand at the top level of a file.

    Parameters
    ----------
    source : Source
        The file, for errors.
    qualified : callable
        Gives the full name that an expression refers to through the file's imports, or None.
    """

    def __init__(self, source: Source, qualified: Callable[[ast.expr], str | None]) -> None:
        self.source = source
        self.qualified = qualified
        self.names: dict[str, Value] = {}
        self.heap: list[Blueprint] = []
        self.classes: dict[str, ClassInfo] = {}
        self._cost = 0
        self._loop: Ref | None = None

    def value(self, node: ast.expr, names: Mapping[str, Value] | None = None) -> Value:
        """Return the value of an expression; new objects are added to the heap."""
        self._cost += 1
        if self._cost > 2_000_000:
            raise self.source.error(node, "the top level takes too long to compute", "use smaller ranges")
        try:
            return self._value(node, names or {})
        except Refused as refused:
            raise self.source.error(node, refused.message, refused.hint) from None
        except Raised as raised:
            raise self.source.error(node, f"this raises {raised.thrown}", "correct the value") from None
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            raise self.source.error(node, f"this raises {type(error).__name__}: {error}", "correct the value") from None

    def _value(self, node: ast.expr, names: Mapping[str, Value]) -> Value:
        match node:
            case ast.Constant(value):
                return compute.bounded(check_literal(self.source, node, value))
            case ast.Name(name):
                if name in names:
                    return names[name]
                if name in self.names:
                    return self.names[name]
                raise self.source.error(node, f"'{name}' has no value here", "assign it on a line above")
            case ast.Tuple(elts):
                return compute.bounded(tuple(self.value(element, names) for element in self._no_stars(elts)))
            case ast.List(elts):
                return self.build("list", tuple(self.value(element, names) for element in self._no_stars(elts)))
            case ast.Set(elts):
                return self.build("set", tuple(self._hashable(e, self.value(e, names)) for e in self._no_stars(elts)))
            case ast.Dict(keys, values):
                return self._dict(keys, values, names)
            case ast.UnaryOp(op, operand):
                value = self.value(operand, names)
                return (not value) if isinstance(op, ast.Not) else compute.UNARY[type(op).__name__](value)
            case ast.BinOp(left, op, right):
                return self._binary(node, self.value(left, names), op, self.value(right, names))
            case _:
                return self._rarer(node, names)

    def _rarer(self, node: ast.expr, names: Mapping[str, Value]) -> Value:
        match node:
            case ast.Compare(left, [op], [right]) if type(op).__name__ in compute.COMPARE:
                return compute.COMPARE[type(op).__name__](self.value(left, names), self.value(right, names))
            case ast.IfExp(test, body, orelse):
                return self.value(body if self.value(test, names) else orelse, names)
            case ast.Subscript(value, index) if not isinstance(index, ast.Slice):
                return compute.bounded(
                    compute.invoke("__getitem__", self.value(value, names), (self.value(index, names),))
                )
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self._comprehension(node, names)
            case ast.Call():
                return self._call(node, names)
            case ast.Attribute(value, name):
                return self._attribute(node, value, name, names)
        raise self.source.error(
            node,
            f"`{self.source.segment(node)}` is not a value that the top level may hold",
            "write numbers, texts, containers, locks, Atomic or Record",
        )

    def _attribute(self, node: ast.Attribute, value: ast.expr, name: str, names: Mapping[str, Value]) -> Value:
        """Return an attribute of an object that stands at the top level, or of a class."""
        if isinstance(value, ast.Name) and value.id in self.classes and name in self.classes[value.id].constants:
            return self.classes[value.id].constants[name]
        holder = self.value(value, names)
        if isinstance(holder, Ref):
            fields = self.heap[holder.number].fields
            constants = self.classes[holder.kind].constants if holder.kind in self.classes else {}
            if name in fields or name in constants:
                return fields.get(name, constants.get(name))
        raise self.source.error(node, f"this has no attribute '{name}' yet", "assign it on a line above")

    def _instance(self, node: ast.Call, info: ClassInfo, arguments: list[Value], named: dict[str, Value]) -> Ref:
        """Return a new object of a class of the file, after its `__init__`."""
        made = self.build(info.name)
        function = info.methods.get("__init__")
        if function is None:
            if arguments or named:
                raise self.source.error(node, f"'{info.name}' takes no arguments", "write an `__init__`")
            return made
        parameters = [argument.arg for argument in function.args.args]
        defaults = dict(zip(reversed(parameters), reversed(function.args.defaults), strict=False))
        given = dict(zip(parameters, [made, *arguments], strict=False))
        if len(arguments) >= len(parameters) or set(named) - set(parameters[1:]) or set(named) & set(given):
            raise self.source.error(node, f"'{info.name}' is called with other arguments", "give it what it needs")
        given.update(named)
        for name in parameters:
            if name not in given:
                if name not in defaults:
                    raise self.source.error(node, f"'{info.name}' is called without '{name}'", "give it a value")
                given[name] = self.value(defaults[name])
        self._initialise(function.body, made, parameters[0], given)
        return made

    def _initialise(self, body: list[ast.stmt], made: Ref, own: str, names: dict[str, Value]) -> None:
        """Perform the statements of an `__init__`: assignments, and `if` around them."""
        for statement in body:
            match statement:
                case ast.Pass() | ast.Expr(ast.Constant()):
                    pass
                case ast.Assign([target], value) | ast.AnnAssign(target, _, ast.expr() as value):
                    match target:
                        case ast.Attribute(ast.Name(name), attribute) if name == own:
                            self.heap[made.number].fields[attribute] = self.value(value, names)
                        case ast.Name(name):
                            names[name] = self.value(value, names)
                        case _:
                            raise self._not_in_init(statement)
                case ast.If(test, body, orelse):
                    self._initialise(body if self.value(test, names) else orelse, made, own, names)
                case _:
                    raise self._not_in_init(statement)

    def _not_in_init(self, node: ast.stmt) -> Exception:
        return self.source.error(
            node,
            "this statement stands in the `__init__` of an object that is made at the top level",
            "assign attributes of `self` there, or make the object in a thread",
        )

    def _no_stars(self, elements: list[ast.expr]) -> list[ast.expr]:
        for element in elements:
            if isinstance(element, ast.Starred):
                raise self.source.error(element, "an element is unpacked with *", "write the elements out")
        return elements

    def build(self, kind: str, items: tuple[Value, ...] = (), fields: dict[str, Value] | None = None) -> Ref:
        """Add an object to the heap and return its reference."""
        if len(items) > LIMIT_ITEMS:
            raise Refused("a container has more than a million elements", "use a smaller one")
        if len(self.heap) >= 20_000:
            raise Refused("the file makes more than 20,000 objects", "use smaller containers")
        if kind == "set":
            items = tuple(dict.fromkeys(items))
        if kind == "dict":
            items = tuple(dict(items).items())
        ref = Ref(len(self.heap), kind)
        self.heap.append(Blueprint(ref, items, dict(fields or {})))
        return ref

    def _hashable(self, node: ast.expr, value: Value) -> Value:
        if any(
            isinstance(part, Ref) and part.kind in _CONTAINERS
            for part in (value if isinstance(value, tuple) else (value,))
        ):
            raise self.source.error(
                node, f"a {type_name(value)} cannot be a key", "use numbers, texts or tuples as keys"
            )
        return value

    def _dict(self, keys: list[ast.expr | None], values: list[ast.expr], names: Mapping[str, Value]) -> Ref:
        pairs = []
        for key, value in zip(keys, values, strict=True):
            if key is None:
                raise self.source.error(value, "a dict is unpacked with **", "write the entries out")
            pairs.append((self._hashable(key, self.value(key, names)), self.value(value, names)))
        return self.build("dict", tuple(pairs))

    def _binary(self, node: ast.expr, left: Value, op: ast.operator, right: Value) -> Value:
        if type(op).__name__ not in compute.BINARY:
            raise self.source.error(node, "matrix multiplication is not part of the language", "write the sum out")
        for one, other in ((left, right), (right, left)):
            if isinstance(op, ast.Mult) and isinstance(one, Ref) and one.kind == "list" and isinstance(other, int):
                items = self.heap[one.number].items
                if len(items) * other > LIMIT_ITEMS:
                    raise Refused("a list has more than a million elements", "use a smaller one")
                return self.build("list", items * other)
        if (
            isinstance(op, ast.Add)
            and isinstance(left, Ref)
            and isinstance(right, Ref)
            and left.kind == right.kind == "list"
        ):
            return self.build("list", self.heap[left.number].items + self.heap[right.number].items)
        return compute.BINARY[type(op).__name__](left, right)

    def _comprehension(self, node: ast.expr, names: Mapping[str, Value]) -> Value:
        assert isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp)
        loop, target = node.generators[0], node.generators[0].target
        if len(node.generators) != 1 or not isinstance(target, ast.Name) or loop.is_async:
            raise self.source.error(
                node, "only comprehensions with one plain loop variable are allowed", "use one `for`"
            )
        rows = []
        for item in self._iterate(loop.iter, self.value(loop.iter, names)):
            inner = {**names, target.id: item}
            if all(self.value(test, inner) for test in loop.ifs):
                if isinstance(node, ast.DictComp):
                    rows.append((self._hashable(node.key, self.value(node.key, inner)), self.value(node.value, inner)))
                else:
                    rows.append(self.value(node.elt, inner))
        kind = {ast.ListComp: "list", ast.SetComp: "set", ast.DictComp: "dict"}.get(type(node))
        return tuple(rows) if kind is None else self.build(kind, tuple(rows))

    def _iterate(self, node: ast.expr, value: Value) -> Any:
        if isinstance(value, range | tuple | str):
            if len(value) > LIMIT_ITEMS:
                raise Refused("a range has more than a million elements", "use a smaller one")
            return value
        if isinstance(value, Ref) and value.kind in ("list", "deque"):
            return self.heap[value.number].items
        if isinstance(value, Ref) and value.kind == "dict":
            return tuple(key for key, _ in self.heap[value.number].items)
        raise self.source.error(node, "this cannot be iterated here", "write `range(...)`, a tuple or a list")

    def _call(self, node: ast.Call, names: Mapping[str, Value]) -> Value:
        name = self.qualified(node.func)
        info = self.classes.get(node.func.id) if isinstance(node.func, ast.Name) else None
        arguments = [self.value(argument, names) for argument in self._no_stars(node.args)]
        if info is not None:
            named = {str(k.arg): self.value(k.value, names) for k in self._named(node)}
            return self._instance(node, info, arguments, named)
        if name == "builtins.range" and 1 <= len(arguments) <= 3 and not node.keywords:
            return range(*arguments)
        if (
            name in ("builtins.list", "builtins.set", "builtins.tuple", "collections.deque")
            and len(arguments) <= 1
            and not node.keywords
        ):
            items = tuple(self._iterate(node.args[0], arguments[0])) if arguments else ()
            if name == "builtins.set":
                items = tuple(self._hashable(node, item) for item in items)
            return items if name == "builtins.tuple" else self.build(name.rpartition(".")[2], items)
        if name == "builtins.dict" and not arguments:
            return self.build("dict", tuple((str(k.arg), self.value(k.value, names)) for k in self._named(node)))
        if (name in _REDUCTIONS or name == "builtins.abs") and len(arguments) == 1:
            return self._builtin(name, node, arguments[0])
        if name in SYNCHRONISERS:
            return self._synchroniser(SYNCHRONISERS[name], node, arguments, names)
        if name in _ARGUMENTS:
            return self._make(name, node, arguments, names)
        text = self.source.segment(node.func)
        raise self.source.error(
            node,
            f"`{text}` may not be called at the top level",
            "make it in the `@main` function"
            if name == "threading.Thread"
            else "call Lock, RLock, Semaphore, deque, SimpleNamespace, Atomic, Record or range",
        )

    def _builtin(self, name: str, node: ast.Call, value: Value) -> Value:
        if name == "builtins.abs":
            return compute.bounded(abs(value))
        items = tuple(self._iterate(node.args[0], value))
        return _REDUCTIONS[name](items)

    def _named(self, node: ast.Call) -> list[ast.keyword]:
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.source.error(keyword.value, "arguments are unpacked with **", "write the arguments out")
        return node.keywords

    def _synchroniser(
        self, cls: type[Synchroniser], node: ast.Call, arguments: list[Value], names: Mapping[str, Value]
    ) -> Ref:
        given = dict(zip(cls.parameters, arguments, strict=False))
        given |= {str(keyword.arg): self.value(keyword.value, names) for keyword in self._named(node)}
        if len(given) < len(arguments) + len(node.keywords) or not given.keys() <= cls.parameters.keys():
            raise self.source.error(
                node, f"{cls.kind} is called with arguments it does not take", f"write `{cls.usage}`"
            )
        prepared = cls.prepare(tuple({**cls.parameters, **given}.values()), self._part)
        return self.build(cls.kind, prepared)

    def _part(self, kind: str) -> Ref:
        """Return an object that another one needs: a lock of its own, or the loop, of which there is one."""
        return self.loop() if kind == EventLoop.kind else self.build(kind)

    def loop(self) -> Ref:
        """Return the event loop."""
        if self._loop is None:
            self._loop = self.build(EventLoop.kind)
        return self._loop

    def _make(self, name: str, node: ast.Call, arguments: list[Value], names: Mapping[str, Value]) -> Ref:
        kind = name.rpartition(".")[2]
        keywords = {str(k.arg): self.value(k.value, names) for k in self._named(node)}
        if kind == "Atomic":
            arguments = arguments or [0]
        if kind == "Record":
            keywords = {"refs": arguments.pop() if arguments else keywords.pop("refs", 1), **keywords}
        low, high = _ARGUMENTS[name]
        if not low <= len(arguments) <= high or (keywords and kind not in ("SimpleNamespace", "Record")):
            raise self.source.error(
                node, f"{kind} is called with arguments it does not take", f"write `{_USAGE[kind]}`"
            )
        return self.build(kind, tuple(arguments), keywords)


_USAGE = {
    "SimpleNamespace": "SimpleNamespace(name=value)",
    "Atomic": "Atomic(0)",
    "Record": "Record(refs=1, name=value)",
    "deque": "deque([1, 2])",
}
