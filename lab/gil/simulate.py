"""Runs a workload under a model of the GIL, in simulated time."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from lab.errors import UsageError
from lab.gil.clock import Doing, EmptySchedule, Happening
from lab.gil.locks import Lock, NewGil, NoGil, OldGil
from lab.gil.loop import LoopSystem
from lab.gil.settings import Settings
from lab.gil.system import System, Task, nanoseconds
from lab.gil.trace import Run
from lab.gil.workload import (
    Acquire,
    Call,
    Cpu,
    Get,
    Io,
    Join,
    Mark,
    Put,
    Receive,
    Release,
    Send,
    Start,
    Thread,
    Workload,
)

__all__ = ["simulate"]


def simulate(workload: Workload, settings: Settings | None = None) -> Run:
    """Run a workload and return everything that happened.

    Parameters
    ----------
    workload : Workload
        What the threads do.
    settings : Settings or None
        The model, the machine and its prices; None for all defaults.

    Raises
    ------
    UsageError
        The workload never ends, or releases a lock that it does not hold.
    IncompleteError
        There are more events than fit.

    Examples
    --------
    Two threads that compute take as long as one after the other, however many cores there are:

    >>> from lab.gil.workload import Cpu
    >>> two = Workload((Thread("T1", (Cpu(0.02),)), Thread("T2", (Cpu(0.02),))))
    >>> simulate(two, Settings(wake=0, jitter=0)).seconds
    0.04
    >>> simulate(two, Settings("free-threaded", price=0, efficiency=1)).seconds
    0.02
    """
    with _uncollected():
        return _Simulation(workload, settings or Settings()).run()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector away: events leave no cycles, and it would go through all records ever again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


class _Simulation:
    """One run: the threads of a workload on a system, with the GIL or GILs of a model."""

    def __init__(self, workload: Workload, settings: Settings) -> None:
        self.workload = workload
        self.settings = settings
        self.system = LoopSystem(settings) if settings.model == "asyncio" else System(settings)
        self.tasks = {thread.name: Task(thread.name, thread.priority) for thread in workload.threads}
        self.threads = {thread.name: thread for thread in workload.threads}
        self.shared = _shared_gil(self.system, workload, settings)
        self.price = nanoseconds(_start_price(settings))
        self.message = nanoseconds(settings.message) if settings.model == "processes" else 0
        apart = settings.model in ("processes", "per-interpreter") and _several(workload, settings)
        self.stretch = 1 / settings.sharing if apart else 1.0
        self.holders: dict[str, Task] = {}
        self.items: Counter[str] = Counter()
        self.ended: set[str] = set()
        self.waiting: defaultdict[str, deque[Task]] = defaultdict(deque)
        self.stuck: dict[str, str] = {}
        self.awaited = {thread.name for thread in workload.threads if not thread.background}
        self.do: Mapping[type[Any], Callable[[Task, Lock, Any], Doing]] = {
            Cpu: self._cpu,
            Call: self._call,
            Io: self._io,
            Send: self._send,
            Receive: self._receive,
            Acquire: self._acquire,
            Release: self._release,
            Put: self._put,
            Get: self._get,
            Start: self._start,
            Join: self._join,
            Mark: self._mark,
        }

    def run(self) -> Run:
        """Run until all threads that are not in the background have ended."""
        started = self.workload.started
        for thread in self.workload.threads:
            if thread.name not in started:
                self._begin(thread, 0)
        step = self.system.clock.step
        try:
            while self.awaited:
                step()
        except EmptySchedule:
            raise UsageError(f"the workload never ends: {self._complaint()}") from None
        return Run(self.workload, self.settings, tuple(self.system.records), self.system.now)

    def _complaint(self) -> str:
        waits = [f"{name} waits for {what}" for name, what in self.stuck.items()]
        never = [f"{name} is never started" for name in sorted(self.awaited - self.stuck.keys())]
        return ", ".join(waits + never)

    # ------------------------------------------------------------------------------------------------------- threads

    def _begin(self, thread: Thread, price: int) -> None:
        """Let a thread exist from now on."""
        task = self.tasks[thread.name]
        self.system.record(task, "start")
        self.system.clock.process(self._life(thread, task, price))

    def _life(self, thread: Thread, task: Task, price: int) -> Doing:
        system = self.system
        if price:
            yield system.clock.timeout(system.latency())
        gil = self.shared or NewGil(system, self.settings)
        yield from system.enter(task)
        yield from system.compute(task, price)
        yield from gil.take(task)
        for segment in thread.segments:
            yield from self.do[type(segment)](task, gil, segment)
        if price and self.message:
            yield from gil.run(task, self.message)  # its result
        self.ended.add(thread.name)
        joining = self.waiting[f"the end of {thread.name}"]
        while system.signal(joining):
            pass
        yield from gil.drop(task, "end")
        system.leave(task)
        system.record(task, "end")
        self.awaited.discard(thread.name)

    def _blocked(self, task: Task, gil: Lock, what: str) -> Doing:
        """Wait, without the GIL, until somebody signals those who wait for something."""
        yield from gil.drop(task, "block")
        self.system.record(task, "locked", what)
        self.stuck[task.name] = what
        yield from self.system.wait(task, self.waiting[what], awake="done")
        del self.stuck[task.name]
        yield from gil.take(task)

    # ------------------------------------------------------------------------------------------------------ segments

    def _cpu(self, task: Task, gil: Lock, segment: Cpu) -> Doing:
        yield from gil.run(task, nanoseconds(segment.seconds * self.stretch))

    def _call(self, task: Task, gil: Lock, segment: Call) -> Doing:
        if segment.keeps:
            yield from self.system.compute(task, nanoseconds(segment.seconds))
            yield from gil.poll(task)
            return
        yield from gil.drop(task, "block")
        self.system.record(task, "call")
        yield from self.system.compute(task, nanoseconds(segment.seconds))
        self.system.record(task, "done")
        yield from gil.take(task)

    def _io(self, task: Task, gil: Lock, segment: Io) -> Doing:
        yield from gil.drop(task, "block")
        self.system.record(task, "io")
        yield from self.system.wait(task, limit=nanoseconds(segment.seconds), awake="done")
        yield from gil.take(task)

    def _send(self, task: Task, gil: Lock, segment: Send) -> Doing:
        yield from self._call(task, gil, Call(self.settings.syscall, keeps=False))
        delay = nanoseconds(segment.seconds) + 2 * self.system.latency() + self.system.slack  # the peer wakes twice
        self.system.after(delay, partial(self._reply, task))

    def _reply(self, task: Task, _: Happening) -> None:
        self.items[task.name] += 1
        self.system.signal(self.waiting[task.name])

    def _receive(self, task: Task, gil: Lock, _: Receive) -> Doing:
        yield from gil.drop(task, "block")
        if self.items[task.name]:
            self.system.record(task, "call")
            yield from self.system.compute(task, nanoseconds(self.settings.syscall))
        else:
            self.system.record(task, "io")
            yield from self.system.wait(task, self.waiting[task.name])
        self.items[task.name] -= 1
        self.system.record(task, "done")
        yield from gil.take(task)

    def _acquire(self, task: Task, gil: Lock, segment: Acquire) -> Doing:
        while segment.lock in self.holders:
            yield from self._blocked(task, gil, f"lock {segment.lock}")
        self.holders[segment.lock] = task

    def _release(self, task: Task, _: Lock, segment: Release) -> Doing:
        if self.holders.get(segment.lock) is not task:
            raise UsageError(f"thread {task.name} releases lock {segment.lock}, which it does not hold")
        del self.holders[segment.lock]
        self.system.signal(self.waiting[f"lock {segment.lock}"])
        yield from ()

    def _put(self, task: Task, gil: Lock, segment: Put) -> Doing:
        yield from gil.run(task, self.message)
        self.items[segment.queue] += 1
        self.system.signal(self.waiting[f"queue {segment.queue}"])

    def _get(self, task: Task, gil: Lock, segment: Get) -> Doing:
        while not self.items[segment.queue]:
            yield from self._blocked(task, gil, f"queue {segment.queue}")
        self.items[segment.queue] -= 1
        yield from gil.run(task, self.message)

    def _start(self, _task: Task, _: Lock, segment: Start) -> Doing:
        self._begin(self.threads[segment.thread], self.price)
        yield from ()

    def _join(self, task: Task, gil: Lock, segment: Join) -> Doing:
        while segment.thread not in self.ended:
            yield from self._blocked(task, gil, f"the end of {segment.thread}")
        yield from gil.run(task, self.message)

    def _mark(self, task: Task, _: Lock, segment: Mark) -> Doing:
        self.system.record(task, "mark", segment.name)
        yield from ()


def _several(workload: Workload, settings: Settings) -> bool:
    """Return whether several threads may compute at once."""
    computing = sum(any(isinstance(segment, Cpu) for segment in thread.segments) for thread in workload.threads)
    return computing > 1 and settings.cores > 1


def _start_price(settings: Settings) -> float:
    """Return what a new thread of the workload computes before its first segment, in seconds."""
    prices = {
        "asyncio": 0.0,
        "per-interpreter": settings.interpreter_start,
        "processes": settings.process_start,
    }
    return prices.get(settings.model, settings.thread_start)


def _shared_gil(system: System, workload: Workload, settings: Settings) -> Lock | None:
    """Return the lock that all threads share, None where each has its own."""
    if settings.model == "new":
        return NewGil(system, settings)
    if settings.model == "old":
        return OldGil(system, settings)
    if settings.model == "asyncio":
        return NoGil(system, 1)
    if settings.model == "free-threaded":
        efficiency = settings.efficiency * settings.sharing if _several(workload, settings) else 1
        return NoGil(system, (1 + settings.price) / efficiency)
    return None
