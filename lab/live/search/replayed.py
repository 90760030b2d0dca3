"""One schedule again: the strategy behind a token."""

from __future__ import annotations

from lab.errors import UsageError
from lab.live.runner import Run
from lab.live.runner.schedules import following

__all__ = ["Replay"]


class Replay:
    """The one run of a schedule."""

    proves = False

    def __init__(self, schedule: list[str]) -> None:
        self.schedule = schedule
        self.exhausted = False
        self.choose = following(schedule)

    def covered(self) -> str:
        """Say what has been explored."""
        return "one schedule"

    def another(self, run: Run) -> bool:
        """Return that there is no other run; raises `UsageError` when the code could not follow the schedule."""
        if run.status == "left":
            names = ", ".join(dict.fromkeys(self.schedule))
            raise UsageError(f"the code cannot take step {len(run.steps) + 1} of the token ({names})")
        self.exhausted = True
        return False
