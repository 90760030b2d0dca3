"""From a finished search to a `Result`."""

from __future__ import annotations

from collections.abc import Hashable
from fractions import Fraction
from typing import Protocol

from lab.explorer.carry import Carried
from lab.explorer.cycles import judge_component, shortest_round
from lab.explorer.ends import DEADLOCK, END, EXCEPTION, Group
from lab.explorer.expand import Expander
from lab.explorer.packing import Packing
from lab.explorer.protocol import Explorable
from lab.explorer.record import Recorded
from lab.explorer.recount import Measured, Recount
from lab.explorer.result import INFINITE, BuiltIn, Chance, Count, Outcome, PropertyResult, Result, Rounded, Verdict
from lab.explorer.search import Search
from lab.explorer.witness import entries
from lab.model.program import Property
from lab.model.state import FAILED

__all__ = ["Assembly"]

_ORDER = ("finished", "deadlock", "livelock", "endless")
_LIVELOCK = "livelock"
_UNKNOWN: Measured = (None, None)


class _Runs(Protocol):
    """Counts of runs; `Carried` and `Recount` give them."""

    def ending(self, tag: Hashable) -> Measured:
        """Return the runs that end in a state noted under `tag`."""

    def avoiding(self, name: Hashable, everywhere: Hashable) -> Measured:
        """Return the runs through no state marked with `name`."""

    def hitting(self, name: Hashable, everywhere: Hashable) -> Measured:
        """Return the runs through a state marked with `name`."""


