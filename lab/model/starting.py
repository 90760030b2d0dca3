"""Operations of programs that start their threads and tasks themselves: making, waiting, and ending the program."""

from __future__ import annotations

from dataclasses import dataclass

from lab.model.heap import Blocks, HeapObject, Raised, Refused, Scene
from lab.model.objects.groups import TaskGroup
from lab.model.objects.loop import EventLoop
from lab.model.objects.tasks import CANCELLED, Task, call_back, outcome, task_of
from lab.model.objects.threads import FAILED, NEW, STARTED, Thread
from lab.model.objects.workers import Worker
from lab.model.values import Gate, Parked, Ref, Value, Waiter, type_name

__all__ = ["EXIT", "RUNS", "AwaitTask", "Exit", "Gather", "GatherOn", "MakeTask", "MakeThread", "ToThread", "Unplanned"]

Heap = tuple[HeapObject, ...]

EXIT = "the end of the program"
"""The location that the end of a program writes, and every step of a daemon reads."""

RUNS = "run"
"""What a daemon's step does there: it is said to no reader, and keeps the step in front of the end."""


class Unplanned(Refused):
    """A thread makes more threads than places were set aside for.

    Attributes
    ----------
    thread : int
        Who makes it.
    key : str
        The places that are used up.
    name : str or None
        The name that the new thread was given.
    """

    def __init__(self, thread: int, key: str, name: str | None) -> None:
        super().__init__(
            "a thread is made here that none of the runs made which were tried when the file was read",
            "make every thread at the beginning of the `@main` function",
        )
        self.thread = thread
        self.key = key
        self.name = name


def _next_place(scene: Scene, key: str, name: Value) -> int:
    """Take the next of the places that are set aside for what a thread makes, and return its number."""
    if name is not None and (not isinstance(name, str) or not name):
        raise Refused("the name of a thread or task is no text", 'write `name="worker"`')
    places, published = scene.own.places.get(key, ()), scene.own.store.published
    slot = published.get(key, 0)
    if slot >= len(places):
        raise Unplanned(scene.thread, key, name)
    target = scene.heap[places[slot][0].number]
    assert isinstance(target, Thread | Task)
    if target.given != name:
        raise Refused(f"a thread is called '{name}' in some runs and '{target.given}' in others", "give it one name")
    published[key] = slot + 1
    return slot


@dataclass(frozen=True, slots=True)
class MakeThread:
    """`threading.Thread(...)`: a private object; the first two arguments are its name and whether it is a daemon.

    `key` says which places are set aside for it.
    """

    key: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Never: nobody else knows the thread yet."""
        return False

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the new thread."""
        name, daemon, *given = arguments
        slot = _next_place(scene, self.key, name)
        inherited = bool(daemon) if daemon is not None else _in_daemon(scene)
        return scene.own.store.make(Thread.kind, Gate(NEW, self.key, slot, inherited, tuple(given)))

    def describe(self) -> str:
        """Name the operation."""
        return "make a thread"


def _in_daemon(scene: Scene) -> bool:
    """Whether the thread that performs the operation is a daemon."""
    for target in scene.heap:
        if isinstance(target, Thread) and target.number == scene.thread:
            return bool(scene.constant(target.component).daemon)
    return False


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of the program: the `@main` function has returned, and the threads that are no daemons have ended."""

    component: int

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Always: after it the daemons are gone."""
        return True

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """End the program, when every thread has ended that is no daemon."""
        for target in scene.heap:
            if isinstance(target, Thread):
                gate = scene.read(target.component)
                if gate.status == STARTED and not gate.daemon:
                    raise Blocks(target.name, (target.number,))
        scene.write(self.component, True)
        scene.note(EXIT, "exit", writes=True, atomic=True)
        return None

    def describe(self) -> str:
        """Name the step."""
        return "end the program"


@dataclass(frozen=True, slots=True)
class MakeTask:
    """`asyncio.create_task(...)`: the first argument is its name; `key` says which places are set aside for it.

    `grouped` says that the second argument is the group whose `create_task` it is.
    """

    key: str
    grouped: bool = False

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Always: the task is ready at once."""
        return True

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the new task."""
        name, *given = arguments
        group = given.pop(0) if self.grouped else None
        if self.grouped:
            _group(scene, group).check(scene)
        slot = _next_place(scene, self.key, name)
        ref, _ = scene.own.places[self.key][slot]
        if self.grouped:
            group = scene.share(group)
            _group(scene, group).add(scene, ref)
        task_of(scene, ref).begin(scene, tuple(given), group)
        return ref

    def describe(self) -> str:
        """Name the operation."""
        return "make a task"


