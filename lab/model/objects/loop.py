"""The event loop of a file's tasks, and what every object of asyncio shares.

At most one task holds the loop. It gives the loop up where an await suspends it; a task whose wait is over is ready,
and goes on when the loop is free. Which of the ready tasks may be next is a question to the policy: any of them, in
whatever order I/O could complete; or, as `asyncio` does it, the first in the loop's queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NamedTuple

from lab.model.heap import Blocks, Raised, Refused, Scene
from lab.model.objects.synchroniser import Build, Synchroniser
from lab.model.values import Parked, Value

__all__ = ["AWAITED", "INTERRUPTED", "WAITS", "WOKEN", "Awaited", "EventLoop", "Turns", "awaited"]

AWAITED = "__await_"
"""How the names of operations begin that a task awaits."""


def awaited(name: str) -> str:
    """Return the name of the rule for an awaited call of a method.

    Examples
    --------
    >>> awaited("acquire")
    '__await_acquire__'
    """
    return f"{AWAITED}{name}__"


class Turns(NamedTuple):
    """Whose turn it is.

    Attributes
    ----------
    running : int or None
        The task that holds the loop.
    ready : tuple
        The tasks that may go on. In any order of completion: ascending. In the loop's own order: its queue, the first
        one first; `(task,)` stands for a callback that puts that task at the end of the queue.
    left : int
        How many of the queue belong to the round that the loop is in: what is due joins the queue between two rounds.
    timers : tuple of (int, int)
        The tasks asleep, in the order in which they wake, each with the microseconds that are left.
    thrown : tuple of int
        The tasks that were cancelled and will learn of it when they go on; ascending.
    """

    running: int | None = None
    ready: tuple[Value, ...] = ()
    left: int = 0
    timers: tuple[tuple[int, int], ...] = ()
    thrown: tuple[int, ...] = ()

    def following(self) -> Turns | None:
        """Return the state after the loop gave its next task the turn; None when nobody is ready or asleep.

        Computing takes no time, so the clock moves when the queue is empty, to the first timer.
        """
        _, ready, left, timers, _ = self
        while True:
            if not left:
                if not ready and timers:
                    timers = _later(timers, max(0, timers[0][0]))
                ready += tuple((task,) for time, task in timers if time <= 0)
                timers = tuple(timer for timer in timers if timer[0] > 0)
                left = len(ready)
            if not ready:
                return None
            entry, ready, left = ready[0], ready[1:], left - 1
            if not isinstance(entry, tuple):
                return self._replace(running=entry, ready=ready, left=left, timers=timers)
            ready += entry

    def awaits(self, task: int) -> bool:
        """Whether that task will have its turn without anybody's help."""
        return task in self.ready or (task,) in self.ready or any(task == asleep for _, asleep in self.timers)


def _later(timers: tuple[tuple[int, int], ...], passed: int) -> tuple[tuple[int, int], ...]:
    return tuple((left - passed, task) for left, task in timers)


