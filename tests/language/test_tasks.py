"""Tasks mean what asyncio means: in the loop's own order, the one outcome of the model is that of the real run.

Each snippet is a file of tasks. Under `asyncio-fifo` there is one schedule, so its outcome must be what the same file
does in a real event loop, printed lines included; and it must be among the outcomes of any order of completion.
"""

from __future__ import annotations

import json
import textwrap
from dataclasses import asdict
from typing import Any

import pytest

import lab
from lab.errors import ScenarioError
from lab.explorer.result import Outcome
from lab.language import parse
from lab.verify import free_run
from tests.explorer.test_traces import agrees

TOP = """
import asyncio
import time
from asyncio import QueueEmpty, QueueFull
from threading import Lock
from lab.scenario import final, region, inside, thread, wait_until

x = 0
items = []
lock = asyncio.Lock()
event = asyncio.Event()
seats = asyncio.Semaphore(2)
bounded = asyncio.BoundedSemaphore(1)
q = asyncio.Queue()
one = asyncio.Queue(1)
two = asyncio.Queue(maxsize=2)
plain = Lock()


async def pause(name, times=1):
    for i in range(times):
        print(name, i)
        await asyncio.sleep(0)
    return name


async def at_once(name):
    print(name)
    return name


async def critical(name):
    async with lock:
        print(name, "in")
        await asyncio.sleep(0)
        print(name, "out")


async def take():
    item = await one.get()
    print("took", item)
    return item


"""

SNIPPETS = """
return 1
---
return 2

await asyncio.sleep(0)
print("a")
---
print("b")
---
await pause("c", 3)

for i in range(3):
    print("a", i)
    await asyncio.sleep(0)
---
for i in range(2):
    print("b", i)
    await asyncio.sleep(0)

await asyncio.sleep(0.03)
print("late")
---
await asyncio.sleep(0.01)
print("early")
---
await asyncio.sleep(0)
print("at once")

await asyncio.sleep(0.01)
print("first asleep")
---
await asyncio.sleep(0.01)
print("second asleep")

await asyncio.sleep(-1)
print("a")
---
print("b")

await asyncio.sleep(0.01)
await asyncio.sleep(0.04)
print("a")
---
await asyncio.sleep(0.03)
print("b")

return await at_once("a"), await at_once("b")
---
return await at_once("c")

return [await pause(n) for n in ("a", "b")]
---
await pause("c", 3)

await critical("a")
---
await critical("b")
---
await critical("c")

await critical("a")
await critical("a again")
---
await critical("b")

await lock.acquire()
print(lock.locked())
lock.release()
print(lock.locked())
return await lock.acquire()
---
await lock.acquire()
print("never")

lock.release()

async with lock:
    await asyncio.sleep(0)
    raise ValueError("a")
---
async with lock:
    return lock.locked()

try:
    async with lock:
        lock.release()
except RuntimeError as e:
    return str(e)

await event.wait()
print("a")
---
print(event.is_set())
event.set()
print("b")
return await event.wait()
---
await event.wait()
print("c")

await event.wait()
return event.is_set()
---
event.set()
event.clear()

event.set()
event.set()
event.clear()
await event.wait()

async with seats:
    print("a")
    await asyncio.sleep(0)
---
async with seats:
    print("b")
    await asyncio.sleep(0)
---
print(seats.locked())
async with seats:
    print("c", seats.locked())

await seats.acquire()
await seats.acquire()
await asyncio.sleep(0)
seats.release()
seats.release()
print(await seats.acquire())
---
await seats.acquire()
print("b")
---
await seats.acquire()
print("c")

bounded.release()

async with bounded:
    await asyncio.sleep(0)
    print("a")
---
async with bounded:
    print("b")

await q.put(1)
await q.put(2)
return q.qsize(), q.empty(), q.full()
---
return await q.get(), await q.get()

return await q.get()
---
return await q.get()
---
q.put_nowait("a")
print("put")
q.put_nowait("b")

await one.put("a")
print("put a")
await one.put("b")
print("put b")
---
return await take(), await take()

for i in range(4):
    await one.put(i)
    print("put", i)
---
for i in range(4):
    print("get", await one.get())

for i in range(4):
    await two.put(i)
    print("put", i)
---
total = 0
for i in range(4):
    total += await two.get()
return total

await one.put(1)
await one.put(2)
---
await one.put(3)
---
return await one.get(), await one.get(), await one.get()

q.get_nowait()

one.put_nowait(1)
one.put_nowait(2)

try:
    return q.get_nowait()
except QueueEmpty:
    return "empty"

try:
    one.put_nowait(1)
    one.put_nowait(2)
except QueueFull:
    return one.full()

for i in range(2):
    await q.put(i)
await q.join()
print("joined")
---
for i in range(2):
    print(await q.get())
    q.task_done()
    await asyncio.sleep(0)

await q.join()
q.task_done()

global x
now = x
await asyncio.sleep(0)
x = now + 1
---
global x
now = x
await asyncio.sleep(0)
x = now + 1

global x
x += 1
---
global x
x += 1
---
global x
x += 1

with plain:
    items.append("a")
---
with plain:
    items.append("b")

time.sleep(0.02)
await asyncio.sleep(0)
print("a")
---
await asyncio.sleep(0.01)
print("b")
---
await asyncio.sleep(0)
print("c")

await asyncio.sleep(0.01)
print("a")
---
await asyncio.sleep(0)
time.sleep(0.03)
await asyncio.sleep(0)
print("b")
---
await asyncio.sleep(0.02)
print("c")

await asyncio.sleep(0.01)
print("b")
---
time.sleep(0.02)
await pause("a", 4)

await asyncio.sleep(0.01)
print("b")
---
time.sleep(0.02)
await pause("a", 4)
---
await pause("c", 4)

await asyncio.sleep(0.03)
print("b")
---
time.sleep(0.04)
await asyncio.sleep(0.02)
print("a")

try:
    await pause("a")
    raise KeyError("k")
except KeyError:
    await pause("b")
finally:
    await pause("c")
---
await pause("d", 5)

try:
    return await at_once("a")
finally:
    await asyncio.sleep(0)
    print("finally")
---
print("b")

x_now = x
await asyncio.sleep(0)
raise ValueError(x_now)
---
await asyncio.sleep(0)
return 1

if await at_once("") or await at_once("b"):
    return [i + 1 for i in range(3)]

with region("r"):
    await asyncio.sleep(0)
---
with region("r"):
    print("both")

while not items:
    await asyncio.sleep(0)
return items[0]
---
await asyncio.sleep(0)
items.append(await at_once("a"))

def add(n):
    return n + 1
total = add(1)
await asyncio.sleep(0)
return add(total)
---
return len(items)

event.set()
async with lock, seats:
    await asyncio.sleep(0)
print("a")
---
async with lock:
    print("b")

await one.put(1)
await one.put(2)
await one.put(3)
print("all put")
---
await asyncio.sleep(0)
print(await one.get())
await asyncio.sleep(0)
print(one.get_nowait(), one.qsize())
await asyncio.sleep(0)
return await one.get()

await event.wait()
await one.put("a")
---
await event.wait()
await one.put("b")
---
event.set()
await asyncio.sleep(0)
await asyncio.sleep(0)
return await one.get(), await one.get()
"""


