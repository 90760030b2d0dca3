"""Counting while walking: levels that share no state need no memory of the states behind them."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.explorer.checkpoint import Folder
from lab.explorer.states.engine import NUMPY, Engine
from lab.explorer.states.expand import Successors
from lab.explorer.states.index import StateIndex
from lab.explorer.states.limbs import Numbers, Sums
from lab.explorer.states.packing import Ids, Words
from lab.explorer.walk.rows import Rows

__all__ = ["Carried"]

Measure = tuple[int, Fraction]
"""A number of schedules and a probability."""


class _Flow:
    """What arrives at each state of a level: schedules, and numerators of probabilities over a common denominator."""

    def __init__(self, schedules: Numbers, chances: Numbers) -> None:
        self.schedules, self.chances = schedules, chances

    def without(self, rows: NDArray[np.bool_]) -> _Flow:
        return _Flow(self.schedules.without(rows), self.chances.without(rows))


class _NextFlow:
    """A flow under construction."""

    def __init__(self, flow: _Flow, capacity: int) -> None:
        self.schedules = Sums(capacity, flow.schedules.bits)
        self.chances = Sums(capacity, flow.chances.bits)


def _parts(flow: _Flow, following: _NextFlow) -> list[tuple[str, Numbers | Sums]]:
    """Return all that is counted under one tag, each with a name."""
    return [
        ("schedules", flow.schedules),
        ("chances", flow.chances),
        ("next-schedules", following.schedules),
        ("next-chances", following.chances),
    ]


class Carried:
    """Walks in levels and carries exact counts and probabilities along.

    Only right while levels share no state, which the caller checks (`Expander.layered`).

    Notes
    -----
    Probabilities of one level are natural numbers over one denominator: with d(i) = enabled threads x results of
    transition i, a level multiplies the denominator by the least common multiple L of its d(i), and the
    numerator that transition i hands on by L / d(i). L becomes known batch by batch; what has been summed is scaled.
    """

    def __init__(self, initial: Words, engine: Engine = NUMPY) -> None:
        self.frontier = initial
        self._engine = engine
        self._next: StateIndex | Rows = StateIndex(initial.shape[0])
        self._all = _Flow(Numbers.one(), Numbers.one())
        self._avoiding: dict[Hashable, _Flow] = {}
        self._denominator = 1
        self._totals: dict[Hashable, tuple[int, Fraction]] = {}
        self._open()

    @property
    def found(self) -> int:
        """States found so far in the next level."""
        return self._next.size

    def _open(self) -> None:
        capacity = 64 + 3 * self.frontier.shape[1] // 2
        self._scale = 1
        self._sums = {tag: _NextFlow(flow, capacity) for tag, flow in self._flows()}
        if self._engine.kernels is not None:
            totals = [total for flow in self._sums.values() for total in (flow.schedules, flow.chances)]
            if not isinstance(self._next, Rows):
                self._next = Rows(self.frontier.shape[0], self._engine.kernels)
            self._next.restart(self.frontier.shape[0], totals, capacity)
        elif isinstance(self._next, StateIndex):
            self._next.clear()

    def _flows(self) -> list[tuple[Hashable, _Flow]]:
        return [(None, self._all), *self._avoiding.items()]

    def add(self, successors: Successors, start: int) -> Ids:
        """Take the transitions of a batch of the frontier that begins at `start`; returns those to new states."""
        rows, weights, count = successors.rows, self._weights(successors), successors.enabled.size
        arrivals: list[tuple[Numbers, NDArray[np.uint64] | None]] = []
        for _, flow in self._flows():
            arrivals.append((flow.schedules.part(start, count), None))
            arrivals.append((flow.chances.part(start, count), weights))
        if successors.results is not None:  # weights are those of transitions, so let the numbers be, too
            arrivals = [(given.take(rows), factor) for given, factor in arrivals]
            rows = np.arange(rows.size)
        if isinstance(self._next, Rows):
            return self._next.add(successors.keys, arrivals, rows)
        targets, new = self._next.intern(successors.keys)
        totals = (total for flow in self._sums.values() for total in (flow.schedules, flow.chances))
        for total, (given, factor) in zip(totals, arrivals, strict=True):
            total.add(targets, self.found, given, rows, factor)
        return new

    def _weights(self, successors: Successors) -> NDArray[np.uint64]:
        """Return L / d for each state, or for each transition if that varies, with L adjusted first to this batch."""
        divisors: Ids = successors.enabled
        if successors.results is not None:
            divisors = divisors.take(successors.rows) * successors.results
        present = np.flatnonzero(np.bincount(divisors))
        present = present[present > 0]
        scale = math.lcm(self._scale, *present.tolist())
        if scale != self._scale:
            for flow in self._sums.values():
                flow.chances.scale(scale // self._scale)
            self._scale = scale
        table = np.zeros(int(present.max(initial=0)) + 1, np.uint64)
        table[present] = [scale // divisor for divisor in present.tolist()]
        return table.take(divisors)

    def growth(self, additions: int) -> int:
        """Return how many more bytes so many transitions may need, and what follows if the level ends with them."""
        size = self.found + additions
        copied = 8 * len(self.frontier) * size
        if isinstance(self._next, Rows):
            return self._next.growth(additions) + copied
        sums: int = sum(part.growth(size) for flow in self._sums.values() for part in (flow.schedules, flow.chances))
        return self._next.growth(additions) + sums + copied

    def end(self, rows: Ids, tag: Hashable, share: Fraction) -> None:
        """Note that frontier states end runs of a kind, or that this share of the states they stand for does."""
        self._note(tag, self._all, rows, share)
        for name, flow in self._avoiding.items():
            self._note(("avoiding", name, tag), flow, rows, share)

    def _note(self, tag: Hashable, flow: _Flow, rows: Ids, share: Fraction) -> None:
        schedules, probability = self._totals.get(tag, (0, Fraction(0)))
        schedules += int(flow.schedules.total(rows) * share)  # each state of an orbit has the same number
        probability += Fraction(flow.chances.total(rows), self._denominator) * share
        self._totals[tag] = (schedules, probability)

    def save(self, folder: Folder, code: Callable[[Hashable], Any], version: int) -> dict[str, Any]:  # noqa: ARG002
        """Keep the level at hand, what is known of the next one, and the totals."""
        folder.put("frontier", self.frontier.reshape(-1))
        folder.put("next", self._next.keys.reshape(-1))
        flows = [
            [code(tag), *(part.save(folder, f"{kind}.{number}") for kind, part in _parts(flow, self._sums[tag]))]
            for number, (tag, flow) in enumerate(self._flows())
        ]
        totals = [
            [code(tag), hex(schedules), hex(chance.numerator), hex(chance.denominator)]
            for tag, (schedules, chance) in self._totals.items()
        ]
        return {
            "flows": flows, "totals": totals, "denominator": hex(self._denominator), "scale": hex(self._scale)
        }  # fmt: skip

    def load(self, folder: Folder, data: dict[str, Any], decode: Callable[[Any], Hashable]) -> None:
        """Take up what was saved; the packing has its layout already."""
        words = folder.data["packing"]["words"]
        self.frontier = folder.get("frontier").reshape(words, -1)
        self._next = StateIndex(words)
        flows = {}
        for number, (tag, schedules, chances, *_) in enumerate(data["flows"]):
            flows[decode(tag)] = _Flow(
                Numbers.load(folder, f"schedules.{number}", schedules),
                Numbers.load(folder, f"chances.{number}", chances),
            )
        self._all, self._avoiding = flows.pop(None), flows
        self._denominator = int(data["denominator"], 16)
        self._totals = {
            decode(tag): (int(schedules, 16), Fraction(int(above, 16), int(below, 16)))
            for tag, schedules, above, below in data["totals"]
        }
        self._open()
        self._scale = int(data["scale"], 16)
        for number, (sums, (*_, schedules, chances)) in enumerate(zip(self._sums.values(), data["flows"], strict=True)):
            sums.schedules.load(folder, f"next-schedules.{number}", schedules)
            sums.chances.load(folder, f"next-chances.{number}", chances)
        self._begin(folder.get("next").reshape(words, -1))

    def _begin(self, keys: Words) -> None:
        """Begin the next level with these keys, of which the sums have the entries already."""
        if isinstance(self._next, Rows):
            self._next.take(keys)
        else:
            self._next.intern(keys)

    def advance(self, count: int) -> None:
        """Make the first `count` states found the frontier."""
        self.frontier = self._next.keys[:, :count].copy()
        sums = self._sums.items()
        self._avoiding = {tag: _Flow(flow.schedules.finish(count), flow.chances.finish(count)) for tag, flow in sums}
        self._all = self._avoiding.pop(None)
        self._denominator *= self._scale
        self._open()

    def mark(self, rows: NDArray[np.bool_], name: Hashable, first: int) -> None:  # noqa: ARG002 - the frontier's
        """Note which frontier states `name` counts runs around; at least one."""
        if name not in self._avoiding:  # every run that has ended by now avoided it
            self._totals |= {("avoiding", name, tag): total for tag, total in self._totals.items()}
            self._avoiding[name] = self._all
        self._avoiding[name] = self._avoiding[name].without(rows)
        self._open()

    def translate(self, translation: Callable[[Words], Words]) -> None:
        """Follow a change of layout."""
        self.frontier = translation(self.frontier)
        self._next.translate(translation)

    def ending(self, tag: Hashable) -> Measure:
        """Return how many runs end in a state noted under `tag`, and how probable that is."""
        return self._totals.get(tag, (0, Fraction(0)))

    def avoiding(self, name: Hashable, everywhere: Hashable) -> Measure:
        """Return the runs that pass through no state marked with `name`, given the tag that all ends have."""
        return self.ending(("avoiding", name, everywhere) if name in self._avoiding else everywhere)

    def hitting(self, name: Hashable, everywhere: Hashable) -> Measure:
        """Return the runs that pass through a state marked with `name`, given the tag that all ends have."""
        schedules, probability = self.ending(everywhere)
        missing, without = self.avoiding(name, everywhere)
        return schedules - missing, probability - without
