"""Exact whole numbers from their remainders: primes of 31 bits, and Chinese remainders."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["combined", "primes"]


def primes(bound: int, without: frozenset[int] = frozenset()) -> list[int]:
    """Return primes just below 2**31, the largest that will do, whose product exceeds `bound`."""
    product, place, found = 1, 0, []
    while product <= bound:
        if place == len(_FOUND):
            _extend()
        if _FOUND[place] not in without:
            found.append(_FOUND[place])
            product *= _FOUND[place]
        place += 1
    return found


_FOUND: list[int] = []


def _extend() -> None:
    """Find one prime more; the same ones are used again and again, so they are kept."""
    candidate = _FOUND[-1] - 2 if _FOUND else (1 << 31) - 1
    while not _is_prime(candidate):
        candidate -= 2
    _FOUND.append(candidate)


def combined(remainders: Sequence[int], moduli: Sequence[int]) -> int:
    """Return the least number >= 0 with those remainders modulo different primes.

    Examples
    --------
    >>> combined([2, 3], [5, 7])
    17
    """
    found, modulus = 0, 1
    for rest, prime in zip(remainders, moduli, strict=True):
        found += modulus * ((rest - found) * pow(modulus, -1, prime) % prime)
        modulus *= prime
    return found


def _is_prime(number: int) -> bool:
    """Decide by Miller and Rabin's test, exact below 3,215,031,751 with these bases (Jaeschke 1993)."""
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7):
        power = pow(base, odd, number)
        if power not in (1, number - 1) and all(
            (power := power * power % number) != number - 1 for _ in range(twos - 1)
        ):
            return False
    return True
