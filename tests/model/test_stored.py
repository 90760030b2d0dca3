"""Values written as plain data come back as they were."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.errors import CheckpointError
from lab.model.state import Local
from lab.model.stored import as_data, from_data
from lab.model.values import (
    END,
    MISSING,
    OWN,
    UNBOUND,
    Closure,
    Cursor,
    Cut,
    Marker,
    Parked,
    Ref,
    Snapshot,
    Thrown,
    identity,
)

ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**5000, max_value=10**5001),
    st.floats(allow_nan=False),
    st.text(),
    st.text(st.characters(categories=["Cs"])),
    st.sampled_from([UNBOUND, MISSING, END, OWN, range(3), range(9, 0, -2)]),
    st.builds(Ref, st.integers(), st.text()),
    st.builds(Thrown, st.text(), st.text()),
)


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    tuples = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        tuples,
        st.builds(Snapshot, st.text(), tuples),
        st.builds(Parked, inner),
        st.builds(Cut, inner, inner, inner),
        st.builds(Cursor, inner, st.text(), st.integers(), st.none() | st.integers()),
        st.builds(Closure, st.text(), st.integers(), tuples, tuples),
        st.builds(Local, st.integers(), tuples, tuples, tuples),
    )


@given(st.recursive(ATOMS, nested, max_leaves=8))
def test_a_value_survives_json(value: Any) -> None:
    """Type and value, recursively."""
    assert identity(from_data(json.loads(json.dumps(as_data(value))))) == identity(value)


def test_not_a_number_survives() -> None:
    assert str(from_data(as_data(float("nan")))) == "nan"


@pytest.mark.parametrize("value", [1j, b"a", [1], {1: 2}, Marker("other"), object()])
def test_no_value(value: Any) -> None:
    with pytest.raises(CheckpointError, match="cannot hold a value of type"):
        as_data(value)


@pytest.mark.parametrize(
    "data", [{"Oops": 1}, {}, {"Ref": 1}, {"a": 1, "b": 2}, {"int": "x"}, {"int": 1}, {"marker": []}]
)
def test_no_data(data: Any) -> None:
    with pytest.raises(ValueError, match="no value"):
        from_data(data)
