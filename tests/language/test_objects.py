"""Objects that a thread makes mean what Python means, and cost no step until a reference to them is shared."""

from __future__ import annotations

import pytest

import lab
from lab.language import parse
from lab.model.policies import POLICIES
from lab.model.relation import Relation
from lab.model.store import Store, renamed
from lab.model.values import Cursor, Ref
from tests.language import test_meaning
from tests.language.test_steps import steps

SNIPPETS = """
a = [1]
b = a
b.append(2)
return a, b is a, a is not [1, 2], a == [1, 2]

a = []
for n in numbers:
    a.append(n)
    a.insert(0, -n)
return a, a.pop(), a.pop(0), len(a), a.index(1)

a = [[0] * 2 for _ in range(2)]
a[0][1] = 5
a[1] = a[0]
a[1][0] = 7
return a

a = [[0]] * 2
a[0].append(1)
return a, a[0] is a[1]

d = {}
for c in 'hello':
    d[c] = d.get(c, 0) + 1
del d['h']
d.setdefault('z', []).append(3)
return d, sorted(d), 'h' in d, d.pop('e'), len(d)

s = set()
for n in numbers:
    s.add(n % 2)
s.discard(9)
merged, common = {1, 2} | {3}, {1, 2} & {2, 3}
return sorted(s), s == {0, 1}, merged == {1, 2, 3}, common == {2}, {1, 2} - {2} == {1}, {1} ^ {2} == {1, 2}

q = deque()
q.append(1)
q.appendleft(0)
q.rotate(1)
return q, q.popleft(), list(q), deque([1, 2])[1]

o = SimpleNamespace(v=1, items=[])
o.v += 1
o.new = o
o.items.append(o.v)
del o.v
return o.items, o.new is o

o = SimpleNamespace(v=1)
return o.w

o = SimpleNamespace(v=1)
del o.w

box.value = [1, 2]
box.value.append(3)
return box.value

global numbers
numbers = [n + 1 for n in numbers]
numbers.append(0)
return numbers

a = [1]
grid.append(a)
a.append(2)
grid[-1].append(3)
return a, grid

a = [1]
b = [a, a]
ages['b'] = b
a.append(2)
return ages['b'][0] is ages['b'][1], b[0], ages

a = SimpleNamespace(next=None)
b = SimpleNamespace(next=a)
a.next = b
box.value = a
same = box.value.next.next is a, box.value is a, b.next is a
box.value = None
return same

def_list = numbers
def_list = def_list + [5]
return def_list, numbers, [1] + [2] * 2, (1,) + (2,)

a = [3, 1]
a += [2]
a.sort()
a.reverse()
return a, a[1:], a[:1] + a[2:], a[::-1]

a = [1]
a += (2, 3)
a.extend(range(2))
a.extend(numbers)
numbers.extend(a)
return a, numbers

a = [1, 2, 3]
a[0], a[1] = a[1], a[0]
a[a[0]] = 9
return a

a = [1, 2, 3]
for n in a:
    if n < 3:
        a.append(n + 2)
return a

d = {'a': 1}
for k in d:
    d[k + 'b'] = 1

a = [1, 2]
return [1, [2, 'x']] == [1, [2, 'x']], [a] == [[1, 2]], {'k': [1]} == {'k': [1]}, {'a': 1, 'b': 2} == {'b': 2, 'a': 1}

return [1, [2]] < [1, [3]], ([1], 2) == ([1], 2), [1] != (1,), [] == (), not [], bool([0]), [1] is [1]

return str([1, [2, 'x'], {'a': (1,)}]), f'{[1.5, None]}', str(deque([1]))

a = [1]
box.value = a
box.value += [2]
return a

a = [1, 2]
b = a.copy()
c = list(a)
a.clear()
return a, b, c

return [].pop()

return [1].remove(2)

return {}['k']

return [1][1]

a = [0]
a[1] = 1

own = Lock()
with own:
    held = own.locked()
own.acquire()
return held, own.locked(), own.acquire(False), RLock().acquire()

own = Semaphore(2)
return own.acquire(), own.acquire(), own.acquire(blocking=False), Semaphore().acquire()

own = Semaphore(-1)

own = Lock()
own.release()

box.value = Lock()
with box.value:
    pass
free = box.value.locked()
box.value = 0
return free

c = Atomic(5)
d = Atomic()
return c.add(2), c.load(), d.exchange(1), d.load(), c.compare_exchange(7, 1)

def_result = []
while len(def_result) < 3:
    def_result.append(def_result.copy())
return def_result

try:
    a = [1]
    a.append(1 // 0)
except ZeroDivisionError:
    a.append(2)
return a

keys = {(1, 2): 'a', (3, 4): 'b'}
return keys[(1, 2)], (3, 4) in keys, sorted(keys)

rows = [SimpleNamespace(n=n) for n in numbers]
return [row.n for row in sorted(rows, key=lambda row: row.n)], max(rows, key=lambda row: row.n).n
""".strip().split("\n\n")


@pytest.mark.parametrize("body", SNIPPETS)
def test_an_object_means_what_python_means(body: str) -> None:
    """One thread has one schedule, whose outcome is what Python computes."""
    test_meaning.test_the_model_does_what_python_does(body)


