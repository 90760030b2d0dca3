"""Run functions once on real threads, one step at a time, and say what happened."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from lab.live.runner import replacements
from lab.live.runner import session as sessions
from lab.live.runner.carriers import Carriers
from lab.live.runner.operations import OWN_FILES, Operation, Site
from lab.live.runner.session import Chooser, Session, active
from lab.live.runner.worker import Worker

__all__ = ["Control", "Run", "controlled", "run"]

WATCHDOG = 10.0
"""Seconds without a step after which a thread counts as blocked where the runner cannot see it."""


@dataclass
class Run:
    """What one run showed.

    Attributes
    ----------
    status : str
        "finished"; "deadlock": nobody can go on; "left": the chooser ended it; "endless": more steps than allowed;
        "stuck": a thread blocks where the runner cannot see it, or computes without an access.
    steps : list of Operation
        What was done, in order; `thread` says by whom.
    returned, errors : Mapping
        By thread name: what it returned, or the exception that ended it. Threads that did not end are in neither.
    pending : list of Operation
        What the threads that did not end would have done next.
    waiting : Mapping[str, str]
        Of a deadlock or a stuck run: what each unfinished thread waits for, in words.
    stacks : Mapping[str, list of str]
        Where those threads stand, outermost frame first, as `traceback` prints it.
    whole : list of str
        Functions without switch points of their own that were called.
    limits : list of Site
        Calls that may touch more than was followed.
    """

    status: str
    steps: list[Operation]
    returned: dict[str, Any]
    errors: dict[str, BaseException]
    pending: list[Operation] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)
    stacks: dict[str, list[str]] = field(default_factory=dict)
    whole: list[str] = field(default_factory=list)
    limits: list[Site] = field(default_factory=list)

    @property
    def schedule(self) -> list[str]:
        """The thread of each step."""
        return [step.thread for step in self.steps]


def _nothing() -> None:
    pass


class Control:
    """What is replaced while threads are controlled, and the threads kept for the next run."""

    def __init__(self, watchdog: float = WATCHDOG) -> None:
        self.carriers = Carriers()
        self.watchdog = watchdog
        self.renew: Callable[[], None] = _nothing
        self.undo: Callable[[], None] = _nothing

    def install(self, spaces: Sequence[MutableMapping[str, Any]], roots: Sequence[Any]) -> None:
        """Replace what threads wait with."""
        self.renew, self.undo = replacements.install(spaces, roots)

    def close(self) -> None:
        """Put everything back, and end the threads."""
        self.undo()
        self.undo = _nothing
        self.carriers.close()

    def run(
        self,
        threads: Sequence[Callable[..., Any]],
        choose: Chooser,
        *,
        arguments: Sequence[Sequence[Any]] = (),
        names: Sequence[str] = (),
        most_steps: int = 10_000,
        enter: Callable[[], None] = lambda: None,
    ) -> Run:
        """Run the threads once; as `run` says.

        Raises
        ------
        RuntimeError
            Another run is going on in this process.
        BaseException
            What the chooser raised, after the threads have been ended.
        """
        if active.session is not None:
            raise RuntimeError("a run is going on; one cannot be started within it")
        session = Session(choose, self.carriers, most_steps=most_steps, enter=enter)
        found = Run("finished", session.steps, {}, {})
        try:
            for position, function in enumerate(threads):
                name = names[position] if names else f"T{position + 1}"
                session.add(name, function, arguments[position] if arguments else ())
            active.session = session
            if session.live:
                session.begin()
                session.wait(self.watchdog)
            found = _report(session)
        except BaseException:
            session.status = "stuck"
            raise
        finally:
            try:  # without a loop, at whose end Ctrl-C could come in
                self._leave(session)
            except KeyboardInterrupt:  # it waits until that is done
                session.status = "stuck"
                self._leave(session)
                raise
        if session.fault is not None:
            raise session.fault
        return found

    def _leave(self, session: Session) -> None:
        session.abort()
        session.give_back()
        active.session = None
        self.renew()


def _report(session: Session) -> Run:
    returned: dict[str, Any] = {}
    errors: dict[str, BaseException] = {}
    for worker in session.workers:
        if not worker.ended:
            continue
        if worker.error is None:
            returned[worker.name] = worker.returned
        else:
            errors[worker.name] = worker.error
    found = Run(session.status, session.steps, returned, errors)
    found.whole, found.limits = list(session.whole), list(session.limits)
    for worker in session.live:
        if worker.operation is not None:
            worker.operation.thread = worker.name
            found.pending.append(worker.operation)
    if session.status in {"deadlock", "stuck", "endless"}:
        found.waiting = {worker.name: _waits_for(session, worker) for worker in session.live}
        found.stacks = {worker.name: _stack(worker) for worker in session.live}
    return found


def _waits_for(session: Session, worker: Worker) -> str:
    if session.status == "stuck" and worker is session.running:
        return "something outside of the lab's control"
    operation = worker.operation
    if operation is None:
        return "its beginning"
    if operation.target is None or operation.possible():
        return "nothing"
    return f"{operation.site.kind} of {operation.target.describe()}"


def _stack(worker: Worker) -> list[str]:
    frame = sys._current_frames().get(worker.carrier.ident)
    if frame is None:
        return []
    entries = [one for one in traceback.extract_stack(frame) if one.filename not in OWN_FILES]
    return [line.rstrip("\n") for line in traceback.format_list(entries)]


@contextmanager
def controlled(
    modules: Sequence[Any] = (), *, roots: Sequence[Any] = (), watchdog: float = WATCHDOG
) -> Iterator[Control]:
    """Replace what threads wait with by what the scheduler controls, in the standard library and in user modules.

    Parameters
    ----------
    modules : sequence of modules or namespaces
        Where names such as `Lock` may have been imported before, and locks made.
    roots : sequence
        Functions and objects that may hold locks made before.
    watchdog : float
        Seconds without a step after which a thread counts as blocked where the runner cannot see it.

    Yields
    ------
    Control
        Runs threads, again and again, on operating-system threads that are kept.

    Notes
    -----
    Everything is put back at the end, whatever happens, and the threads are gone.
    """
    control = Control(watchdog)
    try:
        control.install(spaces_of(modules), roots)
        yield control
    finally:
        control.close()


def spaces_of(modules: Sequence[Any]) -> list[MutableMapping[str, Any]]:
    """Return the variables of modules, and namespaces as they are."""
    return [vars(one) if hasattr(one, "__dict__") else one for one in modules]


def run(
    threads: Sequence[Callable[..., Any]],
    choose: Chooser,
    *,
    arguments: Sequence[Sequence[Any]] = (),
    names: Sequence[str] = (),
    modules: Sequence[Any] = (),
    most_steps: int = 10_000,
    watchdog: float = WATCHDOG,
    enter: Callable[[], None] = lambda: None,
) -> Run:
    """Run functions once on real threads, one step at a time.

    Parameters
    ----------
    threads : sequence of callables
        One for each thread.
    choose : callable
        Given the session and the threads that can go on, returns one of them, or None to end the run.
        `session.steps` is what was done so far, and `worker.operation` what that thread would do.
    arguments, names : sequences
        Of each thread; by default none, and T1, T2, ...
    modules : sequence of modules or namespaces
        Where names such as `Lock` may have been imported before.
    most_steps : int
        Steps after which a run counts as endless.
    watchdog : float
        Seconds without a step after which a thread counts as blocked where the runner cannot see it.
    enter : callable
        Called in each thread before its function, for instance to begin tracing.
    """
    with controlled(modules, watchdog=watchdog) as control:
        return control.run(threads, choose, arguments=arguments, names=names, most_steps=most_steps, enter=enter)


OWN_FILES.update({__file__, sessions.__file__, threading.__file__})
