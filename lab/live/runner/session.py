"""One run: threads that hand over to one another at their switch points, as a chooser says."""

from __future__ import annotations

import _thread
import sys
from collections.abc import Callable, Sequence
from typing import Any, Optional

from lab.live.runner.carriers import Carriers, new_gate
from lab.live.runner.operations import OWN_FILES, Operation, Site, Touch
from lab.live.runner.worker import Aborted, Worker, interrupted

__all__ = ["Chooser", "Session", "active", "working"]

Chooser = Callable[["Session", "list[Worker]"], "Optional[Worker]"]
"""Returns one of the threads that can go on, or None to end the run here."""

HEADROOM = 40
"""Frames of the stack that a switch may need."""

DEEP = 60
"""Frames of the stack above which it is made sure that they are there; no limit of recursion is so low."""

OUTSIDE = 5.0
"""Real seconds that an event loop waits for something from outside of the process, when no thread can go on."""

PATIENCE = 1000
"""Accesses that a thread may make while it is being ended, before it is interrupted again."""


GRACE = 1.0
"""Seconds that a thread of a run that is over gets to end."""


class _Active:
    """What runs in this process at the moment."""

    __slots__ = ("session",)
    session: Optional[Session]

    def __init__(self) -> None:
        self.session = None


active = _Active()


def working() -> Optional[Session]:
    """Return the session whose thread this is, None in any other thread."""
    session = active.session
    if session is not None and session.ident == _thread.get_ident():
        return session
    return None


def _user_frame() -> Any:
    """Return the innermost frame that is not the runner's own."""
    frame: Any = sys._getframe(2)
    while frame.f_back is not None and frame.f_code.co_filename in OWN_FILES:
        frame = frame.f_back
    return frame


def _is_below(frame: Any, stands: Any) -> bool:
    """Whether a frame is among the callers of another one."""
    while stands is not None:
        stands = stands.f_back
        if stands is frame:
            return True
    return False


def _reserve(frames: int) -> None:
    if frames:
        _reserve(frames - 1)


