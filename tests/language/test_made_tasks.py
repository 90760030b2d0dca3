"""Tasks that tasks make, gather and cancel mean what they mean in asyncio.

Each snippet is the body of a task. Under `asyncio-fifo` there is one schedule, so its outcome, printed lines included,
must be that of the same file in a real event loop; and it must be among the outcomes of any order of completion.
"""

from __future__ import annotations

import json
import textwrap
from typing import Any

import pytest

import lab
from lab.errors import ScenarioError
from lab.language import parse
from lab.verify import free_run
from tests.explorer.test_traces import agrees

TOP = """
import asyncio
from asyncio import CancelledError, InvalidStateError
from lab.scenario import choose, final, thread

x = 0
items = []
tasks = []
lock = asyncio.Lock()
event = asyncio.Event()
seats = asyncio.Semaphore(1)
none = asyncio.Semaphore(0)
q = asyncio.Queue()
one = asyncio.Queue(1)


async def say(name, times=1):
    for i in range(times):
        print(name, i)
        await asyncio.sleep(0)
    return name


async def at_once(value):
    print("at once", value)
    return value


async def fail(text, after=0):
    for i in range(after):
        await asyncio.sleep(0)
    raise ValueError(text)


async def nap(name, seconds):
    try:
        await asyncio.sleep(seconds)
        print(name, "awake")
    except CancelledError:
        print(name, "cancelled")
        raise
    finally:
        print(name, "over")
    return name


async def stubborn(name):
    try:
        await asyncio.sleep(1)
    except CancelledError:
        print(name, "goes on")
    await asyncio.sleep(0)
    return name


async def patient(name):
    try:
        await asyncio.sleep(0.01)
    except CancelledError:
        print(name, "waits for something else")
        await event.wait()
    print(name, "went on")


async def half(name):
    global x
    x += 1
    await asyncio.sleep(0)
    x += 1
    return name


async def critical(name):
    async with lock:
        print(name, "in")
        await asyncio.sleep(0)
    print(name, "out")


async def sit(name):
    async with seats:
        print(name, "sits")
        await asyncio.sleep(0)


async def wait(name):
    await event.wait()
    print(name, "went on")
    return name


async def take(name):
    item = await q.get()
    print(name, "took", item)
    return item


async def put(item):
    await one.put(item)
    print("put", item)


async def drained():
    await q.join()
    print("drained")


async def waits_for(task):
    try:
        return await task
    except CancelledError:
        print("told")
        raise


async def gathers(*names):
    pass


async def gather_two(first, second):
    return await asyncio.gather(first, second)


async def parent(n):
    child = asyncio.create_task(at_once(n))
    return await child


"""
TOP = TOP.replace("async def gathers(*names):\n    pass\n\n\n", "")

