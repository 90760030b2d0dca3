"""An event loop's life: its tasks over time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import INK, MUTED, PALE, RAIL, SizeName, ink_on, stroke_colour, thread_colour
from lab.draw.time_axis import draw_axis, shown_time
from lab.draw.words import count_word, listing
from lab.errors import UsageError
from lab.gil.event_loop import Life, Poll
from lab.gil.system import nanoseconds

__all__ = ["event_loop_timeline", "names_of"]

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


def names_of(life: Life) -> list[str]:
    """Return the tasks in the order in which they first ran."""
    names = list(dict.fromkeys(turn.name for turn in life.turns if turn.kind == "task"))
    if not 1 <= len(names) <= MOST_TASKS:
        raise UsageError(f"a picture of a loop has 1 to {MOST_TASKS} tasks, and this one has {len(names)}")
    return names


def _waits(life: Life) -> list[Poll]:
    """Return the polls that took some time."""
    return [poll for poll in life.polls if nanoseconds(poll.end) > nanoseconds(poll.start)]


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
    names = names_of(life)
    frame = Frame.of(size, ax)
    unit = frame.size.small
    polled = sum(poll.end - poll.start for poll in _waits(life))
    tasks = f"{count_word(len(names))} task{'s' * (len(names) != 1)}"
    part = f"{shown_time(nanoseconds(polled))} of {shown_time(nanoseconds(life.end))}"
    title = f"One thread runs {tasks}, and waits for {part}"
    note = f"asyncio's own loop, traced; clock {life.clock}"
    lanes = len(names) + 2
    rows_of = _timer_rows(frame, life, (frame.room - unit * 8) / life.end) if life.timers else []
    fixed = (
        unit * (1.25 * max(rows_of, default=-1) + 1.7) * bool(rows_of)
        + frame.head_height(title, note)
        + unit * (6.4 if frame.width > WIDE else 8.2)
        + frame.size.margin
    )
    least = unit * (1.9 if frame.height is None else 1.5)
    height = frame.tall(fixed + lanes * least, "this loop")
    canvas = Canvas(frame, height)
    lane = min((height - fixed) / lanes, least * 1.8)
    sheet = _Sheet(canvas, life, names, canvas.head(title, note), lane, rows_of)
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


def _timer_rows(frame: Frame, life: Life, scale: float) -> list[int]:
    """Return the row of each timer: the first in which it begins behind all names of the timers there.

    `scale` is points for each second, a little less than there will be.
    """
    ends: list[float] = []
    rows = []
    for timer in life.timers:
        end = min(timer.due, life.end) * scale + frame.text_width(timer.name or "") + frame.size.small * 1.5
        row = next((number for number, last in enumerate(ends) if last <= timer.set * scale), len(ends))
        ends[row : row + 1] = [end]
        rows.append(row)
    return rows


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

    def __init__(
        self, canvas: Canvas, life: Life, names: Sequence[str], top: float, lane: float, rows: Sequence[int]
    ) -> None:  # fmt: skip
        self.canvas, self.life, self.names, self.top, self.lane, self.rows = canvas, life, names, top, lane, rows
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
                y = self.timer_row(max(self.rows) / 2) if name == "timers" else self.y(name)
                canvas.text(canvas.frame.left, y, name, bold=True)
        for name in self.names:
            self.task(name)
        self.loop()
        self.ready()
        self.timers()
        bottom = self.top + self.lane * (len(self.names) + 2)
        if self.rows:
            bottom += self.unit * (1.25 * max(self.rows) + 1.7)
        draw_axis(canvas, bottom + self.unit * 0.6, self.left, self.right, nanoseconds(self.life.end))
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
            start, end = self.x(turn.start), self.x(turn.end)
            self.piece("run", start, end, y, colour, f"turn-{number + 1}")
            if turn.kind == "task" and self.canvas.frame.text_width(turn.name) + self.unit * 0.4 < end - start:
                self.canvas.text((start + end) / 2, y, turn.name, align="center", colour=ink_on(colour), ground=colour)
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

    def timer_row(self, row: float) -> float:
        """Return the middle of a row of timers."""
        return self.top + self.lane * (len(self.names) + 2) + self.unit * (1.25 * row + 0.9)

    def timers(self) -> None:
        """Draw each timer from when it was set to when it is due, and say whose it is."""
        for number, (timer, row) in enumerate(zip(self.life.timers, self.rows, strict=False)):
            y = self.timer_row(row)
            colour = stroke_colour(self.names.index(timer.name)) if timer.name in self.names else INK
            start, end = self.x(timer.set), self.x(min(timer.due, self.life.end))
            self.canvas.line([(start, y), (end, y)], colour=colour, stroke=1.4, gid=f"timer-{number + 1}")
            self.canvas.disc(end, y, self.unit * 0.22, fill=colour, edge=INK, stroke=0.5, order=5)
            wide = self.canvas.frame.text_width(timer.name or "")
            if timer.name and end + self.unit * 0.6 + wide < self.canvas.frame.right:
                self.canvas.text(end + self.unit * 0.6, y, timer.name)
            elif timer.name and start - self.unit * 0.6 - wide > self.left:
                self.canvas.text(start - self.unit * 0.6, y, timer.name, align="right")

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
                self.piece("run" if kind == "callback" else kind, x, x + unit * 2, y, colour)
            canvas.text(x + unit * 2.4, y, said)
            x += width