class Assembly:
    """Puts a result together from what a search and its walk know."""

    def __init__(
        self, relation: Explorable, packing: Packing, expander: Expander, search: Search, walk: Carried | Recorded
    ) -> None:
        self._relation, self._packing, self._expander = relation, packing, expander
        self._search = search
        self._complete = not search.stopped
        self._endless: set[Hashable] = set()
        self._runs: _Runs | None = None
        if self._complete:
            self._runs = walk if isinstance(walk, Carried) else self._recount(walk)

    def _recount(self, walk: Recorded) -> Recount:
        """Count the runs of a recorded walk and add the ends of those that never end."""
        runs, ends, relation = Recount(walk), self._search.ends, self._relation
        for states in runs.traps:
            status = judge_component(relation, self._packing, walk.index.keys[:, states])
            first = int(states[0])
            state = self._packing.decode(walk.index.keys[:, first].tolist())
            stem = self._search.history.moves(first, self._expander.labels)
            turn = [self._expander.labels[int(runs.graph.labels[move])] for move in shortest_round(runs.graph, first)]
            loop = entries(relation, stem + turn)[len(stem) :]
            key = ends.add_component(status, state, first, loop)
            self._endless.add(key)
            tags = [key, _LIVELOCK] if status == "livelock" else [key]
            for tag in [*tags, EXCEPTION] if ends.groups[key].observed.errors else tags:
                runs.trap(tag, states)
        return runs

    def result(self) -> Result:
        """Return the result, its expectations still open."""
        program, search = self._relation.program, self._search
        return Result(
            scenario=program.name,
            title=program.title,
            policy=self._relation.policy.name,
            parameters=dict(program.parameters),
            complete=self._complete,
            states=search.history.states,
            transitions=search.transitions,
            schedules=self._total(),
            outcomes=self._outcomes(),
            properties=tuple(map(self._property, program.properties)),
            deadlock=self._built_in(DEADLOCK, search.ends.count[DEADLOCK]),
            livelock=self._livelock(),
            exceptions=self._exceptions(),
            races=search.races.races,
            stopped=search.stopped,
        )

    def _ending(self, tag: Hashable) -> Measured:
        return _UNKNOWN if self._runs is None else self._runs.ending(tag)

    def _total(self) -> Count:
        return INFINITE if self._endless else self._ending(END)[0]

    def _outcomes(self) -> tuple[Outcome, ...]:
        groups = sorted(
            self._search.ends.groups.items(), key=lambda item: (_ORDER.index(item[1].status), item[1].first)
        )
        return tuple(self._outcome(key, group) for key, group in groups)

    def _outcome(self, key: Hashable, group: Group) -> Outcome:
        total, (schedules, chance) = self._total(), self._ending(key)
        share = Fraction(schedules, total) if isinstance(schedules, int) and isinstance(total, int) else None
        seen = group.observed
        return Outcome(
            status=group.status,
            shared=dict(seen.shared),
            returned=dict(seen.returned),
            errors=dict(seen.errors),
            waiting=group.waiting,
            output=None if seen.output is None else tuple(seen.output),
            schedules=schedules,
            share=share,
            probability=exact(chance),
            witness=self._witness(group.first),
            faulty=group.faulty,
            loop=group.loop,
            probability_rounded=rounded(chance),
        )

    def _witness(self, state: int) -> tuple[str, ...]:
        return entries(self._relation, self._search.history.moves(state, self._expander.labels))

    def _property(self, prop: Property) -> PropertyResult:
        if prop.kind == "final":
            found = self._search.ends.violations.get(prop.name)
            measured = self._ending(("final", prop.name))
        else:
            sighting = self._search.sightings.get(prop.name)
            found = None if sighting is None else (sighting.state, sighting.reason)
            if prop.kind == "sometimes":
                return self._sometimes(prop, found is not None)
            measured = self._hitting(prop.name, found is not None)
        verdict: Verdict = "violated" if found else "holds" if self._complete else "unknown"
        state, reason = found or (None, "")
        witness = None if state is None else self._witness(state)
        return _judged(prop, verdict, measured, witness, reason)

    def _hitting(self, name: str, seen: bool) -> Measured:
        if self._runs is None:
            return _UNKNOWN
        return self._runs.hitting(name, END) if seen else (0, Fraction(0))

    def _sometimes(self, prop: Property, seen: bool) -> PropertyResult:
        """A property that holds as soon as one state satisfies it; what counts is the runs that never do."""
        if self._runs is None:
            return _judged(prop, "holds" if seen else "unknown", _UNKNOWN, None)
        if not seen:
            return _judged(prop, "violated", (self._total(), Fraction(1)), None)
        return _judged(prop, "holds", self._runs.avoiding(prop.name, END), None)

    def _built_in(self, tag: str, states: int, elsewhere: bool = False) -> BuiltIn:
        """Return a verdict from the number of end states concerned, or from another reason to know it violated."""
        verdict: Verdict = "violated" if states or elsewhere else "holds" if self._complete else "unknown"
        schedules, chance = self._ending(tag)
        return BuiltIn(verdict, states, schedules, exact(chance), rounded(chance))

    def _livelock(self) -> BuiltIn:
        found = sum(group.status == "livelock" for group in self._search.ends.groups.values())
        return self._built_in(_LIVELOCK, found)

    def _exceptions(self) -> BuiltIn:
        """Every failed local state that some step led to belongs to a reachable state."""
        threads = self._packing.domains[: self._packing.threads]
        failed = any(local.position == FAILED for domain in threads for local in domain.values)
        return self._built_in(EXCEPTION, self._search.ends.count[EXCEPTION], failed)


def exact(chance: Chance) -> Fraction | None:
    """Return a probability that is known exactly."""
    return chance if isinstance(chance, Fraction) else None


def rounded(chance: Chance) -> Rounded | None:
    """Return a probability that is known with an error bound."""
    return chance if isinstance(chance, Rounded) else None


def _judged(
    prop: Property, verdict: Verdict, measured: Measured, witness: tuple[str, ...] | None, reason: str = ""
) -> PropertyResult:
    schedules, chance = measured
    return PropertyResult(
        prop.name, prop.kind, verdict, schedules, exact(chance), witness, reason, rounded(chance)
    )  # fmt: skip
