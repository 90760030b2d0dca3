"""The oracle's reading of a scenario's text: threads, properties, the memory at the start, and what is constant.

The top level is run by Python itself, with plain stand-ins for the names that a scenario imports; the functions are
kept as syntax trees. This is for the tests' own texts only: unlike the lab, the oracle executes what it is given.
"""

from __future__ import annotations

import ast
import collections
import types
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.oracle.memory import (
    CONTAINERS,
    LOCKS,
    STDOUT,
    Frozen,
    Memory,
    Ref,
    Thrown,
    UnsupportedError,
    freeze,
)

MUTATORS = {
    "list": {"append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"},
    "dict": {"pop", "popitem", "setdefault", "update", "clear"},
    "set": {"add", "discard", "remove", "pop", "clear", "update", "difference_update", "intersection_update",
            "symmetric_difference_update"},
    "deque": {"append", "appendleft", "extend", "extendleft", "insert", "remove", "pop", "popleft", "clear", "rotate",
              "reverse"},
}  # fmt: skip
HIDDEN = (*LOCKS, "condition", "event", "barrier")
PROPERTIES = ("always", "final", "sometimes")


@dataclass
class _Made:
    """A stand-in for an object that synchronises, or a record."""

    kind: str
    items: tuple[Any, ...]


@dataclass(frozen=True)
class OracleThread:
    """A thread: its name, its function and the values of its parameters."""

    name: str
    function: ast.FunctionDef
    arguments: tuple[Any, ...]


@dataclass
class OracleProgram:
    """A scenario as the oracle sees it."""

    text: str = ""
    threads: list[OracleThread] = field(default_factory=list)
    helpers: dict[str, ast.FunctionDef] = field(default_factory=dict)
    properties: list[tuple[str, str, ast.FunctionDef]] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    parameters: set[str] = field(default_factory=set)
    memory: dict[Hashable, Any] = field(default_factory=dict)
    names: dict[Ref, str] = field(default_factory=dict)
    rebound: set[str] = field(default_factory=set)
    changed: set[Ref] = field(default_factory=set)
    changed_attributes: set[tuple[Ref, str]] = field(default_factory=set)
    prints: bool = False
    made: list[_Made] = field(default_factory=list)

    def is_constant(self, kind: str, target: Any, args: tuple[Any, ...]) -> bool:
        """Whether a request asks for something that no function of the text may change."""
        if kind == "read":
            return target not in self.rebound
        if kind == "getattr":
            return self.memory[target].kind == "namespace" and (target, args[0]) not in self.changed_attributes
        if kind in {"getitem", "contains", "len", "truth", "copy", "next", "method"}:
            return self.memory[target].kind in CONTAINERS and target not in self.changed
        return False

    def observed(self, memory: Memory) -> dict[str, Any]:
        """Return the shared names that an outcome shows, as plain data."""
        return {name: self.plain(memory[name], memory) for name in self.values if self._is_shown(name)}

    def _is_shown(self, name: str) -> bool:
        value = self.values[name]
        if isinstance(value, Ref) and self.memory[value].kind in HIDDEN:
            return False
        return name not in self.parameters and (name in self.rebound or self._may_change(value))

    def _may_change(self, value: Any) -> bool:
        if not isinstance(value, Ref):
            return any(self._may_change(item) for item in value) if isinstance(value, tuple) else False
        content = self.memory[value]
        if content.kind in HIDDEN:
            return False
        if content.kind in {"atomic", "record", "queue"} or value in self.changed:
            return True
        if content.kind == "namespace":
            changes = any((value, name) in self.changed_attributes for name, _ in content.items)
            return changes or any(self._may_change(item) for _, item in content.items)
        items = [item for pair in content.items for item in pair] if content.kind == "dict" else content.items
        return any(self._may_change(item) for item in items)

    def plain(self, value: Any, memory: Memory) -> Any:
        """Return a value as an outcome shows it."""
        if isinstance(value, Ref):
            reference, value = value, memory[value]
            if value.kind in HIDDEN:
                return self.names[reference]
            if value.kind == "queue":
                return [self.plain(item, memory) for item in value.items[0]]
            if value.kind == "atomic":
                return self.plain(value.items[0], memory)
        if isinstance(value, tuple):
            return [self.plain(item, memory) for item in value]
        if not isinstance(value, Frozen):
            return value
        if value.kind == "exception":
            return str(Thrown(*value.items))
        if value.kind == "record":
            fields = dict(value.items)
            freed = fields.pop("")
            return {"refs": fields.pop("refs"), "freed": freed, **{k: self.plain(v, memory) for k, v in fields.items()}}
        if value.kind == "namespace":
            shown = {k: self.plain(v, memory) for k, v in value.items}
            return {"class": "SimpleNamespace", "fields": shown}
        if value.kind == "dict":
            pairs = [(key, self.plain(item, memory)) for key, item in value.items]
            return dict(pairs) if all(isinstance(key, str) for key, _ in pairs) else [list(pair) for pair in pairs]
        return [self.plain(item, memory) for item in value.items]


