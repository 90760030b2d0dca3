"""Groups of tasks: `asyncio.TaskGroup`, as of Python 3.11.

A group's tasks tell it of their end in a turn of their own, as the callback does that asyncio adds to each. The first
that fails lets the group cancel the others, and the task that made it where that waits, be it in the group's block.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from math import factorial
from typing import ClassVar, NamedTuple, NoReturn

from lab.model.heap import Blocks, Raised, Refused, Scene
from lab.model.objects.loop import Awaited, EventLoop, awaited
from lab.model.objects.tasks import CANCELLED, Task, cancel, task_of
from lab.model.objects.threads import FAILED, STARTED
from lab.model.values import Parked, Ref, Thrown, Value

__all__ = ["Group", "TaskGroup"]

_MOST_CANCELLED = 5
"""Tasks that a group may cancel at once in the loop's own order: each order of them is a result."""


class Group(NamedTuple):
    """The content of an `asyncio.TaskGroup`.

    Attributes
    ----------
    loop : Ref or None
        The event loop; None where a file has no tasks.
    parent : int
        The task whose block the group is; -1 before it has entered it.
    members : tuple of Ref
        The tasks that have not told it of their end, in the order in which they were made.
    errors : tuple of Thrown
        What its tasks and its block have raised, cancellations aside.
    leaving, waits : bool
        Whether the block is over, and whether the parent waits there for the tasks.
    aborting : bool
        Whether the tasks have been cancelled.
    """

    loop: Ref | None
    parent: int = -1
    members: tuple[Ref, ...] = ()
    errors: tuple[Thrown, ...] = ()
    leaving: bool = False
    waits: bool = False
    aborting: bool = False


