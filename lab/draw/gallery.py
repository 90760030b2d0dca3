"""The gallery: every picture of it, and the folder with its index."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from lab.catalogue import resolve
from lab.draw.by_policy import wrong_by_policy
from lab.draw.code_margin import switch_points_in_code
from lab.draw.drawing import Drawing
from lab.draw.files import save, write_all
from lab.draw.gil_pictures import CONCURRENCY, GIL
from lab.draw.grid import progress_grid
from lab.draw.growth import growth_plot
from lab.draw.ladder import refcount_ladder
from lab.draw.lanes import swim_lanes
from lab.draw.levels import state_levels
from lab.draw.outcomes import outcome_bars
from lab.draw.picture import Maker, Picture
from lab.draw.runs import runs_of
from lab.draw.strips import interleaving_strips
from lab.draw.style import SizeName
from lab.explorer import explore
from lab.explorer.graph import Schedule, StateGraph, state_graph
from lab.explorer.result import Result
from lab.language import load_program
from lab.model.policies import policies_for, policy_named
from lab.model.relation import Relation
from lab.model.trace import replay

__all__ = ["GALLERY", "Picture", "draw_gallery"]


@cache
def _relation(name: str) -> Relation:
    path, full = resolve(name)
    return Relation(load_program(path, name=full), policy_named("access"))


@cache
def _result(name: str) -> Result:
    return explore(_relation(name))


@cache
def _graph(name: str) -> StateGraph:
    return state_graph(_relation(name))


def _ladder(name: str, *schedules: Schedule) -> Maker:
    def make(size: SizeName) -> Drawing:
        runs = runs_of(_relation(name), schedules, _graph(name))
        return refcount_ladder(runs, total=_graph(name).schedules, size=size)

    return make


def _strips(name: str) -> Maker:
    return lambda size: interleaving_strips(runs_of(_relation(name), graph=_graph(name)), size=size)


def _bars(name: str, other: str) -> Maker:
    return lambda size: outcome_bars(_result(name), _result(other), size=size)


def _lanes(name: str, *schedule: str) -> Maker:
    return lambda size: swim_lanes(replay(_relation(name), schedule), size=size)


def _grid(name: str) -> Maker:
    return lambda size: progress_grid(_graph(name), size=size)


def _levels(name: str) -> Maker:
    return lambda size: state_levels(_graph(name), size=size)


def _code(name: str) -> Maker:
    return lambda size: switch_points_in_code(_relation(name).program, size=size)


@cache
def _under_every_policy(name: str) -> tuple[Result, ...]:
    program = _relation(name).program
    return tuple(explore(Relation(program, policy)) for policy in policies_for(tasks=bool(program.tasks)).values())


def _versions(*names: str) -> Maker:
    return lambda size: wrong_by_policy(*map(_under_every_policy, names), size=size)


@cache
def _grown(name: str, parameter: str, most: int) -> tuple[Result, ...]:
    path, full = resolve(name)
    return tuple(
        explore(Relation(load_program(path, name=full, parameters={parameter: value}), policy_named("access")))
        for value in range(1, most + 1)
    )


def _growth(name: str, parameter: str, most: int) -> Maker:
    return lambda size: growth_plot(_grown(name, parameter, most), parameter, size=size)


GALLERY = (
    *CONCURRENCY,
    Picture(
        "refcount-situations",
        "Race conditions with the reference count: situation 1, and both branches of situation 2",
        _ladder(
            "refcount/from_one",
            ("T1", "T1", "T2", "T2"),
            ("T2", "T2", "T1", "T1", "T2"),
            ("T2", "T2", "T2", "T1"),
        ),
    ),
    Picture("refcount-orders", "Every order of one increment and one decrement", _strips("refcount/race")),
    Picture(
        "growth",
        "How the number of orders grows with the length of the threads",
        _growth("lost_update/race", "ROUNDS", 8),
    ),
    Picture(
        "refcount-outcomes",
        "How often each outcome comes, faulty and repaired",
        _bars("refcount/race", "refcount/locked"),
    ),
    Picture(
        "refcount-race-lanes", "One schedule that loses an update", _lanes("refcount/race", "T1", "T2", "T1", "T2")
    ),
    Picture(
        "refcount-locked-lanes",
        "The same work under a lock",
        _lanes("refcount/locked", *["T1"] * 4, *["T2"] * 4),
    ),
    Picture("refcount-race-grid", "The race as a grid of progress", _grid("refcount/race")),
    Picture("refcount-race-levels", "The race as a graph of states", _levels("refcount/race")),
    Picture("switch-points", "Where a switch can happen in the code, version by version", _code("refcount/race")),
    Picture(
        "lost-updates-by-version",
        "Lost updates by version of Python",
        _versions("lost_update/race", "lost_update/call_in_window"),
    ),
    Picture("lock-order-grid", "Two locks in opposite order as a grid of progress", _grid("lock_order/inversion")),
    Picture("lock-order-lanes", "The schedule that ends in the deadlock", _lanes("lock_order/inversion", "T1", "T2")),
    *GIL,
)
"""The pictures in the order of teaching."""

GALLERY_SIZES: tuple[SizeName, ...] = ("column", "slide")


def draw_gallery(directory: str | Path, progress: Callable[[str, int, int], None] | None = None) -> list[Path]:
    """Draw every picture of the gallery for a column and for a slide, with an index that says each in words.

    Parameters
    ----------
    directory : str or Path
        Where the files go; it is made if need be.
    progress : callable, optional
        Called before each picture with its name, its place from 1, and how many there are.

    Raises
    ------
    OSError
        When the directory cannot be written.
    """
    folder = Path(directory)
    paths: list[Path] = []
    index = [
        "# Figures",
        "",
        "Drawn by `lab figures` from explored scenarios, simulated runs and recorded measurements. Each",
        "comes as SVG, PNG and PDF, 89 mm wide for a column and 16:9 for a slide, and its data as CSV.",
    ]
    for number, picture in enumerate(GALLERY, 1):
        if progress is not None:
            progress(picture.name, number, len(GALLERY))
        drawn = {size: picture.make(size) for size in GALLERY_SIZES}
        for size, drawing in drawn.items():
            paths += save(drawing, folder, _file_name(picture.name, size))
        index += ["", *_entry(picture, drawn["column"])]
    return paths + write_all(folder, {"README.md": ("\n".join(index) + "\n").encode()})


def _file_name(name: str, size: SizeName) -> str:
    return name if size == "column" else f"{name}-{size}"


def _entry(picture: Picture, drawing: Drawing) -> list[str]:
    """Return a picture's part of the index: what it is for, the picture itself, and what it says in words."""
    kinds = [f"[{kind.upper()}]({picture.name}.{kind})" for kind in ("svg", "png", "pdf", "csv")]
    slide = [f"[{kind.upper()}]({picture.name}-slide.{kind})" for kind in ("svg", "png", "pdf")]
    label = drawing.title.replace("[", "(").replace("]", ")")
    return [
        f"## {picture.caption}",
        "",
        f"![{label}]({picture.name}.svg)",
        "",
        f"{drawing.alt.replace('_', chr(92) + '_').replace('[', chr(92) + '[')}",
        "",
        f"*{drawing.note.replace('_', chr(92) + '_')}*",
        "",
        f"Column: {', '.join(kinds)}. Slide: {', '.join(slide)}.",
    ]
