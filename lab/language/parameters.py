"""Reads `--set NAME=VALUE`."""

from __future__ import annotations

import ast

from lab.errors import UsageError
from lab.model import compute
from lab.model.heap import Refused
from lab.model.values import Value

__all__ = ["parse_setting"]


def parse_setting(text: str) -> tuple[str, Value]:
    """Return a parameter's name and value from `NAME=VALUE`; raises `UsageError`.

    Examples
    --------
    >>> parse_setting("N=4"), parse_setting("NAMES=('a', 'b')")
    (('N', 4), ('NAMES', ('a', 'b')))
    """
    name, equals, written = text.partition("=")
    name = name.strip()
    if not equals or not name.isidentifier():
        raise UsageError(f"'{text}' sets no parameter; write NAME=VALUE, such as N=4")
    try:
        if len(written) > 10_000:
            raise ValueError("too long")
        value = ast.literal_eval(written.strip())
        if not _plain(value):
            raise ValueError("not a plain value")
        return name, compute.bounded(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError, Refused):
        raise UsageError(
            f"'{written[:60]}' is no value for '{name}'; write a number, a quoted text, True, False, None or a tuple"
        ) from None


def _plain(value: Value) -> bool:
    if isinstance(value, tuple):
        return all(map(_plain, value))
    return value is None or isinstance(value, bool | int | float | str)
