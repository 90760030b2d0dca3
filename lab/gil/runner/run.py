"""Do one job several times and print what it took, as JSON: `python run.py '{"kind": "sleep", ...}'`.

Standard library only, Python 3.9 or later: any interpreter runs this file by its path. It prints a list of seconds, or
{"missing": reason} where this interpreter cannot do the job, or for the job "calibrate" an object of numbers.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import inspect
import json
import multiprocessing
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

clock = time.perf_counter
Job = dict[str, Any]
Piece = list[tuple[str, float]]
"""What one worker does, in order: "sleep" and its seconds, or "compute" and a number of rounds."""
MOST_PROCESSES = 64
"""Processes or interpreters that are started at once."""


class MissingError(Exception):
    """The interpreter cannot do the job."""


def compute(rounds: float) -> int:
    """Compute in Python; a round costs the same however many there are, so no number grows."""
    total = 0
    for number in range(int(rounds)):
        total = (total + (number & 255)) & 65535
    return total


COMPUTE = inspect.getsource(compute)


def work(piece: Piece) -> None:
    """Do one piece of work."""
    for kind, amount in piece:
        if kind == "sleep":
            time.sleep(amount)
        else:
            compute(amount)


# ----------------------------------------------------------------------------------------------------------- strategies


def sequential(pieces: list[Piece]) -> None:
    """Do one piece after the other."""
    for piece in pieces:
        work(piece)


def threads(pieces: list[Piece]) -> None:
    """Start a thread for each piece, then join them all."""
    workers = [threading.Thread(target=work, args=(piece,)) for piece in pieces]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def free_threads(pieces: list[Piece]) -> None:
    """Do the same as `threads`, where threads have no GIL to share."""
    if not without_gil():
        raise MissingError("this Python has a GIL")
    threads(pieces)


def without_gil() -> bool:
    """Return whether this interpreter runs without a GIL."""
    return not getattr(sys, "_is_gil_enabled", lambda: True)()


def start_join_loop(pieces: list[Piece]) -> None:
    """Start and join in one loop."""
    for piece in pieces:
        worker = threading.Thread(target=work, args=(piece,))
        worker.start()
        worker.join()


def processes(pieces: list[Piece]) -> None:
    """Start a process for each piece, then join them all."""
    few(pieces)
    workers = [multiprocessing.Process(target=work, args=(piece,)) for piece in pieces]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def interpreters(pieces: list[Piece]) -> None:
    """Run each piece in an interpreter of its own, which has a GIL of its own."""
    few(pieces)
    module = interpreter_module()

    def run(piece: Piece) -> None:
        interpreter = module.create()
        steps = "\n".join(f"compute({amount})" if kind == "compute" else f"sleep({amount})" for kind, amount in piece)
        module.run_string(interpreter, f"from time import sleep\n{COMPUTE}{steps}")
        module.destroy(interpreter)

    workers = [threading.Thread(target=run, args=(piece,)) for piece in pieces]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()


def few(pieces: list[Piece]) -> None:
    """See to it that nobody starts hundreds of processes, which may be more than the machine has room for."""
    if len(pieces) > MOST_PROCESSES:
        raise MissingError(f"at most {MOST_PROCESSES} processes are started")


def interpreter_module() -> Any:
    """Return the module that makes interpreters with their own GIL (3.12 and later)."""
    version = tuple(sys.version_info[:2])
    if version < (3, 12):
        raise MissingError("interpreters share one GIL before Python 3.12")
    name = "_xxsubinterpreters" if version < (3, 13) else "_interpreters"
    try:
        return __import__(name)
    except ImportError:
        raise MissingError("this Python has no module for interpreters") from None


def tasks(pieces: list[Piece]) -> None:
    """Run each piece as a task of one event loop; it awaits where it sleeps."""

    async def one(piece: Piece) -> None:
        for kind, amount in piece:
            if kind == "sleep":
                await asyncio.sleep(amount)
            else:
                compute(amount)

    async def main() -> None:
        await asyncio.gather(*map(one, pieces))

    asyncio.run(main())


STRATEGIES: dict[str, Callable[[list[Piece]], None]] = {
    "sequential": sequential,
    "threads": threads,
    "start-join-loop": start_join_loop,
    "start-all-join-all": threads,
    "processes": processes,
    "interpreters": interpreters,
    "asyncio": tasks,
    "free-threaded": free_threads,
}


# ----------------------------------------------------------------------------------------------------------------- jobs


def timed(job: Job, pieces: list[Piece]) -> list[float]:
    """Return the seconds of each repetition of some pieces under the job's strategy."""
    strategy = STRATEGIES[job["strategy"]]
    found = []
    for _ in range(job["repeat"]):
        begun = clock()
        strategy(pieces)
        found.append(clock() - begun)
    return found


