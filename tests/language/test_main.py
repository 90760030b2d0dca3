"""Programs that start their threads themselves mean what `threading` means.

Each snippet is the body of a `@main` function. The file is explored, and really runs: every line delayed at random,
until every explored outcome that ends has happened, and no other does.
"""

from __future__ import annotations

import random
import textwrap
from typing import Any

import pytest

import lab
from lab.errors import ScenarioError, UsageError
from lab.explorer.findings.ends import plain_identity
from lab.language import parse
from lab.model.objects.loop import Turns
from lab.model.policies import POLICIES
from lab.model.relation import Relation
from lab.model.stored import as_data, from_data
from lab.model.values import Gate
from lab.verify import free_run
from tests.explorer.test_traces import agrees
from tests.language.test_real_threads import really, shown

TOP = """
import threading
from queue import Queue
from threading import Barrier, Event, Lock, Thread
from lab.scenario import always, eventually, final, inside, main, region

x = 0
items = []
threads = []
lock = Lock()
ready = Event()
pair = Barrier(2)
q = Queue()


class Account:
    def __init__(self, balance=0):
        self.balance = balance

    def deposit(self, amount, times=1):
        for _ in range(times):
            self.balance += amount


class Saying:
    def __init__(self, word):
        self.word = word

    def __call__(self, times):
        items.append(self.word * times)


account = Account()


def nothing():
    pass


def add(n=1):
    global x
    x += n


def put(*values):
    pass


def append(item, into=items):
    into.append(item)
    return item


def fail(text):
    raise ValueError(text)


def locked():
    global x
    with lock:
        x += 1


def wait():
    ready.wait()
    items.append(x)


def parent(n):
    child = Thread(target=append, args=(n,))
    child.start()
    child.join()
    append(-n)


def daemon_of():
    child = Thread(target=nothing)
    items.append(child.daemon)


def join_itself():
    try:
        threads[0].join()
    except RuntimeError as error:
        return str(error)


"""
TOP = TOP.replace("def put(*values):\n    pass\n\n\n", "")

ONE_OUTCOME = """
return x

t = Thread(target=add)
return t.is_alive(), t.daemon, x

t = threading.Thread(target=add)
t.start()
t.join()
return x, t.is_alive()

t = Thread(target=nothing)
t.start()
t.join()
t.join()
return t.is_alive(), t.join()

t = Thread(target=add, args=(5,))
t.start()
t.join()
return x

t = Thread(target=add, args=[3])
t.start()
t.join(5)
t.join()
return x

t = Thread(target=append, kwargs={"into": items, "item": 7})
t.start()
t.join(timeout=None)

t = Thread(target=append, args=(1,), kwargs={"into": threads}, name="worker")
t.start()
t.join()
return threads, items

t = Thread(target=add)
t.join()

t = Thread(target=add)
try:
    t.join(0.01)
except RuntimeError as error:
    return str(error), x

t = Thread(target=add)
t.start()
t.join()
try:
    t.start()
except RuntimeError as error:
    return str(error), x

t = Thread(target=fail, args=("early",))
t.start()
t.join()
return t.is_alive()

Thread(target=fail, args=("unseen",)).start()

t = Thread(target=nothing)
t.daemon = True
before = t.daemon
t.daemon = False
return before, t.daemon

t = Thread(target=nothing, daemon=False)
t.start()
t.join()
try:
    t.daemon = True
except RuntimeError as error:
    return str(error), t.daemon

ts = [Thread(target=locked) for _ in range(3)]
for t in ts:
    t.start()
for t in ts:
    t.join()
return x, [t.is_alive() for t in ts]

for i in range(3):
    t = Thread(target=append, args=(i,))
    t.start()
    t.join()
return items

ts = []
for name in ("a", "b"):
    ts.append(Thread(target=append, args=(name, items), name=name))
for t in ts:
    t.start()
    t.join()
return len(ts)

own = []
t = Thread(target=append, args=(1, own))
own.append(0)
t.start()
t.join()
own.append(2)
return own

limit = 3
own = []
t = Thread(target=lambda: own.append(limit))
limit = 4
t.start()
t.join()
return own

def inner(n):
    nonlocal total
    total += n
total = 1
t = Thread(target=inner, args=(2,))
t.start()
t.join()
return total

t = Thread(target=account.deposit, args=(5,), kwargs={"times": 2})
t.start()
t.join()
return account.balance

say = Saying("a")
t = Thread(target=say, args=(3,), name="say")
t.start()
t.join()

one = Account(3)
t = Thread(target=one.deposit, args=(4,))
t.start()
t.join()
return one.balance

t = Thread(target=parent, args=(1,))
t.start()
t.join()
return items

t = Thread(target=daemon_of, daemon=True)
t.start()
t.join()
return items

t = Thread(target=daemon_of)
t.start()
t.join()
return items

threads.append(Thread(target=add))
threads[0].start()
threads[0].join()
return x

t = Thread(target=join_itself)
threads.append(t)
t.start()
t.join()

by_name = {"a": Thread(target=add), "b": Thread(target=add, args=(2,))}
for t in by_name.values():
    t.start()
    t.join()
return x

t, u = Thread(target=append, args=(1,)), Thread(target=append, args=(2,))
t.start()
t.join()
u.start()
u.join()
return t is u, t == t, items

t = None
if x == 0:
    t = Thread(target=add)
t.start()
t.join()
return x

while len(threads) < 2:
    t = Thread(target=add)
    threads.append(t)
    t.start()
    t.join()
return x

t = Thread(target=wait)
t.start()
ready.set()
t.join()
return items

with region("main"):
    t = Thread(target=add)
    t.start()
    t.join()

raise ValueError("in main")

t = Thread(target=add)
t.start()
t.join()
raise ValueError("in main, after its thread")

t = Thread(target=append, args=("a",), name="same")
u = Thread(target=append, args=("b",), name="same")
t.start()
t.join()
u.start()
u.join()
""".strip().split("\n\n")

