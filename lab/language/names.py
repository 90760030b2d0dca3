"""What the names of a scenario file may refer to: the modules it may import, and Python's own functions."""

from __future__ import annotations

from lab.model.objects.synchronisers import SYNCHRONISERS

__all__ = ["BUILTINS", "LATER", "MODULES", "VOCABULARY"]

VOCABULARY = frozenset(
    (
        "always",
        "atomic",
        "Atomic",
        "choose",
        "decref",
        "eventually",
        "expect",
        "final",
        "free",
        "freed",
        "incref",
        "inside",
        "main",
        "question",
        "Record",
        "region",
        "sometimes",
        "thread",
        "UseAfterFree",
        "wait_until",
    )
)
"""What `lab.scenario` offers."""


def _synchronisers(module: str) -> frozenset[str]:
    return frozenset(name.removeprefix(f"{module}.") for name in SYNCHRONISERS if name.startswith(f"{module}."))


_EXCEPTIONS_OF_ASYNCIO = ("CancelledError", "InvalidStateError", "QueueEmpty", "QueueFull")

MODULES: dict[str, frozenset[str]] = {
    "lab.scenario": VOCABULARY,
    "threading": _synchronisers("threading") | {"BrokenBarrierError", "Thread"},
    "collections": frozenset(("deque",)),
    "types": frozenset(("SimpleNamespace",)),
    "time": frozenset(("sleep",)),
    "queue": _synchronisers("queue") | {"Empty", "Full"},
    "asyncio": _synchronisers("asyncio")
    | {"sleep", "create_task", "gather", "TaskGroup", "to_thread", *_EXCEPTIONS_OF_ASYNCIO},
    "sys": frozenset(),
    "weakref": frozenset(),
    "dataclasses": frozenset(("dataclass", "field")),
    "__future__": frozenset(("annotations",)),
}
"""The modules a scenario may import, with the names that the explorer knows."""

LATER: dict[str, str] = {
    "threading.Timer": "start a Thread whose function sleeps first",
    "threading.local": "use the thread's own local variables",
    "threading.current_thread": "give each thread a name or a number as an argument",
    "threading.get_ident": "give each thread a name or a number as an argument",
    "asyncio.run": "the lab runs the loop itself: write `@thread` above every `async def` that is a task",
    "asyncio.ensure_future": "write `asyncio.create_task`",
    "asyncio.shield": "await the task in a `try`, and once more in its `except asyncio.CancelledError`",
    "asyncio.current_task": "keep what `asyncio.create_task` gives",
    "asyncio.get_event_loop": "the lab runs the loop itself",
    "asyncio.get_running_loop": "the lab runs the loop itself",
    "asyncio.Condition": "use an asyncio.Event, or a Queue",
    "asyncio.Barrier": "use an asyncio.Event",
    "asyncio.PriorityQueue": "use an asyncio.Queue",
    "asyncio.LifoQueue": "use an asyncio.Queue",
    "asyncio.wait_for": "a time-out of a task is not part of the language",
    "asyncio.timeout": "a time-out of a task is not part of the language",
    "asyncio.wait": "await every task",
}
"""Names that Python or the lab has and this language does not, each with what to write instead."""

BUILTINS = frozenset(
    (
        "abs",
        "all",
        "any",
        "bool",
        "dict",
        "enumerate",
        "int",
        "isinstance",
        "len",
        "list",
        "max",
        "min",
        "print",
        "range",
        "reversed",
        "set",
        "sorted",
        "str",
        "sum",
        "tuple",
        "zip",
    )
)
"""The functions of Python that a thread may call."""
