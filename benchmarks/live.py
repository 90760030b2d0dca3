"""Executions a second of real code, beside frontrun and interleave-test, in one interpreter: `make bench-live`.

Two threads of one and of three increments of one attribute. Each tool runs for about two seconds per row; runs, not
searches, are compared, for the tools search differently. What a search needs to begin counts, and so does what it does
between runs: with `dpor` every four runs of one increment are a search of their own. The lab binds its threads to one
core by itself; the others are measured as they come. A tool that is not installed has an empty row.
"""

from __future__ import annotations

import importlib
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

SECONDS = 2.0

Measured = tuple[int, float, float]
"""Runs, seconds, and seconds of processor time."""


class State:
    """What the threads share."""

    def __init__(self) -> None:
        self.x = 0


def incrementer(times: int) -> Callable[[State], None]:
    """Return a thread that increments so often."""

    def increment(state: State) -> None:
        for _ in range(times):
            state.x += 1

    return increment


def lab_dpor(times: int) -> int:
    """Explore with the lab, one run for each truly different order."""
    from lab.live import explore

    return explore([incrementer(times)] * 2, setup=State).executions


def lab_drawn(times: int) -> int:
    """Explore with the lab, at random."""
    from lab.live import explore

    return explore([incrementer(times)] * 2, setup=State, strategy="random", max_executions=2000).executions


def on_greenlets(explores: Callable[[int], int]) -> Callable[[int], int]:
    """Return the same on greenlets, which the lab does not offer: what hand-overs between threads cost."""

    def explore(times: int) -> int:
        greenlets: Any = importlib.import_module("greenlets")
        with greenlets.on_greenlets():
            return explores(times)

    return explore


def frontrun(times: int) -> int:
    """Explore with frontrun's reduction, without its default bound on preemptions."""
    peer: Any = importlib.import_module("frontrun")
    found = peer.explore(
        State, [incrementer(times)] * 2, lambda _: True, preemption_bound=None, stop_on_first=False, detect_io=False
    )
    return int(found.num_explored)


def interleave_test(times: int) -> int:
    """Explore with interleave-test, at random."""
    peer: Any = importlib.import_module("interleave_test")

    def model() -> None:
        state = State()
        started = [peer.spawn(incrementer(times), state) for _ in range(2)]
        for one in started:
            one.join()

    return int(peer.explore(model, iterations=300).schedules_run)


TOOLS: dict[str, Callable[[int], int]] = {
    "lab, dpor": lab_dpor,
    "lab, random": lab_drawn,
    "lab on greenlets, dpor": on_greenlets(lab_dpor),
    "lab on greenlets, random": on_greenlets(lab_drawn),
    "frontrun, dpor": frontrun,
    "interleave-test, random": interleave_test,
}


def measured(tool: Callable[[int], int], times: int) -> Measured:
    """Repeat a tool for about two seconds, after one run to warm up."""
    tool(times)
    runs, begun, busy = 0, perf_counter(), _busy()
    while perf_counter() - begun < SECONDS:
        runs += tool(times)
    return runs, perf_counter() - begun, _busy() - busy


def _busy() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def row(name: str) -> None:
    """Measure one tool in this process, and print its row."""
    cells = []
    for times in (1, 3):
        try:
            runs, seconds, busy = measured(TOOLS[name], times)
            cells.append(f"2 x {times}: {runs / seconds:9,.0f} ({runs / busy:9,.0f})")
        except ImportError:
            cells.append(f"2 x {times}: {'not installed':>21}")
    print(f"{name:26}", *cells, sep="  ", flush=True)


def main() -> None:
    """Print the table: each tool in a process of its own, frontrun under its command."""
    print(
        f"Python {sys.version.split()[0]}, operating-system threads, executions a second (of processor time)",
        flush=True,
    )
    for name in TOOLS:
        command = [sys.executable, __file__, name]
        under = Path(sys.executable).parent / "frontrun"
        if name.startswith("frontrun") and under.exists():
            command.insert(0, str(under))
        if subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode:
            print(f"{name:26}  could not be measured", flush=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        row(sys.argv[1])
    else:
        main()
