"""The command as a process: pipes, signals, terminals, a cold start."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys

import pytest

from tests.cli.conftest import BUSY

LAB = [sys.executable, "-m", "lab"]


def _on_terminal(*arguments: str, **environment: str) -> str:
    """Run the command with a terminal as its standard output and error, and return what the terminal showed."""
    ours, theirs = pty.openpty()
    env = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    env |= {"TERM": "xterm-256color", "COLUMNS": "160"} | environment
    with subprocess.Popen([*LAB, *arguments], stdout=theirs, stderr=theirs, env=env):
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], 60)[0]:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # Linux says so when the child has closed the terminal
                break
            if not piece:
                break
            shown += piece
    os.close(ours)
    return shown.decode()


def test_the_module_is_the_command(process) -> None:
    """`python -m lab` explores like `lab` does."""
    done = process("run", "refcount/race", "--json")
    assert done.status == 0
    assert json.loads(done.out)["states"] == 13
    assert done.err == ""


def test_an_error_has_no_traceback(process) -> None:
    """One sentence, status 2."""
    done = process("run", "nowhere.py")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("lab: ")
    assert "Traceback" not in done.err


def test_output_that_is_no_terminal_has_no_colours(process) -> None:
    """Not even when a terminal's name is set."""
    done = process("run", "refcount/race", TERM="xterm-256color")
    assert "\x1b" not in done.out


def test_a_terminal_gets_colours() -> None:
    """The fault is red and bold, and it is a word as well."""
    shown = _on_terminal("run", "refcount/race")
    assert "\x1b[1;31m" in shown
    assert "fault" in shown


def test_no_color_is_respected() -> None:
    """The same table without a colour."""
    shown = _on_terminal("run", "refcount/race", NO_COLOR="1")
    assert "fault" in shown
    assert "\x1b[1;31m" not in shown
    assert "\x1b[31m" not in shown


def test_hash_seeds_change_nothing(process) -> None:
    """The same bytes whatever the seed."""
    first, second = (process("run", "refcount/race", PYTHONHASHSEED=seed).out for seed in ("1", "2"))
    assert first == second


def test_an_ascii_terminal_can_show_everything(process, files) -> None:
    """What the encoding lacks is escaped."""
    path = files("umlaut.py", BUSY.replace("Four", "Für vier: four").replace("N = 60", "N = 1"))
    done = process("run", path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert "F\\xfcr vier" in done.out
    assert "Traceback" not in done.err


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_a_closed_pipe_ends_quietly_with_the_right_status(form) -> None:
    """`lab run ... | head -1` leaves no traceback, and the status still tells what was found."""
    with subprocess.Popen(
        [*LAB, "run", "refcount/race", *form], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        err = child.stderr.read()
    assert err == ""
    assert child.returncode == 0


def test_a_closed_standard_output_is_no_traceback() -> None:
    """Not even `>&-`."""
    done = subprocess.run(
        ["sh", "-c", f"'{sys.executable}' -m lab list >&-"], stderr=subprocess.PIPE, text=True, check=False
    )
    assert "Traceback" not in done.stderr


def test_an_interrupt_keeps_what_was_found(files) -> None:
    """Ctrl-C, once the exploration is under way: an incomplete result with its reason, status 3."""
    path = files("busy.py", BUSY)
    ours, theirs = pty.openpty()
    with subprocess.Popen([*LAB, "run", str(path)], stdout=subprocess.PIPE, stderr=theirs, text=True) as child:
        os.close(theirs)
        shown = b""
        while b"states/s" not in shown and select.select([ours], [], [], 60)[0]:
            shown += os.read(ours, 65536)
        child.send_signal(signal.SIGINT)
        out, _ = child.communicate(timeout=60)
    os.close(ours)
    assert "incomplete: it was interrupted" in out
    assert b"Traceback" not in shown
    assert child.returncode == 3


def test_a_long_exploration_shows_its_progress_on_a_terminal(files) -> None:
    """After a second, and it is wiped away in the end."""
    shown = _on_terminal("run", str(files("busy.py", BUSY)), "--max-seconds", "2")
    assert "states/s, depth" in shown
    assert "incomplete: the time was up" in shown


def test_a_long_exploration_is_silent_elsewhere(process, files) -> None:
    """Log files have no use for a line that changes."""
    assert process("run", files("busy.py", BUSY), "--max-seconds", "1.5").err == ""


def test_what_is_not_needed_is_not_imported() -> None:
    """Importing the lab is cheap; exploring needs neither matplotlib nor rich, and listing no numpy."""
    program = """if True:
        import sys
        import lab
        heavy = {"numpy", "scipy", "matplotlib", "rich", "click"}
        assert not heavy & set(sys.modules), heavy & set(sys.modules)
        import lab.cli
        for command in (["list"], ["show", "refcount/race"], ["replay", "refcount/race", "T1"]):
            try:
                lab.cli.main(command)
            except SystemExit as left:
                assert left.code == 0
        assert not {"numpy", "scipy", "matplotlib", "rich"} & set(sys.modules)
        try:
            lab.cli.main(["run", "refcount/race"])
        except SystemExit as left:
            assert left.code == 0
        assert not {"scipy", "matplotlib", "rich"} & set(sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr == ""
