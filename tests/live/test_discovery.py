"""What was found alive once need not be looked for again, and what is new is found all the same."""

import functools
import gc
import types
import weakref

import pytest

from lab.live import discovery
from lab.live.discovery import functions_in, namespaces_of

kept = []


def here():
    """Return what is found in this module, by identity."""
    functions, kinds = functions_in(namespaces_of([here]), [here])
    return {id(one): one for one in (*functions, *kinds)}


def all_there_is():
    """Return the same without the lab."""
    alive = gc.get_objects()
    return {
        id(one): one
        for one in alive
        if (type(one) is types.FunctionType and one.__globals__ is globals())
        or (isinstance(one, type) and one.__module__ == __name__)
    }


def is_everything(found):
    """Whether that is all there is; Python 3.13 without a GIL does not tell all of it, but it must be among it."""
    told = all_there_is()
    return told.keys() <= found.keys() if discovery._IMMORTAL else found == told


@pytest.fixture(autouse=True)
def as_before():
    kept.clear()
    discovery._known.clear()
    yield
    kept.clear()


def full_scans(monkeypatch):
    """Return a list that grows with each look through everything."""
    made = []

    class Counted(discovery._Known):
        def __init__(self, *arguments):
            made.append(None)
            super().__init__(*arguments)

    monkeypatch.setattr(discovery, "_Known", Counted)
    return made


@pytest.mark.skipif(discovery._IMMORTAL, reason="everything is looked through each time")
def test_everything_is_looked_through_once(monkeypatch):
    gc.disable()
    try:
        scans = full_scans(monkeypatch)
        first = here()
        assert here() == first
        assert len(scans) == 1
    finally:
        gc.enable()


@pytest.mark.parametrize("collected", [None, 0, 1, 2])
def test_what_is_new_is_found(collected):
    """Wherever the collector has moved it meanwhile."""
    here()

    def new():
        pass

    class New:
        @functools.cached_property
        def worked_out(self):
            return 1

    kept.extend([new, New])
    if collected is not None:
        gc.collect(collected)
    found = here()
    assert {id(new), id(New), id(New.worked_out.func)} <= set(found)
    assert is_everything(found)
    assert here() == found


def test_what_is_new_is_found_although_it_was_collected_while_we_looked(monkeypatch):
    here()

    def new():
        pass

    real = discovery._Known.alive

    def collecting(known):
        gc.collect(1)
        return real(known)

    monkeypatch.setattr(discovery._Known, "alive", collecting)
    assert id(new) in here()


def test_what_was_frozen_is_found_again():
    here()

    def new():
        pass

    gc.freeze()
    try:
        here()
    finally:
        gc.unfreeze()
    assert id(new) in here()


def test_nothing_is_kept_alive():
    def new():
        pass

    here()
    here()
    gone = weakref.ref(new)
    del new
    if discovery._IMMORTAL:  # functions go when the collector comes
        gc.collect()
    assert gone() is None
    assert is_everything(here())


def test_a_wrapper_without_end_is_given_up():
    """Whatever attribute such an object is asked for, it gives another one like itself."""

    class Endless:
        def __getattr__(self, name):
            return Endless()

        def __call__(self):
            """Do nothing."""

    assert globals() in namespaces_of([Endless()])


def test_other_modules_are_looked_for_anew():
    other = {"__name__": "another_module"}
    exec("def there(): pass", other)
    gc.collect()
    here()
    found = functions_in([other], [])[0]
    assert [one.__name__ for one in found] == ["there"]
    assert is_everything(here())
