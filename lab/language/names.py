"""What the names of a scenario file may refer to: the modules it may import, and Python's own functions."""

from __future__ import annotations

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
        "Record",
        "region",
        "sometimes",
        "thread",
        "UseAfterFree",
        "wait_until",
    )
)
"""What `lab.scenario` offers."""

MODULES: dict[str, frozenset[str]] = {
    "lab.scenario": VOCABULARY,
    "threading": frozenset(("Lock", "RLock", "Semaphore", "BoundedSemaphore", "BrokenBarrierError")),
    "collections": frozenset(("deque",)),
    "types": frozenset(("SimpleNamespace",)),
    "time": frozenset(("sleep",)),
    "queue": frozenset(("Empty", "Full")),
    "asyncio": frozenset(),
    "sys": frozenset(),
    "weakref": frozenset(),
    "dataclasses": frozenset(("dataclass", "field")),
    "__future__": frozenset(("annotations",)),
}
"""The modules a scenario may import, with the names that the explorer knows."""

LATER: dict[str, str] = {
    "lab.scenario.main": "start every thread together with `@thread`",
    "threading.Condition": "use a Lock and `wait_until`",
    "threading.Event": "use a variable and `wait_until`",
    "threading.Barrier": "count the arrivals with an Atomic and use `wait_until`",
    "threading.Thread": "write `@thread` above the function",
    "queue.Queue": "use a deque and `wait_until`",
    "queue.LifoQueue": "use a list and `wait_until`",
    "queue.SimpleQueue": "use a deque and `wait_until`",
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
