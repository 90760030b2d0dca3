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
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks import gil, peers

_SMALL = (3, 5)
"""Threads and increments of the counter on which the peers are measured."""


_COUNTER, _CYCLIC = "lost_update/race", "filter_lock/filter_lock"

_SIZES = ((3, 10), (3, 5))
"""Threads and increments of the counters that both engines explore: 14 million states, and some 10**5."""


def explore(scenario: str, engine: str, *settings: str) -> dict[str, Any]:
    """Explore every state in this process; returns their number, exploring time and this process's peak memory."""
    import lab

    parameters = {name: int(value) for name, _, value in (setting.partition("=") for setting in settings)}
    program = lab.load(scenario, parameters)
    lab.explore("lost_update/race", engine=engine)  # imports and compiling are not what this measures
    result = min(
        (lab.explore(program, engine=engine, symmetry=False) for _ in range(3)), key=lambda result: result.seconds
    )
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


def _in_child(scenario: str, engine: str, *settings: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_python("-m", "benchmarks", scenario, engine, *settings))
    return found


def _counter(threads: int, rounds: int, engine: str = "numpy") -> dict[str, Any]:
    return _in_child(_COUNTER, engine, f"THREADS={threads}", f"ROUNDS={rounds}")


def _speed(what: str, found: dict[str, Any], promised: float | None = None) -> None:
    rate = found["states"] / found["seconds"] / 1e6
    limit = {} if promised is None else {"promised": f">= {promised:g}", "met": rate >= promised}
    _row(f"{what}, {found['states']:,} states", f"{rate:.2f} million states/s", **limit)


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
    _limit("4 threads x 2 increments, exact distribution", _counter(4, 2)["seconds"], 0.3, "s")
    _limit("lab gil convoy, cold start to finish", _seconds("-m", "lab", "gil", "convoy"), 1, "s")
    _limit("every experiment of lab gil, simulated", gil.gallery_seconds(), 10, "s")
    for model, rate in gil.events_per_second().items():
        _row(f"simulated events, {model}", f"{rate:,.0f} events/s", ">= 200,000", rate >= 200_000)
    for engine in ("numpy", "compiled") if find_spec("numba") else ("numpy",):
        for threads, rounds in _SIZES:
            found = _counter(threads, rounds, engine)
            _speed(f"{threads} x {rounds}, {engine}", found, 1.5 if found["states"] >= 1e6 else None)
            if (threads, rounds) == _SIZES[0]:
                _limit(f"{threads} x {rounds}, {engine}: memory", found["gigabytes"], 2, "GB")
        _speed(f"filter lock with cycles, {engine}", _in_child(_CYCLIC, engine, "THREADS=4"))
    small = _counter(*_SMALL)
    _peer("the lab", lambda *_: (small["states"], small["seconds"]))
    _peer("plain Python, a dict and counts", peers.plain_python)
    _peer("minicheck, no counts", peers.minicheck)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        print(json.dumps(explore(*sys.argv[1:])))
    else:
        main()
