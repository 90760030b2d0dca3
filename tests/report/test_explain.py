"""Explanations: every sentence is read back and held against the replayed trace."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given

import lab
from lab import catalogue
from lab.explorer.result import Outcome, PropertyResult, Result
from lab.language import parse
from lab.model.relation import Relation
from lab.model.trace import Trace, replay
from lab.report.explain import explain, overwritten_unread, worst
from tests.report.samples import RACE
from tests.strategies import scenarios

NAMES = [entry.name for entry in catalogue.entries()]

CLAIM = re.compile(
    r"(?P<thread>\S+) (?:then |and )?(?P<kind>reads|writes|frees|looks for) (?P<place>[^ ]+(?: '[^']*'\])?)"
    r"(?: = (?P<value>.+?)| by `[^`]+`| and (?:finds it|does not find it))? \(line (?P<line>\d+)\)"
)
"""One access as explanations write it."""


def claims_hold(text: str, trace: Trace) -> int:
    """Assert that all accesses named are in the trace, one after another; returns how many there are."""
    step = found = 0
    for claim in CLAIM.finditer(text):
        found += 1
        thread = claim["thread"]
        step = next(
            event.index
            for event in trace.events[step:]
            for access in event.accesses
            if thread in ("and", "it", event.thread)
            and access.line == int(claim["line"])
            and access.location.startswith(claim["place"])
            and access.writes == (claim["kind"] in ("writes", "frees"))
            and (claim["value"] is None or repr(access.value) == claim["value"])
        )
    return found


def unread_holds(text: str, trace: Trace) -> None:
    """Assert that a thread said not to have read something again has not touched it since its first named read."""
    unread = re.search(r"(\S+) then writes (\S+)(?: = (.+?))? \(line (\d+)\) without having read (\S+) again", text)
    if unread is None:
        return
    thread, place, _, line, other = unread.groups()
    read = next(claim for claim in CLAIM.finditer(text))
    assert (read["thread"], read["place"]) == (thread, other)
    looks = [
        event.index
        for event in trace.events
        for access in event.accesses
        if (event.thread, access.location, access.writes) == (thread, other, False) and access.line == int(read["line"])
    ]
    uses = [
        event.index
        for event in trace.events
        for access in event.accesses
        if (event.thread, access.location, access.line) == (thread, place, int(line)) and access.writes
    ]
    assert any(
        all(
            access.location != other
            for event in trace.events[look + 1 : use]
            if event.thread == thread
            for access in event.accesses
        )
        for look in looks
        for use in uses
        if look < use
    )


def check(result: Result, relation: Relation, what: PropertyResult | Outcome) -> None:
    if what.witness is None:
        return
    text = result.explain(what)
    loop = what.loop if isinstance(what, Outcome) else ()
    trace = replay(relation, what.witness + loop)
    if not loop:
        claims_hold(text, trace)
        unread_holds(text, trace)
    assert text.endswith(".")
    assert not re.search(r"\bNone\b(?![\],.}])", text.replace("returns None", ""))  # as a value only


@pytest.mark.parametrize("policy", ["access", "statement"])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_a_shipped_scenario_happens_in_its_trace(name: str, policy: str) -> None:
    """Each access named, with its value and line, is there, in that order; for every outcome and property."""
    relation = lab.relation(name, policy)
    result = lab.explore(name, policy)
    for what in (*result.properties, *result.outcomes):
        check(result, relation, what)


@given(scenarios())
def test_what_is_said_of_a_random_program_happens_in_its_trace(text: str) -> None:
    program = parse(text)
    try:
        result = lab.explore(program, max_states=2000)
    except lab.ScenarioError:
        return
    for what in (*result.properties, *result.outcomes[:10]):
        check(result, lab.relation(program), what)


def explained(name: str) -> str:
    return lab.explain(lab.explore(name))


def test_a_lost_update_says_who_read_what_before_whom_wrote() -> None:
    assert explained("refcount/race") == (
        "T1 reads refcount = 2 (line 15). Before T1 goes on, T2 writes refcount = 1 (line 21). "
        "T1 then writes refcount = 3 (line 15) without having read refcount again, and overwrites what T2 wrote: "
        "every_update_counted is violated."
    )


def test_a_deadlock_says_who_holds_what_and_waits_for_whom() -> None:
    assert explained("lock_order/inversion") == (
        "T1 holds knife and T2 holds fork. "
        "T1 waits for fork (line 19), which T2 holds; T2 waits for knife (line 26), which T1 holds. Nobody can go on."
    )


def test_an_exception_says_who_prepared_it() -> None:
    assert explained("refcount/from_one") == (
        "T2 frees obj (line 25). After that T1 reads obj.refs (line 20) and ends by UseAfterFree: obj was freed. "
        "T1_holds_a_living_object is violated."
    )


def test_half_an_update_says_what_was_seen_and_what_was_not() -> None:
    assert explained("bank/race") == (
        "transfer writes checking = 70 (line 22). audit reads checking = 70 (line 29) and reads savings = 0 (line 29). "
        "Only after that transfer writes savings = 30 (line 23): the_audit_adds_up is violated."
    )


def test_a_check_that_no_longer_holds_is_named() -> None:
    assert explained("dekker/second") == (
        "process[0] reads wants[1] = False (line 18). Before process[0] goes on, process[1] writes wants[1] = True "
        "(line 20). process[0] then writes wants[0] = True (line 20) without having read wants[1] again, and "
        "never_both_inside is violated."
    )


def test_a_livelock_says_what_a_round_is() -> None:
    assert explained("dekker/third") == (
        "After 2 steps process[0] can go round for ever. In a round process[0] reads wants[1] = True (line 20). "
        "Each round ends in the state in which it began."
    )


HEAD = '"""One."""\n\nfrom lab.scenario import always, final, sometimes, thread\n\nx = 0\n\n\n'


def of_text(text: str) -> str:
    return lab.explain(lab.explore(parse(HEAD + text)))


def test_a_fault_of_one_thread_blames_no_other() -> None:
    text = of_text("@thread\ndef T1():\n    global x\n    x = 1\n\n\n@final\ndef zero():\n    return x == 0\n")
    assert text == "No thread touches what another one writes, and zero is violated."


def test_two_steps_in_conflict_are_named_when_nothing_was_misread() -> None:
    threads = "@thread\ndef T1():\n    global x\n    x = 1\n\n\n@thread\ndef T2():\n    global x\n    x = 2\n\n\n"
    text = of_text(threads + "@final\ndef two():\n    return x == 2\n")
    assert text == "T2 writes x = 2 (line 17). After that T1 writes x = 1 (line 11), and two is violated."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    raise ValueError('no')\n", "T1 ends by ValueError: no, before the first step."),
        ("    if x == 0:\n        raise ValueError('no')\n", "T1 reads x = 0 (line 11) and ends by ValueError: no."),
    ],
)
def test_an_exception_without_help_stands_alone(body: str, said: str) -> None:
    text = of_text(f"@thread\ndef T1():\n    global x\n{body}    x = 1\n")
    assert text.startswith(said)


def test_nothing_to_explain_is_said_in_a_sentence() -> None:
    assert explained("refcount/locked") == "Nothing goes wrong in any schedule."
    assert lab.explore("refcount/locked", max_states=3).explain() == "Nothing has gone wrong so far."


def test_a_property_without_a_witness_is_explained_without_a_schedule() -> None:
    missing = of_text("@thread\ndef T1():\n    global x\n    x = 1\n\n\n@sometimes\ndef five():\n    return x == 5\n")
    assert missing == "No schedule reaches a state in which five holds."
    result = lab.explore("refcount/locked")
    assert result.explain(result.properties[0]).startswith("No schedule is known that violates")


def test_a_violated_property_comes_first_and_then_a_deadlock() -> None:
    race, inversion = lab.explore("refcount/race"), lab.explore("lock_order/inversion")
    assert worst(race) == race.properties[0]
    assert worst(inversion) == inversion.outcomes[1]
    assert worst(lab.explore("refcount/locked")) is None


def test_a_result_that_was_not_explored_cannot_be_explained() -> None:
    with pytest.raises(lab.UsageError, match="no program to replay"):
        explain(RACE)


def test_what_is_replayed_is_no_part_of_a_result() -> None:
    result = lab.explore("refcount/race")
    assert replace(result, relation=None) == result
    assert "relation" not in repr(result)


def test_the_step_that_overwrites_unread_is_known() -> None:
    """Step 4 writes what step 3 wrote and what its thread last read at step 1."""
    assert overwritten_unread(lab.replay("refcount/race", ["T1", "T2", "T2", "T1"])) == {3: 2}
    assert overwritten_unread(lab.replay("refcount/race", ["T1", "T1", "T2", "T2"])) == {}


def test_what_happens_to_a_task_is_said_in_words() -> None:
    """Taking and leaving the loop is part of every step of a task, and no explanation."""
    said = explain(lab.explore("cancelled/half_done"))
    assert "the loop" not in said
    assert said.startswith("impatient cancels task transfer (line 29). After that transfer comes to its end (line ")
