"""A bound on memory holds, and an exploration that it stops says what it knows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lab
from lab.errors import UsageError
from lab.explorer import explore, memory
from lab.explorer.graphs.paths import Acyclic
from lab.explorer.memory import Memory, resident
from lab.explorer.recount import Recount
from lab.explorer.states.index import StateIndex
from lab.explorer.states.limbs import Numbers, Sums
from lab.explorer.traces import count as traces
from lab.explorer.walk.carry import Carried
from tests.explorer import toys

MEGABYTE = 1 << 20

COUNTER = """\
'''Three threads add N times.'''

from lab.scenario import thread

N = 10
x = 0


@thread(each=range(3))
def T(i):
    global x
    for k in range(N):
        x += 1
"""

WAITING = """\
'''One thread waits for what nobody does.'''

from lab.scenario import thread

x = 0


@thread
def T1():
    while x == 0:
        pass


@thread
def T2():
    global x
    x = 0
"""

MEASURED = """\
import json, pathlib, sys
import lab
def peak():  # what getrusage says includes the parent's memory, which was shared until the program began
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])
path, limit, options = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
result = lab.explore(path, max_memory=limit or None, **options)
print(json.dumps({
    "peak": peak(),
    "complete": result.complete, "stopped": result.stopped, "states": result.states,
    "outcomes": [[outcome.status, outcome.schedules, outcome.witness] for outcome in result.outcomes],
    "verdicts": [result.deadlock.verdict, result.livelock.verdict, result.exceptions.verdict],
}))
"""

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")


def measured(path: Path, limit: int, **options: Any) -> dict[str, Any]:
    """Explore in a process of its own; `peak` is the most memory it had, in bytes."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path), str(limit), json.dumps(options)],
        capture_output=True,
        check=True,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture
def counter(tmp_path: Path) -> Path:
    path = tmp_path / "counter.py"
    path.write_text(COUNTER, encoding="utf-8")
    return path


@pytest.fixture
def philosophers() -> Path:
    return Path(__file__).parents[2] / "benchmarks" / "models" / "philosophers.py"


@linux
class TestPeaks:
    """What the process had at most, its start included."""

    def test_the_level_walk_stops_in_time(self, counter: Path) -> None:
        """14 million states do not fit."""
        limit = 130 * MEGABYTE
        found = measured(counter, limit, symmetry=False)
        assert (found["complete"], found["stopped"]) == (False, "memory")
        assert found["peak"] <= 1.1 * limit
        assert found["states"] > 100_000
        assert found["verdicts"] == ["unknown"] * 3

    def test_the_walk_that_remembers_stops_in_time(self, philosophers: Path) -> None:
        """The deadlock that was found stays, with its witness."""
        limit = 100 * MEGABYTE
        found = measured(philosophers, limit, parameters={"N": 12}, symmetry=False)
        assert (found["complete"], found["stopped"]) == (False, "memory")
        assert found["peak"] <= 1.1 * limit
        assert [(status, schedules) for status, schedules, _ in found["outcomes"]] == [("deadlock", None)]
        assert len(found["outcomes"][0][2]) == 12
        assert found["verdicts"] == ["violated", "unknown", "unknown"]

    @pytest.mark.slow
    @pytest.mark.parametrize("limit", [90, 150, 200, 300, 400, 500])
    @pytest.mark.parametrize("engine", ["numpy", "auto"])
    def test_counting_stops_in_time(self, philosophers: Path, limit: int, engine: str) -> None:
        """12 philosophers who eat again and again are explored in 160 MB, and need 500 more to be counted."""
        found = measured(philosophers, limit * MEGABYTE, parameters={"N": 12}, symmetry=False, engine=engine)
        assert (found["complete"], found["stopped"]) == (False, "memory")
        assert found["peak"] <= 1.1 * limit * MEGABYTE
        assert found["verdicts"][0] == "violated"

    @pytest.mark.slow
    @pytest.mark.parametrize("limit", [100, 200, 250, 350, 500, 800])
    @pytest.mark.parametrize("options", [{}, {"symmetry": False}, {"max_length": 70}, {"max_preemptions": 6}])
    def test_large_runs_stop_in_time(self, counter: Path, limit: int, options: dict[str, Any]) -> None:
        """14 million states, or 2.4 million up to swaps."""
        found = measured(counter, limit * MEGABYTE, **options)
        assert found["peak"] <= 1.1 * limit * MEGABYTE
        assert found["complete"] or found["stopped"] in ("memory", "preemptions")


