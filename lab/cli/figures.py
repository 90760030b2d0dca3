"""`lab figures`: the whole gallery."""

from __future__ import annotations

from pathlib import Path

import click

from lab.cli.folder import Folder, check_writable
from lab.cli.screen import say
from lab.cli.status import FINE
from lab.cli.watch import ProgressLine

__all__ = ["figures", "tell_of"]


@click.command(
    short_help="Draw the gallery of figures.",
    epilog="\b\nExample:\n  lab figures drawn",
)
@click.argument("folder", metavar="[DIR]", default="figures", type=Folder())
def figures(folder: Path) -> int:
    """Draw the gallery of figures into DIR, or into figures/.

    Each figure comes as SVG, PNG and PDF, for a column and for a slide, with its data as CSV; README.md shows them all.
    """
    from lab.draw import draw_gallery  # matplotlib takes a while

    check_writable(folder)
    with ProgressLine() as line:
        paths = draw_gallery(folder, line.figure)
    say(tell_of(paths))
    return FINE


def tell_of(paths: list[Path]) -> str:
    """Return where figures are: one line for each, with the kinds of files it comes as."""
    kinds: dict[Path, list[str]] = {}
    for path in paths:
        kinds.setdefault(path.with_suffix(""), []).append(path.suffix.removeprefix("."))
    return "\n".join(["Figures:", *(f"  {stem}: {', '.join(found)}" for stem, found in kinds.items())])
