"""Calls that tasks give to other threads: `asyncio.to_thread`.

A thread of the pool takes the call up, in a step of its own, and makes it beside the loop; its end makes the task ready
that awaits it. A call is not made whose task was cancelled before it was taken up, and any other goes on to its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from lab.model.heap import Blocks, Scene
from lab.model.objects.loop import EventLoop, awaited
from lab.model.objects.tasks import Task
from lab.model.objects.threads import GONE, NEW, STARTED
from lab.model.values import Gate, Parked, Value, Waiter

__all__ = ["Worker"]

TAKEN = "taken up"
"""What the `Gate` of a call says that has been begun."""


class Worker(Task):
    """A call that a thread of asyncio's pool makes; its component is a `Gate`, whose waiter is who awaits it."""

    kind: ClassVar[str] = "Worker"
    usage: ClassVar[str] = "await asyncio.to_thread(f, 1)"
    rules: ClassVar[Mapping[str, str]] = {
        "__taken__": "take_up",
        "__finish__": "finish",
        "__fail__": "fail",
        awaited("call"): "call",
        "__resume__": "resume",
    }

    def touches(self, operation: str, arguments: tuple[Value, ...]) -> bool:
        """Whether the operation needs a step: every one does."""
        return operation in self.rules

    def call(self, scene: Scene, arguments: tuple[Value, ...]) -> Parked:
        """Give the call to the pool, and suspend the task until it has been made."""
        gate: Gate = scene.read(self.component)
        waiters = (Waiter(scene.thread),)
        scene.write(self.component, gate._replace(status=STARTED, arguments=arguments, waiters=waiters))
        return self.suspend(scene, "start")

    def take_up(self, scene: Scene) -> Value:
        """Take the call up: return its arguments, or None if it was cancelled before."""
        gate: Gate = scene.read(self.component)
        if gate.status == NEW:
            raise Blocks(self.name)
        self._note(scene, "begin")
        if gate.status == GONE:
            return None
        scene.write(self.component, gate._replace(status=TAKEN, arguments=()))
        return gate.arguments

    def _end(self, scene: Scene, status: str, result: Value) -> None:
        loop, gate = self.loop(scene), scene.read(self.component)
        scene.write(self.component, gate._replace(status=status, result=result))
        self._note(scene, "end")
        for waiter in gate.waiters:
            loop.call_back(scene, waiter.task)
            loop.note_wake(scene)

    def let_go(self, scene: Scene, loop: EventLoop, task: int) -> bool:
        """Leave the call alone, because the task that awaits it was cancelled."""
        gate: Gate = scene.read(self.component)
        status = GONE if gate.status == STARTED else gate.status
        scene.write(self.component, gate._replace(status=status, waiters=()))
        self._note(scene, "cancel")
        loop.interrupt_sleep(scene, task)
        return True
