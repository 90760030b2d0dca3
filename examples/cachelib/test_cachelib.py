"""cachelib 0.13.0: a cache without a lock (pallets-eco/cachelib issue 446), beside 0.17.0, which repairs it."""

from __future__ import annotations

from importlib.metadata import version

import pytest
from cachelib import SimpleCache

from lab.pytest_interleave import Interleave

pytestmark = pytest.mark.interleave(modules=["cachelib"])

faulty = pytest.mark.skipif(version("cachelib") != "0.13.0", reason="needs the faulty version")
repaired = pytest.mark.skipif(version("cachelib") != "0.17.0", reason="needs the repaired version")


class Site:
    """A site that counts its visits in a cache, and lets one of its workers lead."""

    def __init__(self) -> None:
        self.cache = SimpleCache(threshold=2)
        self.cache.set("visits", 0, timeout=0)
        self.leaders: list[str] = []

    def visit(self) -> None:
        self.cache.inc("visits")

    def lead(self) -> None:
        if self.cache.add("leader", "me", timeout=0):
            self.leaders.append("me")


def both_counted(site: Site) -> None:
    assert site.cache.get("visits") == 2


def one_leads(site: Site) -> None:
    assert len(site.leaders) == 1


@faulty
def test_a_visit_can_be_lost(interleave: Interleave) -> None:
    """`inc` gets, adds and sets: both threads can get 0."""
    assert interleave.explore(Site.visit, Site.visit, setup=Site, check=both_counted).failures


@faulty
def test_both_can_add_the_same_key(interleave: Interleave) -> None:
    """`add` looks whether the key is there, and then sets it: both can be told that they were first."""
    assert interleave.explore(Site.lead, Site.lead, setup=Site, check=one_leads).failures


@repaired
def test_both_visits_are_counted(interleave: Interleave) -> None:
    """One lock is held during each operation: every order of two visits."""
    interleave(Site.visit, Site.visit, setup=Site, check=both_counted)


@repaired
def test_one_adds_the_key(interleave: Interleave) -> None:
    """Every order of two workers."""
    interleave(Site.lead, Site.lead, setup=Site, check=one_leads)
