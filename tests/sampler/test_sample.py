"""A sample as a whole: what it claims, what replays, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, reject
from scipy.stats import binomtest

import lab
from lab.errors import IncompleteError, ScenarioError, UsageError
from lab.explorer.findings.ends import outcome_key
from lab.language import parse
from lab.sampler import sample
from lab.sampler.result import Sample, Seen, Spread, wilson
from lab.sampler.run import Run
from lab.sampler.tally import Tally
from tests.explorer import toys
from tests.strategies import scenarios

WAYS: tuple[dict[str, Any], ...] = ({}, {"uniform": True}, {"pct": 2})


def _schedules(found: Sample) -> list[Seen]:
    return [*(outcome.seen for outcome in found.outcomes), *(prop.seen for prop in found.properties), found.deadlock]


@pytest.mark.parametrize("way", WAYS, ids=("choice", "uniform", "pct"))
@pytest.mark.parametrize("policy", ["access", "statement"])
@pytest.mark.parametrize("name", ["refcount/race", "philosophers/all_left", "check_then_act/race", "tickets/race"])
def test_every_schedule_replays_to_what_it_is_said_to_show(name: str, policy: str, way: dict[str, Any]) -> None:
    """The state at its end is the outcome's, and the counts add up."""
    found = lab.sample(name, policy, runs=300, **way)
    assert sum(outcome.seen.runs for outcome in found.outcomes) == found.runs == 300
    for outcome in found.outcomes:
        assert outcome.seen.schedule is not None
        trace = lab.replay(name, outcome.seen.schedule, policy)
        assert trace.status == outcome.status
        assert (dict(trace.events[-1].shared), trace.returned) == (outcome.shared, outcome.returned)
        assert {event.thread: event.error for event in trace.events if event.error} == outcome.errors
        if outcome.status == "deadlock":
            assert trace.waiting == outcome.waiting
    exact = {str(outcome.shared) for outcome in _exact(name, policy)}
    assert {str(outcome.shared) for outcome in found.outcomes} <= exact


def _exact(name: str, policy: str) -> Any:
    return lab.explore(name, policy).outcomes


def test_the_same_seed_draws_the_same_runs() -> None:
    """And another seed others."""
    for way in WAYS:
        first, again, other = (lab.sample("lost_update/race", runs=100, seed=seed, **way) for seed in (5, 5, 6))
        assert first == again
        assert first != replace(other, seed=5)


@pytest.mark.parametrize("way", WAYS, ids=("choice", "uniform", "pct"))
def test_a_longer_sample_begins_with_the_shorter(way: dict[str, Any]) -> None:
    """What is seen first is seen first in both."""
    short, long = (lab.sample("lost_update/race", runs=runs, **way) for runs in (20, 600))
    firsts = {outcome.shared["counter"]: outcome.seen.first for outcome in long.outcomes}
    assert all(firsts[outcome.shared["counter"]] == outcome.seen.first for outcome in short.outcomes)


@pytest.mark.parametrize("way", WAYS, ids=("choice", "uniform", "pct"))
def test_properties_are_counted_by_run(way: dict[str, Any]) -> None:
    """`always` and `final` by the runs that violate them, `sometimes` by those that satisfy it; why, if it raises."""

    def never(read: Any, _: Any) -> Any:
        return toys.Thrown("ZeroDivisionError", "division by zero") if read("x") == 2 else True

    toy = toys.counter(
        2,
        1,
        properties={
            "small": ("always", never),
            "lost": ("final", lambda read, _: read("x") == 2),
            "two": ("sometimes", lambda read, _: read("x") == 2),
            "three": ("sometimes", lambda read, _: read("x") == 3),
        },
    )
    found = sample(toy, runs=200, **way)
    small, lost, two, three = found.properties
    assert [prop.verdict for prop in found.properties] == ["violated", "violated", "reached", "not seen"]
    assert small.seen.runs == two.seen.runs == 200 - lost.seen.runs
    assert (small.reason, lost.reason, two.reason) == ("ZeroDivisionError: division by zero", "", "")
    assert (three.seen.runs, three.seen.first, three.seen.schedule) == (0, None, None)
    assert {outcome.shared["x"]: outcome.faulty for outcome in found.outcomes} == {1: True, 2: False}
    assert found.faulty


