"""Objects as plain data that can be compared and kept."""

from __future__ import annotations

import types
from collections import deque
from typing import Any

__all__ = ["plain"]

DEPTH = 4
_SIMPLE = frozenset({int, float, complex, str, bytes, bool, type(None)})


def plain(value: Any, depth: int = DEPTH) -> Any:
    """Return a value as numbers, texts, tuples and pairs; what has no content to show as the name of its class.

    Notes
    -----
    An object becomes the tuple of its class's name and the pairs of its attributes, locks and the like
    left out.
    """
    kind = type(value)
    if kind in _SIMPLE:
        return value
    if not depth:
        return f"<{kind.__name__}>"
    if isinstance(value, list | tuple | deque):
        return tuple([plain(one, depth - 1) for one in value])
    if isinstance(value, dict):
        return tuple([(plain(key, depth - 1), plain(one, depth - 1)) for key, one in value.items()])
    if isinstance(value, set | frozenset):
        return tuple(sorted((plain(one, depth - 1) for one in value), key=repr))
    if isinstance(value, types.FunctionType | types.ModuleType | type):
        return f"<{getattr(value, '__name__', kind.__name__)}>"
    if hasattr(kind, "peek") and kind.__module__.startswith("lab.live.runner"):
        return f"<{kind.__name__}>"
    held = getattr(value, "__dict__", None)
    if held is None:
        return f"<{kind.__name__}>"
    shown = [(name, plain(one, depth - 1)) for name, one in held.items()]
    return (kind.__name__, tuple([pair for pair in shown if not _empty(pair[1])]))


def _empty(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("<") and value.endswith(">")
