"""A picture of the gallery."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lab.draw.drawing import Drawing
from lab.draw.style import SizeName

__all__ = ["Maker", "Picture"]

Maker = Callable[[SizeName], Drawing]


@dataclass(frozen=True)
class Picture:
    """One picture of the gallery: its file name, what it is for, and how it is made at a size."""

    name: str
    caption: str
    make: Maker
