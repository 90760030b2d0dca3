"""Threads that stop where they are told to, one by one and without a scenario."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lab.verify import led_threads, opcode_watch
from lab.verify.led_threads import HANDS, Hand, LedChoices, LedCondition, Stop, mine, passes, start


@pytest.fixture
def led() -> Iterator[Callable[[str, Callable[[], Any]], Hand]]:
    """Return what runs a function in a thread that is led, and end those threads."""
    running: list[tuple[Hand, threading.Thread]] = []

    def begin(name: str, function: Callable[[], Any]) -> Hand:
        hand = Hand(name)

        def body() -> None:
            HANDS[threading.get_ident()] = hand
            try:
                hand.says.put(f"returns {function()}")
            except Stop:
                hand.says.put("stopped")
            finally:
                del HANDS[threading.get_ident()]

        thread = threading.Thread(target=body, daemon=True)
        running.append((hand, thread))
        thread.start()
        return hand

    yield begin
    for hand, thread in running:
        hand.over = True
        if thread.is_alive():
            hand.go()
        thread.join(5)
        assert not thread.is_alive()


def test_a_thread_stops_at_its_targets_only(led: Callable[..., Hand]) -> None:
    def body() -> str:
        passes("a", "load")
        passes("b", "load")
        return "done"

    gate = threading.Event()
    hand = led("T", lambda: gate.wait() and body())
    hand.targets = frozenset("b")
    gate.set()
    assert hand.heard() == "there"
    hand.go()
    assert hand.heard() == "returns done"


def test_a_thread_that_is_over_ends_where_it_stands(led: Callable[..., Hand]) -> None:
    """And passes all further targets."""

    def body() -> None:
        try:
            mine_is().stop("there")
        finally:
            passes("a", "load")

    def mine_is() -> Hand:
        hand = mine()
        assert hand is not None
        hand.targets = frozenset("a")
        return hand

    hand = led("T", body)
    assert hand.heard() == "there"
    hand.over = True
    hand.go()
    assert hand.heard() == "stopped"


def test_a_loop_stops_once_for_its_iterator_and_first_element(led: Callable[..., Hand]) -> None:
    def body() -> str:
        hand = mine()
        assert hand is not None
        hand.targets = frozenset("in")
        passes("i", "begin")
        passes("n", "next")
        passes("n", "next")
        return "done"

    hand = led("T", body)
    assert [hand.heard(), hand.go(), hand.heard(), hand.go(), hand.heard()][::2] == ["there", "there", "returns done"]


def test_threads_that_are_not_led_pass() -> None:
    passes("a", "load")
    condition = LedCondition()
    with condition:
        assert not condition.wait(0.001)
        assert condition.wait_for(lambda: True)
        condition.notify_all()


def test_waiters_are_woken_as_the_schedule_says_and_go_on_when_they_may(
    led: Callable[..., Hand], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of two waiters is woken, and asks for the lock when it is its turn."""
    condition = LedCondition(threading.Lock())

    def wait() -> str:
        with condition:
            return f"woken: {condition.wait(0.001)}"

    first, second = led("A", wait), None
    assert first.heard() == "parked"
    second = led("B", wait)
    assert second.heard() == "parked"
    monkeypatch.setattr(LedCondition, "order", ("B",))
    with condition:
        condition.notify()
        assert second.heard() == "woken"
    assert first.says.empty()
    second.go()
    assert second.heard() == "returns woken: True"
    with condition:
        condition.notify()
    assert first.heard() == "woken"
    first.go()
    assert first.heard() == "returns woken: True"


def test_a_thread_stops_before_it_waits_and_before_its_question_is_answered(led: Callable[..., Hand]) -> None:
    condition = LedCondition()

    def body() -> Any:
        hand = mine()
        assert hand is not None
        hand.targets = frozenset(["wait", "answer"])
        with condition:
            return condition.wait_for(lambda: asked.append(1) or len(asked) > 1)

    asked: list[int] = []
    hand = led("T", body)
    said = []
    for _ in range(2):
        said.append(hand.heard())
        hand.go()
    said.append(hand.heard())
    with condition:
        condition.notify()
    said.append(hand.heard())
    hand.go()
    said.append(hand.heard())
    hand.go()
    said.append(hand.heard())
    assert said == ["there", "there", "parked", "woken", "there", "returns True"]


def test_starting_a_thread_is_no_wait(led: Callable[..., Hand], monkeypatch: pytest.MonkeyPatch) -> None:
    """Within it Python waits at a condition until the thread has begun."""
    monkeypatch.setattr(threading, "Condition", LedCondition)

    def body() -> bool:
        child = threading.Thread(target=int)
        start(child)
        child.join()
        return mine() is not None

    assert led("T", body).heard() == "returns True"
    child = threading.Thread(target=int)
    start(child)
    child.join()


def test_of_several_choices_the_first_varies_slowest() -> None:
    """Six results of a choice of two and one of three: number 4 is the second and then the second."""
    choices = LedChoices()
    found = []
    for number in range(6):
        choices.choice_of, choices.results = number, 6
        found.append((choices.choice("ab"), choices.choice("xyz")))
    assert found == [(one, other) for one in "ab" for other in "xyz"]


def test_nothing_said_is_nothing_heard() -> None:
    assert Hand("T").heard(0.001) == "nothing"


class Monitoring:
    """What `sys.monitoring` does, as far as it is asked for."""

    DISABLE = object()

    class events:  # noqa: N801 - as Python names it
        INSTRUCTION = 1

    def __init__(self) -> None:
        self.told: list[Any] = []
        self.callback: Any = None

    def use_tool_id(self, *arguments: Any) -> None:
        self.told.append(arguments)

    free_tool_id = set_local_events = use_tool_id

    def register_callback(self, _tool: int, _event: int, callback: Any) -> None:
        self.callback = callback


def test_opcodes_at_which_nothing_stops_are_not_seen_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """From Python 3.12 on; afterwards nothing is left of it."""
    monitoring = Monitoring()
    monkeypatch.setattr("sys.monitoring", monitoring, raising=False)
    code = Monitoring.use_tool_id.__code__
    seen: list[Any] = []
    monkeypatch.setattr(opcode_watch, "passes", lambda *arguments: seen.append(arguments))
    here = (id(code), 4)
    watch = opcode_watch.Monitored(opcode_watch.File(code, (code,), (frozenset([here]),), {here: "load"}))
    with watch:
        assert monitoring.callback(code, 2) is Monitoring.DISABLE
        assert monitoring.callback(code, 4) is None
    watch.close()
    assert seen == [(here, "load")]
    assert monitoring.told[0][0] == opcode_watch.TOOL
    assert monitoring.told[-1] == (opcode_watch.TOOL,)
    assert led_threads.mine() is None


def test_a_thread_that_was_let_go_before_may_be_let_go_again():
    """A run that was given up ends even threads that have not noticed their turn."""
    hand = Hand("T1")
    hand.go()
    hand.go()
    hand.stop("there")
    assert hand.heard() == "there"
