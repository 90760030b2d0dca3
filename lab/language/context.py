"""What lowering a function needs to know about the file around it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from lab.language.captures import Inner
from lab.language.classes import ClassInfo
from lab.language.effects import Scope, scope_of
from lab.language.source import Source
from lab.model.values import Ref, Value

__all__ = ["FileContext", "Target"]


@dataclass(frozen=True)
class Target:
    """What a thread runs, as far as the text says: a call of a function, a method or a value.

    Attributes
    ----------
    name : str
        The function's name, or the method's.
    how : str
        "function" of the file; "method", of the first argument; or "value", which is the first argument.
    positional : int
        How many arguments are given by position.
    named : tuple of str
        The names of the others, which stand behind them.
    node : ast.Call
        The first place that makes such a thread, for errors.
    task : bool
        Whether it is a task of the event loop.
    grouped : bool
        Whether it is a task of an `asyncio.TaskGroup`.
    worker : bool
        Whether it is a call that `asyncio.to_thread` gives to another thread.
    hands : bool
        Whether it is a task that does nothing but give the call to another thread.
    """

    name: str
    how: str
    positional: int
    named: tuple[str, ...]
    node: ast.Call
    task: bool = False
    grouped: bool = False
    worker: bool = False
    hands: bool = False

    @property
    def label(self) -> str:
        """What a thread or task is called that is given no name."""
        return "to_thread" if self.hands else self.name

    @property
    def key(self) -> str:
        """What tells targets apart."""
        kind = "Grouped task" if self.grouped else "Task" if self.task else "Worker" if self.worker else "Thread"
        kind += " to_thread" if self.hands else ""
        return f"{kind} {self.how} {self.name}/{self.positional} {' '.join(self.named)}".strip()


@dataclass
class FileContext:
    """A file's names, after its top level was read.

    Attributes
    ----------
    names : Mapping[str, Value]
        Every top-level value: parameters, constants, and shared variables with their first value.
    parameters : Mapping[str, Value]
        The parameters among them.
    variables : Mapping[str, int]
        The component of each name that some function rebinds.
    helpers : Mapping[str, ast.FunctionDef]
        The undecorated functions.
    others : frozenset of str
        The functions that nobody may call: threads and properties.
    classes : Mapping[str, ClassInfo]
        The classes that the file writes.
    inner : Mapping[ast.AST, Inner]
        The functions inside functions, by their node.
    stdout : int or None
        The component of the printed lines.
    asynchronous : frozenset of str
        The functions written with `async def`.
    loop : Ref or None
        The event loop, if there are tasks.
    main : str
        The name of the `@main` function, which starts the threads; empty where they start together.
    exits : int or None
        The component that says whether the program has ended; None where it makes no daemons.
    targets : dict of str to Target
        What the threads run that the program makes, by key; filled while functions are lowered.
    """

    source: Source
    qualified: Callable[[ast.expr], str | None]
    names: Mapping[str, Value]
    parameters: Mapping[str, Value]
    variables: Mapping[str, int]
    helpers: Mapping[str, ast.FunctionDef]
    others: frozenset[str]
    stdout: int | None
    classes: Mapping[str, ClassInfo] = field(default_factory=dict)
    inner: Mapping[ast.AST, Inner] = field(default_factory=dict)
    asynchronous: frozenset[str] = frozenset()
    loop: Ref | None = None
    main: str = ""
    exits: int | None = None
    targets: dict[str, Target] = field(default_factory=dict)
    scopes: dict[ast.FunctionDef, Scope] = field(default_factory=dict)

    def scope(self, function: ast.FunctionDef) -> Scope:
        """Return a function's names."""
        return self.scopes.setdefault(function, scope_of(function))