@pytest.mark.parametrize(
    ("body", "expected", "why"),
    [
        ("a = []\na.append(1)\nb = len(a)", 0, "what is private is local work"),
        ("a = [x]\na.append(y)", 2, "only the variables are shared"),
        ("a = []\nfor v in grown:\n    a.append(v)", 3, "two elements and the end"),
        ("a = []\na.extend(grown)", 1, "the shared list is read as a whole"),
        ("a = [1]\nb = a + grown", 1, "so does a sum"),
        ("a = [1]\ngrown.append(a)\na.append(2)", 2, "the append shares the list, so that the next is a step"),
        ("a = [1]\nb = [a]\ngrown.append(b)\na.append(2)", 2, "what it refers to is shared with it"),
        ("a = [1]\na.append(2)\ngrown.append(len(a))", 1, "a number shares nothing"),
        ("o = SimpleNamespace(changing=1)\no.changing += 1", 0, "private"),
        (
            "o = SimpleNamespace(changing=1, fixed=2)\nbox.changing = o\na = o.changing + o.fixed",
            2,
            "fixed never changes",
        ),
        ("own = Lock()\nwith own:\n    pass", 0, "a private lock is local work"),
        ("own = Lock()\nbox.changing = own\nwith own:\n    pass", 3, "a shared one is not"),
        ("a = [x]\nreturn a", 1, "returning costs nothing"),
    ],
)
def test_steps(body: str, expected: int, why: str) -> None:
    """The steps around private and shared objects, counted by hand."""
    assert steps(body) == expected, why


PUSHES = """
from types import SimpleNamespace
from lab.scenario import thread
head = None
@thread(each=range(2))
def T(i):
    global head
    head = SimpleNamespace(value=i, next=head)
"""


def test_two_pushes_without_a_lock() -> None:
    """Two threads each read the head and write it: 6 schedules, in 4 of which one push is lost.

    Read, read, write, write in either order of the reads and of the writes: 4 of the 6 schedules leave a list of one
    element; in the 2 serial ones it has two.
    """
    result = lab.explore(parse(PUSHES))
    lost = sum(
        int(outcome.schedules) for outcome in result.outcomes if outcome.shared["head"]["fields"]["next"] is None
    )
    assert (int(result.schedules), lost) == (6, 4)
    assert {race.location for race in result.races} == {"head"}


def test_the_location_of_a_shared_object_names_its_maker() -> None:
    """T1's list is shared and then changed by both threads: locations begin with its class, its maker and a number."""
    text = """
from lab.scenario import thread
box = [None]
@thread
def T1():
    mine = [0]
    box[0] = mine
    mine[0] += 1
@thread
def T2():
    theirs = box[0]
    if theirs is not None:
        theirs[0] += 1
"""
    result = lab.explore(parse(text))
    assert {race.location for race in result.races} == {"box[0]", "list#T1.1[0]"}
    assert {outcome.shared["box"][0][0] for outcome in result.outcomes} == {1, 2}


def test_garbage_and_the_order_of_making_do_not_tell_states_apart() -> None:
    """Three lists are made, in an order that depends on a choice, and one is kept: 1 start, 2 choices, then one end.

    Both choices lead to the same local state, since only the list that is kept is part of it.
    """
    text = """
from lab.scenario import choose, thread
x = 0
@thread
def T():
    global x
    if choose(True, False):
        a = []
        b = [1]
    else:
        b = [1]
        a = [2]
        a = []
    x = 1
    return a, b
"""
    result = lab.explore(parse(text))
    assert (result.states, result.transitions, len(result.outcomes)) == (3, 3, 1)


def test_a_thread_that_shares_no_more_forgets_how_many_it_has_shared() -> None:
    """The count is part of the local state only while an object can still be made."""
    program = parse(PUSHES)
    relation = Relation(program, POLICIES["access"])
    state = relation.initial()
    for _ in range(2):
        [(_, state)] = relation.steps(state, 0)
    assert state.locals[0].published == ()
    assert [component.name for component in program.components] == [
        "head",
        "SimpleNamespace#T[0].1",
        "SimpleNamespace#T[1].1",
    ]


def test_a_program_that_shares_no_object_has_no_place_for_one() -> None:
    """A list that only its thread uses sets no component aside, whatever is done with it."""
    text = """
from lab.scenario import thread
x = 0
@thread
def T():
    global x
    rows = [[n] for n in range(3)]
    rows.append(rows[0] + [1])
    x = len(rows[0]) + len(rows)
    return rows
"""
    assert [component.name for component in parse(text).components] == ["x"]


def test_the_store_renumbers_by_reach() -> None:
    """Objects are numbered in the order in which the values reach them; a cycle ends; iterators are followed."""
    store = Store()
    first, second = store.make("list", ()), store.make("list", ())
    store.contents[first.number] = (second, first)
    values, objects = store.compact((Cursor(second, "", 0, None), first))
    assert values == (Cursor(Ref(-1, "list"), "", 0, None), Ref(-2, "list"))
    assert objects == ((), (Ref(-1, "list"), Ref(-2, "list")))
    assert renamed((1, "a"), {}) == (1, "a")
