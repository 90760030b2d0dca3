"""Tasks that a task makes: `asyncio.create_task`, and who waits for them.

A task's end wakes those that wait for it, first come, first served: who awaits it goes on after that; who gathered it,
once all have ended or the first has failed, and one turn of the loop later, because a callback stands in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from lab.model.heap import Raised, Refused, Scene
from lab.model.objects.loop import Awaited, EventLoop, awaited
from lab.model.objects.threads import ENDED, FAILED, STARTED
from lab.model.values import Gate, Parked, Ref, Value, Waiter

__all__ = ["CANCELLED", "Task", "call_back", "cancel", "outcome", "task_of"]

CANCELLED = "CancelledError"


class Task(Awaited):
    """An `asyncio.Task`; its component is a `Gate`, whose waiters are of type `Waiter`.

    Parameters
    ----------
    number : int
        The thread that runs it.
    given : str or None
        The name that the program gives it.
    """

    kind: ClassVar[str] = "Task"
    usage: ClassVar[str] = "asyncio.create_task(f(1))"
    shown = False
    rules: ClassVar[Mapping[str, str]] = {
        "__given__": "arguments_given",
        "__group__": "group_given",
        "__finish__": "finish",
        "__fail__": "fail",
        awaited("task"): "wait",
        "__resume__": "resume",
        "cancel": "cancel",
        "done": "done",
        "cancelled": "is_cancelled",
        "result": "result",
    }

    def __init__(self, ref: Ref, name: str, component: int, loop: Ref, number: int, given: str | None) -> None:
        super().__init__(ref, name, component, (loop,))
        self.number = number
        self.given = given

    def touches(self, operation: str, arguments: tuple[Value, ...]) -> bool:
        """Whether the operation needs a step: all but reading what the task was made with."""
        return operation in self.rules and operation not in ("__given__", "__group__")

    def arguments_given(self, scene: Scene) -> Value:
        """Return what the task was made with."""
        return scene.constant(self.component).arguments

    def group_given(self, scene: Scene) -> Value:
        """Return the group that the task was made in."""
        return scene.constant(self.component).group

    def begin(self, scene: Scene, arguments: tuple[Value, ...], group: Ref | None = None) -> None:
        """Make the task: it is ready at once."""
        gate: Gate = scene.read(self.component)
        loop = self.own_loop(scene)
        scene.write(self.component, gate._replace(status=STARTED, arguments=arguments, group=group))
        loop.wake(scene, self.number)
        self._note(scene, "create")

    def finish(self, scene: Scene, value: Value) -> None:
        """End the task with a value."""
        self._end(scene, ENDED, value)

    def fail(self, scene: Scene, thrown: Value) -> Value:
        """End the task with an exception, which is kept for whoever awaits it."""
        self._end(scene, FAILED, thrown)
        return thrown

    def _end(self, scene: Scene, status: str, result: Value) -> None:
        loop, gate = self.loop(scene), scene.read(self.component)
        scene.write(self.component, gate._replace(status=status, arguments=(), result=result))
        self._note(scene, "end")
        if gate.group is not None:
            loop.wake(scene, self.number)  # for the turn in which the group learns of it
        for waiter in gate.waiters:
            if not waiter.gathered:
                loop.wake(scene, waiter.task)
            elif not scene.read(loop.component).awaits(waiter.task):
                call_back(scene, loop, waiter, self)

    def wait(self, scene: Scene) -> Value:
        """Perform `await task`: suspend unless it has ended."""
        self.own_loop(scene)
        gate: Gate = scene.read(self.component)
        if gate.status == STARTED:
            self.join(scene, Waiter(scene.thread))
            return self.suspend(scene, "wait for")
        self._note(scene, "join")
        return outcome(gate)

    def join(self, scene: Scene, waiter: Waiter) -> None:
        """Add somebody who waits for the task's end."""
        gate: Gate = scene.read(self.component)
        scene.write(self.component, gate._replace(waiters=(*gate.waiters, waiter)))

    def forget(self, scene: Scene, task: int) -> None:
        """Drop a task that waits no longer."""
        gate: Gate = scene.read(self.component)
        kept = tuple(waiter for waiter in gate.waiters if waiter.task != task)
        scene.write(self.component, gate._replace(waiters=kept))

    def resume(self, scene: Scene, _parked: Parked) -> Value:
        """Go on, the task having ended, or this one having been cancelled."""
        thrown = self.loop(scene).take(scene, self.name, (self.number,))
        self.forget(scene, scene.thread)
        self._note(scene, "join")
        if thrown:
            raise Raised(CANCELLED)
        return outcome(scene.read(self.component))

    def cancel(self, scene: Scene) -> Value:
        """Perform `task.cancel()`: an exception where the task waits, or begins."""
        loop, gate = self.own_loop(scene), scene.read(self.component)
        self.note_cancel(scene)
        if gate.status != STARTED:
            return False
        if self.number == scene.thread:
            raise Refused("a task cancels itself", "write `raise asyncio.CancelledError`")
        cancel(scene, loop, self.number)
        return True

    def let_go(self, _scene: Scene, _loop: EventLoop, _task: int) -> bool:
        """Whether a task that is cancelled while it waits for this one leaves it alone: no, it cancels it, too."""
        return False

    def note_cancel(self, scene: Scene) -> None:
        """Report that the task is cancelled."""
        self._note(scene, "cancel")

    def done(self, scene: Scene) -> Value:
        """Perform `task.done()`."""
        return self._ask(scene, "done", scene.read(self.component).status in (ENDED, FAILED))

    def is_cancelled(self, scene: Scene) -> Value:
        """Perform `task.cancelled()`."""
        return self._ask(scene, "cancelled", _is_cancelled(scene.read(self.component)))

    def result(self, scene: Scene) -> Value:
        """Perform `task.result()`."""
        gate: Gate = scene.read(self.component)
        self._ask(scene, "result", gate.result)
        if gate.status not in (ENDED, FAILED):
            raise Raised("InvalidStateError", "Result is not set.")
        return outcome(gate)


