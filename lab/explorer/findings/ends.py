"""End states, gathered into outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from lab.explorer.findings.verdicts import Judge
from lab.explorer.protocol import Explorable, Observed
from lab.explorer.result import Status
from lab.explorer.states.packing import Ids, Packing, Words
from lab.explorer.symmetry.orbits import Orbits
from lab.model.state import State

__all__ = ["DEADLOCK", "END", "EXCEPTION", "Ends", "Group", "outcome_key", "plain_identity", "waiting_of"]

END = "end"
DEADLOCK = "deadlock"
EXCEPTION = "exception"

_ATOMS = frozenset({int, str, bool, type(None), float})


@dataclass
class Group:
    """The end states that look alike; `first` is the number of the one reached first, `state` that state."""

    status: Status
    observed: Observed
    waiting: dict[str, dict[str, Any]]
    first: int
    faulty: bool
    state: State
    loop: tuple[str, ...] = ()


@dataclass
class Ends:
    """All end states found so far.

    Attributes
    ----------
    groups : dict
        By what can be observed; each in order of discovery, which is that of the shortest schedules.
    orbits : Orbits or None
        Where keys stand for several states.
    count : dict of str to int
        How many states are DEADLOCK, and how many EXCEPTION (some thread ended by one).
    violations : dict of str to (int, str)
        By final property: the first end state that violates it, and what the property raised there.
    """

    relation: Explorable
    packing: Packing
    judges: Sequence[Judge]
    orbits: Orbits | None = None
    groups: dict[Hashable, Group] = field(default_factory=dict)
    count: dict[str, int] = field(default_factory=lambda: {DEADLOCK: 0, EXCEPTION: 0})
    violations: dict[str, tuple[int, str]] = field(default_factory=dict)
    _met: set[tuple[int, ...]] = field(default_factory=set)

    def add(self, keys: Words, first: int, rows: Ids) -> dict[tuple[Hashable, Fraction], Ids]:
        """Take the end states among a level's, and say which rows belong together.

        Parameters
        ----------
        keys : array, shape (words, n)
            The end states' keys.
        first : int
            The number of the level's first state.
        rows : array, shape (n,)
            Their positions in the level, ascending.

        Returns
        -------
        dict
            Rows by tag and share of the states that the keys stand for. A tag is END, DEADLOCK, EXCEPTION, a group's
            key, or ("final", name) for those that violate one.
        """
        violated = {judge.property.name: ~judge.holds(keys) for judge in self.judges}
        tags: dict[tuple[Hashable, Fraction], list[int]] = {}
        for column, row in enumerate(rows.tolist()):
            words = keys[:, column].tolist()
            broken = [name for name, found in violated.items() if found[column]]
            images = [words] if self.orbits is None else self.orbits.images(words)
            shares = Counter(tag for image in images for tag in self._tags(image, first + row, broken))
            for tag, count in shares.items():
                tags.setdefault((tag, Fraction(count, len(images))), []).append(row)
        return {tag: np.array(found) for tag, found in tags.items()}

    def _tags(self, words: list[int], number: int, broken: list[str]) -> list[Hashable]:
        """Return the tags of one end state, given the properties that would be violated if it is final."""
        state = self.packing.decode(words)
        status: Status = "finished" if self.relation.finished(state) else "deadlock"
        broken = broken if status == "finished" else []
        for name in broken:
            self._note(name, number, words)
        key = self._group(status, state, number, bool(broken))
        tags: list[Hashable] = [END, key, *(("final", name) for name in broken)]
        if status == "deadlock":
            tags.append(DEADLOCK)
        if self.groups[key].observed.errors:
            tags.append(EXCEPTION)
        new = self._is_new(words)
        for tag in (DEADLOCK, EXCEPTION):
            self.count[tag] += new and tag in tags
        return tags

    def add_component(self, status: Status, state: State, number: int, loop: tuple[str, ...]) -> Hashable:
        """Take a set of states that no run leaves, seen at its first state; returns the group's key."""
        key = self._group(status, state, number, False)
        self.groups[key].loop = self.groups[key].loop or loop
        return key

    def save(self) -> dict[str, Any]:
        """Return what was found, as plain data."""
        return {
            "groups": [
                [group.status, group.first, group.faulty, self.packing.numbers(group.state)]
                for group in self.groups.values()
            ],
            "count": self.count,
            "violations": self.violations,
            "met": sorted(self._met),
        }

    def load(self, data: dict[str, Any]) -> None:
        """Take up what was saved."""
        for status, first, faulty, numbers in data["groups"]:
            key = self._group(status, self.packing.state(numbers), first, False)
            self.groups[key].faulty |= faulty
        self.count = data["count"]
        self.violations = {name: (number, reason) for name, (number, reason) in data["violations"].items()}
        self._met = set(map(tuple, data["met"]))

    def coded(self) -> Callable[[Hashable], Any]:
        """Return the function that gives tags as plain data: an outcome by its number."""
        numbers = {key: number for number, key in enumerate(self.groups)}

        def code(tag: Hashable) -> Any:
            if tag in numbers:
                return numbers[tag]
            return [*map(code, tag)] if isinstance(tag, tuple) else tag

        return code

    def decoded(self) -> Callable[[Any], Hashable]:
        """Return the function that takes plain data back to the tags."""
        keys = list(self.groups)

        def decode(data: Any) -> Hashable:
            if isinstance(data, int):
                return keys[data]
            return tuple(map(decode, data)) if isinstance(data, list) else data

        return decode

    def forget_components(self) -> None:
        """Leave out what `add_component` added."""
        self.groups = {key: group for key, group in self.groups.items() if group.status in ("finished", "deadlock")}

    def _is_new(self, words: list[int]) -> bool:
        """Whether an end state is met for the first time; a walk whose keys say more than the state meets it again."""
        if len(self.packing.domains) == self.packing.state_fields:
            return True
        known = len(self._met)
        self._met.add(tuple(self.packing.number(words, field) for field in range(self.packing.state_fields)))
        return len(self._met) > known

    def _note(self, name: str, number: int, words: list[int]) -> None:
        if name not in self.violations:
            judge = next(judge for judge in self.judges if judge.property.name == name)
            self.violations[name] = (number, judge.reason(words))

    def _group(self, status: Status, state: State, number: int, broken: bool) -> Hashable:
        observed = self.relation.observe(state)
        waiting = waiting_of(self.relation, state) if status == "deadlock" else {}
        key = outcome_key(status, observed, waiting)
        group = self.groups.get(key)
        if group is None:
            faulty = status in ("deadlock", "livelock") or bool(observed.errors)
            group = self.groups[key] = Group(status, observed, waiting, number, faulty, state)
        group.faulty |= broken
        return key


