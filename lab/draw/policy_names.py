"""What policies are called where there is little room: versions of Python, several as a range."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lab.model.interpreters import INTERPRETERS

__all__ = ["grouped", "pythons"]

_OTHERS = {"access": "access", "statement": "statement", "free-threaded": "no GIL", "asyncio-fifo": "queue order"}


def pythons(policies: Iterable[str]) -> list[str]:
    """Return the Pythons among some policies, three or more neighbours as a range; warm code only if cold is not there.

    Examples
    --------
    >>> pythons(["cpython-3.9", "cpython-3.10", "cpython-3.11", "cpython-3.11-warm", "free-threaded"])
    ['3.9–3.11', 'no GIL']
    >>> pythons(["access", "cpython-2.7", "cpython-3.9", "cpython-3.13-warm"])
    ['2.7', '3.9', '3.13 warm']
    """
    chosen = set(policies)
    known = [interpreter.version for interpreter in INTERPRETERS]
    cold = [number for number, version in enumerate(known) if f"cpython-{version}" in chosen]
    names = _ranges(known, cold)
    names += [
        f"{version} warm"
        for number, version in enumerate(known)
        if number not in cold and f"cpython-{version}-warm" in chosen
    ]
    return names + ["no GIL"] * ("free-threaded" in chosen)


def _ranges(known: Sequence[str], numbers: Sequence[int]) -> list[str]:
    """Write neighbours of one major version as a range where there are three or more."""
    runs: list[list[int]] = []
    for number in numbers:
        near = runs and runs[-1][-1] == number - 1 and known[number - 1].split(".")[0] == known[number].split(".")[0]
        if near:
            runs[-1].append(number)
        else:
            runs.append([number])
    names = []
    for run in runs:
        names += [f"{known[run[0]]}–{known[run[-1]]}"] if len(run) > 2 else [known[number] for number in run]
    return names


def grouped(policies: Sequence[str]) -> list[str]:
    """Return short names for policies that do the same: those that are no version first.

    Examples
    --------
    >>> grouped(["access", "cpython-2.7", "free-threaded"])
    ['access', '2.7', 'no GIL']
    """
    return [_OTHERS[name] for name in policies if name in _OTHERS and name != "free-threaded"] + pythons(policies)
