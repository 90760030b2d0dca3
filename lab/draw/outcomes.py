"""Outcome bars: how often each outcome comes, counted over interleavings and as a probability, on one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.style import BAD, GOOD, MUTED, RAIL, SizeName, wrap
from lab.draw.words import capital, cells, clipped, count_word, every, fraction, outcome_lines
from lab.draw.wrong import Wrong, chance_of, wrong_of
from lab.errors import UsageError
from lab.explorer.result import Outcome, Result

__all__ = ["outcome_bars"]

SHARE = "share of interleavings"
MOST = 7
"""Outcomes drawn per scenario; the others are added up in one more row."""


@dataclass(frozen=True)
class _Row:
    """One outcome, or the sum of several: its words, its two numbers, how many schedules, whether it is wrong."""

    words: tuple[str, ...]
    share: Fraction | None
    probability: Fraction | None
    schedules: str
    faulty: bool
    rounded: bool = False

    @property
    def chance(self) -> str:
        """The probability in words."""
        return f"≈ {float(self.probability or 0):.4f}" if self.rounded else fraction(self.probability)


def outcome_bars(
    result: Result, other: Result | None = None, *, ax: Axes | None = None, size: SizeName = "column"
) -> Drawing:
    """Draw every outcome of one scenario, or of a faulty one and its repaired twin, as two bars from a common zero.

    Parameters
    ----------
    result, other : Result
        Complete explorations; `other` is drawn below on the same scale. Of infinitely many schedules nothing is a
        share: then the number of an outcome's schedules stands in the place of its first bar.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.

    Raises
    ------
    UsageError
        When a result has no probabilities, or there is no room.
    """
    results = [result] if other is None else [result, other]
    for one in results:
        if not one.complete or not one.outcomes or any(chance_of(outcome) is None for outcome in one.outcomes):
            raise UsageError(f"{one.scenario} has no known probabilities: its exploration is incomplete")
    frame = Frame.of(size, ax)
    groups = [(one, _rows(one)) for one in results]
    title = _title(results)
    exact = "exact" if all(outcome.probability_rounded is None for one in results for outcome in one.outcomes) else "≈"
    note = f"{_policies(results)} · {exact}, {_amount(results)} · probability: each enabled thread equally likely"
    layout = _Layout.fit(frame, groups, frame.head_height(title, note))
    canvas = Canvas(frame, frame.tall(layout.bottom, "this chart of outcomes"))
    y = canvas.head(title, note)
    _headings(canvas, layout, y, shares=any(row.share is not None for _, rows in groups for row in rows))
    y += layout.heading
    for number, (one, rows) in enumerate(groups, 1):
        canvas.text(frame.left, y + frame.size.body * 0.7, one.scenario, "body", bold=True)
        y += layout.name
        total = f"{one.schedules:,}" if isinstance(one.schedules, int) else ""
        for place, row in enumerate(rows, 1):
            _draw_row(canvas, layout, row, total, y, f"outcome-{number}-{place}")
            y += layout.row_height(row)
        y += layout.between
    return canvas.finish(title, note, _alt(title, groups), _table(groups))


def _told(result: Result, chance: Fraction) -> str:
    rounded = any(outcome.probability is None for outcome in result.outcomes)
    return f"≈ {float(chance):.4f}" if rounded else fraction(chance)


def _policies(results: Sequence[Result]) -> str:
    return "policy " + " and ".join(dict.fromkeys(one.policy for one in results))


def _amount(results: Sequence[Result]) -> str:
    counts = [f"{one.schedules:,}" if isinstance(one.schedules, int) else "infinitely many" for one in results]
    return f"{'' if counts[0][0] == 'i' else 'all '}{' and '.join(dict.fromkeys(counts))} schedules"


def _title(results: Sequence[Result]) -> str:
    first = results[0]
    wrong = wrong_of(first)
    head = _head(first, wrong)
    if len(results) == 1:
        return head
    other = wrong_of(results[1])
    if not other.share and not other.probability:
        return (
            f"{head}; once repaired, {'never' if wrong.share is None else 'none'}"
            if wrong.probability
            else (f"{head} in both")
        )
    return f"{head}; in the other, {fraction(other.share if other.share is not None else other.probability)}"


def _head(result: Result, wrong: Wrong) -> str:
    """Say how many orders of one scenario go wrong, and with what probability if that is another number."""
    where = " on the way to a right end" if wrong.on_the_way else ""
    if wrong.share is None:
        verb = "goes wrong" if where else "ends wrong"
        told = _told(result, wrong.probability)
        return f"It {verb}{where} with probability {told}" if wrong.probability else "No outcome is wrong"
    total = result.schedules
    assert isinstance(total, int)
    if not wrong.share and not wrong.probability:
        return capital(f"{every(total)} {'are' if total > 1 else 'is'} right")
    if wrong.share == 1:
        return f"Every order goes wrong{where}"
    count = wrong.schedules or 0
    head = f"{'at least ' * wrong.least}{count_word(count)} of {count_word(total)} orders"
    head = capital(f"{head} go{'es' * (count == 1)} wrong{where}")
    return head if wrong.share == wrong.probability else f"{head}, with probability {_told(result, wrong.probability)}"


def _rows(result: Result) -> tuple[_Row, ...]:
    apart = cells([outcome.shared for outcome in result.outcomes])
    outcomes = [replace(outcome, shared=shared) for outcome, shared in zip(result.outcomes, apart, strict=True)]
    vary = _varying(outcomes)
    ordered = sorted(outcomes, key=lambda outcome: not outcome.faulty)
    shown = ordered if len(ordered) <= MOST + 1 else _largest(ordered)
    rows = [
        _Row(
            _words(outcome_lines(outcome, vary)),
            outcome.share,
            chance_of(outcome),
            _count(outcome),
            outcome.faulty,
            outcome.probability is None,
        )
        for outcome in shown
    ]
    for faulty in (True, False):
        rest = [outcome for outcome in ordered if outcome not in shown and outcome.faulty is faulty]
        if rest:
            words = f"{len(rest)} more, {'wrong' if faulty else 'right'}"
            counts = [outcome.schedules for outcome in rest]
            total = sum(number for number in counts if isinstance(number, int))
            amount = f"{total:,}" if all(isinstance(number, int) for number in counts) else "∞"
            share = None if rest[0].share is None else sum((one.share or Fraction(0) for one in rest), Fraction(0))
            chance = sum((chance_of(one) or Fraction(0) for one in rest), Fraction(0))
            rows.append(_Row((words,), share, chance, amount, faulty, any(one.probability is None for one in rest)))
    return tuple(rows)


def _words(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(lines) if len(lines) <= 4 else (*lines[:3], f"and {len(lines) - 3} more")


def _largest(ordered: Sequence[Outcome]) -> list[Outcome]:
    chosen = sorted(ordered, key=lambda outcome: -(chance_of(outcome) or 0))[:MOST]
    return [outcome for outcome in ordered if outcome in chosen]


def _count(outcome: Outcome) -> str:
    return f"{outcome.schedules:,}" if isinstance(outcome.schedules, int) else "∞"


def _varying(outcomes: Sequence[Outcome]) -> Mapping[str, frozenset[str]]:
    """Name what tells the outcomes apart; every shared variable when there is but one outcome."""

    def differing(values: Sequence[Mapping[str, object]]) -> frozenset[str]:
        return frozenset(name for name in values[0] if len({repr(some.get(name)) for some in values}) > 1)

    shared = differing([outcome.shared for outcome in outcomes])
    returned = differing([outcome.returned for outcome in outcomes])
    if not shared and not returned and len(outcomes) == 1:
        shared = frozenset(outcomes[0].shared)
        returned = frozenset(name for name, value in outcomes[0].returned.items() if value is not None)
    return {"shared": shared, "returned": returned}


@dataclass(frozen=True)
class _Layout:
    """Where the words, the two zeros and the rows stand."""

    words: float
    zeros: tuple[float, float]
    scale: float
    line: float
    pitch: float
    heading: float
    name: float
    between: float
    bottom: float

    @classmethod
    def fit(cls, frame: Frame, groups: Sequence[tuple[Result, Sequence[_Row]]], head: float) -> _Layout:
        unit = frame.size.small
        texts = [text for _, rows in groups for row in rows for text in row.words]
        words = min(max(frame.text_width(text, mono=True, bold=True) for text in texts) + unit * 1.7, frame.room * 0.46)
        gap = unit * 1.1
        half = (frame.room - words - gap * 1.6) / 2
        scale = half - unit * 0.5
        pitch, line, name = unit * 2.9, unit * 1.3, frame.size.body * 1.6
        heading = unit * (1.75 if frame.text_width(SHARE) <= scale else 3.0)
        between = unit * 0.8
        extra = sum(max(0.0, len(row.words) - 1.5) * line for _, rows in groups for row in rows)
        count = sum(len(rows) for _, rows in groups)
        fixed = head + heading + (name + between) * len(groups) + extra + frame.size.margin - between
        if frame.height is not None:
            pitch = min(unit * 4.4, max(pitch, (frame.height - fixed) / count))
        zeros = (frame.left + words + gap, frame.left + words + gap * 1.6 + half)
        return cls(words, zeros, scale, line, pitch, heading, name, between, fixed + pitch * count)

    def row_height(self, row: _Row) -> float:
        return self.pitch + max(0.0, len(row.words) - 1.5) * self.line


def _labels(row: _Row, total: str) -> tuple[str, str]:
    return (f"{row.schedules} of {total}" if total else row.schedules), row.chance


def _headings(canvas: Canvas, layout: _Layout, y: float, *, shares: bool) -> None:
    """Name both bars, in one line where it has room."""
    unit = canvas.size.small
    names = (SHARE if shares else "schedules", "probability")
    for zero, name in zip(layout.zeros, names, strict=True):
        lines = wrap(name, layout.scale, unit)
        for number, line in enumerate(reversed(lines)):
            canvas.text(zero, y + layout.heading - unit * (1.15 + 1.25 * number), line, colour=MUTED)


def _draw_row(canvas: Canvas, layout: _Layout, row: _Row, total: str, y: float, gid: str) -> None:
    """Write the outcome, and draw its two bars with their numbers over them."""
    unit = canvas.size.small
    middle = y + layout.row_height(row) / 2
    sign = canvas.cross if row.faulty else canvas.tick
    sign(canvas.frame.left + unit * 0.5, middle, unit * 0.32, gid=f"{gid}-sign")
    first = middle - (len(row.words) - 1) * layout.line / 2
    for number, text in enumerate(row.words):
        text = _fitting(canvas, text, layout.words - unit * 1.4, row.faulty)
        canvas.text(canvas.frame.left + unit * 1.3, first + number * layout.line, text, mono=True, bold=row.faulty)
    height = max(unit * 1.05, layout.pitch - unit * 2.4)
    top = middle + unit * 0.6 - height / 2
    label_at = top - unit * 0.72
    axis = [(top - unit * 0.2), (top + height + unit * 0.2)]
    labels = _labels(row, total)
    if canvas.frame.text_width(labels[0], bold=row.faulty) > layout.scale and row.share is not None:
        labels = fraction(row.share), labels[1]
    for zero, value, label, kind in zip(
        layout.zeros, (row.share, row.probability), labels, ("share", "probability"), strict=True
    ):
        if value is None:
            canvas.text(zero, top + height / 2, label, bold=row.faulty)
            continue
        width = layout.scale * float(value)
        canvas.line([(zero, y) for y in axis], stroke=0.9)
        canvas.line(
            [(zero, top + height / 2), (zero + layout.scale, top + height / 2)], colour=RAIL, stroke=0.7, order=1
        )
        canvas.text(zero, label_at, label, bold=row.faulty)
        if width:
            canvas.box(
                zero, top, width, height, fill=BAD if row.faulty else GOOD, dashed=row.faulty, round_by=0,
                stroke=1.6 if row.faulty else 0.8, hatch="////" if row.faulty else None, gid=f"{gid}-{kind}",
            )  # fmt: skip


def _fitting(canvas: Canvas, text: str, room: float, bold: bool) -> str:
    length = len(text)
    while length > 3 and canvas.frame.text_width(clipped(text, length), mono=True, bold=bold) > room:
        length -= 1
    return clipped(text, length)


def _alt(title: str, groups: Sequence[tuple[Result, Sequence[_Row]]]) -> str:
    told = []
    for one, rows in groups:
        parts = [
            f"{', '.join(row.words)}{' (wrong)' if row.faulty else ''}: {row.schedules} schedules, "
            f"{_share(row)}probability {row.chance}"
            for row in rows
        ]
        told.append(f"{one.scenario}: {'; '.join(parts)}.")
    return f"{title}. {' '.join(told)}"


def _share(row: _Row) -> str:
    return "" if row.share is None else f"share {fraction(row.share)}, "


def _table(groups: Sequence[tuple[Result, Sequence[_Row]]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("scenario", "policy", "outcome", "schedules", "share", "probability", "wrong")]
    for one, some in groups:
        rows += [
            (one.scenario, one.policy, "; ".join(row.words), row.schedules.replace(",", ""), _exact(row.share),
             _exact(row.probability), "yes" if row.faulty else "no")
            for row in some
        ]  # fmt: skip
    return rows


def _exact(value: Fraction | None) -> str:
    return "" if value is None else str(value)
