"""Reads the classes of a file: methods, properties, constants, and what `@dataclass` adds."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from lab.language.source import Source
from lab.model.values import Value

__all__ = ["OPERATORS", "ClassInfo", "read_class"]

OPERATORS: dict[str, str] = {
    "Add": "add",
    "Sub": "sub",
    "Mult": "mul",
    "Div": "truediv",
    "FloorDiv": "floordiv",
    "Mod": "mod",
    "Pow": "pow",
    "LShift": "lshift",
    "RShift": "rshift",
    "BitAnd": "and",
    "BitOr": "or",
    "BitXor": "xor",
}
"""What Python calls the method of a binary operator, by the operator's class in `ast`."""

_SPECIAL = frozenset(
    (
        *(f"__{prefix}{name}__" for name in OPERATORS.values() for prefix in ("", "r", "i")),
        *("__init__", "__enter__", "__exit__", "__call__", "__str__", "__repr__", "__len__", "__bool__"),
        *("__eq__", "__lt__", "__le__", "__gt__", "__ge__", "__contains__"),
        *("__getitem__", "__setitem__", "__delitem__"),
    )
)
_DATACLASS = ("dataclasses.dataclass",)


@dataclass
class ClassInfo:
    """A class of the file.

    Attributes
    ----------
    methods, getters, setters : dict of str to ast.FunctionDef
        The functions of the body, and those of its properties.
    constants : dict of str to Value
        What the body assigns.
    fields : list of ast.AnnAssign
        The annotated names of a dataclass, in order.
    """

    name: str
    node: ast.ClassDef
    methods: dict[str, ast.FunctionDef] = field(default_factory=dict)
    getters: dict[str, ast.FunctionDef] = field(default_factory=dict)
    setters: dict[str, ast.FunctionDef] = field(default_factory=dict)
    constants: dict[str, Value] = field(default_factory=dict)
    fields: list[ast.AnnAssign] = field(default_factory=list)

    @property
    def functions(self) -> list[ast.FunctionDef]:
        """Return every function of the class."""
        return [*self.methods.values(), *self.getters.values(), *self.setters.values()]


def read_class(
    source: Source,
    qualified: Callable[[ast.expr], str | None],
    evaluate: Callable[[ast.expr], Value],
    check: Callable[[ast.FunctionDef], None],
    node: ast.ClassDef,
) -> ClassInfo:
    """Return what a class statement says; raises `ScenarioError` for what the language does not have."""
    reader = _Reader(source, qualified, evaluate, check, node)
    return reader.read()


