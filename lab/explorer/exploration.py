"""Which walk explores a program: up to swaps of threads, level by level, or with a memory of all states."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

from lab.explorer.assemble import Assembly
from lab.explorer.bounds import Bounds
from lab.explorer.checkpoint import Checkpoint, Keeper
from lab.explorer.protocol import Explorable
from lab.explorer.states.engine import Engine
from lab.explorer.states.expand import Expander
from lab.explorer.states.packing import Packing
from lab.explorer.symmetry.interchangeable import Interchangeable
from lab.explorer.symmetry.orbits import NotSymmetric, Orbits, twins
from lab.explorer.walk.carry import Carried
from lab.explorer.walk.preemptions import BoundedExpander, packing_with_past
from lab.explorer.walk.record import Recorded
from lab.explorer.walk.search import NotLayered, Search
from lab.model.stored import as_data
from lab.model.symmetry import Family

__all__ = ["Walks"]

_MOST_FOR_RACES = 200_000
"""States under policy `access` that are looked at for data races when another policy is explored."""


class Walks:
    """The walks that one exploration consists of.

    Parameters
    ----------
    max_length : int or None
        The greatest length of runs to count; a walk that counts them remembers all states.
    symmetry : bool
        Whether to explore one state of each orbit where that is possible and there is no bound on states.
    checkpoint : Checkpoint or None
        Where the walks are kept, and taken up again.
    liveness : bool
        Whether to look for what only runs without end show.
    """

    def __init__(
        self,
        relation: Explorable,
        bounds: Bounds,
        engine: Engine,
        *,
        max_length: int | None,
        symmetry: bool,
        checkpoint: Checkpoint | None = None,
        liveness: bool = True,
    ) -> None:
        self._checkpoint, self._symmetry, self._liveness = checkpoint, symmetry, liveness
        self._relation, self._bounds, self._engine, self._max_length = relation, bounds, engine, max_length
        eventually = any(prop.kind == "eventually" for prop in relation.program.properties)
        self._remember = max_length is not None or eventually
        self._foldable = symmetry and not self._remember and bounds.max_states is None

    def whole(self, most_preemptions: int | None = None) -> Assembly:
        """Explore the program, or the schedules with at most so many preemptions."""
        keeper = self._keeper("whole" if most_preemptions is None else "within-bound", self._relation, most_preemptions)
        foldable = self._foldable and most_preemptions is None and (keeper is None or keeper.kind in (None, "swaps"))
        if foldable and (proved := self._relation.families()):
            with suppress(NotLayered, NotSymmetric):
                return self._up_to_swaps(proved, keeper)
            if keeper is not None:
                keeper.folder.restart()
        found = self._plain(self._relation, self._bounds, keeper, most_preemptions, remember=self._remember)
        return Assembly(self._relation, *found, max_length=self._max_length, liveness=self._liveness)

    def races(self) -> Search:
        """Explore the program under policy `access`, as far as data races are looked for."""
        bounds = replace(self._bounds, max_states=self._bounds.max_states or _MOST_FOR_RACES)
        finest = self._relation.finest()
        return self._plain(finest, bounds, self._keeper("races", finest, None))[2]

    def _keeper(self, stage: str, relation: Explorable, most_preemptions: int | None) -> Keeper | None:
        """Return what keeps a walk, and knows it by everything that it depends on."""
        if self._checkpoint is None:
            return None
        program = relation.program
        identity = {
            "scenario text": sha256(program.source.encode("utf-8", "surrogatepass")).hexdigest(),
            "value of a parameter": {name: as_data(value) for name, value in program.parameters.items()},
            "policy": relation.policy.name,
            "setting of --spurious": program.spurious,
            "bound on states": self._bounds.max_states,
            "bound on preemptions": most_preemptions,
            "greatest length": self._max_length,
            "use of symmetry": self._symmetry,
        }
        return self._checkpoint.keeper(stage, identity)

    def _plain(
        self,
        relation: Explorable,
        bounds: Bounds,
        keeper: Keeper | None,
        most_preemptions: int | None = None,
        *,
        remember: bool = False,
    ) -> tuple[Packing, Expander, Search, Carried | Recorded]:
        engine, initial = self._engine, relation.initial()
        packing = Packing(initial) if most_preemptions is None else packing_with_past(initial)
        expander = Expander(relation, packing, engine)
        if most_preemptions is not None:
            expander = BoundedExpander(relation, packing, most_preemptions, engine)
        kind = None if keeper is None else keeper.kind
        walk: Carried | Recorded = (Recorded if remember or kind == "recorded" else Carried)(
            packing.encode(initial), engine
        )
        search = Search(relation, packing, expander, walk, bounds, keeper=keeper)
        try:
            if keeper is not None and kind is not None:
                search.load(keeper.folder)
            search.run()
        except NotLayered:
            if isinstance(expander, BoundedExpander):
                expander.forget()
            if keeper is not None:
                keeper.folder.restart()
            walk = Recorded(packing.encode(initial), engine)
            search = Search(relation, packing, expander, walk, bounds, keeper=keeper)
            search.run()
        return packing, expander, search, walk

    def _up_to_swaps(self, proved: Sequence[Family], keeper: Keeper | None) -> Assembly:
        """Explore one state of each orbit; raises `NotLayered` or `NotSymmetric` where all states are needed."""
        alike = Interchangeable(self._relation, proved)
        packing = Packing(alike.initial(), twins=twins(self._relation.program, proved))
        orbits = Orbits(packing, self._relation.program, proved)
        expander = Expander(alike, packing, self._engine)
        walk = Carried(packing.encode(alike.initial()), self._engine)
        search = Search(alike, packing, expander, walk, self._bounds, orbits, keeper)
        if keeper is not None and keeper.kind is not None:
            search.load(keeper.folder)
        search.run()
        return Assembly(alike, packing, expander, search, walk, orbits=orbits)
