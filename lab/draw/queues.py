"""The illustration of concurrency and parallelism: tasks that queue for one core, and tasks with a core each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import SizeName, ink_on, thread_colour
from lab.draw.symbols import draw_core
from lab.draw.words import count_word
from lab.errors import UsageError

__all__ = ["Scene", "queues_for_cores"]


@dataclass(frozen=True)
class Scene:
    """Tasks in front of cores.

    Attributes
    ----------
    name, lesson : str
        What it is called, and what it shows, in a few words.
    tasks : tuple of str
        One queue for each.
    cores : int
        One, which all queues share, or as many as tasks.
    pieces : int
        How many pieces each task has.
    """

    name: str
    lesson: str
    tasks: tuple[str, ...]
    cores: int
    pieces: int = 3

    def order(self, core: int) -> list[tuple[int, int]]:
        """Return what a core does: the number of the task and of its piece, one after the other."""
        if self.cores == 1:
            return [(task, piece) for piece in range(self.pieces) for task in range(len(self.tasks))]
        return [(core, piece) for piece in range(self.pieces)]


def queues_for_cores(scenes: Sequence[Scene], *, ax: Axes | None = None, size: SizeName = "page") -> Drawing:
    """Draw scenes below each other: the queues at the left, the cores in the middle, what they did at the right.

    Parameters
    ----------
    scenes : Sequence[Scene]
        At least one.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        A scene has neither one core nor one for each task, or there is no room.
    """
    if not scenes or any(scene.cores not in (1, len(scene.tasks)) for scene in scenes):
        raise UsageError("a scene has one core, or one for each task")
    frame = Frame.of(size, ax)
    unit = frame.size.small
    title = "; ".join(f"{_cores(scene.cores)}: {scene.lesson}" for scene in scenes)
    title = title[0].upper() + title[1:]
    note = "a box is a piece of a task; the cores work from left to right"
    rows = sum(len(scene.tasks) for scene in scenes)
    fixed = frame.head_height(title, note) + unit * 2.6 * len(scenes) + frame.size.margin
    least = unit * 2.3
    height = frame.tall(fixed + least * rows, "this illustration")
    row = min((height - fixed) / rows, least * 1.7)
    canvas = Canvas(frame, height)
    top = canvas.head(title, note)
    boxes = max(scene.pieces + len(scene.order(core)) for scene in scenes for core in range(scene.cores))
    for number, scene in enumerate(scenes):
        top = _scene(canvas, scene, top, row, boxes, f"scene-{number + 1}")
    table = [("scene", "core", "turn", "task", "piece")]
    table += [
        (scene.name, str(core + 1), str(turn + 1), scene.tasks[task], str(piece + 1))
        for scene in scenes
        for core in range(scene.cores)
        for turn, (task, piece) in enumerate(scene.order(core))
    ]
    return canvas.finish(title, note, _alt(title, scenes), table)


def _cores(number: int) -> str:
    return f"{count_word(number)} core{'s' * (number != 1)}"


def _scene(canvas: Canvas, scene: Scene, top: float, row: float, boxes: int, gid: str) -> float:
    """Draw one scene below `top` at the scale of the one with the most `boxes` in a row; return where it ends."""
    unit, frame = canvas.size.small, canvas.frame
    canvas.text(frame.left, top + unit * 0.9, scene.name, "body", bold=True)
    first = top + unit * 2.0
    core_width = unit * 5.2
    gap = unit * 2.6
    wide = (frame.room - core_width - 2 * gap - unit) / boxes - unit * 0.25
    side = min(row * 0.72, wide)
    wide = min(wide, side * 1.6)
    pitch = wide + unit * 0.25
    left = frame.left + scene.pieces * pitch
    core_left = left + gap
    right = core_left + core_width + gap
    heights = [first + row * (number + 0.5) for number in range(len(scene.tasks))]
    middles = [sum(heights) / len(heights)] if scene.cores == 1 else heights
    for task, (name, y) in enumerate(zip(scene.tasks, heights, strict=True)):
        for piece in range(scene.pieces):
            x = left - (piece + 1) * pitch
            _piece(canvas, (x, y), (wide, side), name, task, f"{gid}-queue-{task + 1}-{piece + 1}")
        target = middles[0] if scene.cores == 1 else middles[task]
        spread = unit * 0.5 * (task - (len(heights) - 1) / 2) if scene.cores == 1 else 0
        canvas.arrow(
            (left + unit * 0.2, y), (core_left - unit * 0.2, target + spread), stroke=1.6, gid=f"{gid}-to-{task + 1}"
        )
    for core, y in enumerate(middles):
        high = min(row * (0.78 if scene.cores == 1 else 0.6), unit * 3)
        draw_core(
            canvas,
            core_left,
            y - high / 2,
            core_width,
            high,
            f"core {core + 1}",
            f"{gid}-core-{core + 1}",
            pin=unit * 0.3,
        )
        canvas.arrow(
            (core_left + core_width + unit * 0.2, y), (right - unit * 0.3, y), stroke=1.6, gid=f"{gid}-from-{core + 1}"
        )
        for turn, (task, piece) in enumerate(scene.order(core)):
            _piece(
                canvas,
                (right + turn * pitch, y),
                (wide, side),
                scene.tasks[task],
                task,
                f"{gid}-done-{core + 1}-{turn + 1}",
            )
            del piece
    return first + row * len(scene.tasks) + unit * 0.6


def _piece(
    canvas: Canvas, at: tuple[float, float], extent: tuple[float, float], name: str, task: int, gid: str
) -> None:  # fmt: skip
    """Draw a piece of a task."""
    (x, y), (wide, high) = at, extent
    colour = thread_colour(task)
    canvas.box(x, y - high / 2, wide, high, fill=colour, stroke=0.7, gid=gid, order=4)
    if canvas.frame.text_width(name, bold=True) < wide:
        canvas.text(x + wide / 2, y, name, align="center", bold=True, colour=ink_on(colour), ground=colour)


def _alt(title: str, scenes: Sequence[Scene]) -> str:
    said = []
    for scene in scenes:
        orders = [
            f"core {core + 1} does {', '.join(scene.tasks[task] for task, _ in scene.order(core))}"
            for core in range(scene.cores)
        ]
        said.append(f"{scene.name}: {'; '.join(orders)}.")
    return f"{title}. {' '.join(said)}"
