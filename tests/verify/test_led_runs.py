"""Real threads that are led along the schedules of the model."""

from __future__ import annotations

import copy
import json
import random
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import lab
from lab import scenario
from lab.catalogue import resolve
from lab.errors import UsageError
from lab.verify import chosen_runs, driven_run, led_threads
from lab.verify.children import answer
from lab.verify.chosen_runs import planned
from lab.verify.driven_run import driven
from lab.verify.plan import Planner
from tests.verify.interpreters import VERSIONS, needed

MENU = '''"""What people write, at places where compilers of different versions say different things."""
import threading
from collections import deque
from queue import Queue, SimpleQueue
from types import SimpleNamespace
from lab.scenario import Atomic, choose, region, thread, wait_until

ROUNDS = 1
x = 0
items = [1, 2]
ages = {"a": 1}
line = deque()
first = threading.Lock()
second = threading.Lock()
point = SimpleNamespace(x=0)
flag = Atomic(False)
box = Queue()
letters = SimpleQueue()
ä = 0

class Account:
    def __init__(self, balance):
        self.balance = balance

    @property
    def low(self):
        return self.balance < 1

account = Account(0)

def helper(n):
    global x
    with region("helper"):
        x += n
        return x

def early():
    with first, second:
        if x:
            return items[0]
    return None

@thread
def one():
    global ä
    for _ in range(ROUNDS):
        items[0] += helper(1)
    ages["b"] = [item for item in items if item]
    line.append(account.low)
    account.balance += 1
    ä = f"ü{ä}"; point.x = (choose(1, 2), max(1, 2, 3), early())
    box.put(1)
    letters.put(2)
    flag.store(True)

@thread
def two():
    try:
        return ages["c"]
    except KeyError:
        with second:
            del ages["a"]
    wait_until(lambda: flag.load())
    return sum(items), not line, "b" in ages, (lambda: point.x)(), ä
'''

CLOSURE = Path(resolve("closure/late")[0]).read_text(encoding="utf-8")
"""Two threads share a function's variable."""

TIMED = '''"""A wait whose time may be up."""
import threading
from lab.scenario import thread

ready = threading.Condition()
seen = []

@thread
def waiter():
    with ready:
        seen.append(ready.wait(1))

@thread
def caller():
    with ready:
        ready.notify()
'''

DAEMONS = '''"""A program ends without its daemon, and looks at a thread that has just ended."""
from threading import Thread
from lab.scenario import main

x = 0

def add():
    global x
    x += 1

@main
def program():
    other = Thread(target=add, daemon=True)
    other.start()
    last = Thread(target=add)
    last.start()
    return last.is_alive()
'''

HANDED_OVER = '''"""A started thread fills a queue in a loop, whose first access is where it stands again after it."""

import queue
import threading

from lab.scenario import main


def fill(jobs):
    for i in range(2):
        jobs.put(i)


@main
def program():
    jobs = queue.Queue(1)
    thread = threading.Thread(target=fill, args=(jobs,))
    thread.start()
    first = jobs.get()
    return first, jobs.get()
'''

TWO_WAITERS = '''"""Which of two waiters is woken is the schedule's choice."""
import threading
from lab.scenario import thread

ready = threading.Condition()
woken = []
waiting = 0

@thread(each=range(2))
def waiter(i):
    global waiting
    with ready:
        waiting += 1
        ready.wait()
        woken.append(i)

@thread
def caller():
    with ready:
        if waiting == 2:
            ready.notify()
'''

NAMES = [
    "lost_update/race",
    "lock_order/inversion",
    "self_deadlock/rlock",
    "producer_consumer/wait_for",
    "producer_consumer/bounded_queue",
    "lost_wakeup/event",
    "two_waiters/notify_all",
    "reusable_barrier/barrier",
    "rendezvous/wait_first",
    "iterating/dict_changes",
    "refcount/borrow",
    "closure/late",
    "polite/one_insists",
    "start_and_join/all_then_all",
]
"""Scenarios that together have each thing that a led run handles in its own way."""


def written(tmp_path: Path, text: str) -> str:
    path = tmp_path / "led.py"
    path.write_text(text, encoding="utf-8")
    return str(path)


