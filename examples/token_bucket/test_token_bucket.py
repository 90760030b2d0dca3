"""token-bucket 0.4.0: what its `MemoryStorage` says of its own races.

The docstring and the comments of `MemoryStorage` say that races only ever make a bucket give fewer tokens: two threads
that both pass the check leave a negative count. The exploration shows one that they overlook: the subtraction itself.
"""

from __future__ import annotations

from threading import Lock

import pytest
from token_bucket import MemoryStorage

from lab.pytest_interleave import Interleave

pytestmark = pytest.mark.interleave(modules=["token_bucket"])

CAPACITY = 1
RATE = 1e-9  # tokens a second: none is added in the time of a test


class LockedStorage(MemoryStorage):
    """The storage with the lock that its comments do without."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock()

    def consume(self, key: str, num_tokens: int) -> bool:
        with self.lock:
            return super().consume(key, num_tokens)


class Shop:
    """A bucket of one token, and how many customers got one."""

    def __init__(self, storage: MemoryStorage) -> None:
        self.storage, self.served = storage, []
        storage.replenish("key", RATE, CAPACITY)

    def serve(self) -> None:
        if self.storage.consume("key", 1):
            self.served.append(1)


def no_token_from_nowhere(shop: Shop) -> None:
    left = shop.storage.get_token_count("key")
    assert len(shop.served) + left <= CAPACITY, f"{len(shop.served)} tokens given and {left} left, of {CAPACITY}"


def test_a_token_can_come_from_nowhere(interleave: Interleave) -> None:
    """Both pass the check, both read 1, and both write 0: two tokens are given, and the count is not negative."""
    assert interleave.explore(
        Shop.serve, Shop.serve, setup=lambda: Shop(MemoryStorage()), check=no_token_from_nowhere
    ).failures


def test_with_a_lock_none_does(interleave: Interleave) -> None:
    """Every order of two customers: one is served."""

    def check(shop: Shop) -> None:
        no_token_from_nowhere(shop)
        assert len(shop.served) == 1

    interleave(Shop.serve, Shop.serve, setup=lambda: Shop(LockedStorage()), check=check)
