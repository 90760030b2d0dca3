"""Random workloads and settings, and an independent check of a trace."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from lab.gil import Acquire, Call, Cpu, Event, Io, Release, Segment, Settings, Thread, Workload

FREE = {"wake": 0.0, "slack": 0.0, "jitter": 0.0, "signal": 0.0, "price": 0.0, "efficiency": 1.0, "callback": 0.0}
FREE |= {
    "handover": 0.0,
    "thread_start": 0.0,
    "interpreter_start": 0.0,
    "process_start": 0.0,
    "message": 0.0,
    "syscall": 0.0,
}
"""Settings under which nothing but the work itself takes time."""

milliseconds = st.integers(0, 30_000).map(lambda microseconds: microseconds / 1e6)
cpu = milliseconds.map(Cpu)
segments: st.SearchStrategy[Segment] = st.one_of(
    cpu, milliseconds.map(Io), milliseconds.map(Call), milliseconds.map(lambda seconds: Call(seconds, keeps=False))
)


@st.composite
def threads(draw: st.DrawFn, kinds: st.SearchStrategy[Segment] = segments, *, locks: bool = True) -> tuple[Thread, ...]:
    """Draw one to four threads; with `locks`, some of what they do stands between taking and freeing one lock."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        does = draw(st.lists(kinds, max_size=5))
        if locks and does and draw(st.booleans()):
            does = [Acquire("L"), *does, Release("L")]
        found.append(Thread(f"T{number}", tuple(does), priority=draw(st.integers(0, 1))))
    return tuple(found)


workloads = threads().map(Workload)
computing = threads(cpu, locks=False).map(Workload)


@st.composite
def settings(draw: st.DrawFn, *models: str) -> Settings:
    """Draw a machine and latencies, for one of the models."""
    return Settings(
        model=draw(st.sampled_from(models)),  # type: ignore[arg-type]
        cores=draw(st.integers(1, 3)),
        interval=draw(st.sampled_from([0.0001, 0.001, 0.005])),
        wake=draw(st.sampled_from([0.0, 10e-6, 100e-6])),
        jitter=draw(st.sampled_from([0.0, 20e-6])),
        ticks=200e-6,
        handover=draw(st.sampled_from([0.0, 0.3])),
        seed=draw(st.integers(0, 5)),
    )


def check_one_holder(events: Sequence[Event]) -> None:
    """Walk through a trace of one GIL: it is held by at most one, and only the holder drops it or asks nobody."""
    holder: str | None = None
    for event in events:
        if event.kind == "take":
            assert holder is None, event
            holder = event.thread
        elif event.kind == "drop":
            assert holder == event.thread, event
            holder = None
        elif event.kind in ("request", "wait", "failed"):
            assert holder not in (event.thread, None) or event.kind == "wait", event


def check_cores(events: Sequence[Event], cores: int) -> dict[str, int]:
    """Walk through a trace: no core runs two threads, and none is beyond the last; return each thread's core time."""
    busy: dict[str, tuple[str, int]] = {}
    used: dict[str, int] = {}
    for event in events:
        if event.kind == "core":
            assert int(event.detail) < cores
            assert event.thread not in busy
            assert event.detail not in {core for core, _ in busy.values()}, event
            busy[event.thread] = (event.detail, event.time)
        elif event.kind == "off":
            _, since = busy.pop(event.thread)
            used[event.thread] = used.get(event.thread, 0) + event.time - since
    return used
