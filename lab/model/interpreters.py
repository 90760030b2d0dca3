"""Where each version of CPython polls its eval breaker: one row per version, each poll with its source.

A row is all that the lab knows of a version, and a new version is a new row. `tests/policies/` holds every row
against the interpreter itself, where that version is installed. "Polls" is short for: looks at the eval breaker, and
releases the GIL there if another thread has asked for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.model.marks import (
    BLOCKING,
    BRANCH,
    C_CALL,
    CALL,
    COMPREHENSION,
    EXCEPT,
    HELD,
    IDENTITY,
    JUMP,
    OPCODE,
    REPEAT,
    RESUME,
    RETURN,
    c_call,
    kind_of,
)

__all__ = ["INTERPRETERS", "Interpreter"]


@dataclass(frozen=True)
class Interpreter:
    """One version of CPython with a GIL.

    Attributes
    ----------
    version : str
        Such as "3.12".
    lesson : str
        Where it may switch, in a few words for people.
    polls : Mapping[str, str]
        The kinds of marks at which it polls, each with its source.
    specialised : Mapping[str, str]
        Marks of calls whose specialised form, which runs once the code is warm, does not poll, each with its source.
    """

    version: str
    lesson: str
    polls: Mapping[str, str]
    specialised: Mapping[str, str] = field(default_factory=dict)

    def cold(self, mark: str) -> bool:
        """Whether code that has run a few times at most polls at a mark."""
        return kind_of(mark) in self.polls

    def warm(self, mark: str) -> bool:
        """Whether code that has run often polls at a mark."""
        return mark not in self.specialised and self.cold(mark)


def _read(source: str, *kinds: str) -> dict[str, str]:
    """Return the same source for several kinds of marks."""
    return dict.fromkeys(kinds, source)


_ALWAYS = _read("every version releases the GIL around what blocks (Py_BEGIN_ALLOW_THREADS)", BLOCKING)
_ENDS_OF_OPCODES = (CALL, RETURN, RESUME, COMPREHENSION, JUMP, REPEAT, HELD, EXCEPT, C_CALL)
_SPECIALISED = (c_call("len"), c_call("isinstance"), c_call("type"), c_call("list.append"))

INTERPRETERS = (
    Interpreter(
        "2.7",
        "every 100 ticks, so after any opcode but those of local variables and constants",
        {
            **_ALWAYS,
            **_read("2.7 ceval.c: `--_Py_Ticker < 0` at the head of the loop", OPCODE, IDENTITY, *_ENDS_OF_OPCODES),
        },
    ),
    Interpreter(
        "3.9",
        "after any opcode but those of local variables and constants, `in`, `is`, and tests of True or False",
        {
            **_ALWAYS,
            **_read("3.9 ceval.c: eval_breaker at the head of the loop, which FAST_DISPATCH passes by", OPCODE),
            **_read("3.9 ceval.c: the opcode before or after it ends in DISPATCH", *_ENDS_OF_OPCODES),
        },
    ),
    Interpreter(
        "3.10",
        "on entering or resuming a function, after every call, when a test jumps, on jumps back, in a handler",
        {
            **_ALWAYS,
            **_read(
                "3.10 ceval.c (4958f5d): `resume_frame` polls before the first opcode", CALL, RESUME, COMPREHENSION
            ),
            **_read("3.10 ceval.c (4958f5d): CALL_FUNCTION, CALL_METHOD, CALL_FUNCTION_KW and _EX", RETURN, C_CALL),
            **_read("3.10 ceval.c (4958f5d): JUMP_ABSOLUTE", JUMP),
            **_read("3.10 ceval.c (4958f5d): POP_JUMP_IF_TRUE and _FALSE when they jump", BRANCH, HELD),
            **_read("3.10 ceval.c: an exception that is handled goes on at the head of the loop", EXCEPT),
        },
    ),
    Interpreter(
        "3.11",
        "on entering a function, on resuming a generator, after calls of C functions, on jumps back",
        {
            **_ALWAYS,
            **_read("3.11 ceval.c: RESUME", CALL, RESUME, COMPREHENSION),
            **_read("3.11 ceval.c: JUMP_BACKWARD", JUMP),
            **_read("3.11 ceval.c: POP_JUMP_BACKWARD_IF_TRUE", HELD),
            **_read("3.11 ceval.c: CALL, and the specialised PRECALLs but the four below; CALL_FUNCTION_EX", C_CALL),
        },
        _read("3.11 ceval.c: PRECALL_NO_KW_LEN, _ISINSTANCE, _TYPE_1, _LIST_APPEND do not poll", *_SPECIALISED),
    ),
    Interpreter(
        "3.12",
        "as 3.11, but a comprehension is no function",
        {
            **_ALWAYS,
            **_read("3.12 bytecodes.c: RESUME; PEP 709 inlines comprehensions", CALL, RESUME),
            **_read("3.12 bytecodes.c: JUMP_BACKWARD", JUMP, HELD),
            **_read("3.12 bytecodes.c: CALL of a type, builtin or method descriptor; CALL_FUNCTION_EX", C_CALL),
        },
        _read("3.12 bytecodes.c: CALL_NO_KW_LEN, _ISINSTANCE, _TYPE_1, _LIST_APPEND do not poll", *_SPECIALISED),
    ),
    Interpreter(
        "3.13",
        "as 3.12; warm code does not poll after making an object either",
        {
            **_ALWAYS,
            **_read("3.13 bytecodes.c: RESUME", CALL, RESUME),
            **_read("3.13 bytecodes.c: JUMP_BACKWARD", JUMP, HELD),
            **_read(
                "3.13 bytecodes.c: CALL of a type, builtin or method descriptor; CALL_KW; CALL_FUNCTION_EX", C_CALL
            ),
        },
        {
            **_read("3.13 bytecodes.c: CALL_LEN, _ISINSTANCE, _TYPE_1, _LIST_APPEND do not poll", *_SPECIALISED),
            **_read("3.13 bytecodes.c: CALL_ALLOC_AND_ENTER_INIT enters `__init__` in place", c_call("__init__")),
        },
    ),
    Interpreter(
        "3.14",
        "as 3.13, but a `while` polls before its test, not after",
        {
            **_ALWAYS,
            **_read("3.14 bytecodes.c: _CHECK_PERIODIC_IF_NOT_YIELD_FROM in RESUME", CALL, RESUME),
            **_read(
                "3.14 bytecodes.c: _CHECK_PERIODIC in JUMP_BACKWARD; codegen.c tests at the head only", JUMP, REPEAT
            ),
            **_read("3.14 bytecodes.c: _CHECK_PERIODIC in the CALLs of C functions", C_CALL),
        },
        {
            **_read("3.14 bytecodes.c: CALL_LEN, _ISINSTANCE, _TYPE_1, _LIST_APPEND: no periodic check", *_SPECIALISED),
            **_read("3.14 bytecodes.c: CALL_ALLOC_AND_ENTER_INIT enters `__init__` in place", c_call("__init__")),
        },
    ),
)
"""The versions with a GIL, the oldest first."""