def sleep(job: Job) -> list[float]:
    """Sleep some durations."""
    return timed(job, [[("sleep", seconds)] for seconds in job["durations"]])


def both(job: Job) -> list[float]:
    """Sleep and then compute, in each of so many tasks; the rounds are those of all together."""
    return timed(job, [[("sleep", job["io"]), ("compute", job["rounds"] / job["tasks"])]] * job["tasks"])


def computing(job: Job) -> list[float]:
    """Compute so many rounds in equal pieces.

    With the job's `rate`, the rounds that one thread did in a second when this interpreter was calibrated, times are
    scaled to that rate: a processor's speed may change by half within seconds.
    """
    if "cores" in job:
        keep_to(job["cores"])
    if job.get("gil") and without_gil():
        raise MissingError("this Python has no GIL")
    before = pace()
    found = timed(job, [[("compute", job["rounds"] / job["workers"])]] * job["workers"])
    scale = (before + pace()) / 2 / job["rate"] if job.get("rate") else 1.0
    return [seconds * scale for seconds in found]


def keep_to(cores: int) -> None:
    """Use so many processors only."""
    if not hasattr(os, "sched_setaffinity"):
        raise MissingError("this system does not let a program choose its processors")
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < cores:
        raise MissingError(f"there are {len(allowed)} processors")
    os.sched_setaffinity(0, allowed[:cores])


def pace() -> float:
    """Return how many rounds one thread computes in a second right now."""
    return 20_000 / statistics.median(_once(lambda: compute(20_000)) for _ in range(9))


def coroutines(job: Job) -> list[float]:
    """Await pauses one by one, together, or block the loop in each."""

    async def pause() -> None:
        if "inside" in job["strategy"]:
            time.sleep(job["pause"])  # the mistake that is shown
        else:
            await asyncio.sleep(job["pause"])

    async def main() -> None:
        if "gather" in job["strategy"]:
            await asyncio.gather(*(pause() for _ in range(job["workers"])))
        else:
            for _ in range(job["workers"]):
                await pause()

    found = []
    for _ in range(job["repeat"]):
        begun = clock()
        asyncio.run(main())
        found.append(clock() - begun)
    return found


class Background:
    """Threads that repeat something until the block ends."""

    def __init__(self, action: Callable[[], object], number: int) -> None:
        self.action = action
        self.stop = False
        self.workers = [threading.Thread(target=self.run) for _ in range(number)]

    def run(self) -> None:
        """Repeat."""
        while not self.stop:
            self.action()

    def __enter__(self) -> None:
        for worker in self.workers:
            worker.start()

    def __exit__(self, *_: object) -> None:
        self.stop = True
        for worker in self.workers:
            worker.join()


def answer(connection: socket.socket, pause: float) -> None:
    """Answer each request after a pause, in a process of its own, until nobody asks."""
    while connection.recv(1):
        time.sleep(pause)
        connection.send(b"x")


def echo(job: Job) -> list[float]:
    """Ask a peer while threads compute; return the seconds of each round trip."""
    here, there = socket.socketpair()
    if not hasattr(os, "fork"):
        raise MissingError("the peer needs os.fork")
    child = os.fork()
    if not child:
        here.close()
        answer(there, job["answer"])
        os._exit(0)
    there.close()
    before = sys.getswitchinterval()
    sys.setswitchinterval(job["interval"])
    found = []
    try:
        with Background(lambda: compute(1000), job["threads"]):
            end = clock() + job["for"]
            while clock() < end:
                begun = clock()
                here.send(b"x")
                here.recv(1)
                found.append(clock() - begun)
    finally:
        sys.setswitchinterval(before)
        here.close()
        os.waitpid(child, 0)
    return found


