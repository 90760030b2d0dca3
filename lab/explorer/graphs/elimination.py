"""Exact probabilities behind cycles: every component is an absorbing chain, solved by eliminating its states."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.explorer.graphs.components import strong_components
from lab.explorer.graphs.digraph import Graph
from lab.explorer.states.packing import Ids
from lab.explorer.states.primes import combined, primes

__all__ = ["absorbed"]

_Rests = NDArray[np.int64]
"""One number's remainders modulo all primes in use, shape (primes,)."""

_MOST_WORK = 400_000
"""Updates of such numbers that are made at most: about two seconds. A state takes eight or more."""

_MOST_PRIMES = 2_000
"""Primes in use at most: denominators up to some 18,000 digits."""


def absorbed(graph: Graph, groups: Sequence[Ids]) -> list[Fraction] | None:
    """Return the probability that a path from the start comes to each group; None when that is too much work.

    Every state that the start reaches must be left in the end, for a state with no transitions or, in a part of a
    graph, by transitions left out; the groups consist of states with no transitions.

    Notes
    -----
    With P the probabilities within a component, its states are visited x = b (I - P)^-1 times on average, where b is
    what arrives from before. Components are solved in topological order by Gaussian elimination, a state with few
    neighbours first, modulo primes. Why the fractions put together from the remainders are exact: let L(s) be a
    common multiple of the divisors at state s, and A(C) the matrix of component C with row s multiplied by L(s), a
    matrix of whole numbers. By Cramer's rule det A(C) x (what leaves C) is a whole combination of what arrives. So with
    D the product over the levels of the condensation of the least common multiple of their determinants, D times
    each answer is a whole number, at most D since the answer is a probability. The determinants themselves are whole
    numbers between 1 and the product of the L(s) of the component: A(C) is an M-matrix, for which Hadamard's inequality
    holds with the diagonal (Fan 1960). Each is therefore known exactly when the primes' product exceeds that bound, and
    the answers when it exceeds D.
    """
    states = np.flatnonzero(graph.reachable())
    if states.size > _MOST_WORK // 8:
        return None
    chain = _Chain(graph, states)
    bound, unlucky = max(chain.bounds, default=1), frozenset[int]()
    while len(moduli := primes(bound, unlucky)) <= _MOST_PRIMES:
        try:
            solved = chain.solve(moduli)
        except _Unlucky as divides:
            unlucky |= {divides.prime}
            continue
        if solved is None:
            return None
        arrived, bound = solved
        if math.prod(moduli) > bound:
            scale = np.array([bound % prime for prime in moduli], np.int64)
            return [_fraction(arrived, group, scale, moduli, bound) for group in groups]
    return None


def _fraction(
    arrived: dict[int, _Rests], group: Ids, scale: _Rests, moduli: Sequence[int], denominator: int
) -> Fraction:
    modulus = np.array(moduli, np.int64)
    total = np.zeros_like(modulus)
    for state in group.tolist():
        if state in arrived:
            total += arrived[state]
    return Fraction(combined((total % modulus * scale % modulus).tolist(), moduli), denominator)


class _Unlucky(Exception):  # noqa: N818 - not an error
    """A prime divides a pivot, which says nothing about the pivot; another prime has to do."""

    def __init__(self, prime: int) -> None:
        self.prime = prime


class _Chain:
    """The transitions of a graph with their components in topological order.

    Attributes
    ----------
    states : array
        Those that the start reaches.
    bounds : list of int
        What no component's determinant exceeds.
    """

    def __init__(self, graph: Graph, states: Ids) -> None:
        self._graph, self.states = graph, states
        component = strong_components(graph, self.states)
        order = np.lexsort((self.states, -component))
        cuts = np.flatnonzero(np.diff(component[order])) + 1
        self._components = [part.tolist() for part in np.split(self.states[order], cuts)]
        self._moves = self._transitions()
        self._multiples = {state: math.lcm(*(d for _, d in moves)) for state, moves in self._moves.items()}
        self.bounds = [math.prod(self._multiples[state] for state in states) for states in self._components]
        self._levels = self._depths()

    def _transitions(self) -> dict[int, list[tuple[int, int]]]:
        """Return by state the targets and divisors of its transitions."""
        graph, moves = self._graph, {}
        for state in self.states.tolist():
            part = slice(int(graph.offsets[state]), int(graph.offsets[state + 1]))
            targets = graph.targets[part].tolist()
            divisors = graph.divisors(part, np.full(len(targets), state)).tolist()
            moves[state] = list(zip(targets, divisors, strict=True))
        return moves

    def _depths(self) -> list[int]:
        """Return by component the length of the longest way to it through others."""
        place = {state: number for number, states in enumerate(self._components) for state in states}
        depth = [0] * len(self._components)
        for number, states in enumerate(self._components):
            for state in states:
                for target, _ in self._moves[state]:
                    if place[target] != number:
                        depth[place[target]] = max(depth[place[target]], depth[number] + 1)
        return depth

    def solve(self, moduli: Sequence[int]) -> tuple[dict[int, _Rests], int] | None:
        """Return by end state how probable it is, modulo the primes, and the denominator D; None if it takes too long.

        The denominator is right when the primes' product exceeds every bound.
        """
        arithmetic = _Arithmetic(moduli)
        determinants: dict[bytes, int] = {}
        arrived = {self._graph.start: arithmetic.one}
        ended: dict[int, _Rests] = {}
        denominators = [1] * (max(self._levels, default=0) + 1)
        for number, states in enumerate(self._components):
            if not self._moves[states[0]]:
                ended |= {state: arrived[state] for state in states}
                continue
            determinant = self._pass_through(states, arrived, arithmetic)
            if arithmetic.work > _MOST_WORK:
                return None
            seen = determinant.tobytes()
            if seen not in determinants:
                determinants[seen] = combined(determinant.tolist(), moduli)
            level = self._levels[number]
            denominators[level] = math.lcm(denominators[level], determinants[seen])
        return ended, math.prod(denominators)

    def _pass_through(self, states: list[int], arrived: dict[int, _Rests], numbers: _Arithmetic) -> _Rests:
        """Hand on what arrives at a component to what follows it; returns its determinant."""
        if len(states) == 1 and all(target != states[0] for target, _ in self._moves[states[0]]):
            visits, determinant = {states[0]: arrived.pop(states[0])}, numbers.one
        else:
            visits, determinant = _eliminate(states, self._moves, arrived, numbers)
        for state, visited in visits.items():
            determinant = determinant * numbers.whole(self._multiples[state]) % numbers.modulus
            shares: dict[int, _Rests] = {}
            for target, divisor in self._moves[state]:
                if target not in visits:
                    if divisor not in shares:
                        shares[divisor] = visited * numbers.part(divisor) % numbers.modulus
                    numbers.add(arrived, target, shares[divisor])
        return determinant


