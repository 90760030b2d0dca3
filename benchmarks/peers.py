"""Other ways to explore the counter, to compare with: plain Python, and minicheck where it is installed."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from time import perf_counter
from typing import Any

__all__ = ["minicheck", "plain_python"]

_State = tuple[int, ...]
"""The counter, then for each thread its steps done and what it read (0 when that no longer matters)."""


def _successors(state: _State, rounds: int) -> Iterator[tuple[str, _State]]:
    for thread in range(1, len(state), 2):
        done, read = state[thread], state[thread + 1]
        if done == 2 * rounds:
            continue
        after = list(state)
        after[thread] = done + 1
        if done % 2:
            after[0], after[thread + 1] = read + 1, 0
        else:
            after[thread + 1] = state[0]
        yield f"T{thread // 2 + 1}", tuple(after)


def plain_python(threads: int, rounds: int) -> tuple[int, float]:
    """Explore with a dict from state to number of schedules; returns states and seconds."""
    begin = perf_counter()
    level: dict[_State, int] = {(0,) * (2 * threads + 1): 1}
    states = 0
    while level:
        states += len(level)
        following: dict[_State, int] = {}
        for state, schedules in level.items():
            for _, after in _successors(state, rounds):
                following[after] = following.get(after, 0) + schedules
        level = following
    return states, perf_counter() - begin


def minicheck(threads: int, rounds: int) -> tuple[int, float] | None:
    """Explore with minicheck, which checks an invariant and counts nothing; None when it is not installed."""
    try:
        library: Any = importlib.import_module("minicheck")
    except ImportError:
        return None
    model = library.Protocol(
        name="counter",
        candidate=False,
        fields=tuple(f"f{place}" for place in range(2 * threads + 1)),
        initial=(0,) * (2 * threads + 1),
        transitions=lambda state: list(_successors(state, rounds)),
        invariants={"bounded": lambda values: values["f0"] <= threads * rounds},
    )
    begin = perf_counter()
    found = library.check_safety(model, max_states=10_000_000)
    return int(found["reachable_states"]), perf_counter() - begin
