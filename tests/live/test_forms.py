"""No way to write a race goes unseen: a lost update is found in each."""

import collections
import sys

import pytest

from lab.live import explore
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


LAZY = """
INSTANCE = None

def begin():
    globals()["INSTANCE"] = None

def lazily(_):
    if INSTANCE is None:
        globals()["INSTANCE"] = 1
        return "made"
"""


def test_a_global_without_a_value_yet():
    """Both threads may find none; the only code that writes it makes up its name."""
    space = {"__name__": "lazy_module"}
    exec(compile(LAZY, "<lazy module>", "exec"), space)
    found = explore([space["lazily"]] * 2, setup=space["begin"])
    assert {tuple(dict(one.returned).values()) for one in found.outcomes} == {
        ("made", "made"),
        ("made", None),
        (None, "made"),
    }


def test_a_module_that_the_lab_uses_itself():
    """Named tuples come from there; a count in C is one step, so that none is lost."""

    def counts(counter):
        counter.update("a")

    found = explore([counts] * 2, setup=collections.Counter, modules=("collections",))
    assert [(one.errors, one.state) for one in found.outcomes] == [({}, (("a", 2),))]
