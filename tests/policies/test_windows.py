"""Where each policy can switch, window by window: as worked out from the table of polls, and as interpreters do it."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab.language import parse
from lab.model.policies import POLICIES
from lab.model.relation import Relation
from tests.policies.windows import COARSER, PRELUDE, VERSIONS, WINDOWS
from tests.verify.interpreters import needed

if TYPE_CHECKING:
    from lab.model.program import Program

PROBE = Path(__file__).with_name("poll_probe.py")
EVERY = {**WINDOWS, **{name: window for name, (window, _) in COARSER.items()}}
CELLS = {(True, True): "P", (True, False): "c", (False, False): "."}


@cache
def program(name: str) -> Program:
    """Return a thread that goes through a window once."""
    body = "".join(f"    {line}\n" for line in EVERY[name].text.splitlines())
    top = f"from lab.scenario import thread\nc = 0\n{PRELUDE}"
    text = f"{top}\n\n@thread\ndef T():\n    GLOBAL\n{body}"
    return parse(_filled(text, READ="c", WRITE="c = 1", GLOBAL="global c", ALIAS="pass", TABLE="seats", PUT="t[1] = 2"))


def _filled(text: str, **words: str) -> str:
    for word, meaning in words.items():
        text = text.replace(word, meaning)
    return text


def switches(name: str, policy: str) -> bool:
    """Whether a thread's read and write of what is shared are parts of different steps."""
    relation = Relation(program(name), POLICIES[policy])
    state, steps = relation.initial(), 0
    touched = []
    while found := relation.steps(state, 0):
        [(step, state)] = found
        touched += [steps for access in step.accesses if access.location in ("c", "seats[1]")]
        steps += 1
    assert relation.observe(state).errors == {}
    assert len(touched) >= 2
    return touched[0] != touched[-1]


def cells(name: str) -> str:
    """Return what the policies say of a window, one cell per version."""
    found = ""
    for version in VERSIONS:
        cold = switches(name, f"cpython-{version}")
        warm_policy = f"cpython-{version}-warm"
        warm = switches(name, warm_policy) if warm_policy in POLICIES else cold
        found += CELLS[cold, warm]
    return found


@pytest.mark.parametrize("name", WINDOWS)
def test_the_policies_switch_where_the_table_of_polls_says(name: str) -> None:
    assert cells(name) == WINDOWS[name].expected


@pytest.mark.parametrize("name", COARSER)
def test_where_the_policies_differ_from_cpython_they_switch_more(name: str) -> None:
    """Nothing that can happen is left out."""
    window, allowed = COARSER[name]
    assert cells(name) == allowed
    assert all(cell in (real, "P") for cell, real in zip(allowed, window.expected, strict=True))


@pytest.mark.parametrize("column", range(len(VERSIONS)), ids=VERSIONS)
def test_an_interpreter_polls_where_the_table_of_polls_says(column: int) -> None:
    """Each window in fresh code and in code that has run 200 times, on the real interpreter; see `poll_probe`."""
    python = needed(VERSIONS[column])

    def real(text: str) -> str:
        write = "o.w = 'write'"
        local = "q.w = 'write'"
        return _filled(text, READ="o.v", WRITE=write, GLOBAL="pass", ALIAS="q = o", TABLE="table", PUT=local)

    asked = {"prelude": real(PRELUDE), "windows": {name: real(window.text) for name, window in EVERY.items()}}
    done = subprocess.run(
        [python, "-W", "error", str(PROBE)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    found = json.loads(done.stdout)
    wrong = {}
    for name, window in EVERY.items():
        if found[name] is not None:
            cell = CELLS.get(tuple(found[name]), "warm code alone")
            if cell != window.expected[column]:
                wrong[name] = (cell, window.expected[column])
    assert wrong == {}
