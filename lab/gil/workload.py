"""What threads do: sequences of segments, as data.

A workload is a tuple of threads, and a thread is a tuple of segments. Durations are seconds here and whole nanoseconds
in the simulation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from lab.errors import UsageError

__all__ = [
    "Acquire",
    "Call",
    "Cpu",
    "Get",
    "Io",
    "Join",
    "Mark",
    "Put",
    "Receive",
    "Release",
    "Segment",
    "Send",
    "Start",
    "Thread",
    "Workload",
]

LONGEST = 86_400.0
"""Seconds: a segment lasts a day at most."""

MOST_THREADS = 5_000
RESERVED = ("GIL", "loop")
"""What the trace has lanes for beside the threads."""


@dataclass(frozen=True)
class Cpu:
    """Python code runs for some seconds; it can be asked for the GIL at any time."""

    seconds: float


@dataclass(frozen=True)
class Call:
    """A C function computes for some seconds. It polls nothing; `keeps` says whether it keeps the GIL meanwhile."""

    seconds: float
    keeps: bool = True


@dataclass(frozen=True)
class Io:
    """A blocking operation that somebody else finishes after some seconds: a read, a reply, a sleep."""

    seconds: float


@dataclass(frozen=True)
class Acquire:
    """Take a lock; wait until it is free."""

    lock: str


@dataclass(frozen=True)
class Release:
    """Free a lock, and wake one thread that waits for it."""

    lock: str


@dataclass(frozen=True)
class Put:
    """Add an item to a queue without bound."""

    queue: str


@dataclass(frozen=True)
class Get:
    """Take an item from a queue; wait until there is one."""

    queue: str


@dataclass(frozen=True)
class Send:
    """Send a request from a C function without the GIL, to a peer that wakes, sleeps some seconds, and replies."""

    seconds: float


@dataclass(frozen=True)
class Receive:
    """Receive the next reply in a C function without the GIL; wait until there is one."""


@dataclass(frozen=True)
class Start:
    """Start a thread, which exists from here on."""

    thread: str


@dataclass(frozen=True)
class Join:
    """Wait until a thread has ended."""

    thread: str


@dataclass(frozen=True)
class Mark:
    """Note the time under a name; takes none."""

    name: str


Segment = Cpu | Call | Io | Send | Receive | Acquire | Release | Put | Get | Start | Join | Mark


@dataclass(frozen=True)
class Thread:
    """One thread.

    Attributes
    ----------
    name : str
        What the trace calls it.
    segments : tuple of Segment
        What it does, in order.
    priority : int
        A runnable thread of higher priority takes a core from one of lower priority at once.
    background : bool
        The run does not wait for it: it is over when all other threads have ended.
    """

    name: str
    segments: tuple[Segment, ...]
    priority: int = 0
    background: bool = False


@dataclass(frozen=True)
class Workload:
    """Threads that run together; those that nobody starts exist from the beginning.

    Raises
    ------
    UsageError
        There is nothing to wait for, two threads have one name or one has a lane's, a segment names no thread, a thread
        is started twice, or a duration is out of range.
    """

    threads: tuple[Thread, ...]

    def __post_init__(self) -> None:
        _check_threads(self.threads)
        for thread in self.threads:
            for segment in thread.segments:
                _check_duration(thread, segment)

    @property
    def started(self) -> frozenset[str]:
        """The threads that another one starts."""
        return frozenset(
            segment.thread for thread in self.threads for segment in thread.segments if isinstance(segment, Start)
        )

    @property
    def work(self) -> float:
        """The seconds of computing that all threads ask for together, in Python and in C."""
        return sum(
            segment.seconds for thread in self.threads for segment in thread.segments if isinstance(segment, Cpu | Call)
        )


def _check_threads(threads: tuple[Thread, ...]) -> None:
    if len(threads) > MOST_THREADS:
        raise UsageError(f"{len(threads):,} threads are too many; {MOST_THREADS:,} can be simulated")
    names = {thread.name for thread in threads}
    twice = _repeated(thread.name for thread in threads)
    if twice:
        raise UsageError(f"two threads are called {twice[0]}")
    if taken := names.intersection(RESERVED):
        raise UsageError(f"a thread cannot be called {min(taken)}: a trace has a lane of that name")
    started = [
        segment.thread for thread in threads for segment in thread.segments if isinstance(segment, Start)
    ]  # fmt: skip
    joined = [segment.thread for thread in threads for segment in thread.segments if isinstance(segment, Join)]
    for name in (*started, *joined):
        if name not in names:
            raise UsageError(f"there is no thread {name} to start or join")
    if again := _repeated(started):
        raise UsageError(f"thread {again[0]} is started twice")
    if not any(not thread.background and thread.name not in started for thread in threads):
        raise UsageError("a workload needs a thread that nobody starts and that is not in the background")


def _repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _check_duration(thread: Thread, segment: Segment) -> None:
    if isinstance(segment, Cpu | Call | Io | Send) and not 0 <= segment.seconds <= LONGEST:
        raise UsageError(
            f"thread {thread.name}: {segment.seconds} is no duration; give seconds from 0 to {LONGEST:.0f}"
        )
