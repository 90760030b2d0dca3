"""Drawing runs at random, where exploring all of them is too much or not what was asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from random import Random
from typing import Any

from lab.errors import IncompleteError, UsageError
from lab.explorer.bounds import Bounds, Progress, Stopped
from lab.explorer.protocol import Explorable
from lab.explorer.runs import record_runs
from lab.sampler.choice import UniformChoice
from lab.sampler.completions import count_completions
from lab.sampler.priorities import Priorities
from lab.sampler.result import Coverage, Sample
from lab.sampler.run import Run
from lab.sampler.simulate import Scheduler, simulate
from lab.sampler.space import Space
from lab.sampler.tally import Tally
from lab.sampler.uniform import draw_uniform

__all__ = ["MAX_LENGTH", "sample"]

MAX_LENGTH = 10_000
"""Steps after which a simulated run is cut off, unless told otherwise."""

PILOTS = 20
"""Runs under the uniform-choice scheduler that tell the priorities how long runs are."""


@dataclass
class _Source:
    """Where runs come from, and what is known of all of them."""

    runs: Iterator[Run]
    known: dict[str, Any]
    coverage: Callable[[], Coverage] | None = None


def sample(
    relation: Explorable,
    *,
    runs: int = 1000,
    seed: int = 1,
    uniform: bool = False,
    pct: int | None = None,
    max_length: int | None = None,
    max_states: int | None = None,
    deadline: Callable[[], bool] | None = None,
    progress: Callable[[Progress], None] | None = None,
    drawn: Callable[[int, int], None] | None = None,
) -> Sample:
    """Draw runs of a program and say what they showed.

    Parameters
    ----------
    relation : Relation
        The program under a policy.
    runs : int
        How many to draw, >= 1.
    seed : int
        What the random numbers are made from, >= 0.
    uniform : bool
        Draw exactly uniformly from all runs, which are explored first.
    pct : int, optional
        Draw by probabilistic concurrency testing for faults of this depth, >= 1. With neither, each step is of a
        thread chosen uniformly among the enabled ones.
    max_length : int, optional
        The most steps of a run, >= 1: longer ones are not drawn (`uniform`) or cut off, by default after 10,000.
    max_states : int, optional
        States to explore at most, >= 1; `uniform` alone explores.
    deadline : callable, optional
        Asked after every run, and now and then during a long one; drawing stops when it returns True.
    progress, drawn : callable, optional
        Told how far the exploration has come; how many runs have been drawn, and of how many.

    Raises
    ------
    UsageError
        A number is out of range, or there are infinitely many runs to draw from, or none.
    IncompleteError
        The exploration was stopped, or the counts of runs need too much memory: nothing can be drawn uniformly.
    """
    _check(runs=runs, seed=seed, pct=pct, max_length=max_length)
    if uniform and pct is not None:
        raise UsageError("runs are drawn uniformly or by probabilistic concurrency testing, not both")
    random = Random(seed)
    if uniform:
        source = _uniform(relation, random, max_length, Bounds(max_states, deadline, progress, max_length))
    else:
        source = _simulated(relation, random, pct, max_length or MAX_LENGTH, deadline)
    tally = Tally()
    try:
        for run in islice(source.runs, runs):
            tally.add(run)
            if drawn is not None:
                drawn(tally.runs, runs)
            if deadline is not None and deadline():
                break
    except (KeyboardInterrupt, Stopped):
        pass
    program = relation.program
    found = Sample(
        scenario=program.name,
        title=program.title,
        policy=relation.policy.name,
        parameters=dict(program.parameters),
        seed=seed,
        wanted=runs,
        **source.known,
        **tally.summary(relation),
    )
    if source.coverage is not None:
        found = replace(found, coverage=source.coverage())
    return found


def _check(*, runs: int, seed: int, pct: int | None, max_length: int | None) -> None:
    for what, number, least in (
        ("the number of runs", runs, 1),
        ("the seed", seed, 0),
        ("the depth of a fault", pct, 1),
        ("the greatest length", max_length, 1),
    ):
        if number is not None and number < least:
            raise UsageError(f"{what} is {number}; it has to be {least} or more")


def _uniform(relation: Explorable, random: Random, max_length: int | None, bounds: Bounds) -> _Source:
    runs = record_runs(relation, bounds)
    if runs.stopped not in ("", "length"):
        why = (
            "the bound on states was reached" if runs.stopped == "states" else "the time was up, or it was interrupted"
        )
        raise IncompleteError(
            f"the exploration is incomplete ({why}), and runs cannot be drawn uniformly from a part of all; "
            "raise the bound, or leave out --uniform"
        )
    if not runs.stopped and not (runs.group >= 0).any():
        raise UsageError(f"{relation.program.name} has no run that ends, so there is nothing to draw from")
    completions = count_completions(runs, max_length)
    if completions is None:
        raise UsageError(
            f"{relation.program.name} has infinitely many runs, because threads can go round for ever; write "
            "--max-length 100 to draw uniformly from the runs of at most 100 steps"
        )
    if not completions.total:
        raise UsageError(f"no run ends within {max_length:,} steps; write a larger --max-length")
    known = {
        "scheduler": "uniform",
        "population": completions.total,
        "max_length": max_length,
        "longer": completions.longer,
    }
    return _Source(draw_uniform(runs, completions, random), known)


def _simulated(
    relation: Explorable, random: Random, depth: int | None, max_length: int, deadline: Callable[[], bool] | None
) -> _Source:
    space, choice = Space(relation), UniformChoice(random)
    known = {
        "scheduler": "choice" if depth is None else "pct",
        "population": None,
        "max_length": max_length,
    }

    def runs(scheduler: Scheduler) -> Iterator[Run]:
        while True:
            yield simulate(space, scheduler, random, max_length, deadline)

    if depth is None:
        return _Source(runs(choice), known)
    priorities = Priorities(len(relation.program.threads), depth, 1, random)

    def tried_first() -> Iterator[Run]:
        for run in islice(runs(choice), PILOTS):
            priorities.steps = max(priorities.steps, run.length)
        yield from runs(priorities)

    return _Source(tried_first(), known, priorities.coverage)
