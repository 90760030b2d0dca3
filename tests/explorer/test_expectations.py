"""What a file expects of an exploration."""

# ruff: noqa: ARG001 - a toy's functions take what the protocol gives them

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lab.explorer import explore
from lab.explorer.expectations import check
from lab.model.program import Expectation
from tests.explorer import toys


def met(toy: toys.Toy, *, max_states: int | None = None, policy: str = "access", **claims: Any) -> list[bool | None]:
    """Explore a toy that expects these claims."""
    toy.expectations = (Expectation(policy, {}, claims, 1),)
    toy.__post_init__()
    return [expectation.met for expectation in explore(toy, max_states=max_states).expectations]


def low(read: toys.Read, inside: Any) -> bool:
    return read("x") < 2


@pytest.mark.parametrize(
    ("claims", "wanted"),
    [
        ({"schedules": 6}, [True]),
        ({"schedules": 7}, [False]),
        ({"schedules": "infinite"}, [False]),
        ({"states": 12}, [True]),
        ({"traces": 4}, [None]),
        ({"outcomes": {"x": {1: 4, 2: 2}}}, [True]),
        ({"outcomes": {"x": {1: 4, 2: 3}}}, [False]),
        ({"outcomes": {"x": {1: 4}}}, [False]),
        ({"outcomes": {"x": {1, 2}}}, [True]),
        ({"outcomes": {"x": {True, 2}}}, [False]),
        ({"outcomes": {"x": {1, 2, 3}}}, [False]),
        ({"outcomes": {"unknown": {1}}}, [False]),
        ({"verdicts": {"low": "violated", "deadlock": "holds"}}, [True, True]),
        ({"verdicts": {"livelock": "holds", "exceptions": "violated"}}, [True, False]),
        ({"verdicts": {"low": "holds", "unknown": "holds"}}, [False, False]),
        ({"deadlock": False}, [True]),
        ({"deadlock": True}, [False]),
        ({"deadlock": "holds"}, [True]),
        ({"errors": set()}, [True]),
        ({"errors": "holds"}, [True]),
        ({"errors": {"ValueError"}}, [False]),
        ({"races": 3}, [True]),
        ({"races": {"x"}}, [True]),
        ({"races": set()}, [False]),
        ({"races": True}, [True]),
        ({"races": False}, [False]),
        ({"outputs": {"text"}}, [False]),
        ({"what": 1}, [None]),
    ],
)
def test_claims_about_two_increments(claims: dict[str, Any], wanted: list[bool | None]) -> None:
    assert met(toys.counter(2, 1, properties={"low": ("always", low)}), **claims) == wanted


@pytest.mark.parametrize(
    ("errors", "wanted"),
    [
        ({"ValueError"}, True),
        ({"ValueError: text"}, True),
        ({"T1: ValueError"}, True),
        ({"T1: ValueError: text"}, True),
        ({"T2: ValueError"}, False),
        ({"ValueError", "KeyError"}, False),
        (set(), False),
        ("violated", True),
    ],
)
def test_errors_may_leave_out_thread_and_message(errors: Any, wanted: bool) -> None:
    def fail(local: Any, read: toys.Read) -> Any:
        yield toys.failed("ValueError", "text"), {}

    assert met(toys.Toy({"x": 0}, {"T1": fail}), errors=errors) == [wanted]


@pytest.mark.parametrize(
    ("outputs", "wanted"),
    [
        ({"a\nb", "b\na"}, True),
        ({("a", "b"), ("b", "a")}, True),
        ({"a\nb": 1, ("b", "a"): 1}, True),
        ({"a\nb": 2, "b\na": 1}, False),
        ({"a\nb"}, False),
    ],
)
def test_outputs_are_lines_or_texts(outputs: Any, wanted: bool) -> None:
    """Two threads print a line each: two orders."""

    def printing(line: str) -> Any:
        def run(local: Any, read: toys.Read) -> Any:
            yield toys.done(), {"stdout": (*read("stdout"), line)}

        return run

    toy = toys.Toy({"stdout": ()}, {"T1": printing("a"), "T2": printing("b")})
    observe = toy.observe

    def with_output(state: Any) -> Any:
        seen = observe(state)
        seen.output = seen.shared.pop("stdout")
        return seen

    toy.observe = with_output  # type: ignore[method-assign]
    assert met(toy, outputs=outputs) == [wanted]


def test_infinite_counts_can_be_expected() -> None:
    assert met(toys.busy_wait(), schedules="infinite", outcomes={"flag": {1: "infinite"}}) == [True, True]


def test_an_incomplete_exploration_decides_nothing() -> None:
    assert met(toys.counter(2, 1), max_states=5, schedules=6, states=5) == [None, None]


def test_expectations_of_another_policy_do_not_apply() -> None:
    assert met(toys.counter(2, 1), policy="statement", schedules=6) == []


def applies(chosen: dict[str, Any], overridden: dict[str, Any]) -> bool:
    toy = toys.counter(2, 1)
    defaults = {"N": 2, "M": 1}
    program = replace(
        toy.program,
        parameters={**defaults, **overridden},
        overridden=overridden,
        defaults=defaults,
        expectations=(Expectation("access", chosen, {"schedules": 6}, 1),),
    )
    return bool(check(program, explore(toy)))


@pytest.mark.parametrize(
    ("chosen", "overridden", "wanted"),
    [
        ({}, {}, True),
        ({}, {"N": 3}, False),
        ({}, {"N": 2}, True),
        ({"N": 3}, {}, False),
        ({"N": 3}, {"N": 3}, True),
        ({"N": 2}, {}, True),
        ({"N": 3}, {"N": 3, "M": 5}, False),
        ({"N": 1}, {"N": True}, False),
    ],
)
def test_expectations_apply_to_the_parameters_they_set(chosen: Any, overridden: Any, wanted: bool) -> None:
    assert applies(chosen, overridden) == wanted


def test_what_is_expected_is_shown_in_a_fixed_order() -> None:
    toy = toys.counter(2, 1)
    toy.expectations = (Expectation("access", {}, {"races": {"y", "x", "z"}, "outcomes": {"x": {1: 4, 2: 2}}}, 1),)
    toy.__post_init__()
    assert [expectation.what for expectation in explore(toy).expectations] == ["races: {x, y, z}", "x: 1: 4, 2: 2"]
