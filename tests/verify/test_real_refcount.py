"""Reference counts of real objects, measured against baselines."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from typing import Any

import pytest

from lab.verify import real_refcount
from tests.verify.interpreters import VERSIONS, needed

SIX = sorted({tuple(order) for order in itertools.permutations(["T1", "T1", "T2", "T2"])})


def test_a_store_changes_the_real_count_at_once_and_a_load_never() -> None:
    """From 2: T1's second step adds one, T2's second takes one, whatever lies between: always 2 at the end."""
    for row in real_refcount.schedules([list(one) for one in SIX]):
        expected, steps = [2], {"T1": 0, "T2": 0}
        for entry in row["schedule"]:
            steps[entry] += 1
            expected.append(expected[-1] + (steps[entry] == 2) * (1 if entry == "T1" else -1))
        assert row["counts"] == expected
        assert row["counts"][-1] == 2


def test_an_object_dies_with_its_last_reference_in_the_thread_that_drops_it() -> None:
    """2, 1, 0 in both orders; alive, alive, dead."""
    first, second = real_refcount.deaths()
    assert first == {"order": ["T1", "T2"], "counts": [2, 1, 0], "alive": [True, True, False], "died_in": "T2"}
    assert second == {"order": ["T2", "T1"], "counts": [2, 1, 0], "alive": [True, True, False], "died_in": "T1"}


def test_a_list_holds_one_reference_to_what_was_appended() -> None:
    """The three prints: the object alone, one more after append, alone again after del; the list never changes."""
    rows = real_refcount.prints()
    assert [(row["after"], row["obj"], row["lst"]) for row in rows] == [
        ("an object alone", 0, 0),
        ("lst.append(obj)", 1, 0),
        ("del lst[0]", 0, 0),
    ]


def test_a_constant_offset_of_the_interpreter_does_not_matter() -> None:
    """An interpreter that counts every situation one less, as 3.14 does for borrowed locals, gives the same rows."""

    def less(thing: Any) -> int:
        return sys.getrefcount(thing) - 1

    schedules = [list(one) for one in SIX]
    assert real_refcount.schedules(schedules, less) == real_refcount.schedules(schedules)
    assert real_refcount.deaths(less) == real_refcount.deaths()
    assert [row["obj"] for row in real_refcount.prints(less)] == [0, 1, 0]


def test_a_thread_that_does_not_answer_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_refcount, "SECONDS", 0.01)
    hand = real_refcount._Hand("slow", [])
    with pytest.raises(RuntimeError, match="slow did not answer"):
        hand.act()


@pytest.mark.parametrize("version", VERSIONS)
def test_every_interpreter_measures_the_same(version: str) -> None:
    """Baselines make the rows equal on 3.9 to 3.14."""
    command = [needed(version), "-I", "-W", "error", real_refcount.__file__, json.dumps(SIX)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    measured = json.loads(done.stdout)
    here = json.loads(json.dumps(real_refcount.measure([list(one) for one in SIX])))
    assert measured["python"].startswith(version + ".")
    assert measured["schedules"] == here["schedules"]
    assert measured["deaths"] == here["deaths"]
    assert [row["obj"] for row in measured["prints"]] == [0, 1, 0]
