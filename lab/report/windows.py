"""The windows of a scenario: from where a thread reads something shared to where it writes it."""

from __future__ import annotations

from collections import defaultdict

from lab.model.policies import POLICIES
from lab.model.program import Program
from lab.model.relation import Relation

__all__ = ["windows"]

MOST_STEPS = 500
"""Steps of a thread that are followed."""


def windows(program: Program) -> dict[int, list[str]]:
    """Return for each line the locations whose windows it is part of, in the order of their reads.

    Notes
    -----
    Each thread is followed alone from the start, by the first result of each of its steps; what it does only after
    another thread has moved is not seen. Operations that synchronise open no window.
    """
    relation = Relation(program, POLICIES["access"])
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for thread in range(len(program.threads)):
        state, opened = relation.initial(), dict[str, int]()
        for _ in range(MOST_STEPS):
            steps = relation.steps(state, thread)
            if not steps:
                break
            step, state = steps[0]
            for access in step.accesses:
                if access.atomic:
                    continue
                if not access.writes:
                    opened[access.location] = access.line
                elif access.location in opened:
                    for line in range(opened.pop(access.location), access.line + 1):
                        found[line][access.location] = None
    return {line: list(locations) for line, locations in found.items()}
