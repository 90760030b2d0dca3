"""numpy and the compiled kernels: the same results, bit for bit."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from numpy.typing import NDArray

import lab
from lab.errors import UsageError
from lab.explorer import explore
from lab.explorer.bounds import Bounds
from lab.explorer.result import Result
from lab.explorer.states import engine, packing, tables
from lab.explorer.states.expand import Expander
from lab.explorer.states.index import StateIndex
from lab.explorer.states.limbs import Numbers, Sums
from lab.explorer.walk import search, stride
from lab.explorer.walk.record import Recorded
from lab.explorer.walk.rows import Rows
from tests.explorer import random_toys, toys

KERNELS = engine.compiled_kernels()
needs_numba = pytest.mark.skipif(KERNELS is None, reason="numba is not installed")


def assert_engines_agree(explored: Callable[[str], Result]) -> None:
    """States, transitions, counts, probabilities, verdicts, witnesses and races: a result is all of them."""
    assert explored("compiled") == explored("numpy")


@needs_numba
@given(random_toys.toys())
def test_random_programs_give_the_same_results(toy: toys.Toy) -> None:
    assert_engines_agree(lambda name: explore(toy, engine=name))


@needs_numba
@given(random_toys.toys())
def test_narrow_words_and_small_blocks_give_the_same_results(toy: toys.Toy) -> None:
    """Words of 6 bits make every state several words long; blocks of 1 bit make chains of them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packing, "WORD_BITS", 6)
        patch.setattr(tables, "_BLOCK_BITS", 1)
        patch.setattr(tables, "_PAGE_BITS", 1)
        patch.setattr(search, "_BATCH", 5)
        patch.setattr(stride, "_LONGEST", 1)
        patch.setattr(stride, "_FILLED", 3)
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


@needs_numba
def test_the_compiled_walk_stops_at_the_end_of_a_level(monkeypatch: pytest.MonkeyPatch) -> None:
    """As soon as enough states have been stepped, also where it stopped in between for cells or for room."""
    monkeypatch.setattr(search, "_BATCH", 1)
    monkeypatch.setattr(stride, "_LONGEST", 1)
    monkeypatch.setattr(stride, "_BLOCK", 1)
    toy = toys.philosophers(5)
    cells = packing.Packing(toy.initial())
    chosen = engine.Engine("compiled")
    walk = Recorded(cells.encode(toy.initial()), chosen)
    walked = search.Search(toy, cells, Expander(toy, cells, chosen), walk, Bounds())
    judged: list[int] = []
    monkeypatch.setattr(walked, "_judge", lambda _, keys: judged.append(keys.shape[1]))
    walked.run()
    starts = [*walked.history.starts, walked.history.states]
    assert [count for count in judged if count] == np.diff(starts).tolist()


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
    monkeypatch.setattr(engine, "_WORTH_COMPILING", 100)
    assert explore(toys.counter(3, 2)) == wanted
    assert engine.compiled_kernels.cache_info().misses == 1


