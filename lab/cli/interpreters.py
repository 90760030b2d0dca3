"""The option --python: the interpreters that a command runs scenarios on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from lab.cli.screen import complain
from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.model.program import Program
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


def chosen(pythons: Iterable[str], program: Program) -> tuple[Interpreter, ...]:
    """Return the interpreters named, else those found here that can run a program; a line says which are left out.

    Raises
    ------
    UsageError
        One that is named is no interpreter, or too old.
    """
    from lab.verify.interpreters import examined, found, lacking

    named = tuple(map(examined, pythons))
    for one in named:
        if missing := lacking(program, one):
            raise UsageError(f"{one.path} is Python {one.release}, which has no {missing}")
    if named:
        return named
    usable, broken = found()
    for other in broken:
        complain(f"lab: {other.reason}")
    for one in usable:
        if one.policy is None:
            complain(f"lab: no policy is known for {one.path}, {one.implementation} {one.release}; it is left out")
    able = tuple(one for one in usable if one.policy is not None and not lacking(program, one))
    older = [one for one in usable if lacking(program, one)]
    if older:
        complain(f"lab: Python {', '.join(one.name for one in older)} cannot run it: no {lacking(program, older[0])}")
    return able
