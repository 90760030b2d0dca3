"""Programs that run in another interpreter."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

import pytest

from lab.errors import UsageError
from lab.verify import children
from lab.verify.children import answer

WAITS = """import json, pathlib, sys, time
try:
    pathlib.Path(sys.argv[1]).write_text("ready")
    time.sleep(60)
except KeyboardInterrupt:
    {then}
"""

ASKS = """import os, pathlib, signal, sys, threading, time
from lab.verify import children
from lab.verify.children import answer
script, ready = sys.argv[1:]
def press():
    while not pathlib.Path(ready).exists():
        time.sleep(0.01)
    time.sleep(0.1)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=press, daemon=True).start()
try:
    print(answer(sys.executable, script, [ready], limit=60))
except KeyboardInterrupt:
    print("interrupted")
"""


def script(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_program_is_asked_and_answers(tmp_path: Path) -> None:
    echo = script(tmp_path / "echo.py", "import json, sys; print(json.dumps({sys.argv[1]: sys.stdin.read()}))")
    assert answer(sys.executable, echo, ["a"], limit=60, given="b") == {"a": "b"}


def test_a_program_that_fails_says_why(tmp_path: Path) -> None:
    fails = script(tmp_path / "fails.py", "raise ValueError('no parameter M')")
    with pytest.raises(UsageError, match=r"cannot run some\.py: ValueError: no parameter M"):
        answer(sys.executable, fails, ["some.py"], limit=60)


def test_a_program_that_does_not_answer_is_ended(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did not answer within 0 s"):
        answer(sys.executable, script(tmp_path / "sleeps.py", "import time; time.sleep(60)"), [], limit=0.3)


@pytest.mark.parametrize(
    ("then", "shown"), [("print(json.dumps([3]))", "[3]"), ("raise", "interrupted")], ids=["answers", "gives up"]
)
def test_control_c_reaches_the_program(tmp_path: Path, then: str, shown: str) -> None:
    """It answers with what it has so far; one that has nothing ends, and the caller is interrupted."""
    waits = script(tmp_path / "waits.py", WAITS.format(then=then))
    command = [sys.executable, "-c", ASKS, waits, str(tmp_path / "ready")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == shown


class Child:
    """A process that is interrupted while it is waited for, and then says something, or nothing in time."""

    def __init__(self, *said: object, returncode: int = 0) -> None:
        self.said: list[object] = [KeyboardInterrupt(), *said]
        self.returncode = returncode
        self.signals: list[object] = []

    def __call__(self, *_arguments: object, **_named: object) -> Child:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def communicate(self, *_arguments: object, **_named: object) -> tuple[str, str]:
        said = self.said.pop(0)
        if isinstance(said, BaseException):
            raise said
        return str(said), ""

    def send_signal(self, number: int) -> None:
        self.signals.append(number)

    def kill(self) -> None:
        self.signals.append("kill")


def test_an_interrupt_is_passed_on_once(monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child('{"runs": 3}')
    monkeypatch.setattr(children.subprocess, "Popen", child)
    assert answer("python3", "run.py", [], limit=1) == {"runs": 3}
    assert child.signals == [signal.SIGINT]


@pytest.mark.parametrize(
    ("child", "signals"),
    [
        (Child("", returncode=1), [signal.SIGINT]),
        (Child(subprocess.TimeoutExpired("python3", 1)), [signal.SIGINT, "kill"]),
    ],
    ids=["fails", "says nothing"],
)
def test_who_has_nothing_to_say_is_given_up(
    monkeypatch: pytest.MonkeyPatch, child: Child, signals: list[object]
) -> None:
    monkeypatch.setattr(children.subprocess, "Popen", child)
    with pytest.raises(KeyboardInterrupt):
        answer("python3", "run.py", [], limit=1)
    assert child.signals == signals