SEVERAL = """
t = Thread(target=add)
t.start()
return x

t = Thread(target=add)
t.start()
add()
t.join()
return x

t, u = Thread(target=add), Thread(target=add, args=(2,))
t.start()
t.join()
u.start()
add(4)
u.join()

t = Thread(target=add)
t.start()
t.join(0.002)
return x

t = Thread(target=add)
t.start()
return t.is_alive()

t = Thread(target=append, args=(1,))
t.start()
return t.is_alive(), t.is_alive(), len(items)

t = Thread(target=append, args=(1,))
t.start()
t.join(0.002)
return t.is_alive()

t = Thread(target=add, args=(1,), daemon=True)
t.start()

t = Thread(target=wait, daemon=True)
t.start()
items.append("main")

t = Thread(target=add)
t.start()
try:
    t.start()
except RuntimeError as error:
    return str(error), x

t = Thread(target=wait)
t.start()
add()
ready.set()
add()
t.join()

t = Thread(target=fail, args=("seen",))
t.start()
append(0)
raise ValueError("main")

own = []
t = Thread(target=append, args=(1, own))
t.start()
own.append(2)
t.join()
return own

t = Thread(target=account.deposit, args=(1,))
t.start()
account.deposit(2)
t.join()
return account.balance
""".strip().split("\n\n")

RARE = """
t = Thread(target=parent, args=(1,))
t.start()
append(0)

Thread(target=append, args=(1,)).start()
Thread(target=append, args=(2,)).start()
append(0)

t, u = Thread(target=add), Thread(target=add)
t.start()
u.start()
t.join()
u.join()
return x

t = Thread(target=add, args=(1,), daemon=True)
u = Thread(target=add, args=(2,), daemon=True)
t.start()
u.start()
t.join(0.001)
""".strip().split("\n\n")
"""Programs with outcomes that are seldom met, so that only the other direction is asked for."""


def scenario(body: str, more: str = "") -> str:
    """Return the file of a `@main` function with that body."""
    changed = "    global x\n" if "x =" in body or "x +=" in body else ""
    return TOP + f"@main\ndef program():\n{changed}{textwrap.indent(body, '    ')}\n{more}"


@pytest.mark.parametrize("body", ONE_OUTCOME)
def test_a_program_that_waits_for_its_threads_does_what_python_does(body: str) -> None:
    """There is one outcome, whatever the schedule, and it is that of the real run."""
    [outcome] = lab.explore(parse(scenario(body))).outcomes
    names: dict[str, object] = {"__name__": "scenario"}
    exec(scenario(body), names)
    real = free_run.run(names, 20)
    assert outcome.status == real.status == "finished"
    assert shown(outcome, outcome.shared) == shown(real, outcome.shared)


