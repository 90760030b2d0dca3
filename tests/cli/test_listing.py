"""`lab list` and `lab show`."""

from __future__ import annotations

from lab import catalogue
from tests.cli.conftest import RACE

SHOWN = """\
race: Two threads add one without a lock.
  line  source      steps                access  statement  window
  ----  ----------  -------------------  ------  ---------  ------
     1  '''Two threads add one without a lock.'''
     2
     3  from lab.scenario import final, thread
     4
     5
     6  x = 0
     7
     8
     9  @thread
    10  def T1():
    11      global x
    12      x += 1  1 read x; 2 write x  1 2     1          | x
"""


def test_every_scenario_is_listed_with_what_it_declares(command) -> None:
    """By topic, under each policy that the topic speaks of: access, statement, 3.9, 3.12, no GIL; then the title."""
    done = command("list")
    assert done.status == 0
    lines = {line.split()[0]: line for line in done.out.splitlines() if line.strip()}
    assert set(catalogue.names()) <= set(lines)
    assert lines["refcount/race"].split()[1:6] == ["faulty", "sound", "faulty", "sound", "faulty"]
    assert lines["refcount/race"].endswith("Two threads share a reference count and hold no lock.")


def test_check_explores_every_scenario(command, monkeypatch) -> None:
    """Two of them here; the tests of the scenarios explore them all."""
    chosen = [entry for entry in catalogue.entries() if entry.name in ("refcount/race", "refcount/locked")]
    monkeypatch.setattr(catalogue, "entries", lambda: tuple(chosen))
    done = command("list", "--check")
    assert done.status == 0
    assert done.out.count("as expected, ") == 2


def test_a_check_that_is_stopped_says_so(command, monkeypatch) -> None:
    """Nothing is claimed about a scenario that was not explored to the end."""
    chosen = [entry for entry in catalogue.entries() if entry.name == "refcount/race"]
    monkeypatch.setattr(catalogue, "entries", lambda: tuple(chosen))
    done = command("list", "--check", "--max-states", "3")
    assert done.status == 3
    assert "incomplete" in done.out
    assert "as expected" not in done.out


def test_show_has_the_steps_of_each_line(command, files) -> None:
    """`x += 1` is a read and a write; policy statement may switch only before the first of them."""
    done = command("show", files("race.py", RACE.replace("\n\nx", "\n\n\nx")))
    assert done.status == 0
    assert done.out.split(": ", 1)[1].startswith(SHOWN.split(": ", 1)[1])


def test_show_prints_the_lesson(command) -> None:
    """What the docstring says below its title, and then which figure suits the scenario."""
    assert "T1 takes a reference while T2 drops one." in command("show", "refcount/race").out.splitlines()[-4]


def test_show_takes_parameters(command) -> None:
    """They decide how many threads there are."""
    assert (
        "Threads: philosopher[0], philosopher[1] and philosopher[2]."
        in command("show", "philosophers/all_left", "--set", "N=3").out
    )


def test_show_keeps_the_answers_to_itself(command) -> None:
    """What a file expects and asks gives its quiz away; --answers is for teachers."""
    shown, whole = command("show", "closure/late").out, command("show", "closure/late", "--answers").out
    assert "tasks.append(lambda: name)" in shown
    assert not any(text in shown for text in ("question(", "expect(", "15 orders", "answer="))
    assert "lab quiz closure/late asks them" in shown
    assert 'question("Can the runner find an empty list?", violated="exceptions", answer=False)' in whole
    assert "Left out" not in whole


def test_show_leaves_nothing_out_where_nothing_is_asked(command) -> None:
    assert "expect(" in command("show", "closure/bound").out
