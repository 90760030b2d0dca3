"""What steps are called in figures."""

from __future__ import annotations

import pytest

from lab.draw import words
from lab.model.state import Access


@pytest.mark.parametrize(("present", "verb"), [(True, "finds"), (False, "misses")])
def test_a_membership_test_says_what_it_found(present: bool, verb: str) -> None:
    """The answer is the verb, so that the place still has room."""
    access = Access("d['k']", False, False, "contains", present, 1)
    assert words.act((access,)) == (verb, "d['k']", "")
