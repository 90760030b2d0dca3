"""The objects that threads synchronise by: every class that one of these modules exports."""

from __future__ import annotations

from lab.model.objects import awaited, locks, queues, waiting
from lab.model.objects.cells import Atomic
from lab.model.objects.synchroniser import Synchroniser
from lab.model.objects.threads import Thread

__all__ = ["SYNCHRONISERS", "WRITTEN_IN_PYTHON"]

SYNCHRONISERS: dict[str, type[Synchroniser]] = {
    f"{name}.{cls}": getattr(module, cls)
    for name, module in (("threading", locks), ("threading", waiting), ("queue", queues), ("asyncio", awaited))
    for cls in module.__all__
}
"""Each class by the name that a file imports."""

WRITTEN_IN_PYTHON = frozenset(cls.kind for cls in SYNCHRONISERS.values() if cls.in_python) | {Thread.kind, Atomic.kind}
"""The classes whose methods are Python functions: of `threading`, `queue` and `asyncio`, and of `lab.scenario`."""
