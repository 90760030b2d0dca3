"""One free run of a scenario file on real threads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from lab.verify import free_run
from tests.verify.interpreters import VERSIONS, needed

TEXT = '''"""A little of everything."""
import threading
from collections import deque
from types import SimpleNamespace
from lab.scenario import *

N = 2
NAMES = ("a", "b")
lock = threading.Lock()
locks = [threading.Lock(), threading.RLock()]
x = 0
obj = Record(refs=1, data=4)
cell = Atomic(0)
queue = deque([1, 2])
seen = {2, 1}
by_number = {1: "one"}
by_name = {"one": 1}
point = SimpleNamespace(a=1)

@thread(each=range(N))
def t(i):
    global x
    with lock, region("critical"):
        x += 1
        cell.add(1)
        print("in", *inside("critical"))
    return i

@thread
def u():
    wait_until(lambda: x == N)
    decref(obj)
    return obj.data

@final
def all_counted():
    return x == N

@final
def false():
    return x == 0

@final
def raises():
    return obj.refs == 0

@always
def not_asked():
    return False
'''


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "everything.py"
    file.write_text(TEXT, encoding="utf-8")
    return str(file)


def test_a_run_shows_what_an_outcome_shows(path: str) -> None:
    """Shared values as plain data, no parameters, no locks; returned values and errors by thread; printed lines."""
    outcome = free_run.run(free_run.load(path))
    assert outcome.status == "finished"
    assert outcome.shared == {
        "x": 2,
        "obj": {"refs": 0, "freed": True, "data": 4},
        "cell": 2,
        "queue": [1, 2],
        "seen": [1, 2],
        "by_number": [[1, "one"]],
        "by_name": {"one": 1},
        "point": {"class": "SimpleNamespace", "fields": {"a": 1}},
    }
    assert outcome.returned == {"t[0]": 0, "t[1]": 1, "u": None}
    assert outcome.errors == {"u": "UseAfterFree: obj was freed"}
    assert outcome.violated == ("false", "raises")
    assert sorted(outcome.output) == ["in t[0]", "in t[1]"]


def test_each_run_executes_the_file_anew_with_its_parameters(path: str) -> None:
    assert free_run.run(free_run.load(path, {"N": 3})).shared["x"] == 3
    assert free_run.run(free_run.load(path)).shared["x"] == 2


def test_an_unknown_parameter_is_an_error(path: str) -> None:
    with pytest.raises(ValueError, match="no parameter M"):
        free_run.load(path, {"M": 3})


def test_a_run_that_cannot_end_says_who_is_left() -> None:
    """T1 waits for what never comes; T2 ends. No property is judged."""
    namespace: dict[str, object] = {}
    exec(
        "from lab.scenario import *\nimport threading\nstop = threading.Lock()\nstop.acquire()\n"
        "@thread\ndef T1():\n    with stop: pass\n@thread\ndef T2(): raise ValueError\n@final\ndef p(): return False\n",
        namespace,
    )
    outcome = free_run.run(namespace, timeout=0.05)
    assert (outcome.status, outcome.unfinished, outcome.violated) == ("unfinished", ("T1",), ())
    assert outcome.errors == {"T2": "ValueError"}
    namespace["stop"].release()  # type: ignore[attr-defined]


@pytest.mark.parametrize("version", VERSIONS)
def test_other_interpreters_run_a_file_with_nothing_installed(version: str, path: str) -> None:
    """The same outcome on every Python from 3.9 on, warnings being errors."""
    command = [needed(version), "-W", "error", free_run.__file__, path, "N=3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    outcome = json.loads(done.stdout)
    assert outcome["shared"]["x"] == 3
    assert outcome["shared"]["obj"] == {"refs": 0, "freed": True, "data": 4}
    assert outcome["errors"] == {"u": "UseAfterFree: obj was freed"}
    assert outcome["violated"] == ["false", "raises"]


def test_a_file_may_write_dataclasses_with_annotations_that_are_texts(tmp_path: Path) -> None:
    """`@dataclass` looks the module up by name while the file is executed."""
    file = tmp_path / "point.py"
    file.write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nfrom lab.scenario import thread\n"
        "@dataclass\nclass Point:\n    x: int = 0\np = Point()\n@thread\ndef T():\n    p.x += 1\n"
    )
    outcome = free_run.run(free_run.load(str(file)))
    assert outcome.shared == {"p": {"class": "Point", "fields": {"x": 1}}}
