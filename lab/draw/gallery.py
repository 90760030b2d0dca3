"""The gallery, and the figures that fit one scenario."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from lab.catalogue import resolve
from lab.draw.drawing import Drawing
from lab.draw.files import save, write_all
from lab.draw.gil_pictures import CONCURRENCY, GIL
from lab.draw.grid import progress_grid
from lab.draw.ladder import distinct, refcount_ladder
from lab.draw.lanes import swim_lanes
from lab.draw.levels import state_levels
from lab.draw.outcomes import outcome_bars
from lab.draw.picture import Maker, Picture
from lab.draw.runs import runs_of
from lab.draw.strips import interleaving_strips
from lab.draw.style import SizeName
from lab.errors import UsageError
from lab.explorer import explore
from lab.explorer.graph import Schedule, StateGraph, state_graph
from lab.explorer.result import Result
from lab.language import load_program
from lab.model.policies import policy_named
from lab.model.program import Program
from lab.model.relation import Relation
from lab.model.trace import Trace, replay

__all__ = ["GALLERY", "Picture", "draw_fitting", "draw_gallery"]


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
    Picture("lock-order-grid", "Two locks in opposite order as a grid of progress", _grid("lock_order/inversion")),
    Picture("lock-order-lanes", "The schedule that ends in the deadlock", _lanes("lock_order/inversion", "T1", "T2")),
    *GIL,
)
"""The pictures in the order of teaching."""

GALLERY_SIZES: tuple[SizeName, ...] = ("column", "slide")


def draw_gallery(directory: str | Path) -> list[Path]:
    """Draw every picture of the gallery for a column and for a slide, with an index that says each in words.

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
    for picture in GALLERY:
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


def draw_fitting(program: Program, result: Result, directory: str | Path, *, size: SizeName = "page") -> list[Path]:
    """Draw the figures that fit a scenario: those whose family can show it, small enough to be read.

    The outcome bars, the witness of the first wrong outcome as lanes, every interleaving if there are few, the ladder
    of a `Record`, and the progress grid of two threads that cannot go round in circles, else a small graph by levels.

    Parameters
    ----------
    program, result
        A scenario and what an exploration of it found, under the policy that `result` names.
    directory : path
        Where to write; made if need be.
    """
    relation = Relation(program, policy_named(result.policy))
    stem = result.scenario.replace("/", "-").replace("\\", "-").strip(".-") or "scenario"
    if result.policy != "access":
        stem += f"-{result.policy}"
    paths: list[Path] = []
    for family, make in _candidates(relation, result, size):
        try:
            drawing = make()
        except UsageError:  # this family cannot show this scenario
            continue
        paths += save(drawing, directory, f"{stem}-{family}")
    return paths


STATES_IN_FIGURES = 400
STRIPS_IN_FIGURES = 12
STEPS_IN_FIGURES = 16
RACES_IN_FIGURES = 6


def _candidates(relation: Relation, result: Result, size: SizeName) -> Iterator[tuple[str, Callable[[], Drawing]]]:
    """Offer a way of drawing each family; one that does not fit raises `UsageError`."""
    yield "outcomes", lambda: outcome_bars(result, size=size)
    ended = [outcome for outcome in result.outcomes if outcome.status in {"finished", "deadlock"} and outcome.witness]
    ended.sort(key=lambda outcome: (not outcome.faulty, len(outcome.witness)))
    witnesses = [outcome.witness for outcome in ended]
    broken = None if ended and ended[0].faulty else _violated_on_the_way(result)
    if broken is not None:
        yield "lanes", lambda: swim_lanes(_short(replay(relation, broken[1])), wrong=True, broken=broken[0], size=size)
    elif witnesses:
        yield "lanes", lambda: swim_lanes(_short(replay(relation, witnesses[0])), wrong=ended[0].faulty, size=size)
    if result.states > STATES_IN_FIGURES or not result.complete:
        return
    graph = state_graph(relation, STATES_IN_FIGURES)
    if graph.schedules is not None and graph.schedules <= STRIPS_IN_FIGURES:
        yield "strips", lambda: interleaving_strips(runs_of(relation, graph=graph), size=size)
    if _counts_references(graph) and witnesses:
        yield (
            "ladder",
            lambda: refcount_ladder(
                distinct(runs_of(relation, sorted(witnesses), graph)), total=graph.schedules, size=size
            ),
        )
    if len(graph.threads) == 2 and graph.order is not None:
        yield "grid", lambda: progress_grid(graph, size=size)
    else:
        yield "levels", lambda: state_levels(graph, size=size)


def _violated_on_the_way(result: Result) -> tuple[str, Schedule] | None:
    """Return a property that a state violates before the end, and a schedule to that state."""
    for prop in result.properties:
        if prop.kind == "always" and prop.witness:
            return prop.name, prop.witness
    return None


def _counts_references(graph: StateGraph) -> bool:
    """Whether the count of a `Record` changes: one that counts in fields of its own has no ladder."""
    counts = [
        {name: value["refs"] for name, value in shared.items() if isinstance(value, dict) and "refs" in value}
        for shared in graph.shared
    ]
    return any(count != counts[0] for count in counts)


def _short(trace: Trace) -> Trace:
    """Return the trace; raises `UsageError` when it is too long or too tangled to be read as lanes."""
    if len(trace.events) > STEPS_IN_FIGURES or len(trace.races) > RACES_IN_FIGURES:
        raise UsageError("the trace is too long for a figure")
    return trace
