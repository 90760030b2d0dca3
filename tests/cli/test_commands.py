"""`lab compare`, `lab replay`, `lab verify`, `lab figures`, and the help."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lab.cli import watch
from lab.draw import gallery
from tests.cli.conftest import BUSY, RACE, SOUND

GOLDEN = Path(__file__).parent / "golden"


def test_a_fault_and_its_repair_side_by_side(command) -> None:
    """Four of six schedules go wrong without the lock, none of two with it."""
    done = command("compare", "refcount/race", "refcount/locked")
    assert done.out == (GOLDEN / "compare-refcount.txt").read_text(encoding="utf-8")
    assert done.status == 0


def test_compare_judges_like_run(command, files) -> None:
    """The worst of the two, and bounds hold for each."""
    race, sound, busy = files("race.py", RACE), files("sound.py", SOUND), files("busy.py", BUSY)
    assert command("compare", race, sound).status == 1
    assert command("compare", sound, busy, "--max-states", "50").status == 3
    assert command("compare", sound, sound, "--policy", "all").status == 0


def test_replay_shows_each_step(command) -> None:
    """Both read 2; T1 writes 3, T2 writes 1: one reference is lost."""
    done = command("replay", "refcount/race", "T1", "T2", "T1", "T2")
    assert done.out == (GOLDEN / "replay-refcount-race.txt").read_text(encoding="utf-8")
    assert done.status == 0


def test_replay_may_stop_before_the_end(command) -> None:
    """It says who could go on."""
    assert "The schedule stops before the end: T1 and T2 could go on." in command("replay", "refcount/race", "T1").out
    assert "T2 could go on." in command("replay", "refcount/race", "T1", "T1").out


def test_replay_shows_a_deadlock(command) -> None:
    """Who waits for what, and who holds it."""
    out = command("replay", "lock_order/inversion", "T1", "T2").out
    assert "Deadlock: T1 waits for fork (held by T2)" in out
    assert "holds knife" in out


def test_replay_shows_what_a_lock_orders(command) -> None:
    """T2's acquire comes after T1's release, and nothing races."""
    out = command("replay", "refcount/locked", *["T1"] * 4, *["T2"] * 4).out
    assert "after step 4" in out
    assert "races with" not in out
    assert "Every thread has ended." in out


def test_replay_under_another_policy(command) -> None:
    """A statement is one step."""
    out = command("replay", "refcount/race", "--policy", "statement", "T1", "T2").out
    assert "read refcount = 2; write refcount = 3" in out


def test_replay_of_nothing_shows_the_start(command) -> None:
    """The first row is the state before any step."""
    done = command("replay", "refcount/race")
    assert done.status == 0
    assert "refcount = 2    start" in done.out


def test_a_thread_that_fails_says_how(command, files) -> None:
    """The step that raises ends the thread."""
    path = files("fails.py", SOUND.replace("x += 1", "assert x == 1, 'not one'", 1))
    out = command("replay", path, "T1").out
    assert "ends by AssertionError: not one" in out


def test_verify_measures_real_objects(command) -> None:
    """The real count is the locked model's in every schedule, and the racy model is off in four."""
    done = command("verify", "refcount/race", "--python", sys.executable, "--seconds", "0.1")
    assert "in 6 of 6 schedules; the racy model differs in 4 of 6." in done.out
    assert done.status == 0


def test_figures_draws_the_gallery(command, monkeypatch, tmp_path) -> None:
    """One picture here; the tests of the drawings draw them all."""
    monkeypatch.setattr(gallery, "GALLERY", gallery.GALLERY[2:3])
    done = command("figures", tmp_path)
    name = gallery.GALLERY[0].name
    assert f"  {tmp_path / name}: svg, png, pdf" in done.out
    assert (tmp_path / f"{name}.svg").exists()
    assert (done.status, done.err) == (0, "")


def test_figures_says_on_a_terminal_how_far_it_is(command, monkeypatch, tmp_path) -> None:
    """On standard error; standard output is the same."""
    monkeypatch.setattr(gallery, "GALLERY", gallery.GALLERY[2:4])
    plain = command("figures", tmp_path).out
    monkeypatch.setattr(watch, "PATIENCE", 0.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    done = command("figures", tmp_path)
    first, second = (picture.name for picture in gallery.GALLERY)
    assert done.err == f"\r\x1b[Kfigure 1 of 2: {first}\r\x1b[Kfigure 2 of 2: {second}\r\x1b[K"
    assert (done.status, done.out) == (0, plain)


@pytest.mark.parametrize("name", ["run", "list", "show", "compare", "replay", "verify", "figures"])
def test_each_command_explains_itself(command, name) -> None:
    """With a sentence and its options; the overview names it."""
    done = command(name, "--help")
    assert done.status == 0
    assert f"Usage: lab {name}" in done.out
    assert name in command("--help").out


def test_the_version_is_that_of_the_distribution(command) -> None:
    """`gil-lab` and three numbers."""
    done = command("--version")
    assert done.out.startswith("gil-lab 0.")
    assert done.status == 0
