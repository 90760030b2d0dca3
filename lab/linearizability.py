"""Whether the calls of a concurrent history could have been made one at a time, in an order that explains every result.

A history is linearizable when each call can be given one moment between its beginning and its end at which it takes
effect, such that a sequential model, asked in that order, answers what the calls answered. The search for such an order
is that of Wing and Gong, with the memory of Lowe: which calls are done and what state the model is in then.

References
----------
M. Herlihy, J. Wing, "Linearizability: a correctness condition for concurrent objects", 1990. J. Wing, C. Gong, "Testing
and verifying concurrent objects", 1993. G. Lowe, "Testing for linearizability", 2017: here states are compared
themselves, not by a hash of them, and the model is run again for every prefix, because not every object can be copied.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from lab.errors import UsageError

__all__ = ["Answer", "Call", "History", "Linearization", "NotNow", "Recorded", "frozen", "linearize"]


class NotNow(Exception):  # noqa: N818 - what a model says of a call that would wait in its state
    """Raised by a method of a sequential model: a call of it cannot take effect in this state."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a call gave: a value, or the type of an exception, whose text does not count."""

    value: object = None
    raised: type[BaseException] | None = None

    def __str__(self) -> str:
        return f"-> {self.value!r}" if self.raised is None else f"raises {self.raised.__name__}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call in a history.

    Parameters
    ----------
    thread : str
        Who called; only for the reader, since the moments say what came before what.
    operation : str
        The method's name.
    arguments : tuple
        What it was given.
    begun : int
        The moment of the call. Moments order the history and mean nothing else.
    ended : int or None
        The moment of the return, > `begun`; None where the call had not come back when the history ended.
    answer : Answer or None
        What it gave; None with `ended`.
    """

    thread: str
    operation: str
    arguments: tuple[Any, ...] = ()
    begun: int = 0
    ended: int | None = None
    answer: Answer | None = None

    def __post_init__(self) -> None:
        if self.ended is not None and self.ended <= self.begun:
            raise UsageError(f"{self} of {self.thread} ends at {self.ended}, and not after it begins at {self.begun}")
        if (self.ended is None) is not (self.answer is None):
            raise UsageError(f"{self} of {self.thread} has either an end or an answer, and needs both or none")

    def __str__(self) -> str:
        return f"{self.operation}({', '.join(map(repr, self.arguments))})"


class History:
    """A list of calls in the making; one thread at a time may write to it, as under controlled execution or a lock."""

    def __init__(self) -> None:
        self._begun: list[tuple[str, str, tuple[Any, ...], int]] = []
        self._ended: dict[int, tuple[int, object, type[BaseException] | None]] = {}
        self._moment = 0

    def begin(self, thread: str, operation: str, arguments: tuple[Any, ...]) -> int:
        """Note the beginning of a call; returns the number by which `end` knows it."""
        self._moment += 1
        self._begun.append((thread, operation, arguments, self._moment))
        return len(self._begun) - 1

    def end(self, number: int, value: object = None, raised: type[BaseException] | None = None) -> None:
        """Note that a call has come back, and with what."""
        self._moment += 1
        self._ended[number] = (self._moment, value, raised)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls so far, in the order of their beginnings."""
        return tuple(self._call(number) for number in range(len(self._begun)))

    def _call(self, number: int) -> Call:
        if number not in self._ended:
            return Call(*self._begun[number])
        moment, value, raised = self._ended[number]
        return Call(*self._begun[number], moment, Answer(value, raised))


class Recorded:
    """An object all of whose method calls are noted in a history.

    Parameters
    ----------
    target : object
        The object to call.
    history : History
        Where to note the calls.
    thread : callable
        Returns the name of the calling thread.

    Notes
    -----
    `recorded.call("__getitem__", key)` makes the calls that Python writes as signs.
    """

    def __init__(self, target: object, history: History, thread: Callable[[], str]) -> None:
        self._target, self._history, self._thread = target, history, thread

    def call(self, operation: str, *arguments: Any) -> Any:
        """Call a method of the object, note the call, and give what it gives; arguments are noted as they are now."""
        number = self._history.begin(self._thread(), operation, arguments)
        try:
            value = getattr(self._target, operation)(*arguments)
        except Exception as error:
            self._history.end(number, raised=type(error))
            raise
        self._history.end(number, value)
        return value

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        return lambda *arguments: self.call(operation, *arguments)


