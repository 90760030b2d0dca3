"""Known answers of the field: numbers of truly different runs (Mazurkiewicz traces)."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import pytest

import lab
from lab.explorer.traces.count import Traces, count_traces
from lab.language import parse
from tests.known_cases import programs


def traces(text: str) -> Traces:
    """Count the traces of a scenario's text."""
    found = count_traces(lab.relation(parse(text)))
    assert found is not None
    return found


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        (programs.increments, lambda n: factorial(n) ** 2),
        (programs.read_write, lambda n: factorial(n) ** 2),
        (programs.atomic_increments, factorial),
        (programs.locked_increments, factorial),
        (programs.two_atomic_increments, lambda n: factorial(n) ** 2),
        (programs.compare_and_swaps, lambda n: n),
        (programs.readers, lambda n: 2**n),
    ],
    ids=["inc", "rw", "ainc", "lockinc", "binc", "cas", "readers"],
)
def test_families_with_a_closed_form(program: Callable[[int], str], wanted: Callable[[int], int], n: int) -> None:
    """inc and rw: 4, 36, 576: writes in n! orders, and as many ways for the reads between them."""
    assert traces(program(n)).finished == wanted(n)


@pytest.mark.parametrize(("n", "wanted"), [(2, 2), (3, 5), (4, 14), (5, 43), (7, 523)])
def test_casrot(n: int, wanted: int) -> None:
    assert traces(programs.rotating_swaps(n)).finished == wanted


@pytest.mark.parametrize("n", [2, 3, 4, 5, 8])
def test_wcas(n: int) -> None:
    """5, 13, 33, 81: k swaps fail before the write, and of the others one succeeds: sum of C(n, k) (n - k), and 1."""
    assert traces(programs.write_and_swaps(n)).finished == n * 2 ** (n - 1) + 1


def test_readers_10() -> None:
    """Each reader before or after the write."""
    assert traces(programs.readers(10)).finished == 1024


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 8])
def test_lastzero(n: int) -> None:
    """2, 5, 12, 28, 64: (n + 3) 2^(n - 2)."""
    assert 4 * traces(programs.last_zero(n)).finished == (n + 3) * 2**n


@pytest.mark.parametrize(("k", "wanted"), [(1, 11), (2, 140), (3, 1698), (4, 19605)])
def test_fib_with_an_observer(k: int, wanted: int) -> None:
    """k = 3 and 4 agree with the count without persistent sets."""
    assert traces(programs.fibonacci(k)).finished == wanted


@pytest.mark.parametrize("n", [2, 8, 11])
def test_indexer(n: int) -> None:
    """No two threads meet: one trace, and one path of 4 n steps, where there are 5^n states."""
    found = traces(programs.indexer(n))
    assert (found.finished, found.nodes) == (1, 4 * n + 1)


@pytest.mark.parametrize("n", [12, 13, 15, 16])
def test_indexer_with_collisions(n: int) -> None:
    """From the twelfth thread on each collides three times with the one eleven before it: two orders a collision."""
    found = traces(programs.indexer(n))
    assert found.finished == 8 ** (n - 11)
    assert found.nodes < 120


@pytest.mark.parametrize(
    ("program", "wanted"),
    [
        (programs.store_buffering, 3),
        (programs.message_passing, 3),
        (programs.load_buffering, 3),
        (programs.independent_reads, 15),
        (programs.two_and_two_writes, 3),
        (programs.coherent_reads, 6),
        (programs.read_to_write, 7),
        (programs.write_to_read, 7),
        (programs.three_hands, 7),
    ],
    ids=["SB", "MP", "LB", "IRIW", "2+2W", "CoRR", "RWC", "WRC", "ISA2"],
)
def test_litmus_tests(program: Callable[[], str], wanted: int) -> None:
    assert traces(program()).finished == wanted


@pytest.mark.parametrize(("threads", "rounds", "wanted"), [(2, 1, 4), (2, 2, 34), (2, 3, 328), (3, 2, 7134)])
def test_counter(threads: int, rounds: int, wanted: int) -> None:
    assert traces(programs.counter(threads, rounds)).finished == wanted


@pytest.mark.parametrize(("n", "wanted"), [(2, 16), (3, 1044), (4, 176640)])
def test_wrw(n: int, wanted: int) -> None:
    """Computed with and without persistent sets, 16 also by grouping all 20 schedules."""
    assert traces(write_read_write(n)).finished == wanted


def write_read_write(n: int) -> str:
    """Return n x {W x i; R x; W x -i}."""
    body = ("x = i", "r = x", "x = -i")
    return programs.HEAD + "x = 0\n\n\n" + programs.thread("T", *body, shared="x", each=f"range(1, {n + 1})") + "\n"
