"""The lab beside SPIN, Harmony and explorers in Python: `python -m benchmarks.compare [NAME ...]`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import peers
from benchmarks.harmony import harmony
from benchmarks.measured import Measured
from benchmarks.ours import lab
from benchmarks.spin import spin

_MODELS = Path(__file__).parent / "models"

_PROMISED = {"numpy": (3.0, 2.0, 1.0), "compiled": (5.0, 3.0, 1.5)}
"""By engine, how many times as fast as SPIN: from a million states on, with fewer, and with cycles."""

_MILLION = 1_000_000


@dataclass(frozen=True)
class Model:
    """One program for all tools: a scenario, and files named `name` in other languages under `models/`.

    `states` is what SPIN and the lab have to find, so that they do the same work.
    """

    name: str
    scenario: str
    parameters: Mapping[str, int]
    states: int
    cycles: bool = False
    deadlocks: bool = False

    @property
    def title(self) -> str:
        """The name with the parameters."""
        return f"{self.name} {_settings(self.parameters)}"

    @property
    def times(self) -> int:
        """How often to search, the best time counts: the largest model once."""
        return 1 if self.states > 5 * _MILLION else 3 if self.states > _MILLION else 7

    def promised(self, engine: str) -> float:
        """Return how many times as fast as SPIN an engine has to be."""
        large, small, cyclic = _PROMISED[engine]
        return cyclic if self.cycles else large if self.states >= _MILLION else small


MODELS = (
    Model("counter", "lost_update/race", {"THREADS": 4, "ROUNDS": 3}, 361_775),
    Model("counter", "lost_update/race", {"THREADS": 3, "ROUNDS": 6}, 540_512),
    Model("counter", "lost_update/race", {"THREADS": 3, "ROUNDS": 7}, 1_448_448),
    Model("counter", "lost_update/race", {"THREADS": 3, "ROUNDS": 10}, 14_161_794),
    Model("filter_lock", str(_MODELS / "filter_lock.py"), {"THREADS": 4}, 119_168, cycles=True),
    Model("philosophers", str(_MODELS / "philosophers.py"), {"N": 10}, 154_450, cycles=True, deadlocks=True),
    Model("philosophers", str(_MODELS / "philosophers.py"), {"N": 12}, 1_684_801, cycles=True, deadlocks=True),
    Model("bakery", str(_MODELS / "bakery.py"), {"THREADS": 3, "ROUNDS": 2}, 249_266, cycles=True),
    Model("bakery", str(_MODELS / "bakery.py"), {"THREADS": 3, "ROUNDS": 3}, 1_621_707, cycles=True),
    Model("peterson", "peterson/peterson", {"ROUNDS": 100}, 400_602, cycles=True),
)

_NOTES = """
B/state is what searching and counting took at most, beyond what the process had before.
Seconds are of searching alone: compiling and importing are not in them. SPIN: spin -a, gcc -O2 -DSAFETY -DNOREDUCE, the
elapsed time that pan prints, or its time in user mode where that is less; the lab: processor time. It counts schedules
and probabilities exactly in that time; nobody else counts.
Where there are cycles, the first row of the lab is of what -DSAFETY searches: ends, violations; with races and counts.
What cycles show beyond that (livelock, starvation, probabilities behind cycles), SPIN was not asked for.
Harmony finds other states: threads of the same code are a bag there, so states that differ only in which of them stands
where are one, and what it takes for a step is its own choice. SPIN and the lab have to find the same, and do.
"""


def _settings(parameters: Mapping[str, int]) -> str:
    return " ".join(f"{name}={value}" for name, value in parameters.items())


def main(names: Sequence[str]) -> None:
    """Print the table, of all models or of those named."""
    head = f"{'model':<32}{'by':<24}{'states':>12}{'seconds':>9}{'M states/s':>12}{'MB':>7}{'B/state':>9}"
    print(f"{head}  {'times SPIN':<11}promised")
    for model in MODELS:
        if not names or model.name in names:
            _compare(model)
    _small()
    print(_NOTES, end="")


def _compare(model: Model) -> None:
    """Measure one model with every tool that has it."""
    peer = spin(_MODELS / f"{model.name}.pml", model.parameters, deadlocks=model.deadlocks, times=model.times)
    _row(model.title, "SPIN", peer, model.states)
    for engine in _PROMISED:
        found = lab(model.scenario, model.parameters, engine, times=model.times, liveness=False)
        _row(model.title, f"the lab, {engine}", found, model.states, peer, model.promised(engine))
        if model.cycles:
            found = lab(model.scenario, model.parameters, engine, times=model.times)
            _row(model.title, "  and what cycles show", found, model.states, peer, model.promised(engine))
    written = _MODELS / f"{model.name}.hny"
    if written.exists():
        _row(model.title, "Harmony", harmony(written, model.parameters), None, peer)


def _small() -> None:
    """Measure explorers in Python, which are too slow for the models above."""
    parameters = {"THREADS": 3, "ROUNDS": 4}
    title, states = f"counter {_settings(parameters)}", 42_237
    _row(title, "the lab, numpy", lab("lost_update/race", parameters, "numpy", times=3), states)
    for name, explore in (("plain Python", peers.plain_python), ("minicheck", peers.minicheck)):
        found = explore(*parameters.values())
        _row(title, name, None if found is None else Measured(*found, 0), states)


def _row(
    title: str, by: str, found: Measured | None, states: int | None, peer: Measured | None = None, promised: float = 0
) -> None:
    """Print a row; with `states`, the tool has to find as many."""
    if found is None:
        print(f"{title:<32}{by:<24}{'not installed':>12}", flush=True)
        return
    memory = f"{found.megabytes:>7.0f}" if found.megabytes else f"{'':>7}"
    each = f"{(found.megabytes - found.before) * 2**20 / found.states:.0f}" if found.before else ""
    line = f"{title:<32}{by:<24}{found.states:>12,}{found.seconds:>9.2f}{found.rate:>12.2f}{memory}{each:>9}"
    if peer is not None:
        times = peer.seconds / found.seconds
        line += f"  {times:<11.2f}"
        if promised:
            line += f">= {promised:g} {'met' if times >= promised else 'NOT MET'}"
    if states not in (None, found.states):
        line += f"  NOT THE SAME: {states:,} states"
    print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
