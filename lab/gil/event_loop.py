"""A real event loop that writes down its life: what is ready, what runs, which timers wait, when it polls.

>>> import asyncio
>>> from lab.gil.event_loop import trace_loop
>>> async def one(pause):
...     await asyncio.sleep(pause)
>>> async def main():
...     await asyncio.gather(one(0.002), one(0.001))
>>> life = trace_loop(main)
>>> [(turn.kind, len(turn.ready)) for turn in life.turns][:3]
[('task', 0), ('task', 1), ('task', 0)]
>>> [round(poll.end - poll.start, 4) for poll in life.polls if poll.end > poll.start]
[0.001, 0.001]
"""

from __future__ import annotations

import asyncio
import selectors
from asyncio.events import Handle
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from time import perf_counter
from typing import Any, Literal, NamedTuple

from lab.errors import IncompleteError

__all__ = ["Life", "Poll", "Timer", "TracedLoop", "Turn", "spend", "trace_loop"]

TurnKind = Literal["task", "timer", "io", "callback"]

MOST_TURNS = 100_000


class Turn(NamedTuple):
    """A callback that the loop called, and what it left behind; times are seconds since the loop began.

    `name` is the task's, or the callback's; `queued` is when it joined the ready queue; `ready` names what stands in
    the queue when it begins, in order; `timers` is how many timers wait, and `polls` how many polls came before.
    """

    name: str
    kind: TurnKind
    queued: float
    start: float
    end: float
    ready: tuple[str, ...]
    timers: int
    polls: int


class Poll(NamedTuple):
    """The loop asked the system what is ready: for how long it may wait (None: until something is), what came."""

    start: float
    end: float
    limit: float | None
    found: int


class Timer(NamedTuple):
    """Something that the loop was asked to call later."""

    name: str
    set: float
    due: float


@dataclass
class Life:
    """What a loop did, in order.

    Attributes
    ----------
    turns, polls, timers : list
        The callbacks that ran; the polls; the timers that were set.
    clock : str
        "simulated", where waiting takes no time, or "measured".
    """

    clock: str
    turns: list[Turn] = field(default_factory=list)
    polls: list[Poll] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)

    @property
    def end(self) -> float:
        """When the last callback ended, in seconds."""
        return self.turns[-1].end if self.turns else 0.0


class _Ready(deque[Handle]):
    """The loop's ready queue, which tells who joins it and who is taken from it."""

    def __init__(self, loop: TracedLoop) -> None:
        super().__init__()
        self.loop = loop

    def append(self, handle: Handle) -> None:
        """Join the queue."""
        self.loop.joined(handle)
        super().append(handle)

    def popleft(self) -> Handle:
        """Leave the queue, to be called at once."""
        handle = super().popleft()
        self.loop.turn(handle)
        return handle