SNIPPETS = """
t = asyncio.create_task(say("a"))
print("made")
return await t

t = asyncio.create_task(at_once(1))
print(t.done())
await asyncio.sleep(0)
print(t.done(), t.cancelled())
return t.result(), await t

t = asyncio.create_task(fail("x"))
try:
    await t
except ValueError as error:
    return str(error), t.done(), t.cancelled()

t = asyncio.create_task(fail("x"))
await t

asyncio.create_task(fail("nobody asks"))
asyncio.create_task(say("a", 2))

t = asyncio.create_task(say("a", 2))
u = asyncio.create_task(say("b", 3))
print("made")
return await u, await t

ts = [asyncio.create_task(say(i, 2)) for i in range(2)]
for t in ts:
    print(await t)

return await asyncio.create_task(at_once(2))

t = asyncio.create_task(say("a"))
try:
    t.result()
except InvalidStateError as error:
    return str(error)

return await asyncio.gather()

return await asyncio.gather(say("a", 2), say("b", 1), at_once("c"))

ts = [asyncio.create_task(say(i, 2)) for i in range(3)]
return await asyncio.gather(*ts)

return await asyncio.gather(*(say(i, 3 - i) for i in range(3)))

return await asyncio.gather(say("a"), *[at_once(i) for i in range(2)], *(), say("b"), return_exceptions=True)

return await asyncio.gather(*[])

tasks.append(asyncio.create_task(say("t", 2)))
return await asyncio.gather(*tasks, at_once(1))

return await asyncio.gather(*(7, 8))

t = asyncio.create_task(at_once(1))
await asyncio.sleep(0)
r = await asyncio.gather(t, at_once(2))
return r

t = asyncio.create_task(at_once(1))
await t
return await asyncio.gather(t, t)

try:
    await asyncio.gather(say("a", 4), fail("x", 1), fail("y", 1))
except ValueError as error:
    print(error)
await asyncio.sleep(0)
print("later")

return await asyncio.gather(say("a"), fail("x", 1), fail("y"), return_exceptions=True)

try:
    await asyncio.gather(fail("late", 2), fail("early"))
except ValueError as error:
    return str(error)

t = asyncio.create_task(nap("t", 1))
print(t.cancel())
try:
    await t
except CancelledError:
    return t.cancelled(), t.done(), t.cancel()

t = asyncio.create_task(nap("t", 1))
await asyncio.sleep(0)
print(t.cancel())
try:
    await t
except CancelledError:
    return t.cancelled(), t.done()

t = asyncio.create_task(nap("t", 1))
await asyncio.sleep(0)
t.cancel()
t.cancel()
await asyncio.sleep(0)
return t.cancelled()

t = asyncio.create_task(stubborn("t"))
await asyncio.sleep(0)
t.cancel()
return await t, t.cancelled()

t = asyncio.create_task(half("t"))
await asyncio.sleep(0)
t.cancel()
await asyncio.sleep(0)
return x

t = asyncio.create_task(patient("t"))
await asyncio.sleep(0)
t.cancel()
await asyncio.sleep(0.02)
print("the time of the first sleep is over")
event.set()
await t

t = asyncio.create_task(say("t", 3))
await asyncio.sleep(0)
await asyncio.sleep(0)
t.cancel()
await asyncio.sleep(0)

async with lock:
    t = asyncio.create_task(critical("t"))
    u = asyncio.create_task(critical("u"))
    await asyncio.sleep(0)
    t.cancel()
await u

await lock.acquire()
t = asyncio.create_task(critical("t"))
u = asyncio.create_task(critical("u"))
await asyncio.sleep(0)
lock.release()
t.cancel()
await u

await lock.acquire()
t = asyncio.create_task(critical("t"))
await asyncio.sleep(0)
t.cancel()
lock.release()
async with lock:
    print("mine")

await seats.acquire()
t = asyncio.create_task(sit("t"))
u = asyncio.create_task(sit("u"))
await asyncio.sleep(0)
seats.release()
t.cancel()
await u
return seats.locked()

await seats.acquire()
t = asyncio.create_task(sit("t"))
u = asyncio.create_task(sit("u"))
await asyncio.sleep(0)
t.cancel()
await asyncio.sleep(0)
seats.release()
await u
return seats.locked()

await seats.acquire()
t = asyncio.create_task(sit("t"))
await asyncio.sleep(0)
t.cancel()
seats.release()
print(seats.locked())
await seats.acquire()

t = asyncio.create_task(wait("t"))
u = asyncio.create_task(wait("u"))
await asyncio.sleep(0)
t.cancel()
event.set()
return await u, t.cancelled()

t = asyncio.create_task(wait("t"))
await asyncio.sleep(0)
event.set()
t.cancel()
await asyncio.sleep(0)
return t.cancelled()

t = asyncio.create_task(take("t"))
u = asyncio.create_task(take("u"))
await asyncio.sleep(0)
t.cancel()
await q.put(1)
return await u, q.qsize()

t = asyncio.create_task(take("t"))
u = asyncio.create_task(take("u"))
await asyncio.sleep(0)
await q.put(1)
t.cancel()
return await u, q.qsize()

await one.put(0)
t = asyncio.create_task(put("t"))
u = asyncio.create_task(put("u"))
await asyncio.sleep(0)
t.cancel()
print(await one.get())
await u
return await one.get()

await one.put(0)
t = asyncio.create_task(put("t"))
u = asyncio.create_task(put("u"))
await asyncio.sleep(0)
print(await one.get())
t.cancel()
await u
return await one.get()

await q.put(1)
t = asyncio.create_task(drained())
u = asyncio.create_task(drained())
await asyncio.sleep(0)
t.cancel()
await q.get()
q.task_done()
await u

t = asyncio.create_task(nap("inner", 1))
u = asyncio.create_task(waits_for(t))
await asyncio.sleep(0)
u.cancel()
try:
    await u
except CancelledError:
    return t.cancelled(), u.cancelled()

t = asyncio.create_task(stubborn("inner"))
u = asyncio.create_task(waits_for(t))
await asyncio.sleep(0)
u.cancel()
return await u, t.cancelled()

t = asyncio.create_task(at_once("inner"))
u = asyncio.create_task(waits_for(t))
await asyncio.sleep(0)
await asyncio.sleep(0)
u.cancel()
await asyncio.sleep(0)
return t.cancelled(), u.cancelled()

t = asyncio.create_task(nap("t", 1))
u = asyncio.create_task(nap("u", 1))
g = asyncio.create_task(gather_two(t, u))
await asyncio.sleep(0)
await asyncio.sleep(0)
g.cancel()
try:
    await g
except CancelledError:
    return t.cancelled(), u.cancelled()

t = asyncio.create_task(nap("t", 0.02))
u = asyncio.create_task(nap("u", 0.01))
return await asyncio.gather(t, u)

t = asyncio.create_task(nap("t", 0.02))
u = asyncio.create_task(nap("u", 0.04))
await asyncio.sleep(0.03)
u.cancel()
return await asyncio.gather(t, u, return_exceptions=True)

t = asyncio.create_task(nap("t", 0.02))
u = asyncio.create_task(nap("u", 0.02))
await asyncio.sleep(0.02)
print(t.cancel(), u.cancel())
await asyncio.sleep(0.01)

t = asyncio.create_task(say("t", 2))
u = asyncio.create_task(waits_for(t))
v = asyncio.create_task(waits_for(t))
return await v, await u

return await asyncio.create_task(parent(3)), await asyncio.gather(parent(4), parent(5))

t = asyncio.create_task(at_once(1), name="first")
u = asyncio.create_task(at_once(2), name="first")
v = asyncio.create_task(at_once(3))
await asyncio.gather(t, u, v)

tasks.append(asyncio.create_task(at_once(1)))
await tasks[0]
return len(tasks)

t = asyncio.create_task(take("t"))
await q.put([1, 2])
own = await t
own.append(3)
return own

own = []
t = asyncio.create_task(append(own, 1))
own.append(2)
await t
return own

try:
    raise CancelledError
except Exception:
    return "caught"
""".strip().split("\n\n")