@dataclass(frozen=True, slots=True)
class Linearization:
    """What the search found.

    Parameters
    ----------
    holds : bool
        Whether some order of the calls explains every answer.
    order : tuple of Call
        Such an order; where there is none, the longest beginning of one that was found.
    refused : tuple of (Call, Answer or None)
        Where there is none: the calls that might come after `order`, each with what the model answers instead, or None
        where the call would wait.
    calls : tuple of Call
        The history, by beginnings.
    """

    holds: bool
    order: tuple[Call, ...]
    refused: tuple[tuple[Call, Answer | None], ...] = ()
    calls: tuple[Call, ...] = ()

    def __str__(self) -> str:
        order = ", ".join(f"{call.thread}.{call}" for call in self.order)
        lines = list(_timeline(self.calls))
        if self.holds:
            return "\n".join([f"Explained by this order: {order or 'nothing happened'}.", *lines])
        lines.insert(0, "No order of these calls explains what they gave:")
        for call, instead in self.refused:
            said = "would wait" if instead is None else f"{instead}".replace("->", "gives")
            lines.append(f"{f'After {order}, ' if order else 'At first, '}{call.thread}.{call} {said} in the model.")
        return "\n".join(lines)


def _timeline(calls: Sequence[Call]) -> Iterator[str]:
    """Return a line per call: thread, call, answer, and a bar from its beginning to its end; `>` has not come back."""
    moments = sorted({moment for call in calls for moment in (call.begun, call.ended) if moment is not None})
    column = {moment: place for place, moment in enumerate(moments)}
    rows = [(call.thread, str(call), str(call.answer or "has not come back")) for call in calls]
    widths = [max((len(row[place]) for row in rows), default=0) for place in range(3)]
    for call, row in zip(calls, rows, strict=True):
        start = column[call.begun]
        bar = "|" + "-" * (column.get(call.ended or -1, len(moments)) - start - 1) + ("|" if call.ended else ">")
        texts = "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield f"  {texts}  {' ' * start}{bar}"


def linearize(
    calls: Sequence[Call],
    model: Callable[[], object],
    *,
    state: Callable[[Any], Hashable | None] | None = None,
) -> Linearization:
    """Return an order of the calls that a sequential model explains, or how far one can be explained.

    Parameters
    ----------
    calls : sequence of Call
        The history. A call that has not come back may have taken effect, or not.
    model : callable
        Returns a new object in the first state, with the operations as methods: often the class under test itself, used
        by one thread. It is asked again and again, and must answer the same each time, with values that `==` compares.
        It raises `NotNow` where a call would wait.
    state : callable or None
        Returns what tells two states of the model apart, or None where it cannot say; by default what `frozen` returns.

    Raises
    ------
    UsageError
        Two calls of one thread overlap, or the model has no such operation.

    Notes
    -----
    Exact. In the worst case it takes time exponential in the number of calls that overlap, as the problem does. Where
    states cannot be told apart nothing is remembered, and the search takes longer.

    Examples
    --------
    >>> twice = [Call("T1", "pop", (), 1, 3, Answer(7)), Call("T2", "pop", (), 2, 4, Answer(7))]
    >>> print(linearize(twice, lambda: [7]))
    No order of these calls explains what they gave:
      T1  pop()  -> 7  |-|
      T2  pop()  -> 7   |-|
    After T1.pop(), T2.pop() raises IndexError in the model.
    """
    ordered = tuple(sorted(calls, key=lambda call: call.begun))
    _check(ordered, model)
    search = _Search(ordered, model, state or frozen)
    order = search.run()
    if order is not None:
        return Linearization(True, tuple(ordered[number] for number in order), calls=ordered)
    best = tuple(ordered[number] for number in search.best)
    return Linearization(False, best, tuple(search.refused), ordered)


def _check(ordered: Sequence[Call], model: Callable[[], object]) -> None:
    last: dict[str, Call] = {}
    for call in ordered:
        before = last.get(call.thread)
        if before is not None and (before.ended is None or before.ended > call.begun):
            raise UsageError(f"{call.thread} calls {call} while its {before} has not come back")
        last[call.thread] = call
    fresh = model()
    for call in ordered:
        if not callable(getattr(fresh, call.operation, None)):
            raise UsageError(f"the model, a {type(fresh).__name__}, has no operation {call.operation}")


