"""An exploration that is killed at any moment and resumed ends with the result of one that was not."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lab
from lab.errors import CheckpointError
from lab.explorer import checkpoint, explore
from lab.explorer.checkpoint import MANIFEST, Checkpoint, Folder
from lab.explorer.result import Result
from lab.explorer.states.packing import Packing
from lab.explorer.walk import rows, search
from tests.explorer import toys

HEAD = "from threading import Lock\nfrom lab.scenario import always, choose, eventually, final, sometimes, thread\n"

SWAPPED = f"""{HEAD}
x = 0
l = Lock()
@thread(each=range(3))
def T(i):
    global x
    x += 1
    with l:
        x += 1
@final
def all_counted():
    return x == 6
@sometimes
def three():
    return x == 3
"""

RICH = f"""{HEAD}
x = 0
seen = []
@thread
def T1():
    global x
    v = choose(1, 2)
    x = x + v
    seen.append((x, "a", 0.5))
@thread
def T2():
    global x
    x = x + 10
    mine = [x]
    mine.append(None)
    seen.append(tuple(mine))
@always
def small():
    return x < 12
@final
def long():
    return len(seen) == 3
"""

LOOPING = f"""{HEAD}
a = Lock()
b = Lock()
n = 0
@thread
def T1():
    global n
    while True:
        with a:
            with b:
                n = 1 - n
@thread
def T2():
    for k in range(3):
        with b:
            with a:
                pass
@eventually
def one():
    return n == 1
"""

FAILING = f"""{HEAD}
x = 3
@thread(each=range(2))
def T(i):
    global x
    x = x - 1
    if 6 // x == 6:
        raise ValueError(str(x))
