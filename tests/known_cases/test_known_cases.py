"""Known answers of the field: outcome sets and exact numbers of interleavings, asked of the lab and of the oracle."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import factorial

import pytest

from tests.known_cases import programs
from tests.known_cases.engines import Engine, ask

pytestmark = pytest.mark.parametrize("engine", ["oracle", "lab"])


@pytest.mark.parametrize(("threads", "steps"), [(2, 1), (2, 3), (2, 5), (3, 2), (3, 3), (4, 2)])
def test_k_threads_of_s_steps_have_a_multinomial_number_of_interleavings(
    engine: Engine, threads: int, steps: int
) -> None:
    """(ks)! orders of all steps, divided by s! for each thread, whose own order is fixed; 2 x 5 gives 252."""
    found = ask(engine, programs.one_step_each(threads, steps))
    assert found.schedules == factorial(threads * steps) // factorial(steps) ** threads


@pytest.mark.parametrize(
    ("threads", "rounds", "finals"),
    [
        (2, 1, {1: 4, 2: 2}),
        (2, 2, {2: 32, 3: 32, 4: 6}),
        (2, 3, {2: 8, 3: 300, 4: 416, 5: 180, 6: 20}),
        (3, 1, {1: 48, 2: 36, 3: 6}),
        (3, 2, {2: 10428, 3: 15180, 4: 7512, 5: 1440, 6: 90}),
    ],
)
def test_a_counter_has_the_published_distribution(
    engine: Engine, threads: int, rounds: int, finals: dict[int, int]
) -> None:
    """2 x 1: the six orders of R W r w keep both updates only as R W r w and r w R W, and lose one in the other 4."""
    found = ask(engine, programs.counter(threads, rounds))
    assert found.finals("x") == finals
    assert found.schedules == factorial(2 * threads * rounds) // factorial(2 * rounds) ** threads


def test_interleavings_are_not_probabilities(engine: Engine) -> None:
    """2 x 1: after R W, T2 can only run r w (the scheduler picks with 1/2 twice): 1/4 twice for 2, so 1/2 and 1/2."""
    assert ask(engine, programs.counter(2, 1)).probabilities("x") == {1: Fraction(1, 2), 2: Fraction(1, 2)}
    expected = {2: Fraction(11, 32), 3: Fraction(15, 32), 4: Fraction(6, 32)}
    assert ask(engine, programs.counter(2, 2)).probabilities("x") == expected


def test_two_increments_have_twelve_states_and_fourteen_transitions(engine: Engine) -> None:
    """Ends of `x = 2` and `x = 1`, and 10 before: levels of 1, 2, 3, 4 and 2 states; 2 + 4 + 4 + 4 moves."""
    found = ask(engine, programs.counter(2, 1))
    assert (found.states, found.transitions) == (12, 14)


@pytest.mark.parametrize(("n", "interleavings"), [(2, 6), (3, 90), (4, 2520)])
def test_increments_by_a_register_interleave_like_the_counter(engine: Engine, n: int, interleavings: int) -> None:
    """Two steps for each of n threads: (2n)! / 2^n interleavings."""
    assert ask(engine, programs.increments(n)).schedules == interleavings


@pytest.mark.parametrize("n", [2, 3, 4])
def test_the_last_of_n_writers_wins(engine: Engine, n: int) -> None:
    """By symmetry each of the n values is last in one n-th of the (2n)! / 2^n interleavings."""
    total = factorial(2 * n) // 2**n
    assert ask(engine, programs.read_write(n)).finals("x") == dict.fromkeys(range(1, n + 1), total // n)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_atomic_increments_lose_nothing(engine: Engine, n: int) -> None:
    """One step each: n! interleavings, each with its own order of the old values 0..n-1, and always n at the end."""
    found = ask(engine, programs.atomic_increments(n))
    assert found.finals("x") == {n: factorial(n)}
    assert sorted(found.returns().values()) == [1] * factorial(n)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_locked_increments_run_one_after_the_other(engine: Engine, n: int) -> None:
    """Acquire is enabled only when nobody is inside, so a run is an order of the threads: n!, always n."""
    assert ask(engine, programs.locked_increments(n)).finals("x") == {n: factorial(n)}


@pytest.mark.parametrize("n", [1, 2, 3])
def test_two_atomic_increments_each(engine: Engine, n: int) -> None:
    """Two steps for each of n threads: (2n)! / 2^n interleavings, always n and n."""
    found = ask(engine, programs.two_atomic_increments(n))
    assert found.finals("x") == found.finals("y") == {n: factorial(2 * n) // 2**n}


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_first_compare_and_swap_wins(engine: Engine, n: int) -> None:
    """Whoever is first leaves its number, and the others come in any of (n-1)! orders."""
    assert ask(engine, programs.compare_and_swaps(n)).finals("x") == dict.fromkeys(range(1, n + 1), factorial(n - 1))


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_rotating_swaps_count_the_leading_run(engine: Engine, n: int) -> None:
    """M is final when 1..m come in this order and m + 1 does not follow: n!/m! - n!/(m+1)! orders, 1 for m = n."""
    expected = {m: factorial(n) // factorial(m) - factorial(n) // factorial(m + 1) for m in range(1, n)}
    assert ask(engine, programs.rotating_swaps(n)).finals("x") == {**expected, n: 1}


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_a_write_is_swapped_unless_it_comes_last(engine: Engine, n: int) -> None:
    """The write is last in n! of the (n+1)! orders, and 2 stays; else the first swap after it makes 3."""
    assert ask(engine, programs.write_and_swaps(n)).finals("x") == {2: factorial(n), 3: n * factorial(n)}


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_each_reader_is_before_or_after_the_write(engine: Engine, n: int) -> None:
    """A set of s readers sees 42 in (n-s)! s! orders: the others before the write in any order, these after it."""
    expected = {
        (None, *seen): factorial(n - seen.count(42)) * factorial(seen.count(42)) for seen in product((0, 42), repeat=n)
    }
    assert ask(engine, programs.readers(n)).returns() == expected


def test_last_zero_of_one(engine: Engine) -> None:
    """The writer is R a[0], W a[1]; the reader finds a[1] zero before, between (1: two orders) or not (0: one)."""
    assert ask(engine, programs.last_zero(1)).returns() == {(1, None): 2, (0, None): 1}


@pytest.mark.parametrize("n", [2, 3])
def test_last_zero_finds_a_cell_that_was_zero(engine: Engine, n: int) -> None:
    """Whatever is found is between 0 and n, each of them can be, and nothing blocks."""
    found = ask(engine, programs.last_zero(n))
    assert {returned[0] for returned in found.returns()} == set(range(n + 1))
    assert not found.deadlock


@pytest.mark.parametrize(("k", "largest"), [(1, (2, 3)), (2, (5, 8))])
def test_fibonacci_numbers_bound_the_observer(engine: Engine, k: int, largest: tuple[int, int]) -> None:
    """3k steps twice and two reads: (6k+2)! / (3k)!^2 / 2 interleavings; taking turns gives the largest values."""
    found = ask(engine, programs.fibonacci(k))
    assert found.schedules == factorial(6 * k + 2) // factorial(3 * k) ** 2 // 2
    observed = [returned[2] for returned in found.returns()]
    assert max(observed, key=lambda pair: pair[1]) == largest
    assert max(first for first, _ in observed) == largest[1]


@pytest.mark.parametrize("n", [1, 2, 3])
def test_indexer_threads_never_meet(engine: Engine, n: int) -> None:
    """Four swaps each, all at different cells for n <= 11: (4n)! / 4!^n interleavings with one outcome."""
    found = ask(engine, programs.indexer(n))
    assert found.schedules == factorial(4 * n) // factorial(4) ** n
    assert len(found.ends) == 1


@pytest.mark.parametrize(("n", "states"), [(2, 6), (3, 14), (4, 34), (5, 82), (6, 198)])
def test_philosophers_who_put_both_forks_down_at_once(engine: Engine, n: int, states: int) -> None:
    """N = 2: both think, one has one fork (2), one eats (2), each has one: 6 states, the last a deadlock."""
    found = ask(engine, programs.philosophers(n, one_release=True))
    assert found.states == states
    assert found.deadlock_states == 1


@pytest.mark.parametrize(("n", "states"), [(2, 8), (3, 26), (4, 80), (5, 242), (6, 728)])
def test_philosophers_who_put_down_one_fork_after_the_other(engine: Engine, n: int, states: int) -> None:
    """Each fork lies, or is held by one of its two neighbours: 3^n, less the one in which all hold their right."""
    found = ask(engine, programs.philosophers(n, one_release=False))
    assert found.states == states == 3**n - 1
    assert found.deadlock_states == 1


@pytest.mark.parametrize("n", [2, 3])
def test_diners_who_all_take_left_first_can_deadlock(engine: Engine, n: int) -> None:
    """All have taken their left fork: each waits for its right one, which is its neighbour's left."""
    (end,) = [end for end in ask(engine, programs.diners(n)).ends if end.status == "deadlock"]
    assert end.waiting == {f"P[{i}]": f"forks[{(i + 1) % n}]" for i in range(n)}


