"""Exhaustive exploration: every schedule of a program, counted, judged and witnessed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from lab.explorer.bounds import Bounds, Progress
from lab.explorer.checkpoint import Checkpoint
from lab.explorer.expectations import check
from lab.explorer.exploration import Walks
from lab.explorer.memory import Memory
from lab.explorer.protocol import Telling
from lab.explorer.result import FewPreemptions, Result
from lab.explorer.states.engine import Engine
from lab.explorer.states.remembered import Remembered
from lab.explorer.traces.count import count_traces, with_traces
from lab.explorer.traces.representatives import with_representatives

__all__ = ["Progress", "explore"]


def explore(
    relation: Telling,
    *,
    max_states: int | None = None,
    deadline: Callable[[], bool] | None = None,
    progress: Callable[[Progress], None] | None = None,
    traces: bool = False,
    engine: str = "auto",
    max_preemptions: int | None = None,
    representatives: int = 0,
    max_length: int | None = None,
    symmetry: bool = True,
    max_memory: int | None = None,
    checkpoint: Checkpoint | None = None,
    liveness: bool = True,
) -> Result:
    """Explore a program in every order its policy allows.

    Parameters
    ----------
    relation : Relation
        The program under a policy.
    max_states : int, optional
        States to find at most, >= 1.
    deadline : callable, optional
        Asked now and then; the exploration stops when it returns True.
    progress : callable, optional
        Told now and then how far the exploration has come.
    traces : bool
        Whether to count truly different runs, too; the same bounds hold for that count by itself, so it may be known
        where there are more states than `max_states`.
    engine : str
        "numpy", "compiled" or "auto", as `Engine` says; results do not depend on it.
    max_preemptions : int, optional
        Explore only the schedules with at most so many preemptions, >= 0: switches away from a thread that could go on.
    representatives : int
        How many of them to list at most, with the count; 0 means none. None is listed where not all states were found.
    max_length : int, optional
        Count the runs of each length up to this one, too, >= 0.
    symmetry : bool
        Whether to explore only one of the states that swapping threads maps to each other, where that is proved to
        change nothing and there is no bound on states. The result is the same, except that a schedule shown as a
        witness may be another one as short.
    max_memory : int, optional
        Bytes that the process may have resident, > 0: what does not fit stops the exploration.
    checkpoint : Checkpoint, optional
        Where to keep what is known, and from where to go on.
    liveness : bool
        Whether to look for what only runs without end show. If not, in a program with cycles: livelocks, starvation
        and `@eventually` are "unknown", outcomes of runs without end are missing, expectations are not judged,
        and probabilities and counts of runs through a state are None behind cycles. All else is the same.

    Returns
    -------
    Result
        Complete, or with `stopped` saying why not; an interrupt from the keyboard gives a result, too.

    Notes
    -----
    The first walk takes it that schedules of different lengths lead to different states and needs no memory of the
    past. The first step that contradicts this starts a second walk that remembers all states; what the relation has
    said about single steps is kept. Both give the same result where both are possible. Lengths and `@eventually`
    properties need the second one from the start.

    A data race is two accesses enabled in one state of policy `access`, whatever the policy explored; under another one
    the races come from a walk of their own, of a bounded number of states, and `races_complete` says if it was enough.
    """
    memory = None if max_memory is None else Memory(max_memory)
    bounds = Bounds(max_states, deadline, progress, memory=memory)
    remembered = Remembered(relation)
    walks = Walks(
        remembered,
        bounds,
        Engine(engine),
        max_length=max_length,
        symmetry=symmetry,
        checkpoint=checkpoint,
        liveness=liveness,
    )
    with nullcontext() if memory is None else memory:
        result = walks.whole().result() if max_preemptions is None else _with_few_preemptions(walks, max_preemptions)
        if relation.policy.name != "access":
            finest = walks.races()
            found_races, whole = finest.races, not finest.stopped
            result = replace(result, races=found_races.races, locksets=found_races.locksets, races_complete=whole)
        if (traces or representatives) and (result.complete or result.stopped == "states"):
            found = count_traces(remembered, max_nodes=max_states, deadline=deadline, memory=memory)
            result = with_traces(result, found)
            if found is not None and representatives and result.complete:
                result = with_representatives(result, remembered, found, representatives, deadline)
    return replace(result, expectations=check(relation.program, result), relation=relation)


def _with_few_preemptions(walks: Walks, most: int) -> Result:
    """Explore the schedules with at most so many preemptions; when that is all of them, as if without the bound."""
    found = walks.whole(most)
    if not found.complete:
        return found.result()
    result = walks.whole().result()
    return replace(result, preemptions=FewPreemptions(most, result.schedules))
