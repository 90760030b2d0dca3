"""circuitbreaker 2.1.3: a breaker that should open after so many failures (fabfuel/circuitbreaker issue 61)."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock

import pytest
from circuitbreaker import CircuitBreaker

from lab.pytest_interleave import Interleave

pytestmark = pytest.mark.interleave(modules=["circuitbreaker"])


class LockedBreaker(CircuitBreaker):
    """The same breaker with what the issue asks for: a lock around the bookkeeping, not around the call."""

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.lock = Lock()

    def __exit__(self, *raised: object) -> bool:
        with self.lock:
            return super().__exit__(*raised)


NEVER = 10**9  # seconds until the breaker tries again


def fail(breaker: CircuitBreaker) -> None:
    def call() -> None:
        raise ConnectionError

    with suppress(ConnectionError):
        breaker.call(call)


def open_after_two(breaker: CircuitBreaker) -> None:
    assert breaker.opened, f"still closed after 2 failures, of which it counted {breaker.failure_count}"


def test_a_failure_can_go_uncounted(interleave: Interleave) -> None:
    """`_failure_count += 1` reads, adds and writes: two failures can count as one, and the breaker stays closed."""
    assert interleave.explore(
        fail, fail, setup=lambda: CircuitBreaker(failure_threshold=2, recovery_timeout=NEVER), check=open_after_two
    ).failures


def test_with_a_lock_it_opens(interleave: Interleave) -> None:
    """Every order of two failing calls."""
    interleave(
        fail, fail, setup=lambda: LockedBreaker(failure_threshold=2, recovery_timeout=NEVER), check=open_after_two
    )
