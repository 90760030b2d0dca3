"""The search for an order that explains a history, against all permutations, and what it says where there is none."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from functools import partial
from itertools import combinations, permutations
from threading import Lock
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.errors import UsageError
from lab.linearizability import Answer, Call, History, NotNow, Recorded, frozen, linearize


class Register:
    """A place for one value."""

    def __init__(self) -> None:
        self.value = 0

    def read(self) -> int:
        return self.value

    def write(self, value: int) -> None:
        self.value = value


class Queue:
    """First in, first out; taking from an empty one waits or raises."""

    def __init__(self) -> None:
        self.items: list[int] = []

    def put(self, item: int) -> None:
        self.items.append(item)

    def take(self) -> int:
        if not self.items:
            raise NotNow
        return self.items.pop(0)

    def poll(self) -> int:
        return self.items.pop(0)


def history(*rows: tuple[str, str, tuple[Any, ...], int, int | None, Any]) -> list[Call]:
    """Return calls; a last field that is a type of exception says that it was raised."""
    calls = []
    for thread, operation, arguments, begun, ended, gave in rows:
        raised = gave if isinstance(gave, type) else None
        answer = None if ended is None else Answer(None if raised else gave, raised)
        calls.append(Call(thread, operation, arguments, begun, ended, answer))
    return calls


def test_a_read_may_see_the_value_from_before_an_overlapping_write() -> None:
    """The write takes effect between its beginning and its end: both values are explained, a third is not."""
    for seen in (0, 1, 2):
        calls = history(("T1", "write", (1,), 1, 4, None), ("T2", "read", (), 2, 3, seen))
        assert linearize(calls, Register).holds is (seen in {0, 1})


def test_what_ended_before_comes_before() -> None:
    """The write of 1 came back before the read began: 0 is no answer any more."""
    calls = history(("T1", "write", (1,), 1, 2, None), ("T2", "read", (), 3, 4, 0))
    found = linearize(calls, Register)
    assert not found.holds
    assert (found.order, found.refused) == ((calls[0],), ((calls[1], Answer(1)),))


def test_two_readers_do_not_see_a_write_in_different_orders() -> None:
    """Herlihy and Wing's example: T2 sees 1 and comes back, then T3 sees 0, while the write of 1 still runs."""
    rows = [("T1", "write", (1,), 1, 10, None), ("T2", "read", (), 2, 3, 1), ("T3", "read", (), 4, 5, 0)]
    assert not linearize(history(*rows), Register).holds
    rows[2] = ("T3", "read", (), 2, 5, 0)
    assert linearize(history(*rows), Register).holds


def test_a_call_that_has_not_come_back_may_have_taken_effect_or_not() -> None:
    """One that nobody has seen is left out of the order; one whose effect was seen is in it."""
    pending = ("T1", "write", (1,), 1, None, None)
    unseen = linearize(history(pending, ("T2", "read", (), 2, 3, 0)), Register)
    assert (unseen.holds, len(unseen.order)) == (True, 1)
    seen = linearize(history(pending, ("T2", "read", (), 2, 3, 1)), Register)
    assert (seen.holds, len(seen.order)) == (True, 2)
    assert not linearize(history(pending, ("T2", "read", (), 2, 3, 1), ("T2", "read", (), 4, 5, 0)), Register).holds


def test_a_call_that_waits_in_the_model_comes_later() -> None:
    """`take` cannot come first, and so it comes after the put; of two with one put, one has not come back."""
    rows = [("T1", "take", (), 1, 4, 7), ("T2", "put", (7,), 2, 3, None)]
    assert [call.operation for call in linearize(history(*rows), Queue).order] == ["put", "take"]
    found = linearize(history(*rows, ("T3", "take", (), 1, 5, 7)), Queue)
    assert found.refused[-1][1] is None
    assert "T3.take() would wait in the model" in str(found)
    assert linearize(history(*rows, ("T3", "take", (), 1, None, None)), Queue).holds


