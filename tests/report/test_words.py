"""Numbers, values and outcomes in words."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from lab.explorer.result import INFINITE
from lab.report import words
from tests.report.samples import DEADLOCK, RACE, STOPPED, outcome


@given(st.integers(min_value=0, max_value=10**9000))
def test_digits_are_those_of_the_number(number: int) -> None:
    """Read back in pieces that Python accepts, the digits give the number again."""
    text = words.digits(number)
    assert text.isdecimal()
    assert text == "0" or text[0] != "0"
    total = 0
    for start in range(0, len(text), 1000):
        piece = text[start : start + 1000]
        total = total * 10 ** len(piece) + int(piece)
    assert total == number


@given(st.fractions(min_value=0, max_value=1))
def test_a_percentage_never_hides_that_something_is_possible_or_avoidable(fraction: Fraction) -> None:
    """Only 0 is shown as 0, and only 1 as 1."""
    text = words.part(fraction)
    assert (text == "0") == (fraction == 0)
    assert (text == "1") == (fraction == 1)
    assert "(0.0 %" not in text
    assert "(100.0 %" not in text


def test_a_long_fraction_is_shown_as_a_percentage() -> None:
    """A reader does not divide twelve digits by twelve; the JSON has the fraction."""
    assert words.part(Fraction(123456789, 987654321987)) == "< 0.1 %"
    assert words.part(Fraction(333333333, 1000000007)) == "33.3 %"


def test_counts() -> None:
    """A count is grouped, infinite, unknown, or too long to read."""
    assert words.count(INFINITE) == "infinite"
    assert words.count(0) == "0"
    assert words.count(10**24) == "about 1.00e+24"
    assert words.count(10**24 - 1) == "999,999,999,999,999,999,999,999"


def test_values_are_written_as_python_writes_them() -> None:
    """Names of fields stand bare; a number too long to print is described."""
    assert words.value({"refs": 1, "owners": ["T1", None], "ok": True}) == "{refs: 1, owners: ['T1', None], ok: True}"
    assert words.value(10**5000) == "an integer of 16,610 bits"


def test_an_end_says_values_returns_errors_and_output() -> None:
    """Everything observable stands in one line, and a thread without a value is not mentioned."""
    assert words.end(DEADLOCK.outcomes[1]) == (
        "names = ['T1'], T1 returns 3, T2 ends by ValueError: no\nway, prints 'one', 'two'"
    )
    assert words.end(outcome()) == "all threads finish"
    assert words.end(outcome(output=())) == "prints nothing"


def test_a_deadlock_says_who_waits_for_whom() -> None:
    """The kind of the end comes first; shared values, if any, after the reasons."""
    reasons = "deadlock: T1 waits for b (held by T2) in line 9, T2 waits for a (held by T1) in line 16"
    assert words.end(DEADLOCK.outcomes[0]) == reasons
    assert words.end(replace(DEADLOCK.outcomes[0], shared={"x": 1})) == f"{reasons}; x = 1"
    assert words.end(outcome("livelock")) == "livelock"
    assert words.end(outcome("endless", shared={"x": 1})) == "endless; x = 1"


def test_exactness_says_how_far_to_trust() -> None:
    """Exact over so many schedules, or why not."""
    assert words.exactness(RACE) == "exact, all 6 schedules"
    assert words.exactness(DEADLOCK) == "exact, infinitely many schedules"
    assert words.exactness(replace(RACE, schedules=1)) == "exact, the only schedule"
    assert words.exactness(STOPPED) == "incomplete: the bound on states was reached"
    assert words.exactness(replace(STOPPED, stopped="seconds")) == "incomplete: the time was up"
    assert words.exactness(replace(STOPPED, stopped="interrupted")) == "incomplete: it was interrupted"


def test_a_missing_schedule_is_a_dash() -> None:
    """A property that holds has no witness."""
    assert words.schedule(None) == "-"
    assert words.schedule(("T1", "T2:1")) == "T1 T2:1"