class Session:
    """The threads of one run, and the steps they took.

    Exactly one of them runs at any time; `running` says which. All else is changed only by that thread, or by the one
    that waits in `wait` when none runs.
    """

    def __init__(
        self, choose: Chooser, carriers: Carriers, *, most_steps: int = 10_000, enter: Callable[[], None] = lambda: None
    ) -> None:
        self.choose = choose
        self.carriers = carriers
        self.most_steps = most_steps
        self.enter = enter
        self.workers: list[Worker] = []
        self.live: list[Worker] = []
        self.unstarted: list[Worker] = []
        self.running: Optional[Worker] = None
        self.ident = 0
        self.steps: list[Operation] = []
        self.status = "finished"
        self.fault: Optional[BaseException] = None
        self.over = new_gate()
        self.over.acquire()
        self.aborting = False
        self.patience = PATIENCE
        self.limits: dict[Site, None] = {}
        self.whole: dict[str, None] = {}
        self.numbers: dict[int, int] = {}
        self.kept: list[Any] = []
        self.made = 0

    def number(self, value: Any) -> int:
        """Return the object's number: objects are numbered when first touched, and kept until the run is over."""
        found = self.numbers.get(id(value))
        if found is None:
            found = self.numbers[id(value)] = len(self.kept)
            self.kept.append(value)
        return found

    # ------------------------------------------------------------------------------------------- beginning and waiting

    def add(self, name: str, function: Callable[..., Any], arguments: Sequence[Any]) -> Worker:
        """Add a thread that begins when it is first handed over to."""
        worker = Worker(name, function, arguments, self.carriers.take())
        self.workers.append(worker)
        self.live.append(worker)
        return worker

    def begin(self) -> None:
        """Let every thread run to its first switch point, one after the other, and then as the chooser says."""
        self.unstarted = self.live[:0:-1]
        self._start(self.live[0])

    def _start(self, worker: Worker) -> None:
        worker.carrier.task = lambda: self._body(worker)
        self._hand_over(worker)

    def _hand_over(self, worker: Worker) -> None:
        self.running = worker
        self.ident = worker.carrier.ident
        worker.gate.release()

    def _body(self, worker: Worker) -> None:
        self.ident = worker.carrier.ident
        try:
            self.enter()
            worker.returned = worker.function(*worker.arguments)
        except Aborted:
            pass
        except BaseException as error:
            worker.error = error
        try:
            self._end(worker)
        except BaseException as error:  # a fault of the chooser; whoever waits raises it again
            self._stop("fault", error)

    def _end(self, worker: Worker) -> None:
        worker.ended = True
        worker.operation = None
        worker.pending.clear()
        self.live.remove(worker)
        if self.aborting:
            if worker.over is not None:
                worker.over.release()
            return
        chosen = self._next(worker)
        if chosen is not None:
            self._hand_over(chosen) if not (chosen.fresh and chosen.operation is None) else self._start(chosen)

    # ------------------------------------------------------------------------------------------------------- switching

    def switch(self, operation: Operation) -> None:
        """Come to a switch point: return when this thread has been chosen to take that step.

        Raises
        ------
        Aborted
            The run is over.
        """
        worker = self.running
        assert worker is not None
        if self.aborting:
            self.hurry(worker)
            return
        try:
            sys._getframe(DEEP)
        except ValueError:  # the usual case
            pass
        else:
            _reserve(HEADROOM)  # else a recursion at its limit would break off in the middle of a switch
        if worker.pending:
            operation.extra = self._still_touched(worker)
            operation.touches += operation.extra
        worker.operation = operation
        try:
            chosen = self._next(worker) if worker.fresh else self._pick()
        except BaseException as error:
            chosen = None
            self._stop("fault", error)
        if chosen is worker:
            return
        if chosen is not None:
            if chosen.fresh and chosen.operation is None:
                self._start(chosen)
            else:
                self.running = chosen
                self.ident = chosen.carrier.ident
                chosen.gate.release()
        self._park(worker)

    def remain(self, touches: tuple[Touch, ...]) -> None:
        """Say that what was just entered may touch the same again until it comes back to the code that called it.

        So may each step of the functions that it calls: what follows their last access is its own.
        """
        if self.running is not None and not self.aborting:
            self.running.pending.append((_user_frame(), touches))

    def _still_touched(self, worker: Worker) -> tuple[Touch, ...]:
        """Return what is touched by calls that have not come back; forget those that have."""
        stands = _user_frame()
        while worker.pending:
            frame, _ = worker.pending[-1]
            if stands is not frame and _is_below(frame, stands):
                return tuple(dict.fromkeys([touch for _, touches in worker.pending for touch in touches]))
            worker.pending.pop()
        return ()

    def _park(self, worker: Worker) -> None:
        """Wait to be chosen, or to be ended."""
        worker.gate.acquire()
        if self.aborting:
            self.hurry(worker)

    def hurry(self, worker: Worker) -> None:
        """End a thread of a run that is over: it may clean up, but not for ever."""
        if not worker.told:
            worker.told = True
            raise Aborted
        self.patience -= 1
        if self.patience < 0:
            raise Aborted

    def _next(self, worker: Worker) -> Optional[Worker]:
        """Return who goes on: a thread that has not begun, the one that started this one, or whom the chooser says."""
        if worker.fresh:
            worker.fresh = False
            if self.unstarted:
                return self.unstarted.pop()
            if worker.parent is not None:
                return worker.parent
        return self._pick()

    def _pick(self) -> Optional[Worker]:
        enabled = []
        for worker in self.live:
            operation: Any = worker.operation
            if operation.again is not None:
                operation.touches = operation.again() + operation.extra
            if operation.able is None or operation.able(operation.target.peek()):
                enabled.append(worker)
        if not enabled:
            enabled = [worker for worker in self.live if self._comes_from_outside(worker)]
        if not enabled:
            self._stop("finished" if all(worker.daemon for worker in self.live) else "deadlock")
            return None
        if len(self.steps) >= self.most_steps:
            self._stop("endless")
            return None
        chosen = self.choose(self, enabled)
        if chosen is None:
            self._stop("left")
            return None
        operation = chosen.operation
        operation.thread = chosen.name
        if operation.target is not None:
            self._look_before(operation)
        if chosen.last < 0:
            operation.causes += chosen.born
        chosen.last = len(self.steps)
        self.steps.append(operation)
        return chosen

    def _look_before(self, operation: Operation) -> None:
        """Note how what the operation waits for, and what it changes, stands before it."""
        if callable(operation.causes):
            operation.causes = operation.causes()
        operation.before = {operation.touches[0][0]: operation.target.peek()}
        for other, _, _ in operation.touches[1:]:
            if hasattr(type(self.kept[other]), "peek"):
                operation.before[other] = self.kept[other].peek()

    @staticmethod
    def _comes_from_outside(worker: Worker) -> bool:
        """Whether what the thread waits for comes, for instance from a process, when no other thread can go on."""
        outside = getattr(worker.operation.target if worker.operation else None, "outside", None)
        return outside is not None and outside(OUTSIDE)

    def _stop(self, status: str, fault: Optional[BaseException] = None) -> None:
        self.status = status
        self.fault = fault
        self.over.release()

    def spawn(self, function: Callable[..., Any], known: Callable[[Worker], None], *, daemon: bool = False) -> None:
        """Start another thread from the one that runs, and come back when it stands at its first switch point.

        `known` is told of it before it begins. Daemons may wait for ever when all others have ended.
        """
        parent = self.running
        assert parent is not None
        parent.children += 1
        child = self.add(f"{parent.name}.{parent.children}", function, ())
        child.parent = parent
        child.born = (len(self.steps) - 1,)
        child.clock = parent.clock
        child.daemon = daemon
        known(child)
        self._start(child)
        self._park(parent)

    # ---------------------------------------------------------------------------------------------------------- ending

    def wait(self, watchdog: float) -> bool:
        """Wait until the run is over; False when no thread took a step for so many seconds."""
        while not self.over.acquire(timeout=watchdog):
            before = len(self.steps)
            if self.over.acquire(timeout=watchdog):
                return True
            if len(self.steps) == before:
                self.status = "stuck"
                return False
        return True

    def abort(self, grace: float = GRACE) -> None:
        """End every thread that has begun and not ended, by an exception at its switch point."""
        if self.running is None:
            return
        stuck = self.running if self.status == "stuck" else None
        for worker in self.live:
            worker.over = new_gate()
            worker.over.acquire()
        self.aborting = True
        live = list(self.live)
        if stuck in live and (stuck.over.acquire(timeout=grace / 10) or interrupted(stuck, grace)):
            stuck = None
        for worker in live:
            if worker is stuck or worker.ended or (worker.fresh and worker.operation is None):
                continue
            self.patience = PATIENCE
            self._hand_over(worker)
            if not worker.over.acquire(timeout=grace) and not interrupted(worker, grace):
                self.carriers.lose(worker.carrier)
        if stuck in live and not stuck.over.acquire(timeout=grace):  # the others have released what it waited for
            self.carriers.lose(stuck.carrier)

    def give_back(self) -> None:
        """Give back the operating system's threads."""
        while self.workers:
            carrier = self.workers[-1].carrier
            if carrier not in self.carriers.lost and carrier not in self.carriers.idle:
                self.carriers.give_back(carrier)
            self.workers.pop()