class EventLoop(Synchroniser):
    """The loop; its component is a `Turns`."""

    kind: ClassVar[str] = "EventLoop"
    rules: ClassVar[Mapping[str, str]] = {
        "__begin__": "begin",
        "__end__": "end",
        awaited("sleep"): "sleep",
        "__resume__": "resume",
        "__block__": "block",
    }

    @classmethod
    def first(cls, _arguments: tuple[Value, ...]) -> Value:
        """Return a loop without tasks."""
        return Turns()

    def begin(self, scene: Scene) -> None:
        """Begin a task, by exception if it was cancelled before."""
        self._go_on(scene)

    def end(self, scene: Scene) -> None:
        """End a task: the loop is free."""
        self.leave(scene)
        self._note(scene, "leave")

    def sleep(self, scene: Scene, delay: Value) -> Value:
        """Perform the first part of `await asyncio.sleep(delay)`: suspend the task."""
        if not isinstance(delay, int | float):
            raise Refused("asyncio.sleep is called with something that is no number", "write the seconds")
        turns = scene.read(self.component)
        if scene.fifo and delay > 0:
            timers = [*turns.timers, (max(1, round(delay * 1_000_000)), scene.thread)]
            timers.sort(key=_time)  # of two that are due together, the first to go to sleep wakes first
            turns = turns._replace(timers=tuple(timers))
            scene.write(self.component, turns)
        else:
            self.wake(scene, scene.thread)
        self.leave(scene)
        self._note(scene, "leave")
        return Parked(None)

    def resume(self, scene: Scene, _parked: Parked, _delay: Value) -> None:
        """Go on after a sleep, by exception if the task was cancelled."""
        self._go_on(scene)

    def _go_on(self, scene: Scene) -> None:
        if self.take(scene, self.name):
            raise Raised("CancelledError")

    def block(self, scene: Scene, delay: Value) -> None:
        """Perform `time.sleep(delay)` in a task: the clock moves on, and nobody else does."""
        if scene.fifo and isinstance(delay, int | float):
            turns = scene.read(self.component)
            scene.write(self.component, turns._replace(timers=_later(turns.timers, round(delay * 1_000_000))))
        self._note(scene, "block")

    # What the objects that tasks wait at ask of the loop

    def take(self, scene: Scene, name: str, held_by: tuple[int, ...] = ()) -> bool:
        """Give the turn to the task that performs the operation; not enabled as long as it waits for `name`.

        Returns whether the task was cancelled, and has to be told now.
        """
        turns: Turns = scene.read(self.component)
        if not turns.awaits(scene.thread):
            raise Blocks(name, held_by)
        if turns.running is not None:
            raise Blocks(self.name, (turns.running,))
        if scene.fifo:
            following = turns.following()
            if following is None or following.running != scene.thread:
                raise Blocks(self.name)
        else:
            ready = tuple(task for task in turns.ready if task != scene.thread)
            following = turns._replace(running=scene.thread, ready=ready)
        left = tuple(task for task in turns.thrown if task != scene.thread)
        scene.write(self.component, following._replace(thrown=left))
        self._note(scene, "take")
        return scene.thread in turns.thrown

    def leave(self, scene: Scene) -> None:
        """Free the loop."""
        scene.write(self.component, scene.read(self.component)._replace(running=None))

    def wake(self, scene: Scene, task: int) -> None:
        """Make a task ready."""
        turns: Turns = scene.read(self.component)
        ready = (*turns.ready, task)
        scene.write(self.component, turns._replace(ready=ready if scene.fifo else tuple(sorted(ready))))

    def call_back(self, scene: Scene, task: int) -> None:
        """Make a task ready once a callback was called, which costs it a place in the loop's own order."""
        if scene.fifo:
            turns: Turns = scene.read(self.component)
            scene.write(self.component, turns._replace(ready=(*turns.ready, (task,))))
        else:
            self.wake(scene, task)

    def note_wake(self, scene: Scene) -> None:
        """Report that the queue was changed from outside of the loop."""
        self._note(scene, "wake")

    def throw(self, scene: Scene, task: int) -> None:
        """Tell a task that it was cancelled, when it goes on."""
        turns: Turns = scene.read(self.component)
        scene.write(self.component, turns._replace(thrown=tuple(sorted({*turns.thrown, task}))))

    def interrupt_sleep(self, scene: Scene, task: int) -> None:
        """Make a task ready that waits, whatever for, and tell it that it was cancelled."""
        turns: Turns = scene.read(self.component)
        ready = tuple(entry for entry in turns.ready if entry != (task,))
        timers = tuple(timer for timer in turns.timers if timer[1] != task)
        left = turns.left - sum(entry == (task,) for entry in turns.ready[: turns.left])
        scene.write(self.component, turns._replace(ready=ready, timers=timers, left=left))
        self.wake(scene, task)
        self.throw(scene, task)

    def holds(self, scene: Scene) -> bool:
        """Whether whoever performs the operation is the task that holds the loop."""
        running: int | None = scene.read(self.component).running
        return running == scene.thread


def _time(timer: tuple[int, int]) -> int:
    return timer[0]


WAITS, WOKEN, INTERRUPTED = "waits", "woken", "interrupted"
"""What an object of asyncio knows of a task that waits there."""


def _interrupted(content: Value, task: int) -> Value:
    """Return the content of an object in which a task that waited does so no longer."""
    if content == (task, WAITS):
        return (task, INTERRUPTED)
    if type(content) is tuple:
        return tuple(_interrupted(part, task) for part in content)
    return content


class Awaited(Synchroniser):
    """An object of asyncio: its last argument is the loop."""

    @classmethod
    def prepare(cls, arguments: tuple[Value, ...], build: Build) -> tuple[Value, ...]:
        """Add the loop to the arguments."""
        return (*arguments, build(EventLoop.kind))

    def loop(self, scene: Scene) -> EventLoop:
        """Return the loop; only tasks may use the object."""
        loop = scene.target(self._given(scene)[-1])
        assert isinstance(loop, EventLoop)
        return loop

    def own_loop(self, scene: Scene) -> EventLoop:
        """Return the loop, which the task that performs the operation must hold."""
        loop = self.loop(scene)
        if not loop.holds(scene):
            what = self.kind.replace("asyncio.", "")
            raise Refused(
                f"an asyncio.{what} is used outside the loop",
                f"objects of asyncio are for tasks; use a threading.{what}",
            )
        return loop

    def interrupt(self, scene: Scene, task: int) -> None:
        """Note that a task which waits here was cancelled: it counts as no waiter, and leaves when it goes on."""
        if not scene.read(self.component):
            return  # a place that nobody uses yet
        content = self._state(scene)
        changed = _interrupted(content, task)
        if changed != content:
            self._become(scene, changed)

    def suspend(self, scene: Scene, operation: str, token: Value = None) -> Parked:
        """Give the loop up until this object wakes the task."""
        self.own_loop(scene).leave(scene)
        self._note(scene, operation)
        return Parked(token)

    def _ask(self, scene: Scene, operation: str, answer: Value) -> Value:
        scene.note(self.name, operation, answer, atomic=True)
        return answer

    def forgotten(self, scene: Scene, *_arguments: Value) -> Value:
        """Refuse a coroutine that nobody awaits."""
        raise Refused("a coroutine is never awaited", "write `await` in front of the call")

    def plain_with(self, scene: Scene) -> Value:
        """Raise what Python raises for `with` instead of `async with`."""
        kind = self.kind.replace("asyncio.", "")
        raise Raised("TypeError", f"'{kind}' object does not support the context manager protocol")