def test_a_bound_that_suffices_changes_nothing() -> None:
    assert explore(toys.counter(3, 2), max_memory=1 << 40) == explore(toys.counter(3, 2))


def test_a_bound_below_what_the_process_has_stops_at_once() -> None:
    result = explore(toys.counter(3, 2), max_memory=1)
    assert (result.complete, result.stopped, result.states) == (False, "memory", 1)


@pytest.mark.parametrize("limit", [0, -1])
def test_a_bound_is_above_zero(limit: int) -> None:
    with pytest.raises(UsageError, match="more than 0"):
        explore(toys.counter(2, 1), max_memory=limit)


def test_the_kernel_is_asked_for_the_time_of_the_exploration_only() -> None:
    """Nested blocks count as one, and the bound before stands again afterwards."""
    before = memory.resource.getrlimit(memory.resource.RLIMIT_DATA)
    with Memory(resident() + 64 * MEGABYTE) as bound, bound:
        if memory._reserved() is not None:
            with pytest.raises(MemoryError):
                np.ones(16 * MEGABYTE)
            bound.relax()
    assert memory.resource.getrlimit(memory.resource.RLIMIT_DATA) == before


def test_without_a_kernel_that_tells_growth_is_still_foreseen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither /proc nor limits: what is known is the most that the process ever had, if that."""
    monkeypatch.setattr(memory, "_STATM", tmp_path / "statm")
    monkeypatch.setattr(memory, "_STATUS", tmp_path / "status")
    assert resident() > 10 * MEGABYTE
    assert explore(toys.counter(3, 2), max_memory=10 * MEGABYTE).stopped == "memory"
    (tmp_path / "status").write_text("Name: x\n", encoding="ascii")
    monkeypatch.setattr(memory, "resource", None)
    assert resident() == 0
    assert explore(toys.counter(3, 2), max_memory=MEGABYTE).stopped == ""


@pytest.mark.parametrize("where", ["add", "advance"])
def test_a_walk_that_gets_no_memory_stops(monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """A `MemoryError` in the middle of a batch, or at the end of a level."""
    calls, real = [0], getattr(Carried, where)

    def failing(self: Carried, *arguments: Any) -> Any:
        calls[0] += 1
        if calls[0] == 6:
            raise MemoryError
        return real(self, *arguments)

    monkeypatch.setattr(Carried, where, failing)
    result = explore(toys.lock_order())
    assert (result.complete, result.stopped, result.deadlock.verdict) == (False, "memory", "violated")
    assert [outcome.witness for outcome in result.outcomes] == [("T1", "T2")]


@pytest.mark.parametrize(("kind", "name"), [(Acyclic, "counts"), (Recount, "ending"), (Recount, "__init__")])
def test_counting_that_gets_no_memory_leaves_what_was_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: type, name: str
) -> None:
    """A thread that waits for ever: all its states were seen, and without counts it is not known to be a livelock."""
    path = tmp_path / "waiting.py"
    path.write_text(WAITING, encoding="utf-8")

    def failing(*_arguments: Any, **_options: Any) -> Any:
        raise MemoryError

    whole = lab.explore(path)
    assert whole.livelock.verdict == "violated"
    monkeypatch.setattr(kind, name, failing)
    result = lab.explore(path)
    assert (result.complete, result.stopped, result.states) == (False, "memory", whole.states)
    assert (result.schedules, result.livelock.verdict, result.starvation.verdict) == (None, "unknown", "unknown")
    assert {outcome.status for outcome in result.outcomes} <= {"finished", "deadlock"}


def test_traces_that_get_no_memory_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_arguments: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(traces, "Events", failing)
    result = explore(toys.counter(2, 1), traces=True)
    assert (result.complete, result.traces) == (True, None)


def test_an_index_grows_as_it_foresees() -> None:
    """The bytes of its arrays afterwards, and before."""
    index = StateIndex(2, 64)
    for count in (1, 50, 400, 3_000, 40_000, 400_000):
        before = index._known.nbytes + index._slots.nbytes
        foreseen = index.growth(count)
        index.intern(np.arange(2 * count, dtype=np.int64).reshape(2, count) + index.size * 7_919)
        assert index._known.nbytes + index._slots.nbytes - before == foreseen


def test_sums_foresee_more_than_they_keep() -> None:
    sums = Sums(10, 40)
    assert sums.growth(10) == 0
    foreseen = sums.growth(11)
    sums.add(np.array([10]), 11, Numbers.one(), np.array([0]))
    assert foreseen >= sum(limb.nbytes for limb in sums.limbs)