def test_an_exception_is_an_answer() -> None:
    """Its type counts: popping from an empty list raises IndexError, and no KeyError."""
    for raised in (IndexError, KeyError):
        assert linearize(history(("T1", "poll", (), 1, 2, raised)), Queue).holds is (raised is IndexError)


def test_an_empty_history_is_explained() -> None:
    assert str(linearize([], Register)) == "Explained by this order: nothing happened."


def test_what_cannot_be_explained_is_shown_with_the_longest_beginning() -> None:
    """Two threads take the one item: whichever is first, the other finds nothing."""
    rows = [("A", "put", (1,), 1, 2, None), ("A", "poll", (), 3, 5, 1), ("B", "poll", (), 4, 6, 1)]
    assert str(linearize(history(*rows), Queue)).splitlines() == [
        "No order of these calls explains what they gave:",
        "  A  put(1)  -> None  ||",
        "  A  poll()  -> 1       |-|",
        "  B  poll()  -> 1        |-|",
        "After A.put(1), A.poll(), B.poll() raises IndexError in the model.",
    ]
    waiting = str(linearize(history(("A", "write", (1,), 1, None, None), ("B", "read", (), 2, 3, 1)), Register))
    assert waiting.splitlines() == [
        "Explained by this order: A.write(1), B.read().",
        "  A  write(1)  has not come back  |-->",
        "  B  read()    -> 1                ||",
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("T", "read", (), 2, 2, 0)], "read() of T ends at 2, and not after it begins at 2"),
        ([("T", "read", (), 1, 3, 0), ("T", "read", (), 2, 4, 0)], "T calls read() while its read() has not come back"),
        ([("T", "read", (), 1, None, 0), ("T", "read", (), 2, 4, 0)], "T calls read() while its read() has not"),
        ([("T", "size", (), 1, 2, 0)], "the model, a Register, has no operation size"),
    ],
)
def test_what_is_no_history_is_refused(rows: list[Any], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        linearize(history(*rows), Register)
    assert said in str(caught.value)


def test_an_end_needs_an_answer() -> None:
    with pytest.raises(UsageError, match=r"read\(\) of T has either an end or an answer, and needs both or none"):
        Call("T", "read", (), 1, 2)


def test_a_recorded_object_notes_its_calls() -> None:
    """What it gives and raises is passed on; a call from within which the history is read has not come back."""
    noted = History()
    recorded = Recorded([5], noted, lambda: "T")
    assert (recorded.call("__getitem__", 0), recorded.pop()) == (5, 5)
    with pytest.raises(IndexError):
        recorded.pop()
    noted.begin("U", "append", (6,))
    assert noted.calls == tuple(
        history(
            ("T", "__getitem__", (0,), 1, 2, 5), ("T", "pop", (), 3, 4, 5), ("T", "pop", (), 5, 6, IndexError),
            ("U", "append", (6,), 7, None, None),
        )
    )  # fmt: skip


def explained_by_some_permutation(calls: Sequence[Call], model: Callable[[], Any]) -> bool:
    """Return the answer by definition: any order of all finished calls and some others that keeps before and after."""
    done = [call for call in calls if call.ended is not None]
    others = [call for call in calls if call.ended is None]
    chosen = (done + list(some) for many in range(len(others) + 1) for some in combinations(others, many))
    return any(explains(order, model) for taken in chosen for order in permutations(taken))


def explains(order: Sequence[Call], model: Callable[[], Any]) -> bool:
    if any(
        later.ended is not None and later.ended < call.begun for at, call in enumerate(order) for later in order[at:]
    ):
        return False
    fresh = model()
    for call in order:
        try:
            answer = Answer(getattr(fresh, call.operation)(*call.arguments))
        except NotNow:
            return False
        except IndexError:
            answer = Answer(raised=IndexError)
        if call.answer is not None and answer != call.answer:
            return False
    return True


OPERATIONS: dict[type, list[tuple[str, tuple[int, ...], list[Answer]]]] = {
    Register: [("read", (), [Answer(0), Answer(1)]), ("write", (0,), [Answer()]), ("write", (1,), [Answer()])],
    Queue: [
        ("put", (0,), [Answer()]), ("put", (1,), [Answer()]), ("take", (), [Answer(0), Answer(1)]),
        ("poll", (), [Answer(0), Answer(1), Answer(raised=IndexError)]),
    ],
}  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> tuple[type, list[Call]]:
    """Histories of up to six calls of three threads; the answers are any of those that the operation could give."""
    model = draw(st.sampled_from([Register, Queue]))
    moves = draw(st.lists(st.sampled_from(["A", "B", "C"]), min_size=2, max_size=11))
    noted, running, begun = History(), dict[str, tuple[int, list[Answer]]](), 0
    for thread in moves:
        if thread in running:
            number, answers = running.pop(thread)
            answer = draw(st.sampled_from(answers))
            noted.end(number, answer.value, answer.raised)
        elif begun < 6:
            operation, arguments, answers = draw(st.sampled_from(OPERATIONS[model]))
            running[thread] = (noted.begin(thread, operation, arguments), answers)
            begun += 1
    return model, list(noted.calls)


@settings(max_examples=400, deadline=None)
@given(histories(), st.booleans())
def test_every_history_is_judged_as_by_all_permutations(drawn: tuple[type, list[Call]], remember: bool) -> None:
    """With and without a memory of states; an order that is given does explain the history."""
    model, calls = drawn
    found = linearize(calls, model, state=None if remember else lambda _: None)
    assert found.holds is explained_by_some_permutation(calls, model)
    assert not found.holds or explains(found.order, model)
    assert found.holds is not bool(found.refused)


def test_states_that_were_seen_are_not_searched_again() -> None:
    """Eight writes of 1 that overlap, then a read of 2: 2^8 sets of writes, and not 8! orders, are asked.

    Each set is searched once, and every write that it lacks is asked: 8 * 2^7 = 1,024 questions. After all eight the
    read is asked, and refused: one more. And the check of the history looks at one model.
    """
    asked = 0

    def model() -> Register:
        nonlocal asked
        asked += 1
        return Register()

    writes = [(f"W{number}", "write", (1,), number + 1, 20 + number, None) for number in range(8)]
    assert not linearize(history(*writes, ("R", "read", (), 40, 41, 2)), model).holds
    assert asked == 1 + 1024 + 1


class Colour(Enum):
    RED = 1


class Slotted:
    __slots__ = ("value",)


class Own(list[int]):
    """A list with a life of its own."""


def states() -> Iterator[tuple[object, object, bool]]:
    """Pairs of values, and whether they behave the same."""
    shared: list[int] = []
    around: list[object] = []
    around.append(around)
    yield [1, (2, "a")], [1, (2, "a")], True
    yield [1], [True], False
    yield 0.0, -0.0, False
    yield [shared, shared], [[], []], False
    yield around, [[]], False
    yield {1: 2, 3: 4}, {3: 4, 1: 2}, False
    yield OrderedDict(a=1), {"a": 1}, False
    yield {1, 2}, {2, 1}, True
    yield deque([1], 2), deque([1], 3), False
    yield Colour.RED, 1, False
    yield Register(), Register(), True
    yield Register(), Queue(), False


@pytest.mark.parametrize(("one", "other", "same"), list(states()))
def test_frozen_values_are_equal_only_if_the_objects_behave_the_same(one: object, other: object, same: bool) -> None:
    assert frozen(one) is not None
    assert (frozen(one) == frozen(other)) is same


UNKNOWN = [iter([1]), Slotted(), lambda: 0, Own(), {(1, 2)}, [object()], bytearray(b"a"), partial(print), Lock()]


@pytest.mark.parametrize("value", UNKNOWN)
def test_what_is_not_known_is_not_frozen(value: object) -> None:
    assert frozen(value) is None
