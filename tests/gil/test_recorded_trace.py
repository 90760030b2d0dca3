"""Traces of real programs, and our own read back."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from lab.draw import trace_timeline
from lab.errors import UsageError
from lab.gil import Settings, Span, holders, simulate, spans, trace_events
from lab.gil.library import echo
from lab.gil.recorded_trace import read_trace


def _event(name: str, start: float, end: float, tid: int = 7) -> dict:
    return {"ph": "X", "pid": 5, "tid": tid, "ts": 1000 + start, "dur": end - start, "name": name}


VIZTRACER = {
    "traceEvents": [
        {"ph": "M", "pid": 5, "tid": 7, "name": "thread_name", "args": {"name": "MainThread"}},
        {"ph": "M", "pid": 5, "tid": 8, "name": "thread_name", "args": {"name": "T1"}},
        _event("time.sleep", 20, 50),
        _event("work (/srv/program.py:3)", 0, 70),
        _event("_thread.lock.acquire", 80, 90),
        _event("read (/srv/program.py:9)", 10, 30, tid=8),
        _event("_io.TextIOWrapper.read", 12, 31, tid=8),
    ],
    "viztracer_metadata": {"version": "1.1.1"},
}


def _written(tmp_path, data):
    path = tmp_path / "trace.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def test_the_innermost_call_says_what_a_thread_does(tmp_path) -> None:
    """work 0-20, sleep 20-50, work 50-70, a lock 80-90; `read` runs in Python, and waits in C until its caller ends."""
    found = read_trace(_written(tmp_path, VIZTRACER))
    assert found.source == "VizTracer"
    assert found.spans == (
        Span("main", "run", 0, 20_000),
        Span("main", "io", 20_000, 50_000),
        Span("main", "run", 50_000, 70_000),
        Span("main", "locked", 80_000, 90_000),
        Span("T1", "run", 10_000, 12_000),
        Span("T1", "io", 12_000, 30_000),
    )
    assert (found.held, found.end) == ((), 90_000)


def test_threads_of_one_name_and_of_several_processes_have_lanes_of_their_own(tmp_path) -> None:
    """Two called W in one process; a main thread is called like its process, and a third process has no name."""
    names = [(5, 7, "MainThread"), (5, 8, "W"), (5, 9, "W"), (6, 6, "MainThread")]
    data = {
        "traceEvents": [
            {"ph": "M", "pid": 5, "tid": 5, "name": "process_name", "args": {"name": "MainProcess"}},
            {"ph": "M", "pid": 6, "tid": 6, "name": "process_name", "args": {"name": "Process-1"}},
            *(
                {"ph": "M", "pid": pid, "tid": tid, "name": "thread_name", "args": {"name": name}}
                for pid, tid, name in names
            ),
            *(_event("time.sleep", tid, 50, tid=tid) for tid in (7, 8, 9)),
            _event("f (a.py:1)", 20, 50, tid=6) | {"pid": 6},
            _event("f (a.py:1)", 30, 50, tid=4) | {"pid": 4},
        ]
    }
    found = read_trace(_written(tmp_path, data))
    assert [(span.thread, span.activity) for span in found.spans] == [
        ("MainProcess", "io"), ("MainProcess, W", "io"), ("MainProcess, W 2", "io"), ("Process-1", "run"),
        ("process 4", "run"),
    ]  # fmt: skip


def test_a_queue_of_c_is_waited_for_and_a_dict_is_not(tmp_path) -> None:
    """Both have a `get`."""
    data = {"traceEvents": [_event("_queue.SimpleQueue.get", 0, 10), _event("dict.get", 20, 30)]}
    assert [span.activity for span in read_trace(_written(tmp_path, data)).spans] == ["locked", "run"]


PROGRAM = """\
import threading, time

def work():
    time.sleep(0.02)
    sum(number * number for number in range(1000))

thread = threading.Thread(target=work, name="W")
thread.start()
thread.join()
"""


def test_what_viztracer_records_is_read(tmp_path) -> None:
    """A real program: the main thread waits while W sleeps 20 ms and computes."""
    program, trace = tmp_path / "program.py", tmp_path / "real.json"
    program.write_text(PROGRAM)
    command = [sys.executable, "-m", "viztracer", "--quiet", "-o", str(trace), str(program)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    found = read_trace(trace)
    assert found.source == "VizTracer"
    did = {
        (thread, activity): sum(span.end - span.start for span in found.spans if (span.thread, span.activity) == key)
        for key in {(span.thread, span.activity) for span in found.spans}
        for thread, activity in [key]
    }
    assert did["W", "io"] >= 20_000_000
    assert did["W", "run"] > 0
    assert did["main", "locked"] >= 10_000_000


def test_a_simulated_trace_comes_back(tmp_path) -> None:
    """What `--trace` writes has the run's spans and holders."""
    run = simulate(echo(1, 3, 0.0005), Settings(jitter=0))
    found = read_trace(_written(tmp_path, trace_events(run)))
    assert found.source == "lab gil"
    assert sorted(found.spans) == sorted(spans(run.events, run.time))
    assert found.held == tuple(holders(run.events, run.time))
    drawn = trace_timeline(found, until=0.006)
    assert drawn.title.startswith("Thread echo waits ")
    assert drawn.title.endswith(" ms for the GIL")
    assert drawn.note == "recorded by lab gil"


def test_a_real_trace_is_drawn_with_the_same_lanes(tmp_path) -> None:
    """The note says what such a trace does not know, and the title who is busiest: 40 of 90 us."""
    drawn = trace_timeline(read_trace(_written(tmp_path, VIZTRACER)))
    assert drawn.note == "recorded by VizTracer; running and waiting for the GIL look alike"
    assert drawn.title == "Thread main is in calls for 0.04 of 0.09 ms"
    assert drawn.table[2] == ("main", "io", "0.0200", "0.0500")


def test_a_trace_of_too_many_pieces_is_refused(tmp_path) -> None:
    """5,000 calls with gaps between them are no picture."""
    data = {"traceEvents": [_event("f (x.py:1)", 2 * number, 2 * number + 1) for number in range(5000)]}
    found = read_trace(_written(tmp_path, data))
    assert found.source == "a trace"
    with pytest.raises(UsageError, match="at most 4,000 pieces, and this has 5,000"):
        trace_timeline(found)
    assert len(trace_timeline(found, until=0.001).table) == 501


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("nonsense", "is no JSON"),
        ({"events": []}, "holds no traceEvents"),
        ([1, 2], "holds no traceEvents"),
        ({"traceEvents": []}, "has no complete events"),
        ({"traceEvents": [{"ph": "X", "name": "f"}]}, "an event without a time or a thread"),
    ],
)
def test_what_is_no_trace_is_one_sentence(tmp_path, data, said) -> None:
    with pytest.raises(UsageError, match=said):
        read_trace(_written(tmp_path, data))


def test_a_file_that_is_not_there(tmp_path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_trace(tmp_path / "none.json")


def test_a_parser_of_the_format_reads_the_export() -> None:
    """chrometrace knows every key of every event, and finds the times it was given."""
    chrometrace = pytest.importorskip("chrometrace")
    run = simulate(echo(1, 3, 0.0005))
    events = [chrometrace.TraceEvent.from_dict(event) for event in trace_events(run)["traceEvents"]]
    ends = [event.timestamp_us + event.duration_us for event in events]
    assert max(ends) == pytest.approx(run.time / 1e3)
