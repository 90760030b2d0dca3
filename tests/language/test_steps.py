"""What one step is: each text's number of steps, counted by hand."""

from __future__ import annotations

import textwrap

import pytest

import lab
from lab.language import parse

TOP = """
from collections import deque
from threading import Lock, Semaphore
from types import SimpleNamespace
from lab.scenario import Atomic, Record, atomic, choose, decref, free, incref, region, thread, wait_until

N = 3
constant = 7
x = 0
y = 0
z = 0
fixed = [1, 2, 3]
flags = [False, False]
grown = [1, 2]
table = {"a": 1}
names = {"k": 1}
box = SimpleNamespace(changing=0, constant=1)
lock = Lock()
cell = Atomic(0)
record = Record(refs=1)


def set_all(v):
    global x, y, z
    x = v
    y = v
    z = v


def grow():
    flags[0] = True
    grown.append(1)
    table["b"] = 2
    box.changing = 1


"""


def steps(body: str, policy: str = "access") -> int:
    """Return the number of steps of a single thread with that body: its only schedule's length."""
    text = f"{TOP}@thread\ndef T():\n{textwrap.indent(body, '    ')}\n"
    return lab.explore(parse(text), policy).transitions


@pytest.mark.parametrize(
    ("body", "expected", "why"),
    [
        ("global x\nx += 1", 2, "a read and a write"),
        ("global x\nx = y + z", 3, "two reads and a write"),
        ("global x\nx = constant + N", 1, "names that no function rebinds are constants"),
        ("a = constant", 0, "nothing shared is touched"),
        ("return x", 1, "returning costs nothing"),
        ("global x, y\nx, y = y, x", 4, "two reads, two writes"),
        ("a = x < y < z", 2, "0 < 0 is false, so z is not read"),
        ("a = x or y or z", 3, "all are zero"),
        ("a = x and y", 1, "zero is false"),
        ("with lock:\n    pass", 2, "acquire and release"),
        ("with lock:\n    a = x", 3, "acquire, read, release"),
        ("lock.acquire()\nlock.release()", 2, "each operation is one"),
        ("a = cell.add(1) + cell.load()", 2, "each operation of an Atomic is one"),
        ("a = fixed[0] + fixed[1] + len(fixed)", 0, "a container that no function may change is a constant"),
        ("for v in fixed:\n    pass", 0, "iterating a constant is local"),
        ("a = flags[0]", 1, "an element of a list that may change"),
        ("a = len(flags)", 1, "the length of a list that may change"),
        ("flags[0] = flags[1]", 2, "one element read, one written"),
        ("for v in flags:\n    pass", 3, "one per element, one that finds the end"),
        ("a, b = grown", 3, "two elements and the end"),
        ("a = sum(grown)", 3, "two elements and the end"),
        ("a = any(grown)", 1, "the first element is true"),
        ("a = all(grown)", 3, "all are true, then the end"),
        ("a = list(grown)", 1, "a copy"),
        ("a = grown[:]", 1, "a slice"),
        ("a = 1 in grown", 1, "membership"),
        ("if grown:\n    pass", 1, "a truth test"),
        ("grown.append(5)", 1, "a method call"),
        ("a = table['a']", 1, "a subscript of a dict"),
        ("table['a'] += 1", 2, "a read and a write"),
        ("a = names['k']", 0, "a dict that no function changes"),
        ("a = box.changing + box.constant", 1, "an attribute name that no function assigns is a constant"),
        ("box.changing += 1", 2, "a read and a write"),
        ("a = choose(1, 1)", 2, "one step with two results: two transitions"),
        ("wait_until(lambda: x == 0 and y == 0)", 1, "all of it at once"),
        ("with atomic():\n    set_all(3)", 1, "a block is one step"),
        ("with atomic():\n    pass", 0, "a block that touches nothing is local work"),
        ("with region('r'):\n    pass", 1, "leaving is a step, entering is not"),
        ("with region('r'):\n    a = x", 2, "the read and leaving"),
        ("incref(record)", 2, "load and store"),
        ("decref(record)", 3, "load, store, and free because it stored 0"),
        ("incref(record)\ndecref(record)", 4, "load and store, twice"),
        ("free(record)", 1, "freeing"),
        ("set_all(1)", 3, "a helper's steps are its caller's"),
        ("print(x, y)", 3, "two reads and the print"),
        ("print()", 1, "print is one step"),
        ("global x\nx += [1] if False else 1", 2, "a conditional expression is local"),
        ("global x\nx = y if z else 5", 2, "z is zero: read z, write x"),
        ("for i in range(3):\n    set_all(i)", 9, "three writes, three times"),
        ("while x < 2:\n    set_all(x + 1)", 11, "x: 3 tests; 2 rounds of a read and three writes"),
        ("try:\n    a = x\nfinally:\n    b = y", 2, "the finally is a step like any other"),
        ("return x\na = y", 1, "what follows a return is never reached"),
        ("import_ = 1\ndel table['a']", 1, "deleting an entry"),
    ],
)
def test_a_text_has_so_many_steps(body: str, expected: int, why: str) -> None:
    """The number of transitions of a single thread, as `why` counts it."""
    assert steps(body) == expected, why


