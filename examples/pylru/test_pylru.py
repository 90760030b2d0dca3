"""pylru 1.3.3: a table and a linked list that have to agree (jlhutch/pylru issue 18)."""

from __future__ import annotations

from threading import Lock

import pytest
from pylru import lrucache

from lab.pytest_interleave import Interleave

pytestmark = pytest.mark.interleave(modules=["pylru"])


class LockedCache:
    """The cache behind a lock, as its users write it."""

    def __init__(self, size: int) -> None:
        self.cache, self.lock = lrucache(size), Lock()

    def __setitem__(self, key: str, value: int) -> None:
        with self.lock:
            self.cache[key] = value


def table_and_list_agree(cache: lrucache) -> None:
    listed = [node.key for node in cache.dli() if not node.empty]
    assert sorted(listed) == sorted(cache.table)
    assert all(cache.table[key].key == key for key in cache.table)


def store(key: str):
    def thread(cache) -> None:
        cache[key] = 1

    return thread


def test_two_writers_can_use_the_same_node(interleave: Interleave) -> None:
    """Both take the node at the tail of the list: one key is in the table and its node holds the other."""
    found = interleave.explore(store("a"), store("b"), setup=lambda: lrucache(2), check=table_and_list_agree)
    assert found.failures


def test_behind_a_lock_they_agree(interleave: Interleave) -> None:
    """Every order of two writers."""
    interleave(
        store("a"), store("b"), setup=lambda: LockedCache(2), check=lambda locked: table_and_list_agree(locked.cache)
    )
