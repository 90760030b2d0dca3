"""Switch points in code: the source, its steps, and a margin for each policy that says where a switch can happen."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from lab.draw.canvas import Canvas, Frame
from lab.draw.drawing import Drawing
from lab.draw.policy_names import grouped, pythons
from lab.draw.style import BAD, INK, MUTED, PAPER, RAIL, SizeName, wrap
from lab.draw.words import capital, count_word, listing
from lab.errors import UsageError
from lab.model.switch_points import Operation, switch_points
from lab.model.windows import windows

if TYPE_CHECKING:
    from lab.model.program import Program

__all__ = ["switch_points_in_code"]

MOST_ROWS = 40
MOST_MARGINS = 6
SHADE = "#FBE7C0"


@dataclass(frozen=True)
class _Row:
    """A line of the source, or one of the steps it takes, which stands below it."""

    line: int
    text: str
    step: Operation | None = None


@dataclass(frozen=True)
class _Plan:
    """What is drawn: rows, margins with the policies of each, windows as rows from the read to the write."""

    rows: tuple[_Row, ...]
    margins: tuple[tuple[str, ...], ...]
    windows: tuple[tuple[int, int], ...]
    locations: tuple[str, ...]
    inside: frozenset[int]

    def switches(self, margin: int, row: int) -> bool:
        """Whether the policies of a margin may switch in front of a row."""
        step = self.rows[row].step
        return step is not None and self.margins[margin][0] in step.policies

    def parted(self, margin: int) -> bool:
        """Whether the policies of a margin may switch inside a window."""
        return any(self.switches(margin, row) for row in self.inside)


def switch_points_in_code(program: Program, *, ax: Axes | None = None, size: SizeName = "page") -> Drawing:
    """Draw the source of a program's threads with their steps, and beside it where each policy may switch.

    A mark in the margin stands in front of the step it belongs to. What lies between a thread's read of a shared place
    and its write is shaded; a switch in there can lose an update, unless a lock keeps the others out.

    Parameters
    ----------
    program : Program
        Of at most some 40 lines and steps.
    ax : Axes, optional
        Where to draw; a new figure of the given size if not.
    size : SizeName
        The format.

    Raises
    ------
    UsageError
        The source is too long or too wide.
    """
    plan, complete = _plan(program)
    frame = Frame.of(size, ax)
    title = _title(plan)
    note = f"{program.name} · policy by policy · {'exact, all states' if complete else 'the first states'}"
    sheet = _Sheet.fit(frame, plan, frame.head_height(title, note))
    canvas = Canvas(frame, frame.tall(sheet.bottom, "this source"))
    sheet.draw(canvas, plan, canvas.head(title, note))
    return canvas.finish(title, note, _alt(title, plan), _table(plan))


def _plan(program: Program) -> tuple[_Plan, bool]:
    points = switch_points(program)
    rows = _rows(program, points.lines)
    margins = [(name, *others) for name, others in points.alike.items()]
    if len(rows) > MOST_ROWS or len(margins) > MOST_MARGINS:
        raise UsageError(f"{program.name} has {len(rows)} lines and steps: more than {MOST_ROWS} are no figure")
    if not any(row.step for row in rows):
        raise UsageError(f"{program.name} has no step to draw")
    at = {place: number for number, row in enumerate(rows) if row.step for place in row.step.places}
    found: dict[tuple[int, int], None] = {}
    names: dict[str, None] = {}
    inside: set[int] = set()
    for window in windows(program):
        within = [at[window.thread, place] for place in window.positions if (window.thread, place) in at]
        if len(within) > 1:
            found[min(within), max(within)] = None
            names[window.location] = None
            inside |= set(within[1:]) - {within[0]}
    return _Plan(tuple(rows), tuple(margins), tuple(found), tuple(names), frozenset(inside)), points.complete


def _rows(program: Program, operations: Mapping[int, list[Operation]]) -> list[_Row]:
    """Return the lines of every function and class that takes steps, each with its steps below it."""
    rows: list[_Row] = []
    for node in ast.parse(program.source).body:
        lines = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        if not any(operations.get(line) for line in lines):
            continue
        silent = _silent(node)
        for line in lines:
            if line in silent:
                continue
            text = program.lines[line - 1].rstrip()
            rows += [_Row(line, text)] if text else []
            indent = " " * (len(text) - len(text.lstrip()) + 2)
            rows += [_Row(line, indent + step.text, step) for step in operations.get(line, [])]
    return rows


def _silent(node: ast.stmt) -> set[int]:
    """Return the lines of docstrings and of `global` and `nonlocal`: nothing runs there."""
    return {
        line
        for one in ast.walk(node)
        if isinstance(one, ast.Global | ast.Nonlocal)
        or (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str))
        for line in range(one.lineno, (one.end_lineno or one.lineno) + 1)
    }


def _title(plan: _Plan) -> str:
    real = [(number, pythons(names)) for number, names in enumerate(plan.margins)]
    bad = [name for number, names in real for name in names if plan.parted(number)]
    good = [name for number, names in real for name in names if not plan.parted(number)]
    place = plan.locations[0] if len(plan.locations) == 1 else "a shared place"
    way = f"inside the window of {place}"
    if plan.windows and bad and good:
        return f"{capital(_subject(bad))} can switch {way}; {_subject(good, bare=True)} cannot"
    if plan.windows and (bad or good):
        return f"{'Every' if bad else 'No'} Python can switch {way}"
    return _title_of_steps(plan)


def _title_of_steps(plan: _Plan) -> str:
    """Say where a switch is possible in code that no window is in."""
    steps = [number for number, row in enumerate(plan.rows) if row.step]
    said = [plan.rows[number].text.strip() for number in steps]
    if all(text == "begin" or text.endswith("goes on") for text in said):
        return "Tasks switch nowhere but where they begin and where they await"
    counts = [sum(plan.switches(margin, row) for row in steps) for margin in range(len(plan.margins))]
    free = min(counts)
    if free == len(steps):
        return f"Every policy can switch in front of every step, {count_word(free)} in all"
    coarsest = plan.margins[counts.index(free)]
    name = _subject(pythons(coarsest)) if pythons(coarsest) else f"policy {listing(grouped(coarsest))}"
    return capital(f"{name} can switch in front of {count_word(free)} of {count_word(len(steps))} steps")


def _subject(names: Sequence[str], *, bare: bool = False) -> str:
    """Write versions as the subject of a sentence."""
    versions = [name for name in names if name != "no GIL"]
    said = [*versions, *["free-threaded Python"] * (len(versions) < len(names))]
    return listing(said) if bare or not versions else f"Python {listing(said)}"


@dataclass(frozen=True)
class _Sheet:
    """Where things stand: the code's left edge and width, the margins' middles, the height of a row."""

    code: float
    wide: float
    columns: tuple[float, ...]
    heads: tuple[tuple[str, ...], ...]
    head: float
    row: float
    bottom: float

    @classmethod
    def fit(cls, frame: Frame, plan: _Plan, top: float) -> _Sheet:
        unit = frame.size.small
        code = frame.left + frame.text_width(str(max(row.line for row in plan.rows)), mono=True) + unit * 0.9
        wide = max(frame.text_width(row.text, mono=row.step is None) for row in plan.rows) + unit * 0.5
        room = frame.right - code - wide
        column = min(room / len(plan.margins), unit * 14)
        names = [", ".join(name.replace(" ", "\u00a0") for name in grouped(policies)) for policies in plan.margins]
        heads = tuple(tuple(wrap(name, column - unit * 0.4, unit, bold=True)) for name in names)
        if any(frame.text_width(line, bold=True) > column - unit * 0.2 for lines in heads for line in lines):
            raise UsageError("the lines of this source are too long for a figure of this size")
        head = max(map(len, heads)) * frame.size.line + unit * 0.6
        row, key = unit * (1.5 if frame.height is None else 1.28), unit * (0.8 + 1.8 * len(_key_lines(frame, plan)))
        fixed = top + head + key + frame.size.margin
        if frame.height is not None:
            row = max(row, min((frame.height - fixed) / len(plan.rows), unit * 2.1))
        columns = tuple(code + wide + column * (number + 0.5) for number in range(len(plan.margins)))
        return cls(code, wide, columns, heads, head, row, fixed + row * len(plan.rows))

    def draw(self, canvas: Canvas, plan: _Plan, top: float) -> None:
        """Draw it all below `top`."""
        unit, line = canvas.size.small, canvas.size.line
        for x, lines in zip(self.columns, self.heads, strict=True):
            for number, text in enumerate(lines):
                y = top + self.head - unit * 0.6 - (len(lines) - number - 0.5) * line
                canvas.text(x, y, text, align="center", bold=True)
        start = top + self.head
        for number, (first, last) in enumerate(plan.windows, 1):
            y, high = start + first * self.row, (last - first + 1) * self.row
            width = self.columns[-1] + unit * 1.2 - self.code
            canvas.box(
                self.code - unit * 0.3, y, width, high, fill=SHADE, edge=INK, stroke=1.0, dashed=True, round_by=0,
                gid=f"window-{number}", order=1,
            )  # fmt: skip
        end = start + len(plan.rows) * self.row
        for x in self.columns:
            canvas.line([(x, start), (x, end)], colour=RAIL, stroke=0.7, order=1.5)
        for number, row in enumerate(plan.rows):
            self._row(canvas, plan, number, row, start + (number + 0.5) * self.row)
        self._key(canvas, plan, end + unit * 1.6)

    def _row(self, canvas: Canvas, plan: _Plan, number: int, row: _Row, y: float) -> None:
        """Write a line or a step, and mark the margins of the policies that may switch in front of it."""
        shaded = any(first <= number <= last for first, last in plan.windows)
        ground = SHADE if shaded else PAPER
        if row.step is None:
            right = self.code - canvas.size.small * 0.9
            canvas.text(right, y, str(row.line), colour=MUTED, align="right", mono=True)
            canvas.text(self.code, y, row.text, mono=True, ground=ground)
            return
        indent = len(row.text) - len(row.text.lstrip())
        x = self.code + canvas.frame.text_width("x" * indent, mono=True)
        canvas.text(x, y, row.text.strip(), colour=MUTED, ground=ground)
        for margin, middle in enumerate(self.columns):
            if plan.switches(margin, number):
                gid = f"switch-{margin + 1}-{number + 1}"
                self._mark(canvas, middle, y - self.row / 2, gid, bad=number in plan.inside)

    def _mark(self, canvas: Canvas, x: float, y: float, gid: str | None, *, bad: bool) -> None:
        unit = canvas.size.small
        if bad:
            canvas.disc(x, y, unit * 0.62, fill=BAD, stroke=1.6, dashed=True, gid=gid)
            canvas.cross(x, y, unit * 0.28)
        else:
            canvas.line([(x - unit * 0.8, y), (x + unit * 0.8, y)], stroke=2.4, gid=gid, order=4)

    def _key(self, canvas: Canvas, plan: _Plan, y: float) -> None:
        """Say what the marks mean."""
        unit, x = canvas.size.small, canvas.frame.left
        for number, line in enumerate(_key_lines(canvas.frame, plan)):
            for kind, said, offset in line:
                left, middle = x + offset, y + number * unit * 1.8
                if kind == "window":
                    canvas.box(left, middle - unit * 0.6, unit * 1.7, unit * 1.2, fill=SHADE, dashed=True, round_by=0)
                else:
                    self._mark(canvas, left + unit * 0.85, middle, None, bad=kind == "inside")
                canvas.text(left + unit * 2.2, middle, said)


def _key_lines(frame: Frame, plan: _Plan) -> list[list[tuple[str, str, float]]]:
    """Return the lines of the key: kinds of marks, their words, and how far to the right they begin."""
    items = [("switch", "a switch is possible")]
    items += [("window", "from a read to its write")] * bool(plan.windows)
    if any(plan.parted(margin) for margin in range(len(plan.margins))):
        items.insert(1, ("inside", "inside the window"))
    lines: list[list[tuple[str, str, float]]] = [[]]
    x, unit = 0.0, frame.size.small
    for kind, said in items:
        width = unit * 2.2 + frame.text_width(said)
        if lines[-1] and x + width > frame.room:
            lines.append([])
            x = 0.0
        lines[-1].append((kind, said, x))
        x += width + unit * 1.2
    return lines


def _alt(title: str, plan: _Plan) -> str:
    said = []
    for number, row in enumerate(plan.rows):
        if row.step is not None:
            free = [name for margin in range(len(plan.margins)) if plan.switches(margin, number)
                    for name in grouped(plan.margins[margin])]  # fmt: skip
            inside = ", inside the window" if number in plan.inside else ""
            said.append(f"line {row.line}, {row.text.strip()}{inside}: {listing(free) or 'none'}")
    return f"{title}. In front of which steps a switch is possible: {'; '.join(said)}."


def _table(plan: _Plan) -> list[tuple[str, ...]]:
    """Return a row for each step, with a column for each policy."""
    policies = [name for names in plan.margins for name in names]
    rows: list[tuple[str, ...]] = [("line", "step", "inside a window", *policies)]
    for number, row in enumerate(plan.rows):
        if row.step is not None:
            free = ["yes" if name in row.step.policies else "no" for name in policies]
            rows.append((str(row.line), row.text.strip(), "yes" if number in plan.inside else "no", *free))
    return rows
