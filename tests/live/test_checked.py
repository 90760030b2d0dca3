"""What the injection leaves out is seen by code that does not trust it, and an unknown bytecode is refused."""

import subprocess
from pathlib import Path

import pytest

import lab
from lab.errors import UsageError
from lab.live import explore

pytest.importorskip("bytecode")

import bytecode

from lab.live import checked, injection
from lab.verify.interpreters import found as found_interpreters

OTHERS = [one for one in found_interpreters()[0] if one.version in {"3.11", "3.12", "3.13"}]


class State:
    def __init__(self):
        self.x = 0
        self.items = [0]


def adds(state):
    state.x += state.items[0] + 1


@pytest.fixture
def careless(monkeypatch):
    """Let the injection forget an instruction."""

    def forget(name):
        from lab.live import instrumented

        real = injection._Injector.before
        monkeypatch.setattr(
            injection._Injector, "before", lambda self: [] if self.one.name.startswith(name) else real(self)
        )
        monkeypatch.setattr(instrumented, "_cache", {})
        monkeypatch.setattr(instrumented, "_last", [])

    return forget


@pytest.mark.parametrize("name", ["STORE_ATTR", "LOAD_ATTR", "BINARY_SUBSCR"])
def test_each_access_has_its_hook(careless, name):
    """An injection that forgets one proves nothing, and says where."""
    careless(name)
    found = explore([adds] * 2, setup=State, checked=False)
    assert found.holds is None
    assert any(name in note and f"{__file__}:{adds.__code__.co_firstlineno + 1}" in note for note in found.notes)


def test_nothing_is_forgotten_otherwise():
    assert explore([adds] * 2, setup=State).notes == ()


def test_an_unknown_bytecode_is_refused(careless):
    """Without the hook of a write, two increments have fewer orders than 6."""
    careless("STORE_ATTR")
    checked.check_counts.cache_clear()
    try:
        with pytest.raises(UsageError, match="of the 6 orders of two increments"):
            explore([adds] * 2, setup=State)
    finally:
        checked.check_counts.cache_clear()


@pytest.mark.parametrize("other", OTHERS, ids=lambda one: one.version + ("" if one.gil else "t"))
def test_every_version_has_the_known_counts(other):
    """Two increments: 6 orders, 4 traces; two threads of three: 924 and 328. The sums are 1 to 2 and 2 to 6."""
    program = Path(__file__).parent / "known_counts.py"
    folders = [Path(lab.__file__).parent.parent, Path(bytecode.__file__).parent.parent]
    done = subprocess.run([other.path, "-I", program, *folders], capture_output=True, text=True, check=True)
    assert done.stdout == "6 4 0 [1, 2] ()\n924 328 0 [2, 3, 4, 5, 6] ()\n"
