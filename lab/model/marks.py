"""The kinds of marks between accesses: what a thread passes, and policies look at.

The front end puts a mark wherever some version of CPython looks at its eval breaker, and lets a thread lose the GIL.
"""

from __future__ import annotations

__all__ = [
    "ATOMIC",
    "AWAIT",
    "BLOCKING",
    "BRANCH",
    "CALL",
    "COMPREHENSION",
    "C_CALL",
    "EXCEPT",
    "HELD",
    "IDENTITY",
    "JUMP",
    "METHOD",
    "OPCODE",
    "REPEAT",
    "RESUME",
    "RETURN",
    "STATEMENT",
    "c_call",
    "completed",
    "kind_of",
]

STATEMENT = "statement"
"""The beginning of one execution of one statement."""

ATOMIC = "atomic"
"""The beginning of an `atomic()` block."""

AWAIT = "await"
"""Where a task stands while others have the loop: its beginning, and where it goes on after an await."""

OPCODE = "opcode"
"""The end of an opcode, but those that are fast in 3.9: of local variables, constants, `in`, `is`, jumps."""

IDENTITY = "in or is"
"""The end of a test with `in` or `is`, an opcode of its own that is fast from 3.9 on."""

CALL = "call"
"""The entry of a Python function: a helper, a method, a property, an operator, a lambda."""

RETURN = "return"
"""The end of a call of a Python function that the text writes with parentheses: not of a property or an operator."""

RESUME = "resume"
"""The resumption of a generator: each element of a generator expression."""

COMPREHENSION = "comprehension"
"""The entry of a comprehension, which is a function of its own before Python 3.12."""

JUMP = "jump"
"""A jump backwards to the head of a loop: of `for`, of a comprehension, by `continue`; of `while` with a literal."""

REPEAT = "repeat"
"""The end of a round of a `while` with a test, before the test."""

HELD = "held"
"""A `while`'s test that holds. From the second round on it jumps backwards in 3.10 to 3.13, after the test; the lab
does not tell the first round apart, because a thread that stands before the test is in one state."""

BRANCH = "branch"
"""A test that jumps over something: the false side of `if`, of a conditional expression, the true one of `assert`."""

EXCEPT = "except"
"""An exception that reaches its handler."""

BLOCKING = "blocking"
"""An operation that releases the GIL whatever the version: `time.sleep`, and I/O. A lock that is waited for
needs no mark: a step ends in front of an operation that is not enabled."""

METHOD = "method"
"""The entry of a method of Python's library; `completed` says whether it is written in Python."""

C_CALL = "c-call"
"""The end of a call of a function written in C; the mark also has its name, see `c_call`."""


def c_call(name: str) -> str:
    """Return the mark after a call of a function written in C, by the name that the text calls.

    A method's name begins with a dot; `completed` puts its class in front.

    Examples
    --------
    >>> c_call("len"), c_call(".append")
    ('c-call len', 'c-call .append')
    """
    return f"{C_CALL} {name}"


def completed(mark: str, receiver: str, *, in_python: bool) -> str | None:
    """Return a mark about a method, once the class of its object is known; None if it says nothing about that class.

    `in_python` says whether the methods of that class are Python functions.

    Examples
    --------
    >>> completed(c_call(".append"), "list", in_python=False), completed(METHOD, "Queue", in_python=True)
    ('c-call list.append', 'call')
    """
    if mark == METHOD:
        return CALL if in_python else None
    return mark.replace(" .", f" {receiver}.", 1)


def kind_of(mark: str) -> str:
    """Return a mark's kind: "c-call" for every call of a function written in C, else the mark itself."""
    return C_CALL if mark.startswith(C_CALL) else mark