"""

CASES: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "levels": (lambda: toys.counter(3, 1), {}),
    "a choice": (toys.chooser, {}),
    "wide": (lambda: toys.wide(8, 5), {}),
    "recorded": (lambda: toys.philosophers(3), {}),
    "a loop found late": (toys.branches, {}),
    "a busy wait": (toys.busy_wait, {}),
    "a bound on states": (lambda: toys.counter(3, 2), {"max_states": 300}),
    "few preemptions": (lambda: toys.counter(2, 2), {"max_preemptions": 1}),
    "few preemptions of a loop": (lambda: toys.philosophers(3), {"max_preemptions": 2}),
    "preemptions enough": (lambda: toys.counter(2, 1), {"max_preemptions": 9}),
    "lengths": (lambda: toys.counter(2, 2), {"max_length": 9}),
}

SCENARIOS: dict[str, tuple[str, dict[str, Any]]] = {
    "swapped": (SWAPPED, {}),
    "not swapped": (SWAPPED, {"symmetry": False}),
    "swapped, by statement": (SWAPPED, {"policy": "statement"}),
    "rich": (RICH, {}),
    "rich, by statement": (RICH, {"policy": "statement", "traces": True}),
    "looping": (LOOPING, {}),
    "failing": (FAILING, {}),
    "failing, few preemptions": (FAILING, {"max_preemptions": 1}),
}


class Killed(BaseException):
    """What stands for SIGKILL."""


def counting(calls: int, real: Callable[..., Any] = lambda *_: None) -> Callable[..., Any]:
    """Return a function that does as the real one does until it is called so often."""
    left = [calls]

    def called(*arguments: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return real(*arguments)

    return called


def kept(path: Path, *, resume: bool = True, **more: Any) -> Checkpoint:
    return Checkpoint(path, lambda: True, told.append, resume=resume, **more)


told: list[str] = []


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No save fails; and none waits for the disk, because what dies here is no machine."""
    monkeypatch.setattr(checkpoint.os, "fsync", lambda _handle: None)
    told.clear()
    yield
    assert not told


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three states a batch, so that most saves are in the middle of a level."""
    monkeypatch.setattr(search, "_BATCH", 3)


def relation(text: str, path: Path, policy: str = "access", **parameters: Any) -> Any:
    file = path / "scenario.py"
    file.write_text(text, encoding="utf-8")
    return lab.relation(file, policy, parameters)


def resumed_until_done(make: Callable[[], Any], path: Path, options: dict[str, Any], step: int) -> tuple[Result, int]:
    """Kill an exploration at its n-th batch, resume it, kill it at the n-th batch from there, and so on."""
    kills = 0
    while True:
        try:
            return explore(make(), checkpoint=kept(path), progress=counting(step), **options), kills
        except Killed:
            kills += 1


@pytest.mark.usefixtures("small_batches")
class TestKills:
    """Every batch is saved, and then the process goes away."""

    @pytest.mark.parametrize("step", [1, 2, 7])
    @pytest.mark.parametrize("case", CASES)
    def test_walks(self, tmp_path: Path, case: str, step: int) -> None:
        make, options = CASES[case]
        found, kills = resumed_until_done(make, tmp_path / "kept", options, step)
        assert found == explore(make(), **options)
        assert kills > 0 or step > 1

    @pytest.mark.parametrize("step", [*(pytest.param(step, marks=pytest.mark.slow) for step in (1, 4, 29)), 11])
    @pytest.mark.parametrize("case", SCENARIOS)
    def test_scenarios(self, tmp_path: Path, case: str, step: int) -> None:
        text, options = SCENARIOS[case]
        policy = options.get("policy", "access")
        options = {name: value for name, value in options.items() if name != "policy"}
        make = lambda: relation(text, tmp_path, policy)  # noqa: E731
        found, kills = resumed_until_done(make, tmp_path / "kept", options, step)
        assert found == explore(make(), **options)
        assert kills > 0 or step > 11

    @pytest.mark.parametrize("case", ["levels", "recorded", "few preemptions"])
    def test_in_the_middle_of_a_save(self, tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """At every file that is written, one after the other, until nothing is left to kill."""
        make, options = CASES[case]
        wanted, real = explore(make(), **options), os.fsync
        for call in range(0, 400, 23):
            with monkeypatch.context() as patch:
                patch.setattr(checkpoint.os, "fsync", counting(call, real))
                try:
                    explore(make(), checkpoint=kept(tmp_path / str(call)), **options)
                    break
                except Killed:
                    pass
            assert explore(make(), checkpoint=kept(tmp_path / str(call)), **options) == wanted
        assert call > 100

    def test_a_finished_walk_is_counted_again(self, tmp_path: Path) -> None:
        """Not a state is stepped again: nothing is asked of the relation but the ends and the witnesses."""
        make, options = CASES["recorded"]
        wanted = explore(make(), checkpoint=kept(tmp_path), **options)
        steps: list[int] = []
        assert explore(make(), checkpoint=kept(tmp_path), progress=lambda now: steps.append(now.depth)) == wanted
        assert steps == []

    def test_a_stopped_walk_goes_on(self, tmp_path: Path) -> None:
        """The time was up twice, after four batches each."""
        make = lambda: toys.philosophers(4)  # noqa: E731
        for _ in range(2):
            left = [4]

            def reached(left: list[int] = left) -> bool:
                left[0] -= 1
                return left[0] < 0

            assert explore(make(), checkpoint=kept(tmp_path), deadline=reached).stopped == "seconds"
        assert explore(make(), checkpoint=kept(tmp_path)) == explore(make())


def test_engines_may_change_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    monkeypatch.setattr(search, "_BATCH", 4)
    wanted = explore(toys.philosophers(4))
    for number in range(4):
        engine = ("numpy", "compiled")[number % 2]
        with pytest.raises(Killed):
            explore(toys.philosophers(4), checkpoint=kept(tmp_path), progress=counting(2), engine=engine)
    assert explore(toys.philosophers(4), checkpoint=kept(tmp_path)) == wanted


@pytest.mark.parametrize("engines", [("compiled",), ("numpy", "compiled")])
def test_a_compiled_walk_by_levels_goes_on_in_the_middle_of_one(
    engines: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Levels are of more than three states; each engine takes up what the other, or itself, has begun."""
    pytest.importorskip("numba")
    wanted = explore(toys.counter(3, 1))
    monkeypatch.setattr(search, "_BATCH", 3)
    taken = list[int]()
    real = rows.Rows.take
    monkeypatch.setattr(rows.Rows, "take", lambda self, keys: taken.append(keys.shape[1]) or real(self, keys))
    for number in range(10_000):
        try:
            engine = engines[number % len(engines)]
            found = explore(toys.counter(3, 1), checkpoint=kept(tmp_path), progress=counting(4), engine=engine)
            break
        except Killed:
            pass
    assert found == wanted
    assert max(taken) > 0


