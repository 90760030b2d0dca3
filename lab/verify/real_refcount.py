"""Reference counts of real objects, changed by real threads in a prescribed order.

Standard library only, Python 3.9 and later, and a program too: `python lab/verify/real_refcount.py '[["T1", "T1", "T2",
"T2"]]'` measures in that interpreter, with nothing installed, and prints the result as JSON.

What `sys.getrefcount` returns for one situation differs between versions: a borrowed local counts once less on 3.14. So
every number here is a difference from a baseline, and the baseline is measured by the same instruction, before the
references in question exist.
"""

from __future__ import annotations

import json
import platform
import sys
import threading
import weakref
from collections.abc import Callable
from typing import Any

__all__ = ["deaths", "measure", "prints", "schedules"]

SECONDS = 10.0
"""How long a hand-over between threads may take; far more than it ever does."""

Count = Callable[[Any], int]


class Thing:
    """An object to count references to; unlike `object()` it can be watched by a weak reference."""


class _Hand:
    """A thread that does its next action each time it is told to, while everybody else waits."""

    def __init__(self, name: str, actions: list[Callable[[], object]]) -> None:
        self._go, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._actions = actions
        self._thread = threading.Thread(target=self._body, name=name, daemon=True)
        self._thread.start()

    def _body(self) -> None:
        while self._actions:
            self._go.acquire()
            self._actions.pop(0)()
            self._done.release()

    def act(self) -> None:
        """Let the thread do its next action and wait until it has."""
        self._go.release()
        if not self._done.acquire(timeout=SECONDS):
            raise RuntimeError(f"{self._thread.name} did not answer within {SECONDS:.0f} s")

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join(SECONDS)


def _nothing() -> None:
    """Stand in for the load: reading a count changes nothing."""


def schedules(wanted: list[list[str]], count: Count = sys.getrefcount) -> list[dict[str, Any]]:
    """Measure a real object's count at the start of each schedule and after each of its steps.

    Each thread holds one reference in a list of its own. A thread's first step does nothing: it stands for the load.
    Its second, at the place of the store, is the real operation: T1 appends one more reference to its list, T2 clears
    its own.

    Parameters
    ----------
    wanted : list of list of str
        Schedules of two steps of T1 and two of T2.
    count : callable
        What counts references.
    """
    return [{"schedule": list(one), "counts": _along(one, count)} for one in wanted]


def _along(schedule: list[str], count: Count) -> list[int]:
    box = [Thing()]
    mine: list[Thing] = []
    yours: list[Thing] = []
    hands = {
        "T1": _Hand("T1", [_nothing, lambda: mine.append(mine[0])]),
        "T2": _Hand("T2", [_nothing, yours.clear]),
    }
    counts = []
    for entry in ["baseline", "start", *schedule]:
        if entry == "start":
            mine.append(box[0])
            yours.append(box[0])
        elif entry != "baseline":
            hands[entry].act()
        counts.append(count(box[0]))
    for hand in hands.values():
        hand.join()
    return [one - counts[0] for one in counts[1:]]


def deaths(count: Count = sys.getrefcount) -> list[dict[str, Any]]:
    """Let T1 and T2 each drop one of an object's two references, in both orders, and watch when it dies.

    `counts` and `alive` have one entry before the first drop and one after each; a dead object counts 0. `died_in` is
    the thread in which the weak reference's callback ran: with a GIL, the one that dropped last.
    """
    return [_death(order, count) for order in (["T1", "T2"], ["T2", "T1"])]


def _death(order: list[str], count: Count) -> dict[str, Any]:
    died_in: list[str] = []
    mine = [Thing()]
    yours: list[Thing] = []
    watch = weakref.ref(mine[0], lambda _: died_in.append(threading.current_thread().name))
    hands = {"T1": _Hand("T1", [mine.clear]), "T2": _Hand("T2", [yours.clear])}
    counts, alive = [], []
    for entry in ["baseline", "start", *order]:
        if entry == "start":
            yours.append(mine[0])
        elif entry != "baseline":
            hands[entry].act()
        alive.append(watch() is not None)
        counts.append(count(watch()) if alive[-1] else None)
    for hand in hands.values():
        hand.join()
    baseline = (counts[0] or 0) - 1  # one reference existed when it was measured: the one in T1's list
    return {
        "order": list(order),
        "counts": [0 if one is None else one - baseline for one in counts[1:]],
        "alive": alive[1:],
        "died_in": died_in[0] if died_in else None,
    }


def prints(count: Count = sys.getrefcount) -> list[dict[str, Any]]:
    """Count an object and a list alone, after `lst.append(obj)`, and after `del lst[0]`.

    The two live in a namespace of their own, as in a notebook. `obj` and `lst` are the differences from another object
    and another list, which are always alone; `shown` is what `sys.getrefcount` itself returns for the two.
    """
    names: dict[str, Any] = {"obj": object(), "lst": [], "other": object(), "others": []}
    rows = []
    for after in ("an object alone", "lst.append(obj)", "del lst[0]"):
        if after == "lst.append(obj)":
            names["lst"].append(names["obj"])
        elif after == "del lst[0]":
            del names["lst"][0]
        seen = {}
        for name in tuple(names):
            seen[name] = count(names[name])
        differences = {"obj": seen["obj"] - seen["other"], "lst": seen["lst"] - seen["others"]}
        rows.append({"after": after, **differences, "shown": [seen["obj"], seen["lst"]]})
    return rows


def measure(wanted: list[list[str]], count: Count = sys.getrefcount) -> dict[str, Any]:
    """Measure all three in this interpreter, as plain data."""
    return {
        "python": platform.python_version(),
        "gil": getattr(sys, "_is_gil_enabled", lambda: True)(),
        "schedules": schedules(wanted, count),
        "deaths": deaths(count),
        "prints": prints(count),
    }


if __name__ == "__main__":
    json.dump(measure(json.loads(sys.argv[1])), sys.stdout)
