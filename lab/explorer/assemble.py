"""From a finished search to a `Result`."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

from lab.explorer.findings.ends import DEADLOCK, END, EXCEPTION, Group
from lab.explorer.graphs.cycles import judge_component, shortest_round
from lab.explorer.graphs.fairness import Cycle, starved
from lab.explorer.protocol import Explorable
from lab.explorer.recount import Measured, Recount
from lab.explorer.result import (
    INFINITE,
    BuiltIn,
    Chance,
    Count,
    FewPreemptions,
    Lasso,
    Outcome,
    PropertyResult,
    Result,
    Rounded,
    Starvation,
    Verdict,
)
from lab.explorer.states.expand import Expander
from lab.explorer.states.packing import Packing
from lab.explorer.states.witness import Courses, Move, Witness
from lab.explorer.symmetry.orbits import Orbits
from lab.explorer.walk.carry import Carried
from lab.explorer.walk.fewest_preemptions import Target, with_fewest_preemptions
from lab.explorer.walk.preemptions import BoundedExpander
from lab.explorer.walk.record import Recorded
from lab.explorer.walk.search import Search
from lab.model.program import Property
from lab.model.state import FAILED

__all__ = ["Assembly"]

_ORDER = ("finished", "deadlock", "livelock", "endless")
_LIVELOCK = "livelock"
_UNKNOWN: Measured = (None, None)


class Assembly:
    """Puts a result together from what a search and its walk know."""

    def __init__(
        self,
        relation: Explorable,
        packing: Packing,
        expander: Expander,
        search: Search,
        walk: Carried | Recorded,
        max_length: int | None = None,
        orbits: Orbits | None = None,
        *,
        liveness: bool = True,
    ) -> None:
        self._orbits, self._liveness = orbits, liveness
        self._relation, self._packing, self._expander = relation, packing, expander
        self._search, self._walk, self._max_length = search, walk, max_length
        self._courses = Courses(relation, packing, expander.memos)
        cut = isinstance(expander, BoundedExpander) and expander.cut
        self._stopped = search.stopped or ("preemptions" if cut else "")
        self.complete = not self._stopped
        self._endless: set[Hashable] = set()
        self._runs: Carried | Recount | None = None
        self._starvation = Starvation("none" if self.complete else "unknown")
        self._witnesses: dict[Hashable, Witness] = {}
        if self._stopped == "memory":
            self._give_up()
        if self.complete:
            self._count(walk)

    def _count(self, walk: Carried | Recorded) -> None:
        memory = self._search.bounds.memory
        if isinstance(walk, Carried):
            self._runs = walk
            return
        try:
            if memory is None or memory.room() > walk.counting():
                self._runs = self._recount(walk)
                return
        except MemoryError:
            pass
        self._give_up()

    def _give_up(self) -> None:
        """Make the result that of an exploration stopped for want of memory."""
        self._stopped, self.complete = "memory", False
        self._runs, self._starvation, self._endless = None, Starvation("unknown"), set()
        self._search.ends.forget_components()
        if self._search.bounds.memory is not None:
            self._search.bounds.memory.relax()

    def _recount(self, walk: Recorded) -> Recount:
        """Count the runs of a recorded walk, and add the ends of those that never end, and who is starved."""
        runs = self._counted(walk)
        self._add_traps(runs, walk)
        if runs.partial:
            self._starvation = Starvation("unknown")
        names = [thread.name for thread in self._relation.program.threads]
        cycles = starved(runs.cycles, self._relation, self._packing, walk.index.keys)
        if cycles:
            found = {names[thread]: self._lasso(cycle) for thread, cycle in cycles.items()}
            self._starvation = Starvation("possible", found)
        return runs

    def _counted(self, walk: Recorded) -> Recount:
        threads = [thread for thread, _ in self._expander.labels]
        return Recount(walk, threads, self._max_length, liveness=self._liveness)

    def _lasso(self, cycle: Cycle) -> Lasso:
        labels = self._expander.labels
        stem = self._search.history.moves(cycle.state, labels)
        both = self._courses.entries(stem + [labels[label] for label in cycle.labels])
        return Lasso(both[: len(stem)], both[len(stem) :])

    def _add_traps(self, runs: Recount, walk: Recorded) -> None:
        ends, relation = self._search.ends, self._relation
        for states in runs.traps:
            status = judge_component(relation, self._packing, walk.index.keys[:, states])
            first = int(states[0])
            state = self._packing.decode(walk.index.keys[:, first].tolist())
            stem = self._search.history.moves(first, self._expander.labels)
            turn = [self._expander.labels[int(runs.graph.labels[move])] for move in shortest_round(runs.graph, first)]
            loop = self._courses.entries(stem + turn)[len(stem) :]
            key = ends.add_component(status, state, first, loop)
            self._endless.add(key)
            tags = [key, _LIVELOCK] if status == "livelock" else [key]
            for tag in [*tags, EXCEPTION] if ends.groups[key].observed.errors else tags:
                runs.trap(tag, states)

    def result(self) -> Result:
        """Return the result, its expectations still open; without counts when there is not enough memory for them."""
        if self.complete:
            with suppress(MemoryError):
                return self._result()
            self._give_up()
        return self._result()

    def _result(self) -> Result:
        program, search = self._relation.program, self._search
        states, transitions = self._size()
        self._witnesses = self._find_witnesses()
        return Result(
            scenario=program.name,
            title=program.title,
            policy=self._relation.policy.name,
            parameters=dict(program.parameters),
            complete=self.complete,
            states=states,
            transitions=transitions,
            schedules=self._total(),
            outcomes=self._outcomes(),
            properties=tuple(map(self._property, program.properties)),
            deadlock=self._built_in(DEADLOCK, search.ends.count[DEADLOCK]),
            livelock=self._livelock(),
            exceptions=self._exceptions(),
            races=search.races.races,
            locksets=search.races.locksets,
            stopped=self._stopped,
            preemptions=self._within_bound(),
            starvation=self._starvation,
            lengths=self._lengths(END),
            max_length=self._max_length,
            spurious=program.spurious,
        )

    def _size(self) -> tuple[int, int]:
        """Return the states and transitions of the program that were seen."""
        if isinstance(self._expander, BoundedExpander):
            return self._expander.census.states(self._walk.frontier), self._expander.census.transitions
        return self._search.states, self._search.transitions

    def _within_bound(self) -> FewPreemptions | None:
        """Return the number of schedules that a bound on preemptions allows; None where there is no bound."""
        if not isinstance(self._expander, BoundedExpander):
            return None
        if self._search.stopped:
            return FewPreemptions(self._expander.bound, None)
        walk = self._walk
        schedules = walk.ending(END)[0] if isinstance(walk, Carried) else self._counted(walk).all_of(END)
        return FewPreemptions(self._expander.bound, schedules)

    def _find_witnesses(self) -> dict[Hashable, Witness]:
        """Return the witness of each outcome, by its key, and of each violated property, by its kind and name."""
        ends, search = self._search.ends, self._search
        places = {key: group.first for key, group in ends.groups.items()}
        places |= {("final", name): number for name, (number, _) in ends.violations.items()}
        always = {prop.name for prop in self._relation.program.properties if prop.kind == "always"}
        places |= {("always", name): seen.state for name, seen in search.sightings.items() if name in always}
        sought = {key: ends.groups[key].state if key in self._endless else key for key in places}
        moves = {key: search.history.moves(place, self._expander.labels) for key, place in places.items()}
        if self._orbits is not None:
            goals = {key: group.state for key, group in ends.groups.items()}
            moves = {key: self._orbits.unfold(self._relation, way, goals.get(key)) for key, way in moves.items()}
        found = with_fewest_preemptions(
            self._relation,
            self._packing,
            self._expander,
            [Target(sought[key], tuple(moves[key]), first=self._orbits is None) for key in places],
            search.history.states,
            search.bounds.deadline,
        )
        return {key: found[sought[key]] for key in places}

    def _ending(self, tag: Hashable) -> Measured:
        return _UNKNOWN if self._runs is None else self._runs.ending(tag)

    def _lengths(self, tag: Hashable) -> dict[int, int] | None:
        return self._runs.lengths(tag) if isinstance(self._runs, Recount) else None

    def _total(self) -> Count:
        return INFINITE if self._endless or self._partial else self._ending(END)[0]

    @property
    def _partial(self) -> bool:
        """Whether the program has cycles, and nobody asked what runs do there."""
        return isinstance(self._runs, Recount) and self._runs.partial

    def _outcomes(self) -> tuple[Outcome, ...]:
        def place(item: tuple[Hashable, Group]) -> tuple[int, int, tuple[Move, ...]]:
            moves = self._witnesses[item[0]].moves
            return _ORDER.index(item[1].status), len(moves), moves

        return tuple(self._outcome(*item) for item in sorted(self._search.ends.groups.items(), key=place))

    def _outcome(self, key: Hashable, group: Group) -> Outcome:
        total, (schedules, chance) = self._total(), self._ending(key)
        share = Fraction(schedules, total) if isinstance(schedules, int) and isinstance(total, int) else None
        seen, witness = group.observed, self._witnesses[key]
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
            witness=self._courses.entries(witness.moves),
            faulty=group.faulty,
            loop=group.loop,
            probability_rounded=rounded(chance),
            witness_preemptions=witness.preemptions,
            witness_proven=witness.proven,
            lengths=self._lengths(key),
        )

    def _property(self, prop: Property) -> PropertyResult:
        if prop.kind == "final":
            found = self._search.ends.violations.get(prop.name)
            measured = self._ending(("final", prop.name))
        else:
            sighting = self._search.sightings.get(prop.name)
            found = None if sighting is None else (sighting.state, sighting.reason)
            if prop.kind == "sometimes":
                return self._sometimes(prop, found is not None)
            if prop.kind == "eventually":
                return self._eventually(prop)
            measured = self._hitting(prop.name, found is not None)
        verdict: Verdict = "violated" if found else "holds" if self.complete else "unknown"
        judged = replace(_judged(prop, verdict, measured), lengths=self._lengths_of(prop, found is not None))
        if not found:
            return judged
        witness = self._witnesses[prop.kind, prop.name]
        return replace(
            judged,
            witness=self._courses.entries(witness.moves),
            reason=found[1],
            witness_preemptions=witness.preemptions,
            witness_proven=witness.proven,
        )

    def _lengths_of(self, prop: Property, violated: bool) -> dict[int, int] | None:
        """Return by length the runs that violate a property; None when nobody asked for it."""
        runs = self._runs
        if not isinstance(runs, Recount):
            return None
        if prop.kind == "final":
            return self._lengths(("final", prop.name))
        if prop.kind != "always":
            return runs.lengths_avoiding(prop.name, END)
        total, without = self._lengths(END), runs.lengths_avoiding(prop.name, END)
        if total is None or without is None or not violated:
            return None if total is None else {}
        hitting = {length: amount - without.get(length, 0) for length, amount in total.items()}
        return {length: amount for length, amount in hitting.items() if amount}

    def _eventually(self, prop: Property) -> PropertyResult:
        """A property that every run has to satisfy some time, unless it is unfair; the walk is a recorded one."""
        if not isinstance(self._runs, Recount) or self._partial:
            return _judged(prop, "unknown", _UNKNOWN)
        found = self._runs.missing(prop.name, END, self._packing.threads)
        if found is None:
            judged = _judged(prop, "holds", (0, Fraction(0)))
        else:
            (stem, loop, _), measured = found
            moves = [self._expander.labels[label] for label in stem + loop]
            both = self._courses.entries(moves)
            preemptions = self._courses.preemptions(moves[: len(stem)])
            judged = replace(
                _judged(prop, "violated", measured),
                witness=both[: len(stem)],
                loop=both[len(stem) :],
                witness_preemptions=preemptions,
                witness_proven=not preemptions,
            )
        return replace(judged, lengths=self._lengths_of(prop, True))

    def _hitting(self, name: str, seen: bool) -> Measured:
        if self._runs is None:
            return _UNKNOWN
        return self._runs.hitting(name, END) if seen else (0, Fraction(0))

    def _sometimes(self, prop: Property, seen: bool) -> PropertyResult:
        """A property that holds as soon as one state satisfies it; what counts is the runs that never do."""
        if self._runs is None:
            return _judged(prop, "holds" if seen else "unknown", _UNKNOWN)
        if not seen:
            judged = _judged(prop, "violated", (self._total(), Fraction(1)))
        else:
            judged = _judged(prop, "holds", self._runs.avoiding(prop.name, END))
        return replace(judged, lengths=self._lengths_of(prop, not seen))

    def _built_in(self, tag: str, states: int, elsewhere: bool = False) -> BuiltIn:
        """Return a verdict from the number of end states concerned, or from another reason to know it violated."""
        verdict: Verdict = "violated" if states or elsewhere else "holds" if self.complete else "unknown"
        schedules, chance = self._ending(tag)
        if self._partial and tag in (EXCEPTION, _LIVELOCK):  # a run without end may be such a run, too
            verdict = "unknown" if tag == _LIVELOCK else verdict
            schedules, chance = INFINITE if schedules is INFINITE else None, None
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


def _judged(prop: Property, verdict: Verdict, measured: Measured) -> PropertyResult:
    """Return the result on a property, without a witness."""
    schedules, chance = measured
    return PropertyResult(
        prop.name, prop.kind, verdict, schedules, exact(chance), None, probability_rounded=rounded(chance)
    )
