"""What one thread's steps do, asked of the relation once and remembered."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from lab.explorer.protocol import Explorable
from lab.explorer.states.packing import Packing
from lab.model.state import Access
from lab.model.values import Value

__all__ = ["Entry", "Memo", "Signatures", "StepResult"]


class StepResult(NamedTuple):
    """One result of a step: the number of the next local state, and the number of each changed component's value."""

    local: int
    writes: dict[int, int]

    def numbers(self, thread: int, threads: int) -> list[tuple[int, int]]:
        """Return the fields of a key that the thread's step changes, and the number of each one's new value."""
        return [(thread, self.local), *((threads + component, number) for component, number in self.writes.items())]


class Entry(NamedTuple):
    """A step's results, none when it is not enabled, and the number of what it touches."""

    results: tuple[StepResult, ...]
    signature: int


class Signatures:
    """The sets of non-atomic accesses that steps make, numbered; 0 is the empty set."""

    def __init__(self) -> None:
        self.accesses: list[tuple[Access, ...]] = [()]
        self._numbers: dict[Hashable, int] = {frozenset(): 0}

    def intern(self, accesses: list[Access]) -> int:
        """Return the number of the set of those accesses that are not atomic."""
        if not accesses:
            return 0
        plain = {(a.location, a.writes, a.line): a for a in accesses if not a.atomic}
        key = frozenset(plain)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.accesses)
            self.accesses.append(tuple(plain[place] for place in sorted(plain)))
        return number


class Memo:
    """One thread's steps by local state and footprint.

    The footprint of a local state is the set of components that its step has read so far, and those that some results
    write and others do not (the latter must know the value they keep).

    Parameters
    ----------
    potential : dict of int to int, optional
        The steps from the start to each local state, shared by threads that share their local states.

    Attributes
    ----------
    footprint, written : list of tuple of int
        By local number: components the step depends on, and components its results may change, ascending.
    generation : list of int
        By local number; grows when the footprint or the written components do, and earlier entries are forgotten.
    layered : bool
        Whether every step found so far goes from a local state with potential p to one with p + 1. While this is so
        for all threads, two schedules of different lengths never lead to the same state.
    touched : set of int
        The signatures of all steps asked for, without the empty one.
    """

    def __init__(
        self,
        relation: Explorable,
        packing: Packing,
        thread: int,
        signatures: Signatures,
        potential: dict[int, int] | None = None,
    ) -> None:
        self._relation = relation
        self._packing = packing
        self._thread = thread
        self._signatures = signatures
        self._entries: list[dict[tuple[int, ...], Entry]] = []
        self._potential = {0: 0} if potential is None else potential
        self.footprint: list[tuple[int, ...]] = []
        self.written: list[tuple[int, ...]] = []
        self.generation: list[int] = []
        self.layered = True
        self.touched: set[int] = set()

    def save(self) -> dict[str, Any]:
        """Return what the relation's answers alone do not say again in the same way."""
        return {"potential": list(self._potential.items()), "layered": self.layered, "touched": sorted(self.touched)}

    def load(self, data: dict[str, Any]) -> None:
        """Take up what was saved."""
        self._potential.update(data["potential"])
        self.layered = data["layered"]
        self.touched.update(data["touched"])

    def entry(self, local: int, words: Sequence[int]) -> Entry:
        """Return what the step does in the state with that key, asking the relation when it is not known.

        Parameters
        ----------
        local : int
            The thread's local state in that key, by number.
        words : sequence of int
            The key.
        """
        while len(self._entries) <= local:
            self._entries.append({})
            self.footprint.append(())
            self.written.append(())
            self.generation.append(0)
        found = self._entries[local].get(self._seen(local, words))
        return found if found is not None else self._ask(local, words)

    def _seen(self, local: int, words: Sequence[int]) -> tuple[int, ...]:
        """Return the numbers of the values that the footprint's components have in a key."""
        footprint = self.footprint[local]
        return tuple(self._packing.numbers_of(words, footprint)) if footprint else ()

    def _ask(self, local: int, words: Sequence[int]) -> Entry:
        packing = self._packing
        own, shared = packing.domains[self._thread], packing.domains[packing.threads :]
        reads = set(self.footprint[local])

        def read(component: int) -> Value:
            reads.add(component)
            return packing.value(words, packing.threads + component)

        steps = self._relation.step(self._thread, own.values[local], read)
        results = tuple(
            [
                StepResult(own.intern(step.local), {place: shared[place].intern(value) for place, value in step.writes})
                for step in steps
            ]
        )
        signature = self._signatures.intern([access for step in steps for access in step.accesses])
        entry = Entry(results, signature)
        if signature:
            self.touched.add(signature)
        self._check_potential(local, results)
        self._learn(local, reads, results)
        self._entries[local][self._seen(local, words)] = entry
        return entry

    def _learn(self, local: int, reads: set[int], results: tuple[StepResult, ...]) -> None:
        """Widen the footprint and the written components by what a step did."""
        written = set(self.written[local])
        for result in results:
            written.update(result.writes)
        for result in results:  # one that leaves alone what another one writes has to know the value that stays
            if len(result.writes) < len(written):
                reads.update(written.difference(result.writes))
        if len(reads) > len(self.footprint[local]) or len(written) > len(self.written[local]):
            self._entries[local].clear()
            self.footprint[local] = tuple(sorted(reads))
            self.written[local] = tuple(sorted(written))
            self.generation[local] += 1

    def _check_potential(self, local: int, results: tuple[StepResult, ...]) -> None:
        after = self._potential[local] + 1
        for result in results:
            if self._potential.setdefault(result.local, after) != after:
                self.layered = False
