"""An exploration that a module declares, for `lab live FILE.py::name` and for tests."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.errors import UsageError
from lab.live.exploring import explore
from lab.live.result import LiveResult

__all__ = ["Experiment", "experiments_in"]


@dataclass(frozen=True)
class Experiment:
    """What `explore` is to be called with, as a value at the top level of a module.

    Attributes
    ----------
    threads, setup, check
        As for `explore`.
    options : Mapping
        Further arguments of `explore`.
    """

    threads: Sequence[Callable[..., Any]]
    setup: Callable[[], Any] | None = None
    check: Callable[..., Any] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    def explore(self, **options: Any) -> LiveResult:
        """Explore it; the options given here come before its own."""
        return explore(self.threads, setup=self.setup, check=self.check, **{**self.options, **options})


def experiments_in(path: str, name: str | None = None) -> dict[str, Experiment]:
    """Run a file, and return the experiments at its top level, by name.

    Parameters
    ----------
    path : str
        A Python file; modules beside it can be imported.
    name : str or None
        Return this one alone.

    Raises
    ------
    UsageError
        There is no such file or experiment, or the file ends by an exception.
    """
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"there is no file {path}")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(file.stem)
    sys.modules[file.stem] = module
    sys.path.insert(0, str(file.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        if before is not None:
            sys.modules[file.stem] = before
        else:
            del sys.modules[file.stem]
        raise UsageError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(file.parent.resolve()))
    found = {key: value for key, value in vars(module).items() if isinstance(value, Experiment)}
    if name is None:
        if not found:
            raise UsageError(f"{path} has no lab.live.Experiment at its top level")
        return found
    if name not in found:
        known = f"; there are {', '.join(found)}" if found else ""
        raise UsageError(f"{path} has no lab.live.Experiment called {name!r}{known}")
    return {name: found[name]}
