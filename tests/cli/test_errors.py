"""Whatever goes wrong is one sentence on standard error, exit status 2, and never a traceback."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.cli.conftest import RACE


def _is_a_sentence(done, *words: str) -> None:
    assert done.status == 2
    assert done.out == ""
    assert "Traceback" not in done.err
    assert done.err.count("\n") <= 3
    for word in words:
        assert word in done.err


def test_an_unknown_name_suggests_near_ones(command) -> None:
    """A slip of the finger is answered with what was meant."""
    _is_a_sentence(command("run", "refcount/rase"), "refcount/race")


def test_a_missing_file(command) -> None:
    """It says that there is no such file, and where to look."""
    _is_a_sentence(command("run", "nowhere.py"), "nowhere.py", "lab list")


def test_a_directory(command, tmp_path) -> None:
    """A directory is no scenario."""
    _is_a_sentence(command("run", tmp_path), "directory")


def test_a_file_that_is_no_utf_8(command, tmp_path) -> None:
    """The encoding is named."""
    path = tmp_path / "latin.py"
    path.write_bytes("'''Zwei Fäden.'''".encode("latin-1"))
    _is_a_sentence(command("run", path), "UTF-8")


def test_a_file_that_may_not_be_read(command, files, monkeypatch) -> None:
    """The system's own words."""

    def refuse(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    _is_a_sentence(command("run", files("secret.py", RACE)), "secret.py", "Permission denied")


def test_a_file_outside_the_language_is_quoted(command, files) -> None:
    """Place, reason, the line, and a caret below it."""
    done = command("run", files("bad.py", RACE.replace("x += 1", "x = eval('1')", 1)))
    assert done.status == 2
    assert "bad.py:11:9" in done.err
    lines = done.err.splitlines()
    assert lines[1].strip() == "x = eval('1')"
    assert lines[2].strip() == "^"
    assert lines[2].index("^") - lines[1].index("x") == 4


def test_a_syntax_error_is_quoted_too(command, files) -> None:
    """Python's own complaint, in the same form."""
    done = command("run", files("bad.py", "def f(:\n"))
    assert done.status == 2
    assert "bad.py:1" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["run", "refcount/race", "--policy", "random"], "statement"),
        (["run", "refcount/race", "--set", "N"], "NAME=VALUE"),
        (["run", "refcount/race", "--set", "N=4"], "no parameter"),
        (["run", "philosophers/all_left", "--set", "N=3", "--set", "N=4"], "twice"),
        (["run", "philosophers/all_left", "--set", "N='three'"], "N"),
        (["replay", "refcount/race", "T3"], "T3"),
        (["replay", "refcount/race", "T1", "T1", "T1"], "T1"),
        (["replay", "refcount/race", "T1:7"], "T1:7"),
        (["verify", "refcount/race", "--python", "no-such-python"], "no-such-python"),
        (["show", "no/such"], "no/such"),
        (["compare", "refcount/race", "no/such"], "no/such"),
    ],
    ids=lambda value: " ".join(value[:5]) if isinstance(value, list) else "",
)
def test_requests_that_make_no_sense(command, arguments, word) -> None:
    """The sentence names what is wrong."""
    _is_a_sentence(command(*arguments), word)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["frobnicate"], "lab: no such command 'frobnicate'; `lab --help` shows what there is"),
        (["lst"], "lab: no such command 'lst'; did you mean 'list'?"),
        (["run"], "lab run: missing argument 'FILE|NAME...'; `lab run --help` shows what there is"),
        (["run", "x", "--max-states", "0"], "lab run: invalid value for '--max-states': 0 is not in the range x>=1"),
        (["run", "x", "--polcy", "y"], "lab run: no such option '--polcy'; did you mean '--policy'?"),
        (["compare", "x"], "lab compare: missing argument 'B'; `lab compare --help` shows what there is"),
    ],
)
def test_wrong_use_of_the_command_line_is_one_sentence(command, arguments, sentence) -> None:
    """Click's own finding, with what to write instead or where it is said; status 2."""
    done = command(*arguments)
    assert done.status == 2
    assert done.out == ""
    assert done.err.startswith(sentence)
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["run", "refcount/race", "--figures"], ["figures"]], ids=["run", "figures"])
def test_figures_cannot_go_into_a_file(command, files, arguments) -> None:
    """The place is named, and nothing was explored in vain."""
    path = files("occupied", "")
    _is_a_sentence(command(*arguments, path), "occupied")
    _is_a_sentence(command(*arguments, path / "below"), "occupied")


@pytest.mark.parametrize(
    "arguments",
    [
        ["figures"],
        ["run", "refcount/race", "--figures"],
        ["gil", "convoy", "--figures"],
        ["run", "refcount/race", "--checkpoint"],
    ],
    ids=" ".join,
)
def test_a_folder_without_a_name_is_not_this_one(command, monkeypatch, tmp_path, arguments) -> None:
    """As of an unset variable of the shell; nothing is written."""
    monkeypatch.chdir(tmp_path)
    _is_a_sentence(command(*arguments, ""), "the name of the folder is empty")
    assert list(tmp_path.iterdir()) == []


def test_figures_cannot_go_where_nobody_may_write(command, monkeypatch, tmp_path) -> None:
    """Asked before exploring; the system's own words."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    _is_a_sentence(command("figures", tmp_path / "drawn"), "ermission")
    assert list(Path(tmp_path).iterdir()) == []
