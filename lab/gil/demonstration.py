"""Demonstrations of asyncio: small programs with what they really print on an interpreter, and why."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from lab.errors import UsageError

__all__ = ["NAMES", "Demonstration", "Shown", "demonstrate", "demonstrations"]

FOLDER = Path(__file__).parent / "demonstrations"
NAMES = ("routine", "coroutine", "forgotten-await", "await-outside", "nested-run", "blocked-loop")
"""In the order of teaching."""

LIMIT = 60
"""Seconds after which a demonstration is given up."""


@dataclass(frozen=True)
class Demonstration:
    """One program.

    Attributes
    ----------
    name, title, explanation : str
        What it is called; what it shows, as a sentence; why it is so, in a few sentences.
    path : Path
        The file that is run.
    source : str
        Its text without the title and the explanation, which stand in its docstring.
    """

    name: str
    title: str
    explanation: str
    path: Path
    source: str

    @classmethod
    def of(cls, name: str) -> Demonstration:
        """Read a demonstration from its file."""
        path = FOLDER / f"{name.replace('-', '_')}.py"
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
        title, _, rest = (ast.get_docstring(tree) or "").partition("\n\n")
        first = tree.body[0].end_lineno or 0
        source = "\n".join(text.splitlines()[first:]).strip("\n")
        return cls(name, " ".join(title.split()), " ".join(rest.split()), path, source)


@dataclass(frozen=True)
class Shown:
    """What a demonstration printed, errors and warnings included, and the interpreter's version."""

    python: str
    output: str


def demonstrations() -> dict[str, Demonstration]:
    """Return all demonstrations by name, in the order of teaching."""
    return {name: Demonstration.of(name) for name in NAMES}


def demonstrate(demonstration: Demonstration, python: str | None = None) -> Shown:
    """Run a demonstration in an interpreter; None is this one.

    Raises
    ------
    UsageError
        The interpreter cannot be run.
    """
    program = python or sys.executable
    command = [program, "-I", "-u", str(demonstration.path)]
    version = [program, "-I", "-c", "import sys; print('.'.join(map(str, sys.version_info[:3])))"]
    try:
        asked = subprocess.run(version, capture_output=True, text=True, check=True, timeout=LIMIT)
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=LIMIT
        )
    except OSError as error:
        raise UsageError(f"{program} cannot be run: {error.strerror}") from None
    except subprocess.SubprocessError:
        raise UsageError(f"{program} does not run {demonstration.path.name}; is it a Python?") from None
    output = done.stdout.replace(f"{demonstration.path.parent}/", "")
    return Shown(asked.stdout.strip(), output)
