"""Programs that run in another interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lab.errors import UsageError
from lab.verify.children import answer

WAITS = """import json, pathlib, sys, time
try:
    pathlib.Path(sys.argv[1]).write_text("ready")
    time.sleep(60)
except KeyboardInterrupt:
    {then}
"""

ASKS = """import os, pathlib, signal, sys, threading, time
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
