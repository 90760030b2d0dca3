"""The refcount scenarios against real objects."""

from __future__ import annotations

import copy
import sys
from pathlib import Path
from typing import Any

import pytest

from lab.errors import UsageError
from lab.explorer.graph import interleavings
from lab.verify import real_refcount, refcount
from lab.verify.refcount import RefcountReport, judge, measure, verify_refcounts
from tests.verify.interpreters import needed

# By hand: R W R W. Serial orders end at 2; else both read 2, and the last to write decides.
RACY_ENDS = {
    ("T1", "T1", "T2", "T2"): 2,
    ("T1", "T2", "T1", "T2"): 1,
    ("T1", "T2", "T2", "T1"): 3,
    ("T2", "T1", "T1", "T2"): 1,
    ("T2", "T1", "T2", "T1"): 3,
    ("T2", "T2", "T1", "T1"): 2,
}


@pytest.fixture(scope="module")
def measured() -> dict[str, Any]:
    return measure(interleavings(refcount._relation("refcount/race")))


def test_the_real_count_is_the_locked_models_in_all_six_schedules() -> None:
    """Every one of the six ends at 2 in reality and with the lock; the racy model differs in four."""
    report = verify_refcounts()
    assert report.holds
    assert {check.schedule: check.racy[-1] for check in report.schedules} == RACY_ENDS
    assert all(check.locked[-1] == check.real[-1] == 2 for check in report.schedules)
    assert report.racy_differs == 4
    assert report.python == ".".join(map(str, sys.version_info[:3]))


def test_the_counts_after_each_step_are_shown() -> None:
    """T1 reads, T2 reads, T1 writes 3, T2 writes 1 over it; the real count goes up and comes back."""
    report = verify_refcounts()
    check = {check.schedule: check for check in report.schedules}["T1", "T2", "T1", "T2"]
    assert check.racy == (2, 2, 2, 3, 1)
    assert check.locked == check.real == (2, 2, 2, 3, 2)


def test_an_object_dies_at_zero_in_the_model_and_in_reality() -> None:
    for check in verify_refcounts().deaths:
        assert check.model == check.real == (2, 1, 0)
        assert check.model_alive == check.real_alive == (True, True, False)
        assert check.died_in == check.order[-1]


def test_the_three_prints_hold() -> None:
    assert [(check.after, check.obj, check.lst) for check in verify_refcounts().prints] == [
        ("an object alone", 0, 0),
        ("lst.append(obj)", 1, 0),
        ("del lst[0]", 0, 0),
    ]


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_other_interpreters_are_checked_in_a_process_of_their_own(version: str) -> None:
    report = verify_refcounts(needed(version))
    assert report.holds
    assert report.racy_differs == 4
    assert report.python.startswith(version + ".")


def test_a_wrong_baseline_is_detected() -> None:
    """A count that is one too low the first time it is asked: every number after it is one too high."""

    def broken() -> Any:
        asked: list[object] = []

        def count(thing: Any) -> int:
            asked.append(None)
            return sys.getrefcount(thing) - (len(asked) == 1)

        return count

    schedules = [list(schedule) for schedule in RACY_ENDS]
    found = real_refcount.measure(schedules)
    for part, wrong in (
        ("schedules", real_refcount.schedules(schedules[:1], broken())),
        ("deaths", real_refcount.deaths(broken())),
        ("prints", real_refcount.prints(broken())),
    ):
        report = judge({**found, part: wrong + found[part][len(wrong) :]})
        assert not report.holds
        assert sum(not check.holds for check in getattr(report, part)) == 1


def changed(measured: dict[str, Any], *where: Any, value: Any) -> RefcountReport:
    """Judge the measurement with one number replaced."""
    wrong = copy.deepcopy(measured)
    place: Any = wrong
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = value
    return judge(wrong)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("schedules", 3, "counts", -1), 1),
        (("schedules", 0, "counts", 0), 3),
        (("deaths", 0, "counts", 2), 1),
        (("deaths", 0, "alive", 1), False),
        (("deaths", 1, "alive", 2), True),
        (("deaths", 1, "died_in"), "T2"),
        (("prints", 0, "obj"), 1),
        (("prints", 1, "obj"), 0),
        (("prints", 2, "lst"), 1),
    ],
)
def test_any_wrong_number_fails_the_check(measured: dict[str, Any], where: tuple[Any, ...], value: Any) -> None:
    assert judge(measured).holds
    assert not changed(measured, *where, value=value).holds


def test_without_a_gil_another_thread_may_bury_the_object(measured: dict[str, Any]) -> None:
    """Biased counting lets the owner merge and free; that it dies at 0 is checked all the same."""
    free_threaded = copy.deepcopy(measured)
    free_threaded["gil"] = False
    assert changed(free_threaded, "deaths", 0, "died_in", value="MainThread").holds
    assert not changed(free_threaded, "deaths", 0, "alive", 2, value=True).holds


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("#!/bin/sh\necho hello\n", "answers with something else"),
        ("#!/bin/sh\necho 'SyntaxError: old' >&2\nexit 1\n", "must be Python 3.9 or later.*SyntaxError: old"),
        ("#!/bin/sh\nexit 1\n", "no message"),
        ("#!/bin/sh\nexec sleep 5\n", "did not finish"),
    ],
)
def test_an_interpreter_that_cannot_measure_is_explained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    monkeypatch.setattr(refcount, "SECONDS", 0.5)
    fake = tmp_path / "python"
    fake.write_text(text, encoding="utf-8")
    fake.chmod(0o755)
    with pytest.raises(UsageError, match=sentence):
        verify_refcounts(str(fake))


def test_an_interpreter_that_is_not_there_is_explained(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot run .*no-python: No such file"):
        verify_refcounts(str(tmp_path / "no-python"))
