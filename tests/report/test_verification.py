"""What `lab verify` says, also when reality disagrees."""

from __future__ import annotations

import re

from lab.report.table import plain
from lab.report.verification import summary, tables
from lab.verify.refcount import DeathCheck, PrintCheck, RefcountReport, ScheduleCheck

RIGHT = ScheduleCheck(("T1", "T1", "T2", "T2"), (2, 2, 3, 3, 2), (2, 2, 3, 3, 2), (2, 2, 3, 3, 2))
LOST = ScheduleCheck(("T1", "T2", "T1", "T2"), (2, 2, 2, 3, 1), (2, 2, 2, 3, 2), (2, 2, 2, 3, 2))
WRONG = ScheduleCheck(("T1", "T2", "T2", "T1"), (2, 2, 2, 1, 3), (2, 2, 2, 1, 2), (2, 2, 2, 1, 3))
DEATH = DeathCheck(("T1", "T2"), (2, 1, 0), (2, 1, 0), (True, True, False), (True, True, False), "T2")
EARLY = DeathCheck(("T2", "T1"), (2, 1, 0), (2, 1, 0), (True, True, False), (True, False, False), None)
PRINT = PrintCheck("lst.append(obj)", 1, 0, 1, (3, 2))
OFF = PrintCheck("del lst[0]", 1, 0, 0, (3, 2))


def test_all_is_well() -> None:
    """Two schedules, one of which the racy model gets wrong."""
    report = RefcountReport("3.13.0", True, (RIGHT, LOST), (DEATH,), (PRINT,))
    assert summary(report) == (
        "CPython 3.13.0: the real count is the locked model's in 2 of 2 schedules; the racy model differs in 1 of 2."
    )
    shown = "\n".join(map(plain, tables(report)))
    assert "is off by -1" in shown
    assert "NOT" not in shown
    assert "FAILS" not in shown


def test_what_fails_is_named() -> None:
    """Each failing check stands in capitals in its row, and the summary names the kinds."""
    report = RefcountReport("3.13.0", False, (RIGHT, WRONG), (DEATH, EARLY), (PRINT, OFF))
    assert summary(report) == (
        "CPython 3.13.0 without a GIL: the real count is the locked model's in 1 of 2 schedules; "
        "the racy model differs in 1 of 2. Not every check holds: the schedules, the deaths and the prints."
    )
    shown = "\n".join(map(plain, tables(report)))
    assert "NOT the locked model's" in shown
    assert shown.count("FAILS") == 2
    assert re.search("2 alive, 1 dead, 0 dead +- +FAILS", shown)
