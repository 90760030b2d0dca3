"""The same file three ways, and what is said about it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import lab
from lab.catalogue import resolve
from lab.errors import UsageError
from lab.report.conformance import conformance_as_json, disagreements, summary, table
from lab.verify import conformance
from lab.verify.conformance import Conformance, Led, compared, prepared
from lab.verify.interpreters import Interpreter, examined
from lab.verify.refcount import verify_refcounts
from lab.verify.stress import explored

HERE = examined(sys.executable)
SLEEPS = '''"""Two threads sleep between the read and the write."""
import time
from lab.scenario import thread

x = 0

@thread(each=range(2))
def T(i):
    global x
    x = (x, time.sleep(0.005))[0] + 1
'''

SETTINGS: Mapping[str, Any] = {}


def found(name: str, *interpreters: Interpreter, most: int = 500) -> Conformance:
    path, _ = resolve(name)
    chosen = interpreters or (HERE,)
    model = prepared(lab.load(name), str(path), SETTINGS, chosen, most=most)
    return Conformance(model, tuple(compared(model, chosen, seconds=0.1)), interrupted=False)


def without_the_first_outcome(conforming: Conformance) -> Conformance:
    """Return the same runs beside a model that lacks what they ended with."""
    [one] = conforming.checked
    free = replace(one.free, seen=tuple(replace(seen, outcome=None) for seen in one.free.seen if seen.runs))
    return replace(conforming, checked=(replace(one, free=free),))


def cells(conforming: Conformance) -> list[list[str]]:
    return [[cell.text for cell in row] for row in table(conforming).rows]


def test_a_race_conforms() -> None:
    """Six schedules of four steps; on Python 3.10 and later free runs have one outcome only."""
    race = found("lost_update/race")
    assert race.conforms
    assert race.complete
    assert list(disagreements(race)) == []
    assert cells(race)[0][:3] == ["the model", "access", "6 schedules, 2 outcomes, 1 faulty"]
    assert cells(race)[1][3] == "6 schedules: all 24 steps agree"
    assert summary(race) == f"lost_update/race conforms on Python {HERE.release}."


def test_an_outcome_that_the_model_lacks_is_loud() -> None:
    """Which outcome, which policy, how many times."""
    wrong = without_the_first_outcome(found("lost_update/locked"))
    assert not wrong.conforms
    [sentence] = disagreements(wrong)
    runs = wrong.checked[0].free.runs
    expected = f"{runs:,} of {runs:,} free runs ended with counter = 2, which policy {HERE.policy} excludes."
    assert sentence.endswith(expected)
    assert cells(wrong)[1][4] == f"{runs:,} runs: {runs:,} EXCLUDED by the policy"
    assert "DOES NOT CONFORM on Python" in summary(wrong)


def test_a_wrong_policy_is_loud(tmp_path: Path) -> None:
    """Two threads sleep between a read and a write: practically every run loses an update.

    Both stand in one statement, so policy `statement` excludes that.
    """
    file = tmp_path / "sleeps.py"
    file.write_text(SLEEPS, encoding="utf-8")
    program = lab.load(str(file))
    model = prepared(program, str(file), SETTINGS, (HERE,), most=500)
    right = next(compared(model, (HERE,), seconds=0.1))
    assert right.conforms
    wrong = replace(model, results={policy: explored(program, "statement") for policy in model.results})
    assert not next(compared(wrong, (HERE,), seconds=0.1)).conforms


def test_a_step_that_differs_is_loud(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule up to that step, what happens and what the model has."""

    def answered(*_arguments: Any, **_named: Any) -> dict[str, Any]:
        differences = [{"run": 1, "step": 2, "what": "what is shared: 1, where the model has 2"}]
        return {"runs": 6, "steps": 22, "differences": differences, "interrupted": False, "why": ""}

    monkeypatch.setattr(conformance, "answer", answered)
    race = found("lost_update/race")
    assert not race.conforms
    [sentence] = disagreements(race)
    assert sentence.endswith("led along worker[0] worker[1] worker[0]: what is shared: 1, where the model has 2.")
    assert cells(race)[1][3] == "1 of 6 schedules DIFFER"
    assert conformance_as_json(race)["interpreters"][0]["led"]["differences"][0]["schedule"] == [
        "worker[0]",
        "worker[1]",
        "worker[0]",
    ]


