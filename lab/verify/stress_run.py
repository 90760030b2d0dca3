"""Many free runs of a scenario file, with threads that change as often as the interpreter allows.

Standard library only, Python 3.9 and later, and a program too: `python lab/verify/stress_run.py FILE SECONDS
[NAME=VALUE ...]` runs a scenario again and again with nothing installed, and prints what came out as JSON.
"""

from __future__ import annotations

import ast
import json
import platform
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

from lab.verify.free_run import compiled, fresh, run

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MOST_STUCK", "stress"]

INTERVAL = 1e-6
"""Seconds after which a waiting thread asks for the GIL: as short as it can be set."""

SPIN = 2e-5
"""Seconds that the threads of a run spin before they begin."""

TIMEOUT = 0.5
"""Seconds after which a run counts as stuck."""

MOST_STUCK = 3
"""Stuck runs after which no more are made: their threads stay."""

COLD = 8
"""Runs that share code; after that it is compiled anew, so that fresh code and code that has run often both occur."""


def stress(path: str, seconds: float, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Run the file freely for some seconds, and return how often each outcome came out.

    Returns
    -------
    dict
        `python`, the version; `gil`, whether there is one; `runs`; `outcomes`, pairs of an outcome as `free_run`
        describes it and how many runs ended so.
    """
    before = sys.getswitchinterval()
    counts: dict[str, int] = {}
    runs = stuck = 0
    code, warm = compiled(path, parameters), compiled(path, parameters)
    end = time.monotonic() + seconds
    sys.setswitchinterval(INTERVAL)
    try:
        while time.monotonic() < end and stuck < MOST_STUCK:
            if runs % (2 * COLD) == 0:
                code = compiled(path, parameters)
            outcome = run(fresh(code if runs // COLD % 2 else warm), timeout=TIMEOUT, spin=SPIN)
            stuck += outcome.status == "unfinished"
            text = json.dumps(asdict(outcome), sort_keys=True)
            counts[text] = counts.get(text, 0) + 1
            runs += 1
    finally:
        sys.setswitchinterval(before)
    gil: bool = getattr(sys, "_is_gil_enabled", lambda: True)()
    outcomes = [[json.loads(text), number] for text, number in counts.items()]
    return {"python": platform.python_version(), "gil": gil, "runs": runs, "outcomes": outcomes}


def _main(arguments: list[str]) -> int:
    """Stress the file named for so many seconds; `NAME=VALUE` arguments replace parameters."""
    path, seconds, *settings = arguments
    parameters = {name: ast.literal_eval(text) for name, _, text in (item.partition("=") for item in settings)}
    json.dump(stress(path, float(seconds), parameters), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
