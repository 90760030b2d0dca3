"""Every order, or every order with few preemptions, one after the other, depth first."""

from __future__ import annotations

from lab.live.runner import Run, Worker
from lab.live.runner.operations import Operation
from lab.live.runner.session import Session
from lab.live.search.strategy import check_repeated, last_or_first

__all__ = ["Orders"]


class _Choice:
    """The threads that may take a step, and which of them does."""

    __slots__ = ("names", "operation", "position", "spent")

    def __init__(self, names: list[str], spent: list[int]) -> None:
        self.names = names
        self.spent = spent
        self.position = 0
        self.operation: Operation


class Orders:
    """Goes through the orders of steps.

    Parameters
    ----------
    bound : int or None
        The most preemptions of an order, >= 0; None for all orders. A switch from a thread that slept is none.
    """

    def __init__(self, bound: int | None = None) -> None:
        self.bound = bound
        self.proves = bound is None
        self.exhausted = False
        self.runs = 0
        self.cut = False
        self.choices: list[_Choice] = []

    def covered(self) -> str:
        """Return in words what the runs so far cover."""
        if not self.exhausted:
            return f"{self.runs} orders"
        if self.proves:
            return "every order of steps"
        return f"every order of steps with at most {self.bound} preemption{'' if self.bound == 1 else 's'}"

    def choose(self, session: Session, enabled: list[Worker]) -> Worker:
        """Repeat the choices at hand, then take the first of those that are allowed."""
        depth = len(session.steps)
        if depth < len(self.choices):
            choice = self.choices[depth]
            name = choice.names[choice.position]
            found = next((one for one in enabled if one.name == name), None)
            if depth < len(self.choices) - 1:
                check_repeated(found, name, choice.operation)
            assert found is not None
            assert found.operation is not None
            choice.operation = found.operation
            return found
        choice = self._new(session, enabled)
        self.choices.append(choice)
        worker = next(one for one in enabled if one.name == choice.names[0])
        assert worker.operation is not None
        choice.operation = worker.operation
        return worker

    def _new(self, session: Session, enabled: list[Worker]) -> _Choice:
        first = last_or_first(session, enabled)
        ordered = [first, *(one for one in enabled if one is not first)]
        before = self.choices[-1] if self.choices else None
        spent = 0 if before is None else before.spent[before.position]
        goes_on = before is not None and first.name == before.names[before.position]
        costs = [spent + (goes_on and one is not first) for one in ordered]
        names = [one.name for one in ordered]
        if self.bound is not None:
            kept = [k for k, cost in enumerate(costs) if cost <= self.bound]
            names, costs = [names[k] for k in kept], [costs[k] for k in kept]
        return _Choice(names, costs)

    def another(self, run: Run) -> bool:
        """Go back to the last choice that was not the last one."""
        self.runs += 1
        del self.choices[len(run.steps) :]
        while self.choices:
            choice = self.choices[-1]
            choice.position += 1
            if choice.position < len(choice.names):
                return True
            self.choices.pop()
        self.exhausted = True
        return False
