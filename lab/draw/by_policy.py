"""Versions of Python below each other: how many orders of a scenario go wrong under the policy of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.policy_names import grouped, pythons
from lab.draw.style import BAD, MUTED, RAIL, SizeName
from lab.draw.words import fraction, listing
from lab.draw.wrong import Wrong, wrong_of
from lab.errors import UsageError
from lab.explorer.result import Result
from lab.model.policies import POLICIES

__all__ = ["wrong_by_policy"]


@dataclass(frozen=True)
class _Row:
    """Neighbouring policies under which every scenario comes out the same, and its results."""

    policies: tuple[str, ...]
    results: tuple[Result, ...]

    @property
    def name(self) -> str:
        """What the row is called: versions where there are some."""
        named = pythons(self.policies) or grouped(self.policies)
        return ", ".join(named)


def wrong_by_policy(
    *scenarios: Sequence[Result], ax: Axes | None = None, size: SizeName = "column"
) -> Drawing:  # fmt: skip
    """Draw how many orders go wrong under each policy, policies below each other and scenarios side by side.

    Parameters
    ----------
    *scenarios : sequence of Result
        For each of one or two scenarios its complete explorations, under the same policies in the same order.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        The policies differ, there is but one or no difference, nothing goes wrong, an exploration is incomplete, or
        there is no room.
    """
    rows = _rows(scenarios)
    frame = Frame.of(size, ax)
    title = _title(rows)
    note = "policy by policy · exact, all schedules of each · bar: the share of the orders that go wrong"
    unit = frame.size.small
    head = frame.head_height(title, note)
    fixed = head + unit * 1.8 + frame.size.margin
    height = frame.tall(fixed + unit * 3.0 * len(rows), "this chart of policies")
    canvas = Canvas(frame, height)
    top = canvas.head(title, note)
    pitch = min((height - fixed) / len(rows), unit * 4.4)
    left = frame.left + max(frame.text_width(row.name, bold=True) for row in rows) + unit
    count = len(rows[0].results)
    gap = unit * 1.2
    wide = (frame.right - left - gap * (count - 1)) / count
    for place, result in enumerate(rows[0].results):
        x = left + place * (wide + gap)
        canvas.text(x, top + unit * 0.6, _short(frame, result.scenario, wide), colour=MUTED)
        for number, row in enumerate(rows):
            y = top + unit * 1.8 + pitch * (number + 0.5)
            _bar(canvas, row.results[place], (x, y, wide), pitch, f"wrong-{number + 1}-{place + 1}")
    for number, row in enumerate(rows):
        canvas.text(frame.left, top + unit * 1.8 + pitch * (number + 0.5) + unit * 0.6, row.name, bold=True)
    return canvas.finish(title, note, _alt(title, rows), _table(scenarios))


def _rows(scenarios: Sequence[Sequence[Result]]) -> list[_Row]:
    """Join neighbours that come out the same; policies that no Python has are left out where others are there."""
    if not 1 <= len(scenarios) <= 2 or len({tuple(one.policy for one in some) for some in scenarios}) > 1:
        raise UsageError("policies are compared for one or two scenarios, under the same policies")
    if any(not one.complete or not one.outcomes for some in scenarios for one in some):
        raise UsageError("an exploration is incomplete, so that nothing is known of all orders")
    columns = sorted(zip(*scenarios, strict=True), key=lambda results: list(POLICIES).index(results[0].policy))
    real = [results for results in columns if pythons([results[0].policy])]
    rows: list[_Row] = []
    for results in real if len(real) > 1 else columns:
        name = results[0].policy
        same = rows and [_fate(one) for one in rows[-1].results] == [_fate(one) for one in results]
        if same and name != "free-threaded":
            rows[-1] = _Row((*rows[-1].policies, name), rows[-1].results)
        else:
            rows.append(_Row((name,), results))
    fates = {tuple(map(_fate, row.results)) for row in rows}
    if len(fates) < 2 or not any(wrong_of(result).probability for row in rows for result in row.results):
        raise UsageError("there is but one policy, all come out the same, or none goes wrong")
    return rows


def _fate(result: Result) -> tuple[object, Wrong]:
    return result.schedules, wrong_of(result)


def _title(rows: Sequence[_Row]) -> str:
    """Say under which policies the first scenario goes wrong, and what is different about the second."""
    bad, good = _parted(rows, 0)
    name = rows[0].results[0].scenario
    if not bad or not good:
        head = f"{name} {'goes wrong' if bad else 'is right'} everywhere"
    else:
        head = f"{name} can go wrong on {_pythons(bad)}, but not on {_pythons(good, bare=True)}"
    if len(rows[0].results) == 1:
        return head
    bad, good = _parted(rows, 1)
    other = rows[0].results[1].scenario.rpartition("/")[2]
    if not bad or not good:
        return f"{head}; {other} can{'' if bad else 'not'} on any"
    return f"{head}; {other} can on {_pythons(bad)}"


def _parted(rows: Sequence[_Row], place: int) -> tuple[list[str], list[str]]:
    sides: tuple[list[str], list[str]] = ([], [])
    for row in rows:
        wrong = wrong_of(row.results[place])
        sides[not (wrong.probability or wrong.schedules)].append(row.name)
    return sides


def _pythons(names: Sequence[str], *, bare: bool = False) -> str:
    versions = [one for name in names for one in name.split(", ") if one != "no GIL"]
    said = ["free-threaded Python"] * ("no GIL" in names)
    return (
        listing([*versions, *said])
        if bare or not versions or not versions[0][0].isdigit()
        else (f"Python {listing([*versions, *said])}")
    )


def _short(frame: Frame, name: str, room: float) -> str:
    return name if frame.text_width(name) <= room else name.rpartition("/")[2]


def _bar(canvas: Canvas, result: Result, at: tuple[float, float, float], pitch: float, gid: str) -> None:
    """Draw the part of the orders that go wrong, and write how many they are; a tick where there is none."""
    unit, (x, y, wide) = canvas.size.small, at
    wrong = wrong_of(result)
    value = wrong.probability if wrong.share is None else wrong.share
    high = max(unit * 1.1, pitch - unit * 2.2)
    top = y + unit * 0.6 - high / 2
    canvas.line([(x, top - unit * 0.2), (x, top + high + unit * 0.2)], stroke=0.9)
    canvas.line([(x, top + high / 2), (x + wide, top + high / 2)], colour=RAIL, stroke=0.7, order=1)
    said = _said(canvas.frame, result, wrong, wide - unit * 1.4)
    label = top - unit * 0.75
    if not value:
        canvas.tick(x + unit * 0.5, label, unit * 0.32, gid=f"{gid}-right")
        canvas.text(x + unit * 1.3, label, said)
        return
    canvas.cross(x + unit * 0.5, label, unit * 0.3, gid=f"{gid}-wrong")
    canvas.text(x + unit * 1.3, label, said, bold=True)
    canvas.box(x, top, wide * float(value), high, fill=BAD, dashed=True, round_by=0, stroke=1.6, hatch="////", gid=gid)


def _said(frame: Frame, result: Result, wrong: Wrong, room: float) -> str:
    """Write how many orders go wrong, with the probability where there is room."""
    if not isinstance(result.schedules, int):
        return f"probability {fraction(wrong.probability)}" if wrong.probability else "none"
    if not wrong.schedules:
        return f"none of {result.schedules:,}"
    short = f"{wrong.schedules:,} of {result.schedules:,}"
    long = f"{short}, probability {fraction(wrong.probability)}"
    return long if frame.text_width(long, bold=True) <= room else short


def _alt(title: str, rows: Sequence[_Row]) -> str:
    said = []
    for row in rows:
        parts = [f"{result.scenario} {_told(result)}" for result in row.results]
        said.append(f"{row.name}: {listing(parts)}")
    return f"{title}. Orders that go wrong: {'; '.join(said)}."


def _told(result: Result) -> str:
    wrong = wrong_of(result)
    if not isinstance(result.schedules, int):
        return f"with probability {fraction(wrong.probability)}"
    return f"{wrong.schedules or 0:,} of {result.schedules:,}, probability {fraction(wrong.probability)}"


def _table(scenarios: Sequence[Sequence[Result]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("scenario", "policy", "schedules", "wrong", "share", "probability")]
    for some in scenarios:
        for one in some:
            wrong = wrong_of(one)
            total = str(one.schedules) if isinstance(one.schedules, int) else "infinite"
            numbers = [_exact(wrong.schedules), _exact(wrong.share), _exact(wrong.probability)]
            rows.append((one.scenario, one.policy, total, *numbers))
    return rows


def _exact(value: int | Fraction | None) -> str:
    return "" if value is None else str(value)
