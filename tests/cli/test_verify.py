"""`lab verify`."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from lab.verify import conformance
from lab.verify.interpreters import Unusable, examined
from tests.cli.conftest import RACE

ALONE = ("--python", sys.executable, "--seconds", "0.1")


def test_a_file_is_compared_three_ways(command, files) -> None:
    done = command("verify", files("race.py", RACE), *ALONE)
    assert done.status == 0
    assert "6 schedules: all 24 steps agree" in done.out
    assert "no other" in done.out
    assert done.out.rstrip().endswith("."), done.out
    assert " conforms on Python " in done.out


def test_json_has_the_fields_of_the_documentation(command, files) -> None:
    done = command("verify", files("race.py", RACE), *ALONE, "--json")
    found = json.loads(done.out)
    assert found["conforms"]
    assert found["complete"]
    assert found["plan"] == {"kind": "schedules", "policy": "cpython-2.7", "runs": 6, "beyond": 0, "left_out": 0}
    [one] = found["interpreters"]
    assert one["led"] == {"runs": 6, "steps": 24, "complete": True, "differences": []}
    assert one["free"]["compared"]
    assert found["policies"][0]["properties"] == {"every_update_counted": "violated"}


def test_a_difference_is_a_failure(command, files, monkeypatch: pytest.MonkeyPatch) -> None:
    """With exit status 1, and a sentence on standard error."""
    differences = [{"run": 0, "step": 0, "what": "T1 held up, where the model has it at its end"}]
    answered: dict[str, Any] = {"runs": 1, "steps": 0, "differences": differences, "interrupted": False, "why": ""}
    monkeypatch.setattr(conformance, "answer", lambda *_a, **_k: answered)
    done = command("verify", files("race.py", RACE), *ALONE)
    assert done.status == 1
    assert "led along T1: T1 held up, where the model has it at its end." in done.err
    assert "DOES NOT CONFORM" in done.out


def test_what_is_too_large_ends_with_status_3(command, files) -> None:
    done = command("verify", files("race.py", RACE), *ALONE, "--runs", "1")
    assert done.status == 3
    assert "1 of " in done.out


def test_control_c_shows_what_was_compared(command, files, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the first interpreter and the second; the exit status is 3."""
    once = conformance._checked
    calls = []

    def interrupted(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return once(*arguments)

    monkeypatch.setattr(conformance, "_checked", interrupted)
    done = command("verify", files("race.py", RACE), *ALONE, "--python", sys.executable)
    assert done.status == 3
    assert done.out.count("24 steps agree") == 1
    assert done.out.rstrip().endswith("INCOMPLETE.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["no/such"], "no/such"),
        (["lost_update/race", "--python", "no-such-python"], "no-such-python cannot be run: No such file or directory"),
        (["lost_update/race", "--python", "/bin/true"], "/bin/true is no Python interpreter"),
        (["lost_update/race", "--set", "N=1", *ALONE], "no parameter"),
    ],
)
def test_wrong_input_is_one_sentence(command, arguments: list[str], sentence: str) -> None:
    done = command("verify", *arguments)
    assert done.status == 2
    assert done.out == ""
    assert sentence in done.err
    assert len(done.err.strip().splitlines()) <= 2


def test_a_file_that_is_no_scenario_is_one_sentence(command, files) -> None:
    done = command("verify", files("bad.py", "import os\nos.system('true')\n"), *ALONE)
    assert done.status == 2
    assert "bad.py:1" in done.err


def test_interpreters_that_cannot_be_used_are_named(command, files, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line for each: what does not run, and what no policy is known for."""
    here = examined(sys.executable)
    other = type(here)("pypy3", "PyPy", "3.11.1", "3.11", gil=True)
    broken = Unusable("python3.14", "python3.14 is no Python interpreter: no such library")
    monkeypatch.setattr("lab.verify.interpreters.found", lambda: ((here, other), (broken,)))
    done = command("verify", files("race.py", RACE), "--seconds", "0.1")
    assert done.status == 0
    assert done.err.splitlines() == [
        "lab: python3.14 is no Python interpreter: no such library",
        "lab: no policy is known for pypy3, PyPy 3.11.1; it is left out",
    ]
