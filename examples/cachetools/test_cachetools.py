"""cachetools 8.0.1: a cache that two threads fill (tkem/cachetools issues 80, 115, 288 and 294)."""

from __future__ import annotations

from threading import Condition, Lock

import pytest
from cachetools import LRUCache, TTLCache, cached

from lab.pytest_interleave import Interleave

pytestmark = pytest.mark.interleave(modules=["cachetools"])


class Clock:
    """A timer that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0

    def __call__(self) -> int:
        return self.now


def expired() -> TTLCache:
    """Return a cache whose one item is too old."""
    clock = Clock()
    cache = TTLCache(maxsize=4, ttl=1, timer=clock)
    cache["old"] = 0
    clock.now = 2
    return cache


def full() -> LRUCache:
    cache = LRUCache(maxsize=1)
    cache["old"] = 0
    return cache


@pytest.mark.parametrize("setup", [expired, full])
def test_two_writers_can_remove_the_same_item(interleave: Interleave, setup) -> None:
    """Each finds that the old item has to go; the second one to delete it ends by KeyError, as the issues report."""
    found = interleave.explore(
        lambda cache: cache.__setitem__("a", 1),
        lambda cache: cache.__setitem__("b", 2),
        setup=setup,
        first_failure=True,
    )
    assert any("KeyError" in failure.message for failure in found.failures)


class Loader:
    """A cached function that counts its calls."""

    def __init__(self, **locks: object) -> None:
        self.calls = 0
        self.load = cached(TTLCache(maxsize=1, ttl=1, timer=Clock()), **locks)(self._load)

    def _load(self, key: str) -> str:
        self.calls += 1
        return key.upper()


def test_with_a_lock_nothing_is_lost_or_raised(interleave: Interleave) -> None:
    """What the maintainer advises: `cached(cache, lock=...)`."""

    def check(loader: Loader) -> None:
        assert list(loader.load.cache.items()) in ([("a", "A")], [("b", "B")])

    interleave(
        lambda loader: loader.load("a"),
        lambda loader: loader.load("b"),
        setup=lambda: Loader(lock=Lock(), key=lambda key: key),
        check=check,
    )


def called_once(loader: Loader) -> None:
    assert loader.calls == 1


def test_with_a_lock_the_function_can_still_run_twice(interleave: Interleave) -> None:
    """Issue 294: the lock guards the cache, not the function."""

    def load(loader: Loader) -> None:
        loader.load("a")

    assert interleave.explore(load, load, setup=lambda: Loader(lock=Lock()), check=called_once).failures


def test_with_a_condition_it_runs_once(interleave: Interleave) -> None:
    """`condition=`, which answers issue 294: the second caller waits for the first."""

    def load(loader: Loader) -> None:
        assert loader.load("a") == "A"

    interleave(load, load, setup=lambda: Loader(condition=Condition()), check=called_once)
