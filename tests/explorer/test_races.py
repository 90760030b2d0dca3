"""Data races between threads that are enabled together."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import lab
from lab.explorer import explore
from lab.language import parse
from lab.model.state import Local
from tests.explorer import toys
from tests.explorer.toys import Read, Result, Toy, at, done


def sides(result_races: object) -> list[tuple[str, ...]]:
    return [
        (race.location, *(f"{side.thread} {side.kind} {side.line}" for side in race.accesses))
        for race in result_races  # type: ignore[attr-defined]
    ]


def test_two_increments_race_in_three_ways() -> None:
    """Read and write, write and read, write and write; two reads are no race."""
    assert sides(explore(toys.counter(2, 1)).races) == [
        ("x", "T1 read 1", "T2 write 1"),
        ("x", "T1 write 1", "T2 read 1"),
        ("x", "T1 write 1", "T2 write 1"),
    ]


def locked(first: bool, second: bool) -> Toy:
    """Two threads write x on lines 10 and 20; each may take the lock first."""

    def writer(thread: int, locks: bool) -> object:
        def run(local: Local, read: Read) -> Iterator[Result]:
            if local.position == 0 and locks:
                if read("lock") is None:
                    yield at(1), {"lock": thread}
            elif local.position < 2:
                yield at(2), {"x": thread}
            else:
                yield done(), {"lock": None} if locks else {}

        return run

    def touches(thread: int, local: Local) -> list[tuple[str, bool, int]]:
        writes = local.position == 1 or (local.position == 0 and not (first, second)[thread])
        return [("x", True, 10 * (thread + 1))] if writes else []

    return Toy({"lock": None, "x": 0}, {"T1": writer(0, first), "T2": writer(1, second)}, touches=touches)  # type: ignore[dict-item]


def test_a_lock_on_both_sides_leaves_no_race() -> None:
    """While one is in front of its write, the other is blocked: a blocked thread does not race."""
    assert explore(locked(True, True)).races == ()


def test_a_lock_on_one_side_is_no_help() -> None:
    """T2 takes no lock, and so is never blocked in front of its write."""
    assert sides(explore(locked(True, False)).races) == [("x", "T1 write 10", "T2 write 20")]


def test_atomic_accesses_do_not_race() -> None:
    toy = toys.counter(2, 1)
    step = toy.step
    toy.step = lambda *a: tuple(  # type: ignore[method-assign]
        s._replace(accesses=tuple(access._replace(atomic=True) for access in s.accesses)) for s in step(*a)
    )
    assert explore(toy).races == ()


HELPER = """
from threading import Lock
from lab.scenario import thread

x = 0
lock = Lock()


def add():
    global x
    {0}x += 1


@thread(each=range(2))
def T(i):
    add()
"""


@pytest.mark.parametrize(("guard", "locations"), [("with lock: ", set()), ("", {"x"})])
def test_under_any_policy_the_races_are_those_of_policy_access(guard: str, locations: set[str]) -> None:
    """A whole call is one step under `statement`: what its lock protects does not race, and what none protects does."""
    program = parse(HELPER.format(guard))
    for policy in ("access", "statement"):
        result = lab.explore(program, policy)
        assert {race.location for race in result.races} == locations
        assert result.races_complete


def test_a_bound_that_hides_races_leaves_them_undecided() -> None:
    """Under `statement` 4 states are all; 4 states of policy `access` show no race, and exclude none."""
    result = lab.explore(parse(HELPER.format("with lock: ")), "statement", max_states=4)
    assert (result.complete, result.races, result.races_complete) == (True, (), False)
