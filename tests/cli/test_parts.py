"""The parts of the command line one by one: what only a terminal, a signal or a lack of memory brings out."""

from __future__ import annotations

import io
import re
import signal
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from lab.cli import guard, screen, watch
from lab.cli.status import BOUND, FINE, FOUND, WRONG, status_of
from lab.cli.watch import ProgressLine, Watch
from lab.errors import IncompleteError, ScenarioError
from lab.explorer.bounds import Progress
from lab.explorer.result import BuiltIn, ExpectationResult
from lab.report.contents import Checked, contents
from lab.report.text import outcomes
from tests.report.samples import DEADLOCK, HOLDS, RACE, STOPPED


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that shows what the test writes into it."""
    shown = [100.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: shown[0])
    return shown


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Standard error as a terminal of which the test sees the text."""
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(watch, "sys", SimpleNamespace(stderr=stream, stdout=stream))
    return stream


def test_progress_begins_after_a_second_and_is_wiped_away(clock, terminal) -> None:
    """3,000 states in 2 seconds are 1,500 a second; five lines a second are enough."""
    with Watch() as bounds:
        clock[0] += 0.5
        bounds.progress(Progress(1000, 2000, 5))
        assert terminal.getvalue() == ""
        clock[0] += 1.5
        bounds.progress(Progress(3000, 6000, 9))
        assert re.search("3,000 states, 1,500 states/s, depth 9, [1-9][0-9,]* MB$", terminal.getvalue())
        clock[0] += 0.1
        bounds.progress(Progress(4000, 8000, 10))
        assert "4,000" not in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_progress_is_for_people(clock, terminal, monkeypatch) -> None:
    """Nothing is shown with `quiet`, nor when standard error is no terminal, wherever the result goes."""
    with Watch(quiet=True) as bounds:
        clock[0] += 2
        bounds.progress(Progress(1000, 2000, 5))
    monkeypatch.setattr(watch.sys, "stdout", io.StringIO())
    monkeypatch.setattr(terminal, "isatty", lambda: False)
    with Watch() as bounds:
        clock[0] += 2
        bounds.progress(Progress(1000, 2000, 5))
    assert terminal.getvalue() == ""
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    with Watch() as bounds:
        clock[0] += 2
        bounds.progress(Progress(1000, 2000, 5))
        assert "1,000 states" in terminal.getvalue()


def test_a_sample_tells_how_many_runs_it_has(clock, terminal) -> None:
    """500 runs in 2 seconds are 250 a second."""
    with Watch() as bounds:
        bounds.drawn(1, 2000)
        clock[0] += 2
        bounds.drawn(500, 2000)
    assert terminal.getvalue() == "\r\x1b[K500 of 2,000 runs, 250 runs/s\r\x1b[K"


def test_the_gallery_tells_which_figure_it_draws(clock, terminal, monkeypatch) -> None:
    """After a second each of them, however soon it follows the one before; nothing is left, nor shown to a file."""
    with ProgressLine() as line:
        line.figure("first", 1, 3)
        assert terminal.getvalue() == ""
        clock[0] += 1
        line.figure("second", 2, 3)
        line.figure("third", 3, 3)
    wipe = "\r\x1b[K"
    assert terminal.getvalue() == f"{wipe}figure 2 of 3: second{wipe}figure 3 of 3: third{wipe}"
    monkeypatch.setattr(terminal, "isatty", lambda: False)
    with ProgressLine() as line:
        clock[0] += 2
        line.figure("second", 2, 3)
    assert terminal.getvalue().count("second") == 1


def test_a_short_exploration_leaves_the_terminal_alone(clock, terminal) -> None:
    """Nothing is shown, so nothing is wiped away."""
    with Watch() as bounds:
        clock[0] += 0.1
        bounds.progress(Progress(1000, 2000, 5))
    assert terminal.getvalue() == ""


def test_the_time_is_up_after_max_seconds(clock) -> None:
    """Not before, and never without a limit."""
    with Watch(2.0) as bounds, Watch() as endless:
        clock[0] += 1.9
        assert not bounds.reached()
        clock[0] += 0.1
        assert bounds.reached()
        assert not endless.reached()


