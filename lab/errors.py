"""What can go wrong, as one tree of exceptions."""

from __future__ import annotations

__all__ = ["CheckpointError", "IncompleteError", "LabError", "ScenarioError", "UsageError"]


class LabError(Exception):
    """An error that the lab explains in one sentence; every other exception is a fault of the lab."""


class UsageError(LabError):
    """A request that makes no sense: an unknown scenario, policy, parameter or schedule."""


class CheckpointError(UsageError):
    """A checkpoint that cannot be used: damaged, of something else, or in the way."""


class IncompleteError(LabError):
    """A bound was reached before there was anything to answer with."""


class ScenarioError(LabError):
    """A scenario file is outside the language, or leaves it while it is explored.

    Parameters
    ----------
    message : str
        What is not allowed, as a sentence without its full stop.
    hint : str
        What to write instead; may be empty.
    path : str
        The file as the user named it.
    line, column : int
        Position, both from 1; 0 means that the error concerns the whole file.
    source : str
        The text of that line.
    """

    def __init__(
        self, message: str, *, hint: str = "", path: str = "", line: int = 0, column: int = 0, source: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.path = path
        self.line = line
        self.column = column
        self.source = source

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.path, self.line, self.column) if part)
        text = f"{place}: {self.message}" if place else self.message
        text += f"; {self.hint}" if self.hint else ""
        if self.source and self.line:
            shown = self.source.expandtabs(1)[:200]
            text += f"\n    {shown}\n    {' ' * (min(max(self.column, 1), 201) - 1)}^"
        return text
