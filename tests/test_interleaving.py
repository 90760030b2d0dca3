"""One exploration for a test: what counts as a pass, and what the text of a failure says."""

from __future__ import annotations

import re

import pytest

from lab.interleaving import ScheduleError, holds
from lab.live import Incomplete


class Counter:
    """A count without a lock."""

    def __init__(self) -> None:
        self.value = 0

    def add(self) -> None:
        self.value += 1


def counted(counter: Counter) -> None:
    assert counter.value == 2, f"{counter} has {counter.value}"


def test_failures_that_differ_in_an_address_are_one() -> None:
    """Both runs of four that lose an update fail alike: the objects of two runs have different addresses."""
    with pytest.raises(ScheduleError) as caught:
        holds([Counter.add, Counter.add], setup=Counter, check=counted)
    said = str(caught.value)
    assert "2 of 4 executions failed (every order of steps that matters)." in said
    assert re.search(r"the check fails: AssertionError: <\S+Counter object> has 1", said)
    assert isinstance(caught.value.__cause__, AssertionError)


def test_an_exception_of_a_thread_is_shown_with_its_stack() -> None:
    """T2 takes what T1 has taken; frames of the lab are left out, and there is no check to blame."""

    def take(items: list[int]) -> None:
        if items:
            items.pop()

    with pytest.raises(ScheduleError) as caught:
        holds([take, take], setup=lambda: [1])
    said = str(caught.value)
    assert re.match(r"T[12] ends by IndexError: pop from empty list", said)
    assert "items.pop()" in said.split("executions", maxsplit=1)[0].split("The schedule")[1]
    assert "/lab/live/" not in said
    assert caught.value.__cause__ is None


def test_a_bound_or_a_draw_is_a_claim_of_the_caller() -> None:
    """Without one, what was cut short is no pass; a replay of a right schedule passes and claims nothing."""
    threads = [Counter.add, Counter.add]
    assert not holds(threads, setup=Counter, check=counted, bound=0).proves
    assert holds([Counter.add], setup=Counter, strategy="random", max_executions=3).executions == 3
    assert holds(threads, setup=Counter, check=counted, strategy="replay", token="T1*2,T2*2").executions == 1
    with pytest.raises(Incomplete):
        holds([Counter.add, Counter.add], setup=Counter, max_executions=1)