def scenario(*bodies: str) -> str:
    """Return the file of tasks with those bodies."""
    more = "async def append(into, item):\n    into.append(item)\n\n\n"
    parts = [f"@thread\nasync def T{n}():\n{textwrap.indent(body, '    ')}\n" for n, body in enumerate(bodies, 1)]
    return TOP + more + "\n\n".join(parts)


def shown(end: Any, names: Any) -> str:
    """Return what can be observed of an outcome, real or explored."""
    shared = {name: end.shared[name] for name in names}
    return json.dumps([shared, end.returned, end.errors, list(end.output or ())], sort_keys=True)


def really(text: str) -> free_run.RunOutcome:
    """Run the file once."""
    names: dict[str, Any] = {"__name__": "scenario"}
    exec(text, names)
    return free_run.run(names, 20)


@pytest.mark.parametrize("body", SNIPPETS)
def test_tasks_do_what_asyncio_does(body: str) -> None:
    """The one outcome of the loop's own order is that of the real run, and one of those of any order."""
    program = parse(scenario(body))
    found = lab.explore(program, "asyncio-fifo")
    [outcome] = found.outcomes
    real = really(scenario(body))
    assert (outcome.status, found.schedules, real.status) == ("finished", 1, "finished")
    assert shown(outcome, outcome.shared) == shown(real, outcome.shared)
    assert shown(outcome, outcome.shared) in {shown(end, end.shared) for end in lab.explore(program).outcomes}


def explored(*bodies: str, policy: str = "access", **more: Any) -> lab.Result:
    """Explore a file of tasks with those bodies."""
    return lab.explore(parse(scenario(*bodies)), policy, **more)


