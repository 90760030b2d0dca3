"""Processes, interpreters, GILs, threads and cores, as they are at one moment of a simulated run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import MUTED, PALE, PAPER, SizeName, ink_on, thread_colour
from lab.draw.symbols import draw_core, draw_padlock
from lab.draw.words import capital, count_word, listing
from lab.errors import UsageError
from lab.gil import Run, spans

__all__ = ["architecture"]

Box = Literal["process", "interpreter"]
WIDE = 600.0
"""Points: on a wider sheet two pictures stand side by side."""

MOST_THREADS = 4
LEAST, HEADING = 7.9, 1.5
"""Heights of a picture and of its heading, in heights of the small type, where space is scarce."""


@dataclass(frozen=True)
class _Moment:
    """Who is where: the threads of each interpreter of each process, whether there are GILs, who runs on which core."""

    name: str
    processes: tuple[tuple[tuple[str, ...], ...], ...]
    locked: bool
    threads: tuple[str, ...]
    cores: tuple[str, ...]

    @property
    def gils(self) -> int:
        """How many GILs there are."""
        return sum(len(interpreters) for interpreters in self.processes) if self.locked else 0

    @property
    def running(self) -> int:
        """How many threads run."""
        return sum(bool(name) for name in self.cores)


def architecture(
    runs: Mapping[str, Run], at: float, *, ax: Axes | None = None, size: SizeName = "page"
) -> Drawing:  # fmt: skip
    """Draw which process, interpreter and GIL each thread belongs to, and which core it runs on at one moment.

    Parameters
    ----------
    runs : Mapping[str, Run]
        Pictures to draw: a heading for each, and the run that it is read off. The threads that compute are drawn.
    at : float
        The moment, in simulated seconds.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        A run has no threads that compute or more than can be drawn, or there is no room.
    """
    moments = [_moment(name, run, round(at * 1e9)) for name, run in runs.items()]
    if not moments:
        raise UsageError("there is no run to draw")
    frame = Frame.of(size, ax)
    title = _title(moments)
    cores = max(len(moment.cores) for moment in moments)
    note = f"simulated, {cores} core{'s' * (cores > 1)}, after {at * 1e3:g} ms"
    if any(set(moment.threads) - set(moment.cores) for moment in moments):
        note += " · broken outline: wants to run Python, and waits"
    columns = 2 if frame.width > WIDE and len(moments) > 1 else 1
    rows = -(-len(moments) // columns)
    unit = frame.size.small
    head = frame.head_height(title, note)
    gap = unit * 2.4
    width = (frame.room - gap * (columns - 1)) / columns
    most = max(len(moment.processes) * len(moment.processes[0]) for moment in moments)
    inside = (width - unit * 0.8 * (most - 1)) / most - unit
    narrow = frame.text_width("interpreter") + frame.text_width("GIL", bold=True) + unit * 3 >= inside
    least = unit * (LEAST + 5 * narrow + (HEADING + 0.6) * (len(moments) > 1))
    roomy = 1.0 if frame.height is not None else 1.2
    height = frame.tall(head + rows * least * roomy + frame.size.margin, "this picture")
    canvas = Canvas(frame, height)
    top = canvas.head(title, note)
    high = min((height - top - frame.size.margin) / rows, least * 2.8)
    for number, moment in enumerate(moments):
        row, column = divmod(number, columns)
        cell = _Cell(canvas, moment, number + 1, frame.left + column * (width + gap), width)
        cell.draw(top + row * high, high, headed=len(moments) > 1)
    return canvas.finish(title, note, _alt(title, moments), _table(moments))


def _moment(name: str, run: Run, at: int) -> _Moment:
    """Read off a run who is where."""
    found = spans(run.events, run.time)
    threads = tuple(
        dict.fromkeys(
            span.thread for span in found if span.activity in ("run", "call", "gil") and span.thread != "main"
        )
    )
    if not 1 <= len(threads) <= MOST_THREADS:
        raise UsageError(
            f"{name}: the picture has 1 to {MOST_THREADS} threads that compute, and this run {len(threads)}"
        )
    model = run.settings.model
    processes: tuple[tuple[tuple[str, ...], ...], ...]
    if model == "processes":
        processes = tuple(((thread,),) for thread in threads)
    elif model == "per-interpreter":
        processes = (tuple((thread,) for thread in threads),)
    else:
        processes = ((threads,),)
    cores = [""] * run.settings.cores
    for event in run.events:
        if event.time > at:
            break
        if event.kind == "core":
            cores[int(event.detail)] = event.thread
        elif event.kind == "off":
            cores = ["" if held == event.thread else held for held in cores]
    return _Moment(name, processes, model != "free-threaded", threads, tuple(cores))


def _title(moments: Sequence[_Moment]) -> str:
    single = [moment for moment in moments if moment.gils == 1]
    if len(moments) == 1:
        only = moments[0]
        gils = {0: "no GIL", 1: "one GIL"}.get(only.gils, f"{count_word(only.gils)} GILs")
        runs = "one thread runs" if only.running == 1 else f"{count_word(only.running)} threads run at once"
        return capital(f"{gils}: {runs}")
    others = [moment for moment in moments if moment.gils != 1]
    threads = len(moments[0].threads)
    same = all(len(moment.threads) == threads for moment in moments)
    if single and same and all(one.running == 1 for one in single) and all(one.running == threads for one in others):
        run = "both do" if threads == 2 else f"all {count_word(threads)} do"
        return "With one GIL one thread runs" + f"; else {run}" * bool(others)
    return "Who runs at this moment"


def _alt(title: str, moments: Sequence[_Moment]) -> str:
    said = []
    for moment in moments:
        runs = [f"{name} runs on core {core + 1}" for core, name in enumerate(moment.cores) if name]
        idle = [name for name in moment.threads if name not in moment.cores]
        interpreters = sum(len(one) for one in moment.processes)
        parts = [
            f"{count_word(len(moment.processes))} process{'es' * (len(moment.processes) != 1)}",
            f"{count_word(interpreters)} interpreter{'s' * (interpreters != 1)}",
            f"{count_word(moment.gils)} GIL{'s' * (moment.gils != 1)}",
        ]
        waits = f"; {listing(idle)} wait{'s' * (len(idle) == 1)}" if idle else ""
        said.append(f"{capital(moment.name)}: {listing(parts)}; {listing(runs) or 'nobody runs'}{waits}.")
    return f"{title}. {' '.join(said)}"


def _table(moments: Sequence[_Moment]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("picture", "process", "interpreter", "GIL", "thread", "core")]
    for moment in moments:
        number = 0
        for process, interpreters in enumerate(moment.processes):
            for threads in interpreters:
                number += 1
                for name in threads:
                    core = str(moment.cores.index(name) + 1) if name in moment.cores else ""
                    rows.append(
                        (moment.name, str(process + 1), str(number), "yes" if moment.locked else "no", name, core)
                    )
    return rows


class _Cell:
    """One picture: processes above, cores below."""

    def __init__(self, canvas: Canvas, moment: _Moment, number: int, left: float, width: float) -> None:
        self.canvas, self.moment, self.left, self.width = canvas, moment, left, width
        self.unit = canvas.size.small
        self.gid = f"picture-{number}"
        self.part = self.chip = self.unit
        self.at: dict[str, tuple[float, float]] = {}

    def draw(self, top: float, high: float, *, headed: bool) -> None:
        """Draw it all; `high` is shared out in the same parts whatever there is."""
        unit, canvas = self.unit, self.canvas
        if headed:
            canvas.text(self.left, top + unit * 0.7, capital(self.moment.name), "body", bold=True)
            top, high = top + unit * HEADING, high - unit * (HEADING + 0.6)
        self.part = part = high / LEAST
        sides = self.split(self.left, self.width, len(self.moment.processes), unit * 0.8)
        for number, ((x, width), interpreters) in enumerate(zip(sides, self.moment.processes, strict=True)):
            self.process(interpreters, x, top, width, part * 5.0, number)
        self.cores(top + part * 6.25, part * 1.4)

    def split(self, left: float, width: float, parts: int, gap: float) -> list[tuple[float, float]]:
        """Return the left edge and the width of each part of a row."""
        each = (width - gap * (parts - 1)) / parts
        return [(left + number * (each + gap), each) for number in range(parts)]

    def process(
        self, interpreters: Sequence[Sequence[str]], x: float, y: float, width: float, high: float, number: int
    ) -> None:  # fmt: skip
        """Draw a process with its interpreters."""
        unit = self.unit
        self.canvas.box(x, y, width, high, stroke=1.7, gid=f"{self.gid}-process-{number + 1}", order=1)
        self.canvas.text(x + unit * 0.6, y + self.part * 0.72, "process", colour=MUTED)
        inner = unit * 0.5
        sides = self.split(x + inner, width - 2 * inner, len(interpreters), unit * 0.5)
        for place, ((left, wide), threads) in enumerate(zip(sides, interpreters, strict=True)):
            self.interpreter(
                threads, left, y + self.part * 1.35, wide, high - self.part * 1.35 - inner, f"{number + 1}-{place + 1}"
            )

    def interpreter(self, threads: Sequence[str], x: float, y: float, width: float, high: float, name: str) -> None:
        """Draw an interpreter with its GIL, if it has one, and its threads."""
        unit, canvas = self.unit, self.canvas
        canvas.box(x, y, width, high, fill=PALE, stroke=0.9, gid=f"{self.gid}-interpreter-{name}", order=2)
        line = y + self.part * 0.75
        canvas.text(x + unit * 0.5, line, "interpreter", ground=PALE)
        said = "GIL" if self.moment.locked else "no GIL"
        gil = canvas.frame.text_width(said, bold=True)
        beside = canvas.frame.text_width("interpreter") + gil + unit * 3 < width
        self.chip = min(unit * 1.36 + (self.part - unit) * 0.5, unit * 2.2)
        chips = y + high - self.part * 0.3 - self.chip / 2
        if not beside:
            line += unit * 1.2
        right = x + width - unit * 0.5 if beside else x + width / 2 + (gil + unit * 1.7 * self.moment.locked) / 2
        canvas.text(right, line, said, align="right", bold=True, ground=PALE)
        if self.moment.locked:
            draw_padlock(canvas, right - gil - unit * 0.95, line, unit * 0.62, f"{self.gid}-gil-{name}")
        each = min(unit * 3.4, (width - unit) / len(threads) - unit * 0.4)
        start = x + (width - len(threads) * (each + unit * 0.4) + unit * 0.4) / 2
        for number, thread in enumerate(threads):
            self.thread(thread, start + number * (each + unit * 0.4), chips, each)

    def thread(self, name: str, x: float, y: float, width: float) -> None:
        """Draw a thread: full when it runs, with a broken outline when it waits."""
        colour = thread_colour(self.moment.threads.index(name))
        runs = name in self.moment.cores
        fill = colour if runs else PAPER
        self.canvas.box(
            x, y - self.chip / 2, width, self.chip, fill=fill, stroke=0.9 if runs else 1.3, dashed=not runs,
            gid=f"{self.gid}-thread-{name}", order=4,
        )  # fmt: skip
        self.canvas.text(x + width / 2, y, name, align="center", bold=True, colour=ink_on(fill), ground=fill)
        self.at[name] = (x + width / 2, y + self.chip / 2)

    def cores(self, y: float, high: float) -> None:
        """Draw the cores, and an arrow from each running thread to its own."""
        unit = self.unit
        wide = min(unit * 7, self.width / len(self.moment.cores) - unit * 0.6)
        sides = self.split(self.left, self.width, len(self.moment.cores), unit * 0.6)
        for number, ((x, width), name) in enumerate(zip(sides, self.moment.cores, strict=True)):
            left = x + (width - wide) / 2
            known = name in self.moment.threads
            fill = thread_colour(self.moment.threads.index(name)) if known else PAPER
            said = f"core {number + 1}: {name}" if name else f"core {number + 1}: idle"
            if self.canvas.frame.text_width(said) > wide - unit * 0.4:
                said = name or "idle"
            draw_core(
                self.canvas, left, y, wide, high, said, f"{self.gid}-core-{number + 1}", fill=fill, pin=unit * 0.3
            )
            if name in self.at:
                start = self.at[name]
                end = min(max(start[0], left + wide * 0.25), left + wide * 0.75)
                self.canvas.arrow(
                    (start[0], start[1] + unit * 0.1), (end, y - unit * 0.15), stroke=1.8,
                    gid=f"{self.gid}-runs-{name}", order=5,
                )  # fmt: skip
