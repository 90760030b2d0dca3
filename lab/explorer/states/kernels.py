"""The inner loops over many states, compiled by numba; imported only where that is installed, by `engine.py`.

Each does what the numpy code beside its call does, number for number. They gather from the tables that
`relation.step` has filled and decide nothing themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

__all__ = ["absorb", "compile_for", "emit", "intern", "locate", "place", "prefetch"]

Array = NDArray[Any]

_UNFILLED = -2
_AHEAD = 24
"""How many keys ahead memory is asked for: enough for the waits to overlap, few enough for what came to stay."""

_ONE, _TWO, _HALF = np.uint64(1), np.uint64(2), np.uint64(32)


def compile_for(*signatures: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile for those signatures, or take it from the cache on disk, if there is a place for one."""

    def compiled(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(list(signatures), cache=True)(function)
        except RuntimeError:  # no folder that a cache could be written to
            return numba.njit(list(signatures))(function)

    return compiled


@intrinsic
def prefetch(_: Any, array: Any, place: Any) -> Any:
    """Ask for `array[place]` to be brought near without waiting for it."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        address = builder.bitcast(builder.gep(data, [arguments[1]]), byte)
        builder.call(function, [address, word(0), word(3), word(1)])  # to read, keep it near, as data
        return context.get_dummy_value()

    return numba.types.void(array, place), generate


@numba.njit
def _place(batch: Array, row: int, multiplier: Any, shift: Any) -> Any:
    """Return the slot where the search for a key begins, as `StateIndex` mixes it."""
    mixed = np.uint64(batch[0, row]) * multiplier
    for word in range(1, batch.shape[0]):
        mixed = (mixed ^ (mixed >> _HALF) ^ np.uint64(batch[word, row])) * multiplier
    return np.int64(mixed >> shift)


@compile_for("int64(int64[::1], int32[::1], int64, uint64, uint64, int64[:, ::1], int64[::1], int64[::1])")
def intern(
    known: Array, slots: Array, size: int, multiplier: Any, shift: Any, batch: Array, numbers: Array, new: Array
) -> int:
    """Number the keys of a batch as `StateIndex.intern` says; returns how many of them are new.

    `known` holds the words of key 0, then those of key 1, and has room for the whole batch.
    """
    words, count = batch.shape
    found = 0
    for step in range(count + 2 * _AHEAD):
        if step < count:
            prefetch(slots, _place(batch, step, multiplier, shift))
        row = step - _AHEAD
        if 0 <= row < count:
            number = np.int64(slots[_place(batch, row, multiplier, shift)])
            if number >= 0:
                prefetch(known, number * words)
        row = step - 2 * _AHEAD
        if row < 0:
            continue
        place = _place(batch, row, multiplier, shift)
        while True:
            number = np.int64(slots[place])
            if number < 0:
                number = np.int64(size + found)
                slots[place] = number
                for word in range(words):
                    known[number * words + word] = batch[word, row]
                new[found] = row
                found += 1
                break
            same = True
            for word in range(words):
                same = same and known[number * words + word] == batch[word, row]
            if same:
                break
            place = (place + 1) & (slots.size - 1)
        numbers[row] = number
    return found


@compile_for(
    "int64(int64[:, ::1], int64[:, ::1], int64[::1], int64[:, :, ::1], int64[::1], int64[::1],"
    " int64[:, ::1], int64[:, ::1])"
)
def locate(
    keys: Array, thread: Array, base: Array, parts: Array, behind: Array, first: Array, rows: Array, cells: Array
) -> int:
    """Find each thread's row and cell in each state as `Tables.locate` says; returns how many cells are unfilled.

    `thread` has for each thread the word, shift, mask and first row of its local state.
    """
    missing = 0
    for number in range(thread.shape[0]):
        word, shift, mask, offset = thread[number]
        for state in range(keys.shape[1]):
            row = ((keys[word, state] >> shift) & mask) + offset
            cell = base[row]
            for part in range(parts.shape[0]):
                if parts[part, 2, row] == 0:
                    break
                stride = parts[part, 3, row]
                if stride < 0:
                    cell = behind[cell]
                    stride = 0
                value = (keys[parts[part, 0, row], state] >> parts[part, 1, row]) & parts[part, 2, row]
                cell += value << stride
            rows[number, state] = row
            cells[number, state] = cell
            missing += first[cell] == _UNFILLED
    return missing


@compile_for(
    "int64(int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, ::1], int64[:, :, ::1], int64[:, ::1],"
    " int64[:, ::1], int64[::1], uint16[::1], int64[::1], int64[::1])"
)
def emit(
    keys: Array,
    rows: Array,
    cells: Array,
    keep: Array,
    results: Array,
    slots: Array,
    after: Array,
    sources: Array,
    labels: Array,
    enabled: Array,
    degrees: Array,
) -> int:
    """Write every transition as `Expander` says; returns how many there are.

    `slots` has for each thread and result the thread, the result and the label.
    """
    found = 0
    for state in range(keys.shape[1]):
        moving = 0
        begin = found
        thread = -1
        for slot in range(slots.shape[0]):
            cell = cells[slots[slot, 0], state]
            result = slots[slot, 1]
            if result == 0:
                for place in range(begin, found):
                    degrees[place] = found - begin
                begin = found
                thread = slots[slot, 0]
            bits = results[result, 0, cell]
            if bits < 0:
                continue
            moving += result == 0
            row = rows[thread, state]
            after[0, found] = (keys[0, state] & keep[0, row]) | bits
            for word in range(1, keys.shape[0]):
                after[word, found] = (keys[word, state] & keep[word, row]) | results[result, word, cell]
            sources[found] = state
            labels[found] = slots[slot, 2]
            found += 1
        for place in range(begin, found):
            degrees[place] = found - begin
        enabled[state] = moving
    return found


_ROWS = "uint64[:, ::1], int64, int64, int64[:, ::1], uint64, uint64"
_NEAR = 12
"""The same for rows, where each wait is for several lines."""

_RING = 64
"""Keys under way are kept in a ring of so many, a power of two above twice `_NEAR`."""


@compile_for(f"int64({_ROWS}, int64[:, ::1], uint64[:, ::1], int64[::1], int64[::1])")
def absorb(
    rows: Array,
    words: int,
    size: int,
    slots: Array,
    multiplier: Any,
    shift: Any,
    batch: Array,
    amounts: Array,
    sources: Array,
    new: Array,
) -> int:
    """Number the keys of a batch and add what arrives with each, as `Rows.add` says; returns how many keys are new."""
    count, width, last = batch.shape[1], rows.shape[1], np.uint64(slots.shape[0] - 1)
    flat, table = rows.reshape(-1), slots.reshape(-1)
    places, numbers = np.empty(_RING, np.uint64), np.empty(_RING, np.int64)
    found = 0
    for step in range(count + 2 * _NEAR):
        if step < count:
            mixed = np.uint64(batch[0, step]) * multiplier
            for word in range(1, words):
                mixed = (mixed ^ (mixed >> _HALF) ^ np.uint64(batch[word, step])) * multiplier
            place = mixed >> shift
            places[step & (_RING - 1)] = place
            prefetch(table, np.int64(place * _TWO))
        row = step - _NEAR
        if 0 <= row < count:
            place, first = places[row & (_RING - 1)], batch[0, row]
            while True:
                number = slots[place, 1]
                if number < 0:
                    number = size + found
                    slots[place, 0] = first
                    slots[place, 1] = number
                    for word in range(words):
                        rows[number, word] = np.uint64(batch[word, row])
                    new[found] = row
                    found += 1
                    break
                if slots[place, 0] == first:
                    same = True
                    for word in range(1, words):
                        same = same and rows[number, word] == np.uint64(batch[word, row])
                    if same:
                        break
                place = (place + _ONE) & last
            numbers[row & (_RING - 1)] = number
            prefetch(flat, number * width)
            prefetch(flat, number * width + width - 1)
        row = step - 2 * _NEAR
        if row >= 0:
            number, source = numbers[row & (_RING - 1)], sources[row]
            for column in range(width - words):
                rows[number, words + column] += amounts[source, column]
    return found


@compile_for(f"void({_ROWS})")
def place(rows: Array, words: int, size: int, slots: Array, multiplier: Any, shift: Any) -> None:
    """Put all keys into empty slots."""
    for number in range(size):
        mixed = rows[number, 0] * multiplier
        for word in range(1, words):
            mixed = (mixed ^ (mixed >> _HALF) ^ rows[number, word]) * multiplier
        slot = np.int64(mixed >> shift)
        while slots[slot, 1] >= 0:
            slot = (slot + 1) & (slots.shape[0] - 1)
        slots[slot, 0], slots[slot, 1] = np.int64(rows[number, 0]), number
