"""How fast the GIL is simulated: recorded events in a second of processor time, for each model."""

from __future__ import annotations

import time

from lab.gil import EXPERIMENTS, MODELS, Acquire, Cpu, Io, ModelName, Release, Segment, Settings, simulate
from lab.gil.library import computing, side_by_side

__all__ = ["events_per_second", "gallery_seconds"]

WAITING: list[Segment] = [Io(0.0005), Cpu(0.0002), Acquire("L"), Cpu(0.0001), Release("L")] * 800
"""What each of four threads does where threads that only compute would make no events: wait, compute, take a lock."""


def events_per_second() -> dict[ModelName, float]:
    """Return the best of three runs for each model; some 100,000 events each, or 230,000 where the old GIL ticks."""
    return {model: max(_rate(model) for _ in range(3)) for model in MODELS}


def _rate(model: ModelName) -> float:
    workload = side_by_side(computing(1.0, 2) if model == "old" else [WAITING] * 4)
    begun = time.process_time()
    found = len(simulate(workload, Settings(model)).records)
    return found / (time.process_time() - begun)


def gallery_seconds() -> float:
    """Return how long it takes to simulate every experiment once."""
    begun = time.perf_counter()
    for experiment in EXPERIMENTS.values():
        settings = Settings(experiment.model)  # type: ignore[arg-type]  # an experiment names a model there is
        for _ in experiment.rows(experiment.prepared(settings, {})):
            pass
    return time.perf_counter() - begun
