"""Policies: where a switch between threads is possible.

A policy is a predicate over the marks that a thread passed since its last access. Between two switch points a
thread's steps are one; the transition relation asks the policy and knows nothing else about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache

from lab.errors import UsageError
from lab.model.interpreters import INTERPRETERS, Interpreter
from lab.model.marks import STATEMENT

__all__ = ["POLICIES", "Policy", "policies_for", "policies_of", "policy_named"]


@dataclass(frozen=True)
class Policy:
    """A rule that says whether another thread may run in front of an access.

    Attributes
    ----------
    name : str
        What `--policy` and every table and figure call it.
    lesson : str
        One sentence for people.
    switches : callable
        Given the marks passed since the thread's last access, whether a switch is possible before the next.
    whole_calls : bool
        Whether a call that runs in C is one step however many elements it looks at, as under a GIL; else a step ends
        before a second visit of the same instruction.
    guarded_containers : bool
        Whether each container has a lock of its own, so that two operations on one are no data race.
    fifo : bool
        Whether tasks go on in the order of the event loop's queue, not in any order.
    """

    name: str
    lesson: str
    switches: Callable[[AbstractSet[str]], bool]
    whole_calls: bool = False
    guarded_containers: bool = False
    fifo: bool = False


def _always(_marks: AbstractSet[str]) -> bool:
    return True


def _at(polls: Callable[[str], bool]) -> Callable[[AbstractSet[str]], bool]:
    """Return the predicate of a thread that may lose the GIL at some marks."""
    known = cache(polls)
    return lambda marks: any(map(known, marks))


def policies_of(interpreter: Interpreter) -> Iterator[Policy]:
    """Yield the policy of a version, and that of its warm code where this polls less."""
    name = f"cpython-{interpreter.version}"
    lesson = f"Python {interpreter.version} with a GIL: a switch is possible {interpreter.lesson}"
    yield Policy(name, lesson, _at(interpreter.cold), whole_calls=True)
    if interpreter.specialised:
        spared = ", ".join(mark.partition(" ")[2] for mark in interpreter.specialised)
        lesson = f"the same in code that has run often: no switch after {spared}"
        yield Policy(f"{name}-warm", lesson, _at(interpreter.warm), whole_calls=True)


POLICIES: dict[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy("access", "a switch is possible before every shared access", _always),
        Policy("statement", "a switch is possible before every statement", lambda marks: STATEMENT in marks),
        *(policy for interpreter in INTERPRETERS for policy in policies_of(interpreter)),
        Policy(
            "free-threaded",
            "as access, for Python without a GIL: two operations on one container are no data race",
            _always,
            guarded_containers=True,
        ),
        Policy(
            "asyncio-fifo",
            "tasks go on in the order of the event loop's queue; else as under access",
            _always,
            fifo=True,
        ),
    )
}
"""Every policy, in the order in which `--policy all` runs them."""


def policies_for(*, tasks: bool) -> dict[str, Policy]:
    """Return the policies that differ for a program with tasks, or for one without: not those of the loop's order."""
    return {name: policy for name, policy in POLICIES.items() if tasks or not policy.fifo}


def policy_named(name: str) -> Policy:
    """Return a policy by name; raises `UsageError` for an unknown one."""
    try:
        return POLICIES[name]
    except KeyError:
        near = difflib.get_close_matches(name, POLICIES, 1)
        hint = f"did you mean {near[0]}? There are" if near else "write one of"
        raise UsageError(f"there is no policy '{name}'; {hint} {', '.join(POLICIES)}") from None
