"""Calls that tasks give to other threads mean what `asyncio.to_thread` does."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

import lab
from lab.errors import ScenarioError
from lab.language import parse
from tests.explorer.test_traces import agrees
from tests.language import test_made_tasks as made
from tests.language.test_task_groups import shown

TOP = (
    made.TOP
    + """
def work(name, n=1):
    global x
    x += n
    print(name)
    return x


def pause():
    pass


def broken(text):
    raise ValueError(text)


async def handing(name):
    try:
        return await asyncio.to_thread(work, name)
    except CancelledError:
        print("told")
        raise


"""
)

SNIPPETS = """
return await asyncio.to_thread(work, "w")

return await asyncio.to_thread(work, "w", n=3), await asyncio.to_thread(work, "v", 2)

try:
    await asyncio.to_thread(broken, "x")
except ValueError as error:
    return str(error)

await asyncio.to_thread(broken, "uncaught")

return await asyncio.gather(asyncio.to_thread(work, "w"), asyncio.to_thread(work, "w"))

t = asyncio.create_task(asyncio.to_thread(work, "w"))
print("made")
return await t

t = asyncio.create_task(asyncio.to_thread(broken, "w"))
await asyncio.sleep(0.05)
return t.done()

t = asyncio.create_task(handing("w"))
await asyncio.sleep(0.05)
t.cancel()
return await t

def inner():
    return 5
return await asyncio.to_thread(inner)

return await asyncio.to_thread(lambda: 6)

async with asyncio.TaskGroup() as g:
    t = g.create_task(asyncio.to_thread(work, "w"))
return t.result()

async with asyncio.TaskGroup() as g:
    g.create_task(asyncio.to_thread(broken, "w"))
    await asyncio.sleep(1)

t = asyncio.create_task(handing("w"))
await asyncio.sleep(0)
t.cancel()
try:
    await t
except CancelledError:
    return t.cancelled()
""".strip().split("\n\n")


def scenario(*bodies: str) -> str:
    """Return the file of tasks with those bodies."""
    parts = [f"@thread\nasync def T{n}():\n{textwrap.indent(body, '    ')}\n" for n, body in enumerate(bodies, 1)]
    return TOP + "\n\n".join(parts)


def explored(*bodies: str, policy: str = "access") -> Any:
    """Explore a file of tasks with those bodies."""
    return lab.explore(parse(scenario(*bodies)), policy)


@pytest.mark.parametrize("policy", ["access", "asyncio-fifo"])
@pytest.mark.parametrize("body", SNIPPETS)
def test_a_call_in_another_thread_does_what_asyncio_does(body: str, policy: str) -> None:
    """What really happens is one of the explored outcomes."""
    ends = explored(body, policy=policy).outcomes
    for _ in range(3):
        real = made.really(scenario(body))
        assert real.status == "finished"
        assert shown(real, ends[0]) in [shown(end, end) for end in ends]


def test_a_call_runs_beside_the_other_tasks() -> None:
    """x is read by the call before or after the other task has added to it, and its write may be lost to the task's.

    The call's `x += n` and the task's `x += 1` are two steps each, which meet as those of two threads do.
    """
    found = explored("await asyncio.to_thread(work, 'w')", "global x\nx += 1")
    assert {end.shared["x"] for end in found.outcomes} == {1, 2}
    assert {race.location for race in found.races} == {"x"}


def test_what_comes_after_the_await_comes_after_the_call() -> None:
    """The task writes what the call has written, and no two accesses race."""
    found = explored("global x\nx = 5\nawait asyncio.to_thread(work, 'w')\nx += 1\nreturn x")
    assert {end.returned["T1"] for end in found.outcomes} == {7}
    assert not found.races


def test_a_call_that_is_cancelled_is_made_if_a_thread_has_taken_it_up() -> None:
    """Cancelled before its task began, before the call was taken up, or after: x is 0, 0 or 1, and the task is told."""
    body = (
        "t = asyncio.create_task(asyncio.to_thread(work, 'w'))\nawait asyncio.sleep(0)\nt.cancel()\n"
        "try:\n    await t\nexcept CancelledError:\n    return 'told'"
    )
    found = explored(body, policy="asyncio-fifo")
    assert {(end.returned["T1"], end.returned["work"], end.shared["x"]) for end in found.outcomes} == {
        ("told", None, 0),
        ("told", 1, 1),
    }


def test_a_call_that_never_ends_is_a_deadlock_that_names_it() -> None:
    """The thread waits for a lock that is never released, and its task for the thread."""
    text = scenario("await asyncio.to_thread(stuck)") + (
        "\n\nimport threading\nshut = threading.Lock()\n\n\ndef stuck():\n    shut.acquire()\n    shut.acquire()\n"
    )
    [outcome] = lab.explore(parse(text)).outcomes
    assert outcome.status == "deadlock"
    assert outcome.waiting["T1"]["held_by"] == ["stuck"]
    assert made.free_run.run(_namespace(text), 0.3).status == "unfinished"


def _namespace(text: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "scenario"}
    exec(text, names)
    return names


TRACED = [
    ("await asyncio.to_thread(work, 'a')", "global x\nx += 1"),
    ("await asyncio.to_thread(pause)", "await asyncio.sleep(0)\nawait asyncio.sleep(0)"),
    ("t = asyncio.create_task(asyncio.to_thread(work, 'a'))\nawait asyncio.sleep(0)\nt.cancel()",),
]


@pytest.mark.parametrize("policy", ["access", "asyncio-fifo"])
@pytest.mark.parametrize("bodies", TRACED)
def test_truly_different_runs_of_calls_are_those_of_all_schedules(bodies: tuple[str, ...], policy: str) -> None:
    """The slow count of traces agrees."""
    agrees(scenario(*bodies).replace("    print(name)\n", ""), policy)


REFUSED = {
    "asyncio.to_thread(work, 'w')": "the coroutine `asyncio.to_thread(work, 'w')` is never awaited",
    "await asyncio.to_thread()": "`to_thread` is called without a function",
    "await asyncio.to_thread(at_once, 1)": "'at_once' is a coroutine",
    "await asyncio.to_thread(all_even)": "'all_even' is a property or the main function",
    "await asyncio.to_thread(work)": "'work' is called without",
}


@pytest.mark.parametrize("body", REFUSED)
def test_what_is_no_call_of_a_function_is_refused(body: str) -> None:
    """One sentence."""
    with pytest.raises(ScenarioError) as refused:
        parse(scenario(body) + "\n\n@final\ndef all_even():\n    return x % 2 == 0\n")
    assert REFUSED[body] in str(refused.value)


def test_a_call_cannot_use_what_belongs_to_the_loop() -> None:
    """Only tasks may set an event of asyncio."""
    text = scenario("await asyncio.to_thread(sets)") + "\n\ndef sets():\n    event.set()\n"
    with pytest.raises(ScenarioError, match=r"an asyncio\.Event is used outside the loop"):
        lab.explore(parse(text))