class _Arithmetic:
    """Numbers modulo several primes at once; `work` counts the updates made."""

    def __init__(self, moduli: Sequence[int]) -> None:
        self.modulus = np.array(moduli, np.int64)
        self.one = np.ones(len(moduli), np.int64)
        self.work = 0
        self._effort = 1 + len(moduli) // 256
        self._wholes: dict[int, _Rests] = {}
        self._parts: dict[int, _Rests] = {}

    def whole(self, number: int) -> _Rests:
        """Return a whole number's remainders."""
        if number not in self._wholes:
            self._wholes[number] = np.array([number % prime for prime in self.modulus.tolist()], np.int64)
        return self._wholes[number]

    def part(self, divisor: int) -> _Rests:
        """Return the remainders of 1 / divisor."""
        if divisor not in self._parts:
            self._parts[divisor] = self.inverse(self.whole(divisor))
        return self._parts[divisor]

    def inverse(self, number: _Rests) -> _Rests:
        """Return 1 / number; raises `_Unlucky` when a prime divides it."""
        pairs = list(zip(number.tolist(), self.modulus.tolist(), strict=True))
        for rest, prime in pairs:
            if not rest:
                raise _Unlucky(prime)
        return np.array([pow(rest, -1, prime) for rest, prime in pairs], np.int64)

    def add(self, row: dict[int, _Rests], place: int, amount: _Rests) -> None:
        """Add to an entry."""
        self.work += self._effort
        row[place] = (row[place] + amount) % self.modulus if place in row else amount


def _eliminate(
    states: list[int], moves: dict[int, list[tuple[int, int]]], arrived: dict[int, _Rests], numbers: _Arithmetic
) -> tuple[dict[int, _Rests], _Rests]:
    """Return how often each state of a component is visited, and the determinant of I - P.

    A state that is eliminated gives what arrives at it, and its share in its predecessors, to its successors; going
    back, its visits follow from those of the predecessors that were left.
    """
    modulus = numbers.modulus
    rows: dict[int, dict[int, _Rests]] = {state: {} for state in states}
    before: dict[int, dict[int, Any]] = {state: {} for state in states}
    for state in states:
        for target, divisor in moves[state]:
            if target in rows:
                numbers.add(rows[state], target, numbers.part(divisor))
                before[target][state] = None
    given = {state: arrived.pop(state, 0 * numbers.one) for state in states}
    determinant, steps = numbers.one, []
    cheap = [(len(rows[state]) * len(before[state]), state) for state in states]
    heapq.heapify(cheap)
    while cheap:
        cost, state = heapq.heappop(cheap)
        if (now := len(rows[state]) * len(before[state])) > cost:
            heapq.heappush(cheap, (now, state))
            continue
        row, entering = rows.pop(state), before.pop(state)
        pivot = (numbers.one - row.pop(state, 0 * numbers.one)) % modulus
        entering.pop(state, None)
        determinant = determinant * pivot % modulus
        factor = numbers.inverse(pivot)
        onward = {target: chance * factor % modulus for target, chance in row.items()}
        shares = {source: rows[source].pop(state) for source in entering}
        for target, chance in onward.items():
            before[target].pop(state, None)
            given[target] = (given[target] + given[state] * chance) % modulus
            for source, share in shares.items():
                numbers.add(rows[source], target, share * chance % modulus)
                before[target][source] = None
        if numbers.work > _MOST_WORK:
            break
        steps.append((state, factor, shares))
    visits: dict[int, _Rests] = {}
    for state, factor, shares in reversed(steps):
        total = given[state].copy()
        for source, share in shares.items():
            total += visits[source] * share % modulus
        visits[state] = total % modulus * factor % modulus
    return visits, determinant
