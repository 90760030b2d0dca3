"""Policies: where a switch between threads is possible.

A policy is a predicate over the marks that a thread passed since its last access. Between two switch points a
thread's steps are one; the transition relation asks the policy and knows nothing else about it.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from lab.errors import UsageError

__all__ = [
    "ATOMIC",
    "CALL",
    "COMPREHENSION",
    "JUMP",
    "POLICIES",
    "RESUME",
    "STATEMENT",
    "Policy",
    "c_call",
    "policy_named",
]

STATEMENT = "statement"
"""Marks the beginning of one execution of one statement."""

ATOMIC = "atomic"
"""Marks the beginning of an `atomic()` block."""

CALL = "call"
"""Marks the entry of a Python function: a helper, a method, a property, an operator, a lambda."""

RESUME = "resume"
"""Marks the resumption of a generator: each element of a generator expression."""

JUMP = "jump"
"""Marks a jump backwards: the end of a round of a loop, of a comprehension too."""

COMPREHENSION = "comprehension"
"""Marks the entry of a comprehension, which is a function of its own before Python 3.12."""


def c_call(name: str) -> str:
    """Return the mark after a call of a function or method written in C, by the name that the text calls.

    Examples
    --------
    >>> c_call("len"), c_call(".append")
    ('c-call len', 'c-call .append')
    """
    return f"c-call {name}"


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
    """

    name: str
    lesson: str
    switches: Callable[[AbstractSet[str]], bool]


POLICIES: dict[str, Policy] = {
    policy.name: policy
    for policy in (
        Policy("access", "a switch is possible before every shared access", lambda _marks: True),
        Policy("statement", "a switch is possible before every statement", lambda marks: STATEMENT in marks),
    )
}
"""Every policy, in the order in which `--policy all` runs them."""


def policy_named(name: str) -> Policy:
    """Return a policy by name; raises `UsageError` for an unknown one."""
    try:
        return POLICIES[name]
    except KeyError:
        raise UsageError(f"there is no policy '{name}'; write one of {', '.join(POLICIES)}") from None
