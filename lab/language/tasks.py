"""Lowers what tasks do: `await`, `async with`, and the beginning and end of an `async def` that is a task."""

from __future__ import annotations

import ast
from collections.abc import Callable

from lab.errors import ScenarioError
from lab.language.builder import NONE, Block
from lab.language.context import Target
from lab.language.effects import Scope
from lab.language.exceptions import Exceptions
from lab.language.expressions import Frame
from lab.language.source import Source
from lab.model.instructions import Code, Const, Handler, Operand, Reg
from lab.model.marks import AWAIT
from lab.model.objects.loop import awaited
from lab.model.objects.synchronisers import SYNCHRONISERS
from lab.model.operations import Invoke
from lab.model.starting import AwaitTask, Gather, GatherOn, MakeTask
from lab.model.values import Parked, Ref

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


class Tasks(Exceptions):
    """Lowers tasks."""

    _is_task = False

    def task(self, function: ast.FunctionDef, body: Callable[[], None]) -> None:
        """Lower a task: it begins when it has its turn, and gives the loop up at its end, by exception too."""
        self._is_task = True
        with self.builder.at(self.source.span(function)):
            self.builder.mark(AWAIT)
            self.builder.operate(Invoke("__begin__", "begin"), self._loop)
            self.guarded(body, self._end)

    def _end(self) -> None:
        self.builder.operate(Invoke("__end__", "end"), self._loop, into=self.builder.ignored())

    @property
    def _loop(self) -> Const:
        return Const(self.context.loop)

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
        if name == "asyncio.create_task":
            return self._await_task(call, self._create_task(call))
        if name == "asyncio.gather":
            return self._gather(call)
        if name is not None and name.startswith("asyncio."):
            raise self.later(call, name)
        if isinstance(function, ast.Name) and self._is_coroutine(function):
            return super()._call(call)
        if isinstance(function, ast.Attribute) and name is None:
            return self._awaited_method(call, function)
        raise self.source.error(node, f"`{self.source.segment(call)}` cannot be awaited", _AWAITABLE)

    # Tasks that tasks make

    def _create_task(self, node: ast.Call) -> Operand:
        """Lower `asyncio.create_task(f(1), name="worker")`."""
        self._only_in_thread(node)
        parts = {str(keyword.arg): keyword.value for keyword in node.keywords}
        if len(node.args) != 1 or parts.keys() - {"name"}:
            raise self.source.error(
                node, "`create_task` is called with other arguments", "write `asyncio.create_task(f(1))`"
            )
        return self._make_task(node.args[0], parts.get("name"))

    def _make_task(self, call: ast.expr, name: ast.expr | None = None) -> Operand:
        """Lower the making of a task from the call of an `async def` of the file."""
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or not self._is_coroutine(call.func):
            raise self.source.error(
                call, f"`{self.source.segment(call)}` is no call of an `async def` of the file", "write `f(1)` there"
            )
        if self.builder.in_atomic:
            raise self.source.error(call, "a task is made in an atomic() block", "end the block before it")
        given = self.given(call)
        named = tuple(one for one, _, _ in given.named)
        target = Target(call.func.id, "function", len(given.positional), named, call, task=True)
        self.context.targets.setdefault(target.key, target)
        base = NONE if name is None else self.held(self.expression(name))
        return self.builder.operate(
            MakeTask(target.key), base, *given.positional, *(value for _, value, _ in given.named)
        )

    def _await_task(self, node: ast.expr, task: Operand) -> Operand:
        text = self.source.segment(node)
        value = self.builder.operate(AwaitTask(text), task)
        self.resume(ast.copy_location(ast.Call(node, [], []), node), task, value, [], awaited=True)
        return value

    def _gather(self, node: ast.Call) -> Operand:
        """Lower `await asyncio.gather(f(1), task, return_exceptions=True)`."""
        wants: Operand = Const(False)
        for keyword in node.keywords:
            if keyword.arg != "return_exceptions":
                raise self.source.error(
                    keyword.value, f"`gather` is called with '{keyword.arg}='", "there is `return_exceptions=`"
                )
            wants = self.held(self.expression(keyword.value))
        tasks = [
            self._make_task(one) if isinstance(one, ast.Call) else self.held(self.expression(one)) for one in node.args
        ]
        builder, again, end = self.builder, self.builder.label(), self.builder.label()
        value = builder.operate(Gather(), self._loop, wants, *tasks)
        builder.here(again)
        builder.unless(builder.compute(_is_parked, value), end)
        builder.mark(AWAIT)
        builder.operate(GatherOn(), self._loop, value, into=value.number)
        builder.jump(again)
        builder.here(end)
        return self.copy("list", value)

    def started(self, target: Target) -> Code:
        """Return the code of the threads, or of the tasks, that run a target; its parameter is their own object."""
        if not target.task:
            return super().started(target)
        builder, gate = self.builder, self.builder.register()
        error, handler = builder.register(), builder.label()
        self.frame = Frame(Scope((), frozenset(), frozenset()), {}, ())
        self._is_task = True
        with builder.at(self.source.span(self.context.helpers[target.name])):
            builder.mark(AWAIT)
            with builder.within(Block("try", handler=Handler(handler, error))):
                builder.operate(Invoke("__begin__", "begin"), self._loop)
                given = builder.operate(Invoke("__given__", "begin"), Reg(gate))
                value = self._entered(target, given)
            builder.operate(Invoke("__finish__", "end"), Reg(gate), value, into=builder.ignored())
            self._end()
            builder.returns(value)
            builder.here(handler)
            builder.operate(Invoke("__fail__", "end"), Reg(gate), Reg(error), into=builder.ignored())
            self._end()
            builder.returns(Reg(error))
        return builder.finish((gate,))

    def begun(self, call: ast.Call) -> Operand:
        """Lower the call that a thread, or a task, is."""
        return super()._call(call) if self._is_coroutine(call.func) else super().begun(call)

    def _is_coroutine(self, function: ast.expr) -> bool:
        """Whether a name refers to an `async def` of the file."""
        return (
            isinstance(function, ast.Name)
            and function.id in self.context.asynchronous
            and function.id not in {*self.frame.scope.locals, *self.frame.cells, *self.frame.hidden}
        )

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
        if self._is_coroutine(node.func) or name in ("asyncio.sleep", "asyncio.gather"):
            raise self._never_awaited(node)
        if name == "asyncio.create_task":
            return self._create_task(node)
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

    def _locked(self, manager: ast.expr, inside: Callable[[], None]) -> None:
        name = self.context.names.get(manager.id) if isinstance(manager, ast.Name) else None
        if _offers(name, "__aenter__"):
            raise self.source.error(manager, "`with` takes a lock of asyncio", "write `async with`")
        super()._locked(manager, inside)


def _is_parked(value: object) -> bool:
    return isinstance(value, Parked)


def _offers(value: object, operation: str) -> bool:
    """Whether a value is an object of asyncio that has such an operation."""
    return isinstance(value, Ref) and value.kind in _COROUTINES and operation in _COROUTINES[value.kind].rules