def test_tasks_are_not_led_and_conform() -> None:
    """Their loop has one order, and every run shows it."""
    tasks = found("check_await_act/race")
    assert tasks.conforms
    assert tasks.complete
    assert cells(tasks)[1][1] == "asyncio-fifo"
    assert cells(tasks)[1][3].startswith("not led: ")
    assert conformance_as_json(tasks)["plan"] == {"why": tasks.model.why}


def test_what_is_too_large_is_incomplete_and_does_not_pass() -> None:
    """Four runs are allowed, and six are needed."""
    large = found("polite/after_you", most=4)
    assert large.conforms
    assert not large.complete
    assert cells(large)[1][3].startswith("4 of 6 runs with every step of every state: all ")
    assert "2 runs more would be needed: --runs 6." in table(large).notes
    assert "not everything could be compared" in summary(large)


def test_runs_that_were_not_all_made_are_incomplete() -> None:
    race = found("lost_update/race")
    [one] = race.checked
    part = replace(race, checked=(replace(one, led=Led(2, 8, (), complete=False)),))
    assert not part.complete
    assert cells(part)[1][3] == "2 of 6 schedules: all 8 steps agree"


def test_what_an_interpreter_cannot_be_led_along_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = {"runs": 0, "steps": 0, "differences": [], "interrupted": False, "why": "line 3: no opcode"}
    monkeypatch.setattr(conformance, "answer", lambda *_a, **_k: answered)
    race = found("lost_update/race")
    assert not race.complete
    assert cells(race)[1][3] == "not led: line 3: no opcode"


def test_control_c_in_a_led_run_leaves_that_interpreter_out(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = {"runs": 2, "steps": 8, "differences": [], "interrupted": True, "why": ""}
    monkeypatch.setattr(conformance, "answer", lambda *_a, **_k: answered)
    with pytest.raises(KeyboardInterrupt):
        found("lost_update/race")


def test_what_ctrl_c_left_out_is_said() -> None:
    race = replace(found("lost_update/race"), interrupted=True)
    assert not race.complete
    assert summary(race).endswith("this is INCOMPLETE.")
    assert conformance_as_json(race)["interrupted"]


def test_a_record_is_led_and_its_free_runs_are_not_compared() -> None:
    record = found("refcount/borrow")
    assert record.complete
    assert cells(record)[1][4].endswith("not compared, a Record stands for C")


def test_an_exploration_that_was_stopped_judges_nothing() -> None:
    race = found("lost_update/race")
    [one] = race.checked
    part = replace(
        race, checked=(replace(one, free=replace(one.free, result=replace(one.free.result, complete=False))),)
    )
    assert not part.complete
    assert cells(part)[1][4].endswith("runs: not compared")
    assert cells(part)[1][2].startswith("unknown: more than")


def test_stuck_runs_are_reported() -> None:
    """A real deadlock ends no free run before its time."""
    stuck = found("rendezvous/wait_first")
    assert stuck.conforms
    free = stuck.checked[0].free
    assert f"{free.runs:,} runs, {free.stuck:,} stuck: 1 of 1 outcomes, no other" in cells(stuck)[1][4]


def test_an_interpreter_without_a_policy_is_one_sentence() -> None:
    with pytest.raises(UsageError, match="there is no policy for pypy3"):
        found("lost_update/race", Interpreter("pypy3", "PyPy", "3.11.1", "3.11", gil=True))


def test_reference_counts_stand_in_a_column() -> None:
    race = found("refcount/race")
    counted = {HERE.path: verify_refcounts()}
    assert [row[-1].text for row in table(race, counted).rows] == ["-", "the locked model's in 6 of 6"]
    assert table(race, {"": counted[HERE.path]}).rows[1][-1].text == "-"
    broken = replace(counted[HERE.path], prints=(replace(counted[HERE.path].prints[0], obj=7),))
    assert table(race, {HERE.path: broken}).rows[1][-1].text.endswith("NOT ALL HOLD")
    assert conformance_as_json(race, counted)["interpreters"][0]["reference_counts"] is True
