"""A Hypothesis state machine that runs its calls concurrently, in every order, and compares with a sequential model.

Hypothesis draws a small concurrent program: calls that come before the threads, and calls of each thread. The program
is explored; every history that it can have has to be linearizable. Hypothesis shrinks the program, and the exploration
shows its schedule with the fewest preemptions.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from lab.errors import UsageError
from lab.interleaving import holds
from lab.linearizability import History, Recorded, linearize
from lab.live.runner.operations import WHOLE, Operation, Site
from lab.live.runner.session import working

__all__ = ["ConcurrentMachine", "concurrent_machine"]

Calling = tuple[str, tuple[Any, ...]]

_PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink)
"""All but the one that explains: what it would vary are calls that matter, each with a whole exploration."""


class _Moments(History):
    """A history whose moments are steps of the run: which ends come before which beginnings is explored."""

    def begin(self, thread: str, operation: str, arguments: tuple[Any, ...]) -> int:
        """Note the beginning of a call; the order of two beginnings does not count."""
        self._step("begin", f"{operation}({', '.join(map(repr, arguments))})", writes=False)
        return super().begin(thread, operation, arguments)

    def end(self, number: int, value: object = None, raised: type[BaseException] | None = None) -> None:
        """Note the end of a call."""
        self._step("end", f"-> {value!r}" if raised is None else f"raises {raised.__name__}", writes=True)
        super().end(number, value, raised)

    def _step(self, kind: str, name: str, *, writes: bool) -> None:
        session = working()
        if session is not None:
            site = tuple.__new__(Site, ("", 0, "", kind, name))  # no Python code runs, which would count as the user's
            session.switch(Operation(site, ((session.number(self), WHOLE, writes),)))


class _Subject:
    """An object under test in one run, and the history of the calls to it."""

    def __init__(self, target: object) -> None:
        self.history = _Moments()
        self.target = Recorded(target, self.history, _thread_name)


def _thread_name() -> str:
    session = working()
    return "main" if session is None or session.running is None else session.running.name


def _calls(subject: _Subject, calls: Sequence[Calling]) -> None:
    """Make calls, one after the other; an exception is an answer."""
    for operation, arguments in calls:
        with suppress(Exception):
            subject.target.call(operation, *arguments)


class ConcurrentMachine(RuleBasedStateMachine):
    """Collects a program call by call, and explores it when it is complete; `concurrent_machine` makes subclasses."""

    subject: Callable[[], object]
    model: Callable[[], object]
    state: Callable[[Any], Hashable | None] | None
    threads: int
    calls: int
    before: int
    observe: Sequence[str]
    options: Mapping[str, Any]

    def __init__(self) -> None:
        super().__init__()
        self.program: list[list[Calling]] = [[] for _ in range(self.threads + 1)]

    def has_room(self) -> bool:
        """Whether a call can be added anywhere."""
        return len(self.program[-1]) < self.before or any(len(calls) < self.calls for calls in self.program[:-1])

    def add_call(self, skip: int, operation: str, arguments: tuple[Any, ...]) -> None:
        """Add a call to the next thread in turn after `skip` others, or, if all are skipped, before the threads begin.

        So the simplest draws, all 0, make a concurrent program. What is full is passed over.
        """
        turn = sum(map(len, self.program[:-1]))
        order = [self.program[(turn + skip + step) % self.threads] for step in range(self.threads)]
        room = [calls for calls in order if len(calls) < self.calls]
        early = len(self.program[-1]) < self.before and (skip == self.threads or not room)
        (self.program[-1] if early else room[0]).append((operation, arguments))

    def teardown(self) -> None:
        """Explore the program, if it is concurrent: first with one preemption, where most faults show soonest."""
        threads = [self._thread(calls) for calls in self.program[:-1] if calls]
        if len(threads) < 2:
            return
        chosen = {"first_failure": True, **self.options}
        if not {"strategy", "bound"} & set(chosen):
            holds(threads, setup=self._begin, check=self._compare, strategy="preemptions", bound=1, **chosen)
        holds(threads, setup=self._begin, check=self._compare, **chosen)

    def _begin(self) -> _Subject:
        subject = _Subject(self.subject())
        _calls(subject, self.program[-1])
        return subject

    def _thread(self, calls: Sequence[Calling]) -> Callable[[_Subject], None]:
        return lambda subject: _calls(subject, calls)

    def _compare(self, subject: _Subject) -> None:
        _calls(subject, [(operation, ()) for operation in self.observe])
        found = linearize(subject.history.calls, self.model, state=self.state)
        if not found.holds:
            raise AssertionError(str(found))


def concurrent_machine(
    subject: Callable[[], object],
    operations: Mapping[str, Sequence[st.SearchStrategy[Any]]],
    *,
    model: Callable[[], object] | None = None,
    state: Callable[[Any], Hashable | None] | None = None,
    threads: int = 2,
    calls: int = 2,
    before: int = 2,
    observe: Sequence[str] = (),
    **options: Any,
) -> type[ConcurrentMachine]:
    """Return a state machine for an object; its `TestCase` is a test of 20 programs, as its `settings` say.

    Parameters
    ----------
    subject : callable
        Returns a new object to test, such as its class.
    operations : mapping
        By method name, a strategy for each argument.
    model, state : callable or None
        The sequential model and what tells its states apart, as for `linearize`; by default the model is the subject
        itself, used by one thread.
    threads, calls, before : int
        At most so many threads, >= 2, calls of each, >= 1, and calls before they begin, >= 0.
    observe : sequence of str
        Methods without arguments that are called after all threads have ended, so that what was lost shows.
    options : Any
        `strategy`, `bound`, `max_executions` and `max_seconds` of each exploration.

    Raises
    ------
    UsageError
        There are no operations, or fewer than two threads, or no calls.
    """
    if not operations or threads < 2 or calls < 1 or before < 0:
        raise UsageError(
            "a concurrent machine needs an operation, two threads and a call of each; `before` is at least 0"
        )
    rules = {f"call_{name}": _rule(name, threads, arguments) for name, arguments in operations.items()}
    attributes = {
        "subject": staticmethod(subject),
        "model": staticmethod(model or subject),
        "state": state if state is None else staticmethod(state),
        "threads": threads,
        "calls": calls,
        "before": before,
        "observe": tuple(observe),
        "options": options,
    }
    name = f"Concurrent{getattr(subject, '__name__', 'Object').strip('<>').title()}"
    module = getattr(subject, "__module__", __name__)  # where the exploration looks for the user's code
    machine: type[ConcurrentMachine] = type(name, (ConcurrentMachine,), {**attributes, **rules, "__module__": module})
    machine.TestCase.settings = settings(
        max_examples=20, stateful_step_count=before + threads * calls, deadline=None, phases=_PHASES
    )
    return machine


def _rule(operation: str, threads: int, arguments: Sequence[st.SearchStrategy[Any]]) -> Any:
    def add(self: ConcurrentMachine, skip: int, arguments: tuple[Any, ...]) -> None:
        self.add_call(skip, operation, arguments)

    add.__name__ = f"call_{operation}"
    drawn = rule(skip=st.integers(0, threads), arguments=st.tuples(*arguments))(add)
    return precondition(ConcurrentMachine.has_room)(drawn)
