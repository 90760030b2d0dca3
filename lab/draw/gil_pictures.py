"""The gallery's pictures of concurrency, of the GIL and of the event loop: from simulated runs, traces, and layouts."""

from __future__ import annotations

from functools import cache
from typing import Any

from lab.draw.architecture import architecture
from lab.draw.drawing import Drawing
from lab.draw.event_loop_ring import event_loop_ring
from lab.draw.event_loop_timeline import event_loop_timeline
from lab.draw.flows import core_turns, execution_flows
from lab.draw.latency import latency_plot
from lab.draw.picture import Maker, Picture
from lab.draw.queues import Scene, queues_for_cores
from lab.draw.speed_ups import speed_up_bars
from lab.draw.style import SizeName
from lab.draw.timeline import gil_timeline
from lab.draw.venn import concurrency_venn
from lab.gil import Cpu, Io, ModelName, Run, Segment, Settings, Workload, simulate
from lab.gil.library import computing, echo, one_by_one, side_by_side, started_and_joined_in_one_loop
from lab.gil.loop_example import example_life
from lab.gil.recorded import recorded

__all__ = ["CONCURRENCY", "GIL"]

EXACT: dict[str, Any] = {
    "wake": 0.0, "slack": 0.0, "jitter": 0.0, "price": 0.0, "efficiency": 1.0, "callback": 0.0, "message": 0.0,
    "thread_start": 0.0, "interpreter_start": 0.0, "process_start": 0.0,
}  # fmt: skip
"""Settings under which nothing but the work itself takes time, so that numbers can be checked by eye."""

TASKS: list[list[Segment]] = [[Cpu(0.004), Io(0.006), Cpu(0.004)], [Cpu(0.006), Io(0.004), Cpu(0.002)], [Cpu(0.008)]]
SCENES = (
    Scene("Concurrency", "two tasks take turns", ("A", "B"), 1),
    Scene("Parallelism", "both run at once", ("A", "B"), 2),
)


def _bare(workload: Workload, cores: int) -> Run:
    """Return a run without any GIL, with time slices of 2 ms."""
    return simulate(workload, Settings("free-threaded", cores=cores, slice=0.002, **EXACT))


def _flows(size: SizeName) -> Drawing:
    runs = {
        "sequential": _bare(started_and_joined_in_one_loop(TASKS), 1),
        "concurrent": _bare(side_by_side(TASKS), 1),
        "parallel": _bare(side_by_side(TASKS), 2),
    }
    return execution_flows(runs, size=size)


def _turns(size: SizeName) -> Drawing:
    work = side_by_side(computing(0.024, 2))
    return core_turns({"concurrent": _bare(work, 1), "parallel": _bare(work, 2)}, size=size)


def _venn(size: SizeName) -> Drawing:
    tasks: list[list[Segment]] = [[Cpu(0.01), Io(0.01), Cpu(0.01)]] * 2
    models: dict[str, ModelName] = {
        "threads": "new",
        "asyncio": "asyncio",
        "processes": "processes",
        "interpreters": "per-interpreter",
        "threads without a GIL": "free-threaded",
    }
    runs = {"sequential": simulate(one_by_one(tasks), Settings(**EXACT))}
    runs |= {name: simulate(side_by_side(tasks), Settings(model, **EXACT)) for name, model in models.items()}
    return concurrency_venn(runs, size=size)


def _variants(size: SizeName) -> Drawing:
    work = side_by_side(computing(0.2, 2))
    models: dict[str, ModelName] = {
        "threads": "new",
        "subinterpreters": "per-interpreter",
        "processes": "processes",
        "free-threaded": "free-threaded",
    }
    runs = {name: simulate(work, Settings(model, jitter=0)) for name, model in models.items()}
    return architecture(runs, 0.07, size=size)


def _processes(size: SizeName) -> Drawing:
    run = simulate(side_by_side(computing(0.3, 3)), Settings("processes", cores=3, jitter=0))
    return architecture({"processes": run}, 0.07, size=size)


def _timeline(workload: Workload, until: float | None = None) -> Maker:
    return lambda size: gil_timeline(simulate(workload, Settings()), until=until, size=size)


@cache
def _recorded(name: str) -> tuple[list[dict[str, Any]], str]:
    found = recorded(name)
    return found.rows, found.note


def _latency(size: SizeName) -> Drawing:
    return latency_plot(*_recorded("convoy"), size=size)


def _speed_ups(name: str, what: str) -> Maker:
    def make(size: SizeName) -> Drawing:
        rows, note = _recorded(name)
        return speed_up_bars(rows, what, note, size=size)

    return make


CONCURRENCY = (
    Picture(
        "concurrency-parallelism",
        "Concurrency and parallelism: tasks on one core and on two",
        lambda size: queues_for_cores(SCENES, size=size),
    ),
    Picture("concurrency-switching", "One core switches between tasks, two run them side by side", _turns),
    Picture("concurrency-venn", "Parallelism within concurrency", _venn),
    Picture("execution-flows", "Sequential, concurrent and parallel on one axis of time", _flows),
)
"""What comes before the GIL in a course, in the order of teaching."""

GIL = (
    Picture("gil-processes", "Processes, each with an interpreter, a GIL and a core", _processes),
    Picture("gil-variants", "Threads, subinterpreters, processes, and no GIL at all", _variants),
    Picture("gil-turns", "Two threads that compute take turns", _timeline(side_by_side(computing(0.03, 2)))),
    Picture(
        "gil-convoy",
        "The convoy effect: a thread that asks a peer beside one that computes",
        _timeline(echo(1, 4, 0.0005), 0.0135),
    ),
    Picture(
        "gil-convoy-two",
        "Beside two threads that compute, who asks for the GIL is not who gets it",
        _timeline(echo(2, 3, 0.0005), 0.025),
    ),
    Picture(
        "gil-latency",
        "The convoy effect against the switch interval and against threads, simulated and measured",
        _latency,
    ),
    Picture(
        "gil-cpu-speed-ups", "What speeds up computing, simulated and measured", _speed_ups("cpu-bound", "computing")
    ),
    Picture("gil-io-speed-ups", "What speeds up waiting, simulated and measured", _speed_ups("io-bound", "waiting")),
    Picture(
        "event-loop-ring",
        "The event loop goes round",
        lambda size: event_loop_ring(example_life(), moment=2, size=size),
    ),
    Picture(
        "event-loop-timeline", "The life of an event loop", lambda size: event_loop_timeline(example_life(), size=size)
    ),
)
"""The GIL and the event loop, in the order of teaching."""
