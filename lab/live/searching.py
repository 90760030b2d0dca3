"""The runs of one exploration of real functions, and what they showed."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from time import perf_counter
from typing import Any

from lab.live.instrumented import Instrumented
from lab.live.result import Failure, LiveResult, Outcome, Step
from lab.live.runner import Run
from lab.live.runner.cores import OneCore
from lab.live.runner.operations import OWN_FILES
from lab.live.runner.run import Control
from lab.live.runner.schedules import following
from lab.live.search.orders import Orders
from lab.live.search.replayed import Replay
from lab.live.search.strategy import NondeterministicError, Strategy
from lab.live.snapshot import plain
from lab.live.tokens import token_of

__all__ = ["Again", "Search"]

OWN_FILES.add(__file__)

SHRINKING_RUNS = 3000
MOST_NAMED = 5
"""Functions that are named of those that count as one step."""

CHECKED_RUNS = 30
"""Runs that are traced before Python 3.12; after those every sixteenth."""

_clock = perf_counter
_MONITORING = hasattr(sys, "monitoring")


class Again(Exception):
    """User code ran without hooks, or names turned out to matter; they have hooks the next time."""

    def __init__(self, spaces: list[dict[str, Any]], names: frozenset[str], where: str) -> None:
        super().__init__(where)
        self.spaces = spaces
        self.names = names


class Search:
    """The runs of one exploration, and what they showed."""

    def __init__(
        self,
        *,
        threads: list[Callable[..., Any]],
        names: list[str],
        setup: Callable[[], Any] | None,
        check: Callable[..., Any] | None,
        most_steps: int,
        strategy: Strategy,
        max_executions: int | None,
        deadline: float | None,
        first_failure: bool,
        notes: list[str],
    ) -> None:
        self.threads = threads
        self.names = names
        self.setup = setup
        self.check = check
        self.most_steps = most_steps
        self.strategy = strategy
        self.max_executions = max_executions
        self.deadline = deadline
        self.first_failure = first_failure
        self.notes = notes
        self.executions = 0
        self.blocked = 0
        self.tolerant = bool(notes)
        self.outcomes: dict[Any, int] = {}
        self.tokens: dict[Any, str] = {}
        self.failures: dict[Any, Failure] = {}
        self.stopped = False
        self.whole: dict[str, None] = {}

    def go(self, control: Control, code: Instrumented, core: OneCore) -> None:
        """Make runs until there is none left, or a bound is reached."""
        self._limit(f"this Python runs {one.kind} in {one.file}:{one.line} without a hook" for one in code.unhooked)
        while True:
            try:
                run, state = self.once(control, self.strategy.choose, code)
                if not self.executions and not self.blocked and run.status == "finished":
                    self._repeat(control, code, run)
            except NondeterministicError as error:
                self._not_repeated(error)
                return
            if (code.missed and not self.tolerant) or code.news():
                spaces = list({id(space): space for space in code.missed.values()}.values())
                where = ", ".join(sorted(f"{one.co_filename}:{one.co_firstlineno}" for one in code.missed))
                raise Again(spaces, code.news(), where)
            if run.whole:
                self.whole.update(dict.fromkeys(run.whole))
            if run.limits:
                self._limit(f"the call in {one.file}:{one.line} may touch too many objects" for one in run.limits)
            self._note(run, state)
            if run.status == "stuck":  # a thread may still be at work: the next runs would not be the code's own
                self.stopped = True
                return
            if not self.strategy.another(run):
                break
            if self._is_enough():
                self.stopped = True
                break
            core.look()
        if self.failures and not isinstance(self.strategy, Replay):
            self._shrink(control, code)

    def _limit(self, notes: Iterable[str]) -> None:
        self.notes += [note for note in dict.fromkeys(notes) if note not in self.notes]

    def _repeat(self, control: Control, code: Instrumented, run: Run) -> None:
        """Run the first schedule again: the threads must take the same steps."""
        again, _ = self.once(control, following(run.schedule), code)
        for position, one in enumerate(run.steps):
            other = again.steps[position] if position < len(again.steps) else None
            if other is None or (one.site, one.touches) != (other.site, other.touches):
                raise NondeterministicError(one.thread, one.site, None if other is None else other.site)
        if again.status != run.status:
            raise NondeterministicError(run.steps[-1].thread, run.steps[-1].site, None)

    def once(self, control: Control, choose: Any, code: Instrumented) -> tuple[Run, Any]:
        """Make one run; return it with the state it left."""
        state = self.setup() if self.setup is not None else None
        arguments: list[tuple[Any, ...]] = [() if self.setup is None else (state,)] * len(self.threads)
        enter = _nothing
        if not _MONITORING:
            checked = self.executions < CHECKED_RUNS or self.executions % 16 == 0
            enter = code.begin_to_watch if checked else _unwatched
        run = control.run(
            self.threads, choose, arguments=arguments, names=self.names, most_steps=self.most_steps, enter=enter
        )
        return run, state

    def _is_enough(self) -> bool:
        if self.first_failure and self.failures:
            return True
        if self.max_executions is not None and self.executions >= self.max_executions:
            return True
        return self.deadline is not None and _clock() >= self.deadline

    # ---------------------------------------------------------------------------------------------- what a run showed

    def _note(self, run: Run, state: Any) -> None:
        if run.status == "left":
            self.blocked += 1
            return
        self.executions += 1
        failure = self._judged(run, state)
        returned = tuple(sorted([(name, plain(value)) for name, value in run.returned.items()], key=_first))
        errors = tuple([(name, f"{type(one).__name__}: {one}") for name, one in sorted(run.errors.items())])
        key = (run.status, plain(state), returned, errors)
        if key in self.outcomes:
            self.outcomes[key] += 1
        else:
            self.outcomes[key] = 1
            self.tokens[key] = token_of(run.schedule)
        if failure is not None:
            self._add(failure)

    def _add(self, failure: Failure) -> None:
        key = (failure.kind, failure.message)
        other = self.failures.get(key)
        if other is None:
            self.failures[key] = failure
        else:
            best = min(other, failure, key=lambda one: (len(one.schedule), one.preemptions))
            self.failures[key] = replace(best, executions=other.executions + 1)

    def _judged(self, run: Run, state: Any) -> Failure | None:
        """Return how a run fails, None when it does not."""
        if run.status == "deadlock":
            waits = "; ".join(
                [f"{name} waits for {what}" for name, what in run.waiting.items()]
                + [f"{name} ended by {type(error).__name__}: {error}" for name, error in run.errors.items()]
            )
            return _failure("deadlock", f"deadlock: {waits}", run, {n: tuple(s) for n, s in run.stacks.items()})
        if run.status == "stuck":
            who = "; ".join(f"{name} waits for {what}" for name, what in run.waiting.items())
            return _failure(
                "stuck", f"no thread takes a step: {who}", run, {n: tuple(s) for n, s in run.stacks.items()}
            )
        if run.status == "endless":
            message = f"after {len(run.steps):,} steps threads still run"
            return _failure("endless", message, run, {n: tuple(s) for n, s in run.stacks.items()})
        if run.errors:
            name, error = next(iter(run.errors.items()))
            message = f"{name} ends by {type(error).__name__}: {error}"
            return _failure("exception", message, run, {n: _trace(e) for n, e in run.errors.items()})
        if self.check is None:
            return None
        try:
            verdict = self.check(state) if self.setup is not None else self.check()
        except Exception as error:
            return _failure("check", f"the check fails: {type(error).__name__}: {error}", run, {"check": _trace(error)})
        return _failure("check", "the check returns False", run, {}) if verdict is False else None

    def _not_repeated(self, error: NondeterministicError) -> None:
        message = f"the code does not do the same each time: {error}"
        self.stopped = True
        self.failures["nondeterministic"] = Failure("nondeterministic", message, (), (), "", 0, {})

    def _shrink(self, control: Control, code: Instrumented) -> None:
        """Look for runs that fail in the same way with fewer preemptions."""
        for key, failure in list(self.failures.items()):
            if failure.kind in {"stuck", "endless", "nondeterministic"}:
                continue
            runs = SHRINKING_RUNS
            for bound in range(failure.preemptions):
                found, runs = self._first(control, code, Orders(bound), key, runs)
                if found is not None:
                    self.failures[key] = replace(found, executions=failure.executions)
                if found is not None or runs <= 0:
                    break

    def _first(
        self, control: Control, code: Instrumented, orders: Orders, key: Any, runs: int
    ) -> tuple[Failure | None, int]:
        while runs > 0:
            runs -= 1
            run, state = self.once(control, orders.choose, code)
            failure = self._judged(run, state)
            if failure is not None and (failure.kind, failure.message) == key:
                return failure, runs
            if self.deadline is not None and _clock() >= self.deadline:
                return None, 0
            if not orders.another(run):
                break
        return None, runs

    def result(self, strategy: str) -> LiveResult:
        """Return what was found."""
        outcomes = tuple(
            Outcome(key[0], key[1], dict(key[2]), dict(key[3]), count, self.tokens[key])
            for key, count in self.outcomes.items()
        )
        cut = any(one.status in {"endless", "stuck"} for one in outcomes)
        return LiveResult(
            self.executions,
            self.blocked,
            self.strategy.exhausted and not self.stopped and not cut,
            self.strategy.proves and not self.notes,
            self.strategy.covered() + _taken_whole(list(self.whole)),
            outcomes,
            tuple(self.failures.values()),
            strategy,
            notes=tuple(self.notes),
        )


def _taken_whole(names: list[str]) -> str:
    """Say which calls counted as one step each."""
    if not names:
        return ""
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return f"; each call one step: {', '.join(names[:MOST_NAMED])}{more}"


def _first(pair: tuple[str, Any]) -> str:
    return pair[0]


def _nothing() -> None:
    pass


def _unwatched() -> None:
    sys.setprofile(None)


def _trace(error: BaseException) -> tuple[str, ...]:
    entries = [one for one in traceback.extract_tb(error.__traceback__) if one.filename not in OWN_FILES]
    return tuple(line.rstrip("\n") for line in traceback.format_list(entries))


def _failure(kind: str, message: str, run: Run, stacks: dict[str, tuple[str, ...]]) -> Failure:
    steps = tuple(
        Step(
            one.thread,
            one.site.file,
            one.site.line,
            one.site.function,
            one.site.kind,
            one.site.name,
            one.touches[0][0] if one.touches else None,
        )
        for one in run.steps
    )
    schedule = tuple(run.schedule)
    return Failure(kind, message, schedule, steps, token_of(schedule), _preemptions(run), stacks)


def _preemptions(run: Run) -> int:
    """Return how often a thread was left that could have gone on, or that had more to do."""
    last = {one.thread: position for position, one in enumerate(run.steps)}
    return sum(
        position < last[one.thread] and run.steps[position + 1].thread != one.thread
        for position, one in enumerate(run.steps[:-1])
    )