def test_exceptions_are_counted_in_runs_that_are_cut_off_too() -> None:
    """T1 fails at once; T2 never ends."""
    toy = toys.Toy(
        {"x": 0},
        {
            "T1": lambda _, __: iter([(toys.failed("ValueError", "no"), {})]),
            "T2": lambda local, _: iter([(local, {})]),
        },
    )
    found = sample(toy, runs=10, max_length=30)
    assert (found.cut, found.outcomes, found.lengths) == (10, (), None)
    assert found.exceptions.runs == 10
    assert found.faulty


@pytest.mark.parametrize("way", WAYS, ids=("choice", "uniform", "pct"))
def test_the_first_violation_is_the_first_of_all_that_end_so(way: dict[str, Any]) -> None:
    """Two of the three outcomes violate the property; the schedule shown is that of the earlier one."""
    found = lab.sample("refcount/race", runs=300, **way)
    faulty = [outcome.seen for outcome in found.outcomes if outcome.faulty]
    assert len(faulty) == 2
    first = min(faulty, key=lambda seen: seen.first or 0)
    assert (found.properties[0].seen.first, found.properties[0].seen.schedule) == (first.first, first.schedule)
    assert found.properties[0].seen.runs == sum(seen.runs for seen in faulty)


def test_properties_about_regions_are_noted() -> None:
    """Somewhere on the schedule that is shown, both threads are in their critical region."""
    violated = lab.sample("peterson/swapped", runs=300).properties[0]
    assert violated.verdict == "violated"
    assert violated.reason == ""
    inside: dict[str, bool] = {}
    both = False
    for event in lab.replay("peterson/swapped", violated.seen.schedule or ()).events:
        inside[event.thread] = bool(event.regions)
        both |= sum(inside.values()) == 2
    assert both


def test_nothing_seen_is_no_fault() -> None:
    """A locked counter."""
    found = lab.sample("lost_update/locked", runs=50)
    assert not found.faulty
    assert found.complete
    assert found.properties[0].verdict == "not seen"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"runs": 0}, "the number of runs is 0"),
        ({"seed": -1}, "the seed is -1"),
        ({"pct": 0}, "the depth of a fault is 0"),
        ({"max_length": 0}, "the greatest length is 0"),
        ({"uniform": True, "pct": 2}, "not both"),
        ({"uniform": True, "max_length": 3}, "no run ends within 3 steps"),
        ({"policy": "none"}, "there is no policy 'none'"),
    ],
)
def test_requests_that_make_no_sense(wrong: dict[str, Any], words: str) -> None:
    """Each is one sentence."""
    with pytest.raises(UsageError, match=words):
        lab.sample("refcount/race", **wrong)


@pytest.mark.parametrize(
    ("bound", "why"),
    [({"max_states": 5}, "the bound on states"), ({"deadline": lambda: True}, "the time was up")],
)
def test_a_part_of_all_runs_is_not_drawn_from(bound: dict[str, Any], why: str) -> None:
    """It would not be uniform."""
    with pytest.raises(IncompleteError, match=why):
        lab.sample("refcount/race", uniform=True, **bound)


def test_an_interrupt_keeps_what_there_is() -> None:
    """The time limit is asked after each run; Ctrl-C ends a sample between two runs."""
    told: list[tuple[int, int]] = []

    def interrupt(runs: int, wanted: int) -> None:
        told.append((runs, wanted))
        if runs == 7:
            raise KeyboardInterrupt

    found = lab.sample("refcount/race", runs=100, drawn=interrupt)
    assert (found.runs, found.wanted, found.complete, told[-1]) == (7, 100, False, (7, 100))
    late = lab.sample("refcount/race", runs=100, deadline=lambda: True)
    assert (late.runs, late.complete) == (1, False)


