"""Calls that take a lock and touch much else: one run for each trace, whatever waits, and none cut short."""

import functools
import sysconfig
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.live import explore
from lab.live.runner.operations import conflict
from lab.live.searching import Search

pytest.importorskip("bytecode")

LIBRARY = """
def guarded(lock, state, call):
    with lock:
        call(state)
"""
library = {"__name__": "made_up_library"}
exec(compile(LIBRARY, sysconfig.get_paths()["stdlib"] + "/made_up_library.py", "exec"), library)
guarded = library["guarded"]
"""Code without hooks, as far as the lab knows one of the standard library."""

MOST = 400


class State:
    def __init__(self):
        self.x = 0
        self.y = 0
        self.locks = (threading.Lock(), threading.RLock())

    @functools.cached_property
    def worked_out(self):
        self.x += 1
        return 1


def reads_x(state):
    return state.x


def sets_x(state):
    state.x = 1


def adds_x(state):
    state.x += 1


def sets_y(state):
    state.y = 1


def works_out(state):
    return state.worked_out


CALLS = (reads_x, sets_x, adds_x, sets_y, works_out)


def traces(threads, monkeypatch, strategy):
    """Return the exploration, and of each run what its trace is: which steps that conflict come after which."""
    keys, real = [], Search._note

    def note(search, run, state):
        if run.status != "left":
            taken, of_thread = [], {}
            for step in run.steps:
                of_thread[step.thread] = of_thread.get(step.thread, 0) + 1
                taken.append((step.thread, of_thread[step.thread]))
            ordered = frozenset(
                (taken[i], taken[k])
                for k, late in enumerate(run.steps)
                for i, early in enumerate(run.steps[:k])
                if early.thread != late.thread and conflict(early.touches, late.touches)
            )
            keys.append((run.status, frozenset(taken), ordered))
        real(search, run, state)

    with monkeypatch.context() as patch:
        patch.setattr(Search, "_note", note)
        found = explore(threads, setup=State, strategy=strategy, max_executions=MOST)
    return found, keys[-found.executions :]


def same_traces(threads, monkeypatch):
    """Compare with every order; return how many runs were cut short."""
    every, there_are = traces(threads, monkeypatch, "all")
    if not every.exhausted:
        return 0
    found, made = traces(threads, monkeypatch, "dpor")
    assert found.exhausted
    assert len(set(made)) == len(made)
    assert set(made) == set(there_are)
    assert {(one.status, one.state) for one in found.outcomes} == {(one.status, one.state) for one in every.outcomes}
    return found.blocked


def guards(lock, call):
    return lambda state: guarded(state.locks[lock], state, call)


def holds(lock, call):
    def hold(state):
        with state.locks[lock]:
            call(state)

    return hold


@pytest.mark.parametrize(
    "threads",
    [
        [works_out, works_out],
        [guards(0, adds_x), guards(0, adds_x)],
        [guards(0, adds_x), holds(0, adds_x)],
        [guards(0, adds_x), sets_x],
        [holds(0, guards(1, sets_x)), holds(1, guards(0, sets_x))],
        [guards(0, sets_x), holds(0, sets_x), holds(0, sets_y)],
    ],
    ids=["cached_property", "guarded", "a lock of its own", "none", "deadlock", "three threads"],
)
def test_each_trace_is_run_once(threads, monkeypatch):
    assert same_traces(threads, monkeypatch) == 0


def test_three_threads_of_nested_locks(monkeypatch):
    """No run is missing; one may be begun in vain."""
    nested = holds(0, guards(1, sets_x))
    assert same_traces([nested, nested, reads_x], monkeypatch) <= 1


STEPS = st.one_of(
    st.sampled_from(CALLS),
    st.builds(guards, st.integers(0, 1), st.sampled_from(CALLS)),
    st.builds(holds, st.integers(0, 1), st.sampled_from(CALLS)),
    st.builds(lambda outer, inner, call: holds(outer, guards(inner, call)), st.just(0), st.just(1), st.just(sets_x)),
    st.builds(lambda outer, inner, call: holds(outer, guards(inner, call)), st.just(1), st.just(0), st.just(sets_x)),
)


@settings(deadline=None)
@given(threads=st.lists(STEPS, min_size=2, max_size=3))
def test_random_programs(threads):
    with pytest.MonkeyPatch.context() as monkeypatch:
        same_traces(threads, monkeypatch)
