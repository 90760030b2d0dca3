"""The front end: a scenario's text becomes a Program, or one ScenarioError that says where and what instead."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lab.errors import UsageError
from lab.language.file import ScenarioFile
from lab.language.parameters import parse_setting
from lab.model.program import Program
from lab.model.values import Value

__all__ = ["load_program", "parse", "parse_setting"]


def parse(
    text: str, *, path: str = "<text>", name: str = "scenario", parameters: Mapping[str, Value] | None = None
) -> Program:
    """Return the program that a scenario's text describes; the text is read, never run.

    Parameters
    ----------
    text : str
        The whole file.
    path, name : str
        For errors and results.
    parameters : Mapping[str, Value] or None
        Parameters of the file to set; each keeps the type of its default.

    Raises
    ------
    ScenarioError
        The text is outside the language.
    UsageError
        A parameter is unknown or has another type.

    Examples
    --------
    >>> source = '''
    ... from lab.scenario import thread
    ... x = 0
    ... @thread
    ... def T1():
    ...     global x
    ...     x += 1
    ... '''
    >>> [thread.name for thread in parse(source).threads]
    ['T1']
    """
    return ScenarioFile(text, path, name, parameters or {}).program()


def load_program(
    path: str | Path, *, name: str | None = None, parameters: Mapping[str, Value] | None = None
) -> Program:
    """Return the program of a scenario file; raises as `parse` does, and `UsageError` when the file cannot be read."""
    file = Path(path)
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: the file is not UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise UsageError(f"{path}: the file cannot be read: {error.strerror or error}") from None
    return parse(text, path=str(path), name=name or file.stem, parameters=parameters)
