"""`lab stress`."""

from __future__ import annotations

import sys

from tests.cli.conftest import RACE


def test_runs_stand_beside_the_model(command, files) -> None:
    done = command("stress", files("race.py", RACE), "--python", sys.executable, "--seconds", "0.1")
    assert done.status == 0
    assert "free runs" in done.out
    assert "the model allows everything that was seen" in done.out


def test_a_wrong_interpreter_is_one_sentence(command, files) -> None:
    done = command("stress", files("race.py", RACE), "--python", "nopython")
    assert done.status == 2
    assert done.err.startswith("lab: nopython cannot be run")
    assert done.out == ""
