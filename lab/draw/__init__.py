"""Figures: each function takes data and returns a `Drawing`, which can also say itself in words and as a table.

This is the only part of the lab that imports matplotlib, and importing this package does so; the rest of the lab
imports it where a figure is asked for.
"""

from __future__ import annotations

from lab.draw.architecture import architecture
from lab.draw.by_policy import wrong_by_policy
from lab.draw.code_margin import switch_points_in_code
from lab.draw.drawing import Drawing
from lab.draw.event_loop_ring import event_loop_ring
from lab.draw.event_loop_timeline import event_loop_timeline
from lab.draw.files import save
from lab.draw.fitting import draw_fitting, draw_policies
from lab.draw.flows import core_turns, execution_flows
from lab.draw.gallery import draw_gallery
from lab.draw.grid import progress_grid
from lab.draw.growth import growth_plot
from lab.draw.ladder import refcount_ladder
from lab.draw.lanes import swim_lanes
from lab.draw.latency import latency_plot
from lab.draw.levels import state_levels
from lab.draw.outcomes import outcome_bars
from lab.draw.queues import Scene, queues_for_cores
from lab.draw.runs import Run, runs_of
from lab.draw.speed_ups import speed_up_bars
from lab.draw.strips import interleaving_strips
from lab.draw.time_bars import Timed, time_bars
from lab.draw.timeline import beginning, gil_timeline, trace_timeline
from lab.draw.venn import concurrency_venn

__all__ = [
    "Drawing",
    "Run",
    "Scene",
    "Timed",
    "architecture",
    "beginning",
    "concurrency_venn",
    "core_turns",
    "draw_fitting",
    "draw_gallery",
    "draw_policies",
    "event_loop_ring",
    "event_loop_timeline",
    "execution_flows",
    "gil_timeline",
    "growth_plot",
    "interleaving_strips",
    "latency_plot",
    "outcome_bars",
    "progress_grid",
    "queues_for_cores",
    "refcount_ladder",
    "runs_of",
    "save",
    "speed_up_bars",
    "state_levels",
    "swim_lanes",
    "switch_points_in_code",
    "time_bars",
    "trace_timeline",
    "wrong_by_policy",
]
