"""How the tests of the command line run commands: in this process, or as a user does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.cli import main

RACE = """\
'''Two threads add one without a lock.'''

from lab.scenario import final, thread

x = 0


@thread
def T1():
    global x
    x += 1


@thread
def T2():
    global x
    x += 1


@final
def every_update_counted():
    return x == 2
"""

SOUND = RACE.replace("x == 2", "x > 0")

BUSY = """\
'''Four threads write sixty times each: more states than any test waits for.'''

from lab.scenario import thread

N = 60
x = 0


@thread(each=range(4))
def T(i):
    global x
    for round in range(N):
        x = x + round
"""


@dataclass(frozen=True)
class Finished:
    """What a command did."""

    status: int
    out: str
    err: str


Command = Callable[..., Finished]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `lab` with these arguments in this process."""

    def run(*arguments: object) -> Finished:
        with pytest.raises(SystemExit) as left:
            main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Finished(left.value.code, captured.out, captured.err)

    return run


@pytest.fixture
def process() -> Command:
    """Run `python -m lab` with these arguments, and perhaps another environment, as a process of its own."""

    def run(*arguments: object, **environment: str) -> Finished:
        done = subprocess.run(
            [sys.executable, "-m", "lab", *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=os.environ | environment,
            timeout=60,
            check=False,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def files(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file with this name and text, and return its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
