"""Lowers what tasks do: `await`, `async with`, and the beginning and end of an `async def` that is a task."""

from __future__ import annotations

import ast
from collections.abc import Callable

from lab.errors import ScenarioError
from lab.language.builder import NONE, Block
from lab.language.made_tasks import MadeTasks
from lab.language.source import Source
from lab.model.instructions import Const, Handler, Operand, Reg
from lab.model.marks import AWAIT
from lab.model.objects.groups import Group, TaskGroup
from lab.model.objects.loop import awaited
from lab.model.objects.synchronisers import SYNCHRONISERS
from lab.model.operations import Invoke
from lab.model.values import Ref
from lab.model.wholes import New

__all__ = ["Tasks", "as_plain", "check_awaits"]

_AWAITABLE = "await the call of an `async def`, `asyncio.sleep(...)`, a task, or a method such as `lock.acquire()`"

_COROUTINES = {kind.kind: kind for name, kind in SYNCHRONISERS.items() if name.startswith("asyncio.")}
"""The classes of asyncio whose objects tasks wait at, by kind."""


def as_plain(node: ast.AsyncFunctionDef) -> ast.FunctionDef:
    """Return the same function as a plain one: an `async def` differs in who may call it, not in its names."""
    plain = ast.FunctionDef(node.name, node.args, node.body, node.decorator_list, node.returns, node.type_comment)
    plain.type_params = getattr(node, "type_params", [])  # type: ignore[attr-defined]  # from Python 3.12 on
    return ast.copy_location(plain, node)


def check_awaits(source: Source, tree: ast.Module) -> None:
    """Raise `ScenarioError` for an `await` outside an `async def`, and for what the language has not of `async`."""
    pending: list[tuple[ast.AST, bool]] = [(node, False) for node in reversed(tree.body)]
    while pending:
        node, asynchronous = pending.pop()
        if (isinstance(node, ast.Await | ast.AsyncWith) and not asynchronous) or isinstance(node, ast.AsyncFor):
            raise _misplaced(source, node)
        if isinstance(node, ast.comprehension) and node.is_async:
            raise source.error(node.target, "`async for` is not part of the language", "write a plain `for`")
        inside = isinstance(node, ast.AsyncFunctionDef) or (
            asynchronous and not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef)
        )
        pending.extend((child, inside) for child in reversed(list(ast.iter_child_nodes(node))))


def _misplaced(source: Source, node: ast.AST) -> ScenarioError:
    if isinstance(node, ast.AsyncFor):
        return source.error(node, "`async for` is not part of the language", "write a plain `for`")
    word = "`await`" if isinstance(node, ast.Await) else "`async with`"
    return source.error(node, f"{word} stands outside an `async def`", "write `async def` for the function around it")


