"""ratelimit 2.2.1: an answer to "Is this package thread-safe?" (tomasbasham/ratelimit issue 44)."""

from __future__ import annotations

import pytest
from ratelimit import RateLimitException, limits

from lab.pytest_interleave import Interleave

pytestmark = pytest.mark.interleave(modules=["ratelimit"])


class Service:
    """A function that may be called once in a minute of a clock that stands still, and its calls."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self.refused: list[int] = []
        self.limited = limits(calls=1, period=60, clock=lambda: 0)(self.calls.append)

    def call(self) -> None:
        try:
            self.limited(1)
        except RateLimitException:
            self.refused.append(1)


@pytest.mark.parametrize("threads", [2, 3])
def test_one_call_gets_through(interleave: Interleave, threads: int) -> None:
    """Every order of two and of three threads that call at once: one is let through, and the others are told."""

    def check(service: Service) -> None:
        assert (len(service.calls), len(service.refused)) == (1, threads - 1)

    interleave(*[Service.call] * threads, setup=Service, check=check)