@dataclass(slots=True)
class _Search:
    """Depth first through the orders of the calls, each a tuple of their numbers."""

    calls: tuple[Call, ...]
    model: Callable[[], object]
    state: Callable[[Any], Hashable | None]
    best: tuple[int, ...] = ()
    refused: list[tuple[Call, Answer | None]] = field(default_factory=list)
    _seen: set[tuple[int, Hashable]] = field(default_factory=set)

    def run(self) -> tuple[int, ...] | None:
        """Return the first order that explains every answer; None, and `best` and `refused`, where there is none."""
        stack: list[Iterator[tuple[int, ...]]] = [iter([()])]
        while stack:
            order = next(stack[-1], None)
            if order is None:
                stack.pop()
            elif all(self.calls[number].ended is None for number in self._left(order)):
                return order
            else:
                stack.append(self._longer(order))
        return None

    def _left(self, order: tuple[int, ...]) -> list[int]:
        return [number for number in range(len(self.calls)) if number not in order]

    def _longer(self, order: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        """Return the orders with one call more that the model explains, and that lead where none before them did.

        A call may come next if no other one that is left ended before it began.
        """
        left = self._left(order)
        first_end = min(end for number in left if (end := self.calls[number].ended) is not None)
        refused: list[tuple[Call, Answer | None]] = []
        for number in left:
            call = self.calls[number]
            if call.begun > first_end:
                continue
            answer, reached = self._asked([*order, number])
            if answer is None or (call.answer is not None and call.answer != answer):
                refused.append((call, answer))
            elif reached is None or self._is_new((*order, number), reached):
                yield (*order, number)
        if len(order) > len(self.best) or not self.refused:
            self.best, self.refused = order, refused

    def _is_new(self, order: tuple[int, ...], reached: Hashable) -> bool:
        place = sum(1 << number for number in order), reached
        known = place in self._seen
        self._seen.add(place)
        return not known

    def _asked(self, order: list[int]) -> tuple[Answer | None, Hashable | None]:
        """Return what a new model gives for the last call of an order, None if it would wait, and its state then."""
        model = self.model()
        answer = Answer()
        for number in order:
            call = self.calls[number]
            try:
                answer = Answer(getattr(model, call.operation)(*call.arguments))
            except NotNow:
                return None, None
            except Exception as error:  # noqa: BLE001 - what a model raises is its answer
                answer = Answer(raised=type(error))
        return answer, self.state(model)


_SEQUENCES = (list, tuple, deque)
_MAPPINGS = (dict, OrderedDict)
_SETS = (set, frozenset)
_PLAIN = (int, float, complex, str, bytes, bool, type(None), type, range)


def frozen(value: object) -> Hashable | None:
    """Return a hashable value that equals that of another object only if the two behave the same; None if unknown.

    Known are numbers, texts, enumerations, lists, tuples, deques, dicts, sets of plain values, and objects all of whose
    attributes stand in their `__dict__`. An object that occurs twice is not the same as two equal ones.
    """
    try:
        return _frozen(value, {})
    except (_UnknownError, RecursionError):
        return None


class _UnknownError(Exception):
    """A value whose behaviour its parts do not tell."""


def _frozen(value: object, seen: dict[int, int]) -> Hashable:
    kind = type(value)
    if kind in _PLAIN:
        return kind, value if kind is not float else repr(value)
    if isinstance(value, Enum):
        return kind, id(value)
    if id(value) in seen:
        return "again", seen[id(value)]
    seen[id(value)] = len(seen)
    if kind in _SEQUENCES:
        length = value.maxlen if isinstance(value, deque) else None
        return kind, length, tuple(_frozen(item, seen) for item in value)  # type: ignore[attr-defined]  # one of these
    if kind in _MAPPINGS:
        pairs = value.items()  # type: ignore[attr-defined]  # one of these
        return kind, tuple((_frozen(key, seen), _frozen(item, seen)) for key, item in pairs)
    if kind in _SETS:
        return kind, frozenset(_plain(item) for item in value)  # type: ignore[attr-defined]  # one of these
    return kind, _attributes(value, kind, seen)


def _plain(item: object) -> Hashable:
    if type(item) not in _PLAIN:
        raise _UnknownError
    return type(item), item


class _Plain:
    """An object with attributes in `__dict__` and nowhere else."""


def _attributes(value: object, kind: type, seen: dict[int, int]) -> Hashable:
    """Return the attributes of an object that has nothing else: no slots, and nothing that only C sees."""
    nothing_else = (kind.__basicsize__, kind.__itemsize__) == (_Plain.__basicsize__, _Plain.__itemsize__)
    if not nothing_else or not hasattr(value, "__dict__") or any("__slots__" in vars(base) for base in kind.__mro__):
        raise _UnknownError
    return tuple((name, _frozen(part, seen)) for name, part in vars(value).items())
