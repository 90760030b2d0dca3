"""Locks at accesses, in words."""

from __future__ import annotations

from dataclasses import replace

from lab.explorer.result import LockSet, RacyAccess
from lab.report import text
from lab.report.locksets import advice
from tests.report.samples import RACE


def access(thread: str, line: int, *locks: str, kind: str = "write") -> RacyAccess:
    return RacyAccess(thread, line, kind, locks)


def test_the_access_that_lacks_the_lock_is_named() -> None:
    """Two hold `a`, one of them also `b`; the third holds none."""
    said = advice(LockSet("x", (access("T1", 12, "a"), access("T2", 20), access("T3", 30, "b", "a"))))
    assert said == (
        "x: T1 line 12 holds lock a; T2 line 20 holds no lock; T3 line 30 holds locks b and a; "
        "no lock is held at all of these lines. Hold a in line 20, too."
    )


def test_different_locks_are_said_to_be_different() -> None:
    """Each holds a lock, and not the same one: the first met is proposed."""
    said = advice(LockSet("x", (access("T1", 12, "a"), access("T2", 20, "b"))))
    assert said.endswith("T2 line 20 holds lock b; no lock is held by both. Hold a in line 20, too.")


def test_reads_writes_and_threads_that_do_alike_are_said_once() -> None:
    """Three threads read and write two lines; a fourth holds a lock whose name says that it is one."""
    many = [access(f"T[{i}]", line, kind=kind) for line in (5, 6) for i in range(3) for kind in ("read", "write")]
    said = advice(LockSet("x", (*many, access("M", 9, "x_lock"))))
    assert said.startswith("x: T[0] ... T[2] lines 5 and 6 hold no lock; M line 9 holds x_lock; no lock is held at all")


def test_an_incomplete_exploration_speaks_of_what_it_saw() -> None:
    """The note before the advice says so, if states for races or others are missing."""
    for result in (replace(RACE, complete=False), replace(RACE, races_complete=False)):
        assert text.races(result).notes[0] == "Locks at the accesses seen so far:"
    assert len(text.races(RACE).notes) == 1
