"""Reads a whole scenario file: imports, the top level, functions, properties, expectations."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from lab.errors import ScenarioError, UsageError
from lab.language.builder import TooLong
from lab.language.captures import find_inner
from lab.language.classes import ClassInfo, read_class
from lab.language.context import FileContext
from lab.language.effects import read_effects
from lab.language.expectations import read_expectation
from lab.language.imports import Imports
from lab.language.layout import Layout
from lab.language.names import LATER
from lab.language.planning import Planner
from lab.language.questions import read_question
from lab.language.source import Source
from lab.language.statements import Lowering
from lab.language.tasks import as_plain, check_awaits
from lab.language.toplevel import Evaluator
from lab.model.heap import Refused
from lab.model.instructions import Code
from lab.model.program import Program, Property, PropertyKind, Thread
from lab.model.texts import format_value
from lab.model.values import Ref, Value, identity, type_name

__all__ = ["ScenarioFile"]

_TAKEN = ("list", "dict", "set", "deque", "Lock", "RLock", "Semaphore", "Atomic", "Record", "SimpleNamespace")

_PROPERTIES: dict[str, PropertyKind] = {
    "lab.scenario.always": "always",
    "lab.scenario.final": "final",
    "lab.scenario.sometimes": "sometimes",
    "lab.scenario.eventually": "eventually",
}


class ScenarioFile:
    """The parts of one scenario file, gathered statement by statement.

    Parameters
    ----------
    text, path, name : str
        The file's content, the path for errors, and the scenario's name.
    overrides : Mapping[str, Value]
        Parameters the caller sets; raises `UsageError` for one that the file does not have.
    """

    def __init__(self, text: str, path: str, name: str, overrides: Mapping[str, Value]) -> None:
        self.source = Source(text, path)
        self.name = name
        self.overrides = overrides
        self.own: set[str] = set()
        self.imports = Imports(self.source, self.own)
        self.evaluator = Evaluator(self.source, self.imports.qualified)
        self.parameters: dict[str, Value] = {}
        self.defaults: dict[str, Value] = {}
        self.functions: dict[str, ast.FunctionDef] = {}
        self.helpers: dict[str, ast.FunctionDef] = {}
        self.classes: dict[str, ClassInfo] = {}
        self.threads: list[tuple[ast.FunctionDef, ast.expr | None]] = []
        self.properties: list[tuple[ast.FunctionDef, PropertyKind]] = []
        self.expects: list[ast.Call] = []
        self.questions: list[ast.Call] = []
        self.asynchronous: set[str] = set()
        self.main: ast.FunctionDef | None = None

    def program(self) -> Program:
        """Return the program; raises `ScenarioError` where the file leaves the language."""
        try:
            return self._program()
        except RecursionError:
            raise self.source.error(
                None, "the program nests too deeply", "split it; a scenario is a small program"
            ) from None

    def _program(self) -> Program:
        tree = self.source.parse()
        check_awaits(self.source, tree)
        for position, statement in enumerate(tree.body):
            if position or not _is_text(statement):
                self._top_level(statement)
        for name in self.overrides:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise UsageError(f"'{self.name}' has no parameter '{name}'; its parameters: {known}")
        if not self.threads and self.main is None:
            raise self.source.error(None, "the file has no thread", "write `@thread` above a function")
        if self.threads and self.main is not None:
            raise self.source.error(
                self.threads[0][0],
                "the file has a `@main` function and a `@thread`",
                "start every thread in the `@main` function, or none",
            )
        context, layout = self._context()
        properties = tuple(self._property(context, function, kind) for function, kind in self.properties)
        observed = self._observed(layout)
        names: dict[str, Any] = {
            "properties": [prop.name for prop in properties],
            "observed": observed,
            "parameters": self.parameters,
        }
        docstring = ast.get_docstring(tree) or ""
        title, _, lesson = docstring.partition("\n")
        program = Program(
            name=self.name,
            path=self.source.path,
            title=title.strip() or self.name,
            lesson=lesson.strip(),
            source=self.source.text,
            parameters=self.parameters,
            overridden=dict(self.overrides),
            threads=(),
            components=(),
            heap=(),
            properties=properties,
            expectations=tuple(read_expectation(self.source, self.evaluator, node, **names) for node in self.expects),
            questions=tuple(read_question(self.source, self.evaluator, node, **names) for node in self.questions),
            observed=observed,
            stdout=context.stdout,
            defaults=self.defaults,
            makers=layout.makers,
            exits=context.exits,
        )
        return self._with_threads(program, context, layout)

    def _with_threads(self, program: Program, context: FileContext, layout: Layout) -> Program:
        """Return the program with its threads, and with what they share."""
        for helper in self.helpers.values():
            self._lower(context, "thread", helper)  # so that a mistake in a helper that nobody calls is found too

        def having(threads: tuple[Thread, ...]) -> Program:
            tasks = [number for number, one in enumerate(threads) if one.task and one.gate is None]
            return replace(
                program, threads=threads, components=layout.with_tasks(context.loop, tasks), heap=layout.heap
            )

        roots = (
            self._threads(context, layout) if self.main is None else (self._main_thread(context, layout, self.main),)
        )
        if not context.targets:
            return having(roots)
        planner = Planner(
            layout, roots, context.targets, lambda target: Lowering(context, "thread").started(target), context.loop
        )
        try:
            planner.plan(having)
        except Refused as refused:
            raise self.source.error(self.main or self.threads[0][0], refused.message, refused.hint) from None
        return having(tuple(planner.threads))

    def _main_thread(self, context: FileContext, layout: Layout, function: ast.FunctionDef) -> Thread:
        main = self._lower(context, "thread", function)
        return Thread("main", main, (), dict(layout.places("main", main)))

    # The top level, statement by statement

    def _top_level(self, node: ast.stmt) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self.imports.add(node)
            case ast.Assign(targets, value):
                for target in targets:
                    self._define(target, value, shared=None if target is targets[0] else targets[0])
            case ast.AnnAssign(target, _, value) if value is not None:
                self._define(target, value)
            case ast.FunctionDef():
                self._function(node)
            case ast.AsyncFunctionDef():
                self.asynchronous.add(node.name)
                self._function(as_plain(node))
            case ast.ClassDef():
                self._class(node)
            case ast.Expr(ast.Call(func) as call) if self.imports.qualified(func) == "lab.scenario.expect":
                self.expects.append(call)
            case ast.Expr(ast.Call(func) as call) if self.imports.qualified(func) == "lab.scenario.question":
                self.questions.append(call)
            case ast.If(test) if ast.unparse(test) in ("__name__ == '__main__'", "'__main__' == __name__"):
                pass
            case ast.Pass():
                pass
            case _:
                raise self._not_top_level(node)

    def _not_top_level(self, node: ast.stmt) -> ScenarioError:
        what, instead = _REFUSED.get(type(node).__name__, ("this statement", "put it into a function"))
        return self.source.error(node, f"{what} is not allowed at the top level", instead)

    def _define(self, target: ast.expr, node: ast.expr, shared: ast.expr | None = None) -> None:
        if not isinstance(target, ast.Name):
            raise self.source.error(
                target, "only plain names are assigned at the top level", "write one `name = value` a line"
            )
        name = target.id
        self._new(target, name)
        value = self.evaluator.names[shared.id] if isinstance(shared, ast.Name) else self.evaluator.value(node)
        if isinstance(value, range):
            value = tuple(value) if len(value) <= 1_000_000 else value
        if name.isupper() and not _mutable(value):
            self.defaults[name] = value
            if name in self.overrides:
                value = self._overridden(name, value, self.overrides[name])
            self.parameters[name] = value
        self.evaluator.names[name] = value

    def _new(self, node: ast.AST, name: str) -> None:
        if name in self.own or name in self.imports.names:
            raise self.source.error(node, f"'{name}' is defined twice", "use another name")
        self.own.add(name)

    def _overridden(self, name: str, value: Value, new: Value) -> Value:
        if type(new) is not type(value):
            kinds = f"of type {type_name(value)}, and {new!r} of type {type_name(new)}"
            raise UsageError(f"the parameter '{name}' is {kinds}")
        return new

    def _class(self, node: ast.ClassDef) -> None:
        self._new(node, node.name)
        if node.name.startswith("_") or node.name in _TAKEN:
            raise self.source.error(node, f"a class is called '{node.name}'", "use another name")
        found = read_class(self.source, self.imports.qualified, self.evaluator.value, self._method_signature, node)
        self.classes[node.name] = self.evaluator.classes[node.name] = found

    def _method_signature(self, node: ast.FunctionDef) -> None:
        if node.name == "__exit__" and node.args.vararg is not None and not node.args.kwarg:
            return
        self._signature(node)

    def _function(self, node: ast.FunctionDef) -> None:
        self._signature(node)
        self._new(node, node.name)
        self.functions[node.name] = node
        if not node.decorator_list:
            self.helpers[node.name] = node
            return
        if len(node.decorator_list) > 1:
            raise self.source.error(node.decorator_list[1], "a function has two decorators", "keep one of them")
        decorator = node.decorator_list[0]
        name = self.imports.qualified(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if name == "lab.scenario.thread":
            self.threads.append((node, self._each(node, decorator)))
        elif name == "lab.scenario.main" and not isinstance(decorator, ast.Call):
            self._main(node)
        elif name in _PROPERTIES and not isinstance(decorator, ast.Call):
            if node.name in self.asynchronous:
                raise self.source.error(node, f"the property '{node.name}' is a coroutine", "write a plain `def`")
            if node.args.args:
                raise self.source.error(
                    node, f"the property '{node.name}' has parameters", "read the shared variables by name"
                )
            self.properties.append((node, _PROPERTIES[name]))
        else:
            raise self._not_decorator(decorator, name)

    def _main(self, node: ast.FunctionDef) -> None:
        if self.main is not None:
            raise self.source.error(node, "the file has two `@main` functions", "keep one of them")
        if node.name in self.asynchronous:
            raise self.source.error(node, "the `@main` function is a coroutine", "write `@thread async def`")
        if node.args.args:
            raise self.source.error(node, "the `@main` function has parameters", "remove them")
        self.main = node

    def _not_decorator(self, decorator: ast.expr, name: str | None) -> ScenarioError:
        known = "write `@thread`, `@thread(each=range(N))`, `@main`, `@always`, `@final`, `@sometimes` or `@eventually`"
        hint = LATER.get(name or "", known)
        if (
            name is None
            and isinstance(decorator, ast.Name)
            and f"lab.scenario.{decorator.id}" in ("lab.scenario.thread", "lab.scenario.main", *_PROPERTIES)
        ):
            hint = f"write `from lab.scenario import {decorator.id}` at the top"
        return self.source.error(
            decorator, f"`@{self.source.segment(decorator)}` is not a decorator of the language", hint
        )

    def _signature(self, node: ast.FunctionDef) -> None:
        extra = node.args.vararg or node.args.kwarg or next(iter([*node.args.kwonlyargs, *node.args.posonlyargs]), None)
        if extra is not None:
            raise self.source.error(extra, f"the parameter '{extra.arg}' is not a plain one", "write plain parameters")
        for inner in ast.walk(node):
            if isinstance(inner, ast.Yield | ast.YieldFrom):
                raise self.source.error(inner, "`yield` is not allowed in a function", "return a value")

    def _each(self, node: ast.FunctionDef, decorator: ast.expr) -> ast.expr | None:
        each = None
        if isinstance(decorator, ast.Call):
            if decorator.args or [keyword.arg for keyword in decorator.keywords] not in ([], ["each"]):
                raise self.source.error(
                    decorator, "`@thread` is called with other arguments", "write `@thread(each=range(N))`"
                )
            each = decorator.keywords[0].value if decorator.keywords else None
        wanted = 0 if each is None else 1
        if len(node.args.args) != wanted or node.args.defaults:
            instead = (
                "remove its parameters, or write `@thread(each=...)`"
                if each is None
                else f"write `def {node.name}(i):`"
            )
            raise self.source.error(
                node, f"the thread '{node.name}' has {len(node.args.args)} parameters, not {wanted}", instead
            )
        return each

    # From the parts to the program

    def _context(self) -> tuple[FileContext, Layout]:
        methods = [function for one in self.classes.values() for function in one.functions]
        roots = [function for function, _ in self.threads] + ([] if self.main is None else [self.main])
        changing = roots + list(self.helpers.values()) + methods
        inner = find_inner([*changing, *(function for function, _ in self.properties)])
        variables = {name for one in inner.values() for name in one.free}
        changing += [one.function for one in inner.values()]
        effects = read_effects(changing, self.evaluator.names, self.evaluator.heap)
        for name in sorted(effects.rebound - set(self.evaluator.names)):
            effects.rebound.discard(name)  # the statement that declares it says so when it is lowered
        tasks = [function for function, _ in self.threads if function.name in self.asynchronous]
        loop = self.evaluator.loop() if tasks else None
        layout = Layout(effects, self.evaluator.names, self.evaluator.heap, self.classes, variables)
        prints = any(
            isinstance(node, ast.Call) and self.imports.qualified(node.func) == "builtins.print"
            for function in changing
            for node in ast.walk(function)
        )
        stdout = layout.component("stdout", ()) if prints else None
        others = frozenset(self.functions) - frozenset(self.helpers)
        exits = layout.component("exit", False) if self.main is not None and _makes_daemons(changing) else None
        context = FileContext(
            self.source,
            self.imports.qualified,
            self.evaluator.names,
            self.parameters,
            layout.variables,
            self.helpers,
            others,
            stdout,
            self.classes,
            inner,
            asynchronous=frozenset(self.asynchronous),
            loop=loop,
            main="" if self.main is None else self.main.name,
            exits=exits,
        )
        return context, layout

    def _lower(self, context: FileContext, mode: str, function: ast.FunctionDef) -> Code:
        try:
            return Lowering(context, mode).function(function)
        except TooLong:
            raise self.source.error(
                function, f"'{function.name}' becomes too long when its helpers are inlined", "call fewer helpers"
            ) from None
        except Refused as refused:
            raise self.source.error(function, refused.message, refused.hint) from None

    def _threads(self, context: FileContext, layout: Layout) -> tuple[Thread, ...]:
        threads: list[Thread] = []
        for function, each in self.threads:
            code, task = self._lower(context, "thread", function), function.name in self.asynchronous
            if each is None:
                places = dict(layout.places(function.name, code))
                threads.append(Thread(function.name, code, (), places, task))
                continue
            for value in self._values(each):
                name = f"{function.name}[{format_value(value, quote=True)}]"
                threads.append(Thread(name, code, (value,), dict(layout.places(name, code)), task))
        if len(threads) > 64:
            raise self.source.error(self.threads[-1][0], f"the scenario has {len(threads)} threads", "64 are the most")
        if not threads:
            raise self.source.error(
                self.threads[0][0], "the scenario has no thread, because `each` is empty", "give it a value"
            )
        return tuple(threads)

    def _values(self, each: ast.expr) -> tuple[Value, ...]:
        value = self.evaluator.value(each)
        if isinstance(value, Ref) and value.kind == "list":
            value = self.evaluator.heap[value.number].items
        if not isinstance(value, tuple | range):
            raise self.source.error(each, "`each` is no range, tuple or list", "write `each=range(N)`")
        if len(value) > 64:
            raise self.source.error(each, f"`each` has {len(value)} values", "64 threads are the most")
        if any(_mutable(item) for item in value):
            raise self.source.error(each, "`each` holds an object", "give it numbers or texts")
        if len(set(map(identity, value))) < len(value):
            raise self.source.error(each, "`each` has two equal values", "threads need different names")
        return tuple(value)

    def _property(self, context: FileContext, function: ast.FunctionDef, kind: PropertyKind) -> Property:
        code = self._lower(context, "property", function)
        return Property(function.name, kind, code, function.lineno, ast.get_docstring(function) or "")

    def _observed(self, layout: Layout) -> dict[str, int | Ref]:
        observed: dict[str, int | Ref] = {}
        for name, value in self.evaluator.names.items():
            if name in layout.variables:
                observed[name] = layout.variables[name]
            elif isinstance(value, Ref) and layout.objects[value.number].shown and _changes(layout, value):
                observed[name] = value
        return observed


def _makes_daemons(functions: list[ast.FunctionDef]) -> bool:
    """Whether the text makes some thread a daemon."""
    nodes = [node for function in functions for node in ast.walk(function)]
    given = [node.value for node in nodes if isinstance(node, ast.keyword) and node.arg == "daemon"]
    if any(not isinstance(value, ast.Constant) or value.value for value in given):
        return True
    attributes = [node for node in nodes if isinstance(node, ast.Attribute) and node.attr == "daemon"]
    return any(isinstance(node.ctx, ast.Store) for node in attributes)


def _changes(layout: Layout, ref: Ref) -> bool:
    """Whether an object, or one that it holds, may change."""
    seen: set[int] = set()
    pending: list[Value] = [ref]
    while pending:
        value = pending.pop()
        if isinstance(value, tuple):
            pending.extend(value)
        if not isinstance(value, Ref) or value.number in seen:
            continue
        seen.add(value.number)
        target = layout.objects[value.number]
        if not target.shown:
            continue
        if target.changes:
            return True
        pending.extend(target.parts)
    return False


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _mutable(value: Any) -> bool:
    return isinstance(value, Ref) or (isinstance(value, tuple) and any(map(_mutable, value)))


_REFUSED: dict[str, tuple[str, str]] = {
    "If": ("`if`", "put it into a function"),
    "For": ("a loop", "write the values out, or use a comprehension"),
    "While": ("a loop", "write the values out"),
    "With": ("`with`", "put it into a function"),
    "Try": ("`try`", "put it into a function"),
    "Delete": ("`del`", "leave the name out"),
    "Assert": ("`assert`", "write a property: `@always` above a function"),
    "Raise": ("`raise`", "put it into a function"),
    "AugAssign": ("`+=`", "write the value out"),
    "AnnAssign": ("an annotation without a value", "write `name = value`"),
    "Expr": ("an expression", "call `expect(...)` or put it into a function"),
    "Return": ("`return`", "put it into a function"),
}
