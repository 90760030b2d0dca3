"""Explore the threads of a test, and say why they fail: the error, the schedule as a table, how to see it again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import update_wrapper
from pathlib import Path
from typing import Any

from lab.live import Failure, LiveResult, explore
from lab.report.interleaving import schedule_table

__all__ = ["ScheduleError", "failure_text", "holds"]

_LAB = str(Path(__file__).parent)
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


class ScheduleError(AssertionError):
    """A schedule of the threads fails; the text shows the simplest one that was found."""


def holds(
    threads: Sequence[Callable[..., object]],
    *,
    setup: Callable[[], Any] | None = None,
    check: Callable[..., object] | None = None,
    strategy: str = "dpor",
    bound: int | None = None,
    **options: Any,
) -> LiveResult:
    """Return what was explored if no schedule fails.

    Parameters
    ----------
    threads, setup, check, strategy, bound, **options
        As for `lab.live.explore`. A bound, or a strategy that draws schedules, is a claim of the caller: that no more
        than this has to be covered.

    Raises
    ------
    ScheduleError
        A schedule fails: an exception ends a thread, the check fails, or nobody can go on.
    Incomplete
        None fails, and not everything was covered.
    """
    __tracebackhide__ = True
    kept = None if check is None else _Check(check)
    result = explore(threads, setup=setup, check=kept, strategy=strategy, bound=bound, **options)
    if result.failures:
        failure = min(result.failures, key=lambda one: (one.preemptions, len(one.schedule)))
        cause = None if kept is None else kept.raised.get(failure.message)
        raise ScheduleError(f"{failure_text(failure)}\n\n{_extent(result)}") from cause
    if strategy != "replay":
        result.assert_holds(accept_bound=bound is not None or strategy in {"pct", "random"})
    return result


class _Check:
    """A check that keeps what it raises, by the message of the failure, and leaves addresses out of it."""

    def __init__(self, check: Callable[..., object]) -> None:
        self.check = check
        self.raised: dict[str, BaseException] = {}
        update_wrapper(self, check)

    def __call__(self, *state: Any) -> object:
        __tracebackhide__ = True
        try:
            return self.check(*state)
        except Exception as error:
            if isinstance(error, AssertionError) and error.args:
                error.args = (_ADDRESS.sub("", str(error.args[0])), *error.args[1:])
            self.raised.setdefault(f"the check fails: {type(error).__name__}: {error}", error)
            raise


def failure_text(failure: Failure) -> str:
    """Return what fails, the schedule as a table of threads and lines, where the threads stand, and the token."""
    many = f"{failure.preemptions} preemption{'' if failure.preemptions == 1 else 's'}"
    ended = failure.kind in {"check", "exception"}  # else the last switches left threads that had more to do
    lines = [
        failure.message,
        "",
        f"The schedule{f', with {many}' if ended else ''}:",
        "",
        schedule_table(failure.steps),
    ]
    for thread, stack in failure.stacks.items():
        where = [line for entry in stack if f'"{_LAB}' not in entry for line in entry.splitlines()]
        lines += ["", f"{thread}:", *where] if thread != "check" else []
    return "\n".join([*lines, "", f"Again: --interleave-replay '{failure.token}'"])


def _extent(result: LiveResult) -> str:
    runs = "1 execution" if result.executions == 1 else f"{result.executions:,} executions"
    failed = sum(failure.executions for failure in result.failures)
    return f"{failed:,} of {runs} failed ({result.covered})."
