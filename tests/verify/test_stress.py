"""Free runs beside the model."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lab
from lab.catalogue import resolve
from lab.errors import UsageError
from lab.report.stressed import summary, table
from lab.verify import stress, stress_run
from lab.verify.free_run import RunOutcome
from lab.verify.interpreters import Interpreter, examined
from lab.verify.stress import StressReport
from tests.verify.interpreters import VERSIONS, needed

LOSES = '''"""Two threads sleep between the read and the write."""
import time
from lab.scenario import final, thread

ROUNDS = 1
x = 0

@thread(each=range(2))
def T(i):
    global x
    for _ in range(ROUNDS):
        k = x
        time.sleep(0.001)
        x = k + 1

@final
def counted():
    return x == 2 * ROUNDS
'''

STUCK = '''"""A thread takes a lock twice."""
import threading
from lab.scenario import thread

lock = threading.Lock()

@thread
def T():
    lock.acquire()
    lock.acquire()
'''


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "loses.py"
    file.write_text(LOSES, encoding="utf-8")
    return str(file)


HERE = examined(sys.executable)


def version(number: str) -> Interpreter:
    """Return a made-up interpreter of that version."""
    return Interpreter(f"python{number}", "CPython", f"{number}.0", number, gil=True)


def measured(path: str, monkeypatch: pytest.MonkeyPatch, outcomes: list[Any], number: str = "3.12") -> StressReport:
    """Return the report about made-up runs of a made-up interpreter."""
    runs = sum(count for _, count in outcomes)
    answered = {"runs": runs, "outcomes": outcomes, "interrupted": False}
    monkeypatch.setattr(stress, "answer", lambda *_a, **_k: json.loads(json.dumps(answered)))
    return stress.stress(lab.load(path), path, {}, version(number))


def real(x: int, **changed: object) -> dict[str, object]:
    ended = {"status": "finished", "shared": {"x": x}, "returned": {"T[0]": None, "T[1]": None}, "errors": {}}
    return {**ended, "unfinished": [], "violated": [], "output": [], **changed}


def test_runs_are_counted_by_outcome(path: str) -> None:
    """Who sleeps between the read and the write loses an update in practically every run."""
    found = stress_run.stress(path, 0.1)
    assert found["runs"] == sum(number for _, number in found["outcomes"])
    assert {"x": 1} in [outcome["shared"] for outcome, _ in found["outcomes"]]
    assert not found["interrupted"]


def test_stuck_runs_end_the_stress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their threads stay, so there are three of them and no more; the model calls it a deadlock."""
    file = tmp_path / "stuck.py"
    file.write_text(STUCK, encoding="utf-8")
    found = stress_run.stress(str(file), 60, patience=0.05)
    assert found["runs"] == stress_run.MOST_STUCK
    report = measured(str(file), monkeypatch, found["outcomes"])
    assert report.holds
    assert [one.runs for one in report.seen] == [3]


def test_real_runs_on_this_interpreter_agree_with_its_policy(path: str) -> None:
    report = stress.stress(lab.load(path, {"ROUNDS": 2}), path, {"ROUNDS": 2}, HERE, seconds=0.2)
    assert report.holds
    assert report.result.policy == "cpython-{}.{}".format(*sys.version_info)
    assert sum(one.runs for one in report.seen) == report.runs > 0
    assert f"{report.runs:,} free runs" in table(report).title


def test_what_the_model_excludes_is_its_fault(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that add one each cannot end with 3."""
    report = measured(path, monkeypatch, [[real(2), 5], [real(3, errors={"T[0]": "KeyError"}), 4]])
    assert not report.holds
    assert summary(report).startswith("Python 3.12.0: 4 of 9 runs showed what policy cpython-3.12 excludes.")
    rows = [[cell.text for cell in row] for row in table(report).rows]
    assert rows[-1] == ["x = 3, T[0] ends by KeyError", "", "0", "4", "excludes it"]
    assert [row[-1] for row in rows[:2]] == ["allows it", "not seen in 9 runs"]


def test_a_run_that_is_stuck_needs_a_deadlock_in_the_model(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    report = measured(path, monkeypatch, [[real(0, status="unfinished", unfinished=["T[0]"]), 1]])
    assert not report.holds
    assert table(report).rows[-1][0].text == "stuck: T[0]"


def test_nothing_is_claimed_where_a_record_stands_for_c(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In real runs its counts are Python code, which can be interrupted."""
    file = tmp_path / "counted.py"
    file.write_text(
        LOSES.replace("x = 0\n", "from lab.scenario import Record\nx = 0\nr = Record()\n", 1), encoding="utf-8"
    )
    report = measured(str(file), monkeypatch, [[real(7), 1]])
    assert report.holds
    assert "stands for" in summary(report)


def test_an_incomplete_exploration_compares_nothing(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stress, "MOST_STATES", 2)
    report = measured(path, monkeypatch, [[real(7), 1]])
    assert report.holds
    assert "incomplete" in summary(report)


def test_a_version_without_a_policy_is_one_sentence(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"CPython 3\.8\.0; there are policies of CPython 3\.9, "):
        measured(path, monkeypatch, [], "3.8")


def test_tasks_alone_are_judged_by_the_order_of_the_loop() -> None:
    """Whatever the version: no other order of tasks happens."""
    assert stress.policy_for(lab.load("check_await_act/race"), version("3.8")) == "asyncio-fifo"


def test_a_file_that_does_not_run_says_why(path: str) -> None:
    program = lab.load(path)
    with pytest.raises(UsageError, match=r"cannot run .*: ValueError: no parameter M"):
        stress.stress(program, path, {"M": 1}, HERE)


def test_control_c_ends_the_runs_and_keeps_what_was_seen(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the third run; the process is asked and not killed."""
    outcomes = stress_run._outcomes

    def interrupted(*arguments: Any) -> Iterator[RunOutcome]:
        yield from itertools.islice(outcomes(*arguments), 3)
        raise KeyboardInterrupt

    monkeypatch.setattr(stress_run, "_outcomes", interrupted)
    found = stress_run.stress(path, 60)
    assert (found["runs"], found["interrupted"]) == (3, True)


@pytest.mark.parametrize("number", VERSIONS)
def test_tasks_that_tasks_make_have_their_names_in_every_version(number: str) -> None:
    """Python 3.13 sets a name that is None."""
    path, _ = resolve("cancelled/completed")
    program = lab.load("cancelled/completed")
    assert stress.stress(program, str(path), {}, examined(needed(number)), seconds=0.05).holds


@pytest.mark.slow
@pytest.mark.parametrize("number", VERSIONS)
@pytest.mark.parametrize(
    "name", ["lost_update/race", "lost_update/call_in_window", "bank/race", "lock_order/inversion"]
)
def test_real_runs_agree_with_the_policy_of_every_version(number: str, name: str) -> None:
    """Seconds of free runs; what the policy excludes never happens."""
    path, _ = resolve(name)
    assert stress.stress(lab.load(name), str(path), {}, examined(needed(number)), seconds=3).holds