@pytest.mark.usefixtures("cold")
@pytest.mark.parametrize("there", [True, False])
def test_loops_that_are_compiled_already_are_loaded_earlier(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    """Loading takes half a second, compiling twenty."""
    monkeypatch.setattr(engine, "_WORTH_LOADING", 100)
    monkeypatch.setattr(engine, "_on_disk", lambda _folder: there)
    explore(toys.counter(3, 2))
    assert engine.compiled_kernels.cache_info().misses == there


def test_what_is_compiled_already_lies_beside_its_source_and_is_younger(tmp_path: Path) -> None:
    assert not engine._on_disk(tmp_path)
    source = tmp_path / "kernels.py"
    source.touch()
    assert not engine._on_disk(tmp_path)
    kept = tmp_path / "__pycache__" / f"kernels.absorb-1.py{sys.version_info[0]}{sys.version_info[1]}.nbi"
    kept.parent.mkdir()
    kept.touch()
    os.utime(source, (1, 2))
    assert engine._on_disk(tmp_path)
    os.utime(kept, (1, 1))
    assert not engine._on_disk(tmp_path)


def test_numba_keeps_what_it_compiles_where_it_is_looked_for() -> None:
    """Unless it was told another place, or cannot write there."""
    folder = Path(engine.__file__).parent
    if engine.compiled_kernels() is None or "NUMBA_CACHE_DIR" in os.environ or not os.access(folder, os.W_OK):
        pytest.skip("numba keeps nothing here")
    assert engine._kept(folder)


@pytest.mark.usefixtures("cold")
def test_a_small_exploration_does_not_load_the_compiler() -> None:
    explore(toys.counter(3, 2))
    assert engine.compiled_kernels.cache_info().misses == 0


@needs_numba
@pytest.mark.usefixtures("cold")
def test_a_numba_without_an_option_that_is_needed_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says so when the first loop is compiled, as the module is imported."""

    def refuses(*_: Any, **options: Any) -> Any:
        raise KeyError(f"Unrecognized options: {set(options)}")

    monkeypatch.setattr("numba.njit", refuses)
    for module in ("states.kernels", "walk.stride_kernel", "graphs.kernels"):
        monkeypatch.delitem(sys.modules, f"lab.explorer.{module}", raising=False)
        package, name = module.split(".")
        monkeypatch.delattr(f"lab.explorer.{package}.{name}", raising=False)
    assert engine.compiled_kernels() is None


@pytest.mark.usefixtures("cold")
def test_without_numba_large_explorations_go_on_in_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lab.explorer.states.kernels", None)
    monkeypatch.delattr("lab.explorer.states.kernels", raising=False)
    monkeypatch.setattr(engine, "_WORTH_COMPILING", 100)
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
@pytest.mark.parametrize("words", [1, 2])
def test_rows_add_up_what_arrives_with_each_key(words: int) -> None:
    """Numbers near 2**120, some of them weighted, in batches that repeat keys, against a dict and Python's integers.

    Every limb overflows into the next, which adds columns; keys outgrow rows and slots; keys change their layout once.
    """
    kernels = engine.compiled_kernels()
    assert kernels is not None
    rows = Rows(1, kernels)  # keys may get wider between two levels
    draw = Random(words)
    for size in (300, 5000, 5000):  # the third level uses the rows of the first again
        totals = [Sums(1, 40), Sums(1, 40)]
        rows.restart(words, totals, 1)
        rows.translate(lambda old: old)
        known: dict[tuple[int, ...], list[int]] = {}
        for batch in range(12):
            numbers = [[draw.getrandbits(120) for _ in range(4)] for _ in totals]
            given = [Numbers([limb(some, place) for place in range(3)]) for some in numbers]
            weights = np.array([draw.randrange(1, 1 << draw.choice([3, 17])) for _ in range(4)], np.uint64)
            keys = [(7, draw.randrange(size) << 20)[-words:] for _ in range(200)]
            sources = [draw.randrange(4) for _ in keys]
            before = list(known)
            for key, source in zip(keys, sources, strict=True):
                sums = known.setdefault(key, [0, 0])
                sums[0] += numbers[0][source]
                sums[1] += numbers[1][source] * int(weights[source])
            new = rows.add(np.array(keys, np.int64).T, [(given[0], None), (given[1], weights)], np.array(sources))
            assert [keys[place] for place in new] == list(known)[len(before) :]
            if batch == 6:
                rows.translate(lambda old: old)
        assert [tuple(key) for key in rows.keys.T.tolist()] == list(known)
        for place, total in enumerate(totals):
            finished = total.finish(len(known))
            found = [finished.total(np.array([row])) for row in range(len(known))]
            assert found == [sums[place] for sums in known.values()]


def limb(numbers: list[int], place: int) -> NDArray[np.uint64]:
    return np.array([number >> (40 * place) & ((1 << 40) - 1) for number in numbers], np.uint64)