class _Selector(selectors.DefaultSelector):
    """A selector that tells when it is asked; under a simulated clock it never sleeps while timers wait."""

    loop: TracedLoop | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for data or for the time."""
        loop = self.loop
        if loop is None:
            return super().select(timeout)
        begun = loop.time()
        loop.ended()
        if loop.simulated and timeout:
            found = super().select(0)
            if not found:
                loop.simulated_time += timeout
        else:
            found = super().select(timeout)
        loop.polled(Poll(begun, loop.time(), timeout, len(found)), [key.data for key, _ in found])
        return found


class TracedLoop(asyncio.SelectorEventLoop):
    """asyncio's own selector event loop, which writes down what it does.

    Only three things differ from its parent: the ready queue and the selector report, and the clock may be simulated.
    Scheduling, timers and I/O are asyncio's.

    Parameters
    ----------
    simulated : bool
        Whether time passes only by waiting for timers and by `spend`: then the same program has the same life.
    cost : float
        Simulated seconds that each callback takes by itself.
    """

    def __init__(self, *, simulated: bool = True, cost: float = 0.0) -> None:
        self.simulated = simulated
        self.cost = cost
        self.simulated_time = 0.0
        self.begun = perf_counter()
        self.life = Life("simulated" if simulated else "measured")
        self.queued: dict[int, float] = {}
        self.due: dict[int, str] = {}
        self.arrived: set[int] = set()
        self.now_running: tuple[str, TurnKind, float, float, tuple[str, ...], int] | None = None
        selector = _Selector()
        super().__init__(selector)
        self._ready: deque[Handle] = _Ready(self)
        selector.loop = self

    def time(self) -> float:
        """Return the seconds since the loop was made."""
        return self.simulated_time if self.simulated else perf_counter() - self.begun

    def call_at(  # type: ignore[override]  # asyncio's is generic in the arguments, and says the same
        self, when: float, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.TimerHandle:
        """Call something at a time, and note that a timer was set."""
        running = self.now_running
        name = running[0] if running is not None else "main"
        handle = super().call_at(when, callback, *args, context=context)
        self.due[id(handle)] = name
        self.life.timers.append(Timer(name, self.time(), when))
        return handle

    def joined(self, handle: Handle) -> None:
        """Note when something joined the ready queue."""
        self.queued[id(handle)] = self.time()

    def turn(self, handle: Handle) -> None:
        """Note that a callback begins, and with it that the one before it is over."""
        self.ended()
        if handle.cancelled():
            return
        name, kind = self.described(handle)
        now = self.time()
        queued = self.queued.pop(id(handle), now)
        ready = tuple(self.described(other)[0] for other in self._ready if not other.cancelled())
        self.due.pop(id(handle), None)
        waiting = sum(not timer.cancelled() for timer in self._scheduled)  # type: ignore[attr-defined]  # asyncio's own list
        self.now_running = (name, kind, queued, now, ready, waiting)
        if self.simulated:
            self.simulated_time += self.cost

    def described(self, handle: Handle) -> tuple[str, TurnKind]:
        """Return what a callback is called: by the task that it resumes, or that set the timer."""
        callback = handle._callback  # type: ignore[attr-defined]  # noqa: SLF001 - a handle has no other way to say it
        owner = getattr(callback, "__self__", None)
        if isinstance(owner, asyncio.Task):
            return owner.get_name(), "task"
        if isinstance(handle, asyncio.TimerHandle) and id(handle) in self.due:
            return f"timer of {self.due[id(handle)]}", "timer"
        if isinstance(callback, partial):
            callback = callback.func
        name = str(getattr(callback, "__qualname__", None) or type(callback).__name__).rpartition(".")[2]
        return name, "io" if id(handle) in self.arrived else "callback"

    def ended(self) -> None:
        """Note that the callback that ran is over."""
        if self.now_running is not None:
            name, kind, queued, start, ready, timers = self.now_running
            self.life.turns.append(Turn(name, kind, queued, start, self.time(), ready, timers, len(self.life.polls)))
            self.now_running = None
        if len(self.life.turns) > MOST_TURNS:
            raise IncompleteError(f"the loop's trace was stopped after {MOST_TURNS:,} callbacks")

    def polled(self, poll: Poll, found: Sequence[object]) -> None:
        """Note a poll, and which callbacks wait for what it found: the selector's keys hold pairs of them."""
        self.life.polls.append(poll)
        self.arrived = {id(handle) for pair in found if isinstance(pair, tuple) for handle in pair}


def spend(seconds: float) -> None:
    """Compute for some seconds within a coroutine: the loop waits meanwhile.

    Under a simulated clock the time passes at once.
    """
    loop = asyncio.get_running_loop()
    if isinstance(loop, TracedLoop) and loop.simulated:
        loop.simulated_time += seconds
        return
    end = perf_counter() + seconds
    while perf_counter() < end:
        pass


def trace_loop(main: Callable[[], Coroutine[Any, Any, object]], *, simulated: bool = True, cost: float = 0.0) -> Life:
    """Run a coroutine function on a traced loop, and return what the loop did.

    Parameters
    ----------
    main : callable
        Makes the coroutine; its task is called "main".
    simulated, cost
        As in `TracedLoop`.

    Raises
    ------
    IncompleteError
        The loop called more callbacks than are kept.
    """
    with _closing(TracedLoop(simulated=simulated, cost=cost)) as loop:
        loop.run_until_complete(loop.create_task(main(), name="main"))
        loop.ended()
        return loop.life


@contextmanager
def _closing(loop: TracedLoop) -> Iterator[TracedLoop]:
    try:
        yield loop
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.close()
