"""Runs a command so that whatever goes wrong ends in one sentence and an exit status, never in a traceback."""

from __future__ import annotations

from collections.abc import Sequence

import click

from lab.cli.screen import complain, prepare
from lab.cli.status import BOUND, FINE, WRONG
from lab.errors import IncompleteError, LabError, ScenarioError

__all__ = ["explained", "guarded", "status_of_error"]

EXPECTED = (LabError, OSError, UnicodeError, MemoryError)
"""What the world may do to a command; anything else is a fault of the lab and keeps its traceback."""


def guarded(command: click.Command, arguments: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    prepare()
    try:
        status = command.main(list(arguments), prog_name="lab", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return WRONG
    except (KeyboardInterrupt, click.Abort):
        complain("lab: interrupted")
        return BOUND
    except EXPECTED as error:
        complain(explained(error))
        return status_of_error(error)
    return status if isinstance(status, int) else FINE


def explained(error: Exception) -> str:
    """Return an expected error as the sentence that the user reads."""
    if isinstance(error, ScenarioError):
        return str(error)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename is not None else ""
        return f"lab: {place}{error.strerror or error}"
    if isinstance(error, UnicodeError):
        return f"lab: the file is not UTF-8 text ({error})"
    if isinstance(error, MemoryError):
        return "lab: not enough memory; set a bound with --max-memory or --max-states"
    return f"lab: {error}"


def status_of_error(error: Exception) -> int:
    """Return the exit status that an expected error leads to."""
    return BOUND if isinstance(error, MemoryError | IncompleteError) else WRONG