@pytest.mark.parametrize("body", [*SEVERAL, *RARE])
def test_a_program_that_goes_on_beside_its_threads_does_what_python_does(body: str) -> None:
    """Each real outcome is an explored one, and, but for rare ones, each explored outcome really happens."""
    text = scenario(body)
    explored = lab.explore(parse(text))
    names = explored.outcomes[0].shared.keys()
    missing = {shown(end, names) for end in explored.outcomes if end.status == "finished"}
    possible = set(missing)
    chance = random.Random(1)
    for turn in range(400):
        if turn >= 5 and (not missing or body in RARE):
            break
        outcome = really(text, chance, 20)
        assert shown(outcome, names) in possible
        missing.discard(shown(outcome, names))
    assert not missing or body in RARE


def explored(body: str, more: str = "", **bounds: Any) -> lab.Result:
    """Explore the program with that body."""
    return lab.explore(parse(scenario(body, more)), **bounds)


def test_starting_and_joining_are_one_step_each() -> None:
    """start, read x, write x, join, read x: five steps in a row, so six states and one schedule."""
    found = explored("t = Thread(target=add)\nt.start()\nt.join()\nreturn x")
    assert (found.states, found.transitions, found.schedules) == (6, 5, 1)


def test_two_threads_interleave_from_their_starts_to_their_joins() -> None:
    """s1 comes first and j2 last; of the 20 orders of s2 b1 b2 and a1 a2 j1 one has j1 before s2: 19 schedules.

    Traces are told apart by the order of the reads and writes of x alone: 4, as without a main thread.
    """
    body = "t, u = Thread(target=add), Thread(target=add)\nt.start()\nu.start()\nt.join()\nu.join()"
    found = explored(body, traces=True)
    assert (found.schedules, found.traces) == (19, 4)
    assert {end.shared["x"] for end in found.outcomes} == {1, 2}


def test_start_and_join_in_one_loop_leave_one_schedule() -> None:
    """Each thread ends before the next begins: 3 times start, read, write, join."""
    body = "for _ in range(3):\n    t = Thread(target=add)\n    t.start()\n    t.join()"
    found = explored(body)
    assert (found.schedules, found.transitions) == (1, 12)
    assert found.races == ()


def test_a_thread_that_touches_nothing_takes_one_step() -> None:
    """start, the thread's only step, which begins and ends it, join."""
    assert explored("t = Thread(target=nothing)\nt.start()\nt.join()").transitions == 3


def test_reading_before_join_is_a_data_race_and_after_it_none() -> None:
    """What comes before a start or after a join is ordered with all that the thread does."""
    before = explored("t = Thread(target=add)\nt.start()\nr = x\nt.join()")
    after = explored("add()\nt = Thread(target=add)\nt.start()\nt.join()\nadd()")
    assert {race.location for race in before.races} == {"x"}
    assert after.races == ()


def test_happens_before_goes_through_start_end_and_join() -> None:
    """main starts (0), add reads and writes (1, 2), main joins (3): edges from 0 to 1 and from 2 to 3, and no race."""
    program = parse(scenario("t = Thread(target=add)\nt.start()\nt.join()\nreturn x"))
    trace = lab.replay(program, ["main", "add", "add", "main", "main"])
    assert trace.order == ((0, 1), (2, 3))
    assert trace.races == ()
    assert trace.status == "finished"
    assert [event.line for event in trace.events][1] == TOP[: TOP.index("x += n")].count("\n") + 1


def test_seeing_a_thread_alive_orders_nothing() -> None:
    """Who is told that a thread has ended comes after it; who is told that it goes on does not."""
    program = parse(scenario("t = Thread(target=add)\nt.start()\nr = t.is_alive()\nreturn x"))
    ended = lab.replay(program, ["main", "add", "add", "main:0", "main"])
    alive = lab.replay(program, ["main", "add", "add", "main:1", "main"])
    assert (2, 3) in ended.order
    assert not ended.races
    assert alive.order == ((0, 1),)
    assert alive.races


def test_a_thread_that_waits_for_ever_is_a_deadlock_that_main_takes_part_in() -> None:
    """main waits for the thread, which waits for the event."""
    [outcome] = explored("t = Thread(target=wait)\nt.start()\nt.join()").outcomes
    assert outcome.status == "deadlock"
    assert outcome.waiting["main"]["for"] == "thread wait"
    assert outcome.waiting["main"]["held_by"] == ["wait"]
    assert outcome.waiting["wait"]["for"] == "ready"


