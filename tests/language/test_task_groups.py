"""Groups of tasks mean what `asyncio.TaskGroup` of Python 3.11 does, to the order of their turns in the loop."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

import lab
from lab.errors import ScenarioError
from lab.language import parse
from tests.explorer.test_traces import agrees
from tests.language import test_made_tasks as made

TOP = (
    made.TOP
    + """
async def grouped():
    try:
        async with asyncio.TaskGroup() as g:
            g.create_task(nap("g", 1))
            await asyncio.sleep(0)
            print("body over")
    finally:
        print("group over")


async def failing_group():
    async with asyncio.TaskGroup() as g:
        g.create_task(fail("g", 2))
        g.create_task(stubborn("s"))


async def spawn(group, name):
    group.create_task(say(name))
    await asyncio.sleep(0)
    group.create_task(say(name, 2))


"""
)

SNIPPETS = """
async with asyncio.TaskGroup() as g:
    g.create_task(say("a", 2))
    t = g.create_task(say("b", 3))
    print("made")
return t.result(), t.done()

async with asyncio.TaskGroup():
    print("nobody")
return 1

async with asyncio.TaskGroup() as g:
    pass
try:
    g.create_task(say("late"))
except RuntimeError as error:
    return str(error)

async with asyncio.TaskGroup() as g:
    a = await g.create_task(at_once(1))
    b = g.create_task(at_once(a + 1), name="second")
return b.result()

try:
    async with asyncio.TaskGroup() as g:
        g.create_task(fail("x", 1))
        g.create_task(nap("n", 1))
        await asyncio.sleep(1)
        print("never")
except ExceptionGroup as error:
    return str(error)

try:
    async with asyncio.TaskGroup() as g:
        g.create_task(fail("x"))
        g.create_task(fail("y"))
except ExceptionGroup as error:
    return str(error)

try:
    async with asyncio.TaskGroup() as g:
        g.create_task(nap("n", 1))
        await asyncio.sleep(0)
        raise ValueError("body")
except ExceptionGroup as error:
    print(error)

async with asyncio.TaskGroup() as g:
    g.create_task(fail("nobody catches", 2))
    g.create_task(say("a", 5))

