"""An event loop's life: its tasks over time, and the round that it makes again and again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import inf

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import INK, MUTED, PALE, PAPER, RAIL, SizeName, ink_on, stroke_colour, thread_colour
from lab.draw.symbols import arc, bent_arrow
from lab.draw.time_axis import draw_axis, shown_time
from lab.draw.words import count_word, listing
from lab.errors import UsageError
from lab.gil.event_loop import Life, Poll, Turn

__all__ = ["event_loop_ring", "event_loop_timeline"]

MOST_TASKS = 8
WIDE = 600.0
"""Points: on a wider sheet the key has one line less."""
KEYS = (
    ("run", "a task runs"),
    ("ready", "is ready"),
    ("await", "awaits"),
    ("callback", "another callback"),
    ("poll", "the selector waits"),
    ("timer", "a timer until it is due"),
)
"""The marks of a timeline, and what they mean."""


def _names(life: Life) -> list[str]:
    """Return the tasks in the order in which they first ran."""
    names = list(dict.fromkeys(turn.name for turn in life.turns if turn.kind == "task"))
    if not 1 <= len(names) <= MOST_TASKS:
        raise UsageError(f"a picture of a loop has 1 to {MOST_TASKS} tasks, and this one has {len(names)}")
    return names


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)


def _waits(life: Life) -> list[Poll]:
    """Return the polls that took some time."""
    return [poll for poll in life.polls if _nanoseconds(poll.end) > _nanoseconds(poll.start)]


# ------------------------------------------------------------------------------------------------------------ over time


def event_loop_timeline(life: Life, *, ax: Axes | None = None, size: SizeName = "page") -> Drawing:
    """Draw what a loop did: a lane for each task, one for the loop itself, the length of the ready queue, the timers.

    Parameters
    ----------
    life : Life
        What `lab.gil.event_loop.trace_loop` returned.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        There are no tasks, or more than can be drawn, or there is no room.
    """
    names = _names(life)
    frame = Frame.of(size, ax)
    unit = frame.size.small
    polled = sum(poll.end - poll.start for poll in _waits(life))
    title = f"The loop waits for {shown_time(_nanoseconds(polled))} of {shown_time(_nanoseconds(life.end))}"
    note = f"asyncio's own loop, traced; clock {life.clock}"
    lanes = len(names) + 2 + bool(life.timers)
    fixed = frame.head_height(title, note) + unit * (6.4 if frame.width > WIDE else 8.2) + frame.size.margin
    least = unit * 1.9
    height = frame.tall(fixed + lanes * least, "this loop")
    canvas = Canvas(frame, height)
    sheet = _Sheet(canvas, life, names, canvas.head(title, note), min((height - fixed) / lanes, least * 1.8))
    sheet.draw()
    rows = [("what", "name", "start_ms", "end_ms", "ready", "timers")]
    rows += [
        (
            turn.kind,
            turn.name if turn.kind == "task" else "",
            _ms(turn.start),
            _ms(turn.end),
            " ".join(turn.ready),
            str(turn.timers),
        )
        for turn in life.turns
    ]
    rows += [("poll", "", _ms(poll.start), _ms(poll.end), str(poll.found), "") for poll in _waits(life)]
    rows += [("timer", timer.name, _ms(timer.set), _ms(timer.due), "", "") for timer in life.timers]
    return canvas.finish(title, note, _alt(title, life, names), rows)


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.4f}"


def _alt(title: str, life: Life, names: Sequence[str]) -> str:
    said = []
    for name in names:
        turns = [turn for turn in life.turns if turn.name == name]
        at = [f"{turn.start * 1e3:.3g}" for turn in turns]
        said.append(f"{name} runs {count_word(len(turns))} time{'s' * (len(turns) != 1)}, from {listing(at)} ms on")
    waits = [f"{poll.start * 1e3:.3g} to {poll.end * 1e3:.3g} ms" for poll in _waits(life)]
    polls = f" The selector waits {listing(waits)}." if waits else " The selector never waits."
    return f"{title}. {'; '.join(said)}.{polls}"


class _Sheet:
    """Tasks as lanes over time."""

    def __init__(self, canvas: Canvas, life: Life, names: Sequence[str], top: float, lane: float) -> None:
        self.canvas, self.life, self.names, self.top, self.lane = canvas, life, names, top, lane
        self.unit = canvas.size.small
        self.labels = [*names, "loop", "ready", *(["timers"] if life.timers else [])]
        widest = max(canvas.frame.text_width(name, bold=True) for name in self.labels)
        self.label = widest + self.unit * 1.1
        self.left = canvas.frame.left + self.label + self.unit * 0.7
        self.right = canvas.frame.right - self.unit

    def x(self, seconds: float) -> float:
        """Return where a time is."""
        return self.left + (self.right - self.left) * seconds / self.life.end

    def y(self, name: str) -> float:
        """Return the middle of a lane."""
        return self.top + self.lane * (self.labels.index(name) + 0.5)

    def draw(self) -> None:
        """Draw it all."""
        canvas = self.canvas
        for number, name in enumerate(self.labels):
            if number < len(self.names):
                canvas.chip(
                    canvas.frame.left, self.y(name), self.label, self.unit * 1.4, name, thread_colour(number),
                    f"lane-{number + 1}",
                )  # fmt: skip
            else:
                canvas.text(canvas.frame.left, self.y(name), name, bold=True)
        for name in self.names:
            self.task(name)
        self.loop()
        self.ready()
        self.timers()
        bottom = self.top + self.lane * len(self.labels)
        draw_axis(canvas, bottom + self.unit * 0.6, self.left, self.right, _nanoseconds(self.life.end))
        self.keys(bottom + self.unit * 3.6)

    def task(self, name: str) -> None:
        """Draw a task: full while it runs, pale while it is ready, dotted while it awaits something."""
        number, y = self.names.index(name), self.y(name)
        turns = [turn for turn in self.life.turns if turn.name == name and turn.kind == "task"]
        for place, turn in enumerate(turns):
            gid = f"task-{number + 1}-{place + 1}"
            self.piece("ready", self.x(turn.queued), self.x(turn.start), y, PALE, f"{gid}-ready")
            self.piece("run", self.x(turn.start), self.x(turn.end), y, thread_colour(number), gid)
        for place, (before, after) in enumerate(pairwise(turns)):
            self.piece(
                "await", self.x(before.end), self.x(after.queued), y, INK, f"task-{number + 1}-awaits-{place + 1}"
            )

    def piece(self, kind: str, start: float, end: float, y: float, colour: str, gid: str | None = None) -> None:
        """Draw what a task does for a while."""
        if end - start < 0.05:
            return
        high = min(self.lane * 0.7, self.unit * 2)
        if kind == "await":
            self.canvas.line([(start, y), (end, y)], colour=INK, stroke=1.4, style=(0, (1, 1.6)), gid=gid)
        else:
            part = 0.5 if kind == "ready" else 1.0
            self.canvas.box(
                start, y - high * part / 2, max(end - start, 0.8), high * part, fill=colour, stroke=0.5, round_by=0,
                gid=gid, order=4 if kind == "run" else 3,
            )  # fmt: skip

    def loop(self) -> None:
        """Draw what the loop itself does: whose callback it runs, and when it waits in the selector."""
        y, high = self.y("loop"), min(self.lane * 0.7, self.unit * 2)
        for number, turn in enumerate(self.life.turns):
            colour = thread_colour(self.names.index(turn.name)) if turn.kind == "task" else RAIL
            self.piece("run", self.x(turn.start), self.x(turn.end), y, colour, f"turn-{number + 1}")
        for number, poll in enumerate(_waits(self.life)):
            start, end = self.x(poll.start), self.x(poll.end)
            self.canvas.box(
                start, y - high / 2, end - start, high, hatch="//////", stroke=0.5, round_by=0, gid=f"poll-{number + 1}"
            )

    def ready(self) -> None:
        """Draw how many callbacks are in the ready queue, as steps."""
        changes: list[tuple[float, int]] = []
        for turn in self.life.turns:
            changes += [(turn.queued, 1), (turn.start, -1)]
        steps: dict[float, int] = {}
        for time, change in changes:
            steps[round(time, 9)] = steps.get(round(time, 9), 0) + change
        base = self.y("ready") + self.lane * 0.36
        length, most, points = 0, 1, [(self.x(0), 0)]
        for time in sorted(steps):
            points += [(self.x(time), length), (self.x(time), length + steps[time])]
            length += steps[time]
            most = max(most, length)
        points.append((self.x(self.life.end), length))
        scale = self.lane * 0.62 / most
        self.canvas.line([(self.left, base), (self.right, base)], colour=RAIL, stroke=0.5)
        self.canvas.line([(x, base - number * scale) for x, number in points], stroke=1.4, gid="ready-queue")
        top = base - most * scale
        self.canvas.line([(self.left - self.unit * 0.35, top), (self.left, top)], colour=RAIL)
        self.canvas.text(self.left - self.unit * 0.5, top, str(most), align="right", colour=MUTED)

    def timers(self) -> None:
        """Draw each timer from when it was set to when it is due."""
        if not self.life.timers:
            return
        y = self.y("timers")
        rows = min(4, len(self.life.timers))
        for number, timer in enumerate(self.life.timers):
            line = y + self.lane * 0.7 * ((number % rows + 0.5) / rows - 0.5)
            place = self.names.index(timer.name) if timer.name in self.names else None
            colour = INK if place is None else stroke_colour(place)
            start, end = self.x(timer.set), self.x(min(timer.due, self.life.end))
            self.canvas.line([(start, line), (end, line)], colour=colour, stroke=1.4, gid=f"timer-{number + 1}")
            self.canvas.disc(end, line, self.unit * 0.22, fill=colour, edge=INK, stroke=0.5, order=5)

    def keys(self, y: float) -> None:
        """Say what the marks mean."""
        unit, canvas = self.unit, self.canvas
        x = canvas.frame.left
        for kind, said in KEYS:
            if kind == "timer" and not self.life.timers:
                continue
            width = unit * 3.2 + canvas.frame.text_width(said)
            if x + width > canvas.frame.right + unit * 0.5:
                x, y = canvas.frame.left, y + unit * 1.8
            if kind == "poll":
                canvas.box(x, y - unit * 0.6, unit * 2, unit * 1.2, hatch="//////", stroke=0.5, round_by=0)
            elif kind == "timer":
                canvas.line([(x, y), (x + unit * 1.8, y)], stroke=1.4)
                canvas.disc(x + unit * 1.8, y, unit * 0.22, fill=INK, stroke=0.5, order=5)
            else:
                colour = {"run": MUTED, "callback": RAIL}.get(kind, PALE)
                self.piece(
                    "run" if kind == "callback" else kind, x, x + unit * (1 if kind == "callback" else 2), y, colour
                )
            canvas.text(x + unit * 2.4, y, said)
            x += width


# ------------------------------------------------------------------------------------------------------------ the round


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
    names = _names(life)
    chosen = max(range(len(life.turns)), key=lambda at: len(life.turns[at].ready)) if moment is None else moment
    if not 0 <= chosen < len(life.turns):
        raise UsageError(f"there is no callback {chosen}; the loop called {len(life.turns)}")
    turn = life.turns[chosen]
    frame = Frame.of(size, ax)
    unit = frame.size.small
    title = "One thread goes round: run what is ready, then ask what has become ready"
    note = f"asyncio's own loop, traced; {shown_time(_nanoseconds(turn.start))} after its start"
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
    return f"{shown_time(_nanoseconds(limit))} at most" if _nanoseconds(limit) > 0 else "without waiting"


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
