"""The round that an event loop makes again and again, as it stands at one moment."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.event_loop_timeline import names_of
from lab.draw.style import MUTED, PAPER, SizeName, ink_on, thread_colour
from lab.draw.symbols import arc, bent_arrow
from lab.draw.time_axis import shown_time
from lab.draw.words import listing
from lab.errors import UsageError
from lab.gil.event_loop import Life, Turn
from lab.gil.system import nanoseconds

__all__ = ["event_loop_ring"]


def event_loop_ring(
    life: Life, *, moment: int | None = None, ax: Axes | None = None, size: SizeName = "page"
) -> Drawing:
    """Draw the round of a loop as it stands at one moment: ready queue, running callback, timers, selector.

    Parameters
    ----------
    life : Life
        What `lab.gil.event_loop.trace_loop` returned.
    moment : int or None
        The number of the callback that runs, from 0; None takes the one that runs while most are ready.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        There is no such callback, there are more tasks than can be drawn, or there is no room.
    """
    names = names_of(life)
    chosen = max(range(len(life.turns)), key=lambda at: len(life.turns[at].ready)) if moment is None else moment
    if not 0 <= chosen < len(life.turns):
        raise UsageError(f"there is no callback {chosen}; the loop called {len(life.turns)}")
    turn = life.turns[chosen]
    frame = Frame.of(size, ax)
    unit = frame.size.small
    title = "One thread goes round: run what is ready, then ask what has become ready"
    note = f"asyncio's own loop, traced; {shown_time(nanoseconds(turn.start))} after its start"
    head = frame.head_height(title, note)
    height = frame.tall(head + unit * 20 + frame.size.margin, "this loop")
    canvas = Canvas(frame, height)
    _Ring(canvas, life, names, turn, canvas.head(title, note)).draw()
    waiting = _waiting(life, turn)
    table = [("place", "name", "due_ms"), ("running", turn.name, "")]
    table += [("ready", name, "") for name in turn.ready]
    table += [("timer", name, f"{due * 1e3:.3f}") for name, due in waiting]
    ready = f"ready: {listing(turn.ready)}" if turn.ready else "nothing is ready"
    timers = [f"{name} at {due * 1e3:.3g} ms" for name, due in waiting]
    alt = f"{title}. At this moment {turn.name} runs; {ready}; timers: {listing(timers) or 'none'}."
    return canvas.finish(title, note, alt, table)


def _waiting(life: Life, turn: Turn) -> list[tuple[str, float]]:
    """Return the timers that wait when a callback begins: whose they are, and when they are due."""
    return sorted(
        ((one.name, one.due) for one in life.timers if one.set <= turn.start + 1e-9 < one.due),
        key=lambda one: one[1],
    )


class _Ring:
    """Four stations, and arrows round them."""

    def __init__(self, canvas: Canvas, life: Life, names: Sequence[str], turn: Turn, top: float) -> None:
        self.canvas, self.life, self.names, self.turn = canvas, life, names, turn
        self.unit = canvas.size.small
        frame = canvas.frame
        self.middle = (frame.width / 2, (top + canvas.height - frame.size.margin) / 2)
        high = (canvas.height - frame.size.margin - top) / 2
        self.box = (min(frame.room * 0.355, self.unit * 15), min(self.unit * 5.2, high * 0.5))
        self.reach = (min((frame.room - self.box[0]) / 2, high * 2), high - self.box[1] / 2)

    def draw(self) -> None:
        """Draw the stations and what is in them."""
        turn, (x, y), (wide, high) = self.turn, self.middle, self.reach
        following = self.life.polls[turn.polls : turn.polls + 1]
        wait = _patience(following[0].limit) if following else "the loop ends before"
        self.station("1 ready queue", (x, y - high), turn.ready, "empty", "ready")
        self.station("2 run the first", (x + wide, y), (turn.name,), "", "running")
        self.station("3 poll the system", (x, y + high), (), wait, "selector")
        timers = tuple(f"{name}: {due * 1e3:.3g} ms" for name, due in _waiting(self.life, turn))
        self.station("4 timers and data", (x - wide, y), timers, "no timer", "timers")
        self.arrows()
        self.canvas.text(x, y - self.unit * 0.7, "event loop", "body", align="center", bold=True)
        self.canvas.text(x, y + self.unit * 0.8, "one thread", align="center", colour=MUTED)

    def station(self, name: str, at: tuple[float, float], held: Sequence[str], empty: str, gid: str) -> None:
        """Draw one station with what it holds."""
        unit, canvas = self.unit, self.canvas
        wide, high = self.box
        left, top = at[0] - wide / 2, at[1] - high / 2
        canvas.box(left, top, wide, high, stroke=1.3, gid=f"station-{gid}", order=3)
        canvas.text(at[0], top + unit * 1.05, name, align="center", bold=True)
        if not held:
            canvas.text(at[0], top + unit * 1.7 + (high - unit * 1.7) / 2, empty, align="center", colour=MUTED)
            return
        rows = _rows(canvas, held, wide - unit)
        room = (high - unit * 1.8) / len(rows)
        for row, names in enumerate(rows):
            widths = [canvas.frame.text_width(name, bold=True) + unit * 0.9 for name in names]
            x = at[0] - (sum(widths) + unit * 0.3 * (len(names) - 1)) / 2
            y = top + unit * 1.7 + room * (row + 0.5)
            for text, width in zip(names, widths, strict=True):
                task = text.partition(":")[0].removeprefix("timer of ")
                colour = thread_colour(self.names.index(task)) if task in self.names else PAPER
                canvas.box(x, y - unit * 0.7, width, unit * 1.4, fill=colour, stroke=0.7, gid=f"{gid}-{text}", order=4)
                canvas.text(x + width / 2, y, text, align="center", bold=True, colour=ink_on(colour), ground=colour)
                x += width + unit * 0.3

    def arrows(self) -> None:
        """Draw the way round, as four pieces of an ellipse between the stations."""
        (x, y), (wide, high), unit = self.middle, self.reach, self.unit
        half = (self.box[0] / 2 + unit * 0.5, self.box[1] / 2 + unit * 0.5)
        for number, begin in enumerate((270, 0, 90, 180)):
            points = [(x + wide * (px - x), y + high * (py - y)) for px, py in arc((x, y), 1, begin, begin + 90, 60)]
            stations = ((x, y - high), (x + wide, y), (x, y + high), (x - wide, y))
            ends = (stations[number], stations[(number + 1) % 4])
            free = [
                point for point in points
                if all(abs(point[0] - end[0]) > half[0] or abs(point[1] - end[1]) > half[1] for end in ends)
            ]  # fmt: skip
            if len(free) > 2:
                bent_arrow(self.canvas, free, f"way-{number + 1}")


def _patience(limit: float | None) -> str:
    """Return how long the next poll may wait."""
    if limit is None:
        return "until data comes"
    return f"{shown_time(nanoseconds(limit))} at most" if nanoseconds(limit) > 0 else "without waiting"


def _rows(canvas: Canvas, held: Sequence[str], room: float) -> list[list[str]]:
    """Break what a station holds into rows; the third row says how many more there are."""
    unit = canvas.size.small
    rows: list[list[str]] = [[]]
    left = inf
    for name in held:
        width = canvas.frame.text_width(name, bold=True) + unit * 1.2
        left = room if left is inf else left
        if rows[-1] and width > left:
            rows.append([])
            left = room
        rows[-1].append(name)
        left -= width
    more = sum(map(len, rows[2:]))
    return [*rows[:1], [f"and {more + len(rows[1])} more"]] if len(rows) > 2 else rows
