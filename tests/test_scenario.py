"""The scenario vocabulary, when a file really runs."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest

from lab import scenario
from lab.scenario import (
    Atomic,
    Record,
    UseAfterFree,
    atomic,
    choose,
    decref,
    free,
    freed,
    incref,
    inside,
    region,
    registry,
    thread,
    wait_until,
)


def executed(text: str) -> dict[str, Any]:
    """Run a scenario's text as a module of its own and return its namespace."""
    namespace: dict[str, Any] = {"__name__": "scenario"}
    exec(text, namespace)
    return namespace


def test_each_module_has_its_own_registry() -> None:
    """Two files with a thread of the same name do not see each other's."""
    text = (
        "from lab.scenario import *\n@thread\ndef T1(): return {}\n@final\ndef p(): return True\nexpect(schedules={})"
    )
    one, two = executed(text.format(1, 10)), executed(text.format(2, 20))
    assert [spec.function() for spec in registry(one).threads] == [1]
    assert [spec.function() for spec in registry(two).threads] == [2]
    assert registry(two).expectations == [{"policy": "access", "schedules": 20}]
    assert [(kind, function.__name__) for kind, function in registry(two).properties] == [("final", "p")]


def test_every_kind_of_property_registers() -> None:
    names = ("always", "final", "sometimes", "eventually")
    text = "from lab.scenario import always, final, sometimes, eventually\n"
    namespace = executed(text + "".join(f"@{name}\ndef p_{name}(): pass\n" for name in names))
    assert [kind for kind, _ in registry(namespace).properties] == list(names)


def test_each_gives_one_thread_per_value() -> None:
    """`@thread(each=range(2))` names its threads after the values and passes them."""
    namespace = executed("from lab.scenario import thread\n@thread(each=range(2))\ndef t(i): return i + 10\n")
    specs = registry(namespace).threads
    assert [(spec.name, spec.function(*spec.arguments)) for spec in specs] == [("t[0]", 10), ("t[1]", 11)]


def test_equal_values_of_each_are_an_error() -> None:
    """1 and True are equal, so two threads would have one name."""
    with pytest.raises(ValueError, match="two threads"):
        thread(each=[1, True])(lambda value: value)


def test_choose_follows_the_seed() -> None:
    scenario.RANDOM.seed(7)
    drawn = [choose("a", "b", "c") for _ in range(20)]
    expected = random.Random(7)
    assert drawn == [expected.choice(("a", "b", "c")) for _ in range(20)]
    assert set(drawn) == {"a", "b", "c"}


def test_wait_until_returns_once_the_condition_holds() -> None:
    box: list[int] = []
    timer = threading.Timer(0.02, box.append, [1])
    timer.start()
    wait_until(lambda: box)
    assert box == [1]
    timer.join()


def test_atomic_blocks_keep_each_other_out() -> None:
    """Four threads of 500 increments in atomic blocks lose none, and a block may contain another."""
    box = [0]

    def count() -> None:
        for _ in range(500):
            with atomic():
                with atomic():
                    seen = box[0]
                box[0] = seen + 1

    threads = [threading.Thread(target=count) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert box == [2000]


def test_an_atomic_has_the_five_operations() -> None:
    cell = Atomic(5)
    assert cell.add(2) == 5
    assert cell.exchange(1) == 7
    assert not cell.compare_exchange(7, 9)
    assert cell.compare_exchange(1, 9)
    cell.store(3)
    assert (cell.load(), repr(cell)) == (3, "Atomic(3)")


def test_atomic_additions_are_not_lost() -> None:
    cell = Atomic()
    threads = [threading.Thread(target=lambda: [cell.add(1) for _ in range(500)]) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert cell.load() == 2000


def test_a_record_counts_and_is_freed_at_zero() -> None:
    """1, then 2, then 1, then 0 and freed; every access after that raises."""
    record = Record(refs=1, data=42)
    incref(record)
    assert record.refs == 2
    decref(record)
    assert not freed(record)
    record.data += 1
    assert repr(record) == "Record(refs=1, data=43)"
    decref(record)
    assert freed(record)
    assert repr(record).endswith("(freed)")
    for touch in (lambda: record.data, lambda: incref(record), lambda: decref(record), lambda: free(record)):
        with pytest.raises(UseAfterFree, match="was freed"):
            touch()
    with pytest.raises(UseAfterFree):
        record.data = 1


def test_a_record_has_the_fields_it_was_made_with() -> None:
    record = Record(data=1)
    assert record.refs == 1
    with pytest.raises(AttributeError, match="'Record' object has no attribute 'other'"):
        _ = record.other
    with pytest.raises(AttributeError):
        record.other = 1


def test_inside_names_the_threads_in_a_region_in_their_order() -> None:
    """Thread b enters first, then a, which was declared first; leaving takes a name out again, by exception too."""
    namespace = executed(
        "from lab.scenario import inside, region, thread\n"
        "def enter(name, body):\n    with region(name):\n        body()\n"
        "def present(name): return inside(name)\n"
        "@thread\ndef a(): pass\n@thread\ndef b(): pass\n"
    )
    enter, present = namespace["enter"], namespace["present"]
    seen = []

    def in_b() -> None:
        enter("critical", lambda: (in_a.start(), in_a.join()))

    in_a = threading.Thread(target=lambda: enter("critical", lambda: seen.append(present("critical"))), name="a")
    outer = threading.Thread(target=in_b, name="b")
    outer.start()
    outer.join()
    assert seen == [("a", "b")]
    with pytest.raises(ZeroDivisionError):
        enter("critical", lambda: 1 / 0)
    assert present("critical") == present("elsewhere") == ()


def test_a_region_belongs_to_the_module_that_enters_it() -> None:
    """Another module's region of the same name is another region."""
    other = executed("from lab.scenario import inside\ndef present(): return inside('r')\n")
    with region("r"):
        assert other["present"]() == ()
        assert inside("r") == ()  # the main thread is no thread of this module's


def test_wait_until_at_the_beginning_of_an_atomic_block_lets_others_have_theirs() -> None:
    """Else nobody could ever make the condition come true."""
    box: list[int] = []

    def waits() -> None:
        with atomic():
            wait_until(lambda: box)
            box.append(2)

    waiting = threading.Thread(target=waits, daemon=True)
    waiting.start()
    time.sleep(0.01)
    with atomic():
        box.append(1)
    waiting.join(5)
    assert box == [1, 2]
