"""Locks at accesses: the intersection over all states, against a walk that looks at one state after the other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

import lab
from lab.explorer.result import LockSet
from lab.language import parse
from lab.model.relation import Relation

HEAD = """
from threading import Lock, RLock
from lab.scenario import choose, thread

x = 0
y = 0
a = Lock()
b = RLock()
"""

STATEMENTS = (
    "x += 1",
    "y = x",
    "with a: x += 1",
    "with b: x += 1",
    "with a, b: y += 1",
    "with b, b: y = x",
    "if a.acquire(blocking=False): a.release()",
    "if choose(True, False): a.acquire()\n    x = 2\n    if a.locked(): a.release()",
)


def program(threads: list[list[str]], *, each: bool = False) -> str:
    """Return a file whose threads T0, T1, ... have these statements; with `each`, two threads T run the first ones."""
    text = HEAD
    for number, statements in enumerate(threads[:1] if each else threads):
        head = "@thread(each=range(2))\ndef T(i):" if each else f"@thread\ndef T{number}():"
        text += "\n\n" + head + "\n    global x, y\n" + "".join(f"    {line}\n" for line in statements)
    return text


def one_by_one(relation: Relation) -> dict[str, dict[tuple[str, int, str], frozenset[str]]]:
    """Return the locks held every time: by location, then by thread, line and kind; every state is looked at."""
    found: dict[str, dict[tuple[str, int, str], frozenset[str]]] = {}
    pending, seen = [relation.initial()], {relation.initial()}
    while pending:
        state = pending.pop()
        for number, thread in enumerate(relation.program.threads):
            held = frozenset(relation.locks_held(state, number))
            for step in relation.step(number, state.locals[number], state.shared.__getitem__):
                for access in step.accesses:
                    if not access.atomic:
                        by_access = found.setdefault(access.location, {})
                        key = (thread.name, access.line, access.kind)
                        by_access[key] = by_access.get(key, held) & held
                after = state.after(number, step)
                if after not in seen:
                    seen.add(after)
                    pending.append(after)
    return found


def as_found(locksets: tuple[LockSet, ...]) -> dict[str, dict[tuple[str, int, str], frozenset[str]]]:
    return {
        one.location: {(side.thread, side.line, side.kind): frozenset(side.locks) for side in one.accesses}
        for one in locksets
    }


@given(
    st.lists(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=3), min_size=2, max_size=3),
    st.booleans(),
    st.sampled_from(["access", "statement"]),
)
def test_lock_sets_are_those_of_every_state(threads: list[list[str]], each: bool, policy: str) -> None:
    """Whatever the policy, with and without folding by symmetry: those of policy `access`, of racy locations alone."""
    scenario = parse(program(threads, each=each))
    result = lab.explore(scenario, policy)
    every = one_by_one(lab.relation(scenario))
    racy = {race.location for race in result.races}
    assert as_found(result.locksets) == {location: every[location] for location in racy}
    for race in result.races:
        for side in race.accesses:
            assert frozenset(side.locks) == every[race.location][side.thread, side.line, side.kind]


@given(st.lists(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=3), min_size=2, max_size=3))
def test_no_lock_is_common_where_there_is_a_race(threads: list[list[str]]) -> None:
    """Two threads that hold one lock never stand side by side; so some access lacks the lock that most have."""
    for lockset in lab.explore(parse(program(threads))).locksets:
        assert not frozenset.intersection(*(frozenset(side.locks) for side in lockset.accesses))
        assert lockset.without
        assert lockset.lock is None or len(lockset.without) < len(lockset.accesses)


def test_a_lock_that_is_taken_on_one_path_only_is_not_held() -> None:
    """One line is reached with the lock and without it, in states that look alike to the thread."""
    text = program([["if choose(True, False): a.acquire()", "x = 1"], ["with a: x = 2"]])
    (lockset,) = lab.explore(parse(text)).locksets
    assert [(side.thread, side.locks) for side in lockset.accesses] == [("T0", ()), ("T1", ("a",))]


def test_the_access_that_breaks_the_lock_set_is_named() -> None:
    """Of three threads two hold `a` at x: it is the lock to hold, and the third one's read and write lack it."""
    text = program([["with a: x += 1"], ["x += 1"], ["with b, a: x += 1"]])
    (lockset,) = lab.explore(parse(text)).locksets
    assert lockset.lock == "a"
    assert [(side.thread, side.kind) for side in lockset.without] == [("T1", "read"), ("T1", "write")]


def test_an_access_that_does_not_race_counts_too() -> None:
    """T2 waits for the others: its write never stands beside another one, and is made without the lock."""
    text = program([["with a: x = 1", "y = 1"], ["x = 2", "b.acquire()"], ["wait_until(ready)", "x = 3"]])
    text = text.replace("import choose", "import choose, wait_until").replace("ready", "lambda: y == 1 and b.locked()")
    (lockset,) = lab.explore(parse(text.replace("b = RLock()", "b = Lock()"))).locksets
    assert [(side.thread, side.locks) for side in lockset.accesses] == [("T0", ("a",)), ("T1", ()), ("T2", ())]


def test_a_bound_leaves_the_accesses_seen_so_far() -> None:
    """Four states from the start nothing has raced yet, and nothing is said."""
    result = lab.explore(parse(program([["with a: x += 1"], ["y = 3", "y = 4", "x += 1"]])), max_states=4)
    assert (result.complete, result.locksets) == (False, ())