def test_the_first_interrupt_asks_and_the_second_ends() -> None:
    """Ctrl-C twice ends the command; afterwards the handler from before is back."""
    before = signal.getsignal(signal.SIGINT)
    with Watch() as bounds:
        assert not bounds.reached()
        signal.raise_signal(signal.SIGINT)
        assert bounds.reached()
        assert bounds.explained(replace(STOPPED, stopped="seconds")).stopped == "interrupted"
        assert bounds.explained(RACE) is RACE
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize(
    ("error", "sentence", "status"),
    [
        (IncompleteError("stopped"), "lab: stopped", BOUND),
        (MemoryError(), "lab: not enough memory; set a bound with --max-memory or --max-states", BOUND),
        (ScenarioError("no", path="a.py", line=1, column=1), "a.py:1:1: no", WRONG),
        (IsADirectoryError(21, "Is a directory", "a"), "lab: a: Is a directory", WRONG),
        (OSError("the disk is full"), "lab: the disk is full", WRONG),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "lab: the file is not UTF-8 text", WRONG),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_expected_errors_become_sentences(error, sentence, status) -> None:
    """Each has its exit status."""
    assert guard.explained(error).startswith(sentence)
    assert guard.status_of_error(error) == status


def test_an_interrupt_outside_an_exploration_is_one_word(command, monkeypatch) -> None:
    """Status 3: it was stopped, and nothing was violated so far."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("lab.cli.options.load", interrupt)
    done = command("show", "refcount/race")
    assert (done.status, done.err.strip()) == (BOUND, "lab: interrupted")


def test_a_fault_of_the_lab_keeps_its_traceback() -> None:
    """Hiding it behind a sentence would make it harder to report."""

    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        guard.guarded(guard.click.Command("x", callback=fail), [])


def test_a_terminal_gets_a_table_in_colour(capsys, monkeypatch) -> None:
    """The same words as in the plain table, the fault in bold red, and no more than the terminal's width."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    screen.show(replace(outcomes(RACE), notes=("a note",)))
    shown = capsys.readouterr().out
    assert "\x1b[1;31m" in shown
    assert "T1 T2 T2 T1" in shown
    assert "a note" in shown
    monkeypatch.setenv("NO_COLOR", "1")
    screen.show(outcomes(RACE))
    assert "31m" not in capsys.readouterr().out


def test_output_without_a_reader_is_dropped(monkeypatch, tmp_path) -> None:
    """The first line that nobody reads sends the rest nowhere."""

    class Broken(io.TextIOWrapper):
        def flush(self) -> None:
            raise BrokenPipeError

    with (tmp_path / "out").open("wb") as raw:
        monkeypatch.setattr(sys, "stdout", stream := Broken(raw))
        screen.say("lost")
        monkeypatch.setattr(sys, "stderr", stream)
        screen.complain("lost too")
        monkeypatch.undo()
        raw.close()
        stream.flush = lambda: None


def test_closed_standard_streams_are_replaced(monkeypatch) -> None:
    """A process may be started without them."""
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    screen.prepare()
    with sys.stdout, sys.stderr:
        screen.say("nothing")
        screen.complain("nothing")


def test_statuses_follow_expectations_first() -> None:
    """A file that expects its fault is fine; one that expects nothing is judged by its verdicts."""
    assert status_of(RACE) == FINE
    assert status_of(replace(RACE, expectations=())) == FOUND
    assert status_of(DEADLOCK) == FOUND
    assert status_of(STOPPED) == BOUND
    assert status_of(replace(STOPPED, expectations=())) == BOUND
    clean = replace(RACE, expectations=(), properties=())
    assert status_of(clean) == FINE
    for fault in ("deadlock", "livelock", "exceptions"):
        assert status_of(replace(clean, **{fault: BuiltIn("violated")})) == FOUND
        assert status_of(replace(clean, **{fault: HOLDS})) == FINE


def test_an_unmet_expectation_outweighs_an_incomplete_exploration() -> None:
    """What is already known to be wrong stays wrong; what was not counted decides nothing."""
    missed, open_, met = (ExpectationResult("a claim", answer) for answer in (False, None, True))
    assert status_of(replace(STOPPED, expectations=(open_, missed))) == FOUND
    assert status_of(replace(STOPPED, expectations=(open_, met))) == BOUND
    assert status_of(replace(RACE, expectations=(open_, met))) == FINE


def test_a_check_tells_right_from_wrong_from_unknown() -> None:
    """One column, four answers."""
    from lab.catalogue import entries

    chosen = [entry for entry in entries() if entry.topic == "Reference counts"][:4]
    names = [entry.name for entry in chosen]
    found = {
        (names[0], "access"): Checked(as_expected=True, complete=True, states=1300),
        (names[0], "statement"): Checked(as_expected=True, complete=True, states=4),
        (names[1], "access"): Checked(as_expected=False, complete=True, states=5),
        (names[2], "access"): Checked(as_expected=False, complete=False, states=5),
    }
    (table,) = contents(chosen, found)
    column = [column.title for column in table.columns].index("check")
    answers = [row[column].text for row in table.rows]
    assert answers == ["as expected, 1,300 states", "not as expected under access", "incomplete", "expects nothing"]
