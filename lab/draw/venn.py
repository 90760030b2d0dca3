"""Concurrency and parallelism as sets: what a way of working is, is read off a simulated run of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Literal

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import PALE, SizeName
from lab.draw.words import listing
from lab.errors import UsageError
from lab.gil import Run, spans

__all__ = ["Kind", "concurrency_venn", "kind_of"]

Kind = Literal["neither", "concurrent", "parallel"]
INNER = "#BFDDF0"
"""The sky blue of the threads, diluted: text on it has a contrast of 12."""

MEANINGS: dict[Kind, str] = {
    "concurrent": "several tasks under way",
    "parallel": "several run at one moment",
}


def kind_of(run: Run) -> Kind:
    """Return what a run is: parallel when two tasks run at one moment, concurrent when one runs before another is done.

    Tasks are the threads that compute. Every parallel run is concurrent, too.
    """
    pieces: dict[str, list[tuple[int, int]]] = {}
    for span in spans(run.events, run.time):
        if span.activity in ("run", "call"):
            pieces.setdefault(span.thread, []).append((span.start, span.end))
    pairs = list(combinations(pieces.values(), 2))
    if any(_meet(a, b) for one, other in pairs for a in one for b in other):
        return "parallel"
    if any(_meet((one[0][0], one[-1][1]), (other[0][0], other[-1][1])) for one, other in pairs):
        return "concurrent"
    return "neither"


def _meet(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])


def concurrency_venn(runs: Mapping[str, Run], *, ax: Axes | None = None, size: SizeName = "page") -> Drawing:
    """Draw parallelism within concurrency, and where each way of working stands.

    Parameters
    ----------
    runs : Mapping[str, Run]
        Each way's name with a run of it; the runs say where the names are written.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        There is nothing to draw, or no room for it.
    """
    if not runs:
        raise UsageError("there is no run to place in the diagram")
    frame = Frame.of(size, ax)
    unit = frame.size.small
    found = {name: kind_of(run) for name, run in runs.items()}
    kinds: dict[Kind, list[str]] = {
        kind: [name for name, known in found.items() if known == kind] for kind in ("neither", "concurrent", "parallel")
    }
    title = "Parallelism is a part of concurrency"
    settings = next(iter(runs.values())).settings
    note = f"read off simulated runs of two tasks, {settings.cores} cores"
    head = frame.head_height(title, note)
    most = max(len(kinds["concurrent"]), len(kinds["parallel"]))
    body = max(unit * (3.7 + 1.6 * most) * 1.85, frame.room * 0.36)
    below = unit * 2.2 * bool(kinds["neither"])
    height = frame.tall(head + body + below + frame.size.margin, "this diagram")
    canvas = Canvas(frame, height)
    top = canvas.head(title, note)
    body = height - top - below - frame.size.margin
    _ellipses(canvas, top, body, kinds)
    if kinds["neither"]:
        said = f"outside: {listing(kinds['neither'])} (one task after the other)"
        canvas.text(frame.left, height - frame.size.margin - unit * 0.8, said, gid="region-neither")
    table = [("way", "kind"), *found.items()]
    return canvas.finish(title, note, _alt(title, kinds), table)


def _ellipses(canvas: Canvas, top: float, body: float, kinds: Mapping[Kind, Sequence[str]]) -> None:
    """Draw the two sets with their names, and the ways in each."""
    frame, unit = canvas.frame, canvas.size.small
    middle = (frame.width / 2, top + body / 2)
    wide = min(frame.room / 2, body * 1.25)
    canvas.ellipse(*middle, wide, body / 2, fill=PALE, gid="set-concurrency", order=1)
    inner = (middle[0] + wide * 0.35, middle[1])
    reach = (wide * 0.55, body * 0.38)
    canvas.ellipse(*inner, *reach, fill=INNER, gid="set-parallelism", order=1.5)
    outer_x = (middle[0] - wide + inner[0] - reach[0]) / 2 + wide * 0.09
    for kind, x, y, ground in (("concurrent", outer_x, middle[1], PALE), ("parallel", inner[0], inner[1], INNER)):
        known: Kind = "concurrent" if kind == "concurrent" else "parallel"
        name = {"concurrent": "Concurrency", "parallel": "Parallelism"}[kind]
        lines = MEANINGS[known].split(" ", 2) if kind == "concurrent" else [MEANINGS[known]]
        lines = [" ".join(lines[:2]), *lines[2:]] if kind == "concurrent" else lines
        total = unit * (1.9 + 1.3 * len(lines) + 0.5 + 1.6 * len(kinds[known]))
        line = y - total / 2 + unit * 0.9
        canvas.text(x, line, name, "body", align="center", bold=True, ground=ground)
        line += unit * 1.7
        for words in lines:
            canvas.text(x, line, words, align="center", ground=ground)
            line += unit * 1.3
        line += unit * 0.5
        for number, way in enumerate(kinds[known]):
            canvas.text(
                x, line + number * unit * 1.6, way, align="center", bold=True, ground=ground,
                gid=f"region-{kind}-{number + 1}",
            )  # fmt: skip


def _alt(title: str, kinds: Mapping[Kind, Sequence[str]]) -> str:
    said = [f"{title}: the set of parallel ways lies within that of concurrent ones."]
    words: dict[Kind, str] = {
        "parallel": "Two tasks run at one moment",
        "concurrent": "Several tasks are under way, and one runs at a time",
        "neither": "Neither",
    }
    said += [f"{text}: {listing(kinds[kind])}." for kind, text in words.items() if kinds[kind]]
    return " ".join(said)
