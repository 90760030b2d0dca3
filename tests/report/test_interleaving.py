"""Schedules of real code as text: who ran which line, in which order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.report.interleaving import schedule_table


@dataclass(frozen=True)
class Ran:
    thread: str
    file: str
    line: int
    kind: str
    name: str


@pytest.fixture
def counter(tmp_path: Path) -> str:
    path = tmp_path / "counter.py"
    path.write_text("def add(self):\n    value = self.value\n    self.value = value + 1\n", encoding="utf-8")
    return str(path)


def test_each_thread_has_a_column(counter: str) -> None:
    """A lost update: both read, then both write."""
    read, write = (counter, 2, "read", "value"), (counter, 3, "write", "value")
    steps = [Ran("T1", *read), Ran("T2", *read), Ran("T2", *write), Ran("T1", *write)]
    assert schedule_table(steps).splitlines() == [
        f"   {'T1':52}T2",
        "1  counter.py:2 value = self.value  (read value)",
        f"2  {'':52}counter.py:2 value = self.value  (read value)",
        f"3  {'':52}counter.py:3 self.value = value + 1  (write value)",
        "4  counter.py:3 self.value = value + 1  (write value)",
    ]


def test_steps_on_one_line_are_one_row(counter: str) -> None:
    """A read and a write without a switch between them; what is done twice is named once."""
    steps = [Ran("T1", counter, 3, kind, "value") for kind in ("read", "write", "write")]
    assert schedule_table(steps).splitlines()[1:] == [
        "1  counter.py:3 self.value = value + 1  (read value, write value)"
    ]


def test_what_is_too_long_is_cut(counter: str) -> None:
    """The source first, then what is done; no line is longer than the width, and a point of suspense shows the cut.

    83 characters leave 38 for each column: 12 for the place, 13 for what is done, 3 blanks, and 10 for the source.
    """
    steps = [Ran(thread, counter, 3, "write", "value") for thread in ("T1", "T2")]
    assert schedule_table(steps, width=83).splitlines()[1] == "1  counter.py:3 self.valu…  (write value)"
    steps = [Ran(thread, counter, 3, "write", "value" * 9) for thread in ("T1", "T2")]
    lines = schedule_table(steps, width=60).splitlines()
    assert [len(line) <= 60 for line in lines] == [True] * 3
    assert all(line.endswith("…") for line in lines[1:])


def test_many_threads_are_named_in_their_rows(counter: str) -> None:
    """Ten columns do not fit: each row names its thread, and a line that is not there is left out."""
    steps = [Ran(f"T{number}", counter, 30, "acquire", "lock") for number in range(1, 11)]
    lines = schedule_table(steps).splitlines()
    assert len(lines) == 10
    assert (lines[0], lines[-1]) == (" 1  T1   counter.py:30  (acquire lock)", "10  T10  counter.py:30  (acquire lock)")


def test_nothing_ran() -> None:
    assert not schedule_table([]).strip()


def test_a_step_outside_of_the_source_says_what_it_does() -> None:
    assert schedule_table([Ran("T1", "", 0, "begin", "put(1)")]).splitlines()[1:] == ["1  begin put(1)"]