def read(text: str, parameters: Mapping[str, Any] | None = None) -> OracleProgram:
    """Return the program that a scenario's text says."""
    tree = ast.parse(text)
    for number, node in enumerate(ast.walk(tree)):
        node.number = number  # type: ignore[attr-defined]
    program = OracleProgram(text)
    namespace = _vocabulary()
    names: list[str] = []
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            names += _run(statement, namespace, parameters or {})
        elif isinstance(statement, ast.FunctionDef):
            _function(program, statement, namespace)
    seen: dict[int, Ref] = {}
    for name in dict.fromkeys(names):
        program.values[name] = program.memory[name] = _absorb(program, namespace[name], name, seen)
    program.parameters = {name for name in program.values if name.isupper() and not _holds_objects(program, name)}
    functions = [thread.function for thread in program.threads] + list(program.helpers.values())
    _find_changes(program, {id(function): function for function in functions}.values())
    program.prints = any(_calls(function, "print") for function in functions)
    program.memory[STDOUT] = ()
    return program


def _holds_objects(program: OracleProgram, name: str) -> bool:
    return isinstance(program.values[name], Ref)


def _calls(function: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(function))


def _vocabulary() -> dict[str, Any]:
    def semaphore(value: int = 1) -> _Made:
        return _Made("semaphore", (value, None))

    def bounded(value: int = 1) -> _Made:
        return _Made("semaphore", (value, value))

    def made_queue(maxsize: int = 0, *, last_in_first_out: bool = False) -> _Made:
        return _Made("queue", ((), 0, maxsize, last_in_first_out))

    names: dict[str, Any] = {
        "Condition": lambda lock=None: _Made("condition", (lock or _Made("rlock", (None, 0)), ())),
        "Event": lambda: _Made("event", (False,)),
        "Barrier": lambda parties: _Made("barrier", (parties, 0, 0)),
        "Queue": made_queue,
        "SimpleQueue": made_queue,
        "LifoQueue": lambda maxsize=0: made_queue(maxsize, last_in_first_out=True),
        "Lock": lambda: _Made("lock", (None,)),
        "RLock": lambda: _Made("rlock", (None, 0)),
        "Semaphore": semaphore,
        "BoundedSemaphore": bounded,
        "Atomic": lambda value=0: _Made("atomic", (value,)),
        "Record": lambda refs=1, **fields: _Made("record", (("", False), ("refs", refs), *fields.items())),
        "SimpleNamespace": types.SimpleNamespace,
        "deque": collections.deque,
        "collections": collections,
        "types": types,
    }
    module = types.SimpleNamespace(**names)
    return {**names, "threading": module, "queue": module}