def files(snippets: str) -> list[str]:
    """Return each snippet as a file; an empty line separates snippets, `---` the tasks of one."""
    return [TOP + tasks(*snippet.split("\n---\n")) for snippet in snippets.strip().split("\n\n")]


def tasks(*bodies: str) -> str:
    """Return tasks T1, T2, ... with those bodies."""
    return "\n\n".join(
        f"@thread\nasync def T{number}():\n{textwrap.indent(body, '    ')}\n" for number, body in enumerate(bodies, 1)
    )


def real(text: str, timeout: float) -> dict[str, Any]:
    """Return what the file does in a real event loop."""
    namespace: dict[str, Any] = {"__name__": "scenario"}
    exec(compile(text, "scenario", "exec"), namespace)
    return asdict(free_run.run(namespace, timeout))


def seen(outcome: Outcome) -> str:
    """Return an outcome in a form that can be compared."""
    unfinished = list(outcome.waiting)
    return json.dumps([outcome.shared, outcome.returned, outcome.errors, outcome.output or (), unfinished])


FILES = files(SNIPPETS)


def test_there_are_enough_of_them() -> None:
    """At least forty snippets, no two the same."""
    assert len(set(FILES)) == len(FILES) >= 40


@pytest.mark.parametrize("text", FILES, ids=[text.removeprefix(TOP)[:60] for text in FILES])
def test_the_loop_s_own_order_gives_what_asyncio_does(text: str) -> None:
    """One schedule, with the outcome of the real run; and any order of completion may give it, too."""
    fifo = lab.explore(parse(text), "asyncio-fifo")
    [outcome] = fifo.outcomes
    assert fifo.schedules == 1
    run = real(text, 0.2 if outcome.waiting else 20)
    shared = {name: run["shared"][name] for name in outcome.shared}
    assert json.loads(seen(outcome)) == json.loads(
        json.dumps([shared, run["returned"], run["errors"], run["output"], run["unfinished"]])
    )
    assert seen(outcome) in map(seen, lab.explore(parse(text)).outcomes)


