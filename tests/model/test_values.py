"""Identity of values, and the bounds on computing them."""

from __future__ import annotations

import pytest

from lab.model.compute import BINARY, COMPARE, bounded
from lab.model.heap import Raised, Refused
from lab.model.texts import format_value
from lab.model.values import Ref, Snapshot, identity


def test_identity_tells_types_apart_at_any_depth() -> None:
    """1, True and 1.0 are equal for Python and three values for the lab."""
    values = [
        1,
        True,
        1.0,
        (1,),
        (True,),
        (1.0,),
        ((1,),),
        ((True,),),
        Snapshot("list", (1,)),
        Snapshot("list", (True,)),
    ]
    assert len({identity(value) for value in values}) == len(values)


def test_a_reference_is_no_tuple() -> None:
    """References to different objects differ, and equal nothing else."""
    assert Ref(0, "list") != Ref(1, "list")
    assert identity(Ref(1, "list")) != identity((1, "list"))


@pytest.mark.parametrize(
    ("operator", "left", "right"),
    [
        ("Pow", 10, 10**10),
        ("LShift", 1, 10**10),
        ("Mult", "a", 10**9),
        ("Mult", 10**9, (1, 2)),
        ("Mult", 1 << 12_000, 1 << 12_000),
        ("Mod", "%1000000000d", 1),
        ("Pow", -8, 0.5),
        ("Add", Ref(0, "list"), 1),
    ],
)
def test_what_would_cost_too_much_is_refused_before_it_is_computed(operator: str, left: object, right: object) -> None:
    """None of these takes noticeable time or memory."""
    with pytest.raises(Refused):
        BINARY[operator](left, right)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0])
def test_floats_by_which_states_cannot_be_told_apart_are_refused(value: float) -> None:
    """nan differs from itself, and -0.0 equals 0.0."""
    with pytest.raises(Refused):
        bounded(value)


def test_a_tuple_shared_with_itself_is_measured_by_what_it_holds() -> None:
    """Twenty doublings hold a million elements in twenty objects."""
    value: tuple[object, ...] = ()
    for _ in range(18):
        value = bounded((value, value))
    for _ in range(2):
        value = (value, value)
    with pytest.raises(Refused):
        bounded(value)


def test_comparisons_of_containers_follow_python() -> None:
    """A list never equals a tuple, and a set is compared as a set."""
    assert not COMPARE["Eq"](Snapshot("list", (1,)), (1,))
    assert COMPARE["Lt"](Snapshot("set", (1,)), Snapshot("set", (1, 2)))
    assert COMPARE["Eq"](Snapshot("dict", (("a", 1), ("b", 2))), Snapshot("dict", (("b", 2), ("a", 1))))
    with pytest.raises(Raised):
        COMPARE["Lt"](Snapshot("list", ()), 1)


def test_texts_of_values_are_pythons() -> None:
    """As `str` and `repr` write them."""
    assert format_value(("a", 1, None)) == str(("a", 1, None))
    assert format_value((1,)) == "(1,)"
    assert format_value(Snapshot("dict", (("k", (1, 2)),))) == str({"k": (1, 2)})
    assert format_value(Snapshot("set", ())) == "set()"
    assert format_value(Snapshot("deque", (1, "b"))) == "deque([1, 'b'])"
