"""The source beside its steps, and where each policy may switch."""

from __future__ import annotations

from lab.language import parse
from lab.model import switch_points
from lab.report import source

TEXT = """\
'''Two threads write down their turns under a lock.'''

import threading

from lab.scenario import thread

SEATS = (1, 2)
lock = threading.Lock()
turns = []


def note(seat):
    turns.append(seat)


@thread(each=range(2))
def T(i):
    with lock:
        note(SEATS[i])
"""


def _rows(text: str) -> dict[int, tuple[str, ...]]:
    table = source.listing(parse(text, name="turns"))
    return {int(row[0].text): tuple(cell.text for cell in row[2:5]) for row in table.rows}


def test_each_line_has_its_steps() -> None:
    """Acquire and release stand at the `with`, the append in the helper; reading a constant tuple is no step."""
    rows = _rows(TEXT)
    steps = {line: row[0] for line, row in rows.items() if row[0]}
    assert list(steps) == [13, 18]
    assert steps[18] == "1 acquire lock; 2 release lock"


def test_a_helper_belongs_to_the_statement_that_calls_it() -> None:
    """Under policy statement a switch is possible before the call's statement, where the append begins."""
    assert _rows(TEXT)[13][1:] == ("1", "1")
    two = TEXT.replace("    turns.append(seat)\n", "    turns.append(seat)\n    turns.append(seat)\n")
    assert _rows(two)[13][1:] == ("1", "1")
    assert _rows(two)[14][1:] == ("1", "")


def test_the_notes_name_the_threads_and_explain_the_policies() -> None:
    """Nobody has to guess what a margin means."""
    notes = source.listing(parse(TEXT)).notes
    assert notes[0] == "Threads: T[0] and T[1]."
    assert any(note.startswith("Policy access: ") for note in notes)
    assert not any("brackets" in note for note in notes)


def test_what_was_not_reached_stands_in_brackets(monkeypatch) -> None:
    """With too many states, the listing says what it has not seen, and hides nothing."""
    monkeypatch.setattr(switch_points, "MOST_STATES", 2)
    rows = _rows(TEXT)
    assert "(" in rows[18][0]
    assert "acquire lock" in rows[18][0]
    assert source.listing(parse(TEXT)).notes[-1] == "In brackets: not reached within the first 2 states."


def test_policies_that_switch_at_the_same_places_share_a_column() -> None:
    """`x += 1` is one step from 3.10 on, as under `statement`; before, and without a GIL, two."""
    table = source.listing(
        parse("from lab.scenario import thread\nx = 0\n@thread\ndef T():\n    global x\n    x += 1\n")
    )
    assert [column.title for column in table.columns] == ["line", "source", "steps", "access", "statement", "window"]
    assert "As under access: cpython-2.7, cpython-3.9 and free-threaded." in table.notes
    assert any(note.startswith("As under statement: cpython-3.10, ") for note in table.notes)


def test_the_window_reaches_from_the_read_to_the_write() -> None:
    """Lines 9 to 11; the write of y, which was not read, and the lock open none."""
    text = "from threading import Lock\nfrom lab.scenario import thread\nx = y = 0\nlock = Lock()\n@thread\ndef T():\n"
    text = text.replace("x = y = 0", "x = 0\ny = 0")
    text += "    global x, y\n    k = x\n    y = 1\n    x = k + 1\n    with lock:\n        pass\n"
    table = source.listing(parse(text))
    assert {row[0].text: row[-1].text for row in table.rows if row[-1].text} == dict.fromkeys(("9", "10", "11"), "| x")


def test_policies_that_treat_the_marks_alike_are_walked_once(monkeypatch) -> None:
    """Of 14, the plain increment tells four kinds apart: all, statements, opcodes, and calls and jumps."""
    walked: list[str] = []
    walk = switch_points._reached
    monkeypatch.setattr(
        switch_points, "_reached", lambda program, policy: walked.append(policy.name) or walk(program, policy)
    )
    source.listing(parse("from lab.scenario import thread\nx = 0\n@thread\ndef T():\n    global x\n    x += 1\n"))
    assert walked == ["access", "statement", "cpython-2.7", "cpython-3.10"]
