"""Programs of this package that run in another interpreter, and what they answer."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Sequence
from typing import Any

from lab.errors import UsageError

__all__ = ["answer"]

GRACE = 5.0
"""Seconds that a program has after Ctrl-C to say what it found so far."""


def answer(python: str, script: str, arguments: Sequence[str], *, limit: float, given: str = "") -> dict[str, Any]:
    """Run a program of the standard library by its path in an interpreter, and return the JSON object that it prints.

    Ctrl-C is passed on: the program then answers with what it found so far, and says so.

    Parameters
    ----------
    python, script, arguments : str, str, sequence of str
        The interpreter, which needs nothing installed, the program, and what it is called with.
    limit : float
        Seconds after which it is ended.
    given : str
        What it reads from its standard input.

    Raises
    ------
    UsageError
        It failed, with the last line of its error, or did not answer in time.
    KeyboardInterrupt
        Ctrl-C was pressed, and it had nothing to say.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen([python, "-I", script, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, text=True) as child:
        try:
            out, said = child.communicate(given, timeout=limit)
        except subprocess.TimeoutExpired:
            child.kill()
            raise UsageError(f"{python} did not answer within {limit:.0f} s") from None
        except KeyboardInterrupt:
            child.send_signal(signal.SIGINT)
            try:
                out, said = child.communicate(timeout=GRACE)
            except subprocess.TimeoutExpired:
                child.kill()
                raise KeyboardInterrupt from None
            if child.returncode:
                raise
    if child.returncode:
        last = (said.strip().splitlines() or ["no reason given"])[-1]
        raise UsageError(f"{python} cannot run {arguments[0]}: {last}")
    found: dict[str, Any] = json.loads(out)
    return found
