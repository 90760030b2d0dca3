"""The options that several commands share, and how their values are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lab.cli.folder import Folder
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.model.program import Program

__all__ = ["bounds", "checkpoint", "engine", "load", "memory", "parameters", "policy", "setting", "size", "spurious"]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def setting(command: Decorated) -> Decorated:
    """Add the option --set."""
    return click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="NAME=VALUE",
        help="Give a parameter of the scenario another value, for example --set N=4. Repeatable.",
    )(command)


def policy(*, several: bool) -> Callable[[Decorated], Decorated]:
    """Add the option --policy; with `several`, it also takes `all`."""
    every = ", or all of them: all" if several else ""
    return click.option(
        "--policy",
        default="access",
        show_default=True,
        metavar="POLICY",
        help="Where a switch between threads is possible: access (before every shared access), statement, cpython-3.12 "
        "and other versions (where the GIL may be lost), free-threaded, asyncio-fifo (tasks in the order of the event "
        f"loop's queue){every}.",
    )


def spurious(command: Decorated) -> Decorated:
    """Add the option --spurious."""
    return click.option(
        "--spurious", is_flag=True, help="Let threads that wait at a Condition also wake up without being notified."
    )(command)


def bounds(command: Decorated) -> Decorated:
    """Add the options --max-states and --max-seconds."""
    seconds = click.option(
        "--max-seconds",
        type=click.FloatRange(min=0, min_open=True),
        metavar="S",
        help="Stop after S seconds and report what was found until then.",
    )
    states = click.option(
        "--max-states",
        type=click.IntRange(min=1),
        metavar="N",
        help="Stop after N states and report what was found until then.",
    )
    return states(seconds(command))


def memory(command: Decorated) -> Decorated:
    """Add the option --max-memory, of which the command gets the bytes."""
    return click.option(
        "--max-memory",
        callback=lambda _context, _option, text: None if text is None else size(text),
        metavar="SIZE",
        help="Stop before the process takes more memory, such as 500M or 2G, and report what was found until then.",
    )(command)


def checkpoint(command: Decorated) -> Decorated:
    """Add the options --checkpoint, --checkpoint-every and --resume."""
    folder = click.option(
        "--checkpoint",
        type=Folder(),
        metavar="DIR",
        help="Keep in this folder what it takes to go on after a kill or Ctrl-C; a run that ends removes it.",
    )
    every = click.option(
        "--checkpoint-every",
        type=click.FloatRange(min=0),
        default=30.0,
        show_default=True,
        metavar="S",
        help="Seconds between two checkpoints.",
    )
    resume = click.option("--resume", is_flag=True, help="Go on from the checkpoint in the folder of --checkpoint.")
    return folder(every(resume(command)))


_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def size(text: str) -> int:
    """Return the bytes that a text such as 500M or 1.5G stands for.

    Raises
    ------
    UsageError
        When it is none, or less than a byte.

    Examples
    --------
    >>> size("500M"), size("1.5g"), size("64KB")
    (524288000, 1610612736, 65536)
    """
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([KMGT])(?:i?B)?", text.strip(), re.ASCII | re.IGNORECASE)
    number = int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
    if number < 1:
        raise UsageError(f"--max-memory takes a size such as 500M or 2G, not {text!r}")
    return number


def engine(command: Decorated) -> Decorated:
    """Add the option --engine."""
    return click.option(
        "--engine",
        default="auto",
        show_default=True,
        metavar="ENGINE",
        help="What explores: numpy, compiled (needs numba, the extra `fast`), or auto, which compiles where it pays.",
    )(command)


def parameters(settings: Iterable[str]) -> dict[str, Any]:
    """Return the parameters given as NAME=VALUE.

    Raises
    ------
    UsageError
        When an entry cannot be read, or names a parameter a second time.

    Examples
    --------
    >>> parameters(["N=4", "PAIR=(1, 2)"])
    {'N': 4, 'PAIR': (1, 2)}
    """
    from lab.language import parse_setting  # reading the command line alone needs no parser

    found: dict[str, Any] = {}
    for entry in settings:
        name, value = parse_setting(entry)
        if name in found:
            raise UsageError(f"--set gives {name} twice")
        found[name] = value
    return found


def load(scenario: str, settings: Iterable[str] = ()) -> Program:
    """Return the program for what the user typed: the name of a shipped scenario, or a file.

    Raises
    ------
    UsageError, ScenarioError
        When there is no such file, or it is outside the language.
    """
    import lab

    try:
        return lab.load(scenario, parameters(settings))
    except UsageError:
        if Path(scenario).is_dir() and ("/" in scenario or scenario.startswith(".")):
            raise UsageError(f"{scenario} is a directory; name a scenario file in it") from None
        raise
