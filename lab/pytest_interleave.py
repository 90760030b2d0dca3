"""The fixture `interleave`: functions of a test run as threads, in every order that the exploration covers.

Pytest loads this module in every run wherever the lab is installed, so it imports nothing of the lab at the top. The
fixture has the scope of the session, because Hypothesis calls a test many times with the same function-scoped fixtures
and so refuses them; which test is running it learns from a hook.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from lab.live import LiveResult

__all__ = ["Interleave", "interleave", "pytest_addoption", "pytest_configure", "pytest_runtest_protocol"]

_OPTIONS = ("strategy", "bound", "max_executions", "max_seconds", "modules", "first_failure")
_COVERED = "interleave"
_running = pytest.StashKey[pytest.Item]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options `--interleave-seed` and `--interleave-replay`."""
    group = parser.getgroup("interleave", "tests of threads, with the fixture interleave")
    group.addoption(
        "--interleave-seed",
        type=int,
        default=1,
        metavar="N",
        help="What the strategies that draw schedules at random draw them from (default: 1).",
    )
    group.addoption(
        "--interleave-replay",
        metavar="TOKEN",
        help="Run one schedule, the one that a failure named, and show it, whether it fails or not.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    config.addinivalue_line(
        "markers",
        "interleave(strategy='dpor', bound=None, max_executions=None, max_seconds=None): how the fixture interleave"
        " explores the threads of this test; a bound on preemptions is part of what the test claims",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let the fixture know which test runs."""
    item.config.stash[_running] = item
    try:
        return (yield)
    finally:
        del item.config.stash[_running]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say for each test what its explorations covered; a test that passes claims no more than that."""
    reports = [report for reports in terminalreporter.stats.values() for report in reports]
    covered: dict[str, list[str]] = {}
    for report in reports:
        if isinstance(report, pytest.TestReport) and report.when == "call":
            said = [str(value) for name, value in report.user_properties if name == _COVERED]
            if said:
                covered[report.nodeid] = said
    if covered:
        terminalreporter.section("interleavings covered")
        for nodeid, said in covered.items():
            more = f" (and {len(said) - 1} more explorations)" if len(said) > 1 else ""
            terminalreporter.line(f"{nodeid}: {said[-1]}{more}")


@pytest.fixture(scope="session")
def interleave(pytestconfig: pytest.Config) -> Interleave:
    """Return a function that runs functions as threads in every order, and fails where one of the orders does."""
    return Interleave(pytestconfig)


class Interleave:
    """Explores the threads of the test that runs; `interleave` in tests.

    Parameters
    ----------
    config : pytest.Config
        Of the session.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def __call__(
        self,
        *threads: Callable[..., object],
        setup: Callable[[], Any] | None = None,
        check: Callable[..., object] | None = None,
        **options: Any,
    ) -> LiveResult:
        """Run the functions as threads in every order; returns what was explored if none of them fails.

        Parameters
        ----------
        *threads : callable
            One for each thread; each is given what `setup` returns, if there is a `setup`.
        setup : callable or None
            Returns the fresh state of a run.
        check : callable or None
            Given the state when all threads have ended; raises where it is wrong.
        **options : Any
            `strategy`, `bound`, `max_executions`, `max_seconds`; they come before those of the mark.

        Raises
        ------
        AssertionError
            A schedule fails: an exception ends a thread, the check raises, or there is a deadlock. Its text shows the
            shortest such schedule that was found, and the token that replays it.
        Incomplete
            No schedule failed, and not all were tried, though the test sets no bound.
        """
        __tracebackhide__ = True
        from lab.interleaving import holds

        result = holds(threads, setup=setup, check=check, **self._settings(options))
        self._note(result)
        return result

    def explore(
        self,
        *threads: Callable[..., object],
        setup: Callable[[], Any] | None = None,
        check: Callable[..., object] | None = None,
        **options: Any,
    ) -> LiveResult:
        """Explore as a call does, and return the result whatever it is: for tests that expect a failure."""
        from lab.live import explore

        result = explore(threads, setup=setup, check=check, **self._settings(options))
        self._note(result)
        return result

    def _settings(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return how to explore: the mark's options, over them those of the call, and those of the command line."""
        mark = self._config.stash[_running].get_closest_marker("interleave")
        given = {**(mark.kwargs if mark else {}), **options}
        unknown = sorted(set(given) - set(_OPTIONS))
        if unknown or (mark and mark.args):
            wrong = repr(unknown[0]) if unknown else "a value without a name"
            raise pytest.UsageError(f"interleave has no option {wrong}; it has {', '.join(_OPTIONS)}")
        token = self._config.getoption("--interleave-replay")
        if token is not None:
            kept = {name: value for name, value in given.items() if name == "modules"}
            return {**kept, "strategy": "replay", "token": token}
        return {**given, "seed": self._config.getoption("--interleave-seed")}

    def _note(self, result: LiveResult) -> None:
        said = f"{result.executions:,} executions, {result.covered}"
        said = "; ".join([said.replace("1 executions", "1 execution", said.startswith("1 ")), *result.notes])
        self._config.stash[_running].user_properties.append((_COVERED, said))
