"""Real Python code in every order its threads can take: `explore` runs it on real threads and says what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.live.experiment import Experiment
    from lab.live.exploring import explore
    from lab.live.result import Failure, Incomplete, LiveResult, Outcome, PropertyFails, Step

__all__ = ["Experiment", "Failure", "Incomplete", "LiveResult", "Outcome", "PropertyFails", "Step", "explore"]


def __getattr__(name: str) -> Any:
    """Import what is asked for: the runner below needs the standard library alone."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from lab.live import experiment, exploring, result

    places = {"Experiment": experiment, "explore": exploring}
    return getattr(places.get(name, result), name)