def _run(statement: ast.Assign | ast.AnnAssign, namespace: dict[str, Any], overrides: Mapping[str, Any]) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    module = ast.Module([statement], type_ignores=[])
    exec(compile(module, "<scenario>", "exec"), namespace)
    names = [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
    for name in names:
        if name in overrides:
            namespace[name] = overrides[name]
    return names


def _function(program: OracleProgram, function: ast.FunctionDef, namespace: dict[str, Any]) -> None:
    for decorator in function.decorator_list:
        each = isinstance(decorator, ast.Call)
        name = decorator.func if isinstance(decorator, ast.Call) else decorator
        word = name.id if isinstance(name, ast.Name) else ""
        if word == "eventually":
            raise UnsupportedError("fair runs")
        if word in PROPERTIES:
            program.properties.append((function.name, word, function))
        elif each and isinstance(decorator, ast.Call):
            values = eval(compile(ast.Expression(decorator.keywords[0].value), "<each>", "eval"), namespace)
            for value in values:
                program.threads.append(OracleThread(f"{function.name}[{value}]", function, (value,)))
        else:
            program.threads.append(OracleThread(function.name, function, ()))
    if not function.decorator_list:
        program.helpers[function.name] = function


def _absorb(program: OracleProgram, value: Any, name: str, seen: dict[int, Ref]) -> Any:
    """Return a top-level value with its objects moved into the memory."""
    if isinstance(value, tuple):
        return tuple(_absorb(program, item, f"{name}[{index}]", seen) for index, item in enumerate(value))
    if not isinstance(value, list | dict | set | collections.deque | types.SimpleNamespace | _Made):
        return value
    if id(value) in seen:
        return seen[id(value)]
    ref = seen[id(value)] = Ref(len(seen))
    program.names[ref] = name
    if isinstance(value, _Made):
        content = Frozen(value.kind, tuple(_absorb(program, item, name, seen) for item in value.items))
        program.made.append(value)
    elif isinstance(value, types.SimpleNamespace):
        pairs = vars(value).items()
        content = Frozen("namespace", tuple((k, _absorb(program, v, f"{name}.{k}", seen)) for k, v in pairs))
    elif isinstance(value, dict):
        items = value.items()
        content = Frozen("dict", tuple((k, _absorb(program, v, f"{name}[{k!r}]", seen)) for k, v in items))
    elif isinstance(value, set):
        content = freeze(value)
    else:
        kind = type(value).__name__
        content = Frozen(kind, tuple(_absorb(program, v, f"{name}[{k}]", seen) for k, v in enumerate(value)))
    program.memory[ref] = content
    return ref


# --- what the text may change ---------------------------------------------------------------------------------------


def local_names(function: ast.FunctionDef) -> set[str]:
    """Return the names that are local to a function: its parameters and what it assigns without `global`."""
    nodes = [node for statement in function.body for node in ast.walk(statement)]
    shared = {name for node in nodes if isinstance(node, ast.Global) for name in node.names}
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)}
    stored |= {node.name for node in nodes if isinstance(node, ast.ExceptHandler) and node.name is not None}
    return (stored - shared) | {argument.arg for argument in function.args.args}


def _find_changes(program: OracleProgram, functions: Iterable[ast.FunctionDef]) -> None:
    for function in functions:
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                program.rebound |= {node.id} - local_names(function)
    before: tuple[int, int] | None = None
    while before != (len(program.changed), len(program.changed_attributes)):
        before = (len(program.changed), len(program.changed_attributes))
        for function in functions:
            for node in ast.walk(function):
                _change(program, function, node)


def _change(program: OracleProgram, function: ast.FunctionDef, node: ast.AST) -> None:
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        for ref in _reached(program, function, node.value):
            if program.memory[ref].kind in {"list", "dict", "deque"}:
                program.changed.add(ref)
    elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
        for ref in program.names:  # an attribute is known by its name, whatever the path
            if program.memory[ref].kind == "namespace":
                program.changed_attributes.add((ref, node.attr))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        for ref in _reached(program, function, node.func.value):
            if node.func.attr in MUTATORS.get(program.memory[ref].kind, ()):
                program.changed.add(ref)
    elif isinstance(node, ast.AugAssign):
        # in place, and the name is rebound: it may hold any list by then
        value = program.values.get(node.target.id) if isinstance(node.target, ast.Name) else None
        if isinstance(value, Ref) and program.memory[value].kind in CONTAINERS:
            program.changed |= {ref for ref in program.names if program.memory[ref].kind in {"list", "deque"}}


def _reached(program: OracleProgram, function: ast.FunctionDef, path: ast.expr) -> set[Ref]:
    """Return the objects that a path may reach: those below a global's own name, else any."""
    anything = set(program.names)
    if isinstance(path, ast.Name):
        if path.id in local_names(function) or path.id in program.rebound:
            return anything
        value = program.values.get(path.id)
        return {value} if isinstance(value, Ref) else set()
    if isinstance(path, ast.Subscript):
        if isinstance(path.value, ast.Name) and path.value.id not in local_names(function) | program.rebound:
            value = program.values[path.value.id]
            return _elements(program, value)
        outer = _reached(program, function, path.value)
        return anything if outer == anything else {ref for item in outer for ref in _elements(program, item)}
    return anything


def _elements(program: OracleProgram, value: Any) -> set[Ref]:
    if isinstance(value, Ref):
        content = program.memory[value]
        if value in program.changed:
            return set(program.names)
        if content.kind not in CONTAINERS:
            raise UnsupportedError(content.kind)
        items = [item for _, item in content.items] if content.kind == "dict" else list(content.items)
        return {item for item in items if isinstance(item, Ref)}
    return {item for item in value if isinstance(item, Ref)} if isinstance(value, tuple) else set()
