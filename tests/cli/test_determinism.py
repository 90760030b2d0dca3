"""The same file gives the same bytes of JSON but for the seconds, whatever the process around it is like."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from lab.explorer.walk import search

COMMANDS = [
    ["refcount/race", "--traces"],
    ["philosophers/all_left", "--set", "N=4", "--policy", "all"],
    ["refcount/race", "--by", "trace"],
    ["peterson/swapped", "--max-length", "20"],
    ["lost_update/race", "--preemptions", "1"],
]

SETTINGS = [
    {"PYTHONHASHSEED": "0"},
    {"PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"},
    {"PYTHONHASHSEED": "4294967295", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "NUMBA_NUM_THREADS": "2"},
]


def without_seconds(text: str) -> str:
    return re.sub(r'"seconds": [0-9.e-]+', '"seconds": 0', text)


def test_hash_seeds_and_threads_change_nothing() -> None:
    """Three processes, all commands in each."""
    runs = [["run", *arguments, "--json"] for arguments in COMMANDS]
    code = f"from lab.cli import main\nfor run in {runs}:\n    try: main(run)\n    except SystemExit as end: print(end)"
    found = set()
    for setting in SETTINGS:
        command, environment = [sys.executable, "-c", code], os.environ | setting
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.add(without_seconds(done.stdout))
    assert len(found) == 1
    assert found.pop().count('"states"') >= len(COMMANDS)


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_engines_change_nothing(command, arguments: list[str]) -> None:
    pytest.importorskip("numba")
    found = {without_seconds(command("run", *arguments, "--json", "--engine", e).out) for e in ("numpy", "compiled")}
    assert len(found) == 1


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_batches_change_nothing(command, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A state at a time, seven, and as many as there are."""
    found = set()
    for size in (1, 7, 1 << 14):
        monkeypatch.setattr(search, "_BATCH", size)
        found.add(without_seconds(command("run", *arguments, "--json").out))
    assert len(found) == 1