class TestWhatIsRefused:
    """One sentence, and the files stay as they are."""

    @pytest.fixture
    def stopped(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(search, "_BATCH", 3)
        with pytest.raises(Killed):
            explore(relation(SWAPPED, tmp_path), checkpoint=kept(tmp_path / "kept"), progress=counting(20))
        return tmp_path / "kept" / "whole"

    def refused(self, path: Path, words: str, text: str = SWAPPED, policy: str = "access", **options: Any) -> None:
        files = {file: file.read_bytes() for file in path.iterdir()}
        version = options.pop("version", "")
        target = relation(text, path.parent.parent, policy)
        with pytest.raises(CheckpointError, match=words) as found:
            explore(target, checkpoint=kept(path.parent, version=version), **options)
        assert "\n" not in str(found.value)
        assert {file: file.read_bytes() for file in path.iterdir()} == files

    def test_a_changed_byte(self, stopped: Path) -> None:
        for file in list(stopped.iterdir()):
            content = file.read_bytes()
            if not content:
                continue
            for place in {0, len(content) // 2, len(content) - 1}:
                changed = bytearray(content)
                changed[place] ^= 1
                file.write_bytes(changed)
                self.refused(stopped, f"is damaged: {file.name.split('.')[0]}")
            file.write_bytes(content)

    def test_a_file_cut_short_or_gone(self, stopped: Path) -> None:
        for file in list(stopped.iterdir()):
            content = file.read_bytes()
            file.write_bytes(content[:-1])
            if content:
                self.refused(stopped, "is damaged")
            file.unlink()
            if file.name != MANIFEST and content:
                self.refused(stopped, "is damaged")
            file.write_bytes(content)

    def test_another_run(self, stopped: Path) -> None:
        self.refused(stopped, "scenario text", SWAPPED + "\n")
        self.refused(stopped, "policy", policy="statement")
        self.refused(stopped, "bound on states", max_states=10**6)
        self.refused(stopped, "greatest length", max_length=5)
        self.refused(stopped, "symmetry", symmetry=False)
        self.refused(stopped, "version", version="0.0.9")

    def test_another_parameter(self, tmp_path: Path) -> None:
        text = f"{HEAD}N = 2\n@thread\ndef T():\n    pass\n"
        explore(relation(text, tmp_path), checkpoint=kept(tmp_path / "kept"))
        with pytest.raises(CheckpointError, match="value of a parameter"):
            explore(relation(text, tmp_path, N=3), checkpoint=kept(tmp_path / "kept"))

    def test_going_over_it_without_resume(self, stopped: Path) -> None:
        with pytest.raises(CheckpointError, match="has a checkpoint"):
            kept(stopped.parent, resume=False)


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The walk goes on without it; what stays is whole, and can be resumed."""
    monkeypatch.setattr(search, "_BATCH", 3)
    wanted, calls, real = explore(toys.philosophers(3)), [0], os.fsync

    def full(handle: int) -> None:
        calls[0] += 1
        if calls[0] > 40:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint.os, "fsync", full)
        assert explore(toys.philosophers(3), checkpoint=kept(tmp_path)) == wanted
    assert {sentence.split(";")[0] for sentence in told} == {
        "the checkpoint could not be written (No space left on device)"
    }
    told.clear()
    steps: list[int] = []
    assert (
        explore(toys.philosophers(3), checkpoint=kept(tmp_path), progress=lambda now: steps.append(now.depth)) == wanted
    )
    assert steps[0] > 0


def test_only_what_is_new_is_written(tmp_path: Path) -> None:
    """What grows is appended to the same file; what is not saved any more goes."""
    folder = Folder(tmp_path, {})
    pieces = [np.arange(5, dtype=np.int64)]
    folder.extend("grows", pieces, np.int32)
    folder.put("once", np.zeros(3))
    folder.commit({"n": 1})
    name = next(tmp_path.glob("grows.*"))
    before = name.stat().st_ino
    pieces.append(np.arange(5, 9))
    folder.extend("grows", pieces, np.int32)
    folder.commit({"n": 2})
    assert name.stat().st_ino == before
    assert sorted(file.name.split(".")[0] for file in tmp_path.iterdir()) == ["grows", "manifest"]
    again = Folder(tmp_path, {})
    assert (again.data, again.get("grows").tolist()) == ({"n": 2}, list(range(9)))


def test_a_program_of_unknown_values_says_so(tmp_path: Path) -> None:
    """No program computes with one; a toy can."""
    with pytest.raises(CheckpointError, match="cannot hold a value of type complex"):
        explore(toys.chooser((1j, 2j)), checkpoint=kept(tmp_path))


def test_the_public_face_takes_a_folder(tmp_path: Path) -> None:
    """It stays there when the exploration has ended."""
    wanted = lab.explore("refcount/race")
    assert lab.explore("refcount/race", checkpoint=tmp_path) == wanted
    assert lab.explore("refcount/race", checkpoint=str(tmp_path), resume=True) == wanted
    with pytest.raises(CheckpointError, match="has a checkpoint"):
        lab.explore("refcount/race", checkpoint=tmp_path)


def test_values_are_numbered_in_the_order_of_the_states(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was known before, so that a resumed walk numbers them as the other did; nor does the batch matter."""
    found, real = [], Packing.__init__
    for size in (1, 3, 1 << 14):
        monkeypatch.setattr(search, "_BATCH", size)
        packings: list[Packing] = []

        def made(self: Packing, *arguments: Any, packings: list[Packing] = packings, **named: Any) -> None:
            packings.append(self)
            real(self, *arguments, **named)

        with monkeypatch.context() as patch:
            patch.setattr(Packing, "__init__", made)
            explore(toys.wide(8, 5))
        found.append([domain.values for domain in packings[0].domains])
    assert found[0] == found[1] == found[2]