def test_a_thread_that_is_not_started_holds_nobody_up() -> None:
    """The program ends without it, and it is part of the outcome as one that returned nothing."""
    [outcome] = explored(
        "t = Thread(target=add)\nthreads.append(t)", "\n@final\ndef unchanged():\n    return x == 0\n"
    ).outcomes
    assert outcome.status == "finished"
    assert outcome.returned == {"main": None, "add": None}
    assert outcome.shared["threads"] == ["thread add"]


def test_what_happens_to_a_thread_that_may_be_started_is_judged_when_it_is() -> None:
    """A thread of which one branch alone makes one has a place; in the other branch it is missing from nothing."""
    body = "if choose(True, False):\n    t = Thread(target=add)\n    t.start()"
    found = lab.explore(parse(scenario(body).replace("import always,", "import always, choose,")))
    assert {(end.status, end.shared["x"]) for end in found.outcomes} == {("finished", 0), ("finished", 1)}


def test_names_are_given_in_order() -> None:
    """By `name=`, else by the target, with a number from the second on."""
    makes = "Thread(target=add), Thread(target=add, name='b'), Thread(target=add), Thread(target=nothing, name='b')"
    body = f"ts = [{makes}]\nfor t in ts:\n    t.start()"
    names = [thread.name for thread in parse(scenario(body)).threads]
    assert names == ["main", "add", "b", "add[2]", "b[2]"]


def test_a_daemon_may_be_left_behind_wherever_it_is() -> None:
    """It prints twice; the program ends before, between or after, and main's end is a step of its own."""
    body = "t = Thread(target=twice, daemon=True)\nt.start()"
    more = "\ndef twice():\n    print('a')\n    print('b')\n"
    found = explored(body, more, traces=True)
    assert {end.output for end in found.outcomes} == {(), ("a",), ("a", "b")}
    assert all(end.status == "finished" for end in found.outcomes)
    assert (found.schedules, found.traces) == (3, 3)


def test_a_daemon_that_goes_on_for_ever_is_no_fault() -> None:
    """The program ends all the same, so there is neither livelock nor deadlock."""
    found = explored(
        "Thread(target=spin, daemon=True).start()", "\ndef spin():\n    global x\n    while True:\n        x = 1 - x\n"
    )
    assert {end.status for end in found.outcomes} == {"finished"}
    assert {found.deadlock.verdict, found.livelock.verdict} == {"holds"}


def test_the_program_waits_for_threads_that_are_no_daemons() -> None:
    """main's last step comes after the worker's, and before or after the daemon's."""
    body = "Thread(target=add).start()\nThread(target=nothing, daemon=True).start()"
    assert {end.shared["x"] for end in explored(body).outcomes} == {1}


def test_a_daemon_goes_on_as_long_as_another_thread_does() -> None:
    """The worker waits for what the daemon does after `main` has returned: the program has not ended then."""
    body = "Thread(target=wait).start()\nThread(target=opens, daemon=True).start()"
    found = explored(body, "\ndef opens():\n    ready.set()\n")
    assert {end.status for end in found.outcomes} == {"finished"}


def test_what_main_never_started_is_no_livelock() -> None:
    """main and a worker take turns for ever; a third thread, which nobody starts, could end and is not asked."""
    body = "t = Thread(target=add)\nu = Thread(target=turns, args=(1,))\nu.start()\nturns(0)"
    more = "\ndef turns(me):\n    global x\n    while True:\n        if x == me:\n            x = 1 - me\n"
    found = explored(body, more)
    assert [end.status for end in found.outcomes] == ["endless"]
    assert "add" not in found.starvation.threads


def test_threads_of_a_main_are_not_folded_but_explored() -> None:
    """Threads with an object of their own are never taken for each other."""
    program = parse(scenario("ts = [Thread(target=locked) for _ in range(3)]\nfor t in ts:\n    t.start()"))
    assert Relation(program, POLICIES["access"]).families() == ()