@pytest.mark.parametrize(
    ("body", "expected", "why"),
    [
        ("global x, y\nx += 1\ny = x", 2, "two statements"),
        ("set_all(1)", 1, "what a helper does belongs to the call"),
        ("if x == 0:\n    set_all(1)", 2, "the test and the call"),
        ("with lock:\n    set_all(1)", 3, "the acquire, the call, the release"),
        ("for v in flags:\n    pass", 3, "each advance is its own"),
        ("while x < 2:\n    set_all(x + 1)", 5, "three tests and two calls"),
        ("global x\nx = x + y + z", 1, "one statement"),
        ("a = sum(flags)", 3, "the loop inside visits one instruction again for each element"),
    ],
)
def test_under_policy_statement_a_step_is_one_execution_of_a_statement(body: str, expected: int, why: str) -> None:
    """The number of transitions of a single thread under policy `statement`."""
    assert steps(body, "statement") == expected, why


def pair(first: str, second: str, top: str = "") -> str:
    """Return a scenario of two threads."""
    threads = "".join(
        f"@thread\ndef T{number}():\n{textwrap.indent(body, '    ')}\n\n\n"
        for number, body in ((1, first), (2, second))
    )
    return f"{TOP}{top}{threads}"


def test_two_increments_have_12_states_14_transitions_and_6_interleavings() -> None:
    """Progress (i, j) from 0 to 2 gives 9 pairs; the value read splits (1, 2), (2, 1) and the end: 12 in all."""
    result = lab.explore(parse(pair("global x\nx += 1", "global x\nx += 1")))
    assert (result.states, result.transitions, result.schedules) == (12, 14, 6)
    assert {outcome.shared["x"]: outcome.schedules for outcome in result.outcomes} == {1: 4, 2: 2}


def test_dead_locals_do_not_tell_states_apart() -> None:
    """T1 reads x (0 or 1) into a local it never uses: 2 x 2 states; with a use there is one more."""
    unused = lab.explore(parse(pair("a = x", "global x\nx = 1")))
    used = lab.explore(parse(pair("a = x\nreturn a", "global x\nx = 1")))
    assert (unused.states, used.states) == (4, 5)


def test_state_identity_is_type_and_value() -> None:
    """x is 1, True or 1.0 after the choice: three ends, though Python calls them equal."""
    text = f"{TOP}@thread\ndef T():\n    global x\n    x = choose(1, True, 1.0)\n"
    result = lab.explore(parse(text))
    assert [repr(outcome.shared["x"]) for outcome in result.outcomes] == ["1", "True", "1.0"]


def test_an_unreachable_write_makes_a_variable_shared() -> None:
    """The text alone decides: reading x is a step because a function that nobody calls assigns it."""
    text = """
from lab.scenario import thread
x = 0


def never():
    global x
    x = 1


@thread
def T():
    return x
"""
    assert lab.explore(parse(text)).transitions == 1


