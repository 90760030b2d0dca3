"""The lab itself, in a process of its own: `python -m benchmarks.ours ENGINE 0|1 TIMES SCENARIO NAME=VALUE ...`.

1: with what cycles show; 0: without.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Mapping
from time import process_time

from benchmarks.measured import Measured, megabytes, run

__all__ = ["lab"]


def lab(
    scenario: str, parameters: Mapping[str, int], engine: str, *, times: int, liveness: bool = True
) -> Measured | None:
    """Explore a scenario in a fresh process; returns the best of several, None when the engine is not installed.

    Seconds are processor time; imports, and what an engine compiles when it is first used, are not measured. Without
    `liveness` it looks for what SPIN looks for with -DSAFETY, and counts.
    """
    settings = [f"{name}={value}" for name, value in parameters.items()]
    command = [sys.executable, "-m", "benchmarks.ours", engine, str(int(liveness)), str(times), scenario, *settings]
    printed = run(command, ".").printed
    found = json.loads(printed)
    return None if found is None else Measured(*found)


def _explore(engine: str, liveness: str, times: int, scenario: str, parameters: Mapping[str, int]) -> Measured | None:
    import lab as library  # only the process that measures needs it

    try:
        for warming in ("lost_update/race", "peterson/peterson"):
            library.explore(warming, engine=engine, symmetry=False)
    except library.UsageError:
        return None
    program = library.load(scenario, parameters)
    if engine == "numpy":
        import scipy.sparse.csgraph  # noqa: F401 - what large components are found with
    wanted = bool(int(liveness))
    found, before = [], megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    for _ in range(times):
        start = process_time()
        states = library.explore(program, engine=engine, symmetry=False, liveness=wanted).states
        found.append(process_time() - start)
    peak = megabytes(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return Measured(states, min(found), peak, before)


if __name__ == "__main__":
    chosen, live, count, name, *pairs = sys.argv[1:]
    given = {key: int(value) for key, value in (pair.split("=") for pair in pairs)}
    print(json.dumps(_explore(chosen, live, int(count), name, given)))