def test_runs_can_be_drawn_of_programs_with_daemons() -> None:
    """The sampler's ends are those of the exploration."""
    program = parse(scenario("Thread(target=add, daemon=True).start()\nadd()"))
    explored_ends = {plain_identity(end.shared) for end in lab.explore(program).outcomes}
    assert {plain_identity(end.shared) for end in lab.sample(program, runs=200, seed=1).outcomes} <= explored_ends


@pytest.mark.parametrize("policy", ["access", "statement", "cpython-3.12", "free-threaded"])
def test_policies_take_outcomes_of_started_threads_away(policy: str) -> None:
    """Whatever the policy, the program ends as it may under `access`."""
    program = parse(scenario("t = Thread(target=add)\nt.start()\nadd(2)\nt.join()\nreturn x"))
    ends = {end.shared["x"] for end in lab.explore(program, policy).outcomes}
    assert ends <= {1, 2, 3}
    assert (ends == {3}) == (policy in ("statement", "cpython-3.12"))


def test_a_thread_that_no_tried_run_made_is_refused_with_its_place() -> None:
    """How many rounds the loop takes depends on the schedule, and the runs tried at the start made fewer threads."""
    body = "for i in range(choose(1, 1, 2, 1)):\n    t = Thread(target=add)\n    t.start()\n    t.join()"
    with pytest.raises(ScenarioError, match="none of the runs made which were tried") as raised:
        lab.explore(parse(scenario(body).replace("import always,", "import always, choose,")))
    assert raised.value.line == TOP.count("\n") + 4


def test_more_than_64_threads_are_refused() -> None:
    """One sentence, whatever the loop."""
    with pytest.raises(ScenarioError, match="makes more than 64 threads"):
        parse(scenario("threads.extend([Thread(target=nothing) for _ in range(100)])"))


def test_a_name_must_not_depend_on_the_schedule() -> None:
    """Results name threads, so one thread has one name."""
    body = "t = Thread(target=nothing, name=choose('a', 'b'))\nt.start()"
    with pytest.raises(ScenarioError, match="is called 'b' in some runs and 'a' in others"):
        lab.explore(parse(scenario(body).replace("import always,", "import always, choose,")))


def test_who_cannot_run_yet_is_told_apart_from_who_has_ended() -> None:
    """Replaying a schedule says why a thread cannot move."""
    program = parse(scenario("t = Thread(target=add)\nt.start()\nt.join()"))
    with pytest.raises(UsageError, match="the thread is not started yet"):
        lab.replay(program, ["add"])
    with pytest.raises(UsageError, match="the thread has ended"):
        lab.replay(program, ["main", "add", "add", "add"])


def test_a_program_that_may_leave_a_thread_behind_is_not_exported() -> None:
    """SPIN has no threads that need not end; a program that waits for its threads is exported."""
    with pytest.raises(UsageError, match="while one of its threads goes on"):
        lab.promela(parse(scenario("Thread(target=add, daemon=True).start()")))
    assert "proctype add" in lab.promela(parse(scenario("t = Thread(target=add)\nt.start()\nt.join()")))


def test_a_checkpoint_holds_threads_and_loops() -> None:
    """Threads that were made, and the state of the loop, are values that a checkpoint holds."""
    gate = Gate("started", "Thread function f/1", 0, daemon=False, arguments=(1, "a"))
    assert from_data(as_data(gate)) == gate
    assert from_data(as_data(Turns(0, (1, (2,)), 1, ((5, 3),)))) == Turns(0, (1, (2,)), 1, ((5, 3),))


TRACED = [
    "t, u = Thread(target=add), Thread(target=add)\nt.start()\nu.start()\nt.join()\nu.join()",
    "t = Thread(target=add, daemon=True)\nt.start()\nadd()",
    "t = Thread(target=add)\nt.start()\nr = t.is_alive()\nt.join(1)\nreturn r, t.is_alive()",
    "t = Thread(target=wait)\nt.start()\nadd()\nready.set()",
    "t = Thread(target=parent, args=(1,))\nt.start()\nappend(0)",
    "t = Thread(target=locked)\nthreads.append(t)\nt.start()\nlocked()\nt.join()",
]


@pytest.mark.parametrize("policy", ["access", "statement", "cpython-3.12"])
@pytest.mark.parametrize("body", TRACED)
def test_truly_different_runs_of_started_threads_are_those_of_all_schedules(body: str, policy: str) -> None:
    """The slow count of traces, which knows no persistent sets, agrees."""
    agrees(scenario(body), policy)
