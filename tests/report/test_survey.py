"""One scenario under all policies, one line each."""

from __future__ import annotations

import lab
from lab.model.policies import policies_for
from lab.report.survey import survey


def rows(name: str, policies: tuple[str, ...], **options: int) -> dict[str, tuple[str, ...]]:
    table = survey([lab.explore(name, policy, **options) for policy in policies])
    return {row[0].text: tuple(cell.text for cell in row[1:]) for row in table.rows}


def test_each_policy_has_its_verdict_its_share_and_the_lines_that_race() -> None:
    """Four of six schedules lose an update where a switch is possible in `+=`; two of two keep it elsewhere."""
    found = rows("lost_update/race", tuple(policies_for(tasks=False)))
    faulty = ("faulty", "4", "6", "2/3 (66.7 %)", "every_update_counted", "counter: 25 and 25")
    assert {name for name, row in found.items() if row == faulty} == {
        "access",
        "cpython-2.7",
        "cpython-3.9",
        "free-threaded",
    }
    assert found["cpython-3.12"] == ("sound", "0", "2", "0", "-", "counter: 25 and 25")


def test_built_in_verdicts_count_and_infinitely_many_schedules_have_no_share() -> None:
    """The polite philosophers' livelock."""
    [row] = rows("polite/after_you", ("access",)).values()
    assert row[:5] == ("faulty", "infinite", "infinite", "-", "no livelock")


def test_what_is_violated_on_the_way_is_bad_though_the_end_is_not() -> None:
    """Two rooms that should exclude each other: the violation is past at the end."""
    [row] = rows("peterson/swapped", ("access",)).values()
    assert row[0] == "faulty"
    assert row[1] != "0"


def test_an_incomplete_exploration_is_unknown_and_says_so() -> None:
    """Nothing was violated in the first states, and nothing is claimed."""
    table = survey([lab.explore("readers_writers/turnstile", max_states=10)])
    assert [cell.text for cell in table.rows[0][1:5]] == ["unknown", "unknown", "unknown", "-"]
    assert "incomplete" in table.title


def test_many_pairs_are_counted() -> None:
    [row] = rows("check_then_act/race", ("access",)).values()
    assert row[-1].count(";") >= 1
