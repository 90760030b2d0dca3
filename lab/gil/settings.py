"""The parameters of a simulation: the machine, its operating system, and the prices of each model."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

from lab.errors import UsageError

__all__ = ["MODELS", "ModelName", "Settings"]

ModelName = Literal["old", "new", "per-interpreter", "free-threaded", "processes", "asyncio"]

MODELS: dict[ModelName, str] = {
    "old": "Python up to 3.1: release and retake the GIL every 100 ticks, no hand-over",
    "new": "Python 3.2 and later: waiters ask for the GIL after the switch interval, and a drop forces a switch",
    "per-interpreter": "an interpreter, and so a GIL, for each thread (PEP 684)",
    "free-threaded": "no GIL (PEP 703)",
    "processes": "a process for each thread, with an interpreter and a GIL of its own",
    "asyncio": "one thread runs an event loop, and each thread of the workload is a task",
}
"""The models by name, and what each is."""


@dataclass(frozen=True)
class Settings:
    """What a simulation depends on beside its workload. All times are seconds.

    Attributes
    ----------
    model : ModelName
        How threads share an interpreter.
    cores : int
        Processors, >= 1.
    interval : float
        How long a waiter waits for the GIL before it asks for it (`sys.setswitchinterval`), > 0.
    wake : float
        From the moment that somebody is woken, by a signal or by data, to the moment that it could run.
    slack : float
        How much later than that a timer wakes.
    jitter : float
        The mean of what comes on top of `wake`, distributed exponentially; 0 makes every wake-up alike.
    slice : float
        How long a thread keeps its core while others wait for one, > 0.
    syscall : float
        What it costs to send or to receive.
    ticks : float
        How long 100 ticks of the old GIL take, > 0.
    signal : float
        What it costs the old GIL's holder to wake a waiter.
    handover : float
        The probability that the waiter which the old GIL's holder wakes takes it before the holder does.
    price : float
        How much longer Python code takes without a GIL: 0.05 is 5 % more.
    efficiency : float
        The part of its speed that a free-threaded thread keeps when several may run at once, in (0, 1].
    sharing : float
        The part of its speed that a core keeps while others compute, too, in (0, 1]: cores may share a chip, or a
        machine. Counts where threads can compute at once: processes, interpreters, no GIL.
    thread_start, interpreter_start, process_start : float
        What the new thread, interpreter or process computes before its first segment.
    message : float
        What it costs to send an item or a result to another process, for each side.
    callback : float
        What it costs the event loop to resume a task.
    seed : int
        What the random numbers are made from, >= 0.
    """

    model: ModelName = "new"
    cores: int = 2
    interval: float = 0.005
    wake: float = 10e-6
    slack: float = 60e-6
    jitter: float = 5e-6
    slice: float = 0.004
    syscall: float = 10e-6
    ticks: float = 20e-6
    signal: float = 2e-6
    handover: float = 0.01
    price: float = 0.06
    efficiency: float = 0.95
    sharing: float = 1.0
    thread_start: float = 50e-6
    interpreter_start: float = 0.02
    process_start: float = 0.05
    message: float = 50e-6
    callback: float = 10e-6
    seed: int = 1

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise UsageError(f"there is no model {self.model!r}; choose one of {', '.join(MODELS)}")
        for field in fields(self):
            low, high = _RANGES.get(field.name, (0.0, 3600.0))
            value = getattr(self, field.name)
            if field.name != "model" and (isinstance(value, bool) or not low <= value <= high):
                raise UsageError(f"{field.name} is {value}, and has to be from {low:g} to {high:g}")
        for name in ("cores", "seed"):
            if not isinstance(getattr(self, name), int):
                raise UsageError(f"{name} has to be a whole number")


_RANGES: dict[str, tuple[float, float]] = {
    "cores": (1, 1024),
    "interval": (1e-6, 3600),
    "slice": (1e-5, 3600),
    "ticks": (1e-6, 3600),
    "handover": (0, 1),
    "efficiency": (0.01, 1),
    "sharing": (0.01, 1),
    "seed": (0, 2**63),
}
