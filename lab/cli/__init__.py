"""The command line: the only place that prints and sets exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from lab.cli.commands import app
from lab.cli.guard import guarded

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave with its exit status; `arguments` default to those of the process."""
    sys.exit(guarded(app, sys.argv[1:] if arguments is None else arguments))