@pytest.mark.parametrize("n", [2, 3])
def test_a_left_hander_or_a_footman_prevents_the_deadlock(engine: Engine, n: int) -> None:
    """The left-hander gives the forks an order; with n - 1 seats one fork too many is left for n - 1 diners."""
    assert not ask(engine, programs.left_hander(n)).deadlock
    assert not ask(engine, programs.footman(n)).deadlock


def test_store_buffering(engine: Engine) -> None:
    """(0, 1) needs T1 whole before T2's write, one order, likewise (1, 0); the other 4 give (1, 1), none (0, 0)."""
    assert ask(engine, programs.store_buffering()).returns() == {(0, 1): 1, (1, 0): 1, (1, 1): 4}


def test_message_passing(engine: Engine) -> None:
    """Y read as 1 means both writes came before: one order; x read as 0 means both reads came before: one."""
    expected = {(None, (0, 0)): 1, (None, (0, 1)): 4, (None, (1, 1)): 1}
    assert ask(engine, programs.message_passing()).returns() == expected


def test_load_buffering(engine: Engine) -> None:
    """A read of 1 needs the other thread whole before it: one order each, and 4 with both reads 0."""
    assert ask(engine, programs.load_buffering()).returns() == {(0, 0): 4, (0, 1): 1, (1, 0): 1}


