"""A sample as text and as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import lab
from lab.report import sampled
from lab.report.json import sample_as_json
from lab.report.table import plain
from lab.sampler.result import SampledProperty, Seen

RACE = lab.sample("refcount/race", runs=600, uniform=True)


def test_the_headline_says_who_drew_what() -> None:
    """Scheduler, population, seed; with a bound on the length, what was not drawn."""
    assert sampled.headline(RACE).endswith("600 runs, drawn uniformly from all 6 schedules, seed 1.")
    short = lab.sample("peterson/peterson", runs=5, uniform=True, max_length=12)
    assert "schedules of at most 12 steps" in sampled.headline(short)
    assert "Runs of more than 12 steps exist and were not drawn." in sampled.conclusion(short)
    stopped = replace(RACE, wanted=1000)
    assert "600 runs, incomplete: 1,000 were asked for; drawn" in sampled.headline(stopped)
    assert "every enabled thread equally likely" in sampled.headline(lab.sample("refcount/race", runs=5))
    assert "faults of depth 3" in sampled.headline(lab.sample("refcount/race", runs=5, pct=3))


def test_tables_count_runs_and_show_the_first() -> None:
    """216 of 600 runs are 9/25; the second run drawn is the first that ends so."""
    outcomes, verdicts, spreads = map(plain, sampled.tables(RACE))
    assert "refcount = 3  fault   216    9/25 (36.0 %)    32.3-39.9 %          2  T2 T1 T2 T1" in outcomes
    assert "every_update_counted   final     violated         412" in verdicts
    assert "no deadlock            built in  not seen           0" in verdicts
    assert "holds" not in outcomes + verdicts
    assert "steps            4       4     4" in spreads


def test_a_long_table_ends_at_forty_rows() -> None:
    """The rest is in the JSON."""
    many = replace(RACE, outcomes=RACE.outcomes * 20)
    assert sampled.outcomes(many).notes == ("and 20 more, all of them in the JSON (--json).",)
    assert len(sampled.outcomes(many).rows) == 40


def test_the_conclusion_names_every_fault_and_never_says_holds() -> None:
    """Violations, deadlocks, exceptions; else that nothing is proved."""
    assert sampled.conclusion(RACE) == "Found in 600 runs: every_update_counted is violated in 412."
    one = replace(RACE.deadlock, runs=1)
    worse = replace(RACE, deadlock=one, exceptions=one)
    assert "412; a deadlock in 1; a thread ends by an exception in 1." in sampled.conclusion(worse)
    fine = lab.sample("refcount/locked", runs=10)
    assert sampled.conclusion(fine) == "No fault was seen in 10 runs; this proves nothing."


def test_runs_cut_off_are_named() -> None:
    """They have no outcome."""
    cut = lab.sample("refcount/race", runs=10, max_length=3)
    assert "10 runs were cut off after 3 steps and have no outcome" in sampled.conclusion(cut)
    assert [table.title.partition(" ")[0] for table in sampled.tables(cut)] == ["Properties"]
    assert "1 run was cut off after 3 steps and has no" in sampled.conclusion(replace(cut, cut=1))


def test_reasons_stand_below_the_table() -> None:
    """What a property raises."""
    seen = Seen(1, RACE.deadlock.frequency, (0.0, 0.1), 1, ("T1",))
    raising = replace(RACE, properties=(SampledProperty("p", "always", seen, "KeyError: 1"),))
    assert sampled.verdicts(raising).notes == ("p raises KeyError: 1.",)


def test_the_promise_of_priorities_is_spelled_out() -> None:
    """1 / (2 x 4) for two threads and four steps; nothing where a thread waited busily, or right after a longer run."""
    found = lab.sample("refcount/race", runs=10, pct=2)
    text = sampled.conclusion(found)
    assert "at least 1/(n k^(d-1)) = 1/8 (12.5 %), with n = 2 threads" in text
    assert "no run is longer than k = 4 steps" in text
    assert "Then 10 runs all miss such a fault with probability 0.26 at most." in text
    assert found.coverage is not None
    assert "Then" not in sampled.conclusion(replace(found, coverage=replace(found.coverage, runs=0)))
    busy = replace(found, coverage=replace(found.coverage, missed=None, demoted=3))
    assert "In 3 runs a thread that waited busily was put last, so nothing is promised" in sampled.conclusion(busy)


def test_the_json_has_every_field() -> None:
    """As docs/results.md lists them; whole numbers that may be large are strings."""
    data = json.loads(json.dumps(sample_as_json(RACE)))
    assert (data["scheduler"], data["population"], data["runs"], data["complete"]) == ("uniform", "6", 600, True)
    first = data["outcomes"][0]
    assert (first["status"], first["shared"], first["runs"], first["frequency"]) == (
        "finished",
        {"refcount": 3},
        216,
        "9/25",
    )
    assert (first["interval"], first["first"], first["schedule"]) == ([0.322595, 0.399186], 2, ["T2", "T1", "T2", "T1"])
    assert data["deadlock"] == {
        "runs": 0,
        "frequency": "0",
        "interval": [0.0, 0.006362],
        "first": None,
        "schedule": None,
    }
    assert (data["lengths"], data["preemptions"]["max"]) == ({"min": 4, "median": 4, "max": 4}, 2)
    assert data["coverage"] is None
    pct = sample_as_json(lab.sample("refcount/race", runs=10, pct=2))
    assert pct["coverage"] == {
        "depth": 2,
        "threads": 2,
        "steps": 4,
        "chance": "1/8",
        "runs": 10,
        "missed": 0.263076,
        "demoted": 0,
    }
    busy = sample_as_json(lab.sample("peterson/peterson", runs=50, pct=2))
    assert busy["coverage"]["missed"] is None
    assert sample_as_json(lab.sample("refcount/race", runs=2, max_length=1))["lengths"] is None
