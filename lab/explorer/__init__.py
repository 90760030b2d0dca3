"""Exhaustive exploration: every schedule of a program, counted, judged and witnessed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from lab.explorer.assemble import Assembly
from lab.explorer.bounds import Bounds, Progress
from lab.explorer.carry import Carried
from lab.explorer.engine import Engine
from lab.explorer.expand import Expander
from lab.explorer.expectations import check
from lab.explorer.interchangeable import Interchangeable
from lab.explorer.orbits import NotSymmetric, Orbits, twins
from lab.explorer.packing import Packing
from lab.explorer.preemptions import BoundedExpander, packing_with_past
from lab.explorer.protocol import Explorable
from lab.explorer.record import Recorded
from lab.explorer.representatives import with_representatives
from lab.explorer.result import FewPreemptions, Result
from lab.explorer.search import NotLayered, Search
from lab.explorer.traces import count_traces, with_traces
from lab.model.symmetry import Family

__all__ = ["Progress", "explore"]


def explore(
    relation: Explorable,
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
        Whether to count truly different runs, too; the same bounds hold for that count by itself.
    engine : str
        "numpy", "compiled" or "auto", as `Engine` says; results do not depend on it.
    max_preemptions : int, optional
        Explore only the schedules with at most so many preemptions, >= 0: switches away from a thread that could go on.
    representatives : int
        How many of them to list at most, with the count; 0 means none.
    max_length : int, optional
        Count the runs of each length up to this one, too, >= 0.
    symmetry : bool
        Whether to explore only one of the states that swapping threads maps to each other, where that is proved to
        change nothing and there is no bound on states. The result is the same, except that a schedule shown as a
        witness may be another one as short.

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
    code, bounds = Engine(engine), Bounds(max_states, deadline, progress)
    remember = max_length is not None or any(prop.kind == "eventually" for prop in relation.program.properties)

    foldable = symmetry and not remember and max_states is None

    def whole(most_preemptions: int | None = None) -> Assembly:
        if foldable and most_preemptions is None and (proved := relation.families()):
            with suppress(NotLayered, NotSymmetric):
                return _walked_up_to_swaps(relation, proved, bounds, code)
        walked = _walked(relation, bounds, code, most_preemptions, remember=remember)
        return Assembly(relation, *walked, max_length=max_length)

    result = whole().result() if max_preemptions is None else _with_few_preemptions(whole, max_preemptions)
    if relation.policy.name != "access":
        for_races = Bounds(max_states or _MOST_FOR_RACES, deadline, progress)
        _, _, finest, _ = _walked(relation.finest(), for_races, code)
        result = replace(result, races=finest.races.races, races_complete=not finest.stopped)
    if (traces or representatives) and result.complete:
        found = count_traces(relation, max_nodes=max_states, deadline=deadline)
        result = with_traces(result, found)
        if found is not None and representatives:
            result = with_representatives(result, relation, found, representatives, deadline)
    return replace(result, expectations=check(relation.program, result), relation=relation)


_MOST_FOR_RACES = 200_000
"""States under policy `access` that are looked at for data races when another policy is explored."""


def _with_few_preemptions(whole: Callable[[int | None], Assembly], most: int) -> Result:
    """Explore the schedules with at most so many preemptions; when that is all of them, as if without the bound."""
    found = whole(most)
    if not found.complete:
        return found.result()
    result = whole(None).result()
    return replace(result, preemptions=FewPreemptions(most, result.schedules))


def _walked(
    relation: Explorable, bounds: Bounds, engine: Engine, most_preemptions: int | None = None, *, remember: bool = False
) -> tuple[Packing, Expander, Search, Carried | Recorded]:
    initial = relation.initial()
    packing = Packing(initial) if most_preemptions is None else packing_with_past(initial)
    expander = Expander(relation, packing, engine)
    if most_preemptions is not None:
        expander = BoundedExpander(relation, packing, most_preemptions, engine)
    walk: Carried | Recorded = (Recorded if remember else Carried)(packing.encode(initial), engine)
    search = Search(relation, packing, expander, walk, bounds)
    try:
        search.run()
    except NotLayered:
        if isinstance(expander, BoundedExpander):
            expander.forget()
        walk = Recorded(packing.encode(initial), engine)
        search = Search(relation, packing, expander, walk, bounds)
        search.run()
    return packing, expander, search, walk


def _walked_up_to_swaps(relation: Explorable, proved: Sequence[Family], bounds: Bounds, engine: Engine) -> Assembly:
    """Explore one state of each orbit; raises `NotLayered` or `NotSymmetric` where all states are needed."""
    alike = Interchangeable(relation, proved)
    packing = Packing(alike.initial(), twins=twins(relation.program, proved))
    orbits = Orbits(packing, relation.program, proved)
    expander = Expander(alike, packing, engine)
    walk = Carried(packing.encode(alike.initial()), engine)
    search = Search(alike, packing, expander, walk, bounds, orbits)
    search.run()
    return Assembly(alike, packing, expander, search, walk, orbits=orbits)