def plain(path: str, most: int = 2000) -> dict[str, Any]:
    """Return the plan of a file as another process reads it."""
    found: dict[str, Any] = json.loads(json.dumps(planned(lab.load(path), most).as_plain()))
    return found


def race() -> tuple[str, dict[str, Any]]:
    path, _ = resolve("lost_update/race")
    return str(path), plain(str(path))


@pytest.mark.parametrize("name", NAMES)
def test_real_threads_follow_every_schedule(name: str) -> None:
    """Each step and each end is as in the model."""
    path, _ = resolve(name)
    wanted = plain(str(path))
    found = driven(str(path), {}, wanted, 60)
    assert found["differences"] == []
    assert found["runs"] == len(wanted["paths"])
    assert found["steps"] == sum(len(moves) for moves, _ in wanted["paths"])


@pytest.mark.parametrize("text", [MENU, CLOSURE], ids=["menu", "closure"])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_version_follows_what_people_write(tmp_path: Path, version: str, text: str) -> None:
    """`with` of several locks, returns out of it, comprehensions, lambdas, letters of two bytes, and choices."""
    path = written(tmp_path, text)
    wanted = plain(path)
    found = answer(needed(version), driven_run.__file__, [path, "60"], limit=90, given=json.dumps(wanted))
    assert found["why"] == ""
    assert found["differences"] == []
    assert found["runs"] == len(wanted["paths"])


def test_two_increments_have_six_schedules_of_four_steps() -> None:
    """Four steps each: two reads and two writes; 6 x 4 = 24."""
    path, wanted = race()
    found = driven(path, {}, wanted, 60)
    assert (found["runs"], found["steps"]) == (6, 24)


def test_a_waiter_that_the_schedule_wakes_is_woken(tmp_path: Path) -> None:
    """Python wakes the one that has waited longest; both orders of waiting times both choices are led."""
    path = written(tmp_path, TWO_WAITERS)
    wanted = plain(path)
    woken = {tuple(end["shared"]["woken"]) for end in wanted["ends"]}
    assert {(0,), (1,)} <= woken
    assert driven(path, {}, wanted, 60)["differences"] == []


def test_a_started_thread_takes_one_step_of_its_loop(tmp_path: Path) -> None:
    """It is led to its first access, and from there to the same one in the next round, of a queue made in a thread."""
    path = written(tmp_path, HANDED_OVER)
    assert driven(path, {}, plain(path), 60)["differences"] == []


def test_runs_that_need_a_time_out_are_left_out(tmp_path: Path) -> None:
    """Of the others each is led."""
    path = written(tmp_path, TIMED)
    found = planned(lab.load(path), 2000)
    assert found.untimely > 0
    assert len(found.paths) > 0
    assert driven(path, {}, json.loads(json.dumps(found.as_plain())), 60)["differences"] == []


def test_a_daemon_is_left_behind(tmp_path: Path) -> None:
    """In some runs it has not written when the program ends; nobody can choose the moment in which a thread ends."""
    path = written(tmp_path, DAEMONS)
    found = planned(lab.load(path), 2000)
    assert {tuple(end["going"]) for end in found.ends} == {(), ("add",)}
    assert found.untimely > 0
    assert driven(path, {}, json.loads(json.dumps(found.as_plain())), 60)["differences"] == []


def planted(change: str) -> list[dict[str, Any]]:
    """Return the differences that a plan with a fault in it has from what really happens."""
    path, wanted = race()
    wanted = copy.deepcopy(wanted)
    moves, end = wanted["paths"][1]
    if change == "a value":
        wanted["shared"].append({"counter": 7})
        moves[2][2] = len(wanted["shared"]) - 1
    elif change == "an end":
        wanted["ends"][end] = {**wanted["ends"][end], "returned": {"worker[0]": 1, "worker[1]": None}}
    elif change == "a place":
        moves[-1][1] = 0
    elif change == "a step":
        moves.pop()
    elif change == "a deadlock":
        last = wanted["threads"][moves.pop()[0]]
        wanted["ends"].append({**wanted["ends"][end], "status": "deadlock", "going": [last]})
        wanted["paths"][1][1] = len(wanted["ends"]) - 1
    wanted["paths"] = wanted["paths"][1:2]
    differences: list[dict[str, Any]] = driven(path, {}, wanted, 60)["differences"]
    return differences


