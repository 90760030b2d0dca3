"""Make `lab.live.runner` importable in an interpreter that has nothing installed.

A program that is run by path executes this file first, by path too (`runpy.run_path`): the packages above the runner
become empty ones, so that nothing but the standard library is needed.
"""

from __future__ import annotations

import sys
import types
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent.parent


def prepare() -> None:
    """Put empty packages `lab` and `lab.live` in place, unless they are there."""
    for name, path in (("lab", _ROOT), ("lab.live", _ROOT / "live")):
        if name not in sys.modules:
            package = types.ModuleType(name)
            package.__path__ = [str(path)]
            sys.modules[name] = package


prepare()
