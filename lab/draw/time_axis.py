"""An axis of time, the same under every picture of a run."""

from __future__ import annotations

from lab.draw.canvas import Canvas
from lab.draw.style import MUTED, RAIL

__all__ = ["draw_axis", "shown_time"]

STEPS = tuple(digit * 10.0**power for power in range(-3, 7) for digit in (1, 2, 5))
"""Units that may lie between two numbers of the axis."""

SECONDS = 2_000_000_000
"""From so many nanoseconds on an axis counts in seconds."""


def shown_time(nanoseconds: int) -> str:
    """Return a time in words.

    Examples
    --------
    >>> shown_time(12_300_000), shown_time(2_000_000_000)
    ('12.3 ms', '2 s')
    """
    seconds = nanoseconds / 1e9
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def draw_axis(canvas: Canvas, y: float, left: float, right: float, end: int) -> None:
    """Draw an axis from 0 to `end` nanoseconds, with numbers in milliseconds, or in seconds from two on."""
    unit = canvas.size.small
    canvas.line([(left, y), (right, y)], colour=RAIL)
    scale, word = (1e9, "s") if end >= SECONDS else (1e6, "ms")
    last = end / scale
    widest = canvas.frame.text_width(f"{last:.0f} {word}") + unit
    most = min(12, max(1, int((right - left) / widest)))
    step = next((one for one in STEPS if last / one <= most), last)
    for number in range(int(last / step + 1e-9) + 1):
        x = left + (right - left) * number * step / last
        canvas.line([(x, y), (x, y + unit * 0.4)], colour=RAIL)
        label = f"{number * step:g}" + f" {word}" * (number == 0)
        canvas.text(x, y + unit * 1.2, label, align="center", colour=MUTED)
