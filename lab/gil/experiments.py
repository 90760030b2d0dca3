"""The experiments by name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import inf
from random import Random
from statistics import median, quantiles

from lab.errors import UsageError
from lab.gil.experiment import Case, Experiment, Job, Parameters, Row
from lab.gil.library import (
    beside_a_call,
    computing,
    echo,
    one_by_one,
    side_by_side,
    started_and_joined_in_one_loop,
)
from lab.gil.settings import ModelName, Settings
from lab.gil.trace import Run
from lab.gil.workload import Call, Cpu, Io, Segment, Workload

__all__ = ["EXPERIMENTS", "experiment_named"]

STRATEGIES: dict[str, ModelName] = {
    "sequential": "new",
    "threads": "new",
    "processes": "processes",
    "interpreters": "per-interpreter",
    "asyncio": "asyncio",
    "free-threaded": "free-threaded",
}
"""The ways to do several things, and the model that each one means."""


def _duration(run: Run) -> Row:
    return {"simulated_s": run.seconds}


def _strategies(
    settings: Settings, pieces: Sequence[Sequence[Segment]], job: Job, names: Sequence[str] = tuple(STRATEGIES)
) -> list[Case]:
    """Return the same pieces of work done in several ways; `--model` says which one `threads` means."""
    cases = []
    for name in names:
        model = settings.model if name in ("sequential", "threads") else STRATEGIES[name]
        workload = one_by_one(pieces) if name == "sequential" else side_by_side(pieces)
        workers = 1 if name == "sequential" else len(pieces)
        work = {**job, "strategy": name, "workers": workers} if job else None
        cases.append(
            Case({"strategy": name, "workers": workers}, workload, replace(settings, model=model), work)
        )  # fmt: skip
    return cases


# ------------------------------------------------------------------------------------------------- sleeping and joining


def _sleeps(parameters: Parameters) -> list[list[Segment]]:
    return [[Io(float(seconds))] for seconds in parameters["sleeps"]]


def _sequential_sleep(settings: Settings, parameters: Parameters) -> list[Case]:
    drawn = Random(settings.seed)
    sleeps = [drawn.randint(1, 5) * parameters["unit"] for _ in range(parameters["routines"])]
    cases = []
    for number in range(1, len(sleeps) + 1):
        job = {"kind": "sleep", "strategy": "sequential", "durations": sleeps[:number]}
        labels = {"routines": number, "sleep_s": sleeps[number - 1]}
        cases.append(Case(labels, one_by_one([[Io(seconds)] for seconds in sleeps[:number]]), settings, job))
    return cases


def _joins(settings: Settings, parameters: Parameters) -> list[Case]:
    pieces = _sleeps(parameters)
    ways: dict[str, Workload] = {
        "sequential": one_by_one(pieces),
        "start-join-loop": started_and_joined_in_one_loop(pieces),
        "start-all-join-all": side_by_side(pieces),
    }
    job = {"kind": "sleep", "durations": list(map(float, parameters["sleeps"]))}
    return [
        Case({"strategy": name, "workers": len(pieces)}, workload, settings, {**job, "strategy": name})
        for name, workload in ways.items()
    ]


def _io_bound(settings: Settings, parameters: Parameters) -> list[Case]:
    job = {"kind": "sleep", "durations": list(map(float, parameters["sleeps"]))}
    return _strategies(settings, _sleeps(parameters), job)


def _hello_asyncio(settings: Settings, parameters: Parameters) -> list[Case]:
    if settings.model != "asyncio":
        raise UsageError("hello-asyncio is about one event loop, model asyncio: leave --model out")
    pause, number = float(parameters["pause"]), parameters["coroutines"]
    ways = {
        "await one by one": one_by_one([[Io(pause)]] * number),
        "gather": side_by_side([[Io(pause)]] * number),
        "gather, time.sleep inside": side_by_side([[Call(pause)]] * number),
    }
    job = {"kind": "coroutines", "pause": pause, "workers": number}
    return [
        Case({"strategy": name, "workers": number}, workload, settings, {**job, "strategy": name})
        for name, workload in ways.items()
    ]


# ----------------------------------------------------------------------------------------------------------- computing


def _cpu_bound(settings: Settings, parameters: Parameters) -> list[Case]:
    job = {"kind": "compute", "seconds": float(parameters["work"])}
    cases: list[Case] = []
    for number, workers in enumerate(parameters["workers"]):
        names = list(STRATEGIES)[1 if number else 0 :]
        cases += _strategies(settings, computing(parameters["work"], workers), job, names)
    return cases


REAL: dict[ModelName, str] = {
    "new": "threads",
    "free-threaded": "free-threaded",
    "per-interpreter": "interpreters",
    "processes": "processes",
}
"""Under which strategy a real interpreter of today does what a model does; none has the old GIL."""


def _tick_battle(settings: Settings, parameters: Parameters) -> list[Case]:
    cases = []
    for model in ("old", "new") if settings.model == "old" else (settings.model,):
        for cores in parameters["on"]:
            for threads in parameters["threads"]:
                work = computing(parameters["work"], threads)
                labels = {"model": model, "cores": cores, "threads": threads}
                real = None
                if model in REAL:
                    real = {"kind": "compute", "seconds": float(parameters["work"]), "workers": threads, "cores": cores}
                    real |= {"strategy": REAL[model], "gil": model == "new"}
                cases.append(Case(labels, side_by_side(work), replace(settings, model=model, cores=cores), real))
    return cases


def _read_battle(run: Run) -> Row:
    takes = [thread for _, kind, thread, _ in run.records if kind == "take"]
    return {
        "simulated_s": run.seconds,
        "switches": sum(one != other for one, other in pairwise(takes)),
        "woken_in_vain": run.count("failed"),
    }


# -------------------------------------------------------------------------------------------------------- waiting times


def _convoy(settings: Settings, parameters: Parameters) -> list[Case]:
    intervals = {float(interval): 1 for interval in parameters["intervals"]}
    pairs = [(interval, 1) for interval in intervals]
    pairs += [(settings.interval, threads) for threads in parameters["threads"]]
    answer, requests = float(parameters["answer"]), parameters["requests"]
    cases = []
    for interval, threads in dict.fromkeys(pairs):
        labels = {"interval_s": interval, "computing_threads": threads}
        job = {"kind": "echo", "interval": interval, "threads": threads, "answer": answer}
        cases.append(Case(labels, echo(threads, requests, answer), replace(settings, interval=interval), job))
    return cases


def _read_trips(run: Run) -> Row:
    return _spread(run, "ask", "reply")


def _c_call(settings: Settings, parameters: Parameters) -> list[Case]:
    seconds, pause = float(parameters["call"]), float(parameters["pause"])
    beside: dict[str, Segment] = {
        "Python code": Cpu(seconds),
        "C, keeps the GIL": Call(seconds, keeps=True),
        "C, releases it": Call(seconds, keeps=False),
    }
    job = {"kind": "call", "seconds": seconds, "pause": pause}
    return [
        Case({"beside": name}, beside_a_call(segment, pause, parameters["naps"]), settings, {**job, "beside": name})
        for name, segment in beside.items()
    ]


def _read_naps(run: Run) -> Row:
    return _spread(run, "sleep", "awake")


def _spread(run: Run, begin: str, end: str) -> Row:
    """Return the median and the interquartile range of the times between two marks, in milliseconds.

    They count while the threads in the background still compute, which is meant to be for ever: None where that leaves
    nothing, because they never let the other one go on.
    """
    background = {thread.name for thread in run.workload.threads if thread.background}
    until = min(
        (time / 1e9 for time, kind, thread, _ in run.records if kind == "end" and thread in background), default=inf
    )
    pairs = zip(run.marks(begin), run.marks(end), strict=True)
    times = [(after - before) * 1e3 for before, after in pairs if after <= until]
    if not times:
        return {"simulated_ms": None, "simulated_spread_ms": None}
    low, _, high = quantiles(times, n=4) if len(times) > 1 else (times[0],) * 3
    return {"simulated_ms": median(times), "simulated_spread_ms": high - low}


# -------------------------------------------------------------------------------------------------------------- advice


def _advise(settings: Settings, parameters: Parameters) -> list[Case]:
    piece: list[Segment] = [Io(float(parameters["io"])), Cpu(float(parameters["cpu"]))]
    tasks = parameters["tasks"]
    job = {"kind": "both", "io": float(parameters["io"]), "seconds": tasks * float(parameters["cpu"]), "tasks": tasks}
    return _strategies(settings, [piece] * tasks, job, tuple(STRATEGIES))


def _advice(rows: list[Row]) -> str:
    times = {row["strategy"]: row["simulated_s"] for row in rows}
    usual = {name: times[name] for name in ("threads", "asyncio", "processes", "sequential")}
    best = min(usual.values())
    good = [name for name, seconds in usual.items() if seconds <= 1.15 * best]
    if "sequential" in good:
        return "Do it one by one: nothing else is much faster."
    reasons = {
        "asyncio": "the waiting overlaps in one thread, which scales to many slow connections",
        "threads": "the waiting overlaps, and ordinary blocking code can stay as it is",
        "processes": "the computing overlaps, for each process has a GIL of its own",
    }
    choice = next(name for name in ("asyncio", "threads", "processes") if name in good)
    if "threads" in good and rows[1]["workers"] <= MANY:
        choice = "threads"
    said = f"Use {choice}: {reasons[choice]}."
    if times["free-threaded"] < 0.85 * best:
        said += " On a free-threaded Python, threads are faster still."
    return said


MANY = 100
"""From more workers than this on, a thread for each is too dear to recommend: memory, and switching."""


EXPERIMENTS: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            "sequential-sleep",
            "Sleeps one after the other add up",
            "Each call waits for the one before it: the total is the sum, although the processor does nothing.",
            {"routines": 3, "unit": 1.0},
            _sequential_sleep,
            _duration,
            shown=-1,
        ),
        Experiment(
            "cpu-bound",
            "Threads do not speed up computing in Python, processes do",
            "Under one GIL one thread runs at a time, so threads take as long as one after the other. What has a "
            "GIL of its own, "
            "or none, uses every core, and pays for its start.",
            {"work": 1.0, "workers": (2, 4)},
            _cpu_bound,
            _duration,
            shown=1,
        ),
        Experiment(
            "io-bound",
            "Waiting overlaps, with threads as with asyncio",
            "A thread that waits has released the GIL, and a coroutine that awaits has left the loop: the total "
            "is the longest wait.",
            {"sleeps": (1.0, 2.0)},
            _io_bound,
            _duration,
            shown=1,
        ),
        Experiment(
            "start-join-loop",
            "Starting and joining in one loop runs threads one after the other",
            "`join` waits for the thread that was just started, and the next one is not started before. Start "
            "all, then join all.",
            {"sleeps": (1.0, 2.0)},
            _joins,
            _duration,
            shown=1,
        ),
        Experiment(
            "start-all-join-all",
            "Start all threads first, then join them: the waiting overlaps",
            "The first loop starts every thread, the second waits for each; the total is the longest one.",
            {"sleeps": (1.0, 2.0)},
            _joins,
            _duration,
            shown=2,
        ),
        Experiment(
            "hello-asyncio",
            "Coroutines wait together, unless one of them blocks the loop",
            "`await` gives the loop back; `time.sleep`, or any long computation, keeps it, and everybody waits.",
            {"pause": 1.0, "coroutines": 3},
            _hello_asyncio,
            _duration,
            shown=1,
            model="asyncio",
        ),
        Experiment(
            "convoy",
            "A thread that computes makes one that waits for I/O wait for the switch interval, too",
            "Each reply finds the GIL taken, and the thread that wants it asks only after a whole interval. With "
            "several computing "
            "threads the one that asks is often not the one that gets it.",
            {"intervals": (0.02, 0.005, 0.001, 0.0001), "threads": (0, 1, 2, 4), "requests": 100, "answer": 0.0005},
            _convoy,
            _read_trips,
            measured="simulated_ms",
            shown=1,
        ),
        Experiment(
            "tick-battle",
            "The old GIL wakes threads in vain, and does so on several cores",
            "With an idle core the releaser takes the lock back before the woken thread gets there. How much this"
            " costs depends on "
            "the system and its load: these are the model's numbers, not those of a machine of today.",
            {"work": 1.0, "on": (1, 2), "threads": (1, 2)},
            _tick_battle,
            _read_battle,
            shown=3,
            model="old",
        ),
        Experiment(
            "c-call",
            "A long C call that keeps the GIL makes everybody wait until it returns",
            "The request for the GIL is seen between instructions of Python, so a C function delays it as long as"
            " it runs; one that "
            "releases the GIL delays nobody.",
            {"call": 0.05, "pause": 0.001, "naps": 20},
            _c_call,
            _read_naps,
            measured="simulated_ms",
            shown=1,
        ),
        Experiment(
            "advise",
            "What to use for your numbers",
            "Waiting, slow and much: asyncio. Waiting, little and fast: threads. Computing: processes, or threads"
            " without a GIL.",
            {"tasks": 20, "cpu": 0.001, "io": 0.1},
            _advise,
            _duration,
            shown=1,
            advise=_advice,
        ),
    )
}
"""All experiments, in the order of teaching."""


def experiment_named(name: str) -> Experiment:
    """Return an experiment by its name.

    Raises
    ------
    UsageError
        There is none; near names are suggested.
    """
    if name in EXPERIMENTS:
        return EXPERIMENTS[name]
    near = difflib.get_close_matches(name, EXPERIMENTS, n=2, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`lab gil` lists them"
    raise UsageError(f"there is no experiment {name!r}; {hint}")
