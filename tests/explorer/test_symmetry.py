"""Threads that may be swapped: the proof, the folding, and results that must not depend on it."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from math import factorial
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lab
from lab.explorer import explore
from lab.explorer.result import Result
from lab.explorer.states.packing import Packing
from lab.explorer.symmetry.interchangeable import Interchangeable
from lab.explorer.symmetry.orbits import Orbits, twins
from lab.language import parse
from lab.model.policies import policy_named
from lab.model.relation import Relation
from lab.model.symmetry import families
from lab.model.trace import replay

HEAD = "from lab.scenario import thread\nimport threading\nfrom types import SimpleNamespace\nx = 0\na = [0] * 3\n"
EACH = "@thread(each=range(3))\ndef T(i):\n    global x\n"


def found(body: str, before: str = HEAD, after: str = "") -> list[tuple[tuple[int, ...], int]]:
    """Return the families of a scenario whose thread has this body: their threads and how many roles they own."""
    lines = "".join(f"    {line}\n" for line in body.split("\n"))
    program = parse(before + EACH + lines + after)
    return [(family.threads, len(family.own)) for family in families(program)]


SWAPPED = {
    "the index is not used": "x += 1",
    "each has an element of its own": "a[i] += x",
    "a helper gets the index": "bump(i)",
    "a lock": "with lock:\n    x += 1",
    "a container that all share": "b.append(x)",
}

APART = {
    "the index is stored": "x = i",
    "the index is part of a sum": "x += i",
    "a neighbour's element": "a[(i + 1) % 3] += 1",
    "the index decides": "if i == 0:\n    x += 1",
    "somebody walks over the list": "a[i] = 1\nfor v in a:\n    x += v",
    "somebody reads a fixed element": "a[i] = 1\nx = a[0]",
    "the index is returned": "return i",
    "the index is printed": "print(i)",
    "the index chooses a constant": "x = ('p', 'q', 'r')[i]",
    "the elements start differently": "c[i] += 1",
    "the list can be reached elsewhere": "d[i] += 1",
    "objects made in the thread are shared": "b.append([x])",
    "the index's register is used again": "a[i] = 1\ni = 0\na[i] = 2",
}

MORE = (
    HEAD + "lock = threading.Lock()\nb = []\nc = [0, 1, 2]\nd = [0, 0, 0]\nholder = SimpleNamespace(inner=d)\n"
    "def bump(k):\n    a[k] += 1\n"
)


@pytest.mark.parametrize("body", SWAPPED.values(), ids=SWAPPED)
def test_threads_that_may_be_swapped(body: str) -> None:
    assert [threads for threads, _ in found(body, MORE)] == [(0, 1, 2)]


@pytest.mark.parametrize("body", APART.values(), ids=APART)
def test_threads_that_differ(body: str) -> None:
    assert found(body, MORE) == []


def test_another_thread_that_reads_an_own_element_keeps_them_apart() -> None:
    assert found("a[i] = 1", MORE, "@thread\ndef U():\n    return a[1]\n") == []


def test_threads_with_the_same_text_but_other_lines_are_not_swapped() -> None:
    source = HEAD + "@thread\ndef T():\n    global x\n    x += 1\n@thread\ndef U():\n    global x\n    x += 1\n"
    assert families(parse(source)) == ()


def orbits_of(body: str) -> tuple[Interchangeable, Packing, Orbits]:
    program = parse(MORE + EACH + "".join(f"    {line}\n" for line in body.split("\n")))
    proved = families(program)
    relation = Interchangeable(Relation(program, policy_named("access")), proved)
    packing = Packing(relation.initial(), twins=twins(program, proved))
    return relation, packing, Orbits(packing, program, proved)


def permuted(relation: Interchangeable, packing: Packing, words: list[int], order: tuple[int, ...]) -> list[int]:
    """Return the key of the state in which thread k does what thread `order[k]` did, worked out by hand for 3 threads.

    Elements of `a` belong to the threads; `lock` names its holder.
    """
    state = packing.decode(words)
    names = [component.name for component in relation.program.components]
    shared = list(state.shared)
    for place, source in enumerate(order):
        if f"a[{place}]" in names:
            shared[names.index(f"a[{place}]")] = state.shared[names.index(f"a[{source}]")]
    if "lock" in names and state.shared[names.index("lock")] is not None:
        shared[names.index("lock")] = order.index(state.shared[names.index("lock")])
    locals_ = tuple(state.locals[source] for source in order)
    found: list[int] = packing.encode(state._replace(locals=locals_, shared=tuple(shared)))[:, 0].tolist()
    return found


@pytest.mark.parametrize(
    "body", ["with lock:\n    x += 1", "a[i] += 1\nx = a[i]", "with lock:\n    a[i] += 2\na[i] += x"]
)
def test_every_image_of_a_state_has_one_representative(body: str) -> None:
    """A walk over all states, image by image, against the permutations applied to decoded states."""
    relation, packing, orbits = orbits_of(body)
    seen, todo = set(), [relation.initial()]
    while todo:
        state = todo.pop()
        key = packing.encode(state)
        while packing.overflowing:
            packing.relayout()
            seen.clear()
            key = packing.encode(state)
        if state in seen:
            continue
        seen.add(state)
        orbits.fold(key)  # gives the holders of a lock their numbers
        while packing.overflowing:
            packing.relayout()
            key = packing.encode(state)
        words = key[:, 0].tolist()
        images = {tuple(permuted(relation, packing, words, order)) for order in permutations(range(3))}
        folded = orbits.fold(np.array(sorted(images), np.int64).T)
        assert (folded == folded[:, :1]).all()
        assert tuple(folded[:, 0].tolist()) in images
        assert orbits.sizes(folded).tolist() == [len(images)] * len(images)
        assert {tuple(image) for image in orbits.images(folded[:, 0].tolist())} == images
        for thread in range(3):
            steps = relation.step(thread, state.locals[thread], state.shared.__getitem__)
            todo.extend(state.after(thread, step) for step in steps)
    assert len(seen) > 20


STATEMENTS = (
    "x += 1",
    "y = x",
    "a[i] += 1",
    "a[i] = x",
    "with lock:\n        x += 1",
    "b.append(x)",
    "x = choose(0, 1)",
    "with region('r'):\n        y += 1",
    "if x == 1:\n        y += 1",
    "assert x < 2",
    "lock.acquire()",
    "return x",
    "print(x)",
)

PROPERTIES = (
    "@always\ndef p():\n    return len(inside('r')) <= 1\n",
    "@always\ndef p():\n    return 'T[1]' not in inside('r')\n",
    "@final\ndef p():\n    return x == 2\n",
    "@final\ndef p():\n    return a[0] <= a[1]\n",
    "@final\ndef p():\n    return sum(a) < 2\n",
    "@sometimes\ndef p():\n    return y == 2 and not lock.locked()\n",
    "",
)

SOURCE = """from lab.scenario import always, choose, final, inside, region, sometimes, thread
import threading
x = y = 0
a = [0] * 3
b = []
lock = threading.Lock()
@thread(each=range({threads}))
def T(i):
    global x, y
    {body}
{more}
{prop}
"""

MORE_THREADS = (
    "",
    "@thread(each=('p', 'q'))\ndef U(i):\n    global x\n    x += 1\n",
    "@thread\ndef V():\n    global y\n    y = x\n",
)


def same_but_for_witnesses(one: Result, other: Result) -> None:
    """Compare everything but the witnesses that may be other ones, and the locks of the state a race was met in.

    A witness may be another one as short where the search for fewer preemptions gave up.
    """

    def bare(found: Any) -> Any:
        return replace(found, witness=None, witness_preemptions=0, witness_proven=False)

    for here, there in (
        (sorted(one.outcomes, key=lambda it: repr(bare(it))), sorted(other.outcomes, key=lambda it: repr(bare(it)))),
        (one.properties, other.properties),
    ):
        assert list(map(bare, here)) == list(map(bare, there))
        for mine, yours in zip(here, there, strict=True):
            if mine.witness_proven and yours.witness_proven:
                assert (mine.witness, mine.witness_preemptions) == (yours.witness, yours.witness_preemptions)
            else:
                assert len(mine.witness or ()) == len(yours.witness or ())

    assert replace(one, outcomes=(), properties=()) == replace(other, outcomes=(), properties=())


@given(
    st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=3),
    st.sampled_from([(3, ""), *((2, more) for more in MORE_THREADS)]),
    st.sampled_from(PROPERTIES),
    st.sampled_from(["access", "statement"]),
)
def test_results_do_not_depend_on_symmetry(body: list[str], threads: tuple[int, str], prop: str, policy: str) -> None:
    source = SOURCE.format(threads=threads[0], body="\n    ".join(body), more=threads[1], prop=prop)
    relation = Relation(parse(source), policy_named(policy))
    folded, plain = explore(relation), explore(relation, symmetry=False)
    same_but_for_witnesses(folded, plain)
    for outcome in folded.outcomes:
        trace = replay(relation, outcome.witness)
        assert trace.status == outcome.status
        assert not trace.events or trace.events[-1].shared == outcome.shared


def test_four_threads_of_six_increments() -> None:
    """48 steps in any order of 12 each: 48! / 12!**4 interleavings, and the states counted without symmetry for less.

    2 threads x 6 and 3 x 4 are small enough to count all of their states.
    """
    result = lab.explore(lab.load("lost_update/race", {"THREADS": 4, "ROUNDS": 3}))
    assert result.schedules == factorial(24) // factorial(6) ** 4


@pytest.mark.parametrize(
    "prop",
    [f"@always\ndef p():\n    return 'T[{k}]' not in inside('r')\n" for k in range(3)]
    + [f"@final\ndef p():\n    return a[{k}] != 1\n" for k in range(3)],
)
def test_a_property_that_names_a_thread_is_judged_without_symmetry(prop: str) -> None:
    source = SOURCE.format(threads=3, body="with region('r'):\n        a[i] = x\n    x += 1", more="", prop=prop)
    relation = Relation(parse(source), policy_named("access"))
    folded = explore(relation)
    assert folded.properties[0].verdict == "violated"
    same_but_for_witnesses(folded, explore(relation, symmetry=False))
