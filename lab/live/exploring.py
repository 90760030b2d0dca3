"""Explore real functions: run them again and again, each time in another order, and collect what happens."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from lab.errors import UsageError
from lab.live.checked import check_counts
from lab.live.instrumented import Instrumented
from lab.live.result import Failure, LiveResult, Outcome, Step
from lab.live.runner import Run
from lab.live.runner.cores import OneCore
from lab.live.runner.operations import OWN_FILES
from lab.live.runner.run import WATCHDOG, Control
from lab.live.runner.schedules import following
from lab.live.runner.session import active
from lab.live.search.drawn import Priorities, Uniform
from lab.live.search.optimal import Optimal
from lab.live.search.orders import Orders
from lab.live.search.strategy import NondeterministicError, Strategy
from lab.live.snapshot import plain
from lab.live.tokens import schedule_of, token_of

__all__ = ["STRATEGIES", "explore"]

OWN_FILES.add(__file__)

STRATEGIES = ("dpor", "all", "preemptions", "pct", "random", "replay")
DRAWN_RUNS = 1000
"""Runs of a strategy that draws them, unless `max_executions` says otherwise."""

MOST_STEPS = 10_000
MOST_RESTARTS = 3
"""How often code that was missed is looked for, before it counts as made anew each time."""

SHRINKING_RUNS = 3000
MOST_NAMED = 5
"""Functions that are named of those that count as one step."""

CHECKED_RUNS = 30
"""Runs that are traced before Python 3.12; after those every sixteenth."""

_clock = perf_counter
_MONITORING = hasattr(sys, "monitoring")


class _Again(Exception):
    """User code ran without hooks, or names turned out to matter; they have hooks the next time."""

    def __init__(self, spaces: list[dict[str, Any]], names: frozenset[str], where: str) -> None:
        super().__init__(where)
        self.spaces = spaces
        self.names = names


def explore(
    threads: Sequence[Callable[..., Any]],
    *,
    setup: Callable[[], Any] | None = None,
    check: Callable[..., Any] | None = None,
    strategy: str = "dpor",
    bound: int | None = None,
    max_executions: int | None = None,
    max_seconds: float | None = None,
    names: Sequence[str] | None = None,
    seed: int = 1,
    token: str | None = None,
    modules: Sequence[str] = (),
    most_steps: int = MOST_STEPS,
    watchdog: float = WATCHDOG,
    first_failure: bool = False,
    checked: bool = True,
) -> LiveResult:
    """Run real functions on real threads in every order that matters, and return what happens.

    Parameters
    ----------
    threads : sequence of callables
        One for each thread. With `setup` each is given what it returned, else nothing.
    setup : callable or None
        Makes the state of a run anew; it must do the same each time.
    check : callable or None
        Given the state (without `setup`, nothing) when all threads have ended; fails by returning False or raising.
    strategy : str
        "dpor": one run of each Mazurkiewicz trace; "all": every order; "preemptions": every order with at most `bound`
        preemptions; "pct": random priorities of depth `bound`, 3 by default; "random"; "replay" of a `token`.
    bound : int or None
        See `strategy`; "dpor" with a bound is "preemptions".
    max_executions : int or None
        Stop after so many runs; the number of runs of "pct" and "random", 1000 by default.
    max_seconds : float or None
        Stop after so many seconds.
    names : sequence of str or None
        The threads' names, T1, T2, ... by default.
    seed : int
        What "pct" and "random" draw from.
    token : str or None
        What "replay" replays.
    modules : sequence of str
        Installed modules whose code is to be controlled like the user's own.
    most_steps : int
        Steps after which a run counts as endless.
    watchdog : float
        Seconds without a step after which a thread counts as blocked where the lab cannot see it.
    first_failure : bool
        Whether to stop at the first failure; the result is then not exhausted.
    checked : bool
        Whether to find out first, once in a process, that a known program has its known orders.

    Raises
    ------
    UsageError
        The request makes no sense, or this Python is not supported.
    """
    if active.session is not None:
        raise UsageError("an exploration cannot be started while another one runs")
    _check_request(threads, strategy, bound, max_executions, names, token, most_steps)
    if checked:
        check_counts(explore)
    begun = _clock()
    further: list[dict[str, Any]] = []
    changed: set[str] = set()
    notes: list[str] = []
    restarts = 0
    roots = [one for one in (*threads, setup, check) if one is not None]
    while True:
        search = _Search(
            threads=list(threads),
            names=list(names or (f"T{k + 1}" for k in range(len(threads)))),
            setup=setup,
            check=check,
            most_steps=most_steps,
            strategy=_made(strategy, bound, max_executions, seed, token),
            max_executions=None if strategy in {"pct", "random"} else max_executions,
            deadline=None if max_seconds is None else begun + max_seconds,
            first_failure=first_failure,
            notes=notes,
        )
        try:
            _explored(search, Instrumented(roots, modules, further, changed), roots, watchdog)
        except _Again as again:
            restarts += bool(again.spaces)
            if restarts > MOST_RESTARTS:
                notes.append(f"code that is made while it runs was not controlled: {again}")
            further += again.spaces
            changed |= again.names
            continue
        found = search.result(strategy if bound is None or strategy != "dpor" else "preemptions")
        return replace(found, seconds=_clock() - begun)


def _explored(search: _Search, code: Instrumented, roots: list[Callable[..., Any]], watchdog: float) -> None:
    """Make the runs of a search in an interpreter that is prepared for them, and afterwards is as before."""
    control, core = Control(watchdog), OneCore()
    try:
        code.begin()
        control.install(code.namespaces, roots)
        core.begin()
        search.go(control, code, core)
    finally:
        try:  # without a loop, at whose end Ctrl-C could come in
            core.end()
            control.close()
            code.end()
        except KeyboardInterrupt:  # it waits until everything is as before
            core.end()
            control.close()
            code.end()
            raise


def _check_request(
    threads: Sequence[Callable[..., Any]],
    strategy: str,
    bound: int | None,
    max_executions: int | None,
    names: Sequence[str] | None,
    token: str | None,
    most_steps: int,
) -> None:
    if not threads or not all(map(callable, threads)):
        raise UsageError("give at least one thread, each a function")
    if strategy not in STRATEGIES:
        raise UsageError(f"there is no strategy {strategy!r}; there are {', '.join(STRATEGIES)}")
    if bound is not None and (bound < 0 or strategy in {"all", "random", "replay"}):
        raise UsageError(f"a bound of {bound} makes no sense with strategy {strategy!r}")
    if strategy == "preemptions" and bound is None:
        raise UsageError("strategy 'preemptions' needs a bound")
    if strategy == "pct" and bound == 0:
        raise UsageError("strategy 'pct' needs a depth of at least 1")
    if (strategy == "replay") != (token is not None):
        raise UsageError("a token is needed to replay, and for nothing else")
    if max_executions is not None and max_executions < 1:
        raise UsageError("max_executions is at least 1")
    if most_steps < 1:
        raise UsageError("most_steps is at least 1")
    if names is not None:
        distinct = len(set(names)) == len(names) == len(threads)
        if not distinct or any(set(name) & set(",* \t\n") or not name for name in names):
            raise UsageError("each thread needs a name of its own, without commas, stars or spaces")


def _made(strategy: str, bound: int | None, runs: int | None, seed: int, token: str | None) -> Strategy:
    if strategy == "replay":
        return _Replay(schedule_of(token or ""))
    if strategy == "random":
        return Uniform(runs or DRAWN_RUNS, seed)
    if strategy == "pct":
        return Priorities(runs or DRAWN_RUNS, seed, bound or 3)
    if strategy == "dpor" and bound is None:
        return Optimal()
    return Orders(bound)


class _Replay:
    """The one run of a schedule."""

    proves = False

    def __init__(self, schedule: list[str]) -> None:
        self.schedule = schedule
        self.exhausted = False
        self.choose = following(schedule)

    def covered(self) -> str:
        return "one schedule"

    def another(self, run: Run) -> bool:
        if run.status == "left":
            names = ", ".join(dict.fromkeys(self.schedule))
            raise UsageError(f"the code cannot take step {len(run.steps) + 1} of the token ({names})")
        self.exhausted = True
        return False


class _Search:
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
                raise _Again(spaces, code.news(), where)
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
        if self.failures and len(self.strategy_name()) and not isinstance(self.strategy, _Replay):
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

    def strategy_name(self) -> str:
        return type(self.strategy).__name__

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