def test_a_task_made_is_ready_at_once_and_runs_when_its_maker_is_suspended() -> None:
    """The maker makes two tasks, then awaits: after that the two, of one step each, and the maker make 2 orders.

    The maker goes on last, because it awaits both. Four steps: the maker's two, and one of each task.
    """
    found = explored("await asyncio.gather(at_once(1), at_once(2))")
    assert found.schedules == 2
    assert {len(end.witness) for end in found.outcomes} == {4}


def test_a_cancelled_task_may_be_anywhere_in_any_order_of_completion() -> None:
    """half(t) has not begun, stands at its await, or has ended, when its maker cancels it: x is 0, 1 or 2."""
    body = (
        "t = asyncio.create_task(half('t'))\nawait asyncio.sleep(0)\nt.cancel()\n"
        "try:\n    await t\nexcept CancelledError:\n    return x\nreturn -x"
    )
    assert {end.returned["T1"] for end in explored(body).outcomes} == {0, 1, -2}
    assert {end.returned["T1"] for end in explored(body, policy="asyncio-fifo").outcomes} == {1}


def test_what_a_task_raises_is_its_result_and_no_uncaught_exception() -> None:
    """Nobody awaits the task; Python writes a line about it and goes on."""
    found = explored("asyncio.create_task(fail('unseen'))")
    [outcome] = found.outcomes
    assert outcome.returned["fail"] == "ValueError: unseen"
    assert outcome.errors == {}


def test_two_tasks_that_await_each_other_wait_for_ever() -> None:
    """The deadlock names the tasks that are waited for."""
    body = (
        "t = asyncio.create_task(waits_for_first())\ntasks.append(t)\ntasks.append(asyncio.create_task(waits_for(t)))"
    )
    more = (
        "async def waits_for_first():\n    while len(tasks) < 2:\n        await asyncio.sleep(0)\n    await tasks[1]\n"
    )
    text = f"{scenario(body)}\n\n{more}"
    [outcome] = lab.explore(parse(text), "asyncio-fifo").outcomes
    assert outcome.status == "deadlock"
    assert outcome.waiting["waits_for"]["for"] == "task waits_for_first"
    assert outcome.waiting["waits_for_first"]["held_by"] == ["waits_for"]


TRACED = [
    ("await asyncio.gather(half('a'), half('b'))",),
    ("t = asyncio.create_task(half('t'))\nawait asyncio.sleep(0)\nt.cancel()", "await asyncio.sleep(0)"),
    ("await asyncio.gather(critical('a'), critical('b'), return_exceptions=True)",),
]


@pytest.mark.parametrize("policy", ["access", "asyncio-fifo"])
@pytest.mark.parametrize("bodies", TRACED)
def test_truly_different_runs_of_made_tasks_are_those_of_all_schedules(bodies: tuple[str, ...], policy: str) -> None:
    """The slow count of traces agrees."""
    agrees(scenario(*bodies), policy)


def test_beside_a_thread_made_tasks_take_steps_like_any_other() -> None:
    """A plain thread may come in between; the tasks themselves still switch at awaits alone."""
    text = scenario("await asyncio.gather(half('a'), half('b'))") + "\n\n@thread\ndef beside():\n    print(x)\n"
    found = lab.explore(parse(text))
    assert {end.shared["x"] for end in found.outcomes} == {4}
    assert {end.output for end in found.outcomes} == {(str(n),) for n in range(5)}


def test_a_thread_cannot_cancel_a_task_and_a_task_not_itself() -> None:
    """Objects of asyncio are for tasks; and who wants to end itself raises the exception."""
    text = (
        scenario("tasks.append(asyncio.create_task(half('t')))")
        + "\n\n@thread\ndef beside():\n    for t in tasks:\n        t.cancel()\n"
    )
    with pytest.raises(ScenarioError, match="is used outside the loop"):
        lab.explore(parse(text))
    body = "tasks.append(asyncio.create_task(itself()))"
    with pytest.raises(ScenarioError, match="a task cancels itself"):
        lab.explore(parse(scenario(body) + "\n\nasync def itself():\n    tasks[0].cancel()\n"))