try:
    async with asyncio.TaskGroup() as g:
        t = g.create_task(fail("x"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        print("in the block")
        g.create_task(say("late"))
except ExceptionGroup as error:
    return str(error)

async with asyncio.TaskGroup() as g:
    t = g.create_task(nap("t", 1))
    await asyncio.sleep(0)
    t.cancel()
return t.cancelled()

async with asyncio.TaskGroup() as g:
    g.create_task(stubborn("s"))
    u = g.create_task(fail("x", 1))
    try:
        await asyncio.sleep(1)
    except CancelledError:
        print("told")
        raise

t = asyncio.create_task(grouped())
await asyncio.sleep(0)
await asyncio.sleep(0)
t.cancel()
try:
    await t
except CancelledError:
    return t.cancelled()

t = asyncio.create_task(grouped())
await asyncio.sleep(0)
t.cancel()
await asyncio.sleep(0)
await asyncio.sleep(0)
await asyncio.sleep(0)
return t.done()

async with asyncio.TaskGroup() as outer:
    outer.create_task(say("o", 2))
    async with asyncio.TaskGroup() as inner:
        inner.create_task(say("i", 3))
    print("inner over")
print("outer over")

try:
    async with asyncio.TaskGroup() as outer:
        outer.create_task(nap("o", 1))
        async with asyncio.TaskGroup() as inner:
            inner.create_task(fail("i", 1))
            await asyncio.sleep(1)
except ExceptionGroup as error:
    return str(error)

for i in range(3):
    async with asyncio.TaskGroup() as g:
        g.create_task(say(i))
        if i == 1:
            break
return i

async with asyncio.TaskGroup() as g:
    ts = [g.create_task(at_once(i)) for i in range(3)]
return [t.result() for t in ts]

async with asyncio.TaskGroup() as g:
    g.create_task(spawn(g, "child"))

async with lock, asyncio.TaskGroup() as g:
    g.create_task(critical("c"))
    await asyncio.sleep(0)
    print("release")
    lock.release()
    await asyncio.sleep(0)
    await lock.acquire()

async with asyncio.TaskGroup() as g:
    t = g.create_task(fail("x"))
    try:
        await t
    except ValueError as error:
        print("met", error)

try:
    async with asyncio.TaskGroup() as g:
        raise asyncio.CancelledError
except CancelledError:
    return "cancelled"

async with asyncio.TaskGroup() as g:
    g.create_task(half("h"))
    g.create_task(half("k"))
return x

t = asyncio.create_task(failing_group())
await asyncio.sleep(0)
await asyncio.sleep(0)
await asyncio.sleep(0)
t.cancel()
try:
    await t
except CancelledError:
    return "cancelled"
except ExceptionGroup as error:
    return str(error)

async with asyncio.TaskGroup() as g:
    g.create_task(take("t"))
    await q.put(3)

try:
    async with asyncio.TaskGroup() as g:
        g.create_task(patient("p"))
        await asyncio.sleep(0)
        g.create_task(fail("x"))
        event.set()
except ExceptionGroup as error:
    return str(error)

x.create_task(say("a"))
""".strip().split("\n\n")


def scenario(*bodies: str) -> str:
    """Return the file of tasks with those bodies."""
    parts = [f"@thread\nasync def T{n}():\n{textwrap.indent(body, '    ')}\n" for n, body in enumerate(bodies, 1)]
    return TOP + "\n\n".join(parts)


def explored(*bodies: str, policy: str = "access") -> Any:
    """Explore a file of tasks with those bodies."""
    return lab.explore(parse(scenario(*bodies)), policy)


def shown(end: Any, like: Any) -> Any:
    """Return what can be observed of an outcome, of the shared names of another one; a task never made is left out."""
    shared = {name: end.shared[name] for name in like.shared}
    returned = {name: value for name, value in end.returned.items() if value is not None}
    return shared, returned, dict(end.errors), list(end.output or ())


@pytest.mark.filterwarnings("ignore:coroutine")  # one that a group refuses is never awaited
@pytest.mark.parametrize("body", SNIPPETS)
def test_a_group_does_what_asyncio_does(body: str) -> None:
    """The one outcome of the loop's own order is that of the real run, and one of those of any order."""
    found = explored(body, policy="asyncio-fifo")
    [outcome] = found.outcomes
    real = made.really(scenario(body))
    assert (outcome.status, found.schedules, real.status) == ("finished", 1, "finished")
    assert shown(outcome, outcome) == shown(real, outcome)
    assert shown(outcome, outcome) in [shown(end, outcome) for end in explored(body).outcomes]


def test_a_group_cancels_its_tasks_in_any_order() -> None:
    """Python keeps them in a set: two that sleep are cancelled in either order, so that their lines come in either.

    One that is already in the loop's queue only learns of it, and keeps its place.
    """
    body = (
        "try:\n    async with asyncio.TaskGroup() as g:\n        g.create_task(nap('a', 1))\n"
        "        g.create_task(nap('b', 1))\n        g.create_task(fail('x', 1))\nexcept ExceptionGroup:\n    pass"
    )
    found = explored(body, policy="asyncio-fifo")
    lines = {end.output for end in found.outcomes}
    assert lines == {
        ("a cancelled", "a over", "b cancelled", "b over"),
        ("b cancelled", "b over", "a cancelled", "a over"),
    }
    assert made.really(scenario(body)).output in lines


def test_a_group_of_two_tasks_has_so_many_schedules() -> None:
    """Each of two tasks of one step ends, and tells the group in a turn of its own: four turns after the maker's first.

    Two orders of two pairs: 4! / (2 * 2) = 6 schedules; the maker goes on last, so that all have six steps.
    """
    found = explored(
        "async with asyncio.TaskGroup() as g:\n    g.create_task(at_once(1))\n    g.create_task(at_once(2))"
    )
    assert found.schedules == 6
    assert {len(end.witness) for end in found.outcomes} == {6}


TRACED = [
    "async with asyncio.TaskGroup() as g:\n    g.create_task(half('a'))\n    g.create_task(half('b'))",
    "async with asyncio.TaskGroup() as g:\n    g.create_task(half('a'))\n    g.create_task(fail('b'))",
]


@pytest.mark.parametrize("policy", ["access", "asyncio-fifo"])
@pytest.mark.parametrize("body", TRACED)
def test_truly_different_runs_of_groups_are_those_of_all_schedules(body: str, policy: str) -> None:
    """The slow count of traces agrees."""
    agrees(scenario(body), policy)


REFUSED = {
    "g = asyncio.TaskGroup()": "a TaskGroup is made outside of `async with`",
    "async with asyncio.TaskGroup(1) as g:\n    pass": "'asyncio.TaskGroup' is called with 1 argument",
    "async with asyncio.TaskGroup() as g:\n    g.create_task(at_once)": "is no call of an `async def` of the file",
    "async with asyncio.TaskGroup() as g:\n    g.create_task(say('a'), at_once(1))": "called with other arguments",
    "with asyncio.TaskGroup() as g:\n    pass": "`with ... as` is not part of the language",
    "raise ExceptionGroup('x')": "an ExceptionGroup is raised",
    "try:\n    pass\nexcept* ValueError:\n    pass": "`except*` is not allowed",
}


@pytest.mark.parametrize("body", REFUSED)
def test_what_a_group_is_not_used_for_is_refused_with_its_place(body: str) -> None:
    """One sentence, with the line of the task's text."""
    with pytest.raises(ScenarioError) as refused:
        parse(scenario(body))
    assert REFUSED[body] in str(refused.value)
    assert refused.value.line >= len(TOP.splitlines())


def test_a_thread_cannot_make_a_task_in_a_group() -> None:
    """A group that a shared list holds is used beside the loop."""
    body = "async with asyncio.TaskGroup() as g:\n    g.create_task(half('a'))\n    tasks.append(g)"
    text = scenario(body) + "\n\n@thread\ndef beside():\n    if tasks:\n        tasks[0].create_task(half('b'))\n"
    with pytest.raises(ScenarioError, match=r"an asyncio\.TaskGroup is used outside the loop"):
        lab.explore(parse(text))
