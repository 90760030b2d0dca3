"""Many free runs of a scenario file, with threads that change as often as the interpreter allows.

Standard library only, Python 3.9 and later, and a program too: `python lab/verify/stress_run.py FILE SECONDS INTERVAL
PATIENCE [NAME=VALUE ...]` runs a scenario again and again with nothing installed, and prints what came out as JSON.
"""

from __future__ import annotations

import ast
import json
import os
import sys
import time
import types
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    # Run by path: make the two modules importable without the rest of the package, which needs a newer Python.
    _root = Path(__file__).resolve().parent.parent
    for _name, _place in (("lab", _root), ("lab.verify", _root / "verify")):
        _package = types.ModuleType(_name)
        _package.__path__ = [str(_place)]
        sys.modules[_name] = _package

from lab.verify.free_run import RunOutcome, compiled, fresh, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["MOST_STUCK", "stress"]

INTERVAL = 1e-6
"""Seconds after which a waiting thread asks for the GIL: as short as it can be set."""

SPIN = 2e-5
"""Seconds that the threads of a run spin before they begin."""

PATIENCE = 0.5
"""Seconds after which a run counts as stuck, where runs may be stuck; else more, for the machine may be slow."""

MOST_STUCK = 3
"""Stuck runs after which no more are made: their threads stay."""

COLD = 8
"""Runs that share code; after that it is compiled anew, so that fresh code and code that has run often both occur."""


def stress(
    path: str,
    seconds: float,
    interval: float = INTERVAL,
    patience: float = PATIENCE,
    parameters: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Run the file freely for some seconds, and return how often each outcome came out.

    Ctrl-C ends the runs early.

    Returns
    -------
    dict
        `runs`; `outcomes`, pairs of an outcome as `free_run` describes it and how many runs ended so; `interrupted`.
    """
    before = sys.getswitchinterval()
    counts: dict[str, int] = {}
    interrupted = False
    sys.setswitchinterval(interval)
    try:
        for outcome in _outcomes(path, time.monotonic() + seconds, patience, parameters):
            text = json.dumps(asdict(outcome), sort_keys=True)
            counts[text] = counts.get(text, 0) + 1
    except KeyboardInterrupt:
        interrupted = True
    finally:
        sys.setswitchinterval(before)
    outcomes = [[json.loads(text), number] for text, number in counts.items()]
    return {"runs": sum(counts.values()), "outcomes": outcomes, "interrupted": interrupted}


def _outcomes(path: str, end: float, patience: float, parameters: Mapping[str, Any] | None) -> Iterator[RunOutcome]:
    """Yield the outcome of one run after the other, until the time is up or too many runs were stuck."""
    runs = stuck = 0
    code, warm = compiled(path, parameters), compiled(path, parameters)
    while stuck < MOST_STUCK and (not runs or time.monotonic() < end):
        if runs % (2 * COLD) == 0:
            code = compiled(path, parameters)
        outcome = run(fresh(code if runs // COLD % 2 else warm), timeout=patience, spin=SPIN)
        stuck += outcome.status == "unfinished"
        runs += 1
        yield outcome


def _main(arguments: list[str]) -> None:
    """Stress the file named for so many seconds; `NAME=VALUE` arguments replace parameters."""
    path, seconds, interval, patience, *settings = arguments
    parameters = {name: ast.literal_eval(text) for name, _, text in (item.partition("=") for item in settings)}
    json.dump(stress(path, float(seconds), float(interval), float(patience), parameters), sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # threads that are stuck stay, and must not keep the interpreter from ending


if __name__ == "__main__":
    _main(sys.argv[1:])
