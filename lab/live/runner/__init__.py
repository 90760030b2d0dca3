"""Real threads under a scheduler: standard library only, Python 3.9 or later, in any interpreter.

`run` executes functions on real threads, one step at a time, as a chooser says. A foreign interpreter imports the
package by its path, with nothing installed: see `lab.live.runner.by_path`.
"""

from __future__ import annotations

from lab.live.runner.operations import Operation, Site
from lab.live.runner.run import Run, controlled, run
from lab.live.runner.schedules import first_enabled, following
from lab.live.runner.worker import Worker

__all__ = ["Operation", "Run", "Site", "Worker", "controlled", "first_enabled", "following", "run"]