def call(job: Job) -> list[float]:
    """Sleep again and again beside Python code, C that keeps the GIL, or C that releases it; return each sleep."""
    actions: dict[str, tuple[Callable[[float], object], float]] = {
        "Python code": (compute, 200_000),
        "C, keeps the GIL": (lambda size: max(range(int(size))), 400_000),
        "C, releases it": (lambda rounds: hashlib.pbkdf2_hmac("sha256", b"", b"", int(rounds)), 10_000),
    }
    action, unit = actions[job["beside"]]
    amount = unit * job["seconds"] / min(_once(lambda: action(unit)) for _ in range(5))
    found = []
    with Background(lambda: action(amount), 1):
        for _ in range(job["repeat"] * 4):
            begun = clock()
            time.sleep(job["pause"])
            found.append(clock() - begun)
    return found


def calibrate(_: Job) -> dict[str, float]:
    """Estimate what a simulation of this machine and interpreter needs to know."""
    found = {
        "rounds_per_second": statistics.median(pace() for _ in range(9)),
        "thread_start": _median(lambda: threads([[("compute", 0)]]), 40),
        "process_start": _median(lambda: processes([[("compute", 0)]]), 9),
    }
    found["sharing"] = sharing(found["rounds_per_second"] * 0.1)
    with contextlib.suppress(MissingError):
        found["interpreter_start"] = _median(lambda: interpreters([[("compute", 0)]]), 9)
    naps = [_once(lambda: time.sleep(0.001)) - 0.001 for _ in range(200)]
    found["wake"] = _wake()
    found["slack"] = max(0.0, statistics.median(naps) - found["wake"])
    return found


def sharing(rounds: float) -> float:
    """Return which part of its speed a process keeps beside another one: how much longer two take than one.

    The shortest times count: other programs only lengthen them, and those of two processes more.
    """
    alone, beside = [], []
    for _ in range(5):
        alone.append(_once(lambda: processes([[("compute", rounds)]])))
        beside.append(_once(lambda: processes([[("compute", rounds)]] * 2)))
    return min(1.0, min(alone) / min(beside))


def _wake() -> float:
    """Return the median of half a round trip between two threads that were both idle for a millisecond."""
    (first_out, first_in), (second_out, second_in) = os.pipe(), os.pipe()

    def reply() -> None:
        while os.read(first_out, 1) == b"x":
            os.write(second_in, b"x")

    other = threading.Thread(target=reply)
    other.start()
    found = []
    for _ in range(200):
        time.sleep(0.001)
        begun = clock()
        os.write(first_in, b"x")
        os.read(second_out, 1)
        found.append((clock() - begun) / 2)
    os.write(first_in, b"e")
    other.join()
    for end in (first_out, first_in, second_out, second_in):
        os.close(end)
    return statistics.median(found)


def _once(action: Callable[[], object]) -> float:
    begun = clock()
    action()
    return clock() - begun


def _median(action: Callable[[], object], times: int) -> float:
    return statistics.median(_once(action) for _ in range(times))


JOBS: dict[str, Callable[[Job], Any]] = {
    "sleep": sleep,
    "compute": computing,
    "both": both,
    "coroutines": coroutines,
    "echo": echo,
    "call": call,
    "calibrate": calibrate,
}


def busy() -> Any:
    """Return the seconds that all processors have been busy, and this process and its children; None if not known."""
    try:
        with open("/proc/stat", encoding="ascii") as file:  # noqa: PTH123 - any interpreter, and no import for one line
            user, nice, system, _, _, *more = map(int, file.readline().split()[1:9])
    except (OSError, ValueError):
        return None
    own = os.times()
    return (user + nice + system + sum(more)) / os.sysconf("SC_CLK_TCK"), sum(own[:4])


def others(before: Any, after: Any, seconds: float) -> Any:
    """Return how many processors other programs kept busy meanwhile, on the average; None if not known."""
    if before is None or after is None or seconds <= 0:
        return None
    return max(0.0, (after[0] - before[0] - after[1] + before[1]) / seconds)


def main(text: str) -> str:
    """Do a job and return what to print."""
    job = json.loads(text)
    version = ".".join(map(str, sys.version_info[:3]))
    answer: dict[str, Any] = {"python": f"{version}t" if without_gil() else version}
    before, begun = busy(), clock()
    try:
        answer["found"] = JOBS[job["kind"]](job)
    except MissingError as error:
        answer["missing"] = str(error)
    answer["others"] = others(before, busy(), clock() - begun)
    return json.dumps(answer)


if __name__ == "__main__":
    print(main(sys.argv[1]))  # noqa: T201 - this is what the file is for
