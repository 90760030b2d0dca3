"""cached-property 2.0.1: a value that should be computed once per object (pydanny/cached-property issue 6)."""

from __future__ import annotations

from typing import Any

import pytest
from cached_property import cached_property, threaded_cached_property

from lab.pytest_interleave import Interleave

pytestmark = pytest.mark.interleave(modules=["cached_property"])


def page(decorator: Any) -> Any:
    """Return a page that counts how often it is rendered; its class is new, and so is the lock of a decorator."""

    class Page:
        def __init__(self) -> None:
            self.rendered = 0
            self.got: list[object] = []

        @decorator
        def body(self) -> object:
            self.rendered += 1
            return object()

    return Page()


def read(page: Any) -> None:
    page.got.append(page.body)


def rendered_once(page: Any) -> None:
    assert page.rendered == 1
    assert page.got[0] is page.got[1]


def test_two_readers_can_get_two_values(interleave: Interleave) -> None:
    """Both look into the object's dict before either has stored a value there, and both compute one."""
    assert interleave.explore(read, read, setup=lambda: page(cached_property), check=rendered_once).failures


@pytest.mark.parametrize("threads", [2, 3])
def test_the_threaded_property_is_computed_once(interleave: Interleave, threads: int) -> None:
    """Every order of two and of three readers: the lock makes the later ones look again."""
    interleave(*[read] * threads, setup=lambda: page(threaded_cached_property), check=rendered_once)
