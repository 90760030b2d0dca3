"""The threads that make what tasks give to `asyncio.to_thread`, when a scenario really runs.

Standard library only, Python 3.9 and later, as `free_run` is.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from concurrent.futures.thread import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from lab.verify.made_threads import add_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.scenario import Registry

__all__ = ["CallPool"]


class CallPool(ThreadPoolExecutor):
    """Makes the calls that tasks give to other threads, each in a thread of its own, named as in an exploration.

    The threads are daemons for the interpreter, so that a run that is stuck holds nobody up.

    Parameters
    ----------
    declared : Registry
        Takes the threads, in the order in which the calls are given.
    keep : callable
        Given the name of a call's thread, and what the call returned or raised.
    """

    def __init__(self, declared: Registry, keep: Callable[[str, Any], None]) -> None:
        super().__init__(1)
        self._declared, self._keep = declared, keep
        self._made: list[threading.Thread] = []

    def submit(self, function: Any, /, *_arguments: Any, **_named: Any) -> Any:
        """Begin a call, which `asyncio.to_thread` gives as `functools.partial(context.run, f, ...)`."""
        target, future = function.args[0], Future[Any]()
        base = str(getattr(target, "__name__", "thread")).strip("<>")
        name = add_named(self._declared, base, target)
        thread = threading.Thread(target=self._make, args=(name, function, future), name=name, daemon=True)
        self._made.append(thread)
        thread.start()
        return future

    def _make(self, name: str, function: Callable[[], Any], future: Any) -> None:
        if not future.set_running_or_notify_cancel():
            self._keep(name, None)
            return
        try:
            value = function()
        except BaseException as error:  # noqa: BLE001 - whatever it raised
            self._keep(name, error)
            future.set_exception(error)
        else:
            self._keep(name, value)
            future.set_result(value)

    def join(self) -> None:
        """Wait until every call has been made."""
        for thread in self._made:
            thread.join()

    def going(self) -> set[str]:
        """Return the names of the threads that go on."""
        return {thread.name for thread in self._made if thread.is_alive()}