class Tasks(MadeTasks):
    """Lowers tasks."""

    def task(self, function: ast.FunctionDef, body: Callable[[], None]) -> None:
        """Lower a task: it begins when it has its turn, and gives the loop up at its end, by exception too."""
        self._is_task = True
        with self.builder.at(self.source.span(function)):
            self.builder.mark(AWAIT)
            self.builder.operate(Invoke("__begin__", "begin"), self._loop)
            self.guarded(body, self._end)

    def stall(self, node: ast.Call, seconds: Operand) -> None:
        """Lower a blocking `time.sleep` in a task."""
        if self._is_task:
            self.builder.operate(Invoke("__block__", f"{self.source.segment(node.func)}()"), self._loop, seconds)

    # Calls that are awaited

    def _await(self, node: ast.Await) -> Operand:
        if self.builder.in_atomic:
            raise self.source.error(node, "`await` stands in an atomic() block", "end the block before it")
        call = node.value
        if isinstance(call, ast.Name | ast.Attribute | ast.Subscript):
            task = self.held(self.expression(call))
            if isinstance(task, Const):
                raise self.source.error(node, f"`{self.source.segment(call)}` cannot be awaited", _AWAITABLE)
            return self._await_task(call, task)
        if not isinstance(call, ast.Call):
            raise self.source.error(node, f"`{self.source.segment(call)}` cannot be awaited", _AWAITABLE)
        name, function = self.known(call.func), call.func
        if name == "asyncio.sleep":
            [delay] = self._positional(call, 1, 1)
            return self._suspend(call, "sleep", self._loop, [self.expression(delay)])
        if name == "asyncio.create_task" or self._of_group(function):
            return self._await_task(call, self._create_task(call))
        if name == "asyncio.gather":
            return self._gather(call)
        if name == "asyncio.to_thread":
            return self._to_thread(*self._handed(call))
        if name is not None and name.startswith("asyncio."):
            raise self.later(call, name)
        if isinstance(function, ast.Name) and self._is_coroutine(function):
            return super()._call(call)
        if isinstance(function, ast.Attribute) and name is None:
            return self._awaited_method(call, function)
        raise self.source.error(node, f"`{self.source.segment(call)}` cannot be awaited", _AWAITABLE)

    def _awaited_method(self, node: ast.Call, function: ast.Attribute) -> Operand:
        name = function.attr
        if not any(awaited(name) in kind.rules for kind in _COROUTINES.values()):
            raise self.source.error(node, f"`{self.source.segment(node)}` cannot be awaited", _AWAITABLE)
        receiver = self.held(self.expression(function.value))
        if isinstance(receiver, Const) and not _offers(receiver.value, awaited(name)):
            raise self.source.error(
                node,
                f"`{self.source.segment(node)}` cannot be awaited",
                "leave out `await`, or use an object of asyncio",
            )
        return self._suspend(node, name, receiver, [self.held(one) for one in self._arguments(node, name)])

    def _suspend(self, node: ast.Call, name: str, receiver: Operand, arguments: list[Operand]) -> Operand:
        """Lower an operation that may suspend the task, and its going on."""
        label = f"await {self.source.segment(node.func)}()"
        value = self.builder.operate(Invoke(awaited(name), label), receiver, *arguments)
        self.resume(node, receiver, value, arguments, awaited=True)
        return value

    # Calls that should have been

    def _call(self, node: ast.Call) -> Operand:
        name = self.known(node.func)
        if node in self._as_tasks:
            return self._make_task(node)
        if self._is_coroutine(node.func) or name in ("asyncio.sleep", "asyncio.gather"):
            raise self._never_awaited(node)
        if name == "asyncio.create_task" or self._of_group(node.func):
            return self._create_task(node)
        if name == "asyncio.to_thread":
            raise self._never_awaited(node)
        if name == "asyncio.TaskGroup":
            raise self.source.error(node, "a TaskGroup is made outside of `async with`", f"write `{TaskGroup.usage}`")
        return super()._call(node)

    def invoke(self, node: ast.Call, name: str, receiver: Operand, arguments: list[Operand]) -> Operand:
        """Lower a call of a method that is not written in the file, and that is not awaited."""
        if isinstance(receiver, Const) and _offers(receiver.value, awaited(name)):
            raise self._never_awaited(node)
        return super().invoke(node, name, receiver, arguments)

    def _never_awaited(self, node: ast.Call) -> ScenarioError:
        text = self.source.segment(node)
        return self.source.error(node, f"the coroutine `{text}` is never awaited", f"write `await {text}`")

    # Locks held across awaits

    def _asyncwith(self, node: ast.AsyncWith) -> None:
        if self.builder.in_atomic:
            raise self.source.error(node, "`async with` stands in an atomic() block", "end the block before it")
        self._held_locks(node, node.items)

    def _held_locks(self, node: ast.AsyncWith, items: list[ast.withitem]) -> None:
        if not items:
            self.body(node.body)
            return
        manager, builder = items[0].context_expr, self.builder
        if isinstance(manager, ast.Call) and self.known(manager.func) == "asyncio.TaskGroup":
            self._group_of_tasks(manager, items[0].optional_vars, lambda: self._held_locks(node, items[1:]))
            return
        if items[0].optional_vars is not None:
            raise self.source.error(
                items[0].optional_vars, "`async with ... as` is not part of the language", "leave out `as`"
            )
        lock, text = self.held(self.expression(manager)), self.source.segment(manager)
        if isinstance(lock, Const) and not _offers(lock.value, "__aenter__"):
            raise self.source.error(
                manager, f"`async with` takes `{text}`, which is no lock of asyncio", "write `with`"
            )
        value = builder.operate(Invoke("__aenter__", f"acquire {text}"), lock)
        self.resume(ast.copy_location(ast.Call(manager, [], []), manager), lock, value, [], awaited=True)

        def release() -> None:
            with builder.at(self.source.span(manager)):
                self._begin()
                builder.operate(Invoke("__aexit__", f"release {text}"), lock, into=builder.ignored())

        self.guarded(lambda: self._held_locks(node, items[1:]), release)

    def _group_of_tasks(self, manager: ast.Call, name: ast.expr | None, inside: Callable[[], None]) -> None:
        """Lower `async with asyncio.TaskGroup() as group`: its end awaits the tasks, however the block is left."""
        self._only_in_thread(manager)
        self._positional(manager, 0, 0)
        builder = self.builder
        group = builder.operate(New(TaskGroup.kind), Const(Group(self.context.loop)))
        builder.operate(Invoke("__entered__", "enter the group"), group, into=builder.ignored())
        if name is not None:
            self.assign(name, group)

        def leave(thrown: Operand = NONE) -> None:
            with builder.at(self.source.span(manager)):
                value = builder.operate(Invoke(awaited("leave"), "leave the group"), group, thrown)
                self.resume(manager, group, value, [thrown], awaited=True)

        error, handler, end = builder.register(), builder.label(), builder.label()
        with builder.within(Block("cleanup", cleanup=leave, handler=Handler(handler, error))):
            inside()
        leave()
        builder.jump(end)
        builder.here(handler)
        with builder.within(Block("handling", result=error)):
            leave(Reg(error))
        builder.throw(Reg(error))
        builder.here(end)

    def _locked(self, manager: ast.expr, inside: Callable[[], None]) -> None:
        name = self.context.names.get(manager.id) if isinstance(manager, ast.Name) else None
        if _offers(name, "__aenter__"):
            raise self.source.error(manager, "`with` takes a lock of asyncio", "write `async with`")
        super()._locked(manager, inside)


def _offers(value: object, operation: str) -> bool:
    """Whether a value is an object of asyncio that has such an operation."""
    return isinstance(value, Ref) and value.kind in _COROUTINES and operation in _COROUTINES[value.kind].rules
