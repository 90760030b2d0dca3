"""The lab itself, in a process of its own: `python -m benchmarks.ours ENGINE TIMES SCENARIO NAME=VALUE ...`."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Mapping

from benchmarks.measured import Measured, megabytes, run

__all__ = ["lab"]


def lab(scenario: str, parameters: Mapping[str, int], engine: str, *, times: int) -> Measured | None:
    """Explore a scenario in a fresh process; returns the best of several, None when the engine is not installed.

    Imports, and what an engine compiles when it is first used, are not measured.
    """
    settings = [f"{name}={value}" for name, value in parameters.items()]
    printed, _ = run([sys.executable, "-m", "benchmarks.ours", engine, str(times), scenario, *settings], ".")
    found = json.loads(printed)
    return None if found is None else Measured(*found)


def _explore(engine: str, times: int, scenario: str, parameters: Mapping[str, int]) -> Measured | None:
    import lab as library  # only the process that measures needs it

    try:
        for warming in ("lost_update/race", "peterson/peterson"):
            library.explore(warming, engine=engine, symmetry=False)
    except library.UsageError:
        return None
    program = library.load(scenario, parameters)
    found = [library.explore(program, engine=engine, symmetry=False) for _ in range(times)]
    peak = megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return Measured(found[0].states, min(result.seconds for result in found), peak)


if __name__ == "__main__":
    chosen, count, name, *pairs = sys.argv[1:]
    given = {key: int(value) for key, value in (pair.split("=") for pair in pairs)}
    print(json.dumps(_explore(chosen, int(count), name, given)))
