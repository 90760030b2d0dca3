"""What the injection leaves out is seen by code that does not trust it, and an unknown bytecode is refused."""

import pytest

from lab.errors import UsageError
from lab.live import explore

pytest.importorskip("bytecode")

from lab.live import checked, injection


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