class _Reader:
    """Reads one class statement."""

    def __init__(
        self,
        source: Source,
        qualified: Callable[[ast.expr], str | None],
        evaluate: Callable[[ast.expr], Value],
        check: Callable[[ast.FunctionDef], None],
        node: ast.ClassDef,
    ) -> None:
        self.source = source
        self.qualified = qualified
        self.evaluate = evaluate
        self.check = check
        self.node = node
        self.found = ClassInfo(node.name, node)
        self.is_dataclass = False

    def read(self) -> ClassInfo:
        """Read the head, the body, and add what `@dataclass` adds."""
        for base in [*self.node.bases, *(keyword.value for keyword in self.node.keywords)]:
            if not (isinstance(base, ast.Name) and base.id == "object"):
                raise self.source.error(base, "a class inherits from another", "write its methods out")
        self.is_dataclass = self._decorated()
        for position, statement in enumerate(self.node.body):
            is_docstring = (
                position == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            )
            if not is_docstring and not isinstance(statement, ast.Pass):
                self._statement(statement)
        if self.is_dataclass:
            self._add_dataclass_methods()
        return self.found

    def _decorated(self) -> bool:
        for decorator in self.node.decorator_list:
            if self.qualified(decorator) not in _DATACLASS:
                raise self.source.error(
                    decorator, f"`@{self.source.segment(decorator)}` stands above a class", "write `@dataclass` alone"
                )
        return bool(self.node.decorator_list)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef():
                self._function(node)
            case ast.AnnAssign(ast.Name()) if self.is_dataclass:
                self.found.fields.append(node)
            case ast.Assign([ast.Name(name)], value) | ast.AnnAssign(ast.Name(name), _, ast.expr() as value):
                if name.startswith("__"):
                    raise self.source.error(node, f"'{name}' is not part of the language", "leave it out")
                self.found.constants[name] = self.evaluate(value)
            case _:
                raise self.source.error(
                    node, "this statement is not allowed in a class", "write methods and `name = value`"
                )

    def _function(self, node: ast.FunctionDef) -> None:
        self.check(node)
        where = self._kind(node)
        if not node.args.args:
            raise self.source.error(node, f"the method '{node.name}' has no parameter", "write `self` first")
        if node.name.startswith("__") and node.name.endswith("__") and node.name not in _SPECIAL:
            raise self.source.error(node, f"the method '{node.name}' is not part of the language", "leave it out")
        if node.name in where:
            raise self.source.error(node, f"'{node.name}' is defined twice", "use another name")
        where[node.name] = node

    def _kind(self, node: ast.FunctionDef) -> dict[str, ast.FunctionDef]:
        """Return where a function belongs by its decorator."""
        match node.decorator_list:
            case []:
                return self.found.methods
            case [ast.Name("property")]:
                return self.found.getters
            case [ast.Attribute(ast.Name(name), "setter")] if name == node.name:
                return self.found.setters
        raise self.source.error(
            node.decorator_list[0],
            f"`@{self.source.segment(node.decorator_list[0])}` is not allowed in a class",
            "write a method, `@property` or `@name.setter`",
        )

    # What `@dataclass` adds

    def _add_dataclass_methods(self) -> None:
        names = [target.id for one in self.found.fields if isinstance(target := one.target, ast.Name)]
        own = "".join(f"self.{name}, " for name in names)
        other = "".join(f"other.{name}, " for name in names)
        shown = ", ".join(f"{name}={{self.{name}!r}}" for name in names)
        body = "".join(f"\n    self.{name} = {name}" for name in names) or "\n    pass"
        texts = {
            "__init__": f"def __init__({', '.join(['self', *names])}):{body}",
            "__eq__": f"def __eq__(self, other):\n    if isinstance(other, {self.node.name}):\n"
            f"        return ({own}) == ({other})\n    return False",
            "__repr__": f"def __repr__(self):\n    return f'{self.node.name}({shown})'",
        }
        for name, text in texts.items():
            if name not in self.found.methods:
                function = ast.parse(text).body[0]
                assert isinstance(function, ast.FunctionDef)
                for inner in ast.walk(function):
                    ast.copy_location(inner, self.node)
                if name == "__init__":
                    function.args.defaults = self._defaults()
                self.found.methods[name] = function

    def _defaults(self) -> list[ast.expr]:
        defaults: list[ast.expr] = []
        for one in self.found.fields:
            if one.value is not None:
                defaults.append(self._default(one.value))
            elif defaults:
                raise self.source.error(one, "a field without a default follows one with a default", "swap them")
        return defaults

    def _default(self, node: ast.expr) -> ast.expr:
        """Return a field's default: the value, or the call of its factory."""
        if not (isinstance(node, ast.Call) and self.qualified(node.func) == "dataclasses.field"):
            return node
        match node.args, node.keywords:
            case [], [ast.keyword("default", value)]:
                return value
            case [], [ast.keyword("default_factory", ast.Name() | ast.Attribute() as factory)]:
                return _anew(ast.copy_location(ast.Call(factory, [], []), node))
            case [], [ast.keyword("default_factory", ast.Lambda(ast.arguments([], []), made))]:
                return _anew(made)
        raise self.source.error(
            node, "this form of `field` is not part of the language", "write `default_factory=list`"
        )


def _anew(made: ast.expr) -> ast.expr:
    """Mark a default as one that is evaluated in every call."""
    made.anew = True  # type: ignore[attr-defined]  # a note of our own on Python's node
    return made
