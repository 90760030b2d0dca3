"""One exploration as tables."""

from __future__ import annotations

from dataclasses import replace

from lab.explorer.result import Race, RacyAccess
from lab.report import text
from lab.report.table import plain
from tests.report.samples import DEADLOCK, RACE, STOPPED, outcome

RACE_TEXT = """\
Outcomes (policy access; exact, all 6 schedules)
  outcome         schedules         share   probability  shortest witness
  -------  -----  ---------  ------------  ------------  ----------------
  x = 2                   2  1/3 (33.3 %)  1/2 (50.0 %)  T1 T1 T2 T2
  x = 1    fault          4  2/3 (66.7 %)  1/2 (50.0 %)  T1 T2 T2 T1

Verdicts (policy access; exact, all 6 schedules)
  property               kind      verdict   violating schedules   probability  witness
  ---------------------  --------  --------  -------------------  ------------  -----------
  every_update_counted   final     violated                    4  1/2 (50.0 %)  T1 T2 T2 T1
  no deadlock            built in  holds                       0             0  -
  no livelock            built in  holds                       0             0  -
  no uncaught exception  built in  holds                       0             0  -
  no data race           built in  violated                    -             -  -
  A data race alone is no fault: what counts is what it leads to.

Data races (policy access; exact, all 6 schedules)
  location  one access                            the other
  --------  ------------------------------------  ---------------------------------
  x         T1 writes in line 9, holding no lock  T2 reads in line 15, holding lock
  x: T1 line 9 holds no lock; T2 line 15 holds lock; no lock is held by both. Hold lock in line 9, too.

Expectations of the file (policy access)
  what          met
  ------------  ---
  schedules: 6  met
  states: 12    met"""


def test_two_increments_as_tables() -> None:
    """Every number of the result stands in a table that names its policy and says that it is exact."""
    assert "\n\n".join(map(plain, text.tables(RACE))) == RACE_TEXT


def test_every_table_names_its_policy_and_how_far_it_goes() -> None:
    """The expectations are the file's own, so only their policy is named."""
    for result in (RACE, DEADLOCK, STOPPED):
        for table in text.tables(result):
            assert f"policy {result.policy}" in table.title
            if not table.title.startswith("Expectations"):
                assert ("exact" in table.title) == result.complete
                assert ("incomplete" in table.title) != result.complete


def test_an_incomplete_exploration_never_says_holds() -> None:
    """Not for properties, not for deadlocks, not for data races."""
    shown = "\n".join(map(plain, text.tables(STOPPED)))
    assert "holds" not in shown
    assert shown.count("unknown") >= 5


def test_headlines() -> None:
    """Name, parameters, title; policy, exactness, size."""
    assert text.headline(RACE) == (
        "counter/race: Two threads add one without a lock.\n"
        "Policy access; exact, all 6 schedules; 12 states, 14 transitions."
    )
    first, second = text.headline(DEADLOCK).split("\n")
    assert first == "lock_order/inversion with N = 2: Two locks in two orders."
    assert second == "Policy statement; exact, infinitely many schedules; 20 states, 25 transitions."


def test_conclusions() -> None:
    """Faults are named; without any, the sentence does not claim more than was explored."""
    assert text.conclusion(RACE) == (
        "Found under policy access: every_update_counted is violated in 4 schedules. This is what the file expects."
    )
    assert text.conclusion(DEADLOCK) == (
        "Found under policy statement: ordered is violated; a deadlock is reachable, in 1 state; "
        "a livelock is reachable; a thread can end by an exception."
    )
    assert "incomplete" in text.conclusion(STOPPED)
    clean = replace(RACE, properties=(), expectations=())
    assert text.conclusion(clean) == "No property is violated under policy access, in any schedule."
    failed = replace(RACE, expectations=(replace(RACE.expectations[0], met=False),))
    assert text.conclusion(failed).endswith("This is not what the file expects.")


def test_built_in_faults_have_a_witness_too() -> None:
    """It is the shortest of the outcomes that show the fault."""
    witnesses = {built_in.name: built_in.witness for built_in in text.built_ins(DEADLOCK)}
    assert witnesses["no deadlock"] == ("T1", "T2")
    assert witnesses["no uncaught exception"] == ("T1", "T2")
    assert witnesses["no data race"] is None


def test_a_property_that_raises_says_what() -> None:
    """The reason stands below the table."""
    assert "ordered raises KeyError: 'k'." in text.verdicts(DEADLOCK).notes


def test_long_tables_end_with_a_reference_to_the_json() -> None:
    """Forty rows, then how many more there are."""
    many = replace(RACE, outcomes=tuple(outcome(shared={"x": x}) for x in range(1050)))
    table = text.outcomes(many)
    assert len(table.rows) == text.MOST_ROWS
    assert table.notes == ("and 1,010 more, all of them in the JSON (--json).",)


def test_races_of_threads_that_do_alike_share_a_row() -> None:
    """Three threads of `x += 1` in one line: six read-write pairs in one row, three write-write pairs in another."""
    names = ("T[0]", "T[1]", "T[2]")
    pairs = [(a, b) for a in names for b in names if a != b]
    reading = [(RacyAccess(a, 5, "read", ()), RacyAccess(b, 5, "write", ("lock",))) for a, b in pairs]
    writing = [(RacyAccess(a, 5, "write", ()), RacyAccess(b, 5, "write", ())) for a, b in pairs if a < b]
    result = replace(RACE, races=tuple(Race("x", sides) for sides in (*reading, *writing)))
    rows = [[cell.text for cell in row] for row in text.races(result).rows]
    assert rows == [
        [
            "x",
            "any of T[0] ... T[2] reads in line 5, holding no lock",
            "any of T[0] ... T[2] writes in line 5, holding lock",
        ],
        [
            "x",
            "any of T[0] ... T[2] writes in line 5, holding no lock",
            "any of T[0] ... T[2] writes in line 5, holding no lock",
        ],
    ]
