"""Operations of programs that start their threads themselves: making a thread, and ending the program."""

from __future__ import annotations

from dataclasses import dataclass

from lab.model.heap import Blocks, HeapObject, Refused, Scene
from lab.model.objects.threads import NEW, STARTED, Thread
from lab.model.values import Gate, Value

__all__ = ["EXIT", "RUNS", "Exit", "MakeThread", "Unplanned"]

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
        if name is not None and (not isinstance(name, str) or not name):
            raise Refused("the name of a thread is no text", 'write `name="worker"`')
        places, published = scene.own.places.get(self.key, ()), scene.own.store.published
        slot = published.get(self.key, 0)
        if slot >= len(places):
            raise Unplanned(scene.thread, self.key, name)
        target = scene.heap[places[slot][0].number]
        assert isinstance(target, Thread)
        if target.given != name:
            raise Refused(
                f"a thread is called '{name}' in some runs and '{target.given}' in others", "give it one name"
            )
        published[self.key] = slot + 1
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
