"""Properties judged on many states at once, each combination of what they read only once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lab.explorer.protocol import Explorable
from lab.explorer.states.engine import NUMPY, Engine
from lab.explorer.states.index import StateIndex
from lab.explorer.states.packing import WORD_BITS, Packing, Words
from lab.explorer.symmetry.orbits import NotSymmetric, Orbits
from lab.model.program import Property
from lab.model.values import Thrown, Value

__all__ = ["Judge"]


class Judge:
    """One property's value in every state it is asked about.

    Notes
    -----
    The footprint is what the property has read so far: components, and for each `inside(name)` the threads that are in
    that region, one bit each. It only grows; cases are judged anew when it does, or when keys change their layout.
    Where states stand for their images, too, every image of a case has to get the same verdict.
    """

    def __init__(
        self,
        relation: Explorable,
        packing: Packing,
        prop: Property,
        orbits: Orbits | None = None,
        engine: Engine = NUMPY,
    ) -> None:
        self.property = prop
        self._orbits, self._engine = orbits, engine
        self._relation, self._packing = relation, packing
        self._components: set[int] = set()
        self._names: set[str] = set()
        self._restart()

    def holds(self, keys: Words) -> NDArray[np.bool_]:
        """Return for each key, shape (words, n), whether the property is true there; shape (n,)."""
        while True:
            if self._version != self._packing.version:
                self._restart()
            cases, new = self._cases.intern(self._footprint(keys))
            if all(self._judge(keys[:, row].tolist()) for row in new.tolist()):
                return np.array(self._verdicts, np.bool_)[cases]
            self._restart()

    def reason(self, words: list[int]) -> str:
        """Return what the property raises in a state; empty when it does not."""
        value = self._value(words)
        return str(value) if isinstance(value, Thrown) else ""

    def _restart(self) -> None:
        self._version = self._packing.version
        packing = self._packing
        self._masks = [0] * packing.words
        for component in self._components:
            field = packing.threads + component
            self._masks[packing.word[field]] |= packing.mask(field)
        self._per_word = WORD_BITS // max(1, len(self._names))
        region_words = -(-packing.threads // self._per_word) if self._names else 0
        self._cases = StateIndex(packing.words + region_words, engine=self._engine)
        self._verdicts: list[bool] = []
        self._inside: list[NDArray[np.int64]] = [np.zeros(0, np.int64)] * packing.threads

    def _footprint(self, keys: Words) -> Words:
        parts = keys & np.array(self._masks, np.int64)[:, None]
        if not self._names:
            return parts
        where = np.zeros((self._cases.words - parts.shape[0], keys.shape[1]), np.int64)
        for thread in range(self._packing.threads):
            word, place = divmod(thread, self._per_word)
            regions = self._regions(thread).take(self._packing.column(keys, thread))
            where[word] |= regions << (place * len(self._names))
        return np.concatenate([parts, where])

    def _regions(self, thread: int) -> NDArray[np.int64]:
        """Return by local number, for the regions asked about, the set of those that the thread is in, as bits."""
        known = self._inside[thread]
        locals_ = self._packing.domains[thread].values
        if known.size < len(locals_):
            names = sorted(self._names)
            more = []
            for local in locals_[known.size :]:
                inside = self._relation.regions(thread, local)
                more.append(sum(1 << place for place, name in enumerate(names) if name in inside))
            known = self._inside[thread] = np.concatenate([known, np.array(more, np.int64)])
        return known

    def _judge(self, words: list[int]) -> bool:
        """Judge the case of one state; False when that read something outside the footprint."""
        before = len(self._components) + len(self._names)
        verdict = self._verdict(words)
        if self._orbits is not None and (self._names or self._components & self._orbits.moved):
            self._components |= self._orbits.moved
            if any(self._verdict(image) != verdict for image in self._orbits.images(words)):
                raise NotSymmetric
        self._verdicts.append(verdict)
        return len(self._components) + len(self._names) == before

    def _verdict(self, words: list[int]) -> bool:
        value = self._value(words)
        return not isinstance(value, Thrown) and bool(value)

    def _value(self, words: list[int]) -> Value:
        packing, relation = self._packing, self._relation

        def read(component: int) -> Value:
            self._components.add(component)
            return packing.value(words, packing.threads + component)

        def inside(name: str) -> tuple[str, ...]:
            self._names.add(name)
            return tuple(
                thread.name
                for number, thread in enumerate(relation.program.threads)
                if name in relation.regions(number, packing.value(words, number))
            )

        return relation.judge(self.property, read, inside)
