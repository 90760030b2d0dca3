"""Measures in fresh processes, one at a time, and prints a table: what, measured, promised, met or not."""

from __future__ import annotations

import importlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import peers

_SMALL = (3, 5)
"""Threads and increments of the counter on which the peers are measured."""


def explore_counter(threads: int, rounds: int) -> dict[str, Any]:
    """Explore the counter in this process; returns states, exploring time and this process's peak memory."""
    import lab

    program = lab.load("lost_update/race", {"THREADS": threads, "ROUNDS": rounds})
    lab.explore("lost_update/race")  # imports are not what this measures
    result = lab.explore(program)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform != "darwin" else 1 << 30)
    return {"states": result.states, "schedules": str(result.schedules), "seconds": result.seconds, "gigabytes": peak}


def _python(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], check=False, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stderr}")
    return done.stdout


def _seconds(*arguments: str) -> float:
    """Return the median wall time of seven fresh interpreters with those arguments."""
    pyperf: Any = importlib.import_module("pyperf")  # it ships no types
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "pyperf.json")
        once = ("--processes", "7", "--values", "1", "--warmups", "0")
        _python("-m", "pyperf", "command", "--quiet", *once, "--output", output, "--", sys.executable, *arguments)
        return float(pyperf.Benchmark.load(output).median())


def _import_seconds() -> float:
    code = "from time import perf_counter as now; begin = now(); import lab; print(now() - begin)"
    return statistics.median(float(_python("-c", code)) for _ in range(7))


def _in_child(threads: int, rounds: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_python("-m", "benchmarks", str(threads), str(rounds)))
    return found


def _row(what: str, measured: str, promised: str = "", met: bool | None = None) -> None:
    print(f"{what:<58}{measured:>26}  {promised:<18}{'' if met is None else 'met' if met else 'NOT MET'}", flush=True)


def _limit(what: str, found: float, limit: float, unit: str) -> None:
    _row(what, f"{found:.3g} {unit}", f"<= {limit:g} {unit}", found <= limit)


def _peer(name: str, explore: Callable[[int, int], tuple[int, float] | None]) -> None:
    threads, rounds = _SMALL
    found = explore(threads, rounds)
    what = f"{threads} threads x {rounds} increments, {name}"
    _row(what, "not installed" if found is None else f"{found[0] / found[1] / 1e6:.3f} million states/s")


def main() -> None:
    """Print the table."""
    _row("", "measured", "promised")
    _limit("lab run refcount/race, cold start to finish", _seconds("-m", "lab", "run", "refcount/race"), 0.5, "s")
    _limit("import lab", _import_seconds(), 0.15, "s")
    _limit("4 threads x 2 increments, exact distribution", _in_child(4, 2)["seconds"], 0.3, "s")
    large = _in_child(3, 10)
    rate = large["states"] / large["seconds"] / 1e6
    what = f"3 threads x 10 increments, {large['states']:,} states"
    _row(f"{what}: speed", f"{rate:.2f} million states/s", ">= 1.5", rate >= 1.5)
    _limit(f"{what}: memory", large["gigabytes"], 2, "GB")
    small = _in_child(*_SMALL)
    _peer("the lab", lambda *_: (small["states"], small["seconds"]))
    _peer("plain Python, a dict and counts", peers.plain_python)
    _peer("minicheck, no counts", peers.minicheck)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(explore_counter(int(sys.argv[1]), int(sys.argv[2]))))
    else:
        main()
