"""The models that speed is measured on are the same program for SPIN and for the lab."""

from __future__ import annotations

from pathlib import Path

import pytest

import lab
from tests.export.spin import needs_spin, verify

MODELS = Path(__file__).parents[2] / "benchmarks" / "models"

SMALL = [
    ("counter", "lost_update/race", {"THREADS": 2, "ROUNDS": 3}),
    ("peterson", "peterson/peterson", {"ROUNDS": 2}),
    ("filter_lock", MODELS / "filter_lock.py", {"THREADS": 3}),
    ("philosophers", MODELS / "philosophers.py", {"N": 4}),
    ("bakery", MODELS / "bakery.py", {"THREADS": 2, "ROUNDS": 2}),
]


@needs_spin
@pytest.mark.slow
@pytest.mark.parametrize(("model", "scenario", "parameters"), SMALL)
def test_both_find_the_same(model, scenario, parameters, tmp_path) -> None:
    """States, transitions, deadlocks and verdicts: written by hand, step for step."""
    macros = "".join(f"#define {name} {value}\n" for name, value in parameters.items())
    spin = verify(macros + (MODELS / f"{model}.pml").read_text(encoding="utf-8"), tmp_path)
    found = lab.explore(scenario, parameters=parameters)
    assert (spin.states, spin.transitions - 1) == (found.states, found.transitions)
    assert spin.deadlocks == found.deadlock.states
    assert not spin.violated


def test_every_model_is_a_scenario() -> None:
    """Each is read without an error; two philosophers who both hold a fork are the one deadlock."""
    assert lab.explore(MODELS / "philosophers.py", parameters={"N": 2}).deadlock.states == 1
    for path in sorted(MODELS.glob("*.py")):
        assert lab.load(path).threads
