"""How many runs have each length: exact numbers, step by step."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
from numpy.typing import NDArray

from lab.explorer.graphs.digraph import Graph
from lab.explorer.states.packing import Ids

__all__ = ["lengths"]

_Numbers = list[NDArray[np.uint64]]
"""A natural number for each state, as limbs, the lowest first."""


def lengths(graph: Graph, groups: Mapping[Hashable, Ids], longest: int) -> dict[Hashable, dict[int, int]]:
    """Return for each group of end states how many paths of each length lead there, lengths without any left out.

    Parameters
    ----------
    longest : int
        The most steps, >= 0.

    Notes
    -----
    The paths of one length more to a state are those to its predecessors, added up transition by transition. A limb
    keeps as many bits free as the largest number of transitions to one state needs, so that sums are carried once a
    step. O(transitions x longest x digits).
    """
    order = np.argsort(graph.targets, kind="stable")
    sources, targets = graph.sources[order].astype(np.intp), graph.targets[order]
    heads = np.flatnonzero(np.diff(targets, prepend=-1))
    entered = targets[heads]
    bits = 63 - int(np.diff(heads, append=targets.size).max(initial=1)).bit_length()
    first = np.zeros(graph.states, np.uint64)
    first[graph.start] = 1
    numbers = [first]
    found: dict[Hashable, dict[int, int]] = {tag: {} for tag in groups}
    for length in range(longest + 1):
        for tag, group in groups.items():
            if amount := _total(numbers, group, bits):
                found[tag][length] = amount
        numbers = [_moved(limb, sources, heads, entered) for limb in numbers]
        _carry(numbers, bits)
        if not any(limb.any() for limb in numbers):
            break
    return found


def _moved(limb: NDArray[np.uint64], sources: Ids, heads: Ids, entered: NDArray[np.int32]) -> NDArray[np.uint64]:
    following = np.zeros_like(limb)
    if heads.size:
        following[entered] = np.add.reduceat(limb[sources], heads)
    return following


def _carry(numbers: _Numbers, bits: int) -> None:
    mask, shift = np.uint64((1 << bits) - 1), np.uint64(bits)
    for place, limb in enumerate(numbers):  # grows at the top while something is left
        above = limb >> shift
        if above.any():
            limb &= mask
            if place + 1 == len(numbers):
                numbers.append(np.zeros_like(limb))
            numbers[place + 1] += above


def _total(numbers: _Numbers, group: Ids, bits: int) -> int:
    """Return the sum of some states' numbers; halves of limbs cannot overflow below 2**32 states."""
    total = 0
    for place, limb in enumerate(numbers):
        part = limb[group]
        low = int((part & np.uint64((1 << 32) - 1)).sum())
        total += (low + (int((part >> np.uint64(32)).sum()) << 32)) << (bits * place)
    return total
