"""Workloads that textbooks and lectures use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lab.gil.workload import (
    Cpu,
    Get,
    Io,
    Join,
    Mark,
    Put,
    Receive,
    Segment,
    Send,
    Start,
    Thread,
    Workload,
)

__all__ = [
    "beside_a_call",
    "computing",
    "echo",
    "one_by_one",
    "producer_and_consumer",
    "side_by_side",
    "started_and_joined_in_one_loop",
]

FOREVER = 3600.0
"""Seconds: longer than anything that waits for a thread in the background."""

MOST_CALLS = 100_000
"""How often a thread in the background does one thing, which is to be more often than anybody waits for it."""

TURN = 20e-6
"""Seconds that the asking thread of `echo` computes in Python between a reply and the next request."""

BETWEEN = 8e-6
"""Seconds that it computes between sending and receiving."""


def one_by_one(pieces: Sequence[Sequence[Segment]]) -> Workload:
    """Return one thread that does all pieces, one after the other."""
    return Workload((Thread("main", tuple(segment for piece in pieces for segment in piece)),))


def side_by_side(pieces: Sequence[Sequence[Segment]]) -> Workload:
    """Return a main thread that starts a thread for each piece, and then joins them all."""
    names = _names(len(pieces))
    main: list[Segment] = [*map(Start, names), *map(Join, names)]
    return Workload((Thread("main", tuple(main)), *_threads(names, pieces)))


def started_and_joined_in_one_loop(pieces: Sequence[Sequence[Segment]]) -> Workload:
    """Return the same with `start` and `join` in one loop: each thread ends before the next one begins."""
    names = _names(len(pieces))
    main = tuple(segment for name in names for segment in (Start(name), Join(name)))
    return Workload((Thread("main", main), *_threads(names, pieces)))


def computing(seconds: float, threads: int) -> list[list[Segment]]:
    """Return `seconds` of Python code in equal pieces, one for each thread."""
    return [[Cpu(seconds / threads)] for _ in range(threads)]


def echo(threads: int, requests: int, answer: float) -> Workload:
    """Return a thread that asks a peer, again and again, while others compute.

    Parameters
    ----------
    threads : int
        How many compute in the background, >= 0.
    requests : int
        How often the thread asks, >= 1; each round trip is marked "ask" and "reply".
    answer : float
        Seconds that the peer sleeps before it answers.
    """
    trip = (Mark("ask"), Send(answer), Cpu(BETWEEN), Receive(), Mark("reply"), Cpu(TURN))
    background = (Thread(f"C{number}", (Cpu(FOREVER),), background=True) for number in range(1, threads + 1))
    return Workload((Thread("echo", trip * requests), *background))


def producer_and_consumer(items: int, make: float, use: float) -> Workload:
    """Return a thread that waits `make` seconds for each item, and one that computes `use` seconds on each."""
    producer = Thread("producer", (Io(make), Put("items")) * items)
    consumer = Thread("consumer", (Get("items"), Cpu(use)) * items)
    return Workload((producer, consumer))


def beside_a_call(call: Segment, pause: float, requests: int) -> Workload:
    """Return a thread that does one thing for ever beside one that sleeps again and again; wake-ups are marked."""
    naps = (Mark("sleep"), Io(pause), Mark("awake"), Cpu(TURN)) * requests
    return Workload((Thread("sleeper", naps), Thread("caller", (call,) * MOST_CALLS, background=True)))


def _names(number: int) -> list[str]:
    return [f"T{count}" for count in range(1, number + 1)]


def _threads(names: Iterable[str], pieces: Sequence[Sequence[Segment]]) -> Iterable[Thread]:
    return (Thread(name, tuple(piece)) for name, piece in zip(names, pieces, strict=True))
