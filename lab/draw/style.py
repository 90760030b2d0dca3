"""How every figure looks: sizes, type, colours, and the settings that make the same data give the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.colors import to_hex, to_rgb
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.textpath import text_to_path

from lab.errors import UsageError

__all__ = [
    "BAD",
    "GOOD",
    "INK",
    "MUTED",
    "PALE",
    "PAPER",
    "RAIL",
    "SIZES",
    "SMALLEST",
    "THREADS",
    "Role",
    "Size",
    "SizeName",
    "balanced",
    "contrast",
    "font",
    "ink_on",
    "settings",
    "size_named",
    "stroke_colour",
    "thread_colour",
    "width_of",
    "wrap",
]

PAPER = "#FFFFFF"
INK = "#1A1A1A"
MUTED = "#595959"
PALE = "#EBEBEB"
RAIL = "#8C8C8C"
"""For lines that carry no message of their own: 3.4:1 against paper."""
THREADS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Okabe and Ito's colours, one per thread in the order of the file; a seventh thread starts again."""
GOOD = "#009E73"
BAD = "#E69F00"

SMALLEST = 8.0
"""Points: no text of any figure is smaller at its final size."""

Role = Literal["title", "body", "small"]
SizeName = Literal["column", "page", "slide"]
MM = 72 / 25.4


@dataclass(frozen=True)
class Size:
    """A format to draw for, in points; `height` is None where the drawing decides.

    `title`, `body` and `small` are the three sizes of type, `stroke` the width of an ordinary line.
    """

    name: SizeName
    width: float
    height: float | None
    margin: float
    title: float
    body: float
    small: float
    stroke: float

    def points(self, role: Role) -> float:
        """Return the size of type for a role."""
        return {"title": self.title, "body": self.body, "small": self.small}[role]

    @property
    def line(self) -> float:
        """The distance from one small line of text to the next."""
        return self.small * 1.3


SIZES: dict[str, Size] = {
    "column": Size("column", 89 * MM, None, 5, 10, 8.5, 8, 0.9),
    "page": Size("page", 183 * MM, None, 6, 11, 9, 8, 0.9),
    "slide": Size("slide", 960, 540, 32, 30, 21, 18, 2.0),
}


def size_named(name: str) -> Size:
    """Return a size by its name.

    Raises
    ------
    UsageError
        When there is no such size.
    """
    if name not in SIZES:
        raise UsageError(f"no size {name!r}: choose one of {', '.join(SIZES)}")
    return SIZES[name]


def _settings() -> Any:
    base: dict[str, Any] = {key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith("backend")}
    return base | {
        "svg.fonttype": "none",
        "svg.hashsalt": "gil-lab",
        "svg.image_inline": True,
        "pdf.fonttype": 42,
        "pdf.compression": 6,
        "font.family": ["sans-serif"],
        "text.usetex": False,
        "text.parse_math": False,
        "text.hinting": "no_hinting",
        "path.simplify": False,
        "hatch.linewidth": 0.6,
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
    }


@contextmanager
def settings() -> Iterator[None]:
    """Hold matplotlib to the lab's settings for the length of a block; the user's own come back after it."""
    with mpl.rc_context(_settings()):
        yield


@cache
def font(points: float, mono: bool = False, bold: bool = False) -> FontProperties:
    """Return the face: DejaVu Sans, or its monospaced sister for code. Both come with matplotlib."""
    return FontProperties(
        family="monospace" if mono else "sans-serif", size=points, weight="bold" if bold else "normal"
    )


@cache
def width_of(text: str, points: float, mono: bool = False, bold: bool = False) -> float:
    """Return the width of one line of text in points, measured from the font without hinting."""
    width, _, _ = text_to_path.get_text_width_height_descent(text, _face(mono, bold), False)
    return float(width) * points / 10


@cache
def _face(mono: bool, bold: bool) -> FontProperties:
    """Return a face at 10 points by its file, so that measuring needs no settings."""
    with settings():
        return FontProperties(fname=findfont(font(10, mono, bold)), size=10)


def wrap(text: str, room: float, points: float, mono: bool = False, bold: bool = False) -> list[str]:
    """Break a text at its spaces into lines no wider than `room` points; a longer word stands alone.

    A number stays with its unit, and what a no-break space joins.
    """
    lines = [""]
    for word in re.split(r"[ \n]+(?!(?:ms|s|µs)\b)", text.strip()):
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or width_of(longer, points, mono, bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def balanced(text: str, room: float, points: float, bold: bool = False) -> list[str]:
    """Break a text into as few lines as `wrap` does, of lengths as even as possible."""
    lines = wrap(text, room, points, bold=bold)
    while len(lines) > 1 and room > points * 4:
        room -= points / 4
        narrower = wrap(text, room, points, bold=bold)
        if len(narrower) > len(lines):
            break
        lines = narrower
    return lines


def _luminance(colour: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21, as WCAG 2 defines it.

    Examples
    --------
    >>> round(contrast("#000000", "#FFFFFF"), 1), round(contrast("#0072B2", "#FFFFFF"), 1)
    (21.0, 5.2)
    """
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ink_on(colour: str) -> str:
    """Return the colour for text on a ground: ink or paper, whichever stands out more."""
    return max(INK, PAPER, key=lambda ink: contrast(ink, colour))


def thread_colour(number: int) -> str:
    """Return the colour of a thread by its place in the file, the same in every figure."""
    return THREADS[number % len(THREADS)]


@cache
def stroke_colour(number: int) -> str:
    """Return the colour of a thread's lines: its own, darkened until it stands out from paper by 3:1.

    Examples
    --------
    >>> stroke_colour(0) == thread_colour(0), stroke_colour(4) == thread_colour(4)
    (True, False)
    """
    red, green, blue = to_rgb(thread_colour(number))
    colour = thread_colour(number)
    while contrast(colour, PAPER) < 3:
        red, green, blue = red * 0.97, green * 0.97, blue * 0.97
        colour = to_hex((red, green, blue)).upper()
    return colour
