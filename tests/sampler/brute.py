"""Every run of a small program, by recursion over the relation: nothing is shared with the samplers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from scipy.stats import chisquare

from lab.model.state import FAILED, State
from lab.model.values import Thrown

Moves = tuple[tuple[int, int], ...]

CREDIBLE = 0.001
"""A right sampler's p-value is below this for one seed in a thousand; the seeds are fixed, and were not chosen."""


class Known(NamedTuple):
    """A run: its moves, its probability under uniform choice, its preemptions, what it notes, and whether it ended."""

    moves: Moves
    chance: Fraction
    preemptions: int
    noted: int
    ended: bool


def runs(relation: Any, limit: int = 1_000) -> list[Known]:
    """List every run of at most `limit` steps, and the beginnings of longer ones."""
    return list(_from(relation, relation.initial(), (), Fraction(1), 0, 0, limit))


def ended(relation: Any, limit: int = 1_000) -> list[Known]:
    """List every run of at most `limit` steps."""
    return [run for run in runs(relation, limit) if run.ended]


def _from(
    relation: Any, state: State, moves: Moves, chance: Fraction, switches: int, noted: int, limit: int
) -> Iterator[Known]:
    steps = [relation.step(t, local, state.shared.__getitem__) for t, local in enumerate(state.locals)]
    enabled = [thread for thread, results in enumerate(steps) if results]
    noted |= _noted(relation, state, final=not enabled and all(local.ended for local in state.locals))
    if not enabled or len(moves) == limit:
        yield Known(moves, chance, switches, noted, not enabled)
        return
    for thread in enabled:
        switch = bool(moves) and moves[-1][0] != thread and moves[-1][0] in enabled
        for result, step in enumerate(steps[thread]):
            shared = list(state.shared)
            for place, value in step.writes:
                shared[place] = value
            after = State((*state.locals[:thread], step.local, *state.locals[thread + 1 :]), tuple(shared))
            part = chance / len(enabled) / len(steps[thread])
            yield from _from(relation, after, (*moves, (thread, result)), part, switches + switch, noted, limit)


def _noted(relation: Any, state: State, *, final: bool) -> int:
    def inside(name: str) -> tuple[str, ...]:
        threads = relation.program.threads
        return tuple(t.name for i, t in enumerate(threads) if name in relation.regions(i, state.locals[i]))

    noted = 0
    for bit, prop in enumerate(relation.program.properties):
        value = relation.judge(prop, state.shared.__getitem__, inside)
        true = not isinstance(value, Thrown) and bool(value)
        if (prop.kind != "final" or final) and true == (prop.kind == "sometimes"):
            noted |= 1 << bit
    failed = any(local.position == FAILED for local in state.locals)
    return noted | failed << len(relation.program.properties)


def credible(drawn: Iterable[Moves], expected: dict[Moves, Fraction]) -> float:
    """Return the chi-square test's p-value of what was drawn, given each run's probability; 0 for an unknown run."""
    counts = Counter(drawn)
    if counts.keys() - expected.keys():
        return 0.0
    total = counts.total()
    weights = [float(chance) for chance in expected.values()]
    assert min(weights) * total >= 5, "too few draws for the test"
    return float(chisquare([counts[run] for run in expected], [weight * total for weight in weights]).pvalue)
