"""Threads that a program makes itself: `threading.Thread`.

The content of such an object is a `Gate`: the thread stands in front of its first instruction until it is started, and
its last step closes the gate again. Nobody can tell at once whether a thread that took its last step is still alive.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from lab.model.heap import PRIVATE, Blocks, Raised, Refused, Scene
from lab.model.objects.synchroniser import Synchroniser
from lab.model.values import Gate, Ref, Value

__all__ = ["ENDED", "FAILED", "GONE", "NEW", "STARTED", "Thread"]

NEW, STARTED, ENDED, GONE, FAILED = "new", "started", "ended", "gone", "failed"
"""What a `Gate` says of its thread."""


class Thread(Synchroniser):
    """A `threading.Thread`.

    Parameters
    ----------
    component : int
        The gate's component, or the number of the private object that it is.
    number : int
        The thread that it starts, -1 for a private object.
    given : str or None
        The name that the program gives it.
    """

    kind: ClassVar[str] = "Thread"
    usage: ClassVar[str] = "threading.Thread(target=f, args=(1,))"
    rules: ClassVar[Mapping[str, str]] = {
        "__started__": "started",
        "start": "start",
        "join": "join",
        "is_alive": "is_alive",
        "__getattr__": "get",
        "__setattr__": "set",
    }

    def __init__(
        self, ref: Ref, name: str, component: int, number: int = -1, given: str | None = None, label: str = ""
    ) -> None:
        super().__init__(ref, name, component)
        self.number = number
        self.given = given
        self.label = label

    def _gate(self, scene: Scene) -> Gate:
        gate: Gate = scene.read(self.component)
        return gate

    def started(self, scene: Scene) -> Value:
        """Begin the thread, once it is started; return its arguments."""
        gate = self._gate(scene)
        if gate.status == NEW:
            raise Blocks(f"the start of {self.label}")
        scene.note(self.name, "begin", atomic=True)
        return gate.arguments

    def start(self, scene: Scene) -> None:
        """Perform `thread.start()`: what the thread is given becomes shared."""
        if self.name == PRIVATE:
            ref = scene.share(self.ref)
            target = scene.heap[ref.number]
            assert isinstance(target, Thread)
            target.start(scene)
            return
        gate = self._gate(scene)
        self._note(scene, "start")
        if gate.status != NEW:
            raise Raised("RuntimeError", "threads can only be started once")
        scene.write(self.component, gate._replace(status=STARTED))

    def join(self, scene: Scene, timeout: Value = None) -> None:
        """Perform `thread.join()`: enabled when the thread has ended, or its time-out can be up."""
        gate = self._gate(scene)
        if gate.status == NEW:
            self._note(scene, "find not started")
            raise Raised("RuntimeError", "cannot join thread before it is started")
        if scene.thread == self.number:
            self._note(scene, "find running")
            raise Raised("RuntimeError", "cannot join current thread")
        if gate.status == STARTED:
            self._wait(scene, timeout, (self.number,))
            self._note(scene, "time out")
            return
        if timeout is None:  # else nobody knows whether it was in time
            scene.write(self.component, gate._replace(status=GONE))
        self._note(scene, "join")

    def is_alive(self, scene: Scene) -> Value:
        """Perform `thread.is_alive()`: of a thread that has just taken its last step, two results."""
        gate = self._gate(scene)
        alive = gate.status == STARTED
        if gate.status == ENDED:
            alive = scene.pick(2) == 1
            if not alive:
                scene.write(self.component, gate._replace(status=GONE))
        self._note(scene, "find alive" if alive else "find ended", alive)
        return alive

    def get(self, scene: Scene, attribute: str) -> Value:
        """Perform `thread.daemon`."""
        self._known(attribute)
        gate = self._gate(scene)
        scene.note(self.name, "read", gate.daemon, atomic=True)
        return gate.daemon

    def set(self, scene: Scene, attribute: str, value: Value) -> None:
        """Perform `thread.daemon = value`."""
        self._known(attribute)
        gate = self._gate(scene)
        self._note(scene, "write", value)
        if gate.status != NEW:
            raise Raised("RuntimeError", "cannot set daemon status of active thread")
        scene.write(self.component, gate._replace(daemon=bool(value)))

    def _known(self, attribute: str) -> None:
        if attribute != "daemon":
            raise Refused(f"the attribute '{attribute}' of a Thread is not part of the language", "ask for `daemon`")