class TaskGroup(Awaited):
    """An `asyncio.TaskGroup`; its component is a `Group`."""

    kind: ClassVar[str] = "TaskGroup"
    usage: ClassVar[str] = "async with asyncio.TaskGroup() as group:"
    rules: ClassVar[Mapping[str, str]] = {
        "__entered__": "enter",
        awaited("leave"): "leave",
        "__resume__": "resume",
        "__told__": "learn",
        "__aenter__": "enter_late",
    }

    def loop(self, scene: Scene) -> EventLoop:
        """Return the loop; only tasks may use the group."""
        ref = self._group(scene).loop
        assert ref is not None
        loop = scene.target(ref)
        assert isinstance(loop, EventLoop)
        return loop

    def _group(self, scene: Scene) -> Group:
        """Return the content; the analysis of traces also asks about values that never meet, such as a place unused."""
        group: Group = scene.read(self.component) or _blocked(self.name)
        return group

    def enter(self, scene: Scene) -> None:
        """Begin the block: nobody else knows the group yet."""
        scene.write(self.component, self._group(scene)._replace(parent=scene.thread))

    def enter_late(self, _scene: Scene) -> None:
        """Refuse a group that was made before its block."""
        raise Refused("a TaskGroup stands in a variable", f"write `{self.usage}`")

    def check(self, scene: Scene) -> None:
        """Raise what Python raises when the group takes no task any more."""
        self.own_loop(scene)
        group = self._group(scene)
        if group.aborting or (group.leaving and not group.members):
            self._note(scene, "find closed")
        if group.leaving and not group.members:
            raise Raised("RuntimeError", f"TaskGroup {_described(group)} is finished")
        if group.aborting:
            raise Raised("RuntimeError", f"TaskGroup {_described(group)} is shutting down")

    def add(self, scene: Scene, member: Ref) -> None:
        """Take in a new task."""
        self._note(scene, "add to")
        group = self._group(scene)
        scene.write(self.component, group._replace(members=(*group.members, member)))

    def leave(self, scene: Scene, thrown: Value) -> Value:
        """End the block, by exception or not: suspend until every task has ended."""
        group = self._group(scene)
        scene.write(self.component, group._replace(leaving=True))
        if thrown is not None:
            self._abort(scene)
        return self._wait_or_end(scene, thrown)

    def resume(self, scene: Scene, parked: Parked, _thrown: Value) -> Value:
        """Go on, every task having ended or this one having been cancelled; wait again for those that go on."""
        thrown: Value = parked.token
        group = self._group(scene)
        numbers = tuple(task_of(scene, one).number for one in group.members)
        cancelled = self.loop(scene).take(scene, self.name, numbers)
        scene.write(self.component, group._replace(waits=False))
        if cancelled and not group.aborting:
            thrown = thrown or Thrown(CANCELLED)
            self._abort(scene)
        return self._wait_or_end(scene, thrown)

    def _wait_or_end(self, scene: Scene, thrown: Value) -> Value:
        group = self._group(scene)
        if group.members:
            scene.write(self.component, group._replace(waits=True))
            return self.suspend(scene, "wait for", thrown)
        self._note(scene, "leave")
        if thrown is not None and thrown.name != CANCELLED:
            group = group._replace(errors=(*group.errors, thrown))
            scene.write(self.component, group)
        if group.errors:
            number = len(group.errors)
            what = f"{number} sub-exception{'s' if number > 1 else ''}"
            raise Raised("ExceptionGroup", f"unhandled errors in a TaskGroup ({what})")
        if thrown is not None:
            raise Raised(CANCELLED)
        return None

    def learn(self, scene: Scene, member: Ref) -> None:
        """Learn that a task has ended: the turn of the callback that asyncio adds to each."""
        loop = self.loop(scene)
        loop.take(scene, self.name)
        gate = scene.read(task_of(scene, member).component)
        group = self._group(scene)
        group = group._replace(members=tuple(one for one in group.members if one != member))
        if group.waits and not group.members:
            loop.wake(scene, group.parent)
            group = group._replace(waits=False)
        failed = gate.status == FAILED and gate.result.name != CANCELLED
        if failed:
            group = group._replace(errors=(*group.errors, gate.result))
        scene.write(self.component, group)
        self._note(scene, "tell")
        if failed and not group.aborting:
            self._abort(scene)
            cancel(scene, loop, group.parent)
        loop.leave(scene)

    def _abort(self, scene: Scene) -> None:
        """Cancel every task; Python keeps them in a set, so that their order is any."""
        group = self._group(scene)
        if group.aborting:
            return
        scene.write(self.component, group._replace(aborting=True))
        if not group.members:
            return
        loop = self.loop(scene)
        ready = scene.read(loop.component).ready
        tasks = [task_of(scene, one) for one in group.members]
        going = [one for one in tasks if scene.read(one.component).status == STARTED]
        queued = [one for one in going if one.number in ready]  # these only learn of it, so that order is no matter
        others = [one for one in going if one not in queued]
        if scene.fifo and len(others) > 1:
            others = self._in_some_order(scene, others)
        for one in (*queued, *others):
            one.note_cancel(scene)
            cancel(scene, loop, one.number)

    def _in_some_order(self, scene: Scene, tasks: list[Task]) -> list[Task]:
        if len(tasks) > _MOST_CANCELLED:
            raise Refused(
                f"a TaskGroup cancels more than {_MOST_CANCELLED} tasks at once, in an order that nothing defines",
                "make fewer tasks, or explore it under policy access",
            )
        return list(list(permutations(tasks))[scene.pick(factorial(len(tasks)))])

    def interrupt(self, scene: Scene, task: int) -> None:
        """Note that the parent, which waited here, was cancelled."""
        group = scene.read(self.component)
        if group and group.parent == task and group.waits:
            scene.write(self.component, group._replace(waits=False))


def _blocked(name: str) -> NoReturn:
    raise Blocks(name)


def _described(group: Group) -> str:
    """Return a group as Python's errors show it."""
    parts = [f"tasks={len(group.members)}"] if group.members else []
    parts += [f"errors={len(group.errors)}"] if group.errors else []
    return f"<TaskGroup {' '.join([*parts, 'cancelling' if group.aborting else 'entered'])}>"
