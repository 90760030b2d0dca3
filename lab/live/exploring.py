"""Explore real functions: run them again and again, each time in another order, and collect what happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

from lab.errors import UsageError
from lab.live.checked import check_counts
from lab.live.instrumented import Instrumented
from lab.live.result import LiveResult
from lab.live.runner.cores import OneCore
from lab.live.runner.operations import OWN_FILES
from lab.live.runner.run import WATCHDOG, Control
from lab.live.runner.session import active
from lab.live.search.drawn import Priorities, Uniform
from lab.live.search.optimal import Optimal
from lab.live.search.orders import Orders
from lab.live.search.replayed import Replay
from lab.live.search.strategy import Strategy
from lab.live.searching import Again, Search
from lab.live.tokens import schedule_of

__all__ = ["STRATEGIES", "explore"]

OWN_FILES.add(__file__)

STRATEGIES = ("dpor", "all", "preemptions", "pct", "random", "replay")
DRAWN_RUNS = 1000
"""Runs of a strategy that draws them, unless `max_executions` says otherwise."""

MOST_STEPS = 10_000
MOST_RESTARTS = 3
"""How often code that was missed is looked for, before it counts as made anew each time."""

_clock = perf_counter


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
        search = Search(
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
        except Again as again:
            restarts += bool(again.spaces)
            if restarts > MOST_RESTARTS:
                notes.append(f"code that is made while it runs was not controlled: {again}")
            further += again.spaces
            changed |= again.names
            continue
        found = search.result(strategy if bound is None or strategy != "dpor" else "preemptions")
        return replace(found, seconds=_clock() - begun)


def _explored(search: Search, code: Instrumented, roots: list[Callable[..., Any]], watchdog: float) -> None:
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
        return Replay(schedule_of(token or ""))
    if strategy == "random":
        return Uniform(runs or DRAWN_RUNS, seed)
    if strategy == "pct":
        return Priorities(runs or DRAWN_RUNS, seed, bound or 3)
    if strategy == "dpor" and bound is None:
        return Optimal()
    return Orders(bound)
