"""States as machine words: every local state and every value is a small number in a field of bits."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.explorer.checkpoint import Folder
from lab.model.state import State
from lab.model.stored import as_data, from_data
from lab.model.values import Value, identity

__all__ = ["WORD_BITS", "Domain", "Ids", "Layout", "Packing", "Words"]

Words = NDArray[np.int64]
Ids = NDArray[np.intp]

Layout = tuple[tuple[int, int, int], ...]
"""Where the fields of a key stand: word, shift and width of each."""

WORD_BITS = 63
"""Bits used of a 64-bit word; the sign stays free, so that tables can mark their cells with negative numbers."""

_FEW = 11
"""Bits up to which local states get more room still: they are the first to outgrow it, in every thread."""


class Domain:
    """The values one field has taken so far, numbered in order of appearance.

    Attributes
    ----------
    values : list of Value
    room : int
        How many values its field has room for.
    outgrown : list of Domain
        Where it notes itself when it has more; shared by the domains of a packing.
    """

    __slots__ = ("_numbers", "outgrown", "room", "values")

    def __init__(self, outgrown: list[Domain] | None = None) -> None:
        self.values: list[Value] = []
        self.room, self.outgrown = sys.maxsize, [] if outgrown is None else outgrown
        self._numbers: dict[Hashable, int] = {}

    def intern(self, value: Value) -> int:
        """Return the number of a value, a new one when type or value is new."""
        key = identity(value)
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.values)
            self.values.append(value)
            if number >= self.room:
                self.outgrown.append(self)
        return number


class Packing:
    """Where in the words of a key each thread's local state and each component's value stand.

    Fields 0 .. threads - 1 hold local states, the following ones components, and those after them whatever else tells
    two keys apart (`extra`: all values that each of them has at first). A field never straddles words.

    Attributes
    ----------
    domains : list of Domain
        One per field.
    word, shift, width : list of int
        The field's place; `width` in bits, 0 while a single value is known and bits are scarce.
    state_fields : int
        How many fields the state has; the others are extra.
    words : int
        Words per key.
    version : int
        Grows with every new layout.

    Parameters
    ----------
    initial : State
    twins : iterable of sequence of int
        Groups of fields that share one domain, so that a number means the same value in each.

    Notes
    -----
    A domain that outgrows its field makes `overflowing` true; `relayout` then gives every field room and returns the
    translation of old keys. Fields grow by at least one bit, so there are at most as many layouts as bits.
    """

    def __init__(
        self, initial: State, extra: Sequence[Sequence[Value]] = (), twins: Iterable[Sequence[int]] = ()
    ) -> None:
        self.threads = len(initial.locals)
        self.state_fields = self.threads + len(initial.shared)
        self._outgrown: list[Domain] = []
        self.domains = [Domain(self._outgrown) for _ in range(self.state_fields + len(extra))]
        for fields in twins:
            for field in fields:
                self.domains[field] = self.domains[fields[0]]
        firsts = [*((value,) for value in (*initial.locals, *initial.shared)), *extra]
        for domain, values in zip(self.domains, firsts, strict=True):
            for value in values:
                domain.intern(value)
        self.version = 0
        self._lay_out()

    @property
    def overflowing(self) -> bool:
        """Whether some domain has outgrown its field."""
        return bool(self._outgrown)

    def _lay_out(self) -> None:
        sizes = [len(domain.values) for domain in self.domains]
        roomy = [size.bit_length() + 1 for size in sizes]
        first = [
            min(width + 2, max(width, _FEW)) if field < self.threads else width for field, width in enumerate(roomy)
        ]
        snug = [size.bit_length() for size in sizes]
        tight = [(size - 1).bit_length() for size in sizes]
        self.width = next((widths for widths in (first, roomy, snug, tight) if sum(widths) <= WORD_BITS), snug)
        self.word, self.shift = [], []
        word = used = 0
        for width in self.width:
            if used + width > WORD_BITS:
                word, used = word + 1, 0
            self.word.append(word)
            self.shift.append(used)
            used += width
        self.words = word + 1
        self._measure()

    def _measure(self) -> None:
        """Tell every domain how many values its field has room for."""
        self._outgrown.clear()
        for domain, width in zip(self.domains, self.width, strict=True):
            domain.room = 1 << width
            if len(domain.values) > domain.room:
                self._outgrown.append(domain)

    def save(self, folder: Folder) -> dict[str, Any]:
        """Keep the values and the layout."""
        known = folder.data["packing"]["sizes"] if folder.data else [0] * len(self.domains)
        own = [field for field, domain in enumerate(self.domains) if self._first(domain) == field]
        lines = [
            json.dumps([field, as_data(value)]) + "\n"
            for field in own
            for value in self.domains[field].values[known[field] :]
        ]
        new = np.frombuffer("".join(lines).encode("ascii"), np.uint8)
        folder.append("values", new)
        sizes = [len(domain.values) if field in own else 0 for field, domain in enumerate(self.domains)]
        return {"sizes": sizes, "layout": self.layout, "words": self.words, "version": self.version}

    def load(self, folder: Folder) -> None:
        """Take up what was saved, before anything else is known."""
        for line in folder.get("values").tobytes().splitlines():
            field, value = json.loads(line)
            self.domains[field].intern(from_data(value))
        data = folder.data["packing"]
        self.word, self.shift, self.width = (list(column) for column in zip(*data["layout"], strict=True))
        self.words, self.version = data["words"], data["version"]
        self._measure()

    def _first(self, domain: Domain) -> int:
        """Return the first field that has a domain."""
        return next(field for field, other in enumerate(self.domains) if other is domain)

    def relayout(self) -> Callable[[Words], Words]:
        """Make room for every domain and return the function that maps old keys, shape (words, n), to new ones."""
        old = self.layout
        self._lay_out()
        self.version += 1
        return self.translation(old)

    @property
    def layout(self) -> Layout:
        """The word, the shift and the width of every field."""
        return tuple(zip(self.word, self.shift, self.width, strict=True))

    def translation(self, old: Layout) -> Callable[[Words], Words]:
        """Return the function that maps keys of an earlier layout, shape (words, n), to the present one."""
        new = list(zip(self.word, self.shift, strict=True))
        words = self.words

        def translate(keys: Words) -> Words:
            out = np.zeros((words, keys.shape[1]), np.int64)
            for (word, shift, width), (new_word, new_shift) in zip(old, new, strict=True):
                if width:
                    out[new_word] |= ((keys[word] >> shift) & ((1 << width) - 1)) << new_shift
            return out

        return translate

    def number(self, words: Sequence[int], field: int) -> int:
        """Return the number that a field of one key holds."""
        return (words[self.word[field]] >> self.shift[field]) & ((1 << self.width[field]) - 1)

    def numbers_of(self, words: Sequence[int], components: Iterable[int]) -> list[int]:
        """Return the numbers that the fields of some components hold in one key."""
        place, word, shift, width = self.threads, self.word, self.shift, self.width
        fields = [place + component for component in components]
        return [(words[word[field]] >> shift[field]) & ((1 << width[field]) - 1) for field in fields]

    def replaced(self, words: Sequence[int], numbers: Iterable[tuple[int, int]]) -> list[int]:
        """Return one key with other numbers in some fields, each of which has room for its number."""
        found = list(words)
        for field, number in numbers:
            place, shift = self.word[field], self.shift[field]
            found[place] = found[place] & ~(((1 << self.width[field]) - 1) << shift) | number << shift
        return found

    def value(self, words: Sequence[int], field: int) -> Value:
        """Return the value that a field of one key stands for."""
        return self.domains[field].values[self.number(words, field)]

    def column(self, keys: Words, field: int) -> Words:
        """Return the numbers that a field holds in keys of shape (words, n); shape (n,)."""
        found: Words = keys[self.word[field]] >> self.shift[field]
        found &= (1 << self.width[field]) - 1
        return found

    def mask(self, field: int) -> int:
        """Return the bits of a field within its word."""
        return ((1 << self.width[field]) - 1) << self.shift[field]

    def numbers(self, state: State) -> list[int]:
        """Return the number of each field's value in a state whose values are all known."""
        fields = zip(self.domains, (*state.locals, *state.shared), strict=False)
        return [domain.intern(value) for domain, value in fields]

    def state(self, numbers: Sequence[int]) -> State:
        """Return the state in which the fields hold the values of those numbers."""
        values = [domain.values[number] for domain, number in zip(self.domains, numbers, strict=False)]
        return State(tuple(values[: self.threads]), tuple(values[self.threads : self.state_fields]))

    def encode(self, state: State) -> Words:
        """Return the key of a state whose values are all known, shape (words, 1); extra fields hold 0."""
        out = np.zeros((self.words, 1), np.int64)
        for field, value in enumerate((*state.locals, *state.shared)):
            out[self.word[field], 0] |= self.domains[field].intern(value) << self.shift[field]
        return out

    def decode(self, words: Sequence[int]) -> State:
        """Return the state of one key, given as Python integers."""
        values = [self.value(words, field) for field in range(self.state_fields)]
        return State(tuple(values[: self.threads]), tuple(values[self.threads :]))
