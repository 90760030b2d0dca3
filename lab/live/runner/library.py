"""Parts of the standard library that wait, or whose order depends on addresses, in a form that the scheduler controls.

Executors' futures, and the selectors in which the event loop of asyncio waits.
"""

from __future__ import annotations

import asyncio
import concurrent.futures._base as base
import selectors
import sys
from collections.abc import Callable
from typing import Any, Optional

from lab.live.runner.operations import OWN_FILES
from lab.live.runner.performing import perform
from lab.live.runner.session import working
from lab.live.runner.threads import made_in_order
from lab.live.runner.worker import Aborted

__all__ = ["AcquireFutures", "Future", "Log", "call_soon_threadsafe", "select_of", "selector_kinds"]

OWN_FILES.update({__file__, selectors.__file__})


class Future(base.Future):  # type: ignore[type-arg]
    """A future whose place in a set is the same in each run."""

    def __init__(self) -> None:
        self.made = made_in_order()
        super().__init__()

    def __hash__(self) -> int:
        return self.made


class AcquireFutures(base._AcquireFutures):
    """Takes the locks of futures in the order in which they were made, not in that of their addresses."""

    def __init__(self, futures: Any) -> None:
        self.futures = sorted(futures, key=hash)


class Log:
    """The log of executors, without the ends of runs that were cut short."""

    def __init__(self, log: Any) -> None:
        self._log = log

    def critical(self, *words: Any, **more: Any) -> None:
        """Log an error."""
        if not isinstance(sys.exc_info()[1], Aborted):
            self._log.critical(*words, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


class _Selecting:
    """The selector of an event loop as something to wait for."""

    label = "event loop"

    def __init__(self, selector: Any, real: Callable[..., Any]) -> None:
        self.selector = selector
        self.real = real

    def peek(self) -> bool:
        """Return whether something has happened."""
        return bool(self.real(self.selector, 0))

    def describe(self) -> str:
        """Return it in words."""
        return "an event loop that nobody wakes"

    def outside(self, seconds: float) -> bool:
        """Wait so many real seconds for what comes from outside of the threads, unless nothing can."""
        own = 1  # through which other threads wake the loop
        return len(self.selector.get_map() or ()) > own and bool(self.real(self.selector, seconds))


def selector_kinds() -> list[Any]:
    """Return the classes of selectors there are."""
    found = [getattr(selectors, name, None) for name in dir(selectors) if name.endswith("Selector")]
    return [one for one in found if one is not None and "select" in vars(one) and one is not selectors.BaseSelector]


def select_of(real: Callable[..., Any]) -> Callable[..., Any]:
    """Return a form of a selector's `select` in which event loops take no real time, and others may run meanwhile."""

    def select(self: Any, timeout: Optional[float] = None) -> Any:
        if working() is None or sys._getframe(1).f_code.co_filename != asyncio.base_events.__file__:
            return real(self, timeout)
        if timeout is None or timeout > 0:
            target = _selecting(self, real)
            perform("select", target, bool, timed=timeout is not None, seconds=timeout or 0.0)
        return real(self, 0)

    return select


def _selecting(selector: Any, real: Callable[..., Any]) -> _Selecting:
    found = vars(selector).get("_selecting")
    if found is None:
        found = selector._selecting = _Selecting(selector, real)
    assert isinstance(found, _Selecting)
    return found


_real_call_soon = asyncio.BaseEventLoop.call_soon_threadsafe


def call_soon_threadsafe(loop: Any, *arguments: Any, **more: Any) -> Any:
    """Wake an event loop: a step on what it waits for."""
    selector = getattr(loop, "_selector", None)
    found = None if selector is None else vars(selector).get("_selecting")
    if working() is not None and found is not None:
        perform("call_soon_threadsafe", found)
    return _real_call_soon(loop, *arguments, **more)
