"""GIL timelines: who runs, who waits for the GIL and who for I/O, over simulated time, and who holds the GIL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import INK, MUTED, PALE, PAPER, RAIL, SizeName, ink_on, thread_colour
from lab.draw.time_axis import draw_axis, shown_time
from lab.draw.words import listing
from lab.errors import UsageError
from lab.gil import Activity, Run, Span, holders, spans
from lab.gil.recorded_trace import RecordedTrace

__all__ = ["beginning", "gil_timeline", "trace_timeline"]

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

READABLE = 60
"""Pieces that can be told apart in a lecture hall."""
MOST_LANES = 12
MOST_SPANS = 4000
VISIBLE = 200
"""What lasts less than one part in so many of the time shown is a hairline."""


def gil_timeline(run: Run, *, until: float | None = None, ax: Axes | None = None, size: SizeName = "page") -> Drawing:
    """Draw the beginning of a run: a lane for each thread, a strip for the GIL's holder, an arrow for each request.

    Parameters
    ----------
    run : Run
        What `lab.gil.simulate` returned.
    until : float or None
        Where to stop, in simulated seconds; None draws the whole run.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        There is nothing to draw, or more pieces than can be seen.

    Notes
    -----
    Of more than 12 threads the first 12 have lanes, and the note says so.
    """
    end = run.time if until is None else min(run.time, round(until * 1e9))
    shown = _until(spans(run.events, run.time), end)
    settings = run.settings
    note = f"simulated, model {settings.model}, {settings.cores} cores, seed {settings.seed}"
    note += f" · the first {shown_time(end)} of {shown_time(run.time)}" * (end < run.time)
    shown, note = _first_lanes(shown, note)
    return _draw(
        _Shown(
            shown,
            end,
            note,
            tuple(holders(run.events, run.time)) if settings.model in ("old", "new") else None,
            tuple(_requests(run, end)),
            tuple(_marks(run, _lanes(shown), end)),
            end < run.time,
        ),
        Frame.of(size, ax),
    )


def trace_timeline(
    trace: RecordedTrace, *, until: float | None = None, ax: Axes | None = None, size: SizeName = "page"
) -> Drawing:
    """Draw the beginning of a trace of a real program with the lanes of `gil_timeline`.

    Parameters
    ----------
    trace : RecordedTrace
        What `lab.gil.recorded_trace.read_trace` returned.
    until : float or None
        Where to stop, in seconds from the first event on; None draws it all.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        There is nothing to draw, more lanes than can be told apart, or more pieces than can be seen.
    """
    end = trace.end if until is None else min(trace.end, round(until * 1e9))
    note = f"recorded by {trace.source}" + "; running and waiting for the GIL look alike" * (not trace.held)
    return _draw(_Shown(_until(trace.spans, end), end, note, trace.held or None, (), ()), Frame.of(size, ax))


@dataclass(frozen=True)
class _Shown:
    """What a timeline shows: spans up to an end, who held the GIL (None: no strip), requests and marks."""

    spans: tuple[Span, ...]
    end: int
    note: str
    held: tuple[tuple[str, int, int], ...] | None
    requests: tuple[tuple[int, str, str], ...]
    marks: tuple[tuple[str, int, str], ...]
    cut: bool = False


def beginning(run: Run, pieces: int = READABLE) -> float | None:
    """Return a time up to which a run has so many pieces, in seconds; None when that is all of it.

    It may have eight for each thread, if that is more.
    """
    found = [span for span in spans(run.events, run.time) if span.end - span.start]
    most = max(pieces, 8 * len(_lanes(found)))
    starts = sorted(span.start for span in found)
    return None if len(starts) <= most else starts[most] / 1e9


def _first_lanes(found: Sequence[Span], note: str) -> tuple[tuple[Span, ...], str]:
    """Keep the spans of as many threads as have room, and say so."""
    names = _lanes(found)
    if len(names) <= MOST_LANES:
        return tuple(found), note
    kept = names[:MOST_LANES]
    return tuple(span for span in found if span.thread in kept), f"{note} · {MOST_LANES} of {len(names)} threads"


def _until(found: Sequence[Span], end: int) -> tuple[Span, ...]:
    return tuple(Span(*span[:3], min(span.end, end)) for span in found if span.start < end)


def _lanes(shown: Sequence[Span]) -> list[str]:
    return list(dict.fromkeys(span.thread for span in shown))


def _draw(shown: _Shown, frame: Frame) -> Drawing:
    """Draw what there is."""
    names = _lanes(shown.spans)
    if not names or len(names) > MOST_LANES:
        raise UsageError(f"a timeline has 1 to {MOST_LANES} threads, and this run has {len(names)}")
    if len(shown.spans) > MOST_SPANS:
        raise UsageError(f"a timeline has at most {MOST_SPANS:,} pieces, and this has {len(shown.spans):,}: draw less")
    title = _title(shown, names)
    unit = frame.size.small
    asks = ["asks"] if shown.requests else []
    keys = _keys(frame, shown.spans, shown.end, [*asks, *dict.fromkeys(kind for kind, _, _ in shown.marks)])
    lanes = len(names) + (shown.held is not None)
    needed = frame.head_height(title, shown.note) + unit * (2.6 * lanes + 3.8 + 1.8 * len(keys)) + frame.size.margin
    canvas = Canvas(frame, frame.tall(needed, "this run"))
    top = canvas.head(title, shown.note)
    sheet = _Sheet(canvas, names, shown.end, top, _stretch(canvas, needed, lanes))
    sheet.fill(shown)
    sheet.axis(lanes)
    sheet.keys(keys, lanes)
    table = [("thread", "activity", "start_ms", "end_ms")]
    table += [(one.thread, one.activity, f"{one.start / 1e6:.4f}", f"{one.end / 1e6:.4f}") for one in shown.spans]
    return canvas.finish(title, shown.note, _alt(title, shown.spans, names), table)


def _stretch(canvas: Canvas, needed: float, lanes: int) -> float:
    """Return the height of a lane: what a sheet of fixed height has to spare goes to the lanes."""
    spare = max(0.0, canvas.height - needed)
    return canvas.size.small * 2.6 + min(spare / lanes, canvas.size.small * 2.4)


def _requests(run: Run, end: int) -> list[tuple[int, str, str]]:
    """Return the requests for the GIL: when, who asks, who holds it."""
    found, holder = [], ""
    for event in run.events:
        if event.kind == "take":
            holder = event.thread
        elif event.kind == "request" and event.time < end:
            found.append((event.time, event.thread, holder))
    return found


def _marks(run: Run, names: Sequence[str], end: int) -> list[tuple[str, int, str]]:
    """Return the time-outs after which nobody asks, as "vain", and the forced switches; when, and who."""
    found = []
    for event in run.events:
        if event.time < end and event.thread in names:
            if event.kind == "timeout" and event.detail == "switched":
                found.append(("vain", event.time, event.thread))
            elif event.kind == "forced":
                found.append(("forced", event.time, event.thread))
    return found


def _total(shown: Sequence[Span], name: str, activity: Activity) -> int:
    return sum(span.end - span.start for span in shown if span.thread == name and span.activity == activity)


def _title(shown: _Shown, names: Sequence[str]) -> str:
    longest = max(names, key=lambda name: _total(shown.spans, name, "gil"))
    waited = _total(shown.spans, longest, "gil")
    if waited:
        return f"Thread {longest} waits {_part(waited, shown.end)} for the GIL"
    if shown.held is None and shown.note.startswith("recorded"):
        busiest = max(names, key=lambda name: _total(shown.spans, name, "run"))
        return f"Thread {busiest} is in calls for {_part(_total(shown.spans, busiest, 'run'), shown.end)}"
    return f"Nobody waits for the GIL{' in' if shown.cut else ', and all is done after'} {shown_time(shown.end)}"


def _part(time: int, whole: int) -> str:
    """Say one time as a part of another, in the same unit; nearly all of it is not all."""
    unit, word = (1e9, "s") if whole >= 1e9 else (1e6, "ms")
    one, other = (f"{value / unit:.3g}" for value in (time, whole))
    if one == other:
        return f"{'all' if time == whole else 'nearly all'} of the {other} {word}"
    return f"{one} of {other} {word}"


def _ms(time: int) -> str:
    return f"{time / 1e6:.3g}" if time < 1e9 else f"{time / 1e6:,.0f}"


def _alt(title: str, shown: Sequence[Span], names: Sequence[str]) -> str:
    said = []
    for name in names:
        kinds = dict.fromkeys(span.activity for span in shown if span.thread == name)
        said.append(f"{name} {listing([f'{WORDS[kind]} ({_ms(_total(shown, name, kind))} ms)' for kind in kinds])}")
    return f"{title}. {'; '.join(said)}."


Key = tuple[str, float]
"""A word of the key, and how far right of the edge it begins, in points."""


def _keys(frame: Frame, shown: Sequence[Span], end: int, marks: Sequence[str]) -> list[list[Key]]:
    """Return the lines of the key: of what lasts long enough to be seen."""
    seen = {span.activity for span in shown if (span.end - span.start) * VISIBLE > end}
    words = [*(activity for activity in WORDS if activity in seen), *marks]
    lines: list[list[Key]] = [[]]
    x, unit = 0.0, frame.size.small
    for word in words:
        width = unit * (3.2 if word in WORDS else 2.2) + frame.text_width(_said(word))
        if lines[-1] and x + width > frame.room:
            lines.append([])
            x = 0.0
        lines[-1].append((word, x))
        x += width + unit
    return lines


def _said(word: str) -> str:
    return MARKS.get(word) or next(said for kind, said in WORDS.items() if kind == word)


class _Sheet:
    """Time as a width and threads as lanes on a canvas."""

    def __init__(self, canvas: Canvas, names: Sequence[str], end: int, top: float, lane: float) -> None:
        self.canvas, self.names, self.end, self.top, self.lane = canvas, names, end, top, lane
        self.unit = canvas.size.small
        labels = [canvas.frame.text_width(name, bold=True) for name in (*names, "GIL")]
        self.left = canvas.frame.left + max(labels) + self.unit * 1.6
        self.right = canvas.frame.right - self.unit

    def fill(self, shown: _Shown) -> None:
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
                self.canvas.text(x + self.unit * (1.8 if word in MARKS else 3), y, _said(word))