def steps(*bodies: str, policy: str = "access") -> int:
    """Return the transitions of a program of tasks with those bodies."""
    return lab.explore(parse(TOP + tasks(*bodies)), policy).transitions


@pytest.mark.parametrize(
    ("body", "expected", "why"),
    [
        ("return 1", 1, "a task that touches nothing takes its turn once"),
        ("a = items[:]\nitems.append(1)\nprint(a)", 1, "no await: one step"),
        ("await at_once(1)", 1, "the helper never suspends"),
        ("async with lock:\n    print(1)", 1, "nobody holds the lock: acquiring it does not suspend"),
        ("await one.put(1)\nawait one.get()", 1, "there is room, then there is an item"),
        ("event.set()\nawait event.wait()", 1, "the event is set already"),
        ("await asyncio.sleep(0)", 2, "up to the await, and on"),
        ("await asyncio.sleep(1)\nawait asyncio.sleep(0)", 3, "two suspensions"),
        ("await pause('a', 3)", 4, "the helper suspends three times"),
        ("for i in range(3):\n    print(i)", 3, "a step ends before a second visit of the same instruction"),
        ("await event.wait()", 1, "up to the await, and a deadlock there"),
        ("plain.acquire()\nplain.acquire()", 1, "the second one blocks the whole loop"),
    ],
)
def test_a_task_has_so_many_steps(body: str, expected: int, why: str) -> None:
    """The number of transitions of a single task, under every policy: tasks switch where they are suspended."""
    for policy in ("access", "statement", "asyncio-fifo"):
        assert steps(body, policy=policy) == expected, why


def test_two_tasks_of_two_steps_are_six_interleavings() -> None:
    """Each is suspended once: 4! / (2! 2!) orders of any completion, and one in the order of the loop."""
    body = "await asyncio.sleep(0)"
    result = lab.explore(parse(TOP + tasks(body, body)), traces=True)
    assert (result.schedules, result.states, result.traces) == (6, 9, 6)
    assert lab.explore(parse(TOP + tasks(body, body)), "asyncio-fifo").schedules == 1


def test_two_tasks_have_no_data_race() -> None:
    """Both stand in front of steps that write x, and only one of them holds the loop."""
    increment = "global x\nx += 1\nawait asyncio.sleep(0)\nx += 1"
    result = lab.explore(parse(TOP + tasks(increment, increment)))
    assert not result.races
    assert {outcome.shared["x"] for outcome in result.outcomes} == {4}


def test_a_lock_of_asyncio_is_given_to_who_came_first() -> None:
    """T2 and T3 wait for T1's lock: whoever waits first has it first, whoever asks while others wait stands behind."""
    hold = "async with lock:\n    await asyncio.sleep(0)\nprint(1)"
    ask = "async with lock:\n    print({})"
    result = lab.explore(parse(TOP + tasks(hold, ask.format(2), ask.format(3))))
    for end in result.outcomes:
        first_steps = [end.witness.index(name) for name in ("T1", "T2", "T3")]
        if first_steps[0] == min(first_steps):
            asked = sorted(("2", "3"), key=lambda n: first_steps[int(n) - 1])
            assert [line for line in end.output or () if line != "1"] == asked


def mixed(thread: str, *bodies: str) -> str:
    """Return a file of a thread and of tasks."""
    return f"{TOP}@thread\ndef usual():\n{textwrap.indent(thread, '    ')}\n\n{tasks(*bodies)}"


def test_threads_run_between_the_accesses_of_a_task() -> None:
    """A task's increment is two steps for a thread beside it: their 2 and 2 steps interleave in 6 ways, 4 lose one."""
    increment = "global x\nx += 1"
    result = lab.explore(parse(mixed(increment, increment)))
    assert {outcome.shared["x"] for outcome in result.outcomes} == {1, 2}
    assert {race.location for race in result.races} == {"x"}


