"""The sheet of a timeline: lanes over time, the holder's strip, marks at moments, the axis and the key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lab.draw.canvas import Canvas, Frame
from lab.draw.style import INK, MUTED, PALE, PAPER, RAIL, ink_on, thread_colour
from lab.draw.time_axis import draw_axis
from lab.gil import Activity, Span

__all__ = ["WORDS", "Sheet", "Shown", "keys_of"]

WORDS: dict[Activity, str] = {
    "run": "runs Python",
    "call": "runs C without the GIL",
    "gil": "waits for the GIL",
    "ready": "wants a core",
    "io": "waits for I/O",
    "locked": "waits for a thread",
    "poll": "polls",
}
MARKS = {
    "asks": "time-out: asks for the GIL",
    "forced": "forced switch",
    "vain": "times out, but the GIL changed hands",
}
"""What happens at a moment, by the name of its mark."""

VISIBLE = 200
"""What lasts less than one part in so many of the time shown is a hairline."""


@dataclass(frozen=True)
class Shown:
    """What a timeline shows: spans up to an end, who held the GIL (None: no strip), requests and marks."""

    spans: tuple[Span, ...]
    end: int
    note: str
    held: tuple[tuple[str, int, int], ...] | None
    requests: tuple[tuple[int, str, str], ...]
    marks: tuple[tuple[str, int, str], ...]
    cut: bool = False


Key = tuple[str, float]
"""A word of the key, and how far right of the edge it begins, in points."""


def keys_of(frame: Frame, shown: Sequence[Span], end: int, marks: Sequence[str]) -> list[list[Key]]:
    """Return the lines of the key: of what lasts long enough to be seen."""
    seen = {span.activity for span in shown if (span.end - span.start) * VISIBLE > end}
    words = [*(activity for activity in WORDS if activity in seen), *marks]
    lines: list[list[Key]] = [[]]
    x, unit = 0.0, frame.size.small
    for word in words:
        width = unit * (3.2 if word in WORDS else 2.2) + frame.text_width(said_of(word))
        if lines[-1] and x + width > frame.room:
            lines.append([])
            x = 0.0
        lines[-1].append((word, x))
        x += width + unit
    return lines


def said_of(word: str) -> str:
    return MARKS.get(word) or next(said for kind, said in WORDS.items() if kind == word)


class Sheet:
    """Time as a width and threads as lanes on a canvas."""

    def __init__(self, canvas: Canvas, names: Sequence[str], end: int, top: float, lane: float) -> None:
        self.canvas, self.names, self.end, self.top, self.lane = canvas, names, end, top, lane
        self.unit = canvas.size.small
        labels = [canvas.frame.text_width(name, bold=True) for name in (*names, "GIL")]
        self.left = canvas.frame.left + max(labels) + self.unit * 1.6
        self.right = canvas.frame.right - self.unit

    def fill(self, shown: Shown) -> None:
        """Draw the lanes, the holder's strip, and what happens at moments."""
        for number, span in enumerate(shown.spans):
            self.span(span, f"span-{number + 1}")
        for name in self.names:
            self.name(name)
        if shown.held is not None:
            self.strip(shown.held)
        for number, (time, asking, holder) in enumerate(shown.requests):
            self.request(time, asking, holder, f"request-{number + 1}")
        for number, (kind, time, name) in enumerate(shown.marks):
            lane = self.names.index(name) if kind == "vain" else len(self.names)
            self.point(kind, self.x(time), self.y(lane), f"{kind}-{number + 1}")

    def x(self, time: int) -> float:
        """Return where a time is."""
        return self.left + (self.right - self.left) * time / self.end

    def y(self, lane: int) -> float:
        """Return the middle of a lane."""
        return self.top + self.lane * (lane + 0.5)

    def colour(self, name: str) -> str:
        """Return a thread's colour: T1 has the first whether or not a main thread starts it, which is grey."""
        others = [one for one in self.names if one != "main"]
        return MUTED if name == "main" else thread_colour(others.index(name))

    def name(self, name: str) -> None:
        """Write a lane's name in its thread's colour."""
        number = self.names.index(name)
        width = self.left - self.canvas.frame.left - self.unit * 0.6
        self.canvas.chip(
            self.canvas.frame.left, self.y(number), width, self.unit * 1.5, name, self.colour(name),
            f"lane-{number + 1}",
        )  # fmt: skip

    def span(self, span: Span, gid: str) -> None:
        """Draw what a thread does for a while."""
        lane = self.names.index(span.thread)
        self.mark(span.activity, self.x(span.start), self.x(span.end), self.y(lane), self.colour(span.thread), gid)

    def mark(self, activity: str, start: float, end: float, y: float, colour: str, gid: str | None = None) -> None:
        """Draw an activity: full for running, hatched for waiting for the GIL, a line for the rest."""
        high = self.unit * 1.3
        if activity in ("run", "call"):
            self.piece(start, end, y, high, colour, gid, hatch="...." if activity == "call" else None)
        elif activity in ("gil", "ready"):
            fill, hatch = (PAPER, "//////") if activity == "gil" else (PALE, None)
            self.canvas.box(
                start, y - high * 0.32, end - start, high * 0.64, fill=fill, stroke=0.5, hatch=hatch, round_by=0,
                gid=gid, order=3,
            )  # fmt: skip
        else:
            style = {"io": (0, (1, 1.6)), "poll": (0, (5, 1.5, 1, 1.5))}.get(activity, (0, (4, 2)))
            self.canvas.line([(start, y), (end, y)], colour=INK, stroke=1.2, style=style, gid=gid)

    def piece(
        self, start: float, end: float, y: float, high: float, colour: str, gid: str | None, hatch: str | None = None
    ) -> None:  # fmt: skip
        """Draw a full piece, at least a hairline; an outline would hide the colour of a narrow one."""
        wide = max(end - start, self.unit * 0.14)
        narrow = wide < self.unit * 0.4
        self.canvas.box(
            start, y - high / 2, wide, high, fill=colour, edge=colour if narrow else INK, stroke=0 if narrow else 0.5,
            hatch=hatch, round_by=0, gid=gid, order=4.5 if narrow else 4,
        )  # fmt: skip

    def strip(self, held: Sequence[tuple[str, int, int]]) -> None:
        """Draw who holds the GIL, in the holder's colour and with its name where there is room."""
        y = self.y(len(self.names))
        self.canvas.text(self.canvas.frame.left, y, "GIL", bold=True)
        self.canvas.line([(self.left, y), (self.right, y)], colour=RAIL, stroke=0.8)
        for number, (name, start, end) in enumerate(held):
            if start >= self.end or name not in self.names:
                continue
            begin, stop = self.x(start), self.x(min(end, self.end))
            colour = self.colour(name)
            self.piece(begin, stop, y, self.unit * 1.5, colour, f"holds-{number + 1}")
            if self.canvas.frame.text_width(name, bold=True) + self.unit < stop - begin:
                self.canvas.text(
                    (begin + stop) / 2, y, name, align="center", bold=True, colour=ink_on(colour), ground=colour
                )

    def request(self, time: int, asking: str, holder: str, gid: str) -> None:
        """Draw an arrow from the thread that asks to the one that holds the GIL."""
        if holder not in self.names:
            return
        start, end = (self.y(self.names.index(name)) for name in (asking, holder))
        way = self.unit * 0.65 * (1 if end > start else -1)
        self.canvas.arrow((self.x(time), start + way), (self.x(time), end - way), stroke=1.3, gid=gid, order=6)

    def point(self, kind: str, x: float, y: float, gid: str | None = None) -> None:
        """Draw what happens at a moment: a disc on a lane, or a wedge on the upper edge of the holder's strip."""
        if kind == "vain":
            self.canvas.disc(x, y, self.unit * 0.34, stroke=1.2, gid=gid, order=6)
        else:
            edge, wing = y - self.unit * 0.75, self.unit * 0.4
            self.canvas.arrow(
                (x, edge - wing * 1.6), (x, edge + wing * 0.4), stroke=0.5, head=wing * 1.9, gid=gid, order=6
            )

    def axis(self, lanes: int) -> None:
        """Draw the axis of time, in milliseconds."""
        y = self.y(lanes) - self.lane / 2 + self.unit * 0.6
        draw_axis(self.canvas, y, self.left, self.right, self.end)

    def keys(self, lines: Sequence[Sequence[Key]], lanes: int) -> None:
        """Say what the marks mean."""
        top = self.y(lanes) - self.lane / 2 + self.unit * 3.8
        for number, line in enumerate(lines):
            y = top + number * self.unit * 1.8
            for word, offset in line:
                x = self.canvas.frame.left + offset
                middle, reach = x + self.unit * 0.7, self.unit * 0.7
                if word == "asks":
                    self.canvas.arrow((middle, y - reach), (middle, y + reach), stroke=1.3)
                elif word in MARKS:
                    self.point(word, middle, y + self.unit * 0.75 * (word == "forced"))
                else:
                    self.mark(word, x, x + self.unit * 2.4, y, RAIL)
                self.canvas.text(x + self.unit * (1.8 if word in MARKS else 3), y, said_of(word))
