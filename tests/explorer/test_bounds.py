"""An exploration that is stopped says what it knows, and no more."""

# ruff: noqa: ARG001, ARG005 - a toy's functions take what the protocol gives them

from __future__ import annotations

from typing import Any

import pytest

from lab.explorer import Progress, explore
from lab.explorer.result import Result
from lab.explorer.walk import search
from tests.explorer import toys


def never(read: toys.Read, inside: Any) -> bool:
    return False


def stopping(calls: int) -> Any:
    """Return a deadline that passes at its n-th call."""
    left = [calls]

    def deadline() -> bool:
        left[0] -= 1
        return left[0] <= 0

    return deadline


def test_a_bound_on_states_gives_exactly_that_many() -> None:
    """3 x 2 increments have 904 states."""
    for limit in (1, 2, 5, 100, 903):
        result = explore(toys.counter(3, 2), max_states=limit)
        assert (result.states, result.complete, result.stopped) == (limit, False, "states")


def test_a_bound_that_suffices_leaves_the_result_complete() -> None:
    assert explore(toys.counter(3, 2), max_states=904) == explore(toys.counter(3, 2))


@pytest.mark.parametrize("make", [lambda: toys.counter(2, 2), toys.lock_order, lambda: toys.philosophers(4)])
def test_a_bound_that_just_suffices_does_not_end_a_level_early(make: Any) -> None:
    """A level's last batches may bring no new states and still have transitions."""
    wanted = explore(make())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_BATCH", 1)
        assert explore(make(), max_states=wanted.states) == wanted


def test_an_incomplete_result_counts_nothing() -> None:
    result = explore(toys.counter(2, 2), max_states=50)
    assert result.schedules is None
    assert all((o.schedules, o.share, o.probability) == (None, None, None) for o in result.outcomes)
    for verdict in (result.deadlock, result.livelock, result.exceptions):
        assert (verdict.verdict, verdict.schedules, verdict.probability) == ("unknown", None, None)


def test_an_incomplete_result_keeps_what_it_found() -> None:
    """The first deadlock comes after two steps; outcomes found keep their witness."""
    result = explore(toys.lock_order(), max_states=14)
    assert not result.complete
    assert result.deadlock.verdict == "violated"
    assert [(o.status, o.witness) for o in result.outcomes] == [("deadlock", ("T1", "T2"))]


def properties(result: Result) -> dict[str, tuple[str, Any]]:
    return {prop.name: (prop.verdict, prop.witness) for prop in result.properties}


def test_verdicts_of_an_incomplete_result() -> None:
    """An @always property not yet violated, and what needs an end, stay unknown; what was seen was seen."""
    kinds = {
        "low": ("always", lambda read, inside: read("x") < 2),
        "zero": ("always", lambda read, inside: read("x") == 0),
        "reached": ("sometimes", lambda read, inside: read("x") == 1),
        "missing": ("sometimes", lambda read, inside: read("x") == 9),
        "final": ("final", never),
    }
    found = properties(explore(toys.counter(2, 2, properties=kinds), max_states=9))
    assert found == {
        "low": ("unknown", None),
        "zero": ("violated", ("T1", "T1")),
        "reached": ("holds", None),
        "missing": ("unknown", None),
        "final": ("unknown", None),
    }


def test_a_deadline_stops_between_batches() -> None:
    result = explore(toys.counter(3, 3), deadline=stopping(5))
    assert (result.complete, result.stopped) == (False, "seconds")
    assert 0 < result.states < 5000


def test_an_interrupt_gives_a_result() -> None:
    def progress(progress: Progress) -> None:
        if progress.depth == 4:
            raise KeyboardInterrupt

    result = explore(toys.counter(3, 3), progress=progress)
    assert (result.complete, result.stopped) == (False, "interrupted")
    assert result.states > 1


def test_progress_grows() -> None:
    seen: list[Progress] = []
    explore(toys.counter(2, 2), progress=seen.append)
    assert [progress.depth for progress in seen] == list(range(9))
    assert seen == sorted(seen, key=lambda progress: (progress.states, progress.transitions))


def test_an_exception_seen_in_an_incomplete_search_is_a_violation() -> None:
    def fail(local: Any, read: toys.Read) -> Any:
        yield toys.failed("ValueError"), {}

    toy = toys.Toy({"x": 0}, {"T1": fail, "T2": fail})
    assert explore(toy, max_states=2).exceptions.verdict == "violated"


@pytest.mark.parametrize("limit", [2, 3])
def test_a_cyclic_program_can_be_stopped(limit: int) -> None:
    result = explore(toys.philosophers(3), max_states=limit)
    assert (result.states, result.stopped, result.livelock.verdict) == (limit, "states", "unknown")
