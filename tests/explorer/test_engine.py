"""numpy and the compiled kernels: the same results, bit for bit."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import lab
from lab.errors import UsageError
from lab.explorer import engine, explore, packing, search, tables
from lab.explorer.index import StateIndex
from lab.explorer.limbs import Numbers, Sums
from lab.explorer.result import Result
from tests.explorer import random_toys, toys

KERNELS = engine.compiled_kernels()
needs_numba = pytest.mark.skipif(KERNELS is None, reason="numba is not installed")


def assert_engines_agree(explored: Callable[[str], Result]) -> None:
    """States, transitions, counts, probabilities, verdicts, witnesses and races: a result is all of them."""
    assert explored("compiled") == explored("numpy")


@needs_numba
@settings(max_examples=60, deadline=None)
@given(random_toys.toys())
def test_random_programs_give_the_same_results(toy: toys.Toy) -> None:
    assert_engines_agree(lambda name: explore(toy, engine=name))


@needs_numba
@settings(max_examples=40, deadline=None)
@given(random_toys.toys())
def test_narrow_words_and_small_blocks_give_the_same_results(toy: toys.Toy) -> None:
    """Words of 6 bits make every state several words long; blocks of 1 bit make chains of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "WORD_BITS", 6)
        patch.setattr(tables, "_BLOCK_BITS", 1)
        patch.setattr(tables, "_PAGE_BITS", 1)
        patch.setattr(search, "_BATCH", 5)
        assert_engines_agree(lambda name: explore(toy, engine=name))


@needs_numba
@pytest.mark.parametrize(
    "make",
    [
        lambda: toys.counter(3, 3),
        lambda: toys.wide(24, 8),
        lambda: toys.philosophers(5),
        toys.lock_order,
        toys.chooser,
        toys.busy_wait,
    ],
)
def test_larger_programs_give_the_same_results(make: Callable[[], Any]) -> None:
    """A counter whose counts need several limbs, keys of several words, a deadlock, a choice, a cycle."""
    assert_engines_agree(lambda name: explore(make(), engine=name))


@needs_numba
@pytest.mark.parametrize(
    ("name", "parameters"),
    [("lost_update/race", {"THREADS": 2, "ROUNDS": 20}), ("filter_lock/filter_lock", {"THREADS": 3})],
)
def test_scenarios_give_the_same_results(name: str, parameters: dict[str, int]) -> None:
    relation = lab.relation(name, parameters=parameters)
    assert_engines_agree(lambda wanted: explore(relation, engine=wanted))


@pytest.fixture
def cold() -> Iterator[None]:
    """Nothing loaded before the test, and nothing kept from it."""
    engine.compiled_kernels.cache_clear()
    yield
    engine.compiled_kernels.cache_clear()


@pytest.mark.usefixtures("cold")
def test_a_large_exploration_changes_to_compiled_code_half_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """After 100 of the transitions of three threads of two increments each; where numba is missing, never."""
    wanted = explore(toys.counter(3, 2), engine="numpy")
    engine.compiled_kernels.cache_clear()
    monkeypatch.setattr(engine, "_WORTH_LOADING", 100)
    assert explore(toys.counter(3, 2)) == wanted
    assert engine.compiled_kernels.cache_info().misses == 1


@pytest.mark.usefixtures("cold")
def test_a_small_exploration_does_not_load_the_compiler() -> None:
    explore(toys.counter(3, 2))
    assert engine.compiled_kernels.cache_info().misses == 0


@pytest.mark.usefixtures("cold")
def test_without_numba_large_explorations_go_on_in_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lab.explorer.kernels", None)
    monkeypatch.delattr("lab.explorer.kernels", raising=False)
    monkeypatch.setattr(engine, "_WORTH_LOADING", 100)
    assert explore(toys.counter(3, 2)) == explore(toys.counter(3, 2), engine="numpy")
    with pytest.raises(UsageError, match=r"needs numba; install it with `pip install gil-lab\[fast\]`"):
        explore(toys.counter(2, 1), engine="compiled")


@pytest.mark.usefixtures("cold")
def test_where_nothing_can_be_compiled_nothing_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "emscripten")
    assert engine.compiled_kernels() is None


def test_an_engine_that_does_not_exist_is_named() -> None:
    with pytest.raises(UsageError, match="there is no engine 'gpu'; the engines are auto, numpy, compiled"):
        explore(toys.counter(2, 1), engine="gpu")


@needs_numba
def test_keys_that_differ_in_their_second_word_only_are_two() -> None:
    """All keys begin with the same word, in batches that repeat half of the last one."""
    index = StateIndex(2, capacity=1, engine=engine.Engine("compiled"))
    known: dict[tuple[int, int], int] = {}
    for start in range(0, 3000, 500):
        keys = [(7, second << 20) for second in range(start, start + 1000)]
        expected = [known.setdefault(key, len(known)) for key in keys]
        numbers, new = index.intern(np.array(keys, np.int64).T)
        assert numbers.tolist() == expected
        assert new.tolist() == list(range(0 if not start else 500, 1000))
    assert index.keys.T.tolist() == [list(key) for key in known]


@needs_numba
def test_compiled_sums_carry() -> None:
    """2**40 - 1 and its like, added 3,000 times into one entry: every limb overflows into the next."""
    sums = Sums(1, 40, engine.Engine("compiled"))
    limbs = [np.full(3, (1 << 40) - 1, np.uint64)] * 3
    for _ in range(1000):
        sums.add(np.array([0, 1, 0]), 2, Numbers(limbs), np.arange(3))
    finished = sums.finish(2)
    assert [finished.total(np.array([row])) for row in range(2)] == [2000 * (2**120 - 1), 1000 * (2**120 - 1)]
