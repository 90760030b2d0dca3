"""The walk that remembers all states as one compiled loop: look up, step, number and write down, level after level."""

from __future__ import annotations

from typing import Any

import numpy as np

from lab.explorer.states.kernels import TABLES, Array, cell_of, compile_for, home_of, number_of, part, prefetch

__all__ = ["stride"]

_UNFILLED, _LARGEST = np.uint64(2**64 - 2), np.uint64(2**63 - 1)
_ZERO, _ONE, _TWO = np.uint64(0), np.uint64(1), np.uint64(2)


@part
def _step(
    known: Array, at: Any, words: Any, row_at: Array, cell_at: Array, rows: Array, cells: Array, slots: Array,
    after: Array, labels: Array, several: Array, first: Any, found: Any,
) -> Any:  # fmt: skip
    """Write the transitions of one state, from number `found` on; returns how many there are then, and who can move.

    Keys are written from the block's beginning, labels and numbers of results after the `first` ones of the call.
    """
    since, moving = found, 0
    for slot in range(np.uint64(slots.shape[0])):
        number, result = slots[slot, _ZERO], slots[slot, _ONE]
        if result == _ZERO:
            for before in range(since, found):
                several[first + before] = np.uint16(found - since)
            since = found
        cell, place = cell_at[number], _ONE + result * words
        if cells[cell, place] > _LARGEST:
            continue
        moving += result == _ZERO
        for word in range(words):
            kept = known[at + word] & rows[row_at[number], _ONE + word]
            after[found * words + word] = kept | cells[cell, place + word]
        labels[first + found] = np.uint16(slots[slot, _TWO])
        found += _ONE
    for before in range(since, found):
        several[first + before] = np.uint16(found - since)
    return found, moving


@part
def _meets(pairs: Array, wanted: Array, cell_at: Array, cells: Array) -> bool:
    """Whether two threads stand in front of accesses whose race is looked for; those are looked for no more."""
    found = False
    for pair in range(np.uint64(pairs.shape[0])):
        one, other = cells[cell_at[pairs[pair, _ZERO]], _ZERO], cells[cell_at[pairs[pair, _ONE]], _ZERO]
        if wanted[pair, one, other]:
            wanted[pair, one, other] = False
            found = True
    return found


@compile_for(
    f"int64(int64[::1], uint64[::1], int32[::1], uint64, uint64, int64, {TABLES}, uint64[:, ::1],"
    " uint64[:, ::1], boolean[:, :, ::1],"
    " int32[::1], uint16[::1], uint16[::1], uint16[::1], uint8[::1],"
    " int64[::1], int64[::1], uint64[::1], uint64[::1], uint64[::1], uint64[::1], int64[::1])"
)
def stride(  # noqa: C901, PLR0912, PLR0915 - one loop over blocks, in three passes
    cursor: Array, known: Array, index: Array, multiplier: Any, shift: Any, width: int,
    thread: Array, rows: Array, cells: Array, slots: Array, pairs: Array, wanted: Array,
    targets: Array, labels: Array, several: Array, degrees: Array, enabled: Array,
    starts: Array, ended: Array, row_at: Array, cell_at: Array, after: Array, homes: Array, racing: Array,
) -> int:  # fmt: skip
    """Step states in the order of their numbers, as `Stride` says; returns why it stopped.

    `cursor` holds the next state to step, where its level begins and ends, the states known, and after how many states
    to stop at the end of a level; on return also how many states, transitions, levels, ends and racing states were
    written. `row_at` and `cell_at` are room for a number for each thread, the two after them for a block's
    keys: their size says how many states a block has. 0: no states are left, or enough levels; 1: the next state has an
    unfilled cell; 2: the room is used up.
    """
    position, low, high = np.uint64(cursor[0]), np.uint64(cursor[1]), np.uint64(cursor[2])
    size = np.uint64(cursor[3])
    words, most, limit = np.uint64(width), np.uint64(homes.size), np.uint64(cursor[4])
    block = most // np.uint64(slots.shape[0])
    stepped, made, begun, over, raced, code = _ZERO, _ZERO, _ZERO, _ZERO, _ZERO, 0
    while code == 0:
        if position == high:
            low = high
            if high == size:
                break
            starts[begun] = np.int64(high)
            begun += _ONE
            high = size
            if stepped >= limit:
                break
        if made + most > np.uint64(targets.size) or stepped + block > np.uint64(degrees.size):
            code = 2
            break
        found = _ZERO
        end = min(position + block, high)
        while position < end:
            for number in range(np.uint64(thread.shape[0])):
                row, cell = cell_of(known, position * words, _ONE, thread, number, rows, cells, words)
                row_at[number], cell_at[number] = row, cell
                if cells[cell, _ONE] == _UNFILLED:
                    code = 1
            if code:
                break
            begin = found
            found, moving = _step(
                known, position * words, words, row_at, cell_at, rows, cells, slots, after, labels, several, made, found
            )
            for place in range(begin, found):
                homes[place] = home_of(after, place * words, _ONE, words, multiplier, shift)
                prefetch(index, np.int64(homes[place]))
            degrees[stepped] = np.uint16(found - begin)
            enabled[stepped] = np.uint8(moving)
            stepped += _ONE
            if moving == 0:
                ended[over] = np.int64(position)
                over += _ONE
            if _meets(pairs, wanted, cell_at, cells):
                racing[raced] = np.int64(position)
                raced += _ONE
            position += _ONE
        for place in range(found):
            if index[homes[place]] >= 0:
                prefetch(known, np.int64(index[homes[place]]) * width)
        for place in range(found):
            number = number_of(known, index, size, homes[place], after, place * words, _ONE, words)
            if number == size:
                size += _ONE
            targets[made + place] = np.int32(number)
        made += found
    for place, value in enumerate((position, low, high, size)):
        cursor[place] = np.int64(value)
    for place, value in enumerate((stepped, made, begun, over, raced)):
        cursor[5 + place] = np.int64(value)
    return code
