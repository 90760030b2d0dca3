"""The option --python: the interpreters that a command runs scenarios on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lab.cli.screen import complain

if TYPE_CHECKING:
    from lab.verify.interpreters import Interpreter

__all__ = ["chosen", "option"]

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def option(command: Decorated) -> Decorated:
    """Add the option --python."""
    return click.option(
        "--python",
        "pythons",
        multiple=True,
        metavar="EXE",
        help="Run on this interpreter (3.9 or later, nothing installed); else on each version found here. Repeatable.",
    )(command)


def chosen(pythons: Iterable[str]) -> tuple[Interpreter, ...]:
    """Return the interpreters named, else those found here; of these a line says which do not run.

    Raises
    ------
    UsageError
        One that is named is no interpreter, or too old.
    """
    from lab.verify.interpreters import examined, found

    named = tuple(map(examined, pythons))
    if named:
        return named
    usable, broken = found()
    for one in broken:
        complain(f"lab: {one.reason}")
    for other in usable:
        if other.policy is None:
            complain(
                f"lab: no policy is known for {other.path}, {other.implementation} {other.release}; it is left out"
            )
    return tuple(one for one in usable if one.policy is not None)
