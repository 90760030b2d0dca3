"""The other Python interpreters this machine happens to have, by version."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14")


def _candidates(version: str) -> list[str]:
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    installed = sorted(str(path) for path in root.glob(f"versions/{version}.*/bin/python"))
    return [*installed, *filter(None, [shutil.which(f"python{version}")])]


@cache
def interpreter(version: str) -> str | None:
    """Return an interpreter of that version that really runs, None when there is none."""
    for candidate in _candidates(version):
        command = [candidate, "-E", "-s", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.stdout.strip() == version:
            return candidate
    return None


def needed(version: str) -> str:
    """Return an interpreter of that version; skip the test when there is none."""
    found = interpreter(version)
    if found is None:
        pytest.skip(f"no Python {version} here")
    return found
