"""Installed packages: a call of their code is one step, unless they are named."""

import importlib
import sys
import threading
from unittest.mock import patch

import pytest

from lab.live import explore, reach
from tests.live.reads_boxes import adds_and_reads

pytest.importorskip("bytecode")

BOX = """
class Box:
    def __init__(self):
        self.boxed = 0

    def add(self):
        self.boxed += 1
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


def test_a_call_of_an_installed_package_is_one_step(box):
    """No update is lost, and each thread may see one or two, but not both one; what was taken whole is said."""
    found = explore([adds_and_reads] * 2, setup=box)
    seen = {tuple(one.returned.values()) for one in found.outcomes}
    assert seen == {(1, 2), (2, 1), (2, 2)}
    assert found.covered.endswith("; each call one step: boxes_of_others.Box.add")
    assert found.holds


def test_a_tracer_in_every_thread_hides_nothing(box):
    """Coverage and debuggers trace the threads; which attributes other code changes is seen all the same."""

    def traces(frame, event, argument):
        return traces

    before = threading.gettrace()
    threading.settrace(traces)
    try:
        found = explore([adds_and_reads] * 2, setup=box)
    finally:
        threading.settrace(before)
    assert (2, 2) in {tuple(one.returned.values()) for one in found.outcomes}


def test_a_package_that_is_named_is_explored(box):
    """Then an update can be lost, and nothing was taken whole."""
    found = explore([adds_and_reads] * 2, setup=box, modules=["boxes_of_others"])
    assert (1, 1) in {tuple(one.returned.values()) for one in found.outcomes}
    assert found.covered == "every order of steps that matters"


def test_what_reaches_too_much_is_said(box):
    """A call whose arguments reach more objects than are followed proves nothing."""

    class Holder:
        def __init__(self):
            self.box = box()
            self.box.others = [[] for _ in range(3)]

    with patch.object(reach, "MOST_OBJECTS", 1):
        found = explore([lambda holder: holder.box.add()] * 2, setup=Holder)
    assert found.holds is None
    assert "may touch too many objects" in found.notes[0]
