"""Two explorations side by side."""

from __future__ import annotations

from dataclasses import replace

from lab.explorer.result import PropertyResult
from lab.report.comparison import compare
from lab.report.table import plain
from tests.report.samples import HOLDS, RACE, STOPPED

LOCKED = replace(
    RACE,
    scenario="counter/locked",
    title="The same under a lock.",
    states=11,
    schedules=2,
    outcomes=(replace(RACE.outcomes[0], share=HOLDS.probability + 1, probability=HOLDS.probability + 1),),
    properties=(PropertyResult("every_update_counted", "final", "holds", 0, HOLDS.probability, None),),
    races=(),
)


def test_a_fault_and_its_repair() -> None:
    """Equal outcomes share a row; what one side never reaches counts 0 there."""
    assert (
        "\n\n".join(map(plain, compare(RACE, LOCKED)))
        == """\
Compared
  scenario        title                                policy         explored                states
  --------------  -----------------------------------  -------------  ----------------------  ------
  counter/race    Two threads add one without a lock.  policy access  exact, all 6 schedules      12
  counter/locked  The same under a lock.               policy access  exact, all 2 schedules      11

Outcomes (policy access)
  outcome        counter/race         share   probability  counter/locked  share  probability
  -------------  ------------  ------------  ------------  --------------  -----  -----------
  x = 2                     2  1/3 (33.3 %)  1/2 (50.0 %)               2      1            1
  x = 1 (fault)             4  2/3 (66.7 %)  1/2 (50.0 %)               0      0            0
  The columns under a scenario's name count its schedules.

Verdicts (policy access)
  property               counter/race                        counter/locked
  ---------------------  ----------------------------------  --------------
  every_update_counted   violated, probability 1/2 (50.0 %)  holds
  no deadlock            holds                               holds
  no livelock            holds                               holds
  no uncaught exception  holds                               holds
  no data race           violated                            holds"""
    )


def test_an_incomplete_side_never_counts_zero() -> None:
    """An outcome that was not found so far may still come."""
    outcomes = plain(compare(RACE, replace(STOPPED, scenario="counter/other"))[1])
    assert outcomes.count("not found so far") == 2


def test_one_scenario_under_two_policies_is_told_apart() -> None:
    """The columns carry the policy where the names agree."""
    tables = compare(RACE, replace(RACE, policy="statement"))
    assert [column.title for column in tables[2].columns] == [
        "property",
        "counter/race (access)",
        "counter/race (statement)",
    ]
    assert "policies access and statement" in tables[1].title


def test_a_property_of_one_side_only_is_a_dash_on_the_other() -> None:
    """Nothing is said about a property that a file does not have."""
    other = replace(LOCKED, properties=(PropertyResult("exclusive", "always", "holds", 0, HOLDS.probability, None),))
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in compare(RACE, other)[2].rows}
    assert rows["exclusive"] == ["-", "holds"]
    assert rows["every_update_counted"][1] == "-"
