"""The text of exported models: everything that can be judged without SPIN."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import lab
from lab.language import parse
from tests.export.programs import EXPORTED, LEFT_OUT, PROGRAMS

GOLDEN = Path(__file__).parent / "golden"


def test_the_refcount_race_word_for_word() -> None:
    """A step for the read and one for the write, the values read in the labels; by hand 13 states, 14 transitions."""
    assert lab.promela("refcount/race") == (GOLDEN / "refcount_race.pml").read_text(encoding="utf-8")


def test_a_label_for_each_local_state_and_an_alternative_for_each_thing_it_does() -> None:
    """Peterson's process: four places up to the critical section, two after it, and the end; two of them fork."""
    text = lab.promela("peterson/peterson")
    process = text.split("active proctype process_0")[1].split("active proctype")[0]
    assert len(re.findall(r"^at_\d+:", process, re.MULTILINE)) == 6
    assert len(re.findall(r"^end_\d+:", process, re.MULTILINE)) == 1
    assert process.count("    :: ") == 5
    assert "goto at_" in process


def test_every_goto_has_its_label() -> None:
    """In every process of every scenario, each label once."""
    for name in EXPORTED:
        for process in lab.promela(name).split("active proctype ")[1:]:
            labels = re.findall(r"^(\w+):", process, re.MULTILINE)
            assert len(labels) == len(set(labels))
            assert set(re.findall(r"goto (\w+)", process)) <= set(labels)


def test_a_thread_that_ends_stays_at_an_end_label() -> None:
    """SPIN takes that for a valid end, and the process never dies."""
    text = lab.promela(parse(PROGRAMS["exceptions and different returns"]))
    assert "end_1:    /* ended by ValueError: a second * / one */\n    false;" in text
    assert "/* returned 1 */" in text


def test_what_a_step_adds_is_written_as_an_addition() -> None:
    """Three threads add -1, 0 and 1 four times each: two statements but no table of values."""
    text = lab.promela(parse(PROGRAMS["arithmetic on a counter"]))
    assert "x = x - 1" in text
    assert "x = x + 1" in text
    assert "x ==" not in text.replace("    x == 0\n}", "")


def test_values_are_themselves_or_numbered() -> None:
    """x goes down to -2, y up to 600, z beyond 32 bits; a lock is free or held; text needs numbers."""
    numbers = lab.promela(parse(PROGRAMS["large and negative numbers"]))
    assert "short x = 0;\n" in numbers
    assert "short y = 0;\n" in numbers
    assert "byte z = 0;    /* 0 = 0, 1 = 1099511627776, 2 = 2199023255552 */" in numbers
    names = lab.promela(parse(PROGRAMS["names that are taken"]))
    assert "byte LOCK_ = 0;    /* LOCK: 0 = free, 1 = held by init, 2 = held by run */" in names
    assert "/* 0 = None, 1 = 1.5, 2 = True */" in lab.promela(parse(PROGRAMS["values that are no numbers"]))
    again = lab.promela(parse(PROGRAMS["a lock that nobody gives back"]))
    assert "held by T[0], (0, 2)" in again


def test_each_kind_of_property() -> None:
    """`@always` after whatever changes it, `@final` where the last thread ends, `@sometimes` not at all."""
    text = lab.promela("peterson/peterson")
    assert "@always never_both_inside: holds." in text
    assert "process_0_in_critical = 1; assert(always_never_both_inside)" in text
    assert "assert(threads_ended < 2 || final_every_update_counted)" in lab.promela("refcount/race")
    assert "@sometimes atomic is left out" in lab.promela(parse(PROGRAMS["names that are taken"]))


def test_a_property_violated_from_the_start_is_asserted_before_the_first_step() -> None:
    """No step leads to the initial state, so the first step of each thread looks at it."""
    text = lab.promela(parse(PROGRAMS["a property violated from the start"]))
    assert "violated, already in the initial state" in text
    assert "d_step { assert(always_one); x = 1; assert(always_one) }" in text


def test_the_heading_says_how_to_run_it() -> None:
    """A deep search needs room: two threads of 100 rounds are at most 401,606 states and SPIN's own limit is 10,000."""
    assert "gcc -O2 -DSAFETY -DNOREDUCE -o pan pan.c" in lab.promela("refcount/race")
    assert "-m" not in lab.promela("refcount/race").split("*/")[0]
    deep = lab.promela("peterson/peterson", parameters={"ROUNDS": 20})
    assert re.search(r"\./pan -E -m\d{5}", deep)


def test_many_components_need_a_wider_state() -> None:
    """A list of 300 elements does not fit the 1,024 bytes that SPIN reserves."""
    text = "from lab.scenario import thread\nc = [0] * 300\n@thread\ndef T():\n    c[0] = 1\n    c.reverse()\n"
    assert "-DVECTORSZ=" in lab.promela(parse(text))


def test_everything_that_is_written_fits_a_comment() -> None:
    """No text of the file ends a comment, and all of it is ASCII."""
    for text in map(lab.promela, map(parse, PROGRAMS.values())):
        assert text.isascii()
        assert text.count("/*") == text.count("*/")


def test_only_a_whole_exploration_can_be_exported() -> None:
    """Twelve states, and a bound of eleven."""
    assert "12 states" in lab.promela("lost_update/race", max_states=12)
    with pytest.raises(lab.IncompleteError, match="the bound on states was reached"):
        lab.promela("lost_update/race", max_states=11)
    with pytest.raises(lab.IncompleteError, match="seconds"):
        lab.promela("lost_update/race", deadline=lambda: True)


def test_the_numbers_of_the_heading_are_those_of_an_exploration() -> None:
    """States, transitions and deadlocks of every scenario, under one policy or the other."""
    for number, name in enumerate(EXPORTED):
        policy = ("access", "statement")[number % 2]
        found = lab.explore(name, policy)
        said = f"{found.states:,} states, {found.transitions:,} transitions, {found.deadlock.states:,} deadlocked"
        assert said in lab.promela(name, policy)


def test_a_program_that_may_leave_a_thread_behind_is_refused() -> None:
    """SPIN's runs end when every process has."""
    with pytest.raises(lab.UsageError, match="cannot be exported"):
        lab.promela(LEFT_OUT)


def test_a_case_learns_late_what_it_keeps() -> None:
    """A statement's results differ in what they write, and which of them do is known only when all were met."""
    text = lab.promela("biased_refcount/owner_exited", "statement")
    assert f"{lab.explore('biased_refcount/owner_exited', 'statement').states:,} states" in text
