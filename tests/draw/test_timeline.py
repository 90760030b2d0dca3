"""What a GIL timeline says."""

from __future__ import annotations

import pytest
from matplotlib.colors import to_hex

from lab.draw import Drawing, beginning, gil_timeline
from lab.draw.style import MUTED, thread_colour
from lab.errors import UsageError
from lab.gil import Cpu, Io, Run, Settings, Thread, Workload, simulate
from lab.gil.library import computing, echo, side_by_side

EXACT = {"wake": 0.0, "slack": 0.0, "jitter": 0.0, "thread_start": 0.0}


def _two() -> Workload:
    return Workload((Thread("T1", (Cpu(0.008),)), Thread("T2", (Cpu(0.008),))))


def _one(seconds: float) -> Run:
    return simulate(Workload((Thread("T1", (Io(seconds),)),)), Settings(**EXACT))


def test_the_title_says_who_waits_longest() -> None:
    """T1 runs 0-5 and 10-13 ms, T2 5-10 and 13-16: T2 waits 8 of 16 ms, T1 5."""
    made = gil_timeline(simulate(_two(), Settings(**EXACT)))
    assert made.title == "Thread T2 waits 8 of 16 ms for the GIL"
    assert made.alt.endswith(
        "T1 runs Python (8 ms) and waits for the GIL (5 ms); T2 waits for the GIL (8 ms) and runs Python (8 ms)."
    )
    assert made.note == "simulated, model new, 2 cores, seed 1"


def test_the_table_and_the_marks_are_the_runs() -> None:
    """A row and a mark for each span, a mark for each of the four holds, an arrow for each of two requests."""
    made = gil_timeline(simulate(_two(), Settings(**EXACT)))
    assert made.table[1:4] == (
        ("T1", "run", "0.0000", "5.0000"),
        ("T1", "gil", "5.0000", "10.0000"),
        ("T1", "run", "10.0000", "13.0000"),
    )
    names = {str(child.get_gid()) for child in made.axes.get_children() if child.get_gid()}
    assert {f"span-{number}" for number in range(1, len(made.table))} <= names
    assert {"holds-4", "request-2"} <= names
    assert not {"holds-5", "request-3"} & names


def test_without_a_gil_there_is_no_strip() -> None:
    """Nobody waits, and nobody holds."""
    made = gil_timeline(simulate(_two(), Settings("free-threaded")))
    assert made.title.startswith("Nobody waits for the GIL, and all is done after ")
    assert not any(str(child.get_gid()).startswith("holds") for child in made.axes.get_children())


def test_only_the_beginning_is_drawn() -> None:
    """Up to 6 ms nothing of what comes later is in the table."""
    made = gil_timeline(simulate(_two(), Settings(**EXACT)), until=0.006)
    assert max(float(row[3]) for row in made.table[1:]) == 6


@pytest.mark.parametrize(
    "workload", [Workload((Thread("T1", ()),)), Workload((Thread("T1", ()), Thread("T2", (Io(0),))))]
)
def test_what_has_no_lanes_is_refused(workload) -> None:
    """One sentence."""
    with pytest.raises(UsageError, match="a timeline has 1 to 12 threads"):
        gil_timeline(simulate(workload, Settings(**EXACT)))


def test_a_thread_has_its_colour_whether_or_not_a_main_thread_starts_it() -> None:
    """T1 is blue in both; main is grey: their names, what they do, and what they hold."""
    alone, started = gil_timeline(simulate(_two())), gil_timeline(simulate(side_by_side(computing(0.01, 2))))

    def colours(made: Drawing) -> dict[str, str]:
        names = list(dict.fromkeys(row[0] for row in made.table[1:]))
        lanes = {str(one.get_gid()): one for one in made.axes.patches}
        return {name: to_hex(lanes[f"lane-{number}"].get_facecolor()) for number, name in enumerate(names, 1)}

    assert colours(alone)["T1"] == colours(started)["T1"] == thread_colour(0).lower()
    assert colours(started)["main"] == MUTED.lower()
    pieces = {str(one.get_gid()): to_hex(one.get_facecolor()) for one in started.axes.patches}
    runs = {(row[0], pieces[f"span-{number}"]) for number, row in enumerate(started.table[1:], 1) if row[1] == "run"}
    assert runs == {("T1", thread_colour(0).lower()), ("T2", thread_colour(1).lower())}
    held = {colour for gid, colour in pieces.items() if gid.startswith("holds-")}
    assert held - {MUTED.lower()} == {colour for _, colour in runs}


def test_a_moment_at_the_gil_keeps_its_colour() -> None:
    """The echo holds the GIL for some 10 µs of 20 ms: a hairline without an outline that would hide it."""
    made = gil_timeline(simulate(echo(1, 4, 0.0005)), until=0.02)
    narrow = [one for one in made.axes.patches if str(one.get_gid()).startswith("holds-") and one.get_width() < 2]
    assert narrow
    assert {one.get_linewidth() for one in narrow} == {0}


def test_of_many_threads_the_first_have_lanes() -> None:
    """Main and 13 that compute: twelve lanes, and the note says so."""
    made = gil_timeline(simulate(side_by_side(computing(0.001, 13))))
    assert {row[0] for row in made.table[1:]} == {"main", *(f"T{number}" for number in range(1, 12))}
    assert made.note.endswith(" · 12 of 14 threads")


def test_a_long_run_is_drawn_as_far_as_it_can_be_read() -> None:
    """T1 and T2 take turns of 5 ms, and each runs or waits: the 61st piece begins with the 31st turn, at 150 ms."""
    work = Workload((Thread("T1", (Cpu(0.1),)), Thread("T2", (Cpu(0.1),))))
    run = simulate(work, Settings(**EXACT))
    until = beginning(run)
    assert until == pytest.approx(0.15)
    assert gil_timeline(run, until=until).note == "simulated, model new, 2 cores, seed 1 · the first 150 ms of 200 ms"
    assert beginning(run, 1_000) is None


@pytest.mark.parametrize(
    ("run", "title"),
    [
        (_one(0.5), "Nobody waits for the GIL, and all is done after 500 ms"),
        (_one(3.0), "Nobody waits for the GIL, and all is done after 3 s"),
    ],
)
def test_a_title_without_waiting_says_how_long_it_takes(run: Run, title: str) -> None:
    assert gil_timeline(run).title == title


def test_a_second_is_no_thousand_with_an_exponent() -> None:
    """Two threads of 1 s each: one waits for some part of 2 s."""
    made = gil_timeline(simulate(side_by_side(computing(2.0, 2))), until=1.5)
    assert made.title.endswith("of 1.5 s for the GIL")
    assert "e+" not in made.alt
