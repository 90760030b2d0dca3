"""Simulated time: models of the GIL, workloads for them, and experiments.

>>> from lab.gil import Cpu, Settings, Thread, Workload, simulate
>>> two = Workload((Thread("T1", (Cpu(0.1),)), Thread("T2", (Cpu(0.1),))))
>>> run = simulate(two, Settings(model="new", cores=2, seed=1))
>>> round(run.seconds, 2), run.count("request") >= 18
(0.2, True)
"""

from __future__ import annotations

from lab.gil.experiment import Case, Experiment, split_parameters, with_speed_ups
from lab.gil.experiments import EXPERIMENTS, experiment_named
from lab.gil.perfetto import trace_events
from lab.gil.settings import MODELS, ModelName, Settings
from lab.gil.simulate import simulate
from lab.gil.trace import Activity, Event, Kind, Run, Span, holders, spans
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
    Segment,
    Send,
    Start,
    Thread,
    Workload,
)

__all__ = [
    "EXPERIMENTS",
    "MODELS",
    "Acquire",
    "Activity",
    "Call",
    "Case",
    "Cpu",
    "Event",
    "Experiment",
    "Get",
    "Io",
    "Join",
    "Kind",
    "Mark",
    "ModelName",
    "Put",
    "Receive",
    "Release",
    "Run",
    "Segment",
    "Send",
    "Settings",
    "Span",
    "Start",
    "Thread",
    "Workload",
    "experiment_named",
    "holders",
    "simulate",
    "spans",
    "split_parameters",
    "trace_events",
    "with_speed_ups",
]