@pytest.mark.parametrize("way", [{}, {"pct": 2}], ids=("choice", "pct"))
def test_a_run_that_does_not_end_is_given_up_at_the_deadline(way: dict[str, Any]) -> None:
    """It is not counted: nothing was drawn, and the sample is incomplete."""
    toy = toys.Toy({"x": 0}, {"T1": lambda local, _: iter([(local, {})])})
    found = sample(toy, max_length=10**12, deadline=lambda: True, **way)
    assert (found.runs, found.cut, found.complete) == (0, 0, False)


def test_an_empty_tally_claims_nothing() -> None:
    """No runs: no frequency, and an interval from 0 to 1."""
    summary = Tally().summary(toys.counter(2, 1))
    assert summary["deadlock"] == Seen(0, Fraction(0), (0.0, 1.0), None, None)
    assert summary["lengths"] is None


def test_the_middle_is_the_lower_of_two() -> None:
    """1 2 3 9: 2."""
    tally = Tally()
    outcome = lab.sampler.run.Ending("finished", toys.counter(1, 1).observe(toys.counter(1, 1).initial()), {}, False)
    for length in (9, 1, 3, 2):
        tally.add(Run(outcome, 0, length, 0, list))
    summary = tally.summary(toys.counter(1, 1))
    assert (summary["lengths"], summary["preemptions"]) == (Spread(1, 2, 9), Spread(0, 0, 0))


@pytest.mark.parametrize(("runs", "total"), [(0, 10), (1, 10), (5, 10), (10, 10), (216, 600)])
def test_intervals_are_wilsons(runs: int, total: int) -> None:
    """As scipy computes them."""
    truth = binomtest(runs, total).proportion_ci(method="wilson")
    assert wilson(runs, total) == pytest.approx((truth.low, truth.high), abs=1e-12)


@given(scenarios())
def test_samples_of_random_scenarios_show_what_exploring_finds(text: str) -> None:
    """Each way to draw, over the whole language: outcomes are known, schedules replay, what holds is not violated."""
    program = parse(text)
    try:
        exact = lab.explore(program, max_states=500)
    except ScenarioError:
        reject()
    assume(exact.complete)
    known = {outcome_key(outcome.status, outcome, outcome.waiting): outcome for outcome in exact.outcomes}
    for way in ({"max_length": 300}, {"uniform": True, "max_length": 30}, {"pct": 2, "max_length": 300}):
        try:
            found = lab.sample(program, runs=20, **way)
        except UsageError:  # no run ends so early
            assert way.get("uniform")
            continue
        for outcome in found.outcomes:
            truth = known[outcome_key(outcome.status, outcome, outcome.waiting)]
            assert truth.faulty or not outcome.faulty
            assert lab.replay(program, outcome.seen.schedule or ()).status == outcome.status
        for mine, other in zip(found.properties, exact.properties, strict=True):
            assert mine.verdict != {"holds": "violated", "violated": "reached"}[other.verdict]
            if mine.verdict == "reached":
                assert other.verdict == "holds"


def test_nothing_can_be_drawn_where_no_run_ends() -> None:
    """Whatever the bound on the length."""
    for bound in (None, 50):
        with pytest.raises(UsageError, match="has no run that ends"):
            lab.sample("dekker/first", uniform=True, max_length=bound)


def test_returned_values_and_choices_replay(tmp_path: Path) -> None:
    """A step with three results is written with the number of its result."""
    path = tmp_path / "choice.py"
    path.write_text(
        "'''Chooses.'''\nfrom lab.scenario import choose, thread\n\n\n@thread\ndef T():\n    return choose(5, 6, 7)\n",
        encoding="utf-8",
    )
    for way in WAYS:
        found = lab.sample(path, runs=60, **way)
        assert {outcome.returned["T"]: outcome.seen.schedule for outcome in found.outcomes} == {
            5: ("T:0",),
            6: ("T:1",),
            7: ("T:2",),
        }
