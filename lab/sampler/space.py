"""The states that simulated runs have come through, with their steps: each is worked out once, when it is needed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

from lab.explorer.findings.ends import outcome_key, waiting_of
from lab.explorer.protocol import Explorable
from lab.explorer.states.memo import Memo, Signatures, StepResult
from lab.explorer.states.packing import Packing
from lab.model.program import Property
from lab.model.state import FAILED
from lab.model.values import Thrown, Value
from lab.sampler.run import Ending

__all__ = ["Move", "Node", "Space"]

MOST_NODES = 50_000
"""States kept; beyond that all are forgotten, so that a long simulation needs no more memory than a short one."""

Fields = tuple[int, ...]
"""A state: the number of every thread's local state and of every component's value."""


class _Unpacked(Packing):
    """Numbers of values without bits: word i of a key is field i."""

    def number(self, words: Sequence[int], field: int) -> int:
        return words[field]

    def numbers_of(self, words: Sequence[int], components: Iterable[int]) -> list[int]:
        return [words[self.threads + component] for component in components]


class Move:
    """What one enabled thread can do in a state: its results, and the states they lead to once somebody went there."""

    __slots__ = ("results", "targets", "thread")

    def __init__(self, thread: int, results: tuple[StepResult, ...]) -> None:
        self.thread = thread
        self.results = results
        self.targets: list[Node | None] = [None] * len(results)


class Node:
    """A state.

    Attributes
    ----------
    fields : tuple of int
    moves : tuple of Move
        One for each enabled thread, in thread order; none at an end.
    enabled : int
        Bit t: thread t is enabled.
    noted : int
        Bit i: property i is violated here, or satisfied if it is a `@sometimes` property; the bit after the last
        property: a thread has ended by an exception.
    ending : Ending or None
        What can be observed, where no thread is enabled.
    """

    __slots__ = ("enabled", "ending", "fields", "moves", "noted")

    def __init__(self, fields: Fields, moves: tuple[Move, ...], noted: int, ending: Ending | None) -> None:
        self.fields = fields
        self.moves = moves
        self.enabled = sum(1 << move.thread for move in moves)
        self.noted = noted
        self.ending = ending


class Space:
    """A program's states, as far as runs have come."""

    def __init__(self, relation: Explorable) -> None:
        self._relation = relation
        start = relation.initial()
        self._packing = packing = _Unpacked(start)
        signatures = Signatures()
        self._memos = [Memo(relation, packing, thread, signatures) for thread in range(packing.threads)]
        self._judges = [_Judge(relation, packing, prop) for prop in relation.program.properties]
        self._initial = (0,) * len(packing.domains)
        self._nodes: dict[Fields, Node] = {}
        self._endings: dict[Hashable, Ending] = {}

    def start(self) -> Node:
        """Return the initial state."""
        return self._node(self._initial)

    def follow(self, node: Node, move: Move, result: int) -> Node:
        """Return the state that a thread's step leads to."""
        target = move.targets[result]
        if target is None:
            local, writes = move.results[result]
            fields = list(node.fields)
            fields[move.thread] = local
            for place, value in writes.items():
                fields[self._packing.threads + place] = value
            target = move.targets[result] = self._node(tuple(fields))
        return target

    def _node(self, fields: Fields) -> Node:
        node = self._nodes.get(fields)
        if node is None:
            if len(self._nodes) >= MOST_NODES:
                self._nodes.clear()
            node = self._nodes[fields] = self._made(fields)
        return node

    def _made(self, fields: Fields) -> Node:
        asked = ((thread, memo.entry(fields[thread], fields)) for thread, memo in enumerate(self._memos))
        moves = tuple(Move(thread, entry.results) for thread, entry in asked if entry.results)
        locals_ = [self._packing.value(fields, thread) for thread in range(self._packing.threads)]
        finished = not moves and self._relation.finished(self._packing.decode(fields))
        noted = 0
        for place, judge in enumerate(self._judges):
            kind = judge.property.kind
            if (kind != "final" or finished) and judge.holds(fields) == (kind in ("sometimes", "eventually")):
                noted |= 1 << place
        if any(local.position == FAILED for local in locals_):
            noted |= 1 << len(self._judges)
        return Node(fields, moves, noted, None if moves else self._ending(fields, noted))

    def _ending(self, fields: Fields, noted: int) -> Ending:
        state = self._packing.decode(fields)
        deadlock = not self._relation.finished(state)
        observed = self._relation.observe(state)
        waiting = waiting_of(self._relation, state) if deadlock else {}
        key = outcome_key("deadlock" if deadlock else "finished", observed, waiting)
        faulty = deadlock or bool(observed.errors)
        ending = self._endings.get(key)
        if ending is None:
            ending = Ending("deadlock" if deadlock else "finished", observed, waiting, faulty)
            self._endings[key] = ending
        ending.faulty |= any(
            noted >> place & 1 and judge.property.kind == "final" for place, judge in enumerate(self._judges)
        )
        return ending


class _Judge:
    """One property's value, by the fields it has read so far; when they become more, all is judged anew."""

    def __init__(self, relation: Explorable, packing: _Unpacked, prop: Property) -> None:
        self.property = prop
        self._relation, self._packing = relation, packing
        self._reads: set[int] = set()
        self._order: Fields = ()
        self._cases: dict[Fields, bool] = {}

    def holds(self, fields: Fields) -> bool:
        """Return whether the property is true in a state."""
        found = self._cases.get(tuple([fields[place] for place in self._order]))
        if found is None:
            found = self._judge(fields)
            if len(self._reads) != len(self._order):
                self._order = tuple(sorted(self._reads))
                self._cases.clear()
            self._cases[tuple([fields[place] for place in self._order])] = found
        return found

    def _judge(self, fields: Fields) -> bool:
        packing, relation = self._packing, self._relation

        def read(component: int) -> Value:
            self._reads.add(packing.threads + component)
            return packing.value(fields, packing.threads + component)

        def inside(name: str) -> tuple[str, ...]:
            self._reads.update(range(packing.threads))
            return tuple(
                thread.name
                for number, thread in enumerate(relation.program.threads)
                if name in relation.regions(number, packing.value(fields, number))
            )

        value = relation.judge(self.property, read, inside)
        return not isinstance(value, Thrown) and bool(value)
