"""The lab against the oracle on random scenarios: counts, outcomes, probabilities, verdicts, races, witnesses."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, reject, settings

from tests.oracle.compare import PolicyName, disagreements
from tests.oracle.explore import AtomicBlockedError, TooLargeError, explore
from tests.oracle.memory import UnsupportedError
from tests.strategies import scenarios

MANY = settings(max_examples=2000, derandomize=False)


def agree(text: str, policy: PolicyName, bound: int) -> None:
    """Assert that the lab and the oracle say the same of a scenario that is small enough."""
    try:
        said = disagreements(text, policy, bound)
    except (TooLargeError, UnsupportedError):
        reject()
    assert not said, "\n".join([policy, text, *said])


@given(scenarios())
def test_the_lab_agrees_with_the_oracle_under_policy_access(text: str) -> None:
    """Every number both engines know is equal, and every witness replays to its outcome."""
    agree(text, "access", 400)


@given(scenarios())
def test_the_lab_agrees_with_the_oracle_under_policy_statement(text: str) -> None:
    """The same with a switch between statements only."""
    agree(text, "statement", 400)


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["access", "statement"])
def test_the_lab_agrees_with_the_oracle_on_thousands_of_scenarios(policy: PolicyName) -> None:
    """Larger scenarios, up to four threads, new ones each time."""

    @MANY
    @given(scenarios(threads=(2, 4)))
    def agrees(text: str) -> None:
        agree(text, policy, 2000)

    agrees()


@given(scenarios())
def test_the_oracle_agrees_with_itself_whatever_it_takes_for_a_state(text: str) -> None:
    """Merging threads by their whole history of answers changes no count."""
    try:
        by_position = explore(text, bound=200)
        assume(by_position.schedules != "infinite")
        by_history = explore(text, merge="history", bound=4000)
    except (TooLargeError, UnsupportedError, AtomicBlockedError):
        reject()
    assert by_position.schedules == by_history.schedules
    assert by_position.outcomes == by_history.outcomes
    assert by_position.properties == by_history.properties
