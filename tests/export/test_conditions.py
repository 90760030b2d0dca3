"""Conditions say of every row what they were asked to say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lab.export.conditions import Conditions

ROWS = st.frozensets(st.tuples(st.integers(0, 1), st.integers(-2, 3), st.integers(0, 2)), max_size=12)
NAMES = ("on", "b", "c")
WRITE = Conditions(flags=["on"])


def _holds(text: str, row: tuple[int, ...]) -> bool:
    python = text.replace("!=", "<>").replace("!", " not ").replace("<>", "!=").replace("&&", "and").replace("||", "or")
    return bool(eval(python or "1", {}, dict(zip(NAMES, row, strict=True))))


@given(ROWS, ROWS)
def test_a_condition_tells_the_wanted_rows_from_the_others(wanted, others) -> None:
    """It is true for every wanted row and false for every other one."""
    others -= wanted
    if wanted:
        text = WRITE.between(NAMES, wanted, others)
        assert all(_holds(text, row) for row in wanted)
        assert not any(_holds(text, row) for row in others)


@given(ROWS)
def test_an_exact_condition_is_false_for_everything_else(wanted) -> None:
    """Over every row in and around the domain."""
    text = WRITE.exact(NAMES, wanted)
    for row in ((on, b, c) for on in (0, 1) for b in range(-4, 6) for c in range(-1, 5)):
        assert _holds(text, row) == (row in wanted)


def test_conditions_are_short() -> None:
    """A variable that tells nothing is left out; neighbours become a range; the exception is named."""
    assert WRITE.between(NAMES, [(0, 1, 1), (1, 2, 1)], [(0, 1, 0), (1, 2, 0)]) == "c == 1"
    assert WRITE.between(["b"], [(0,), (1,), (5,)], [(3,)]) == "b != 3"
    assert WRITE.between(["b"], [(0,), (1,)], [(3,), (4,)]) == "b <= 1"
    assert WRITE.between(["b"], [(0,), (4,)], [(2,), (7,)]) == "b == 0 || b == 4"
    assert WRITE.between(["on"], [(0,)], [(1,)]) == "!on"
    assert WRITE.between(NAMES, [(0, 0, 0)], []) == ""
    assert WRITE.exact(["b"], [(0,), (1,), (2,), (5,)]) == "(0 <= b && b <= 2) || b == 5"
