"""What steps are called in figures."""

from __future__ import annotations

import pytest

from lab.draw import words
from lab.model.state import Access
from lab.model.trace import Event


@pytest.mark.parametrize(("present", "verb"), [(True, "finds"), (False, "misses")])
def test_a_membership_test_says_what_it_found(present: bool, verb: str) -> None:
    """The answer is the verb, so that the place still has room."""
    access = Access("d['k']", False, False, "contains", present, 1)
    assert words.act((access,)) == (verb, "d['k']", "")


def _access(operation: str, location: str, value: object = None, *, writes: bool = False) -> Access:
    return Access(location, writes, location == words.LOOP, operation, value, 1)


def test_a_step_of_a_task_is_what_it_does_beside_the_loop() -> None:
    """Taking and leaving the loop is what every step of a task does; alone it is all there is to say."""
    loop = _access("take", words.LOOP, writes=True), _access("leave", words.LOOP, writes=True)
    assert words.act((loop[0], _access("read", "x", 1), loop[1])) == ("reads", "x", "1")
    assert words.act(loop) == ("takes and leaves", words.LOOP, "")


def test_a_line_about_a_step_of_a_task_leaves_the_loop_out_too() -> None:
    """A read alone; a read and a write of one place, which change it; of two places, which no await's text names."""
    read, change, other = _access("read", "x", 1), _access("write", "x", 2), _access("write", "y", 2)

    def step(*accesses: Access) -> Event:
        loop = _access("take", words.LOOP, writes=True), _access("leave", words.LOOP, writes=True)
        between = (loop[0], *accesses, loop[1])
        return Event(0, "T", "T", 7, "asyncio.sleep(0)", between, {}, False, None, (), ())

    assert words.parts(step(read)) == ("reads", "x", "1")
    assert words.parts(step(read, change)) == ("changes", "x", "1 → 2")
    assert words.parts(step(read, other)) == ("reads x and writes y", "", "")
    assert words.phrase(step(read)) == "reads x: 1"
    assert words.phrase(step(read, change)) == "changes x: 1 → 2"


def test_an_object_is_written_as_its_class_and_fields() -> None:
    assert (
        words.value_text({"class": "Node", "fields": {"value": "A", "next": None}}, 40) == "Node(value='A', next=None)"
    )
