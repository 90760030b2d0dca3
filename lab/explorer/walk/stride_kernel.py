"""The walk that remembers all states as one compiled loop: look up, step, number and write down, level after level."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from lab.explorer.states.kernels import Array, compile_for, prefetch

__all__ = ["stride"]

_UNFILLED = -2
_BLOCK = 32
"""States stepped before their successors are looked up: memory asked for at the first has come by the last."""

_HALF = np.uint64(32)


@numba.njit
def _look_up(
    known: Array, at: int, thread: Array, base: Array, parts: Array, behind: Array, rows: Array, cells: Array
) -> None:
    """Find each thread's row and cell, as `Tables` says, for the key that begins at `at`."""
    for number in range(thread.shape[0]):
        row = ((known[at + thread[number, 0]] >> thread[number, 1]) & thread[number, 2]) + thread[number, 3]
        cell = base[row]
        for part in range(parts.shape[0]):
            if parts[part, 2, row] == 0:
                break
            stride = parts[part, 3, row]
            if stride < 0:
                cell = behind[cell]
                stride = 0
            cell += ((known[at + parts[part, 0, row]] >> parts[part, 1, row]) & parts[part, 2, row]) << stride
        rows[number] = row
        cells[number] = cell


@numba.njit
def _step(
    known: Array, at: int, rows: Array, cells: Array, keep: Array, results: Array, table: Array,
    after: Array, labels: Array, several: Array, first: int, found: int,
) -> Any:  # fmt: skip
    """Write the transitions of one state, from number `found` on; returns how many there are then, and who can move.

    Keys are written from the block's beginning, labels and numbers of results after the `first` ones of the call.
    """
    words, since, moving = keep.shape[0], found, 0
    for slot in range(table.shape[0]):
        number, result = table[slot, 0], table[slot, 1]
        if result == 0:
            several[first + since : first + found] = found - since
            since = found
        if results[result, 0, cells[number]] < 0:
            continue
        moving += result == 0
        for word in range(words):
            kept = known[at + word] & keep[word, rows[number]]
            after[found * words + word] = kept | results[result, word, cells[number]]
        labels[first + found] = table[slot, 2]
        found += 1
    several[first + since : first + found] = found - since
    return found, moving


@numba.njit
def _home_of(keys: Array, at: int, words: int, multiplier: Any, shift: Any) -> Any:
    """Return the slot where the search for the key that begins at `at` begins, as `StateIndex` mixes it."""
    mixed = np.uint64(keys[at]) * multiplier
    for word in range(1, words):
        mixed = (mixed ^ (mixed >> _HALF) ^ np.uint64(keys[at + word])) * multiplier
    return np.int64(mixed >> shift)


@numba.njit
def _number(known: Array, slots: Array, size: int, home: int, after: Array, at: int, words: int) -> Any:
    """Return the number of the key that begins at `at` in `after`: `size` when it is new, and known from now on."""
    while True:
        number = np.int64(slots[home])
        if number < 0:
            slots[home] = size
            known[size * words : (size + 1) * words] = after[at : at + words]
            return np.int64(size)
        same = True
        for word in range(words):
            same = same and known[number * words + word] == after[at + word]
        if same:
            return number
        home = (home + 1) & (slots.size - 1)


@numba.njit
def _meets(pairs: Array, wanted: Array, signature: Array, cells: Array) -> bool:
    """Whether two threads stand in front of accesses whose race is looked for; those are looked for no more."""
    found = False
    for pair in range(pairs.shape[0]):
        one, other = signature[cells[pairs[pair, 0]]], signature[cells[pairs[pair, 1]]]
        if wanted[pair, one, other]:
            wanted[pair, one, other] = False
            found = True
    return found


@compile_for(
    "int64(int64[::1], int64[::1], int32[::1], uint64, uint64,"
    " int64[:, ::1], int64[::1], int64[:, :, ::1], int64[::1], int64[:, :, ::1], int64[:, ::1], int64[:, ::1],"
    " int32[::1], int64[:, ::1], boolean[:, :, ::1],"
    " int32[::1], uint16[::1], uint16[::1], uint16[::1], uint8[::1], uint32[::1], uint16[::1],"
    " int64[::1], int64[::1], int64[::1])"
)
def stride(  # noqa: C901, PLR0912, PLR0915 - one loop over blocks, in three passes
    cursor: Array, known: Array, slots: Array, multiplier: Any, shift: Any,
    thread: Array, base: Array, parts: Array, behind: Array, results: Array, keep: Array, table: Array,
    signature: Array, pairs: Array, wanted: Array,
    targets: Array, labels: Array, several: Array, degrees: Array, enabled: Array, parents: Array, came: Array,
    starts: Array, ended: Array, racing: Array,
) -> int:  # fmt: skip
    """Step states in the order of their numbers, as `Stride` says; returns why it stopped.

    `cursor` holds the next state to step, where its level begins and ends, the states known, and after how many states
    to stop at the end of a level; on return also how many states, transitions, levels, ends and racing states were
    written. 0: no states are left, or enough levels; 1: the next state has an unfilled cell; 2: the room is used up.
    """
    position, low, high, size, limit = cursor[0], cursor[1], cursor[2], cursor[3], cursor[4]
    words, first, most = keep.shape[0], size, _BLOCK * table.shape[0]
    rows, cells = np.empty(thread.shape[0], np.int64), np.empty(thread.shape[0], np.int64)
    after, homes, origins = np.empty(most * words, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    stepped = made = begun = over = raced = code = 0
    while code == 0:
        if position == high:
            low = high
            if high == size:
                break
            starts[begun] = high
            begun += 1
            high = size
            if stepped >= limit:
                break
        if made + most > targets.size or stepped + _BLOCK > degrees.size:
            code = 2
            break
        found = 0
        for state in range(position, min(position + _BLOCK, high)):
            _look_up(known, state * words, thread, base, parts, behind, rows, cells)
            for number in range(cells.size):
                if results[0, 0, cells[number]] == _UNFILLED:
                    code = 1
            if code:
                break
            begin = found
            found, moving = _step(
                known, state * words, rows, cells, keep, results, table, after, labels, several, made, found
            )
            for place in range(begin, found):
                homes[place] = _home_of(after, place * words, words, multiplier, shift)
                prefetch(slots, homes[place])
                origins[place] = state - low
            degrees[stepped] = found - begin
            enabled[stepped] = moving
            stepped += 1
            if moving == 0:
                ended[over] = state
                over += 1
            if _meets(pairs, wanted, signature, cells):
                racing[raced] = state
                raced += 1
            position += 1
        for place in range(found):
            if slots[homes[place]] >= 0:
                prefetch(known, np.int64(slots[homes[place]]) * words)
        for place in range(found):
            number = _number(known, slots, size, homes[place], after, place * words, words)
            if number == size:
                parents[size - first] = origins[place]
                came[size - first] = labels[made + place]
                size += 1
            targets[made + place] = number
        made += found
    cursor[0], cursor[1], cursor[2], cursor[3] = position, low, high, size
    cursor[5], cursor[6], cursor[7], cursor[8], cursor[9] = stepped, made, begun, over, raced
    return code
