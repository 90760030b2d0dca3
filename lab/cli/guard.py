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
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return WRONG
    except click.ClickException as error:
        complain(_misused(error))
        return WRONG
    except (KeyboardInterrupt, click.Abort):
        complain("lab: interrupted")
        return BOUND
    except EXPECTED as error:
        complain(explained(error))
        return status_of_error(error)
    return status if isinstance(status, int) else FINE


def _misused(error: click.ClickException) -> str:
    """Return what is wrong with the words of a command as one sentence."""
    context = getattr(error, "ctx", None)
    path = "lab" if context is None else context.command_path
    first, _, rest = error.format_message().rstrip(".?").partition(". Did you mean ")
    meant = f"; did you mean {rest}?" if rest else f"; `{path} --help` shows what there is"
    return f"{path}: {first[:1].lower()}{first[1:]}{meant}"


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
