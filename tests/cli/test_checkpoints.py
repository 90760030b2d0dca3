"""A command that is killed goes on with --resume; what cannot be resumed is said in one sentence."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import RACE

COUNTER = """\
'''Three threads add N times.'''

from lab.scenario import thread

N = 8
x = 0


@thread(each=range(3))
def T(i):
    global x
    for k in range(N):
        x += 1
"""

PHILOSOPHERS = Path(__file__).parents[2] / "benchmarks" / "models" / "philosophers.py"


def plain(text: str) -> Any:
    """Return the JSON of a command without its seconds."""
    found = json.loads(text)
    for result in found if isinstance(found, list) else [found]:
        del result["seconds"]
    return found


def killed(arguments: list[str], folder: Path, kills: int, longest: float) -> tuple[str, int]:
    """Kill a command at so many random moments, resume it each time, and return what it prints in the end."""
    command = [sys.executable, "-m", "lab", "run", *arguments, "--json", "--checkpoint-every", "0", "--checkpoint"]
    chance, done, resume = random.Random(len(arguments)), 0, []
    while True:
        process = subprocess.Popen([*command, str(folder), *resume], stdout=subprocess.PIPE, text=True)
        try:
            out, _ = process.communicate(timeout=0.3 + longest * chance.random() if done < kills else None)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            done += 1
            resume = ["--resume"] if (folder / "unfinished").exists() else []
            continue
        if done >= kills:
            return out, process.returncode
        resume = []


def killed_as_often(arguments: list[str], folder: Path, kills: int, longest: float) -> None:
    whole = subprocess.run(
        [sys.executable, "-m", "lab", "run", *arguments, "--json"], capture_output=True, text=True, check=False
    )
    out, status = killed(arguments, folder, kills, longest)
    assert plain(out) == plain(whole.stdout)
    assert status == whole.returncode
    assert not folder.exists()


def test_a_command_that_is_killed_goes_on(tmp_path: Path, files) -> None:
    """Twice, in several explorations, to the same bytes but for the seconds."""
    path = files("counter.py", COUNTER)
    killed_as_often([str(path), "--set", "N=3", "--policy", "all"], tmp_path / "kept", 2, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        ["--set", "N=7"],
        ["--set", "N=7", "--max-states", "200000"],
        ["--set", "N=4", "--policy", "all"],
        ["--set", "N=4", "--preemptions", "5"],
        ["--set", "N=4", "--max-length", "24"],
    ],
)
def test_killed_many_times(tmp_path: Path, files, options: list[str]) -> None:
    """20 times at random moments each."""
    killed_as_often([str(files("counter.py", COUNTER)), *options], tmp_path / "kept", 20, 2)


@pytest.mark.slow
def test_killed_many_times_in_a_loop(tmp_path: Path) -> None:
    """20 times, some of them while components are counted."""
    killed_as_often([str(PHILOSOPHERS), "--set", "N=8"], tmp_path / "kept", 20, 4)


def test_a_stopped_run_says_how_to_go_on(command, files, tmp_path: Path) -> None:
    """The time was up; then it was not, and nothing is left behind."""
    path, folder = files("counter.py", COUNTER), tmp_path / "kept"
    first = command("run", path, "--set", "N=4", "--checkpoint", folder, "--max-seconds", "0.0001")
    assert first.status == 3
    assert f"lab: the same command with --resume goes on from the checkpoint in {folder}" in first.err
    second = command("run", path, "--set", "N=4", "--checkpoint", folder, "--resume", "--json")
    assert plain(second.out) == plain(command("run", path, "--set", "N=4", "--json").out)
    assert not folder.exists()


def test_what_cannot_be(command, files, tmp_path: Path) -> None:
    """One sentence each, status 2, and what is there stays."""
    path, folder = files("counter.py", COUNTER), tmp_path / "kept"
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    command("run", path, "--set", "N=4", "--checkpoint", folder, "--max-seconds", "0.0001")
    kept = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    for arguments, words in (
        (["--resume"], "--checkpoint DIR"),
        (["--checkpoint", tmp_path / "none", "--resume"], "there is no checkpoint in"),
        (["--checkpoint", folder], "add --resume, or delete"),
        (["--checkpoint", tmp_path / "full"], "is not empty"),
        (["--checkpoint", path], "is no folder"),
        (["--checkpoint", folder, "--resume", "--set", "N=5"], "another value of a parameter"),
        (["--checkpoint", folder, "--resume", "--set", "N=4", "--policy", "statement"], "another policy"),
    ):
        done = command("run", path, *arguments)
        assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
        assert words in done.err
    assert {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()} == kept


def test_a_full_disk_is_told(command, files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run goes on."""

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = command("run", files("race.py", RACE), "--checkpoint", tmp_path / "kept", "--json")
    assert json.loads(done.out)["complete"]
    assert "lab: the checkpoint could not be written (No space left on device); the one before is kept" in done.err


def test_other_files_in_the_folder_stay(command, files, tmp_path: Path) -> None:
    """Only what the lab wrote is removed."""
    path, folder = files("counter.py", COUNTER), tmp_path / "kept"
    command("run", path, "--set", "N=4", "--checkpoint", folder, "--max-seconds", "0.0001")
    (folder / "mine").touch()
    command("run", path, "--set", "N=4", "--checkpoint", folder, "--resume")
    assert [file.name for file in folder.iterdir()] == ["mine"]
    shutil.rmtree(folder)


@pytest.mark.parametrize("text", ["", "5", "500", "-1G", "0M", "1e3M", "M", "2X", "many"])
def test_a_size_that_is_none(command, text: str) -> None:
    done = command("run", "refcount/race", "--max-memory", text)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"lab: --max-memory takes a size such as 500M or 2G, not {text!r}\n"


def test_a_bound_on_memory_that_is_too_low(command) -> None:
    """Status 3, and the result says why."""
    done = command("run", "refcount/race", "--max-memory", "1M", "--json")
    assert done.status == 3
    assert json.loads(done.out)["stopped"] == "memory"
