"""Random small programs: each thread is a table from position and one variable's value to results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

from lab.model.state import Local
from tests.explorer.toys import Read, Result, Toy, at, done, failed

NAMES = ("x", "y", "z")


@st.composite
def toys(draw: st.DrawFn, cyclic: bool = True, threads: int = 3, properties: bool = True) -> Toy:
    """Return a program of up to three threads and variables; without cycles when every step goes forward."""
    count, length = draw(st.integers(1, threads)), draw(st.integers(1, 4))
    variables = NAMES[: draw(st.integers(1, len(NAMES)))]
    functions = {f"T{number + 1}": _thread(draw(_table(length, variables, cyclic)), length) for number in range(count)}
    kinds: dict[str, Any] = {}
    if properties:
        name, value = draw(st.sampled_from(variables)), draw(st.integers(0, 2))
        other, least = draw(st.sampled_from(variables)), draw(st.integers(0, 2))

        def judged(read: Read, inside: Callable[[str], tuple[str, ...]]) -> bool:
            return read(name) == value or (read(other) >= least and len(inside("late")) < 2)

        kinds = {"always": ("always", judged), "sometimes": ("sometimes", judged), "final": ("final", judged)}
    return Toy(
        dict.fromkeys(variables, 0),
        functions,
        kinds,
        inside=lambda local: frozenset({"late"} if local.position >= length // 2 else ()),
    )


def _table(length: int, variables: tuple[str, ...], cyclic: bool) -> st.SearchStrategy[list[Any]]:
    result = st.tuples(
        st.integers(0, 5 if cyclic else 2),
        st.dictionaries(st.sampled_from(variables), st.integers(0, 2), max_size=2),
    )
    results = st.lists(result, min_size=0, max_size=2)
    row = st.tuples(st.sampled_from(variables), st.lists(results, min_size=3, max_size=3))
    return st.lists(row, min_size=length, max_size=length)


def _thread(table: list[Any], length: int) -> Callable[[Local, Read], Iterator[Result]]:
    def run(local: Local, read: Read) -> Iterator[Result]:
        name, by_value = table[local.position]
        for jump, writes in by_value[read(name)]:
            # 0 .. 2 go forward by one or two or end; 3 stays; 4 and 5 go back to the start.
            after = local.position + 1 + jump % 2 if jump < 3 else local.position if jump == 3 else 0
            if jump == 2 and after >= length:
                yield failed("ValueError", "two"), writes
            else:
                yield (done() if after >= length else at(after)), writes

    return run
