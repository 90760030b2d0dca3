"""No way to write a race goes unseen: a lost update is found in each."""

import importlib
import sys

import pytest

from lab.live import explore, reach
from tests.live import forms, forms_of_others

pytest.importorskip("bytecode")


def sums(function, setup, shown):
    seen = set()
    found = explore([function] * 2, setup=setup, check=lambda state: seen.add(shown(state)))
    assert found.failures == ()
    assert found.exhausted
    assert found.notes == ()
    return seen


def named(functions):
    return pytest.mark.parametrize("form", functions, ids=lambda one: one.__name__)


@named(forms.ATTRIBUTE_FORMS)
def test_attributes(form):
    assert sums(form, forms.Plain, lambda state: state.x) == {1, 2}


@named([forms.attribute, forms.by_getattr])
@pytest.mark.parametrize("kind", [forms.Slotted, forms.Data])
def test_slots_and_data_classes(form, kind):
    assert sums(form, kind, lambda state: state.x) == {1, 2}


@named([forms.by_super])
def test_super(form):
    assert sums(form, forms.Child, lambda state: state.x) == {1, 2}


@named(forms.TABLE_FORMS)
def test_dicts(form):
    assert sums(form, forms.Plain, lambda state: state.table["x"]) == {1, 2}


@named(forms.LIST_FORMS)
def test_lists(form):
    assert sums(form, forms.Plain, lambda state: state.items[0]) == {1, 2}


def test_check_then_act():
    """Both threads see the list short: two elements are appended."""
    assert sums(forms.by_check_then_act, forms.Plain, lambda state: len(state.items)) == {2, 3}


def test_a_subclass_of_list():
    """Each appends the length that it saw: 0 and 1, or 0 twice."""
    assert sums(lambda state: state.add(), forms.Numbers, tuple) == {(0, 1), (0, 0)}


@named(forms.GLOBAL_FORMS)
def test_globals(form):
    assert sums(form, forms.fresh_global, lambda _: forms.total) == {1, 2}


@named(forms.CLASS_FORMS)
def test_class_attributes(form):
    assert sums(form, forms.fresh_global, lambda _: forms.Plain.shared) == {1, 2}


def test_variables_of_an_enclosing_function():
    pairs = []

    def fresh():
        pairs.append(forms.closure_pair())
        return pairs[-1][0]

    seen = set()
    explore([lambda add: add(None)] * 2, setup=fresh, check=lambda _: seen.add(pairs[-1][1]()))
    assert seen == {1, 2}


def test_code_that_is_made_while_it_runs_is_said():
    """What `exec` makes inside a thread has no hooks: the exploration says so, and proves nothing."""

    def makes(state):
        exec("def add(state):\n    state.x += 1", scope := {})
        scope["add"](state)

    found = explore([makes] * 2, setup=forms.Plain)
    if sys.version_info >= (3, 12) or found.notes:
        assert "made while it runs" in found.notes[0]
        assert found.holds is None


@pytest.mark.parametrize("form", forms_of_others.FORMS, ids=lambda form: form[0].__name__)
def test_what_code_without_hooks_does(form):
    """Reduction finds every result that the form has."""
    function, shown, wanted = form
    seen = set()
    found = explore([function] * 2, setup=forms_of_others.fresh, check=lambda state: seen.add(shown(state)))
    assert (found.failures, found.notes, found.exhausted) == ((), (), True)
    assert seen == wanted


# --------------------------------------------------------------------------------------------------- installed packages

BOX = """
class Box:
    def __init__(self):
        self.value = 0

    def add(self):
        self.value += 1
"""


@pytest.fixture
def box(tmp_path, monkeypatch):
    """Install a package with a class that counts; it is gone afterwards."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    (folder / "boxes_of_others.py").write_text(BOX)
    monkeypatch.syspath_prepend(str(folder))
    yield importlib.import_module("boxes_of_others").Box
    del sys.modules["boxes_of_others"]


def adds_and_reads(box):
    box.add()
    return box.value


def test_a_call_of_an_installed_package_is_one_step(box):
    """No update is lost, and each thread may see one or two, but not both one; what was taken whole is said."""
    found = explore([adds_and_reads] * 2, setup=box)
    seen = {tuple(one.returned.values()) for one in found.outcomes}
    assert seen == {(1, 2), (2, 1), (2, 2)}
    assert found.covered.endswith("; each call one step: boxes_of_others.Box.add")
    assert found.holds


def test_a_package_that_is_named_is_explored(box):
    """Then an update can be lost, and nothing was taken whole."""
    found = explore([adds_and_reads] * 2, setup=box, modules=["boxes_of_others"])
    assert (1, 1) in {tuple(one.returned.values()) for one in found.outcomes}
    assert found.covered == "every order of steps that matters"


def test_what_reaches_too_much_is_said(box, monkeypatch):
    """A call whose arguments reach more objects than are followed proves nothing."""
    monkeypatch.setattr(reach, "MOST_OBJECTS", 1)

    class Holder:
        def __init__(self):
            self.box = box()
            self.box.others = [[] for _ in range(3)]

    found = explore([lambda holder: holder.box.add()] * 2, setup=Holder)
    assert found.holds is None
    assert "may touch too many objects" in found.notes[0]
