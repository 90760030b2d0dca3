"""The locks at the accesses to one location, in words, with what to do about them."""

from __future__ import annotations

from collections.abc import Iterable

from lab.explorer.result import LockSet, RacyAccess
from lab.report.words import lined

__all__ = ["advice"]


def advice(lockset: LockSet) -> str:
    """Return who holds which lock at which line, that none is common, and which lock to hold where.

    Examples
    --------
    >>> from lab.explorer.result import LockSet, RacyAccess
    >>> print(advice(LockSet("x", (RacyAccess("T1", 12, "write", ("a",)), RacyAccess("T2", 20, "write", ())))))
    x: T1 line 12 holds lock a; T2 line 20 holds no lock; no lock is held by both. Hold a in line 20, too.
    >>> print(advice(LockSet("x", (RacyAccess("T1", 12, "write", ()), RacyAccess("T2", 20, "read", ())))))
    x: no access holds a lock. Hold one and the same lock in lines 12 and 20.
    """
    lock = lockset.lock
    if lock is None:
        return f"{lockset.location}: no access holds a lock. Hold one and the same lock in {_lines(lockset.accesses)}."
    groups = _grouped(lockset.accesses)
    said = "; ".join(f"{_who(threads)} {_lines(sides)} {_holding(threads, locks)}" for threads, locks, sides in groups)
    pair = len(groups) == 2 and all(len(threads) == 1 for threads, _, _ in groups)
    shared = "by both" if pair else "at all of these lines"
    return f"{lockset.location}: {said}; no lock is held {shared}. Hold {lock} in {_lines(lockset.without)}, too."


def _grouped(accesses: Iterable[RacyAccess]) -> list[tuple[tuple[str, ...], tuple[str, ...], list[RacyAccess]]]:
    """Return threads, the locks that they hold, and the accesses at which they do; alike ones together."""
    by_line: dict[tuple[int, tuple[str, ...]], list[RacyAccess]] = {}
    for side in accesses:
        by_line.setdefault((side.line, side.locks), []).append(side)
    found: dict[tuple[tuple[str, ...], tuple[str, ...]], list[RacyAccess]] = {}
    for (_, locks), sides in by_line.items():
        threads = tuple(dict.fromkeys(side.thread for side in sides))
        found.setdefault((threads, locks), []).extend(sides)
    return [(threads, locks, sides) for (threads, locks), sides in found.items()]


def _who(threads: tuple[str, ...]) -> str:
    return lined(threads) if len(threads) < 3 else f"{threads[0]} ... {threads[-1]}"


def _lines(accesses: Iterable[RacyAccess]) -> str:
    numbers = sorted({side.line for side in accesses})
    return f"line{'s' * (len(numbers) > 1)} {lined(map(str, numbers))}"


def _holding(threads: tuple[str, ...], locks: tuple[str, ...]) -> str:
    verb = "holds" if len(threads) == 1 else "hold"
    if not locks:
        return f"{verb} no lock"
    noun = "" if any("lock" in name.lower() for name in locks) else f"lock{'s' * (len(locks) > 1)} "
    return f"{verb} {noun}{lined(locks)}"