def test_independent_reads_of_independent_writes(engine: Engine) -> None:
    """6! / (2! 2!) = 180 interleavings; all 16 results but the one in which the readers disagree on the order."""
    found = ask(engine, programs.independent_reads())
    assert found.schedules == 180
    pairs = list(product((0, 1), repeat=2))
    expected = {(None, one, two, None) for one in pairs for two in pairs} - {(None, (1, 0), (1, 0), None)}
    assert set(found.returns()) == expected


def test_two_and_two_writes(engine: Engine) -> None:
    """X = 2, y = 1 needs T1 whole before T2, x = 1, y = 2 the opposite: one order each; 4 leave 2 and 2."""
    found = ask(engine, programs.two_and_two_writes())
    finals = {(end.shared["x"], end.shared["y"]): end.schedules for end in found.ends}
    assert finals == {(2, 1): 1, (1, 2): 1, (2, 2): 4}


def test_coherent_reads(engine: Engine) -> None:
    """Each of the 6 interleavings has a result of its own, and no result goes backwards."""
    ordered = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    assert ask(engine, programs.coherent_reads()).returns() == {(None, pair): 1 for pair in ordered}


def test_read_to_write_causality(engine: Engine) -> None:
    """5! / (2! 2!) = 30 interleavings; seven of the eight results: x seen, y not seen, then x not seen is absent."""
    found = ask(engine, programs.read_to_write())
    assert found.schedules == 30
    bits = product((0, 1), repeat=3)
    assert set(found.returns()) == {(None, (a, b), c) for a, b, c in bits if (a, b, c) != (1, 0, 0)}


def test_write_to_read_causality(engine: Engine) -> None:
    """5! / (2! 2!) = 30 interleavings; seven of the eight results: x seen, its flag seen, x not seen is absent."""
    found = ask(engine, programs.write_to_read())
    assert found.schedules == 30
    bits = product((0, 1), repeat=3)
    assert set(found.returns()) == {(None, a, (b, c)) for a, b, c in bits if (a, b, c) != (1, 1, 0)}


def test_causality_over_three_hands(engine: Engine) -> None:
    """6! / 2!^3 = 90 interleavings; seven of the eight results: y seen, z seen, then x not seen is absent."""
    found = ask(engine, programs.three_hands())
    assert found.schedules == 90
    bits = product((0, 1), repeat=3)
    assert set(found.returns()) == {(None, a, (b, c)) for a, b, c in bits if (a, b, c) != (1, 1, 0)}


def test_locks_in_opposite_orders_deadlock(engine: Engine) -> None:
    """After T1 took a: T2 takes b, and nobody can go on; or T1 takes b, and T2's b comes before or after T1's last."""
    found = ask(engine, programs.lock_order(same=False))
    assert found.schedules == 6
    (stuck,) = [end for end in found.ends if end.status == "deadlock"]
    assert (stuck.schedules, stuck.probability) == (2, Fraction(1, 2))
    assert stuck.waiting == {"T1": "b", "T2": "a"}


def test_locks_in_one_order_do_not(engine: Engine) -> None:
    """Whoever has a finishes first: 2 interleavings."""
    found = ask(engine, programs.lock_order(same=True))
    assert (found.schedules, found.deadlock) == (2, False)


def test_taking_and_dropping_the_only_reference_has_ten_schedules(engine: Engine) -> None:
    """L S and l s f: LSls (nothing to free); LlSsf, LlsSf, LlsfS; lLSsf, lLsSf, lLsfS; lsLSf, lsLfS, lsfL: ten."""
    assert ask(engine, programs.take_and_drop()).schedules == 10
