"""Schedules as short texts that can be copied: `T1*3,T2,T1`.

A token names the thread of each step. Steps are accesses, not opcodes, so that a token means the same on every
version of Python.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby

from lab.errors import UsageError

__all__ = ["schedule_of", "token_of"]

_PART = re.compile(r"(?P<name>[^,*\s]+)(\*(?P<times>[1-9][0-9]{0,6}))?")
MOST_STEPS = 1_000_000


def token_of(schedule: Sequence[str]) -> str:
    """Return the token of a schedule.

    Examples
    --------
    >>> token_of(["T1", "T1", "T2", "T1"])
    'T1*2,T2,T1'
    """
    parts = ((name, len(list(group))) for name, group in groupby(schedule))
    return ",".join(name if times == 1 else f"{name}*{times}" for name, times in parts)


def schedule_of(token: str) -> list[str]:
    """Return the schedule that a token stands for.

    Raises
    ------
    UsageError
        It is none.

    Examples
    --------
    >>> schedule_of("T1*2,T2,T1")
    ['T1', 'T1', 'T2', 'T1']
    """
    schedule: list[str] = []
    for part in token.split(","):
        found = _PART.fullmatch(part.strip())
        if found is None:
            raise UsageError(f"{part.strip()!r} is no part of a token; one looks like T1*3,T2,T1")
        times = int(found["times"] or 1)
        if len(schedule) + times > MOST_STEPS:
            raise UsageError(f"the token has more than {MOST_STEPS:,} steps")
        schedule += [found["name"]] * times
    return schedule