def test_a_path_through_a_local_may_reach_any_container_of_the_type() -> None:
    """`fixed` is constant until some function writes an element through a local."""
    body = "a = fixed[0]"
    through_local = "target = flags\ntarget[0] = True"
    alone = lab.explore(parse(pair(body, "pass"))).transitions
    both = lab.explore(parse(pair(body, through_local))).transitions
    assert (alone, both) == (0, 4)  # 2 x 2 states joined by 4 steps


def test_a_blocked_operation_is_not_enabled_and_a_deadlock_says_who_waits_for_what() -> None:
    """Whoever takes the lock ends without giving it back, so the other waits for ever."""
    result = lab.explore(parse(pair("lock.acquire()", "lock.acquire()")))
    assert [outcome.status for outcome in result.outcomes] == ["deadlock", "deadlock"]
    assert result.outcomes[0].waiting["T2"]["held_by"] == ["T1"]
    assert result.outcomes[0].waiting["T2"]["for"] == "lock"


def test_a_thread_in_front_of_a_regions_first_access_is_inside() -> None:
    """Entering a region costs no step, so both threads are inside at the start."""
    text = """
from lab.scenario import always, inside, region, thread
x = 0


@thread(each=range(2))
def T(i):
    global x
    with region("r"):
        x = i


@always
def alone():
    return len(inside("r")) < 2
"""
    result = lab.explore(parse(text))
    assert result.properties[0].verdict == "violated"
    assert result.properties[0].witness == ()


def test_a_later_operation_of_an_atomic_block_must_not_block() -> None:
    """The second acquire inside the block waits for ever: an error of the scenario, with its line."""
    text = pair("with atomic():\n    a = x\n    lock.acquire()\n    lock.acquire()", "pass")
    with pytest.raises(lab.ScenarioError, match="blocks after its first operation") as error:
        lab.explore(parse(text))
    assert error.value.line == text.splitlines().index("        lock.acquire()") + 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("i = 0\nwhile True:\n    i += 1", "local work"),
        ("a = 'x'\nwhile True:\n    a = a + a", "megabyte"),
        ("a = (1,)\nwhile True:\n    a = (a, a)", "million elements"),
        ("a = 10 ** 10\na = 10 ** a", "4,000 digits"),
        ("a = 1 << 10 ** 10", "4,000 digits"),
        ("a = 1e308 * 10", "finite"),
        ("a = -0.0", "no sign"),
        ("return x is 0", "is"),
        ("while True:\n    table['c'] = [1]", "shares more than 32 objects of class list"),
        ("a = Lock()\na.acquire()\na.acquire()", "what only this thread knows is waited for"),
        ("a = []\na.append(a)\nreturn str(a)", "a container holds itself"),
        ("for v in {1, 2}:\n    pass", "order is not defined"),
        ("a = grown\na -= [1]", "arithmetic on a whole list"),
    ],
)
def test_leaving_the_language_while_exploring_is_one_error_with_a_line(body: str, words: str) -> None:
    """Some mistakes show only in values; they end the exploration with a sentence and a position."""
    with pytest.raises(lab.ScenarioError, match=words) as error:
        lab.explore(parse(f"{TOP}@thread\ndef T():\n    x_now = x\n{textwrap.indent(body, '    ')}\n"))
    assert error.value.line > TOP.count("\n")


@pytest.mark.parametrize(
    ("body", "reads_length"), [("a = grown[7]", True), ("a = grown[-1]", True), ("a = grown[0]", False)]
)
def test_an_index_from_the_end_or_out_of_range_reads_the_length(body: str, reads_length: bool) -> None:
    """Such a subscript races with an append, which writes the length; a plain one does not."""
    races = lab.explore(parse(pair(body, "grown.append(1)"))).races
    assert ("len(grown)" in {race.location for race in races}) == reads_length


def test_equal_keys_are_one_location() -> None:
    """`d[1]` and `d[True]` are one entry, so the two writes race."""
    text = """
from lab.scenario import thread
d = {}


@thread
def T1():
    d[1] = 1


@thread
def T2():
    d[True] = 2
"""
    assert "d[1]" in {race.location for race in lab.explore(parse(text)).races}
