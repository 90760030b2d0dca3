"""The interpreters of a machine."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

import lab
from lab.errors import UsageError
from lab.verify import interpreters
from lab.verify.interpreters import Interpreter, examined, found, lacking


def program(path: Path, text: str) -> str:
    """Write a shell script that pretends to be an interpreter, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def says(release: str, version: str, gil: str = "true", implementation: str = "CPython") -> str:
    return f"""echo '["{implementation}", "{release}", {version}, {gil}]'"""


def test_this_interpreter_says_what_it_is() -> None:
    one = examined(sys.executable)
    assert one.version == "{}.{}".format(*sys.version_info)
    assert one.policy in (f"cpython-{one.version}", "free-threaded")


def test_a_build_without_a_gil_has_a_name_and_a_policy_of_its_own(tmp_path: Path) -> None:
    one = examined(program(tmp_path / "python", says("3.13.5", "[3, 13]", "false")))
    assert (one.name, one.policy) == ("3.13t", "free-threaded")


def test_other_implementations_and_newer_versions_have_no_policy() -> None:
    assert Interpreter("pypy3", "PyPy", "3.11.1", "3.11", gil=True).policy is None
    assert Interpreter("python9", "CPython", "3.99.0", "3.99", gil=True).policy is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("true", "is no Python interpreter: it does not answer as one"),
        ("echo 'pyenv: python3.9: command not found' >&2; exit 127", "pyenv: python3.9: command not found"),
        (says("3.8.18", "[3, 8]"), "is Python 3.8.18; 3.9 or later is needed"),
        ("sleep 5", "did not say within 0.2 s"),
    ],
)
def test_what_cannot_be_used_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, sentence: str
) -> None:
    if text.startswith("sleep"):
        monkeypatch.setattr(interpreters, "SECONDS", 0.2)
        text = "exec sleep 5"
    with pytest.raises(UsageError, match=sentence):
        examined(program(tmp_path / "python", text))


def test_a_path_that_does_not_exist_says_so() -> None:
    with pytest.raises(UsageError, match="/no/such/python cannot be run: No such file or directory"):
        examined("/no/such/python")


def test_interpreters_are_looked_for_in_three_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of each version and kind; the newest of pyenv goes before the PATH; a broken one is named, a launcher not."""
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'pyenv/shims'}{os.pathsep}{tmp_path / 'bin'}")
    newest = program(tmp_path / "pyenv/versions/3.9.9/bin/python3.9", says("3.9.9", "[3, 9]"))
    program(tmp_path / "pyenv/versions/3.9.1/bin/python3.9", says("3.9.1", "[3, 9]"))
    program(tmp_path / "bin/python3.9", says("3.9.0", "[3, 9]"))
    program(tmp_path / "pyenv/shims/python3.10", "echo 'pyenv: python3.10: command not found' >&2; exit 127")
    free = program(tmp_path / "cache/gil-lab/free-threaded/bin/python3.13t", says("3.13.5", "[3, 13]", "false"))
    broken = program(tmp_path / "bin/python3.14", "echo 'no such library' >&2; exit 1")
    usable, failed = found()
    assert [one.path for one in usable if one.path != sys.executable] == [newest, free]
    assert sys.executable in [one.path for one in usable]
    assert [one.path for one in failed] == [broken]
    assert failed[0].reason.endswith("is no Python interpreter: no such library")


def test_an_older_python_lacks_groups_of_tasks_and_nothing_else() -> None:
    """A file with a TaskGroup cannot run on 3.10; one without can."""
    older, newer = (Interpreter("python", "CPython", f"{one}.1", one, gil=True) for one in ("3.10", "3.11"))
    grouped, plain = lab.load("sibling_tasks/task_group"), lab.load("sibling_tasks/gathered")
    assert lacking(grouped, older) == "asyncio.TaskGroup"
    assert (lacking(grouped, newer), lacking(plain, older)) == ("", "")
