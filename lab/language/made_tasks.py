"""Lowers what tasks make: other tasks, groups of them to wait for, and calls that other threads make."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import TypeGuard

from lab.language.builder import NONE, Block
from lab.language.context import FileContext, Target
from lab.language.effects import Scope
from lab.language.exceptions import Exceptions
from lab.language.expressions import Frame
from lab.language.starting import target_parts
from lab.model.instructions import Code, Const, Handler, Operand, Reg
from lab.model.marks import AWAIT
from lab.model.objects.workers import Worker
from lab.model.operations import Invoke
from lab.model.starting import AwaitTask, Gather, GatherOn, MakeTask, ToThread
from lab.model.values import Parked

__all__ = ["MadeTasks"]


class MadeTasks(Exceptions):
    """Lowers tasks that tasks make, and calls that other threads make for them."""

    _is_task = False
    _as_tasks: set[ast.Call]
    """The calls in a comprehension that `gather` unpacks, each of which becomes a task."""

    def __init__(self, context: FileContext, mode: str) -> None:
        super().__init__(context, mode)
        self._as_tasks = set()

    def _end(self) -> None:
        self.builder.operate(Invoke("__end__", "end"), self._loop, into=self.builder.ignored())

    @property
    def _loop(self) -> Const:
        return Const(self.context.loop)

    def _of_group(self, function: ast.expr) -> TypeGuard[ast.Attribute]:
        """Whether it is the method `create_task` of a group."""
        return (
            isinstance(function, ast.Attribute)
            and function.attr == "create_task"
            and self.known(function) is None
            and not any("create_task" in one.methods for one in self.context.classes.values())
        )

    def _create_task(self, node: ast.Call) -> Operand:
        """Lower `asyncio.create_task(f(1), name="worker")`, or that of a group."""
        self._only_in_thread(node)
        parts = {str(keyword.arg): keyword.value for keyword in node.keywords}
        if len(node.args) != 1 or parts.keys() - {"name"}:
            raise self.source.error(
                node, "`create_task` is called with other arguments", "write `asyncio.create_task(f(1))`"
            )
        group = self.held(self.expression(node.func.value)) if self._of_group(node.func) else None
        return self._make_task(node.args[0], parts.get("name"), group)

    def _make_task(self, call: ast.expr, name: ast.expr | None = None, group: Operand | None = None) -> Operand:
        """Lower the making of a task from the call of an `async def` of the file, or of `asyncio.to_thread`."""
        if isinstance(call, ast.Call) and self.known(call.func) == "asyncio.to_thread":
            handed, operands = self._handed(call)
            return self._begin_task(replace(handed, task=True, worker=False, hands=True), operands, name, group)
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or not self._is_coroutine(call.func):
            raise self.source.error(
                call, f"`{self.source.segment(call)}` is no call of an `async def` of the file", "write `f(1)` there"
            )
        given = self.given(call)
        named = tuple(one for one, _, _ in given.named)
        target = Target(call.func.id, "function", len(given.positional), named, call, task=True)
        arguments = [*given.positional, *(value for _, value, _ in given.named)]
        return self._begin_task(target, arguments, name, group)

    def _begin_task(
        self, target: Target, arguments: list[Operand], name: ast.expr | None, group: Operand | None
    ) -> Operand:
        if self.builder.in_atomic:
            raise self.source.error(target.node, "a task is made in an atomic() block", "end the block before it")
        if self.context.loop is None:
            raise self.source.error(target.node, "a task is made in a file without tasks", "write `@thread async def`")
        if group is not None:
            target, arguments = replace(target, grouped=True), [group, *arguments]
        self.context.targets.setdefault(target.key, target)
        base = NONE if name is None else self.held(self.expression(name))
        return self.builder.operate(MakeTask(target.key, target.grouped), base, *arguments)

    # Calls that other threads make

    def _handed(self, node: ast.Call) -> tuple[Target, list[Operand]]:
        """Return what `asyncio.to_thread(f, 1, n=2)` calls, and the lowered arguments."""
        self._only_in_thread(node)
        if not node.args:
            raise self.source.error(node, "`to_thread` is called without a function", f"write `{Worker.usage}`")
        if self.known(node.args[0]) is not None:
            text = self.source.segment(node.args[0])
            raise self.source.error(node.args[0], f"`{text}` is no function of the file", "write one that calls it")
        arguments: list[Operand] = []
        how, called = self._target(node.args[0], arguments)
        named = tuple(str(keyword.arg) for keyword in node.keywords)
        values = (*node.args[1:], *(keyword.value for keyword in node.keywords))
        arguments += [self.held(self.expression(value)) for value in values]
        return Target(called, how, len(node.args) - 1, named, node, worker=True), arguments

    def _to_thread(self, target: Target, arguments: list[Operand]) -> Operand:
        """Lower the giving of a call to another thread, and the going on once it has been made."""
        self.context.targets.setdefault(target.key, target)
        call = self.builder.operate(ToThread(target.key), *arguments)
        self.builder.mark(AWAIT)
        goes_on = Invoke("__resume__", "await asyncio.to_thread() goes on")
        return self.builder.operate(goes_on, call, Const(Parked(None)))

    def _worker(self, target: Target) -> Code:
        """Return the code of the threads that make such a call; its parameter is the call's own object."""
        builder, gate = self.builder, self.builder.register()
        error, handler, unwanted = builder.register(), builder.label(), builder.label()
        self.frame = Frame(Scope((), frozenset(), frozenset()), {}, ())
        with builder.at(self.source.span(self.context.helpers.get(target.name, target.node))):
            given = builder.operate(Invoke("__taken__", "take the call up"), Reg(gate))
            builder.unless(builder.compute(_is_given, given), unwanted)
            with builder.within(Block("try", handler=Handler(handler, error))):
                value = self._entered(target, given)
            for rule, result, at in (("__finish__", value, None), ("__fail__", Reg(error), handler)):
                if at is not None:
                    builder.here(at)
                builder.operate(Invoke(rule, "end"), Reg(gate), result, into=builder.ignored())
                builder.returns(result)
            builder.here(unwanted)
            builder.returns(NONE)
        return builder.finish((gate,))

    def _await_task(self, node: ast.expr, task: Operand) -> Operand:
        text = self.source.segment(node)
        value = self.builder.operate(AwaitTask(text), task)
        self.resume(ast.copy_location(ast.Call(node, [], []), node), task, value, [], awaited=True)
        return value

    def _gather(self, node: ast.Call) -> Operand:
        """Lower `await asyncio.gather(f(1), task, *tasks, return_exceptions=True)`."""
        wants: Operand = Const(False)
        for keyword in node.keywords:
            if keyword.arg != "return_exceptions":
                raise self.source.error(
                    keyword.value, f"`gather` is called with '{keyword.arg}='", "there is `return_exceptions=`"
                )
            wants = self.held(self.expression(keyword.value))
        unpacked = tuple(isinstance(one, ast.Starred) for one in node.args)
        tasks = [self._awaited_together(one) for one in node.args]
        builder, again, end = self.builder, self.builder.label(), self.builder.label()
        value = builder.operate(Gather(unpacked), self._loop, wants, *tasks)
        builder.here(again)
        builder.unless(builder.compute(_is_parked, value), end)
        builder.mark(AWAIT)
        builder.operate(GatherOn(), self._loop, value, into=value.number)
        builder.jump(again)
        builder.here(end)
        return self.copy("list", value)

    def _awaited_together(self, node: ast.expr) -> Operand:
        """Lower an argument of `gather`; a starred one gives a tuple of tasks."""
        if isinstance(node, ast.Call):
            return self._make_task(node)
        if not isinstance(node, ast.Starred):
            return self.held(self.expression(node))
        tasks = node.value
        if isinstance(tasks, ast.GeneratorExp | ast.ListComp):
            if isinstance(tasks.elt, ast.Call):
                self._as_tasks.add(tasks.elt)
            tasks = ast.copy_location(ast.ListComp(tasks.elt, tasks.generators), tasks)
        return self.copy("tuple", self.expression(tasks))

    def started(self, target: Target) -> Code:
        """Return the code of the threads, or of the tasks, that run a target; its parameter is their own object."""
        if target.worker:
            return self._worker(target)
        if not target.task:
            return super().started(target)
        builder, gate = self.builder, self.builder.register()
        error, handler = builder.register(), builder.label()
        self.frame = Frame(Scope((), frozenset(), frozenset()), {}, ())
        self._is_task = True
        with builder.at(self.source.span(target.node if target.hands else self.context.helpers[target.name])):
            builder.mark(AWAIT)
            with builder.within(Block("try", handler=Handler(handler, error))):
                builder.operate(Invoke("__begin__", "begin"), self._loop)
                given = builder.operate(Invoke("__given__", "begin"), Reg(gate))
                value = self._handing(target, given) if target.hands else self._entered(target, given)
            for rule, result, at in (("__finish__", value, None), ("__fail__", Reg(error), handler)):
                if at is not None:
                    builder.here(at)
                builder.operate(Invoke(rule, "end"), Reg(gate), result, into=builder.ignored())
                self._end()
                if target.grouped:
                    self._tell_group(Reg(gate))
                builder.returns(result)
        return builder.finish((gate,))

    def _handing(self, target: Target, given: Operand) -> Operand:
        """Lower a task that gives a call to another thread."""
        call = replace(target, task=False, grouped=False, hands=False, worker=True)
        return self._to_thread(call, [self.builder.compute(part, given) for part in target_parts(target)])

    def _tell_group(self, gate: Operand) -> None:
        """Lower the turn in which a group learns that one of its tasks has ended."""
        group = self.builder.operate(Invoke("__group__", "end"), gate)
        self.builder.mark(AWAIT)
        self.builder.operate(Invoke("__told__", "tell the group"), group, gate, into=self.builder.ignored())

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


def _is_given(value: object) -> bool:
    return value is not None


def _is_parked(value: object) -> bool:
    return isinstance(value, Parked)