def _is_cancelled(gate: Gate) -> bool:
    return gate.status == FAILED and bool(gate.result.name == CANCELLED)


def outcome(gate: Gate) -> Value:
    """Return what a task that has ended returned, or raise what it raised."""
    if gate.status == FAILED:
        raise Raised(gate.result.name, gate.result.message)
    return gate.result


def task_of(scene: Scene, ref: Ref) -> Task:
    """Return the task that a reference means."""
    target = scene.target(ref)
    assert isinstance(target, Task)
    return target


def call_back(scene: Scene, loop: EventLoop, waiter: Waiter, ended: Task) -> None:
    """Let whoever gathered a task that has ended go on, if that is the end it waits for."""
    failed = not waiter.wants and scene.read(ended.component).status == FAILED
    gates = (scene.read(task_of(scene, ref).component) for ref in waiter.gathered)
    if failed or all(gate.status != STARTED for gate in gates):
        loop.call_back(scene, waiter.task)
    if failed:
        ended.forget(scene, waiter.task)
        ended.join(scene, waiter._replace(first=True))


def cancel(scene: Scene, loop: EventLoop, number: int) -> None:
    """Cancel a task: what it awaits is cancelled first, if that is a task.

    A task that was woken and has not gone on yet, or has not begun, is told when it does.
    """
    loop.note_wake(scene)
    if number in scene.read(loop.component).ready:
        loop.throw(scene, number)
        return
    tasks = [one for one in scene.heap if isinstance(one, Task)]
    found = [(one, waiter) for one in tasks for waiter in scene.read(one.component).waiters if waiter.task == number]
    going = [one for one, _ in found if scene.read(one.component).status == STARTED]
    if any(one.let_go(scene, loop, number) for one, _ in found):
        return
    if found:
        if not going or any(waiter.wants for _, waiter in found):
            loop.throw(scene, number)
        for one in going:
            cancel(scene, loop, one.number)
        return
    for target in scene.heap:
        if isinstance(target, Awaited):
            target.interrupt(scene, number)
    loop.interrupt_sleep(scene, number)
