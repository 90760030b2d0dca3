"""`lab stress`."""

from __future__ import annotations

import json
import sys

from tests.cli.conftest import RACE


def test_runs_stand_beside_the_model(command, files) -> None:
    done = command("stress", files("race.py", RACE), "--python", sys.executable, "--seconds", "0.1")
    assert done.status == 0
    assert "free runs" in done.out
    assert "allows everything that was seen" in done.out


def test_a_wrong_interpreter_is_one_sentence(command, files) -> None:
    done = command("stress", files("race.py", RACE), "--python", "nopython")
    assert done.status == 2
    assert done.err.startswith("lab: nopython cannot be run")
    assert done.out == ""


def test_json_has_the_fields_of_the_documentation(command, files) -> None:
    """Every run is of an outcome that the policy allows."""
    done = command("stress", files("race.py", RACE), "--python", sys.executable, "--seconds", "0.1", "--json")
    [found] = json.loads(done.out)
    assert found["compared"]
    assert found["holds"]
    assert found["complete"]
    assert found["runs"] == sum(one["runs"] for one in found["outcomes"]) > 0
    assert {"status", "shared", "returned", "errors", "output", "allowed"} <= found["outcomes"][0].keys()