def outcome_key(status: str, observed: Observed, waiting: Mapping[str, Mapping[str, Any]]) -> Hashable:
    """Return a key that is equal for two ends exactly when they are one outcome."""
    seen = (observed.shared, observed.returned, observed.errors, observed.output, waiting)
    return (status, *map(plain_identity, seen))


def waiting_of(relation: Explorable, state: State) -> dict[str, dict[str, Any]]:
    """Return what each thread that is not enabled waits for, who holds that, and the line, as outcomes show it."""
    names = [thread.name for thread in relation.program.threads]
    found = {}
    for thread, name in enumerate(names):
        waiting = relation.waiting(state, thread)
        if waiting is not None:
            holders = [names[holder] for holder in waiting.held_by]
            found[name] = {"for": waiting.name, "held_by": holders, "line": waiting.line}
    return found


def plain_identity(value: Any) -> Hashable:
    """Return a key that is equal for two pieces of plain data exactly when types and values agree, recursively.

    Examples
    --------
    >>> plain_identity({"x": [1]}) == plain_identity({"x": [True]})
    False
    """
    kind = type(value)
    if kind in _ATOMS:  # nearly all are, and there may be as many ends as truly different runs
        return (kind, value)
    if isinstance(value, dict):
        return (dict, frozenset([(plain_identity(name), plain_identity(item)) for name, item in value.items()]))
    if isinstance(value, list | tuple):
        return (list, *map(plain_identity, value))
    return (kind, value)
