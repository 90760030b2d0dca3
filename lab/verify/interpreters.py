"""The Python interpreters of this machine: which there are, which version each is, and whether it has a GIL."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.errors import UsageError
from lab.model.instructions import Operate
from lab.model.objects.groups import TaskGroup
from lab.model.policies import POLICIES
from lab.model.program import Program
from lab.model.wholes import New

__all__ = ["OLDEST", "VERSIONS", "Interpreter", "Unusable", "examined", "found", "lacking"]

OLDEST = (3, 9)
"""The oldest version in which the programs of this package run."""

VERSIONS = tuple(f"3.{minor}" for minor in range(9, 16))
"""The versions that are looked for, each also as a build without a GIL ("3.13t")."""

_GROUPS_SINCE = 11
"""The minor version of Python 3 that brought groups of tasks."""

SECONDS = 30
"""How long an interpreter may take to say what it is."""

_WHO = (
    "import json, platform, sys; gil = getattr(sys, '_is_gil_enabled', lambda: True)(); "
    "print(json.dumps([platform.python_implementation(), platform.python_version(), list(sys.version_info[:2]), gil]))"
)


@dataclass(frozen=True)
class Interpreter:
    """A Python interpreter that runs, and what it said about itself.

    Attributes
    ----------
    path : str
        The executable.
    implementation, release : str
        Such as "CPython" and "3.12.1".
    version : str
        Such as "3.12".
    gil : bool
        Whether its GIL is enabled.
    """

    path: str
    implementation: str
    release: str
    version: str
    gil: bool

    @property
    def name(self) -> str:
        """The version, with "t" for a build without a GIL, such as "3.13t"."""
        return self.version if self.gil else f"{self.version}t"

    @property
    def policy(self) -> str | None:
        """The policy that says where this interpreter may switch; None when the lab knows none."""
        if self.implementation != "CPython":
            return None
        policy = f"cpython-{self.version}" if self.gil else "free-threaded"
        return policy if policy in POLICIES else None


@dataclass(frozen=True)
class Unusable:
    """An executable that looks like an interpreter and does not run, and why, in one line."""

    path: str
    reason: str


def examined(path: str) -> Interpreter:
    """Run an interpreter and return what it says about itself.

    Raises
    ------
    UsageError
        There is no such interpreter, it does not answer, or it is older than 3.9.
    """
    try:
        done = subprocess.run([path, "-I", "-c", _WHO], capture_output=True, text=True, check=False, timeout=SECONDS)
    except OSError as error:
        raise UsageError(f"{path} cannot be run: {error.strerror or error}; name a Python interpreter") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"{path} did not say within {SECONDS} s which Python it is") from None
    try:
        implementation, release, version, gil = json.loads(done.stdout)
    except ValueError:
        said = (done.stderr.strip().splitlines() or ["it does not answer as one"])[0]
        raise UsageError(f"{path} is no Python interpreter: {said}") from None
    if tuple(version) < OLDEST:
        raise UsageError(f"{path} is Python {release}; 3.9 or later is needed")
    return Interpreter(path, implementation, release, "{}.{}".format(*version), gil)


def found() -> tuple[tuple[Interpreter, ...], tuple[Unusable, ...]]:
    """Return the interpreters of this machine, one of each version and kind, and what looked like one and does not run.

    They are looked for in pyenv's folder, on the PATH, and where `make free-threaded` builds one; this interpreter is
    among them. A launcher of pyenv without its version is no interpreter, and is passed over.
    """
    usable: dict[tuple[str, str], Interpreter] = {}
    broken: list[Unusable] = []
    for path in _distinct(_candidates()):
        try:
            one = examined(path)
        except UsageError as error:
            if Path(path).parent.name != "shims":
                broken.append(Unusable(path, str(error)))
            continue
        usable.setdefault((one.name, one.implementation), one)
    return tuple(sorted(usable.values(), key=_age)), tuple(broken)


def lacking(program: Program, interpreter: Interpreter) -> str:
    """Return what a program uses and that version of Python does not have; nothing where it has all."""
    if (int(interpreter.version.partition(".")[2])) >= _GROUPS_SINCE:
        return ""
    instructions = (instruction for thread in program.threads for instruction in thread.code.instructions)
    made = {one.operation.kind for one in instructions if isinstance(one, Operate) and isinstance(one.operation, New)}
    return "asyncio.TaskGroup" if TaskGroup.kind in made else ""


def _age(one: Interpreter) -> tuple[int, bool, str]:
    return int(one.version.partition(".")[2]), not one.gil, one.implementation


def _candidates() -> Iterator[str]:
    """Yield the executables that may be interpreters, the preferred ones first."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    yield sys.executable
    yield from sorted(map(str, cache.glob("gil-lab/free-threaded/bin/python3.*t")))
    for version in VERSIONS:
        for name in (version, f"{version}t"):
            yield from sorted(map(str, pyenv.glob(f"versions/*/bin/python{name}")), reverse=True)
            yield from filter(None, [shutil.which(f"python{name}")])


def _distinct(paths: Iterable[str]) -> Iterator[str]:
    """Yield each executable once, whatever links lead to it."""
    seen = set()
    for path in paths:
        real = os.path.realpath(path)
        if real not in seen:
            seen.add(real)
            yield path