@pytest.mark.parametrize(
    ("change", "step", "words"),
    [
        ("a value", 2, 'what is shared: {"counter": 1}, where the model has {"counter": 7}'),
        ("an end", 4, 'returned: {"worker[0]": null}, where the model has {"worker[0]": 1}'),
        ("a place", 3, "worker[1] at its end, where the model has it in front of its next access"),
        ("a step", 3, 'who has not ended: ["worker[1]"], where the model has []'),
    ],
)
def test_a_fault_of_the_model_is_seen_at_its_step(change: str, step: int, words: str) -> None:
    [found] = planted(change)
    assert (found["run"], found["step"], found["what"]) == (0, step, words)


def test_a_deadlock_that_is_none_is_seen() -> None:
    """The thread is let go, and goes on."""
    [found] = planted("a deadlock")
    assert found["what"].endswith("goes on, where the model has it stuck")


def test_a_thread_that_is_held_up_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan is that of a lock that both threads may hold at once."""
    text = Path(resolve("lost_update/locked")[0]).read_text(encoding="utf-8")
    path = written(tmp_path, text.replace("threading.Lock()", "threading.Semaphore(2)"))
    wanted = plain(path)
    locked = written(tmp_path, text)
    monkeypatch.setattr(led_threads.Hand.heard, "__defaults__", (0.3,))
    monkeypatch.setattr(driven_run, "MOST_DIFFERENCES", 1)
    [found] = driven(locked, {}, wanted, 60)["differences"]
    assert "held up, where the model has it" in found["what"]


def test_what_no_opcode_does_is_said() -> None:
    path, wanted = race()
    wanted["places"][0][1] = ["set item"]
    assert driven(path, {}, wanted, 60)["why"].endswith("no opcode here does what the model calls set item counter")


def test_everything_is_as_before_afterwards() -> None:
    """Conditions, choices and atomic blocks are Python's and the lab's own again, and nobody is led."""

    def replaced() -> tuple[Any, ...]:
        return threading.Condition, threading.Thread.start, scenario.RANDOM, scenario._ONE_AT_A_TIME

    before, led = replaced(), dict(led_threads.HANDS)
    path, wanted = race()
    driven(path, {}, wanted, 60)
    assert replaced() == before
    assert isinstance(scenario.RANDOM, random.Random)
    assert led == led_threads.HANDS  # those whom an earlier test has left in a deadlock
    assert sys.gettrace() is None or "coverage" in repr(sys.gettrace()).lower()


def test_control_c_ends_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    path, wanted = race()
    led, calls = driven_run._led, []

    def interrupted(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return led(*arguments)

    monkeypatch.setattr(driven_run, "_led", interrupted)
    found = driven(path, {}, wanted, 60)
    assert (found["runs"], found["interrupted"]) == (2, True)


def test_the_time_that_there_is_bounds_the_runs() -> None:
    path, wanted = race()
    assert driven(path, {}, wanted, 0)["runs"] <= 1


# Plans


def test_many_schedules_are_led_as_truly_different_ones() -> None:
    """Two increments of two threads: 6 schedules, 4 truly different ones."""
    program = lab.load("lost_update/race")
    assert (planned(program, 6).kind, len(planned(program, 6).paths)) == ("schedules", 6)
    assert (planned(program, 5).kind, len(planned(program, 5).paths)) == ("traces", 4)


def test_programs_without_an_end_are_led_through_every_step() -> None:
    """Whoever waits busily has infinitely many schedules; every step of every state is in one of the runs."""
    planner = Planner(lab.load("polite/one_insists"))
    order = chosen_runs._states(planner)
    taken = {(edge.thread, edge.step, edge.target) for run in chosen_runs._covering(planner, order) for edge in run}
    every = {(edge.thread, edge.step, edge.target) for state in order for edge in planner.edges(state)}
    assert taken == every
    assert chosen_runs._schedules(planner, order) is None


def test_a_program_that_is_too_large_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the runs that are needed the first are led."""
    found = planned(lab.load("polite/after_you"), 4)
    assert (found.kind, len(found.paths), found.beyond) == ("steps", 4, 2)
    monkeypatch.setattr(chosen_runs, "MOST_STATES", 5)
    with pytest.raises(UsageError, match="has more than 5 states"):
        planned(lab.load("lost_update/race"), 100)