@dataclass(frozen=True, slots=True)
class ToThread:
    """`await asyncio.to_thread(...)`, its first part; `key` says which places are set aside for the call."""

    key: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Always: the task is suspended."""
        return True

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return the call."""
        ref, _ = scene.own.places[self.key][_next_place(scene, self.key, None)]
        worker = task_of(scene, ref)
        assert isinstance(worker, Worker)
        worker.call(scene, arguments)
        return ref

    def describe(self) -> str:
        """Name the operation."""
        return "await asyncio.to_thread()"


def _group(scene: Scene, value: Value) -> TaskGroup:
    """Return the group whose `create_task` is called."""
    target = scene.target(value) if isinstance(value, Ref) else None
    if not isinstance(target, TaskGroup):
        raise Raised("AttributeError", f"'{type_name(value)}' object has no attribute 'create_task'")
    return target


@dataclass(frozen=True, slots=True)
class AwaitTask:
    """`await task`."""

    text: str

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether it is a task that is awaited."""
        return _is_task(arguments[0])

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return what the task returned, or a `Parked` value as long as it goes on."""
        if not _is_task(arguments[0]):
            raise Raised("TypeError", f"object {type_name(arguments[0])} can't be used in 'await' expression")
        return task_of(scene, arguments[0]).wait(scene)

    def describe(self) -> str:
        """Name the access."""
        return f"await {self.text}"


def _is_task(value: Value) -> bool:
    return isinstance(value, Ref) and value.kind == Task.kind


@dataclass(frozen=True, slots=True)
class Gather:
    """`await asyncio.gather(...)`: the loop, whether exceptions are wanted as values, and the tasks.

    `unpacked` says of each of the latter whether it is a tuple of tasks.
    """

    unpacked: tuple[bool, ...]

    def _tasks(self, arguments: tuple[Value, ...]) -> list[Value]:
        given = zip(arguments[2:], self.unpacked, strict=True)
        return [task for value, unpacked in given for task in (value if unpacked else (value,))]

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Whether there is a task to wait for."""
        return bool(self._tasks(arguments))

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Wait for all of them; return () where there are none."""
        loop, wants, tasks = arguments[0], arguments[1], self._tasks(arguments)
        if not all(map(_is_task, tasks)):
            raise Raised("TypeError", "An asyncio.Future, a coroutine or an awaitable is required")
        if not tasks:
            return ()
        waiter = Waiter(scene.thread, tuple(tasks), bool(wants))
        own = _loop(scene, loop)
        for ref in dict.fromkeys(tasks):
            task_of(scene, ref).own_loop(scene)
            task_of(scene, ref).join(scene, waiter)
            scene.note(task_of(scene, ref).name, "wait for", writes=True, atomic=True)
        for ref in dict.fromkeys(tasks):
            ended = scene.read(task_of(scene, ref).component).status != STARTED
            if ended and not scene.read(own.component).awaits(scene.thread):
                call_back(scene, own, waiter, task_of(scene, ref))
        own.leave(scene)
        return Parked((tuple(tasks), bool(wants)))

    def describe(self) -> str:
        """Name the access."""
        return "await asyncio.gather()"


@dataclass(frozen=True, slots=True)
class GatherOn:
    """Go on after `await asyncio.gather(...)`: the loop, and what `Gather` gave."""

    def touches(self, heap: Heap, arguments: tuple[Value, ...]) -> bool:
        """Always."""
        return True

    def perform(self, scene: Scene, arguments: tuple[Value, ...]) -> Value:
        """Return a tuple of what the tasks returned, or raise what the first one raised."""
        loop, parked = arguments
        refs, wants = parked.token
        thrown = _loop(scene, loop).take(scene, "the tasks gathered", tuple(task_of(scene, ref).number for ref in refs))
        first: Gate | None = None
        for ref in dict.fromkeys(refs):
            task = task_of(scene, ref)
            gate: Gate = scene.read(task.component)
            if any(waiter.task == scene.thread and waiter.first for waiter in gate.waiters):
                first = gate
            task.forget(scene, scene.thread)
            scene.note(task.name, "leave" if gate.status == STARTED else "join", writes=True, atomic=True)
        if thrown:
            raise Raised(CANCELLED)
        if first is not None:
            return outcome(first)
        gates = [scene.read(task_of(scene, ref).component) for ref in refs]
        return tuple(gate.result if wants or gate.status != FAILED else outcome(gate) for gate in gates)

    def describe(self) -> str:
        """Name the access."""
        return "await asyncio.gather() goes on"


def _loop(scene: Scene, ref: Ref) -> EventLoop:
    loop = scene.target(ref)
    assert isinstance(loop, EventLoop)
    return loop