@pytest.mark.parametrize("policy", ["access", "statement", "asyncio-fifo"])
def test_tasks_do_not_interrupt_each_other_beside_a_thread(policy: str) -> None:
    """Two increments of tasks never lose one, with a thread beside them that touches something else."""
    increment = "global x\nx += 1\nawait asyncio.sleep(0)\nx += 1"
    result = lab.explore(parse(mixed("items.append(1)", increment, increment)), policy)
    assert {outcome.shared["x"] for outcome in result.outcomes} == {4}
    assert not result.races


def test_tasks_switch_at_awaits_whatever_the_policy() -> None:
    """Beside a thread, too: under policy `statement` the update may be lost at the await, and nowhere else."""
    update = "global x\nnow = x\nawait asyncio.sleep(0)\nx = now + 1"
    result = lab.explore(parse(mixed("items.append(1)", update, update)), "statement")
    assert {outcome.shared["x"] for outcome in result.outcomes} == {1, 2}


def test_a_deadlock_says_that_the_loop_is_held() -> None:
    """T1 keeps a lock of threading across an await; T2 blocks the loop, and with it T1."""
    body = "with plain:\n    await asyncio.sleep(0)"
    result = lab.explore(parse(TOP + tasks(body, body)), "asyncio-fifo")
    [outcome] = result.outcomes
    assert {name: (why["for"], why["held_by"]) for name, why in outcome.waiting.items()} == {
        "T1": ("the loop", ["T2"]),
        "T2": ("plain", ["T1"]),
    }


def test_wait_until_blocks_the_loop() -> None:
    """What the task waits for only another task could do, and none runs."""
    result = lab.explore(parse(TOP + tasks("wait_until(lambda: len(items) > 0)", "items.append(1)")))
    assert {outcome.status for outcome in result.outcomes} == {"finished", "deadlock"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (mixed("event.set()", "pass"), "an asyncio.Event is used outside the loop"),
        (TOP + tasks("for lk in (lock,):\n    lk.acquire()"), "a coroutine is never awaited"),
        (TOP + tasks("for lk in (plain,):\n    await lk.acquire()"), "a Lock is awaited"),
        (TOP + tasks("await asyncio.sleep('a')"), "asyncio.sleep is called with something that is no number"),
    ],
)
def test_what_only_evaluation_finds_out_is_refused(text: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        lab.explore(parse(text))


def test_with_an_asyncio_lock_in_a_local_raises_what_python_raises() -> None:
    """Python has no `with` for a lock of asyncio."""
    text = TOP + tasks("for lk in (lock,):\n    with lk:\n        pass")
    [outcome] = lab.explore(parse(text)).outcomes
    assert outcome.errors == real(text, 20)["errors"]


def test_a_thread_and_a_task_run_together_for_real() -> None:
    """A free run starts the thread beside the loop; regions know tasks by their names."""
    text = mixed("items.append(1)", "with region('r'):\n    items.append(inside('r'))")
    namespace: dict[str, Any] = {"__name__": "scenario"}
    exec(compile(text, "scenario", "exec"), namespace)
    run = free_run.run(namespace)
    assert sorted(run.shared["items"], key=str) == [1, ["T1"]]


def test_tasks_left_by_a_run_are_named() -> None:
    """One task fails, one waits for ever."""
    run = real(TOP + tasks("await event.wait()", "raise KeyError('k')"), 0.2)
    assert (run["status"], run["unfinished"], run["errors"]) == ("unfinished", ("T1",), {"T2": "KeyError: 'k'"})


HOLD = "with plain:\n    await asyncio.sleep(0)"


@pytest.mark.parametrize(
    "text",
    [
        TOP + tasks(HOLD, HOLD),
        TOP + tasks("await one.put(1)\nawait one.put(2)", "await one.get()", "await one.get()"),
        TOP + tasks("async with lock:\n    await asyncio.sleep(0)", "async with lock:\n    items.append(1)"),
        TOP + tasks("for i in range(2):\n    items.append(i)", "items.append(2)"),
        mixed("global x\nx += 1", "global x\nx += 1", "await asyncio.sleep(0)"),
        mixed("with plain:\n    items.append(1)", HOLD, "with plain:\n    pass"),
    ],
)
@pytest.mark.parametrize("policy", ["access", "cpython-3.12", "asyncio-fifo"])
def test_truly_different_runs_are_those_of_all_schedules(text: str, policy: str) -> None:
    """Every schedule, grouped the slow way by its dependences, gives as many finished and deadlocked traces."""
    agrees(text, policy)
