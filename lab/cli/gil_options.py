"""Which options of `lab gil` apply to what is named."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lab.errors import UsageError

if TYPE_CHECKING:
    from lab.verify.interpreters import Interpreter

__all__ = ["CALIBRATE", "LOOP", "Asked", "Named", "check_options", "pythons_named", "what_is_named"]

CALIBRATE = "calibrate"
LOOP = "event-loop"
REPEAT = 5

Named = Literal["nothing", "calibration", "loop", "demonstration", "trace", "workload", "experiment"]


@dataclass(frozen=True)
class Asked:
    """The options, None or empty where they were not given."""

    model: str | None
    seed: int | None
    settings: tuple[str, ...]
    interpreters: tuple[str, ...]
    measure: bool
    repeats: int | None
    calibration: Path | None
    save: Path | None
    as_data: bool
    trace: Path | None
    figures: Path | None
    until: float | None

    @property
    def repeat(self) -> int:
        """How often each row is measured."""
        return REPEAT if self.repeats is None else self.repeats

    @property
    def given(self) -> list[str]:
        """The options that were given, as they are written."""
        values = {
            "--model": self.model,
            "--seed": self.seed,
            "--set": self.settings or None,
            "--python": self.interpreters or None,
            "--measure": self.measure or None,
            "--repeat": self.repeats,
            "--calibration": self.calibration,
            "--save": self.save,
            "--json": self.as_data or None,
            "--trace": self.trace,
            "--figures": self.figures,
            "--until": self.until,
        }
        return [name for name, value in values.items() if value is not None]


SIMULATED = ("--model", "--seed", "--set", "--calibration", "--json", "--trace", "--figures", "--until")

APPLY: dict[Named, tuple[str, tuple[str, ...]]] = {
    "nothing": ("`lab gil` alone lists what there is", ()),
    "calibration": (f"`lab gil {CALIBRATE}` measures this machine", ("--python", "--save", "--json")),
    "loop": (f"{LOOP} runs asyncio's own loop here", ("--measure", "--json", "--figures")),
    "demonstration": ("a demonstration is a program that is run", ("--python", "--json")),
    "trace": ("a recorded trace is shown as it is", ("--json", "--figures", "--until")),
    "workload": ("a workload file is simulated", SIMULATED),
    "experiment": (
        "an experiment is simulated and measured",
        (*SIMULATED, "--measure", "--python", "--repeat"),
    ),
}
"""What each is, and which options apply to it."""

NEEDED = {"--until": "--figures", "--repeat": "--measure"}


def what_is_named(name: str | None) -> Named:
    """Return what a name stands for: with a folder or an ending it is a file's, and any other is an experiment's."""
    from lab.gil.demonstration import NAMES

    if name is None:
        return "nothing"
    if name in (CALIBRATE, LOOP):
        return "calibration" if name == CALIBRATE else "loop"
    if name in NAMES:
        return "demonstration"
    if "/" in name or Path(name).suffix or Path(name).is_file():
        return "trace" if Path(name).suffix == ".json" else "workload"
    return "experiment"


def check_options(what: Named, asked: Asked) -> None:
    """See to it that every option that was given means something.

    Raises
    ------
    UsageError
        One does not.
    """
    said, known = APPLY[what]
    for option in asked.given:
        if option not in known:
            only = f"only {', '.join(known[:-1])} and {known[-1]}" if known else "nor does any other option"
            raise UsageError(f"{said}: {option} does not apply, {only}")
    needed = dict(NEEDED) | ({"--python": "--measure"} if what == "experiment" else {})
    for option, other in needed.items():
        if option in asked.given and other not in asked.given:
            raise UsageError(f"{option} belongs to {other}")


def pythons_named(given: tuple[str, ...]) -> tuple[Interpreter, ...]:
    """Return the interpreters that were named, all there are for "all", or the one that runs the lab.

    Raises
    ------
    UsageError
        One is no interpreter, or too old.
    """
    from lab.verify.interpreters import examined, found

    if "all" in given:
        return found()[0]
    return tuple(map(examined, given or (sys.executable,)))
