"""The exceptions of the language, and which of them an `except` clause catches."""

from __future__ import annotations

import builtins

__all__ = ["EXCEPTIONS", "IMPORTED", "catches"]

IMPORTED = {
    "UseAfterFree": "lab.scenario",
    "Empty": "queue",
    "Full": "queue",
    "BrokenBarrierError": "threading",
    "CancelledError": "asyncio",
    "InvalidStateError": "asyncio",
    "QueueEmpty": "asyncio",
    "QueueFull": "asyncio",
}
"""The exceptions that a file has to import, each with its module."""

_BASES = {
    **dict.fromkeys(("UseAfterFree", "Empty", "Full", "InvalidStateError", "QueueEmpty", "QueueFull"), "Exception"),
    "BrokenBarrierError": "RuntimeError",
    "CancelledError": "BaseException",
}

_PYTHON: dict[str, type[Exception]] = {
    name: value
    for name, value in vars(builtins).items()
    if isinstance(value, type)
    and issubclass(value, Exception)
    and not issubclass(value, Warning | SyntaxError | UnicodeError | ExceptionGroup)
    and (not issubclass(value, OSError) or value in (OSError, TimeoutError))
}

_PYTHON["ExceptionGroup"] = ExceptionGroup

EXCEPTIONS = frozenset(_PYTHON) | frozenset(IMPORTED)
"""The exceptions that a thread may raise and catch, by the name of the class."""


def catches(caught: str, raised: str) -> bool:
    """Whether `except caught` catches an exception of the class `raised`: the same class, or one of its bases.

    Examples
    --------
    >>> catches("LookupError", "KeyError"), catches("RuntimeError", "BrokenBarrierError"), catches("Empty", "Full")
    (True, True, False)
    """
    while caught != raised and raised in _BASES:
        raised = _BASES[raised]
    if caught in (raised, "BaseException"):
        return True
    return caught in _PYTHON and raised in _PYTHON and issubclass(_PYTHON[raised], _PYTHON[caught])
