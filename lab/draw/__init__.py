"""Figures: each function takes data and returns a `Drawing`, which can also say itself in words and as a table.

This is the only part of the lab that imports matplotlib, and importing this package does so; the rest of the lab
imports it where a figure is asked for.
"""

from __future__ import annotations

from lab.draw.drawing import Drawing
from lab.draw.files import save
from lab.draw.gallery import draw_fitting, draw_gallery
from lab.draw.grid import progress_grid
from lab.draw.ladder import refcount_ladder
from lab.draw.lanes import swim_lanes
from lab.draw.levels import state_levels
from lab.draw.outcomes import outcome_bars
from lab.draw.runs import Run, runs_of
from lab.draw.strips import interleaving_strips
from lab.draw.timeline import gil_timeline

__all__ = [
    "Drawing",
    "Run",
    "draw_fitting",
    "draw_gallery",
    "gil_timeline",
    "interleaving_strips",
    "outcome_bars",
    "progress_grid",
    "refcount_ladder",
    "runs_of",
    "save",
    "state_levels",
    "swim_lanes",
]
