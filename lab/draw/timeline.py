"""GIL timelines: who runs, who waits for the GIL and who for I/O, over simulated time, and who holds the GIL."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import SizeName
from lab.draw.time_axis import shown_time
from lab.draw.timeline_sheet import WORDS, Sheet, Shown, keys_of
from lab.draw.words import listing
from lab.errors import UsageError
from lab.gil import Activity, Run, Span, holders, spans
from lab.gil.recorded_trace import RecordedTrace

__all__ = ["beginning", "gil_timeline", "trace_timeline"]

READABLE = 60
"""Pieces that can be told apart in a lecture hall."""
MOST_LANES = 12
MOST_SPANS = 4000


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
        Shown(
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
    return _draw(Shown(_until(trace.spans, end), end, note, trace.held or None, (), ()), Frame.of(size, ax))


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


def _draw(shown: Shown, frame: Frame) -> Drawing:
    """Draw what there is."""
    names = _lanes(shown.spans)
    if not names or len(names) > MOST_LANES:
        raise UsageError(f"a timeline has 1 to {MOST_LANES} threads, and this run has {len(names)}")
    if len(shown.spans) > MOST_SPANS:
        raise UsageError(f"a timeline has at most {MOST_SPANS:,} pieces, and this has {len(shown.spans):,}: draw less")
    title = _title(shown, names)
    unit = frame.size.small
    asks = ["asks"] if shown.requests else []
    keys = keys_of(frame, shown.spans, shown.end, [*asks, *dict.fromkeys(kind for kind, _, _ in shown.marks)])
    lanes = len(names) + (shown.held is not None)
    needed = frame.head_height(title, shown.note) + unit * (2.6 * lanes + 3.8 + 1.8 * len(keys)) + frame.size.margin
    canvas = Canvas(frame, frame.tall(needed, "this run"))
    top = canvas.head(title, shown.note)
    sheet = Sheet(canvas, names, shown.end, top, _stretch(canvas, needed, lanes))
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


def _title(shown: Shown, names: Sequence[str]) -> str:
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
